//! Renders a set of inputs: read, scan, ask each backend once, write all of them or none.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use redeem_core::{
    Answers, Encoding, Name, Outcome, Plan, Template, World, check, render, render_template, resolve,
};
use redeem_syntax::{Diagnostic, Reference, Scan, Source, scan};

use crate::Judge;
use crate::config::{Live, Treatment};
use crate::diff::Diffs;
use crate::inputs::{Input, Kind, unreadable};
use crate::read::{self, Content, MayHold, ReadFile, read};
use crate::template::{self, Told};
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
    /// What it includes, if it is a template.
    pub template: Option<Template>,
}

impl Found {
    /// Everything that was found in it and in what it includes.
    pub fn scans(&self) -> impl Iterator<Item = &Scan> {
        std::iter::once(&self.scan).chain(self.template.iter().flat_map(Template::included))
    }

    /// Scans a text that is no template.
    fn of(input: &Input, text: impl Into<String>, live: &Live) -> Self {
        let source = Source::new(Arc::clone(&input.shown), text, live.format);
        let scan = scan(&source, &live.dialects);
        Self { source, scan, encoding: live.encoding, template: None }
    }

    /// Writes the values into it, if the policy has nothing against it.
    fn judged(&self, input: &Input, answers: &Answers, world: &dyn World, judge: &Judge<'_>) -> Outcome {
        let mut outcome = self.render(answers, world);
        outcome.diagnostics.extend(judge.found(input, self, Some(answers)));
        judge.hide(input, self, &mut outcome.diagnostics);
        if !judge.passes(&mut outcome.diagnostics) {
            outcome.rendered = None;
        }
        outcome
    }

    /// Writes the values into it.
    fn render(&self, answers: &Answers, world: &dyn World) -> Outcome {
        match &self.template {
            None => render(&self.source, &self.scan, answers, &self.encoding),
            Some(template) => render_template(
                &self.source,
                &self.scan,
                template,
                answers,
                world.variables(),
                &self.encoding,
            ),
        }
    }
}

/// A live file that was read.
pub enum Seen<'a> {
    /// There is nothing to find in it.
    Plain(&'a Live, &'a [u8]),
    /// What was found in it.
    Live(Box<Found>),
}

/// Reads and scans every live file, and keeps of each what `take` makes of it.
///
/// Each text of which `take` keeps nothing is forgotten: a tree may be larger than memory. What can be known without
/// any value is among the diagnostics of each scan.
pub fn scan_inputs<T: Send>(
    inputs: &[Input],
    take: impl Fn(&Input, Seen<'_>) -> Option<T> + Sync,
) -> (Vec<T>, Vec<Diagnostic>) {
    let inputs = inputs.iter().map(|input| (input, ()));
    scan_read(inputs.collect(), |input, (), may_hold| read(&input.path, input.is_named, may_hold), take)
}

/// The same for inputs whose content comes from elsewhere.
pub(crate) fn scan_read<S: Send, T: Send>(
    inputs: Vec<(&Input, S)>,
    content: impl Fn(&Input, S, MayHold<'_>) -> Result<ReadFile, Box<Diagnostic>> + Sync,
    take: impl Fn(&Input, Seen<'_>) -> Option<T> + Sync,
) -> (Vec<T>, Vec<Diagnostic>) {
    let told = Mutex::new(Told::default());
    let scan = |(input, at): (&Input, S)| match &input.kind {
        Kind::File(Treatment::Live(live)) => {
            match open_with(input, live, |may_hold| content(input, at, may_hold)) {
                Ok(Opened::Live { mut found, .. }) => {
                    // A template was checked when it was read, and so was what several of them include.
                    if found.template.is_none() {
                        found.scan.diagnostics = check(&found.source, &found.scan);
                    } else {
                        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                        told.retain_new(&mut found.scan.diagnostics);
                    }
                    take(input, Seen::Live(found)).map(Ok)
                }
                Ok(Opened::Plain { bytes, .. }) => take(input, Seen::Plain(live, &bytes)).map(Ok),
                Err(problem) => Some(Err(*problem)),
            }
        }
        _ => None,
    };
    let mut taken = Vec::new();
    let mut problems = Vec::new();
    for result in each(inputs, scan).into_iter().flatten() {
        match result {
            Ok(one) => taken.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    (taken, problems)
}

/// Renders a text that is at hand, by the rules for a file called `input`.
pub fn render_text(input: &Input, text: &str, world: &dyn World, judge: &Judge<'_>) -> Outcome {
    let nameless = Live::default();
    let live = match &input.kind {
        Kind::File(Treatment::Live(live)) => live,
        _ => &nameless,
    };
    let found =
        if live.is_template { template::open(input, text, live) } else { Found::of(input, text, live) };
    let answers = resolve(Plan::new(found.scans()).names(), world);
    found.judged(input, &answers, world, judge)
}

/// Finds what is in a text that one input might hold instead of its own, with what is wrong as far as it can be known
/// without any value. `None` if nothing is.
pub fn scan_text(input: &Input, text: &str) -> Option<Found> {
    let Kind::File(Treatment::Live(live)) = &input.kind else { return None };
    let content = Content::Text(text.to_owned());
    let file = ReadFile { content, mode: 0, comes_once: false };
    let Ok(Opened::Live { mut found, .. }) = open_with(input, live, |_| Ok(file)) else { return None };
    if found.template.is_none() {
        found.scan.diagnostics = check(&found.source, &found.scan);
    }
    Some(*found)
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
    /// Who is asked for secrets.
    pub world: &'a dyn World,
    /// The mode of every output, instead of its source's.
    pub mode: Option<u32>,
    /// Who says where secrets may stand.
    pub judge: &'a Judge<'a>,
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

/// A file after reading.
enum Opened {
    /// It goes to the output as it is.
    Plain { bytes: Vec<u8>, mode: u32 },
    /// There is something to do in it. It may have come through a pipe, from which nothing comes twice.
    Live { found: Box<Found>, mode: u32, comes_once: bool },
}

/// How many bytes of texts and scans wait in memory for their values: 32 MiB.
///
/// A text beyond that is forgotten after its names are known, and read again once their values are: a tree
/// may be larger than memory, and to read a file twice costs less than to let the system swap.
const KEPT: usize = 32 << 20;

/// What the first look at a set gathers.
#[derive(Default)]
struct Gathered {
    /// Each name that a reference asks for.
    names: Mutex<BTreeSet<Name>>,
    /// How many bytes wait in memory.
    kept: AtomicUsize,
}

impl Gathered {
    /// Notes what a file asks for, and says whether the file may wait in memory.
    fn take(&self, found: &Found) -> bool {
        let references = || found.scans().flat_map(|scan| &scan.references);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for reference in references().filter(|reference| reference.is_rendered()) {
            if !names.contains(&reference.name) {
                names.insert(reference.name.clone());
            }
        }
        // Besides itself a reference has a string, a name and a path to hold.
        let size = found.source.text().len() + references().count() * 4 * size_of::<Reference>();
        self.kept.fetch_add(size, Ordering::Relaxed) < KEPT
    }
}

/// What the backends were asked for, and what they said.
struct Asked {
    names: BTreeSet<Name>,
    answers: Answers,
}

impl Run<'_> {
    /// Renders every input to `target`. Nothing moves into place before the caller commits.
    ///
    /// All inputs are read and scanned first; then each backend is asked, once; then the values are written.
    pub fn render(&self, target: &Target<'_>) -> Rendering {
        let gathered = Gathered::default();
        let opened = each(self.inputs.iter().collect(), |input| self.first(input, target, &gathered));
        let names = gathered.names.into_inner().unwrap_or_else(PoisonError::into_inner);
        let asked = Asked { answers: resolve(&names, self.world), names };
        let finished = each(self.inputs.iter().zip(opened).collect(), |(input, step)| match step {
            Step::Pending(found, mode) => self.second(input, &found, mode, &asked, target),
            Step::Forgotten => self.again(input, &asked, target),
            other => other,
        });
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
                Step::Pending(..) | Step::Forgotten => FileState::Failed,
            };
            rendering.files.push((input.output.clone(), state));
        }
        rendering.diagnostics.sort_by_cached_key(Diagnostic::sort_key);
        Told::default().retain_new(&mut rendering.diagnostics);
        rendering
    }

    /// Reads an input; one that holds no reference goes to its target at once.
    fn first(&self, input: &Input, target: &Target<'_>, gathered: &Gathered) -> Step {
        match &input.kind {
            Kind::Link(to) => finish(target.link(&input.output, to), Vec::new()),
            Kind::File(Treatment::Copy) => match read::open(&input.path, input.is_named) {
                Ok(file) => finish(target.copy(&input.output, &file, self.mode), Vec::new()),
                Err(error) => failed(unreadable(&input.path, &format!("cannot be read: {error}"))),
            },
            Kind::File(Treatment::Live(live)) => match open(input, live) {
                Ok(Opened::Plain { bytes, mode }) => self.plain(input, live, &bytes, mode, target),
                Ok(Opened::Live { found, mode, comes_once }) => {
                    let is_kept = gathered.take(&found) || comes_once;
                    if is_kept { Step::Pending(found, mode) } else { Step::Forgotten }
                }
                Err(problem) => failed(*problem),
            },
        }
    }

    /// Reads an input once more, now that the values of its names are known.
    ///
    /// It may be another version by now. That is as good, unless it asks for what nobody was asked for.
    fn again(&self, input: &Input, asked: &Asked, target: &Target<'_>) -> Step {
        let Kind::File(Treatment::Live(live)) = &input.kind else {
            return self.first(input, target, &Gathered::default());
        };
        match open(input, live) {
            Ok(Opened::Plain { bytes, mode }) => self.plain(input, live, &bytes, mode, target),
            Ok(Opened::Live { found, mode, .. }) => self.second(input, &found, mode, asked, target),
            Err(problem) => failed(*problem),
        }
    }

    fn plain(&self, input: &Input, live: &Live, bytes: &[u8], mode: u32, target: &Target<'_>) -> Step {
        let mut told = self.judge.plain(input, live, bytes, true);
        if !self.judge.passes(&mut told) {
            return Step::Done(FileState::Failed, told);
        }
        let put = target.put(&input.output, bytes, mode, self.mode);
        if let (Target::Diff(diffs), Ok(FileState::Changed)) = (target, &put) {
            diffs.plain(&input.output, bytes, ModeRule { source: Some(mode), explicit: self.mode });
        }
        finish(put, Vec::new())
    }

    /// Writes the values into an input that has references.
    fn second(&self, input: &Input, found: &Found, mode: u32, asked: &Asked, target: &Target<'_>) -> Step {
        let mut wanted =
            found.scans().flat_map(|scan| &scan.references).filter(|reference| reference.is_rendered());
        if !wanted.all(|reference| asked.names.contains(&reference.name)) {
            let problem = unreadable(&input.path, "this file changed while its secrets were fetched");
            return failed(problem.with_help("wait until its writer is done, and run again"));
        }
        let outcome = found.judged(input, &asked.answers, self.world, self.judge);
        match outcome.rendered {
            Some(rendered) => {
                let put = target.put(&input.output, rendered.text().as_bytes(), mode, self.mode);
                if let (Target::Diff(diffs), Ok(FileState::Changed), None) = (target, &put, &found.template) {
                    let rule = ModeRule { source: Some(mode), explicit: self.mode };
                    diffs.live(&input.output, (&found.source, &found.scan), &asked.answers, &rendered, rule);
                }
                finish(put, outcome.diagnostics)
            }
            None => Step::Done(FileState::Failed, outcome.diagnostics),
        }
    }
}

/// Where an input is on its way.
enum Step {
    /// It waits in memory for its values.
    Pending(Box<Found>, u32),
    /// It waits on the disk.
    Forgotten,
    Done(FileState, Vec<Diagnostic>),
    Unwritten(WriteError),
}

/// Does some work for each item, in their order; threads are started only where there are several.
fn each<I: Send, O: Send>(items: Vec<I>, work: impl Fn(I) -> O + Sync + Send) -> Vec<O> {
    if items.len() > 1 {
        items.into_par_iter().map(work).collect()
    } else {
        items.into_iter().map(work).collect()
    }
}

fn failed(problem: Diagnostic) -> Step {
    Step::Done(FileState::Failed, vec![problem])
}

fn finish(put: Result<FileState, WriteError>, diagnostics: Vec<Diagnostic>) -> Step {
    match put {
        Ok(state) => Step::Done(state, diagnostics),
        Err(error) => Step::Unwritten(error),
    }
}

fn open(input: &Input, live: &Live) -> Result<Opened, Box<Diagnostic>> {
    open_with(input, live, |may_hold| read(&input.path, input.is_named, may_hold))
}

fn open_with(
    input: &Input,
    live: &Live,
    content: impl FnOnce(MayHold<'_>) -> Result<ReadFile, Box<Diagnostic>>,
) -> Result<Opened, Box<Diagnostic>> {
    let Live { format, dialects, is_template, .. } = live;
    let may_hold = |bytes: &[u8]| *is_template || dialects.may_stand_in(bytes, *format);
    let file = content(&may_hold)?;
    let mode = file.mode;
    let text = match file.content {
        Content::Opaque(_) if *is_template => {
            let problem = unreadable(&input.path, "a template has to be text in UTF-8");
            return Err(Box::new(
                problem.with_help("convert it, or say `template = false` for it in redeem.toml"),
            ));
        }
        Content::Opaque(bytes) => return Ok(Opened::Plain { bytes, mode }),
        Content::Text(text) if *is_template => {
            let found = Box::new(template::open(input, &text, live));
            return Ok(Opened::Live { found, mode, comes_once: file.comes_once });
        }
        Content::Text(text) => text,
    };
    let found = Box::new(Found::of(input, text, live));
    let scan = &found.scan;
    let is_plain =
        scan.is_valid && scan.is_untouched() && scan.diagnostics.is_empty() && scan.references.is_empty();
    if is_plain {
        return Ok(Opened::Plain { bytes: found.source.text().as_bytes().to_vec(), mode });
    }
    Ok(Opened::Live { found, mode, comes_once: file.comes_once })
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
