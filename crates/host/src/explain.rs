//! What a place of a file is: the references there, what holds for them, and what is known of their secrets.

use std::path::Path;
use std::sync::Arc;

use redeem_core::policy::{Context, Places};
use redeem_core::{Known, Template};
use redeem_syntax::{Diagnostic, KeyPath, Reference, Scan, Source, Span};

use crate::config::Treatment;
use crate::graph::{Graph, SourceFile, Use, path_of, use_of};
use crate::inputs::{Input, Inputs, Kind, named};
use crate::run::{Found, Seen, scan_inputs};
use crate::{Config, Judge};

mod written;

/// How many references of a line are named beside a place that has none.
const MOST_NEAREST: usize = 5;

/// A place that people point at.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'p> {
    /// The file.
    pub file: &'p Path,
    /// The line, 1-based.
    pub line: usize,
    /// The column in characters, 1-based; none is all of the line.
    pub column: Option<usize>,
}

/// What is at a place.
#[derive(Debug, Default)]
pub struct Explained {
    /// What people call the file.
    pub file: Arc<str>,
    /// The references at the place, by position.
    pub references: Vec<ExplainedUse>,
    /// What is wrong there besides.
    pub problems: Vec<Diagnostic>,
    /// The places of the file's other references that are nearest, by line and column: those of the same line if there
    /// are any, a few of them, else one.
    pub nearest: Vec<(usize, usize)>,
    /// The files that the outputs of the references are told of.
    pub graph: Graph,
}

/// A reference with what holds for it.
#[derive(Debug)]
pub struct ExplainedUse {
    /// The reference.
    pub one: Use,
    /// How its value is written: `in a YAML string in double quotes`.
    pub written: String,
    /// The rules that hold there.
    pub rules: Vec<Rule>,
    /// How long its secret may still be used, in seconds; negative once it has expired, none if it never does.
    pub left: Option<i64>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
}

/// A rule that holds at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it says.
    pub says: String,
    /// The file and the line, 1-based, where it is written; none for one that `target` brings along.
    pub at: Option<(Arc<str>, usize)>,
}

/// Why a place cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The file cannot be read.
    #[error("{}", _0.message)]
    Unreadable(Box<Diagnostic>),
    /// Nothing is looked for in the file.
    #[error("{0} is copied as it is, so nothing in it is a reference")]
    Copied(Arc<str>),
    /// The file has fewer lines.
    #[error("{file} has no line {line}: it has {lines}")]
    NoSuchLine {
        /// What people call it.
        file: Arc<str>,
        /// The line that was asked for.
        line: usize,
        /// How many it has.
        lines: usize,
    },
}

impl ExplainError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable(told) => told.help.clone(),
            Self::Copied(_) => Some("see the `[[files]]` rules of redeem.toml".to_owned()),
            Self::NoSuchLine { file, .. } => {
                Some(format!("`redeem refs {}` lists its references", crate::paths::quoted(file)))
            }
        }
    }
}

/// Says what is at a place. The templates among `project` are read, too: they may include its file.
///
/// # Errors
/// Why the place cannot be looked at.
pub fn explain(
    spot: Spot<'_>,
    project: Inputs,
    config: &Config,
    judge: &Judge<'_>,
) -> Result<Explained, ExplainError> {
    let own = named(spot.file, config);
    if matches!(own.kind, Kind::File(Treatment::Copy)) {
        return Err(ExplainError::Copied(own.shown));
    }
    let file = Arc::clone(&own.shown);
    let is_template =
        |input: &Input| matches!(&input.kind, Kind::File(Treatment::Live(live)) if live.is_template);
    let templates = project.taken.into_iter().filter(|input| is_template(input) && input.shown != file);
    let inputs: Vec<Input> = std::iter::once(own).chain(templates).collect();
    let own = &inputs[0];
    let (looks, mut problems) =
        scan_inputs(&inputs, |input, seen| look(input, &own.shown, seen, config, judge));
    let looks: Vec<Look> = looks.into_iter().filter(|look| look.source.path() == &file).collect();
    let Some(source) = looks.iter().find(|look| look.is_own).map(|look| look.source.clone()) else {
        let unread = problems.iter().position(|told| told.place() == Some(&file));
        let told = unread.map(|at| problems.swap_remove(at));
        let told =
            told.unwrap_or_else(|| Diagnostic::new(redeem_syntax::Code::UnreadableFile, "cannot be read"));
        return Err(ExplainError::Unreadable(Box::new(told)));
    };
    let lines = source.line(source.text().trim_end_matches('\n').len());
    if spot.line > lines {
        return Err(ExplainError::NoSuchLine { file, line: spot.line, lines });
    }
    let mut explained = Explained { file, ..Explained::default() };
    let mut told = Vec::new();
    for look in looks {
        let at = explained.graph.files.len();
        explained.graph.files.push(look.file);
        told.extend(look.problems);
        for mut reference in look.references {
            reference.one.through = vec![at];
            explained.references.push(reference);
        }
    }
    judge.settle(&mut told);
    told.sort_by_cached_key(Diagnostic::sort_key);
    told.dedup_by(|one, other| one.sort_key() == other.sort_key() && one.message == other.message);
    explained.narrow(&source, spot, told);
    Ok(explained)
}

impl Explained {
    /// Keeps what is at the place, and notes where to look instead.
    fn narrow(&mut self, source: &Source, spot: Spot<'_>, told: Vec<Diagnostic>) {
        self.merge();
        let place = spot.span(source);
        let (here, elsewhere): (Vec<_>, Vec<_>) = std::mem::take(&mut self.references)
            .into_iter()
            .partition(|reference| touch(&reference.one.span, &place));
        self.references = here;
        for problem in told {
            let Some(span) = problem.label.as_ref().map(|label| label.span.clone()) else { continue };
            let first = self.references.partition_point(|reference| reference.one.span.end <= span.start);
            match self.references.get_mut(first).filter(|reference| touch(&reference.one.span, &span)) {
                Some(reference) => reference.problems.push(problem),
                None if touch(&span, &place) => self.problems.push(problem),
                None => {}
            }
        }
        self.nearest = nearest(&elsewhere, spot);
    }

    /// Sorts the references, and makes one of those that several templates include.
    fn merge(&mut self) {
        let place = |reference: &ExplainedUse| (reference.one.span.start, reference.one.span.end);
        self.references.sort_by_key(place);
        self.references.dedup_by(|second, first| {
            let is_same = place(first) == place(second) && first.one.name == second.one.name;
            if is_same {
                first.one.absorb(&mut second.one);
            }
            is_same
        });
    }
}

impl Spot<'_> {
    /// The stretch of the file that is meant: the line, or the character at the column.
    fn span(self, source: &Source) -> Span {
        let line = source.line_span(self.line);
        let Some(column) = self.column else { return line };
        let mut characters = source.slice(&line).char_indices().skip(column.saturating_sub(1));
        let start = characters.next().map_or(line.end, |(at, _)| line.start + at);
        start..characters.next().map_or(line.end, |(at, _)| line.start + at)
    }
}

/// Whether two stretches of a text share a byte; an empty one shares that behind it.
fn touch(one: &Span, other: &Span) -> bool {
    let end = |span: &Span| span.end.max(span.start + 1);
    one.start < end(other) && other.start < end(one)
}

/// Where references are that are nearest to a place: on the same line if there are any, else on another.
fn nearest(elsewhere: &[ExplainedUse], spot: Spot<'_>) -> Vec<(usize, usize)> {
    let place = |reference: &ExplainedUse| (reference.one.line, reference.one.column);
    let distance = |(line, column): &(usize, usize)| {
        let column = spot.column.map_or(*column, |own| own.abs_diff(*column));
        (line.abs_diff(spot.line), column)
    };
    let mut places: Vec<(usize, usize)> = elsewhere.iter().map(place).collect();
    places.sort_by_key(distance);
    let line = places.first().map(|(line, _)| *line);
    let is_told = |(own, _): &(usize, usize)| Some(*own) == line;
    let most = if line == Some(spot.line) { MOST_NEAREST } else { 1 };
    let mut nearest: Vec<(usize, usize)> = places.into_iter().filter(is_told).take(most).collect();
    nearest.sort_unstable();
    nearest
}

/// What one input says of the file.
struct Look {
    /// The file's text.
    source: Source,
    /// Whether the input is the file itself.
    is_own: bool,
    file: SourceFile,
    references: Vec<ExplainedUse>,
    problems: Vec<Diagnostic>,
}

fn look(input: &Input, file: &Arc<str>, seen: Seen<'_>, config: &Config, judge: &Judge<'_>) -> Option<Look> {
    let is_own = input.shown == *file;
    let source_file = || SourceFile::of(input, config);
    let mut found = match seen {
        Seen::Live(found) => found,
        Seen::Plain(live, bytes) if is_own => {
            let source = Source::new(Arc::clone(file), String::from_utf8_lossy(bytes), live.format);
            let problems = judge.plain(input, live, bytes, false);
            return Some(Look { source, is_own, file: source_file(), references: Vec::new(), problems });
        }
        Seen::Plain(..) => return None,
    };
    let mut problems = std::mem::take(&mut found.scan.diagnostics);
    let own = std::iter::once((&found.source, &found.scan));
    let (source, scan) = own
        .chain(found.template.iter().flat_map(Template::texts))
        .find(|(source, _)| source.path() == file)?;
    problems.extend(judge.found(input, &found, None));
    problems.retain(|told| told.place() == Some(file));
    let contexts = judge.contexts_of(&input.path, found.template.is_some());
    let explained = |reference: &Reference| explained(reference, source, scan, &found, &contexts, judge);
    let references = scan.references.iter().map(explained).collect();
    Some(Look { source: source.clone(), is_own, file: source_file(), references, problems })
}

fn explained(
    reference: &Reference,
    source: &Source,
    scan: &Scan,
    found: &Found,
    contexts: &[&Context],
    judge: &Judge<'_>,
) -> ExplainedUse {
    let one = use_of(reference, source, scan, contexts, judge);
    let path = path_of(reference, scan).unwrap_or(const { &KeyPath(Vec::new()) });
    let left = match &one.known {
        Some(Known::Here(facts)) => {
            facts.expires.as_ref().map(|expires| expires.at.saturating_sub(judge.policy().now))
        }
        _ => None,
    };
    ExplainedUse {
        written: written::written(reference, scan, found),
        rules: rules(contexts.iter().copied().filter(|context| context.holds_at(path)), judge),
        left,
        problems: Vec::new(),
        one,
    }
}

/// The rules that hold at a place.
fn rules<'c>(holding: impl Iterator<Item = &'c Context>, judge: &Judge<'_>) -> Vec<Rule> {
    let at = |rule: &Option<(Source, Span)>| {
        let (source, span) = rule.as_ref()?;
        Some((Arc::clone(source.path()), source.line(span.start)))
    };
    let context =
        |context: &Context| Rule { says: format!("accepts `{}`", context.scope), at: at(&context.rule) };
    let mut rules: Vec<Rule> = holding.map(context).collect();
    let policy = judge.policy();
    if policy.places == Places::Listed {
        let says = "references stand only where a context allows them".to_owned();
        rules.push(Rule { says, at: at(&policy.places_rule) });
    }
    rules
}
