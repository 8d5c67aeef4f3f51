//! Values in the clear where a context expects a reference: they are told, and no message shows them.

use redeem_core::policy::Context;
use redeem_syntax::scan::is_one_reference;
use redeem_syntax::{Code, Diagnostic, KeyPath, Literal, Scan, Segment, Source, Span, literals};

use crate::paths::in_quotes;

/// How far from a problem a text may be shown, in bytes; no drawing shows as much.
const NEAR: usize = 1024;

/// What stands in one text where a context expects a reference.
pub(super) struct Clear<'a> {
    source: &'a Source,
    /// The contexts that name keys.
    contexts: Vec<&'a Context>,
    values: Vec<Literal>,
    /// What is not shown, in order.
    hidden: Vec<Span>,
}

impl<'a> Clear<'a> {
    /// Looks for values in a text; none if no context of its file names keys.
    pub(super) fn of(source: &'a Source, scan: &Scan, contexts: &[&'a Context]) -> Option<Self> {
        let contexts: Vec<&Context> =
            contexts.iter().copied().filter(|context| !context.at.is_empty()).collect();
        if contexts.is_empty() {
            return None;
        }
        let is_wanted = |path: &KeyPath| contexts.iter().any(|context| expects(context, path));
        let values = literals(source, scan, &is_wanted);
        let hidden = if scan.is_valid {
            values.iter().flat_map(|value| outside(source, value)).collect()
        } else {
            Vec::from([Span { start: first_key(source, &contexts), end: source.text().len() }])
        };
        Some(Self { source, contexts, values, hidden })
    }

    /// What is said of the values.
    pub(super) fn told(&self) -> Vec<Diagnostic> {
        let mut told: Vec<Diagnostic> = self
            .values
            .iter()
            .filter(|value| value.inside.is_empty())
            .map(|value| self.tell(value))
            .collect();
        self.hide(&mut told);
        told
    }

    fn tell(&self, value: &Literal) -> Diagnostic {
        let context = self.contexts.iter().find(|context| expects(context, &value.path));
        let at = value.key.clone().unwrap_or_else(|| value.span.clone());
        let scope = context.map_or("", |context| &context.scope);
        let told = Diagnostic::new(
            Code::PlaintextValue,
            "a value stands in the clear where a reference is expected",
        )
        .at(self.source, at, "in the clear")
        .hiding(value.span.clone())
        .with_help(format!(
            "move it out: `redeem secrets create NAME --scope {scope} --extract {}`, and rotate it",
            in_quotes(&format!("{}:{}", self.source.path(), value.path))
        ));
        match context.and_then(|context| context.rule.as_ref()) {
            Some((rules, span)) => told.with_related(rules, span.clone(), "this context expects a reference"),
            None => told,
        }
    }

    /// Keeps the values out of what is shown of the text's problems.
    pub(super) fn hide(&self, diagnostics: &mut [Diagnostic]) {
        let is_own = |source: &Source| source.path() == self.source.path();
        for told in diagnostics.iter_mut().filter(|told| told.source.as_ref().is_some_and(is_own)) {
            let at = told.label.as_ref().map_or(0..0, |label| label.span.clone());
            // A reference, or what should be one, may be shown; where a parser gave up may lie in a value.
            let shown = match told.code {
                Code::SyntaxError => 0..0,
                Code::UnquotedReference if !is_one_reference(self.source.slice(&at)) => 0..0,
                _ => at.clone(),
            };
            let unseen = if shown.is_empty() { at.clone() } else { 0..0 };
            let related = told.related.iter().filter(|related| is_own(&related.source));
            let places = std::iter::once(at).chain(related.map(|related| related.span.clone()));
            let mut hidden = Vec::new();
            for place in places {
                let first = self.hidden.partition_point(|hidden| hidden.end + NEAR < place.start);
                let near = self.hidden[first..].iter().take_while(|hidden| hidden.start < place.end + NEAR);
                hidden.extend(near.flat_map(|hidden| without(hidden, &shown)));
            }
            // What is to be written may hold more than the reference.
            let text = |part: &Span| self.source.slice(part).trim_matches(['"', '\'', ' ', '\n']);
            let is_said = |part: &Span| {
                text(part).len() > 2 && told.help.as_ref().is_some_and(|help| help.contains(text(part)))
            };
            if hidden.iter().chain([&unseen]).any(is_said) {
                told.help = Some(format!("`redeem explain {}` says how to mend it", told.code));
            }
            for hidden in hidden {
                if !told.hidden.contains(&hidden) {
                    told.hidden.push(hidden);
                }
            }
        }
    }
}

/// Whether a context expects a reference at a place. A list behind its key may be one of values too.
fn expects(context: &Context, path: &KeyPath) -> bool {
    let is_index = |segment: &&Segment| matches!(segment, Segment::Index(_));
    let indices = path.0.iter().rev().take_while(is_index).count();
    let of_list = || KeyPath(path.0[..path.0.len() - indices].to_vec());
    context.holds_at(path) || indices > 0 && context.holds_at(&of_list())
}

/// The parts of a value that are no reference and no problem that was told; quotes and blanks are none.
fn outside(source: &Source, value: &Literal) -> Vec<Span> {
    if value.inside.is_empty() {
        return vec![value.span.clone()];
    }
    let ends = value.inside.iter().map(|inside| inside.end);
    let starts = value.inside.iter().map(|inside| inside.start);
    let parts = std::iter::once(value.span.start).chain(ends).zip(starts.chain([value.span.end]));
    parts
        .filter(|(start, end)| start < end)
        .map(|(start, end)| start..end)
        .filter(|part| source.slice(part).contains(|c: char| !c.is_whitespace() && !"\"'`|>".contains(c)))
        .collect()
}

/// Where in a text whose structure is not known the first key stands that a context may mean.
fn first_key(source: &Source, contexts: &[&Context]) -> usize {
    let text = source.text();
    let patterns = contexts.iter().flat_map(|context| &context.at);
    let places = patterns.map(|pattern| match pattern.last_word() {
        // A key may be spelled with escapes.
        Some(word) if !text.contains('\\') => text.find(word).unwrap_or(text.len()),
        _ => 0,
    });
    places.min().unwrap_or(0)
}

/// A stretch without another.
fn without(span: &Span, other: &Span) -> Vec<Span> {
    let parts = [
        span.start..span.end.min(other.start.max(span.start)),
        span.start.max(other.end.min(span.end))..span.end,
    ];
    if other.is_empty() {
        return vec![span.clone()];
    }
    parts.into_iter().filter(|part| part.start < part.end).collect()
}
