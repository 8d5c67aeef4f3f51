//! `render --diff`: what a render would change, without a byte of any value.
//!
//! The new side is the source itself, with a tag in the place of each reference. The old side is masked. So all text
//! that is shown is text of the source, and all else is a tag; see [`mask`].

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use redeem_core::{Answer, Answers, Rendered};
use redeem_syntax::{Format, Scan, Source, Span};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use zeroize::Zeroizing;

mod mask;
mod tags;
mod template;
mod texts;

use crate::config::BackendConfig;
use crate::inputs::Input;
use crate::write::ModeRule;
use mask::{Hole, Mask, Masked, Piece, shown};
use tags::Tags;
use template::{Part, Template, Unit, lines, without_break};
pub(crate) use texts::of_texts;

/// How many lines without a change are shown around each change.
const CONTEXT: usize = 3;

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A file's name or mode, or something that cannot be seen in a line.
    Header,
    /// Where the lines below stand.
    Hunk,
    /// In both.
    Same,
    /// In the output as it is.
    Removed,
    /// In the output as it would be.
    Added,
}

/// A line of a diff, its sign included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub kind: LineKind,
    /// What is shown; it holds no value.
    pub text: String,
}

/// The differences of a run, by output.
pub struct Diffs {
    folder: PathBuf,
    /// Outputs of sources that hold values themselves.
    hidden: BTreeSet<PathBuf>,
    tags: Tags,
    files: Mutex<BTreeMap<PathBuf, Vec<DiffLine>>>,
}

impl Diffs {
    /// For outputs in a folder.
    ///
    /// # Errors
    /// When the system has no random bytes for the key of the tags.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let (hidden, files) = (BTreeSet::new(), Mutex::default());
        Ok(Self { folder: folder.to_owned(), hidden, tags: Tags::new()?, files })
    }

    /// Hides what is in the places that values come from, should they be among the inputs.
    #[must_use]
    pub fn hiding(mut self, backends: &[BackendConfig], inputs: &[Input]) -> Self {
        let paths = backends.iter().filter_map(|backend| backend.path.as_ref()?.as_ref().ok());
        let places: Vec<PathBuf> = paths.filter_map(|path| path.canonicalize().ok()).collect();
        let file = |path: &Path| {
            let metadata = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((metadata.dev(), metadata.ino()))
        };
        // Another name of the same file holds the same values.
        let files: Vec<_> = places.iter().filter_map(|place| file(place)).collect();
        let is_below = |input: &&Input| {
            let path = input.path.canonicalize();
            path.is_ok_and(|path| places.iter().any(|place| path.starts_with(place)))
                || file(&input.path).is_some_and(|file| files.contains(&file))
        };
        self.hidden = inputs.iter().filter(is_below).map(|input| input.output.clone()).collect();
        self
    }

    /// Where the outputs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The difference of one output, if it was taken.
    pub fn of(&self, output: &Path) -> Option<Vec<DiffLine>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(output).cloned()
    }

    /// Takes a file with references, of which `rendered` was made.
    pub(crate) fn live(
        &self,
        output: &Path,
        (source, scan): (&Source, &Scan),
        answers: &Answers,
        rendered: &Rendered,
        mode: ModeRule,
    ) {
        let mut holes: Vec<Hole> = Vec::new();
        for reference in scan.references.iter().filter(|reference| reference.is_rendered()) {
            // A reference in the default of another one goes with it.
            if holes.last().is_some_and(|last| reference.span.start < last.span.end) {
                continue;
            }
            let tag = match answers.of(&reference.name) {
                Answer::Found(secret) => self.tags.of(secret.expose()),
                _ => self.tags.of(source.slice(&reference.span).as_bytes()),
            };
            holes.push(Hole { span: reference.span.clone(), name: reference.name.to_string(), tag });
        }
        let spans: Vec<Span> = holes.iter().map(|hole| hole.span.clone()).collect();
        let template = Template::new(source.text(), &spans);
        let new_lines = lines(rendered.text().as_bytes());
        let bytes = rendered.text().as_bytes();
        let units = template.units(&new_lines, rendered.moved());
        let units = template.refined(units, bytes, &new_lines, source.format() == Format::Text);
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        for (hole, span) in template.filled(&units, bytes, &new_lines) {
            known.entry(&bytes[span]).or_insert(hole);
        }
        let mut of_names = scan.references.iter().filter(|reference| reference.is_rendered());
        for (number, hole) in holes.iter().enumerate() {
            let reference = of_names.find(|reference| reference.span == hole.span);
            if let Some(Answer::Found(secret)) = reference.map(|reference| answers.of(&reference.name)) {
                known.entry(secret.expose()).or_insert(number);
            }
        }
        known.remove(&b""[..]);
        let mask = Mask::new(&template, &holes, &self.tags, known);
        let new: Vec<&[u8]> = new_lines.iter().map(|line| &bytes[line.clone()]).collect();
        let old = self.old(output);
        let entries = entries(&old.lines(), &new, &units, &mask, &template, &holes);
        self.keep(output, &old, mode, &entries);
    }

    /// Takes a file without references: its source is public, what stood in its place before may not be.
    pub(crate) fn plain(&self, output: &Path, source: &[u8], mode: ModeRule) {
        let old = self.old(output);
        let text = std::str::from_utf8(source).ok().filter(|text| !text.contains('\0'));
        let Some(text) = text else {
            let note = "a binary file, which is not shown".to_owned();
            let entries = [Entry { kind: LineKind::Header, text: note, note: None }];
            return self.keep(output, &old, mode, if old.is(source) { &[] } else { &entries });
        };
        let template = Template::new(text, &[]);
        let new_lines = lines(source);
        let units = template.units(&new_lines, &[]);
        let new: Vec<&[u8]> = new_lines.iter().map(|line| &source[line.clone()]).collect();
        let mask = Mask::new(&template, &[], &self.tags, HashMap::new());
        let entries = entries(&old.lines(), &new, &units, &mask, &template, &[]);
        self.keep(output, &old, mode, &entries);
    }

    /// Takes a link, whose target is part of the source.
    pub(crate) fn link(&self, output: &Path, to: &Path) {
        let line = Entry { kind: LineKind::Added, text: format!("link to {}", to.display()), note: None };
        let old = Old { bytes: None, mode: None };
        self.keep(output, &old, ModeRule::default(), &[line]);
    }

    fn old(&self, output: &Path) -> Old {
        let path = self.folder.join(output);
        let metadata = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file);
        let bytes = metadata.as_ref().and_then(|_| fs::read(&path).ok()).map(Zeroizing::new);
        Old { bytes, mode: metadata.map(|metadata| metadata.permissions().mode() & 0o777) }
    }

    fn keep(&self, output: &Path, old: &Old, rule: ModeRule, entries: &[Entry]) {
        let name = crate::paths::shown(&self.folder.join(output));
        let header = |text: String| DiffLine { kind: LineKind::Header, text };
        let before = if old.bytes.is_some() { &*name } else { "/dev/null" };
        let mut diff = vec![header(format!("--- {before}")), header(format!("+++ {name}"))];
        let mode = |was: u32| rule.explicit.unwrap_or(was & rule.source.unwrap_or(0o600) & 0o700);
        if let Some((was, mode)) = old.mode.map(|was| (was, mode(was))).filter(|(was, mode)| was != mode) {
            diff.push(header(format!("old mode {was:04o}")));
            diff.push(header(format!("new mode {mode:04o}")));
        }
        if self.hidden.contains(output) {
            diff.push(header("a file that values come from, which is not shown".to_owned()));
        } else {
            diff.extend(hunks(entries));
        }
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(output.to_owned(), diff);
    }
}

/// An output as it is.
struct Old {
    bytes: Option<Zeroizing<Vec<u8>>>,
    mode: Option<u32>,
}

impl Old {
    fn lines(&self) -> Vec<&[u8]> {
        let bytes = self.bytes.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        lines(bytes).into_iter().map(|line| &bytes[line]).collect()
    }

    fn is(&self, bytes: &[u8]) -> bool {
        self.bytes.as_ref().is_some_and(|old| &old[..] == bytes)
    }
}

/// A line of a difference before it is cut into hunks.
struct Entry {
    kind: LineKind,
    text: String,
    note: Option<&'static str>,
}

fn entries(
    old: &[&[u8]],
    new: &[&[u8]],
    units: &[Unit],
    mask: &Mask<'_>,
    template: &Template<'_>,
    holes: &[Hole],
) -> Vec<Entry> {
    let mut in_old: Vec<Option<usize>> = vec![None; new.len()];
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            (0..len).for_each(|at| in_old[new_index + at] = Some(old_index + at));
        }
    }
    let drawn = |masked: &Masked| {
        let pieces = masked.pieces.iter().map(|piece| match piece {
            Piece::Text(span) => visible(&template.text[span.clone()]),
            Piece::Tag(tag) => tag.clone(),
        });
        pieces.collect::<String>()
    };
    let own = |line: usize| {
        let parts = template.lines[line].iter().map(|part| match part {
            Part::Text(span) => Piece::Text(span.clone()),
            Part::Hole(hole) => Piece::Tag(shown(&holes[*hole].name, &holes[*hole].tag)),
        });
        drawn(&Masked { pieces: parts.collect(), note: None })
    };
    let mut entries = Vec::new();
    let mut at = 0;
    let mut pending: Vec<usize> = Vec::new();
    let change = |entries: &mut Vec<Entry>, removed: &[&[u8]], added: &mut Vec<usize>| {
        let mut gone: VecDeque<Entry> = mask
            .removed(removed, added)
            .iter()
            .map(|masked| Entry { kind: LineKind::Removed, text: drawn(masked), note: masked.note })
            .collect();
        let come = |line: usize| {
            let ends = template.text[template.span(line)].ends_with('\n');
            let note = (!ends && template.is_fixed(line)).then_some("no line break at the end");
            Entry { kind: LineKind::Added, text: own(line), note }
        };
        let mut come: VecDeque<(usize, Entry)> = added.drain(..).map(|line| (line, come(line))).collect();
        // Lines around a value belong to its block, and may be the same on both sides.
        let is_same = |gone: Option<&Entry>, come: Option<&(usize, Entry)>| match (gone, come) {
            (Some(gone), Some((line, come))) => {
                template.is_fixed(*line) && (&gone.text, gone.note) == (&come.text, come.note)
            }
            _ => false,
        };
        while is_same(gone.front(), come.front()) {
            gone.pop_front();
            entries.extend(come.pop_front().map(|(_, entry)| Entry { kind: LineKind::Same, ..entry }));
        }
        let mut behind = VecDeque::new();
        while is_same(gone.back(), come.back()) {
            gone.pop_back();
            let entry = come.pop_back().map(|(_, entry)| Entry { kind: LineKind::Same, ..entry });
            entry.into_iter().for_each(|entry| behind.push_front(entry));
        }
        entries.extend(gone);
        entries.extend(come.into_iter().map(|(_, entry)| entry));
        entries.extend(behind);
    };
    for unit in units {
        // Lines that belong together have to be there together.
        let first = unit.rendered.clone().next().and_then(|line| in_old[line]);
        let matched = first.filter(|first| {
            unit.rendered.clone().zip(*first..).all(|(line, wanted)| in_old[line] == Some(wanted))
        });
        match matched {
            Some(first) => {
                change(&mut entries, &old[at..first], &mut pending);
                let same = unit.shown.clone().map(|line| Entry {
                    kind: LineKind::Same,
                    text: own(line),
                    note: None,
                });
                entries.extend(same);
                at = first + unit.rendered.len();
            }
            None => pending.extend(unit.shown.clone()),
        }
    }
    change(&mut entries, &old[at..], &mut pending);
    entries
}

/// Cuts a difference into hunks, with a few lines around each change.
///
/// Lines are counted as they are shown: a count of the old output's own lines would tell how many a value has.
fn hunks(entries: &[Entry]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    let is_change = |entry: &Entry| entry.kind != LineKind::Same;
    let mut at = 0;
    let (mut old, mut new) = (1, 1);
    while let Some(change) = entries[at..].iter().position(is_change).map(|next| at + next) {
        let start = change.saturating_sub(CONTEXT).max(at);
        let mut end = change;
        while let Some(next) = entries[end..].iter().take(2 * CONTEXT + 1).position(is_change) {
            end += next + 1;
        }
        let end = (end + CONTEXT).min(entries.len());
        let skipped = start - at;
        (old, new) = (old + skipped, new + skipped);
        let hunk = &entries[start..end];
        let count = |other: LineKind| {
            hunk.iter().filter(|entry| [LineKind::Same, other].contains(&entry.kind)).count()
        };
        let (removed, added) = (count(LineKind::Removed), count(LineKind::Added));
        if removed + added > 0 {
            let from = |line: usize, count: usize| if count == 0 { line - 1 } else { line };
            let place = format!("@@ -{},{removed} +{},{added} @@", from(old, removed), from(new, added));
            lines.push(DiffLine { kind: LineKind::Hunk, text: place });
        }
        for entry in hunk {
            let sign = match entry.kind {
                LineKind::Header | LineKind::Hunk => "",
                LineKind::Same => " ",
                LineKind::Removed => "-",
                LineKind::Added => "+",
            };
            lines.push(DiffLine { kind: entry.kind, text: format!("{sign}{}", entry.text) });
            let note = entry.note.map(|note| DiffLine { kind: LineKind::Header, text: format!("\\ {note}") });
            lines.extend(note);
        }
        (old, new, at) = (old + removed, new + added, end);
    }
    lines
}

/// A text without its line break, and without signs that would steer a terminal.
fn visible(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\t' { '\u{FFFD}' } else { c };
    without_break(text).chars().map(shown).collect()
}

#[cfg(test)]
mod tests;
