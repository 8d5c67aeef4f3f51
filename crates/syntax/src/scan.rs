//! Finds every reference of a text, and everything that is wrong with them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::dialect::{Finds, Hit, Problem, What, brace_ends_later, zenml_opens_unquoted};
use crate::dialects::Target;
use crate::event::IGNORE;
use crate::format::{Sight, Sighted, decode};
use crate::sigil::Sightings;
use crate::{
    Code, Diagnostic, Dialects, Event, Fix, Format, KeyPath, Mark, Reference, Scalar, Segment, Source, Span,
    Style, Token, python,
};

mod aliases;
mod broken;
mod literals;
mod locate;
mod nodes;
mod walker;

pub use aliases::{Alias, aliases};
use broken::scan_broken;
pub use broken::unquoted_lines;
pub use literals::{Literal, is_one_reference, literals};
pub use locate::{Located, locate, quoted_key, strings};
use nodes::Nodes;
use walker::Walker;

/// Everything found in one text, in file order.
#[derive(Debug, Default)]
pub struct Scan {
    /// The references.
    pub references: Vec<Reference>,
    /// The strings they stand in, and those with escapes to undo.
    pub strings: Vec<MarkedString>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the text is valid in its format. If not, it is not rendered.
    pub is_valid: bool,
}

/// A string with the parts of it that are written anew.
#[derive(Debug)]
pub struct MarkedString {
    /// The string.
    pub scalar: Scalar,
    /// Its parts, by their start.
    pub marks: Vec<Mark>,
    /// The Python expression that it is, if it is one.
    pub expression: Option<python::Expression>,
    /// Which step of the way to it gets another key with its value, and that key.
    pub renamed: Option<(usize, String)>,
}

impl MarkedString {
    /// The keys and indices that lead to where its value lands.
    pub fn place(&self) -> KeyPath {
        let mut path = self.scalar.path.clone();
        if let Some((at, key)) = &self.renamed
            && let Some(step) = path.0.get_mut(*at)
        {
            *step = Segment::Key(key.clone());
        }
        path
    }
}

impl Scan {
    /// Whether rendering would leave every byte as it is.
    pub fn is_untouched(&self) -> bool {
        self.strings.iter().all(|string| string.marks.is_empty())
    }
}

/// Finds every reference in `source`.
///
/// A text that is not valid in its format is scanned line by line, so that its references are known too.
pub fn scan(source: &Source, dialects: &Dialects) -> Scan {
    let text = source.text();
    if !dialects.may_stand_in(text, source.format()) {
        return Scan { is_valid: true, ..Scan::default() };
    }
    let mut found = scan_sighted(source, dialects).unwrap_or_else(|| scan_events(source, dialects));
    found.diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    found
}

/// Looks at the strings that hold a sigil and at no others, if that is enough and the text surely is valid.
///
/// It is what [`scan_events`] finds, at less cost: `crates/syntax/tests/sighted/main.rs` compares the two.
pub(crate) fn scan_sighted(source: &Source, dialects: &Dialects) -> Option<Scan> {
    let mut scanner = Scanner::new(source, dialects, true);
    if !dialects.ask_for_strings_only() || !scanner.ignored.is_empty() {
        return None;
    }
    let sigils = scanner.sightings.clone();
    let is_sure = source.format().sight(source.text(), sigils, &mut |sight| match sight {
        Sight::String(string) => scanner.sighted(string),
        Sight::Event(event) => scanner.take(event),
    });
    is_sure.then_some(scanner.found)
}

/// Looks at every event of a text, or at its lines if it is not valid.
pub(crate) fn scan_events(source: &Source, dialects: &Dialects) -> Scan {
    let mut scanner = Scanner::new(source, dialects, true);
    match source.format().parse(source.text(), &mut |event| scanner.take(event)) {
        Ok(()) => scanner.found,
        Err(error) => scan_broken(source, dialects, &error),
    }
}

struct Scanner<'a, 's> {
    source: &'a Source,
    dialects: &'a Dialects,
    ignored: BTreeSet<usize>,
    sightings: Sightings<'a>,
    walker: Walker<'s>,
    /// What the last nodes may be the beginning of.
    nodes: Nodes<'a, 's>,
    found: Scan,
}

impl<'a, 's> Scanner<'a, 's> {
    fn new(source: &'a Source, dialects: &'a Dialects, is_valid: bool) -> Self {
        Self {
            source,
            dialects,
            ignored: ignored_lines(source),
            sightings: dialects.sightings(source.text()),
            walker: Walker::default(),
            nodes: Nodes::default(),
            found: Scan { is_valid, ..Scan::default() },
        }
    }

    fn take(&mut self, event: Event<'s>) {
        match event {
            Event::Scalar(token) => self.scalar(token),
            other => {
                if let Event::Fixed(line) = other
                    && self.source.format() == Format::Dotenv
                {
                    self.odd_line(line);
                }
                self.node(&other);
                self.walker.take(&other);
            }
        }
    }

    fn sighted(&mut self, sighted: Sighted<'s>) {
        if !sighted.follows_key {
            self.nodes = Nodes::default();
        }
        self.walker = Walker::at(sighted.path);
        self.scalar(sighted.token);
    }

    fn scalar(&mut self, token: Token<'s>) {
        if token.is_key {
            self.unquoted_flow(&token);
        }
        let by_node = self.scalar_node(&token);
        // What a string says is what stands at its place, unless it is put together from parts or has escapes.
        let has_sigil = match &token.text {
            Cow::Borrowed(_) => self.sightings.next(token.span.start).is_some_and(|at| at < token.span.end),
            Cow::Owned(text) => self.dialects.may_be_in(text),
        };
        self.walker.scalar(token.is_key, || token.text.clone());
        // A comment at a scalar's first line counts for all of it; plain text is no scalar of that kind.
        let is_ignored = token.style != Style::Text && self.is_ignored(token.span.start);
        if !(has_sigil || by_node.is_some()) || is_ignored {
            return;
        }
        if let (Some(nodes::Named::ByKey(pair)), true) = (&by_node, token.span.is_empty()) {
            return self.no_name_here(Some(pair), token.span);
        }
        let Some(mut scalar) = self.decoded(token) else { return };
        if let Some(nodes::Named::Tagged) = by_node {
            return self.tagged(scalar);
        }
        let finds = if has_sigil {
            self.dialects.find(&scalar.decoded.text, self.source.format(), scalar.is_key)
        } else {
            Finds::default()
        };
        if finds.hits.is_empty() {
            if let Some(nodes::Named::ByKey(pair)) = by_node {
                self.by_name(scalar, &pair);
            }
            return;
        }
        let string = self.found.strings.len();
        let marks = self.marks(finds.hits, &scalar, string);
        if !marks.is_empty() {
            scalar.path = self.walker.path();
            self.found.strings.push(MarkedString {
                scalar,
                marks,
                expression: finds.expression,
                renamed: None,
            });
        }
    }

    /// The scalar of a token, with the map from what it says to how that is written.
    fn decoded(&mut self, token: Token<'s>) -> Option<Scalar> {
        let Some(decoded) = decode(self.source.text(), &token) else {
            self.found.diagnostics.push(
                Diagnostic::new(
                    Code::SyntaxError,
                    "this value is written in a way that cannot be edited safely",
                )
                .at(self.source, token.span, "this value")
                .with_help("write it in plain quotes"),
            );
            return None;
        };
        Some(token.into_scalar(decoded))
    }

    /// Sorts hits into references, escapes and problems.
    fn marks(&mut self, hits: Vec<Hit>, scalar: &Scalar, string: usize) -> Vec<Mark> {
        let mut marks = Vec::new();
        for mut hit in hits {
            self.obey_target(&mut hit, &scalar.decoded.text);
            let span = scalar.decoded.source_span(&hit.range);
            if self.is_ignored(span.start) {
                continue;
            }
            match hit.what {
                What::Reference(found) => {
                    marks.push(Mark::Reference(self.found.references.len()));
                    self.found.references.push(Reference {
                        dialect: found.dialect,
                        name: found.name,
                        filters: found.filters,
                        name_span: scalar.decoded.source_span(&found.name_range),
                        span,
                        range: hit.range,
                        string,
                        place: found.place,
                    });
                }
                What::Escape(text) => marks.push(Mark::Escape(hit.range, text)),
                What::Problem(problem) => {
                    let mut diagnostic = Diagnostic::new(problem.code, problem.message)
                        .with_severity(problem.severity)
                        .at(self.source, span, problem.label);
                    diagnostic.help = problem.help;
                    if let Some(fix) = problem.fix
                        && let Some((span, text)) = scalar.edit(self.source.text(), &fix.range, &fix.text)
                    {
                        diagnostic.fixes.push(Fix { span, replacement: text, safe: fix.is_safe });
                    }
                    self.found.diagnostics.push(diagnostic);
                }
            }
        }
        marks
    }

    /// Makes a problem of a reference that the file's target reads in another way.
    fn obey_target(&self, hit: &mut Hit, text: &str) {
        let What::Reference(found) = &hit.what else { return };
        // A line of plain text is no string of its own.
        let is_string = self.source.format() != Format::Text;
        let is_whole = is_string && self.dialects.target() == Target::MonteCarlo && found.dialect == "brace";
        if is_whole && brace_ends_later(text, &hit.range) {
            let problem = Problem::new(
                Code::AmbiguousReference,
                "Monte Carlo reads this name up to the last `}` of the string",
                "two readings",
            );
            let help = "put each reference into a string of its own, without a `}` behind it";
            *hit = problem.help(help).at(hit.range.clone());
        }
    }

    /// A line that is no `NAME=value` is left as it is, so a reference in it is told.
    fn odd_line(&mut self, line: &str) {
        let hits = self.dialects.find_inline(line);
        let Some(hit) = hits.iter().find(|hit| matches!(hit.what, What::Reference(_))) else { return };
        let start = line.as_ptr().addr() - self.source.text().as_ptr().addr();
        let span = start + hit.range.start..start + hit.range.end;
        if !self.is_ignored(span.start) {
            self.found.diagnostics.push(
                Diagnostic::new(
                    Code::SyntaxError,
                    "this line is no `NAME=value`, so its reference stays as it is",
                )
                .at(self.source, span, "not rendered")
                .with_help("write `NAME=value`, or make a comment of the line"),
            );
        }
    }

    /// `key: {secret:x}` without quotes is a mapping with the key `secret:x` to every YAML parser,
    /// and `{{name.key}}` is one whose key is a mapping.
    fn unquoted_flow(&mut self, token: &Token<'_>) {
        if !(token.style == Style::YamlPlain && token.in_flow) {
            return;
        }
        let text = self.source.text();
        let before = text[..token.span.start].trim_end_matches([' ', '\t']);
        let after = text[token.span.end..].trim_start_matches([' ', '\t']);
        let is_zenml = self.dialects.is_live("zenml") && zenml_opens_unquoted(before, &token.text, after);
        let span = if is_zenml {
            before.len() - 2..text.len() - after.len() + 2
        } else if token.text.starts_with("secret:") && before.ends_with('{') {
            // A comma in a filter's arguments ends the key, not the reference.
            let line = self.source.line_span(self.source.line(token.span.start));
            let open = before.len() - 1;
            let hits = self.dialects.find_inline(&text[open..line.end.max(open)]);
            let Some(hit) = hits.first().filter(|hit| matches!(hit.what, What::Reference(_))) else { return };
            if hit.range.start != 0 {
                return;
            }
            open..open + hit.range.end
        } else {
            return;
        };
        if !self.is_ignored(span.start) {
            self.found.diagnostics.push(unquoted(self.source, span));
        }
    }

    fn is_ignored(&self, offset: usize) -> bool {
        is_in_line(self.source, &self.ignored, offset)
    }
}

/// Whether an offset lies in one of these lines.
fn is_in_line(source: &Source, lines: &BTreeSet<usize>, offset: usize) -> bool {
    !lines.is_empty() && lines.contains(&source.line(offset))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn unquoted(source: &Source, span: Span) -> Diagnostic {
    let quoted = quoted(source.slice(&span));
    Diagnostic::new(Code::UnquotedReference, "without quotes this is a mapping to YAML, not text")
        .at(source, span.clone(), "needs quotes")
        .with_help(format!("write {quoted}"))
        .with_fix(span, quoted)
}

/// Whether a comment holds the words, and not just the beginning of others.
fn says_ignore(comment: &str) -> bool {
    comment.match_indices(IGNORE).any(|(at, _)| {
        let next = comment[at + IGNORE.len()..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// The 1-based lines that a `redeem: ignore` comment leaves as they are.
///
/// Structured formats tell their comments; in plain text a comment sign before the words makes them one.
fn ignored_lines(source: &Source) -> BTreeSet<usize> {
    let text = source.text();
    let mut lines = BTreeSet::new();
    if memchr::memmem::find(text.as_bytes(), IGNORE.as_bytes()).is_none() {
        return lines;
    }
    let mut ignore = |comment: Span| {
        if !says_ignore(&text[comment.clone()]) {
            return;
        }
        let line = source.line(comment.start);
        let is_alone = text[source.line_span(line).start..comment.start].trim().is_empty();
        lines.insert(if is_alone { line + text[comment].matches('\n').count() + 1 } else { line });
    };
    if source.format() == Format::Text {
        for (at, _) in text.match_indices(IGNORE) {
            let line = source.line_span(source.line(at));
            let sign = ["#", "//", ";", "<!--", "--", "/*"]
                .iter()
                .filter_map(|sign| text[line.start..at].rfind(sign))
                .min();
            if let Some(sign) = sign {
                ignore(line.start + sign..line.end);
            }
        }
        return lines;
    }
    // An error later on takes no comment away that stands before it.
    let _ = source.format().parse(text, &mut |event| {
        if let Event::Comment(span) = event {
            ignore(span);
        }
    });
    lines
}

#[cfg(test)]
mod tests;
