//! `${secret.NAME}`, the syntax of `OpsiMate`, anywhere in a scalar.
//!
//! Each pair of `$` before `{secret.` writes one `$`; an odd last one opens a reference.

use super::delimited::{Body, bad_filter_hit, body, never_closed, overlong_hit, reference};
use super::{Dialect, Find, Hit, Problem, What};
use crate::code::Code;
use crate::name::{NameRule, is_name_char};

pub(super) const DIALECT: Dialect = Dialect {
    name: "dollar",
    is_default: true,
    form: "${secret.NAME}",
    sigil: None,
    find: Find::AtSigil(find),
};

const RULE: NameRule = NameRule {
    longest: 255,
    first: is_name_char,
    rest: is_name_char,
    words: "1 to 255 letters, digits, `_` and `-`",
};

fn find(text: &str, sigil: usize) -> Vec<Hit> {
    let Some(before) = text[..sigil].trim_end_matches([' ', '\t']).strip_suffix('{') else {
        return Vec::new();
    };
    let is_tight = before.len() + 1 == sigil;
    let dollars = before.len() - before.trim_end_matches('$').len();
    if dollars == 0 {
        return Vec::new();
    }
    let open = before.len() - 1;
    let word = &text[sigil..];
    if !is_tight || !word.starts_with("secret.") {
        return if dollars % 2 == 1 { near_miss(text, sigil, open) } else { Vec::new() };
    }
    let mut hits = Vec::new();
    let escaped = dollars / 2;
    if escaped > 0 {
        let start = before.len() - dollars;
        hits.push(Hit { range: start..start + 2 * escaped, what: What::Escape("$".repeat(escaped)) });
    }
    if dollars % 2 == 0 {
        return hits;
    }
    hits.push(match body(text, sigil + "secret.".len(), "}") {
        Body::Closed { name, end, .. } if name.is_empty() => {
            Problem::new(Code::NearMiss, "this reference names no secret", "no name here")
                .help("write `${secret.NAME}`")
                .at(open..end)
        }
        Body::Closed { name, filters, end } => reference(DIALECT.name, &RULE, text, open..end, name, filters),
        Body::Unclosed => unclosed(text, open, sigil + "secret.".len()),
        Body::BadFilter { at, end } => bad_filter_hit(at, end),
        Body::Overlong { end } => overlong_hit(DIALECT.name, RULE.words, sigil + "secret.".len(), end),
    });
    hits
}

fn unclosed(text: &str, open: usize, from: usize) -> Hit {
    let is_part = |c: char| is_name_char(c) || c == '.';
    let word = text[from..].find(|c: char| !is_part(c)).unwrap_or(text.len() - from);
    never_closed(text, open..from + word)
}

/// `${secrets.NAME}` and `${SECRET.NAME}` are no syntax of anybody, and too close to be meant as text.
fn near_miss(text: &str, sigil: usize, open: usize) -> Vec<Hit> {
    let (word, after) = text[sigil..].split_at("secret".len());
    // `${Secret.Arn}` is a name of CloudFormation's or of a program's; only one case is a slip.
    if word != "secret" && word != "SECRET" {
        return Vec::new();
    }
    let plural = after.strip_prefix(['s', 'S']).unwrap_or(after);
    let Some(rest) = plural.strip_prefix('.') else { return Vec::new() };
    let from = text.len() - rest.len();
    let Body::Closed { name, end, .. } = body(text, from, "}") else { return Vec::new() };
    if RULE.read(text[name.clone()].trim_end()).is_err() {
        return Vec::new();
    }
    let is_plural = plural.len() < after.len();
    let is_tight = text[..sigil].ends_with('{');
    let message = if !is_tight && text[sigil..].starts_with("secret.") {
        "names are taken exactly, without blanks"
    } else if is_plural {
        "the word is `secret`, not its plural"
    } else {
        "the word is `secret`, in small letters"
    };
    let proper = format!("${{secret.{}{}", text[name.clone()].trim_end(), &text[name.end..end]);
    vec![Problem::new(Code::NearMiss, message, "not a reference").fix(open..end, proper).at(open..end)]
}
