//! Applies the fixes of diagnostics to the files that they are about.
//!
//! An edit replaces its span and nothing else. Each is tried on the text first: it is kept if its problem is gone
//! then, the text still reads as it did, and nothing that was right is wrong. A fix may make room for another, so a
//! file is looked at again until none is left.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use redeem_syntax::{Code, Diagnostic};

use crate::Config;
use crate::config::Treatment;
use crate::diff::{DiffLine, of_texts};
use crate::inputs::{Input, Kind};
use crate::paths::plain;
use crate::read::{Content, read};
use crate::run::Found;
use crate::trust::is_trusted;
use crate::vault::Vault;
use crate::write::{ModeRule, Outputs, WriteError};

mod rounds;

pub use rounds::Applied;
use rounds::Rounds;

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that cannot change what a file means to anybody who reads it right.
    Safe,
    /// Those too that somebody should look at.
    All,
}

/// Says what is wrong with a file.
pub type Look<'a> = dyn Fn(&Input, Found) -> Vec<Diagnostic> + Sync + 'a;

/// Why a file was not fixed.
#[derive(Debug, thiserror::Error)]
pub enum FixError {
    /// It is other than what was checked.
    #[error("{file} was changed by another program meanwhile, and is left as it is")]
    Changed {
        /// The file.
        file: String,
    },
    /// Nobody may write to it.
    #[error("{file} is read-only, and is left as it is")]
    ReadOnly {
        /// The file.
        file: String,
    },
    /// It is a link to a file elsewhere, or a link leads to its folder.
    #[error("{file} leads out of the project by a link, and is left as it is")]
    LeadsOut {
        /// The file.
        file: String,
    },
    /// It can no longer be read.
    #[error("{}: {}", .0.place().unwrap_or_default(), .0.message)]
    Unreadable(Box<Diagnostic>),
    /// The system refused to write.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A file with its fixes.
#[derive(Debug)]
pub struct FixedFile {
    /// What people call it.
    pub shown: String,
    /// What was done, in order.
    pub applied: Vec<Applied>,
    /// Where it is, links resolved.
    path: PathBuf,
    before: String,
    after: String,
}

/// What fixes come to.
#[derive(Debug, Default)]
pub struct Fixes {
    /// The files that change, in the order of inputs.
    pub files: Vec<FixedFile>,
    /// The files that cannot be changed.
    pub refused: Vec<FixError>,
}

/// How many problems have a fix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixable {
    /// A safe one.
    pub safe: usize,
    /// Only one that somebody should look at.
    pub unsafe_only: usize,
}

impl FixError {
    /// What to do next.
    pub fn help(&self) -> &str {
        match self {
            Self::Changed { .. } => "run this again",
            Self::ReadOnly { .. } => "make it writable with `chmod u+w`, and run this again",
            Self::LeadsOut { .. } => "name the file that it leads to",
            Self::Unreadable(problem) => problem.help.as_deref().unwrap_or("look at the file"),
            Self::Write(error) => error.help(),
        }
    }
}

/// Counts the problems that [`plan`] would try to fix.
pub fn fixable(inputs: &[Input], diagnostics: &[Diagnostic], config: &Config) -> Fixable {
    let ours: BTreeSet<&str> =
        inputs.iter().filter(|input| is_ours(input, config)).map(|input| &*input.shown).collect();
    let mut count = Fixable::default();
    for problem in diagnostics.iter().filter(|problem| is_about(problem, |shown| ours.contains(shown))) {
        if problem.fixes.iter().any(|fix| fix.safe) {
            count.safe += 1;
        } else {
            count.unsafe_only += usize::from(!problem.fixes.is_empty());
        }
    }
    count
}

/// Finds out what the fixes of these diagnostics make of the files, and writes nothing.
///
/// `look` says what is wrong with a file: the same that told of the diagnostics.
pub fn plan(
    inputs: &[Input],
    diagnostics: &[Diagnostic],
    which: Which,
    config: &Config,
    look: &Look<'_>,
) -> Fixes {
    let has_fix = |problem: &&Diagnostic| problem.fixes.iter().any(|fix| fix.safe || which == Which::All);
    let wanted: BTreeSet<&str> =
        diagnostics.iter().filter(has_fix).filter_map(|told| Some(&**told.source.as_ref()?.path())).collect();
    let mut seen = BTreeSet::new();
    // Two names may lead to one file.
    let is_new = |input: &&Input| input.path.canonicalize().is_ok_and(|path| seen.insert(path));
    let taken: Vec<&Input> = inputs
        .iter()
        .filter(|input| wanted.contains(&*input.shown) && is_ours(input, config))
        .filter(is_new)
        .collect();
    let results: Vec<_> = taken
        .into_par_iter()
        .map(|input| {
            let told = diagnostics.iter().filter(|problem| is_about(problem, |shown| shown == &*input.shown));
            fixed(input, told.cloned().collect(), which, config, look)
        })
        .collect();
    let mut fixes = Fixes::default();
    for file in results {
        match file {
            Ok(Some(file)) => fixes.files.push(file),
            Ok(None) => {}
            Err(error) => fixes.refused.push(error),
        }
    }
    fixes
}

impl FixedFile {
    /// Writes it in place. Its mode stays, and so does its owner where the system lets us.
    ///
    /// # Errors
    /// When it was changed meanwhile, or the system refuses.
    pub fn write(&self) -> Result<(), FixError> {
        let mode = unchanged(&self.path, &self.shown, &self.before)?;
        let (outputs, name) = Outputs::beside(&self.path)?;
        outputs.prepare(name, self.after.as_bytes(), ModeRule { source: None, explicit: Some(mode) })?;
        outputs.commit()?;
        Ok(())
    }

    /// What changes in it, as a unified difference.
    pub fn diff(&self) -> Vec<DiffLine> {
        of_texts(&self.shown, &self.before, &self.after)
    }

    /// The text with its fixes.
    pub fn text(&self) -> &str {
        &self.after
    }
}

fn fixed(
    input: &Input,
    told: Vec<Diagnostic>,
    which: Which,
    config: &Config,
    look: &Look<'_>,
) -> Result<Option<FixedFile>, FixError> {
    let file = input.shown.to_string();
    let path = target(input, config)?;
    let Some(source) = told.iter().find_map(|problem| problem.source.clone()) else { return Ok(None) };
    let before = source.text().to_owned();
    let mode = unchanged(&path, &file, &before)?;
    let (after, applied) = Rounds { input, which, look }.run(&before, source.format(), told);
    if applied.is_empty() {
        return Ok(None);
    }
    if mode & 0o200 == 0 {
        return Err(FixError::ReadOnly { file });
    }
    Ok(Some(FixedFile { shown: file, applied, path, before, after }))
}

/// Whether a problem is about the text of a file of this name, as it was read.
fn is_about(problem: &Diagnostic, is_name: impl Fn(&str) -> bool) -> bool {
    problem.source.as_ref().is_some_and(|source| is_name(source.path()))
}

/// Whether an input is a file of the project: none of a vault's, of git's, or of the outputs, which others write.
fn is_ours(input: &Input, config: &Config) -> bool {
    let Kind::File(Treatment::Live(_)) = &input.kind else { return false };
    // A walk has left them out.
    if !input.is_named {
        return true;
    }
    let Ok(path) = input.path.canonicalize() else { return false };
    let is_output = config
        .output
        .as_ref()
        .and_then(|output| output.canonicalize().ok())
        .is_some_and(|output| path.starts_with(output));
    let in_git = path.components().any(|part| part == Component::Normal(OsStr::new(".git")));
    path.is_file() && !is_output && !in_git && !path.ancestors().skip(1).any(Vault::is_vault)
}

/// Where a file is that is written in place of an input: a link keeps leading to it.
///
/// It is in the project, or where the user said without a link: the links of a project are those who wrote it.
fn target(input: &Input, config: &Config) -> Result<PathBuf, FixError> {
    let real = input.path.canonicalize().ok();
    let is_ours = |real: &PathBuf| {
        project(config).is_some_and(|project| real.starts_with(project)) || is_asked_for(input, config)
    };
    real.filter(is_ours).ok_or_else(|| FixError::LeadsOut { file: input.shown.to_string() })
}

/// The folder of the configuration; without one the repository that is worked in, or the current folder.
fn project(config: &Config) -> Option<PathBuf> {
    let folder = config.folder.canonicalize().ok()?;
    let repository = folder.ancestors().find(|above| config.path.is_none() && above.join(".git").exists());
    Some(repository.map_or_else(|| folder.clone(), Path::to_owned))
}

/// Whether an input outside of the project is what the user named, or below it, and no link led there.
fn is_asked_for(input: &Input, config: &Config) -> bool {
    let asked: &Path = if input.is_named { &input.path } else { &input.root };
    if config.leads_outside(asked) {
        return is_trusted(config);
    }
    asked.canonicalize().is_ok_and(|real| real == plain(asked))
}

/// The mode of a file, if it still says what it said.
fn unchanged(path: &Path, shown: &str, before: &str) -> Result<u32, FixError> {
    let file = read(path, false, &|_| true).map_err(FixError::Unreadable)?;
    match file.content {
        Content::Text(text) if text == before => Ok(file.mode),
        _ => Err(FixError::Changed { file: shown.to_owned() }),
    }
}

/// The problems that an edit of the text itself can make; the others are about what a name stands for.
const OF_TEXT: &[Code] = &[
    Code::InvalidName,
    Code::UnquotedReference,
    Code::NearMiss,
    Code::DynamicReference,
    Code::AmbiguousReference,
    Code::UnencodableValue,
    Code::UnknownFilter,
    Code::SyntaxError,
    Code::TemplateFailed,
];

#[cfg(test)]
mod tests;
