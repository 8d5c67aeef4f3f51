//! `${{ secrets.NAME }}`, as GitHub's workflows and dstack's files have it, anywhere in a scalar.
//!
//! GitHub evaluates an expression between the braces; only a secret's name alone can be known before it runs.

use super::delimited::{Body, bad_filter_hit, body, overlong_hit, reference};
use super::{Dialect, Find, Hit, Problem, What};
use crate::Span;
use crate::code::Code;
use crate::name::{NameRule, is_word_char};

pub(super) const DIALECT: Dialect = Dialect {
    name: "github",
    is_default: false,
    form: "${{ secrets.NAME }}",
    sigil: Some(OPENING),
    find: Find::AtSigil(find),
};

const OPENING: &str = "${{";

const RULE: NameRule = NameRule::WORD;

fn find(text: &str, open: usize) -> Vec<Hit> {
    let from = open + OPENING.len();
    let inner = from + (text[from..].len() - text[from..].trim_start_matches([' ', '\t']).len());
    let hits = match text[inner..].strip_prefix("secrets") {
        Some(rest) if rest.starts_with('.') => dotted(text, open, text.len() - rest.len() + 1),
        Some(rest) if rest.starts_with('[') => indexed(text, open, text.len() - rest.len() + 1),
        _ => return buried(text, open, from),
    };
    // GitHub writes the first dollar and the value, dstack the text without a dollar.
    let is_reference = hits.iter().any(|hit| matches!(hit.what, What::Reference(_)));
    if is_reference && text[..open].ends_with('$') {
        let range = open - 1..hits.last().map_or(from, |hit| hit.range.end);
        return vec![
            Problem::new(
                Code::AmbiguousReference,
                "a second `$` is text to GitHub and an escape to dstack",
                "two readings",
            )
            .help("leave out one `$`, or keep the line with a comment `redeem: ignore`")
            .at(range),
        ];
    }
    hits
}

/// `secrets.NAME }}`
fn dotted(text: &str, open: usize, name: usize) -> Vec<Hit> {
    match body(text, name, "}}") {
        Body::Closed { name, filters, end } => {
            let name = name.start..name.start + text[name.clone()].trim_end_matches([' ', '\t']).len();
            let is_alone = text[name.clone()].chars().all(|c| is_word_char(c) || c == '.');
            if !is_alone && !name.is_empty() && !text[name.clone()].contains('-') {
                return vec![computed(open..end)];
            }
            vec![reference(DIALECT.name, &RULE, text, open..end, name, filters)]
        }
        Body::Unclosed => vec![never_closed(text, open)],
        // `secrets.A || 'x'` is GitHub's own way to say what a missing secret is.
        Body::BadFilter { at, end } if text[at..end].starts_with('|') => vec![computed(open..end)],
        Body::BadFilter { at, end } => vec![bad_filter_hit(at, end)],
        Body::Overlong { end } => vec![overlong_hit(DIALECT.name, RULE.words, name, end)],
    }
}

/// `secrets['NAME'] }}`
fn indexed(text: &str, open: usize, bracket: usize) -> Vec<Hit> {
    let Some(end) = closing(text, bracket) else { return vec![never_closed(text, open)] };
    let inner = text[bracket..end].trim_end_matches("}}").trim_end_matches([' ', '\t']);
    let Some(quoted) = inner.strip_suffix(']').map(|inner| inner.trim_matches([' ', '\t'])) else {
        return vec![computed(open..end)];
    };
    match quoted.strip_prefix('\'').and_then(|quoted| quoted.strip_suffix('\'')) {
        Some(name) if !name.contains('\'') => {
            let start = bracket + text[bracket..].find('\'').map_or(0, |at| at + 1);
            vec![reference(DIALECT.name, &RULE, text, open..end, start..start + name.len(), Vec::new())]
        }
        _ => vec![computed(open..end)],
    }
}

/// An expression that mentions secrets somewhere in it.
fn buried(text: &str, open: usize, from: usize) -> Vec<Hit> {
    let Some(end) = closing(text, from) else { return Vec::new() };
    let inner = &text[from..end];
    let is_word = |at: usize, word: &str| {
        let before = inner[..at].chars().next_back();
        let after = inner[at + word.len()..].chars().next();
        let is_free = |c: Option<char>| c.is_none_or(|c| !(is_word_char(c) || c == '-'));
        is_free(before.filter(|&c| c != '.')) && !inner[..at].ends_with('.') && is_free(after)
    };
    // A text in quotes holds words, and the quotes of an expression are single ones.
    let is_quoted = |at: usize| inner[..at].matches('\'').count() % 2 == 1;
    let word = inner.trim_start_matches([' ', '\t']);
    let dot = word.find('.').unwrap_or(0);
    let is_near = ["secret", "secrets"].iter().any(|near| word[..dot].eq_ignore_ascii_case(near));
    if let Some(rest) = word.get(dot + 1..).filter(|_| is_near) {
        let name = rest.trim_end_matches("}}").trim_end_matches([' ', '\t']);
        if RULE.read(name).is_ok() {
            return vec![
                Problem::new(Code::NearMiss, "the word is `secrets`, in small letters", "not a reference")
                    .fix(open..end, format!("${{{{ secrets.{name} }}}}"))
                    .at(open..end),
            ];
        }
    }
    let mentions = inner.match_indices("secrets").any(|(at, word)| is_word(at, word) && !is_quoted(at));
    if mentions { vec![computed(open..end)] } else { Vec::new() }
}

fn closing(text: &str, from: usize) -> Option<usize> {
    let last = text.floor_char_boundary(from.saturating_add(4096).min(text.len()));
    let end = text[from..last].find("}}")? + from;
    (!text[from..end].contains("${{")).then_some(end + 2)
}

fn computed(range: Span) -> Hit {
    Problem::new(
        Code::DynamicReference,
        "this is more than the name of a secret: its value is known only when the workflow runs",
        "computed here",
    )
    .help("name one secret: `${{ secrets.NAME }}`, if need be with `| default('…')`")
    .at(range)
}

fn never_closed(text: &str, open: usize) -> Hit {
    let line = text[open..].find(['\n', '\r', '"', '\'']).unwrap_or(text.len() - open);
    Problem::new(Code::NearMiss, "this reference is never closed", "no `}}` follows")
        .help("close it with `}}`")
        .at(open..open + line)
}
