//! `{{ secrets.NAME }}` and `{secrets.NAME}`: Julep's strings before `$ ` came.
//!
//! Julep takes a string without `$ ` for the inside of an f-string, once it has made single braces of
//! double ones. So a value is written as text of an f-string, without any brace.

use super::{Dialect, Find, Found, Hit, Problem, What};
use crate::code::Code;
use crate::name::is_word_char;
use crate::{Name, Place};

pub(super) const DIALECT: Dialect = Dialect {
    name: "julep-legacy",
    is_default: false,
    form: "{{ secrets.NAME }}",
    sigil: None,
    find: Find::OutsideExpressions(find),
};

const BLANKS: [char; 2] = [' ', '\t'];

fn find(text: &str, sigil: usize) -> Vec<Hit> {
    let Some(rest) = text[sigil..].strip_prefix("secrets").filter(|rest| rest.starts_with(['.', '['])) else {
        return Vec::new();
    };
    let before = text[..sigil].trim_end_matches(BLANKS);
    let braces = before.len() - before.trim_end_matches('{').len();
    if !(1..=2).contains(&braces) {
        // Of three or more braces two are left in the end, and those are text.
        return Vec::new();
    }
    let open = before.len() - braces;
    let closing = &"}}"[..braces];
    let Some((name, quote)) = named(rest) else {
        let end = text.len() - rest.len() + rest.find(['}', '\n']).unwrap_or(rest.len());
        return vec![more_than_a_name(rest).at(open..end)];
    };
    let from = text.len() - rest.len() + 1 + quote;
    let behind = text[from + name.len() + if quote > 0 { 2 } else { 0 }..].trim_start_matches(BLANKS);
    let end = text.len() - behind.len();
    if behind.is_empty() || behind.starts_with('\n') {
        return vec![
            Problem::new(Code::NearMiss, "this reference is never closed", "no `}` follows")
                .help(format!("close it with `{closing}`"))
                .at(open..end),
        ];
    }
    if !behind.starts_with(closing) {
        let end = end + behind.find(['}', '\n']).unwrap_or(behind.len());
        return vec![more_than_a_name(rest).at(open..end)];
    }
    let name_range = from..from + name.len();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return vec![
            Problem::new(Code::InvalidName, format!("this is no name of a secret: {name:?}"), "not a name")
                .help("a name in the `julep-legacy` dialect is a letter, then letters, digits and `_`")
                .at(name_range),
        ];
    }
    let found = Found {
        dialect: DIALECT.name.into(),
        name: Name { secret: name.to_owned(), key: None },
        name_range,
        filters: Vec::new(),
        place: Place::FString,
    };
    vec![Hit { range: open..end + braces, what: What::Reference(Box::new(found)) }]
}

/// The name in `.NAME`, `['NAME']` or `["NAME"]`, and how much stands before it besides one character.
fn named(rest: &str) -> Option<(&str, usize)> {
    let word = |text: &str| text.find(|c: char| !is_word_char(c)).unwrap_or(text.len());
    if let Some(rest) = rest.strip_prefix('.') {
        let name = &rest[..word(rest)];
        return Some((name, 0))
            .filter(|_| !name.is_empty() && !rest[name.len()..].starts_with(['.', '(', '[']));
    }
    let quoted = rest.strip_prefix('[')?;
    let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let name = &quoted[1..=word(&quoted[1..])];
    let behind = quoted[1 + name.len()..].strip_prefix(quote)?;
    (!name.is_empty() && behind.starts_with(']') && !behind[1..].starts_with(['.', '(', '[']))
        .then_some((name, 1))
}

fn more_than_a_name(rest: &str) -> Problem {
    if rest.starts_with('[') && !rest[1..].starts_with(['\'', '"']) {
        return Problem::new(
            Code::DynamicReference,
            "the secret's name is known only when the text is evaluated",
            "computed here",
        )
        .help("name the secret with a literal: `{secrets['name']}`");
    }
    Problem::new(Code::NearMiss, "this field holds more than the name of a secret", "not resolved")
        .help("write the whole text as an expression: `$ f'…{secrets.NAME:>6}…'`")
}

/// Looks at all references of a string that Julep takes for the inside of an f-string.
///
/// Whatever its dialect, a value becomes text of that f-string; so none can stand inside a field of it, or in a
/// string that Julep takes for something else.
/// A key is a text and nothing more: Julep evaluates values alone.
pub(crate) fn settle(text: &str, hits: &mut [Hit], is_key: bool) {
    let is_code = is_expression(text);
    let mut fields = Fields { text, at: 0, depth: 0 };
    for hit in hits.iter_mut() {
        let is_in_field = fields.is_open_at(hit.range.start);
        fields.at = hit.range.end.max(fields.at);
        let What::Reference(found) = &mut hit.what else { continue };
        if is_key {
            found.place = Place::Text;
            continue;
        }
        let message = if is_code {
            "Julep takes a text of this shape for an expression, where the braces make a set"
        } else if is_in_field {
            "this stands inside a field, where the value would be read as code"
        } else {
            found.place = Place::FString;
            continue;
        };
        *hit = Problem::new(Code::AmbiguousReference, message, "two readings")
            .help("begin the text with `$ ` and write it as an expression")
            .at(hit.range.clone());
    }
}

/// The fields of an f-string, as far as its braces tell.
struct Fields<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Fields<'_> {
    /// Whether a field is open at an offset that lies behind the last one that was asked about.
    fn is_open_at(&mut self, offset: usize) -> bool {
        while let Some(brace) =
            self.text.get(self.at..offset).and_then(|rest| rest.find(['{', '}'])).map(|found| self.at + found)
        {
            let sign = &self.text[brace..=brace];
            let run =
                self.text[brace..offset].len() - self.text[brace..offset].trim_start_matches(sign).len();
            self.at = brace + run;
            // Julep makes one of each two, and two that are left are text.
            if (run / 2 + run % 2) % 2 == 1 {
                self.depth = if sign == "{" { self.depth + 1 } else { self.depth.saturating_sub(1) };
            }
        }
        self.at = self.at.max(offset);
        self.depth > 0
    }
}

/// The shapes that Julep takes for an expression even without `$ `.
fn is_expression(text: &str) -> bool {
    let text = text.trim();
    !text.contains("{{")
        && (["[", "_[", "_."].iter().any(|start| text.starts_with(start)) && text.ends_with(']')
            || text.contains("outputs[")
            || text.contains("inputs["))
}
