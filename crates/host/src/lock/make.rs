//! Asks the backends for the names that a project needs, and forgets each value at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use redeem_core::{Backend, Facts, Failure, Fetched, Name, Survey, World};
use redeem_syntax::{Code, Diagnostic};

use super::{Lock, LockedBackend, LockedSecret, has_bundles, needs_lock};
use crate::Config;
use crate::inputs::Inputs;
use crate::run::{Seen, scan_inputs};

/// A new lock.
#[derive(Debug, Default)]
pub struct Made {
    /// What the backends have, with what the old lock has of other profiles.
    pub lock: Lock,
    /// Why some of them could not tell; then the lock is not whole.
    pub failures: Vec<Diagnostic>,
}

/// Each name that the references of some files ask for, and what could not be read.
pub fn asked_for(inputs: &Inputs) -> (BTreeSet<Name>, Vec<Diagnostic>) {
    let (found, mut problems) = scan_inputs(&inputs.taken, |_, seen| match seen {
        Seen::Live(found) => {
            let references = found.scans().flat_map(|scan| &scan.references);
            Some(references.map(|reference| reference.name.clone()).collect::<BTreeSet<Name>>())
        }
        Seen::Plain(..) => None,
    });
    problems.extend_from_slice(&inputs.problems);
    (found.into_iter().flatten().collect(), problems)
}

/// Asks the backends of `world` in their order, as a render would: a name that one has is not asked of the next.
///
/// Nothing is written down that was not asked for, for an environment is full of other things.
pub fn make(config: &Config, world: &dyn World, names: &BTreeSet<Name>, old: &Lock) -> Made {
    let needed: BTreeMap<&str, &str> = needs_lock(config).into_iter().collect();
    let mut made = Made::default();
    let mut open: Vec<&Name> = names.iter().collect();
    for backend in world.backends() {
        let kind = needed.get(backend.name()).copied();
        let mut held = Vec::new();
        let mut failures = BTreeSet::new();
        let mut still_open = Vec::new();
        for (name, said) in ask(backend.as_ref(), &open, kind.is_some()) {
            match said {
                Said::Here(facts) => held.push(Held { name, facts }),
                Said::NotHere => still_open.push(name),
                Said::Failed(failure) => {
                    failures.insert((failure.code, failure.message.clone(), failure.help.clone()));
                }
            }
        }
        open = still_open;
        made.failures.extend(failures.into_iter().map(|(code, message, help)| {
            let told = Diagnostic::new(code, message).in_origin(backend.name());
            help.into_iter().fold(told, Diagnostic::with_help)
        }));
        let Some(kind) = kind else { continue };
        made.lock.backends.push(LockedBackend {
            name: backend.name().to_owned(),
            kind: kind.to_owned(),
            profile: config.profile.clone(),
            secrets: secrets(backend.as_ref(), kind, &held),
            others: backend.list().unwrap_or_default(),
        });
    }
    let is_kept = |own: &&LockedBackend| {
        let is_there = own.profile.as_ref().is_none_or(|profile| config.profiles.contains(profile));
        own.profile != config.profile && is_there
    };
    made.lock.backends.extend(old.backends.iter().filter(is_kept).cloned());
    made.lock.sort();
    made
}

/// What a backend said of a name.
enum Said {
    /// It is here; with what is known of it, unless the reference does not fit it.
    Here(Option<Arc<Facts>>),
    NotHere,
    Failed(Arc<Failure>),
}

impl Said {
    fn failed(failure: Arc<Failure>) -> Self {
        match failure.code {
            // It is told of each reference by `check`, which the keys are written down for.
            Code::UnknownKey | Code::BundleWithoutKey => Self::Here(None),
            _ => Self::Failed(failure),
        }
    }
}

/// Asks without a value first, and for the value only where that does not tell.
fn ask<'n>(backend: &dyn Backend, names: &[&'n Name], may_fetch: bool) -> Vec<(&'n Name, Said)> {
    let mut said = Vec::new();
    let mut unsure = Vec::new();
    for &name in names {
        match backend.survey(name) {
            Survey::Here(facts) => said.push((name, Said::Here(Some(facts)))),
            Survey::Failed(failure) => said.push((name, Said::failed(failure))),
            Survey::Perhaps if may_fetch => unsure.push(name),
            Survey::NotHere | Survey::Perhaps => said.push((name, Said::NotHere)),
        }
    }
    if !unsure.is_empty() {
        let mut fetched = backend.fetch(&unsure);
        if fetched.len() != unsure.len() {
            // Which is which cannot be known.
            fetched = vec![Fetched::Failed(miscounted(backend, unsure.len(), fetched.len())); unsure.len()];
        }
        said.extend(unsure.into_iter().zip(fetched).map(|(name, fetched)| {
            // The value is dropped here.
            let said = match fetched {
                Fetched::Found(_) => Said::Here(Some(Arc::new(Facts::plain(backend.name())))),
                Fetched::Described(_, facts) => Said::Here(Some(facts)),
                Fetched::NotHere => Said::NotHere,
                Fetched::Failed(failure) => Said::failed(failure),
            };
            (name, said)
        }));
    }
    said
}

/// A backend does not answer each name.
fn miscounted(backend: &dyn Backend, asked: usize, answered: usize) -> Arc<Failure> {
    Arc::new(Failure {
        code: Code::BackendFailed,
        backend: backend.name().to_owned(),
        message: format!("it was asked for {asked} names and answered {answered}"),
        help: None,
    })
}

/// A name that a backend has; with what is known of it, unless the reference does not fit it.
struct Held<'n> {
    name: &'n Name,
    facts: Option<Arc<Facts>>,
}

/// What is written down of the names that a backend has.
fn secrets(backend: &dyn Backend, kind: &str, held: &[Held<'_>]) -> Vec<LockedSecret> {
    let has_bundles = has_bundles(kind);
    let mut by_secret: BTreeMap<(&str, bool), Vec<&Held<'_>>> = BTreeMap::new();
    for one in held {
        // Variables with and without a key are different ones; of anything else a name is one secret.
        let is_keyed = !has_bundles && one.name.key.is_some();
        by_secret.entry((&one.name.secret, is_keyed)).or_default().push(one);
    }
    let listed = if has_bundles { backend.list() } else { None };
    let secret = |((secret, _), held): ((&str, bool), Vec<&Held<'_>>)| {
        let keys: BTreeSet<String> = match &listed {
            Some(listed) => {
                let key = |name: &String| Some(name.strip_prefix(secret)?.strip_prefix('.')?.to_owned());
                listed.iter().filter_map(key).collect()
            }
            None => held.iter().filter_map(|one| one.name.key.clone()).collect(),
        };
        let keys: Vec<String> = keys.into_iter().collect();
        let facts = held.iter().find_map(|one| one.facts.clone()).or_else(|| {
            let name = Name { secret: secret.to_owned(), key: keys.first().cloned() };
            match backend.survey(&name) {
                Survey::Here(facts) => Some(facts),
                _ => None,
            }
        });
        let plain = LockedSecret::plain(secret, Some(keys).filter(|keys| !keys.is_empty()));
        match facts {
            Some(facts) => {
                LockedSecret { scope: facts.scope.clone(), expires: facts.expires.clone(), ..plain }
            }
            None => plain,
        }
    };
    by_secret.into_iter().map(secret).collect()
}
