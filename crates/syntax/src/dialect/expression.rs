//! `$ secrets.NAME`: a scalar that begins with a dollar and one blank is a Python expression.
//!
//! References of other dialects count in the text of its string literals. Anywhere
//! else in it the braces are Python's, so such a text has two readings.

use super::{Dialect, Find, Finds, Found, Hit, Problem, What};
use crate::code::Code;
use crate::name::is_name_char;
use crate::python::{self, Literal, QuoteKind};
use crate::{Name, Place};

pub(super) const DIALECT: Dialect = Dialect {
    name: "expression",
    is_default: true,
    form: "$ secrets.NAME",
    sigil: None,
    find: Find::WholeScalar(find),
};

fn find(text: &str, inline: &dyn Fn(&str) -> Vec<Hit>) -> Option<Finds> {
    if !text.trim_start().starts_with("$ ") {
        return None;
    }
    let Some(expression) = python::scan(text) else {
        // Not Python and no word of secrets: a shell transcript, say. It is left alone.
        return Some(Finds { hits: ambiguous(inline(text), &[]), expression: None });
    };
    let mut hits: Vec<Hit> = expression.uses.iter().map(reference).collect();
    hits.extend(expression.problems.iter().map(|problem| told(text, problem)));
    let is_printed = |literal: &Literal| {
        // A `{…=}` field prints its own source, which must not change.
        expression.debugs.iter().any(|debug| debug.text.contains(&literal.span.start))
    };
    let is_plain = |literal: &&Literal| literal.quote.kind == QuoteKind::Plain && !is_printed(literal);
    let literals: Vec<Literal> = expression.literals.iter().filter(is_plain).cloned().collect();
    for literal in &literals {
        hits.extend(inline(&text[literal.span.clone()]).into_iter().map(|hit| in_literal(hit, literal)));
    }
    hits.extend(ambiguous(inline(text), &literals));
    hits.sort_by_key(|hit| hit.range.start);
    Some(Finds { hits, expression: Some(expression) })
}

/// Whether an expression with a secret may stand in a text whose strings nobody knows: a dollar and a blank where a
/// string may begin, and behind it `secrets` as a name of its own that is looked into.
pub(crate) fn may_be_in(text: &str) -> bool {
    let opens = |at: &usize| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || "\"'[,>|:-=".contains(c))
    };
    let Some(dollar) = text.match_indices("$ ").map(|(at, _)| at).find(opens) else { return false };
    text[dollar..].match_indices("secrets").any(|(at, word)| {
        let (before, behind) = (&text[..dollar + at], &text[dollar + at + word.len()..]);
        let is_own = !before.ends_with(|c: char| is_name_char(c) || c == '.' || c == '$');
        is_own && (behind.starts_with(['.', '[']) || before.trim_end_matches(' ').ends_with('$'))
    })
}

fn reference(found: &python::Use) -> Hit {
    let name = Name { secret: found.name.clone(), key: None };
    let name_range = found.name_span.clone();
    let place = Place::Python(found.clone());
    let reference = Found { dialect: DIALECT.name.into(), name, name_range, filters: Vec::new(), place };
    Hit { range: found.span.clone(), what: What::Reference(Box::new(reference)) }
}

/// Moves what was found in a literal's text to its place in the expression.
fn in_literal(mut hit: Hit, literal: &Literal) -> Hit {
    let offset = literal.span.start;
    hit.range = hit.range.start + offset..hit.range.end + offset;
    match &mut hit.what {
        What::Reference(found) => {
            found.name_range = found.name_range.start + offset..found.name_range.end + offset;
            for filter in &mut found.filters {
                filter.span = filter.span.start + offset..filter.span.end + offset;
            }
            found.place = Place::PythonText(literal.clone());
        }
        What::Problem(problem) => {
            if let Some(fix) = &mut problem.fix {
                fix.range = fix.range.start + offset..fix.range.end + offset;
            }
        }
        What::Escape(_) => {}
    }
    hit
}

/// References of other dialects that stand outside the text of a literal.
fn ambiguous(hits: Vec<Hit>, literals: &[Literal]) -> Vec<Hit> {
    let is_text = |hit: &Hit| {
        let holds =
            |literal: &Literal| literal.span.start <= hit.range.start && hit.range.end <= literal.span.end;
        literals.iter().any(holds)
    };
    let doubled_in_format = |hit: &Hit| matches!(hit.what, What::Escape(_));
    hits.into_iter()
        .filter(|hit| matches!(hit.what, What::Reference(_)) && !is_text(hit) && !doubled_in_format(hit))
        .map(|hit| {
            Problem::new(
                Code::AmbiguousReference,
                "in an expression these braces belong to Python",
                "two readings",
            )
            .help(
                "write it as `secrets.NAME`, or put it into the text of a string literal that is no f-string",
            )
            .at(hit.range)
        })
        .collect()
}

fn told(text: &str, problem: &python::Problem) -> Hit {
    let told = match problem {
        python::Problem::Dynamic { .. } => Problem::new(
            Code::DynamicReference,
            "the secret's name is known only when the expression runs",
            "computed here",
        )
        .help("name the secret with a literal: `secrets['name']`"),
        python::Problem::NamesNoSecret { .. } => {
            Problem::new(Code::DynamicReference, "this names no secret but all of them", "the whole map")
                .help("name one: `secrets.NAME`")
        }
        python::Problem::InvalidName { name, .. } => {
            Problem::new(Code::InvalidName, format!("this is no name of a secret: {name:?}"), "not a name")
                .help("a name in the `expression` dialect is a letter, then letters, digits and `_`")
        }
        python::Problem::NotPython { what, .. } => {
            Problem::new(Code::SyntaxError, format!("this expression is not Python: {what}"), "here")
                .help("mend the expression, or begin the text without `$ ` if it is none")
        }
        python::Problem::TooDeep { .. } => Problem::new(
            Code::SyntaxError,
            format!("this expression nests deeper than {} levels", python::MAX_DEPTH),
            "here",
        ),
    };
    let span = problem.span();
    let span = span.start.min(text.len())..span.end.min(text.len());
    told.at(span)
}
