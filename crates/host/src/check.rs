//! Everything that can be known of a set of files without a key, a value or the network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redeem_core::{Backend, Catalogue, Facts, Name, Survey};
use redeem_syntax::{Code, Diagnostic, Source, Span};

use crate::inputs::{Input, Inputs};
use crate::run::{Seen, scan_inputs};
use crate::staged::{StagedError, scan_staged};
use crate::template::Told;
use crate::{Config, Judge};

/// How much of a project is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Some of its files.
    Part,
    /// All of its source, so that what no file uses can be told.
    Whole,
}

/// How much of a text is kept with its problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// The lines that they are about, for those who show them: a tree may be larger than memory.
    Lines,
    /// All of it, for those who apply fixes.
    Whole,
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many files were looked at.
    pub files: usize,
    /// How many references there are.
    pub references: usize,
    /// Everything that is wrong, by file and position.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    fn new(files: usize, found: Vec<(usize, Vec<Diagnostic>)>, mut diagnostics: Vec<Diagnostic>) -> Self {
        let references = found.iter().map(|(references, _)| references).sum();
        diagnostics.extend(found.into_iter().flat_map(|(_, told)| told));
        // What several templates include is looked at with each of them.
        Told::default().retain_new(&mut diagnostics);
        Self { files, references, diagnostics }.sorted()
    }

    /// The same with problems that are about no file of it.
    #[must_use]
    pub fn with(mut self, others: &[Diagnostic]) -> Self {
        self.diagnostics.extend_from_slice(others);
        if others.is_empty() { self } else { self.sorted() }
    }

    fn sorted(mut self) -> Self {
        self.diagnostics.sort_by_cached_key(Diagnostic::sort_key);
        self
    }
}

/// Checks every live file of `inputs`.
pub fn check(inputs: &Inputs, config: &Config, judge: &Judge<'_>, scope: Scope, texts: Texts) -> Checked {
    let (found, mut diagnostics) =
        scan_inputs(&inputs.taken, |input, seen| of_file(input, seen, judge, texts));
    diagnostics.extend_from_slice(&inputs.problems);
    if let Some(catalogue) = judge.catalogue().filter(|_| scope == Scope::Whole) {
        diagnostics.extend(stores(catalogue, config));
    }
    judge.settle(&mut diagnostics);
    Checked::new(inputs.taken.len(), found, diagnostics)
}

/// Checks what git is about to commit, at these paths or below them.
///
/// Relative paths in the variables that git sets for a hook are from `start`, the folder that the program was started in.
///
/// # Errors
/// When there is no repository, git cannot be run, or a path is neither in git nor on the disk.
pub fn check_staged(
    start: &Path,
    paths: &[PathBuf],
    config: &Config,
    judge: &Judge<'_>,
) -> Result<Checked, StagedError> {
    let take = |input: &Input, seen: Seen<'_>| of_file(input, seen, judge, Texts::Lines);
    let mut staged = scan_staged(start, paths, config, take)?;
    judge.settle(&mut staged.problems);
    Ok(Checked::new(staged.files, staged.found, staged.problems))
}

/// How many references a file has, and what is wrong with it.
fn of_file(
    input: &Input,
    seen: Seen<'_>,
    judge: &Judge<'_>,
    texts: Texts,
) -> Option<(usize, Vec<Diagnostic>)> {
    let (references, told) = match seen {
        Seen::Plain(live, bytes) => {
            let mut told = judge.plain(input, live, bytes, false);
            judge.settle(&mut told);
            (0, told)
        }
        Seen::Live(found) => (found.scan.references.len(), judge.look(input, &found)),
    };
    let told = if texts == Texts::Lines { with_little_text(told) } else { told };
    (references > 0 || !told.is_empty()).then_some((references, told))
}

/// Lets go of all texts but the lines that the problems of one file are about.
fn with_little_text(mut told: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut sources: BTreeMap<Arc<str>, (Source, Span)> = BTreeMap::new();
    for problem in &told {
        let Some(source) = &problem.source else { continue };
        let same = problem.related.iter().filter(|related| related.source.path() == source.path());
        let spans = (problem.label.iter().map(|label| &label.span))
            .chain(same.map(|related| &related.span))
            .chain(problem.fixes.iter().map(|fix| &fix.span))
            .chain(&problem.hidden);
        for span in spans {
            let kept = sources.entry(Arc::clone(source.path()));
            let (_, kept) = kept.or_insert_with(|| (source.clone(), span.clone()));
            *kept = kept.start.min(span.start)..kept.end.max(span.end);
        }
    }
    for (source, span) in sources.values_mut() {
        *source = source.around(span);
    }
    let little = |source: &mut Source| {
        if let Some((kept, _)) = sources.get(source.path()) {
            *source = kept.clone();
        }
    };
    for problem in &mut told {
        problem.source.iter_mut().for_each(little);
        problem.related.iter_mut().for_each(|related| little(&mut related.source));
    }
    told
}

/// What is wrong with the names in the stores.
fn stores(catalogue: &Catalogue<'_>, config: &Config) -> Vec<Diagnostic> {
    let used: BTreeSet<String> = catalogue.asked_for().into_iter().map(|(name, _)| name.secret).collect();
    let mut told = Vec::new();
    // What a lock has of a backend is what the project asks for.
    for backend in catalogue.backends().iter().filter(|backend| !backend.is_locked()) {
        let names = backend.list().unwrap_or_default();
        let secrets: BTreeSet<&str> = names
            .iter()
            .map(|name| name.split_once('.').map_or(name.as_str(), |(secret, _)| secret))
            .collect();
        // Only of a vault is known where its secrets are written down, and only a vault is the project's own.
        let noted: Vec<(&str, Noted)> =
            secrets.iter().filter_map(|name| Some((*name, noted(backend.as_ref(), &names, name)?))).collect();
        told.extend(collisions(&noted));
        for (name, noted) in &noted {
            if !config.rules.can_spell(&noted.name) {
                let message = format!("no dialect that is live can spell `{name}`");
                let help = format!("rename it: `redeem secrets rename {name} NEW`");
                told.push(at_name(Code::UnreachableName, message, noted, "unreachable").with_help(help));
            }
            if !used.contains(*name) {
                let message = format!("no file refers to `{name}`");
                let help = format!(
                    "delete it with `redeem secrets delete {name}`, or say `allow = [\"unused-secret\"]` under \
                     [policy] in redeem.toml"
                );
                told.push(at_name(Code::UnusedSecret, message, noted, "unused").with_help(help));
            }
        }
    }
    told
}

/// A secret with the place where it is written down.
struct Noted {
    name: Name,
    facts: Arc<Facts>,
}

/// The place of a secret, asked for by one of its names.
fn noted(backend: &dyn Backend, names: &[String], secret: &str) -> Option<Noted> {
    let is_own = |name: &&String| name.split_once('.').map_or(name.as_str(), |(own, _)| own) == secret;
    let first = names.partition_point(|name| name.as_str() < secret);
    let name = Name::split(names[first..].iter().find(is_own)?);
    match backend.survey(&name) {
        Survey::Here(facts) if facts.noted.is_some() => Some(Noted { name, facts }),
        _ => None,
    }
}

fn collisions(secrets: &[(&str, Noted)]) -> Vec<Diagnostic> {
    let mut by_letters: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (name, _)) in secrets.iter().enumerate() {
        by_letters.entry(name.to_lowercase()).or_default().push(at);
    }
    let pairs = by_letters.values().flat_map(|same| same.windows(2));
    let tell = |pair: &[usize]| {
        let ((first, other), (second, noted)) = (&secrets[pair[0]], &secrets[pair[1]]);
        let message = format!("`{first}` and `{second}` differ only in upper and lower case");
        let mut told = at_name(Code::CaseCollision, message, noted, "one of them");
        if let Some(place) = &other.facts.noted {
            told = told.with_related(&place.source, place.name.clone(), "the other");
        }
        told.with_help(format!("rename one of them: `redeem secrets rename {second} NEW`"))
    };
    pairs.map(tell).collect()
}

fn at_name(code: Code, message: String, noted: &Noted, label: &str) -> Diagnostic {
    let told = Diagnostic::new(code, message);
    match &noted.facts.noted {
        Some(place) => told.at(&place.source, place.name.clone(), label),
        None => told,
    }
}
