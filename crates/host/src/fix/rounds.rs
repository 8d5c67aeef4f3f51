//! The way of one text through its fixes.

use std::collections::BTreeSet;
use std::sync::Arc;

use redeem_syntax::{Code, Diagnostic, Event, Fix, Format, Severity, Source, Span, unquoted_lines};

use super::{Look, OF_TEXT, Which};
use crate::config::Treatment;
use crate::inputs::{Input, Kind};
use crate::run::scan_text;

/// How often a text is looked at again: in one that does not parse, each unquoted reference hides the next.
const MOST_ROUNDS: usize = 1000;

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What was wrong.
    pub code: Code,
    /// The line of the edit, 1-based, in the text as it was then.
    pub line: usize,
    /// Its column, 1-based, in characters.
    pub column: usize,
    /// What was written.
    pub replacement: String,
}

/// Applies fixes until none is left.
pub(super) struct Rounds<'a> {
    pub(super) input: &'a Input,
    pub(super) which: Which,
    pub(super) look: &'a Look<'a>,
}

/// A text with all that is wrong with it.
struct State {
    source: Source,
    told: Vec<Diagnostic>,
    is_valid: bool,
}

/// An edit with the kind of problem that it mends.
#[derive(Clone)]
struct Edit {
    code: Code,
    fix: Fix,
}

/// The edits that are known to be good, and what they make of the text.
#[derive(Default)]
struct Best {
    state: Option<State>,
    edits: Vec<Edit>,
}

impl Rounds<'_> {
    /// The text with its fixes, and what they were; `told` is what a look at all files told of this one.
    pub(super) fn run(&self, text: &str, format: Format, told: Vec<Diagnostic>) -> (String, Vec<Applied>) {
        let mut state = State { told, ..self.state(text.to_owned(), format) };
        let mut applied = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let edits = self.edits(&state);
            let done = self.apply_all(&state, &edits).or_else(|| self.apply(&state, &edits));
            let Some((next, mut done)) = done else { break };
            applied.append(&mut done);
            state = next;
        }
        (state.source.text().to_owned(), applied)
    }

    fn state(&self, text: String, format: Format) -> State {
        let Some(found) = scan_text(self.input, &text) else {
            let source = Source::new(Arc::clone(&self.input.shown), text, format);
            return State { source, told: Vec::new(), is_valid: true };
        };
        let (source, is_valid) = (found.source.clone(), found.scan.is_valid);
        // What a template includes has its own problems, at places of its own.
        let mut told = (self.look)(self.input, found);
        told.retain(|problem| problem.source.as_ref().is_some_and(|about| about.path() == source.path()));
        State { source, told, is_valid }
    }

    /// The best fix of each problem, those left out that touch one before.
    fn edits(&self, state: &State) -> Vec<Edit> {
        let best = |problem: &Diagnostic| {
            let may_be = |fix: &&Fix| {
                let old = state.source.text().get(fix.span.clone());
                (fix.safe || self.which == Which::All) && old.is_some_and(|old| old != fix.replacement)
            };
            let fix = problem.fixes.iter().find(may_be)?.clone();
            Some(Edit { code: problem.code, fix })
        };
        let mut edits: Vec<Edit> = state.told.iter().filter_map(best).collect();
        edits.sort_by_key(|edit| (edit.fix.span.start, edit.fix.span.end));
        let mut last: Option<Span> = None;
        edits.retain(|Edit { fix, .. }| {
            let is_apart = last.as_ref().is_none_or(|last| {
                last.end <= fix.span.start && last.start < fix.span.start.max(fix.span.end)
            });
            let is_second = last.as_ref().is_some_and(|last| last.start == fix.span.start);
            let is_kept = is_apart && !is_second;
            if is_kept {
                last = Some(fix.span.clone());
            }
            is_kept
        });
        edits
    }

    /// Where a text does not parse because of an unquoted reference, applies with these edits those of the references
    /// behind it, which it hides: one by one each of them would have the whole text read again.
    fn apply_all(&self, state: &State, edits: &[Edit]) -> Option<(State, Vec<Applied>)> {
        let Kind::File(Treatment::Live(live)) = &self.input.kind else { return None };
        if state.is_valid || !edits.iter().any(|edit| edit.code == Code::UnquotedReference) {
            return None;
        }
        let mut all = edits.to_vec();
        for fix in unquoted_lines(&state.source, &live.dialects) {
            let is_apart =
                |other: &Edit| other.fix.span.end < fix.span.start || fix.span.end < other.fix.span.start;
            let next = edits.partition_point(|other| other.fix.span.end < fix.span.start);
            if edits.get(next).is_none_or(is_apart) {
                all.push(Edit { code: Code::UnquotedReference, fix });
            }
        }
        all.sort_by_key(|edit| edit.fix.span.start);
        // What is no string of its own then stands in another, or behind where the parser stops again.
        let (text, written) = edited(state.source.text(), &all)?;
        let strings = quoted_strings(&text, state.source.format());
        let mut written = written.into_iter();
        all.retain(|edit| {
            let span = written.next().map(|(_, span)| span);
            edit.code != Code::UnquotedReference || span.is_some_and(|span| strings.contains(&span.start))
        });
        let next = self.tried(state, &all).filter(|_| all.len() > edits.len())?;
        Some((next, told(state, &all)))
    }

    /// Applies as many of the edits as can be; none if none can.
    fn apply(&self, state: &State, edits: &[Edit]) -> Option<(State, Vec<Applied>)> {
        let mut best = Best::default();
        self.add(state, edits, &mut best);
        Some((best.state?, told(state, &best.edits)))
    }

    /// Adds some edits to those that are known to be good; if they are not good as a whole, the good ones of them.
    fn add(&self, state: &State, edits: &[Edit], best: &mut Best) {
        if edits.is_empty() {
            return;
        }
        let all = [&best.edits[..], edits].concat();
        if let Some(next) = self.tried(state, &all) {
            *best = Best { state: Some(next), edits: all };
        } else if edits.len() > 1 {
            let (first, second) = edits.split_at(edits.len() / 2);
            self.add(state, first, best);
            self.add(state, second, best);
        }
    }

    /// The text with these edits, if it is better for them.
    fn tried(&self, state: &State, edits: &[Edit]) -> Option<State> {
        let (text, written) = edited(state.source.text(), edits)?;
        let format = state.source.format();
        let next = self.state(text, format);
        let mut quoted = written.iter().filter(|(code, _)| *code == Code::UnquotedReference).peekable();
        if quoted.peek().is_some() {
            let strings = quoted_strings(next.source.text(), format);
            if !quoted.all(|(_, span)| strings.contains(&span.start)) {
                return None;
            }
        }
        let moved = Moved::new(edits);
        (keeps_structure(state, &next, edits) && is_better(state, &next, &written, &moved)).then_some(next)
    }
}

/// What was done, with places in the text as it was.
fn told(state: &State, edits: &[Edit]) -> Vec<Applied> {
    let applied = |Edit { code, fix }: &Edit| {
        let (line, column) = state.source.position(fix.span.start);
        Applied { code: *code, line, column, replacement: fix.replacement.clone() }
    };
    edits.iter().map(applied).collect()
}

/// A text with some edits, which are in order, and where each of them is in it.
fn edited(old: &str, edits: &[Edit]) -> Option<(String, Vec<(Code, Span)>)> {
    let mut text = String::with_capacity(old.len() + 16 * edits.len());
    let mut at = 0;
    let mut written = Vec::with_capacity(edits.len());
    for Edit { code, fix } in edits {
        text.push_str(old.get(at..fix.span.start)?);
        let start = text.len();
        text.push_str(&fix.replacement);
        written.push((*code, start..text.len()));
        at = fix.span.end;
    }
    text.push_str(old.get(at..)?);
    Some((text, written))
}

/// Where the strings in double quotes begin, as far as a text parses.
fn quoted_strings(text: &str, format: Format) -> BTreeSet<usize> {
    let mut starts = BTreeSet::new();
    let _ = format.parse(text, &mut |event| {
        if let Event::Scalar(token) = event
            && text[token.span.clone()].starts_with('"')
        {
            starts.insert(token.span.start);
        }
    });
    starts
}

/// Whether the problems that were mended are gone, and no other has come.
fn is_better(old: &State, new: &State, written: &[(Code, Span)], moved: &Moved) -> bool {
    let overlaps = |one: &Span, other: &Span| {
        one.start < other.end && other.start < one.end || one.is_empty() && one.start == other.start
    };
    // Edits stand in order, so those at a place are found by it.
    let edits_at = |place: &Span| {
        let first = written.partition_point(|(_, span)| span.end < place.start);
        let place = place.clone();
        written[first..]
            .iter()
            .take_while(move |(_, span)| span.start <= place.end)
            .filter(move |(_, span)| overlaps(span, &place))
    };
    let before: BTreeSet<(Code, usize)> =
        old.told.iter().map(|problem| (problem.code, moved.to(at(problem).start))).collect();
    for problem in &new.told {
        let place = at(problem);
        if edits_at(&place).any(|(code, _)| *code == problem.code) {
            return false;
        }
        let is_known = before.contains(&(problem.code, place.start));
        if is_known || problem.severity != Severity::Error || !OF_TEXT.contains(&problem.code) {
            continue;
        }
        // In a text that did not parse one problem hides others.
        let was_hidden =
            !old.is_valid && (is_of_structure(problem.code) || edits_at(&place).next().is_none());
        if !was_hidden {
            return false;
        }
    }
    // The first line that does not parse may move down, not up.
    let line = |offset: usize| new.source.line(offset.min(new.source.text().len()));
    let first = |told: &[Diagnostic], place: &dyn Fn(usize) -> usize| {
        let broken = told.iter().filter(|problem| is_of_structure(problem.code));
        broken.map(|problem| line(place(at(problem).start))).min()
    };
    match (first(&old.told, &|offset| moved.to(offset)), first(&new.told, &|offset| offset)) {
        (Some(old), Some(new_first)) => new.is_valid || old <= new_first,
        _ => true,
    }
}

fn at(problem: &Diagnostic) -> Span {
    problem.label.as_ref().map_or(0..0, |label| label.span.clone())
}

fn is_of_structure(code: Code) -> bool {
    matches!(code, Code::SyntaxError | Code::UnquotedReference)
}

/// Whether a valid text stays one, with the same nodes and comments but for those that got quotes; and whether no key
/// comes to stand twice.
fn keeps_structure(old: &State, new: &State, edits: &[Edit]) -> bool {
    let (before, after) = (Shape::of(&old.source), Shape::of(&new.source));
    if after.double_keys > before.double_keys {
        return false;
    }
    if !old.is_valid {
        return true;
    }
    let is_requoted = edits.iter().any(|edit| edit.code == Code::UnquotedReference);
    new.is_valid && (is_requoted || before.nodes == after.nodes)
}

/// What a text is made of, as far as it parses.
#[derive(Default)]
struct Shape {
    /// The kinds of nodes, in order.
    nodes: Vec<u8>,
    /// How many keys stand in their mapping once more.
    double_keys: usize,
}

impl Shape {
    fn of(source: &Source) -> Self {
        let mut shape = Self::default();
        let mut keys: Vec<BTreeSet<String>> = vec![BTreeSet::new()];
        // A template is no text of its format yet, and ends at the first place where it is not.
        let _ = source.format().parse(source.text(), &mut |event| {
            shape.nodes.push(match event {
                Event::Document => 0,
                Event::Open { is_list, .. } => {
                    keys.push(BTreeSet::new());
                    1 + u8::from(is_list)
                }
                Event::Close { .. } => {
                    keys.pop();
                    3
                }
                Event::Scalar(token) => {
                    let own = keys.last_mut().filter(|_| token.is_key);
                    let is_new = own.is_none_or(|own| own.insert(token.text.into_owned()));
                    shape.double_keys += usize::from(!is_new);
                    4 + u8::from(token.is_key)
                }
                Event::Fixed(_) => 6,
                Event::Header { .. } => {
                    keys = vec![BTreeSet::new()];
                    7
                }
                Event::HeaderEnd => {
                    keys = vec![BTreeSet::new()];
                    8
                }
                Event::Comment(_) => 9,
            });
        });
        shape
    }
}

/// Where the parts of a text are after some edits.
struct Moved {
    /// What each edit replaced, where its text begins now, and how far what follows has moved.
    edits: Vec<(Span, usize, isize)>,
}

impl Moved {
    fn new(edits: &[Edit]) -> Self {
        let mut by: isize = 0;
        let edits = edits.iter().map(|Edit { fix, .. }| {
            let start = fix.span.start.saturating_add_signed(by);
            by += fix.replacement.len().cast_signed() - fix.span.len().cast_signed();
            (fix.span.clone(), start, by)
        });
        Self { edits: edits.collect() }
    }

    /// Where a place is now; one inside an edit is where that begins.
    fn to(&self, at: usize) -> usize {
        let next = self.edits.partition_point(|(span, ..)| span.end <= at && span.start < at);
        match self.edits.get(next) {
            Some((span, start, _)) if span.start <= at => *start,
            _ => at.saturating_add_signed(next.checked_sub(1).map_or(0, |last| self.edits[last].2)),
        }
    }
}
