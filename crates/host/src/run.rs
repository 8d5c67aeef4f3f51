//! Renders a set of inputs: read, scan, ask each backend once, write all of them or none.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use redeem_core::{Answers, Encoding, Outcome, Plan, World, check, render, resolve};
use redeem_syntax::{Diagnostic, Dialects, Scan, Source, scan};

use crate::config::Treatment;
use crate::diff::Diffs;
use crate::inputs::{Input, Kind, unreadable};
use crate::read::{Content, read};
use crate::write::{ModeRule, Outputs, Prepared, WriteError};

/// A live text and what was found in it.
#[derive(Debug)]
pub struct Found {
    /// The text.
    pub source: Source,
    /// What is in it.
    pub scan: Scan,
    /// How values are written into it.
    pub encoding: Encoding,
}

/// Reads and scans every live file; files without a sigil are read and forgotten.
///
/// What can be known without any value is among the diagnostics of each scan.
pub fn scan_inputs(inputs: &[Input], is_named: bool) -> (Vec<Found>, Vec<Diagnostic>) {
    let scanned: Vec<_> = inputs
        .par_iter()
        .filter_map(|input| match &input.kind {
            Kind::File(treatment @ Treatment::Live { .. }) => match open(input, treatment, is_named) {
                Ok(Opened::Live(found, _)) => Some(Ok(*found)),
                Ok(Opened::Plain(..)) => None,
                Err(problem) => Some(Err(*problem)),
            },
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for result in scanned {
        match result {
            Ok(mut one) => {
                one.scan.diagnostics = check(&one.source, &one.scan);
                found.push(one);
            }
            Err(problem) => problems.push(problem),
        }
    }
    (found, problems)
}

/// Renders one text that is at hand.
pub fn render_text(source: &Source, dialects: &Dialects, encoding: &Encoding, world: &dyn World) -> Outcome {
    let found = scan(source, dialects);
    let answers = resolve(Plan::new([&found]).names(), world);
    render(source, &found, &answers, encoding)
}

/// What became of one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It is new or differs from what is there.
    Changed,
    /// It is there already, byte for byte.
    Unchanged,
    /// It could not be rendered.
    Failed,
}

/// What became of a set.
#[derive(Debug, Default)]
pub struct Rendering {
    /// Each output with its state, in the order of inputs.
    pub files: Vec<(PathBuf, FileState)>,
    /// Everything that is wrong, by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// Outputs that could not be prepared.
    pub write_errors: Vec<WriteError>,
}

impl Rendering {
    /// Whether every file can be rendered and written.
    pub fn is_whole(&self) -> bool {
        self.write_errors.is_empty() && !self.files.iter().any(|(_, state)| *state == FileState::Failed)
    }
}

/// One run over a set of inputs.
pub struct Run<'a> {
    /// What is taken.
    pub inputs: &'a [Input],
    /// Whether the inputs were named one by one.
    pub is_named: bool,
    /// Who is asked for secrets.
    pub world: &'a dyn World,
    /// The mode of every output, instead of its source's.
    pub mode: Option<u32>,
}

/// Where a rendered file goes.
pub enum Target<'a> {
    /// Into a set of outputs, which the caller commits.
    Write(&'a Outputs),
    /// Nowhere: it is compared with what is in this folder.
    Compare(&'a Path),
    /// Nowhere: what would change is told.
    Diff(&'a Diffs),
}

/// A file after reading: one that stays as it is, or one with something to do.
enum Opened {
    Plain(Vec<u8>, u32),
    Live(Box<Found>, u32),
}

impl Run<'_> {
    /// Renders every input to `target`. Nothing moves into place before the caller commits.
    pub fn render(&self, target: &Target<'_>) -> Rendering {
        let opened: Vec<Step> = self.inputs.par_iter().map(|input| self.first(input, target)).collect();
        let pending = opened.iter().filter_map(|step| match step {
            Step::Pending(found, _) => Some(&found.scan),
            _ => None,
        });
        let answers = resolve(Plan::new(pending).names(), self.world);
        let finished: Vec<Step> = self
            .inputs
            .par_iter()
            .zip(opened)
            .map(|(input, step)| match step {
                Step::Pending(found, mode) => self.second(input, &found, mode, &answers, target),
                other => other,
            })
            .collect();
        let mut rendering = Rendering::default();
        for (input, step) in self.inputs.iter().zip(finished) {
            let state = match step {
                Step::Done(state, mut diagnostics) => {
                    rendering.diagnostics.append(&mut diagnostics);
                    state
                }
                Step::Unwritten(error) => {
                    rendering.write_errors.push(error);
                    FileState::Failed
                }
                Step::Pending(..) => FileState::Failed,
            };
            rendering.files.push((input.output.clone(), state));
        }
        rendering.diagnostics.sort_by_cached_key(Diagnostic::sort_key);
        rendering
    }

    /// Reads an input; one that holds no reference goes to its target at once.
    fn first(&self, input: &Input, target: &Target<'_>) -> Step {
        match &input.kind {
            Kind::Link(to) => finish(target.link(&input.output, to), Vec::new()),
            Kind::File(Treatment::Copy) => match fs::File::open(&input.path) {
                Ok(file) => finish(target.copy(&input.output, &file, self.mode), Vec::new()),
                Err(error) => {
                    let problem = unreadable(&input.path, &format!("cannot be read: {error}"));
                    Step::Done(FileState::Failed, vec![problem])
                }
            },
            Kind::File(treatment) => match open(input, treatment, self.is_named) {
                Ok(Opened::Plain(bytes, mode)) => {
                    let put = target.put(&input.output, &bytes, mode, self.mode);
                    if let (Target::Diff(diffs), Ok(FileState::Changed)) = (target, &put) {
                        let rule = ModeRule { source: Some(mode), explicit: self.mode };
                        diffs.plain(&input.output, &bytes, rule);
                    }
                    finish(put, Vec::new())
                }
                Ok(Opened::Live(found, mode)) => Step::Pending(found, mode),
                Err(problem) => Step::Done(FileState::Failed, vec![*problem]),
            },
        }
    }

    /// Writes the values into an input that has references.
    fn second(
        &self,
        input: &Input,
        found: &Found,
        mode: u32,
        answers: &Answers,
        target: &Target<'_>,
    ) -> Step {
        let outcome = render(&found.source, &found.scan, answers, &found.encoding);
        match outcome.rendered {
            Some(rendered) => {
                let put = target.put(&input.output, rendered.text().as_bytes(), mode, self.mode);
                if let (Target::Diff(diffs), Ok(FileState::Changed)) = (target, &put) {
                    let rule = ModeRule { source: Some(mode), explicit: self.mode };
                    diffs.live(&input.output, (&found.source, &found.scan), answers, &rendered, rule);
                }
                finish(put, outcome.diagnostics)
            }
            None => Step::Done(FileState::Failed, outcome.diagnostics),
        }
    }
}

enum Step {
    Pending(Box<Found>, u32),
    Done(FileState, Vec<Diagnostic>),
    Unwritten(WriteError),
}

fn finish(put: Result<FileState, WriteError>, diagnostics: Vec<Diagnostic>) -> Step {
    match put {
        Ok(state) => Step::Done(state, diagnostics),
        Err(error) => Step::Unwritten(error),
    }
}

fn open(input: &Input, treatment: &Treatment, is_named: bool) -> Result<Opened, Box<Diagnostic>> {
    let file = read(&input.path, is_named)?;
    let (text, Treatment::Live { format, dialects, encoding }) = (file.content, treatment) else {
        return Ok(Opened::Plain(Vec::new(), file.mode));
    };
    let text = match text {
        Content::Opaque(bytes) => return Ok(Opened::Plain(bytes, file.mode)),
        Content::Text(text) if !dialects.may_stand_in(&text, *format) => {
            return Ok(Opened::Plain(text.into_bytes(), file.mode));
        }
        Content::Text(text) => text,
    };
    let source = Source::new(Arc::clone(&input.shown), text, *format);
    let found = scan(&source, dialects);
    let is_plain =
        found.is_valid && found.is_untouched() && found.diagnostics.is_empty() && found.references.is_empty();
    if is_plain {
        return Ok(Opened::Plain(source.text().as_bytes().to_vec(), file.mode));
    }
    Ok(Opened::Live(Box::new(Found { source, scan: found, encoding: *encoding }), file.mode))
}

impl Target<'_> {
    fn put(
        &self,
        output: &Path,
        bytes: &[u8],
        source: u32,
        explicit: Option<u32>,
    ) -> Result<FileState, WriteError> {
        let mode = ModeRule { source: Some(source), explicit };
        match self {
            Self::Write(outputs) => outputs.prepare(output, bytes, mode).map(state),
            Self::Compare(folder) => Ok(compare(&folder.join(output), bytes, mode)),
            Self::Diff(diffs) => Ok(compare(&diffs.folder().join(output), bytes, mode)),
        }
    }

    fn copy(&self, output: &Path, source: &fs::File, explicit: Option<u32>) -> Result<FileState, WriteError> {
        let mode = source.metadata().map(|metadata| metadata.mode() & 0o7777).ok();
        match self {
            Self::Write(outputs) => {
                outputs.prepare_copy(output, source, ModeRule { source: mode, explicit }).map(state)
            }
            Self::Compare(_) | Self::Diff(_) => {
                let mut bytes = Vec::new();
                let read = io::BufReader::new(source).read_to_end(&mut bytes);
                let rule = ModeRule { source: mode, explicit };
                let state = match self.folder().filter(|_| read.is_ok()) {
                    Some(folder) => compare(&folder.join(output), &bytes, rule),
                    None => FileState::Changed,
                };
                if let (Self::Diff(diffs), FileState::Changed) = (self, state) {
                    diffs.plain(output, &bytes, rule);
                }
                Ok(state)
            }
        }
    }

    fn link(&self, output: &Path, to: &Path) -> Result<FileState, WriteError> {
        match self {
            Self::Write(outputs) => outputs.prepare_symlink(output, to).map(state),
            Self::Compare(folder) => Ok(compare_link(&folder.join(output), to)),
            Self::Diff(diffs) => {
                let state = compare_link(&diffs.folder().join(output), to);
                if state == FileState::Changed {
                    diffs.link(output, to);
                }
                Ok(state)
            }
        }
    }

    /// What is compared with, if nothing is written.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Write(_) => None,
            Self::Compare(folder) => Some(folder),
            Self::Diff(diffs) => Some(diffs.folder()),
        }
    }
}

fn compare_link(path: &Path, to: &Path) -> FileState {
    let is_same = fs::read_link(path).is_ok_and(|target| target == to);
    if is_same { FileState::Unchanged } else { FileState::Changed }
}

fn state(prepared: Prepared) -> FileState {
    match prepared {
        Prepared::Unchanged => FileState::Unchanged,
        Prepared::Written | Prepared::ModeOnly => FileState::Changed,
    }
}

/// Whether a file holds these bytes, and nobody may do more with it than they should.
fn compare(path: &Path, bytes: &[u8], rule: ModeRule) -> FileState {
    let is_same = || -> io::Result<bool> {
        let metadata = fs::symlink_metadata(path)?;
        let wanted = rule.explicit.unwrap_or(rule.source.unwrap_or(0o600) & 0o700);
        let mode = metadata.permissions().mode() & 0o777;
        let mode_fits = if rule.explicit.is_some() { mode == wanted } else { mode & !wanted == 0 };
        Ok(metadata.is_file()
            && mode_fits
            && metadata.len() == bytes.len() as u64
            && fs::read(path)? == bytes)
    };
    if is_same().unwrap_or(false) { FileState::Unchanged } else { FileState::Changed }
}
