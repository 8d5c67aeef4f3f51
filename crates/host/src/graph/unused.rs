//! The secrets that no file refers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use redeem_core::{Backend, Catalogue, Name, Survey};
use redeem_syntax::{Code, Diagnostic};

use super::Graph;
use crate::backend::Variables;
use crate::{Config, Judge};

/// A secret that no file refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its name: of a vault or a folder the secret's, of a SOPS file the whole way to a value.
    pub name: String,
    /// The backend that has it.
    pub backend: String,
    /// The file where it is written down, if that is known, and its line and column there, 1-based.
    pub noted: Option<(Arc<str>, usize, usize)>,
}

/// What the stores hold that no file refers to.
#[derive(Debug, Default)]
pub struct Stores {
    /// The secrets, by backend and name.
    pub unused: Vec<Unused>,
    /// How many stores were listed.
    pub listed: usize,
    /// Why the others were not. The environment, which is nobody's store, is not among them.
    pub problems: Vec<Diagnostic>,
}

impl Graph {
    /// Lists what the stores hold that none of these files refers to.
    pub fn unused(&self, config: &Config, judge: &Judge<'_>) -> Stores {
        let mut stores = Stores::default();
        let Some(catalogue) = judge.catalogue() else { return stores };
        let names: BTreeSet<&Name> = self.uses.iter().map(|one| &one.name).collect();
        for backend in catalogue.backends() {
            let kind = Kind::of(backend.name(), config);
            if matches!(kind, Kind::Environment) {
                continue;
            }
            match backend.list() {
                Some(mut held) => {
                    held.sort_unstable();
                    stores.listed += 1;
                    stores.unused.extend(of_store(backend.as_ref(), &held, &kind, &names));
                }
                None => stores.problems.push(unlisted(backend.as_ref(), catalogue)),
            }
        }
        stores
    }
}

/// What a name of a backend stands for.
enum Kind {
    /// The environment, which holds far more than secrets.
    Environment,
    /// Variables, which several names lead to.
    Variables(Variables),
    /// A secret, or a key of one.
    Secrets,
    /// A value.
    Values,
}

impl Kind {
    fn of(backend: &str, config: &Config) -> Self {
        let table = config.backends.iter().find(|table| table.name == backend);
        match table.map(|table| (table, table.kind.as_str())) {
            Some((_, "env")) => Self::Environment,
            Some((table, "dotenv")) => Self::Variables(table.variables()),
            Some((_, "sops")) => Self::Values,
            Some(_) => Self::Secrets,
            // Without a configuration the vault is asked, and then the environment.
            None if backend == "vault" => Self::Secrets,
            None => Self::Environment,
        }
    }
}

fn of_store(backend: &dyn Backend, held: &[String], kind: &Kind, used: &BTreeSet<&Name>) -> Vec<Unused> {
    let mut unused: Vec<Unused> = Vec::new();
    let variables: BTreeSet<String> = match kind {
        Kind::Variables(rule) => used.iter().filter_map(|name| rule.variable(name)).collect(),
        _ => BTreeSet::new(),
    };
    let secrets: BTreeSet<&str> = used.iter().map(|name| name.secret.as_str()).collect();
    for name in held {
        let split = Name::split(name);
        let (is_used, shown) = match kind {
            Kind::Variables(rule) => {
                (rule.variable(&split).is_some_and(|own| variables.contains(&own)), name)
            }
            Kind::Values => (used.contains(&split), name),
            Kind::Secrets | Kind::Environment => (secrets.contains(split.secret.as_str()), &split.secret),
        };
        if is_used || unused.last().is_some_and(|last| last.name == *shown) {
            continue;
        }
        unused.push(Unused {
            name: shown.clone(),
            backend: backend.name().to_owned(),
            noted: noted(backend, &split),
        });
    }
    unused.sort_by(|one, other| one.name.cmp(&other.name));
    unused.dedup();
    unused
}

fn noted(backend: &dyn Backend, name: &Name) -> Option<(Arc<str>, usize, usize)> {
    let Survey::Here(facts) = backend.survey(name) else { return None };
    let noted = facts.noted.as_ref()?;
    let (line, column) = noted.source.position(noted.name.start);
    Some((Arc::clone(noted.source.path()), line, column))
}

/// Why a store was not listed. It tells when it is asked for any name.
fn unlisted(backend: &dyn Backend, catalogue: &Catalogue<'_>) -> Diagnostic {
    let asked = catalogue.names().first().map_or("secret", String::as_str);
    let told = match backend.survey(&Name::split(asked)) {
        Survey::Failed(failure) => {
            let told = Diagnostic::new(failure.code, format!("backend `{}`: {}", failure.backend, failure.message));
            failure.help.iter().fold(told, |told, help| told.with_help(help.clone()))
        }
        _ => Diagnostic::new(
            Code::BackendFailed,
            format!("what backend `{}` holds cannot be listed", backend.name()),
        )
        .with_help(
            "it may lie outside the folder of redeem.toml without being trusted, see `redeem trust`; or its `path` is \
             not set",
        ),
    };
    told.in_origin(backend.name())
}
