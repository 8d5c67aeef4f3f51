//! `{secret:NAME}`, Monte Carlo's syntax, anywhere in a scalar.
//!
//! Monte Carlo reads up to the last `}` of the string; no valid name holds
//! one, so the first is taken here. Exactly doubled braces are the escape.

use super::delimited::{Body, bad_filter_hit, body, never_closed, overlong_hit, reference};
use super::{Dialect, Find, Hit, Problem, What};
use crate::Span;
use crate::code::Code;
use crate::name::{NameRule, is_name_char};

pub(super) const DIALECT: Dialect = Dialect {
    name: "brace",
    is_default: true,
    form: "{secret:NAME}",
    sigil: None,
    find: Find::AtSigil(find),
};

/// Monte Carlo's server takes one to 64 of these characters.
const RULE: NameRule = NameRule {
    longest: 64,
    first: is_name_char,
    rest: is_name_char,
    words: "1 to 64 letters, digits, `_` and `-`",
};

const OPENING: &str = "secret:";

fn find(text: &str, sigil: usize) -> Vec<Hit> {
    let Some(brace) = text[..sigil].trim_end_matches([' ', '\t']).strip_suffix('{').map(str::len) else {
        return Vec::new();
    };
    let is_tight = brace + 1 == sigil;
    let Some(from) = text[sigil..].starts_with(OPENING).then_some(sigil + OPENING.len()) else {
        return if is_tight { misspelt(text, sigil, brace) } else { Vec::new() };
    };
    match body(text, from, "}") {
        Body::Closed { name, filters, end } => {
            let raw = &text[name.clone()];
            let is_name = RULE.read(raw).is_ok();
            if is_format_spec(raw) || text[..brace].ends_with('$') && is_shell_operator(raw) {
                return Vec::new();
            }
            if is_tight && is_name && is_doubled(text, brace, end) {
                return vec![Hit {
                    range: brace - 1..end + 1,
                    what: What::Escape(text[brace..end].to_owned()),
                }];
            }
            let proper = format!("{{secret:{}{}", raw.trim(), &text[name.end..end]);
            if text[..brace].ends_with('$') && is_name {
                return vec![
                    near_miss("this mixes two dialects", "`$` before `{secret:`")
                        .fix(brace - 1..end, format!("${{secret.{raw}{}", &text[name.end..end]))
                        .at(brace - 1..end),
                ];
            }
            if !is_tight {
                // `{ secret: x }` is a mapping in many languages; `{ secret:x }` is nothing but a slip.
                let is_slip = RULE.read(raw.trim_end()).is_ok();
                return if is_slip { vec![blanks(proper, brace, end)] } else { Vec::new() };
            }
            if raw.trim() != raw {
                let is_slip = RULE.read(raw.trim()).is_ok();
                return if is_slip { vec![blanks(proper, brace, end)] } else { Vec::new() };
            }
            if raw.is_empty() {
                return vec![
                    near_miss("this reference names no secret", "no name here")
                        .help("write `{secret:NAME}`")
                        .at(brace..end),
                ];
            }
            vec![reference(DIALECT.name, &RULE, text, brace..end, name, filters)]
        }
        Body::Unclosed if is_tight => {
            let word = text[from..].find(|c: char| !is_name_char(c)).unwrap_or(text.len() - from);
            if word == 0 {
                return Vec::new();
            }
            vec![never_closed(text, brace..from + word)]
        }
        Body::BadFilter { at, end } if is_tight => vec![bad_filter_hit(at, end)],
        Body::Overlong { end } if is_tight => vec![overlong_hit(DIALECT.name, RULE.words, from, end)],
        Body::Unclosed | Body::BadFilter { .. } | Body::Overlong { .. } => Vec::new(),
    }
}

/// `{SECRET:NAME}` and `{secrets:NAME}` are no syntax of anybody, and too close to be meant as text.
fn misspelt(text: &str, sigil: usize, brace: usize) -> Vec<Hit> {
    let (word, after) = text[sigil..].split_at("secret".len());
    let Some(rest) = after.strip_prefix(['s', 'S']).unwrap_or(after).strip_prefix(':') else {
        return Vec::new();
    };
    let Body::Closed { name, end, .. } = body(text, text.len() - rest.len(), "}") else { return Vec::new() };
    if RULE.read(&text[name.clone()]).is_err() || text[..brace].ends_with('{') {
        return Vec::new();
    }
    let message = match word {
        "secret" => "the word is `secret`, not its plural",
        _ => "the word is `secret`, in small letters",
    };
    if text[..brace].ends_with('$') {
        // `${SECRET:-x}` and `${Secret:x}` are other programs' variables; `${secrets:NAME}` is a slip.
        if word != "secret" || is_shell_operator(&text[name.clone()]) {
            return Vec::new();
        }
        let proper = format!("${{secret.{}", &text[name.start..end]);
        return vec![near_miss(message, "not a reference").fix(brace - 1..end, proper).at(brace - 1..end)];
    }
    let proper = format!("{{{OPENING}{}", &text[name.start..end]);
    vec![near_miss(message, "not a reference").fix(brace..end, proper).at(brace..end)]
}

/// Whether Monte Carlo, which reads up to the last `}` of a string, reads on behind this reference.
pub(crate) fn ends_later(text: &str, reference: &Span) -> bool {
    text[reference.end..].contains('}')
}

/// Whether the braces at `open` and before `close` are doubled, and not more than doubled.
fn is_doubled(text: &str, open: usize, close: usize) -> bool {
    let before = text[..open].len() - text[..open].trim_end_matches('{').len();
    let after = text[close..].len() - text[close..].trim_start_matches('}').len();
    before == 1 && after == 1
}

/// `${secret:-x}`, `${secret:?x}` and their kin are a shell's expansions of a variable.
fn is_shell_operator(raw: &str) -> bool {
    raw.starts_with(['-', '?', '+', '=', '.'])
        || raw.starts_with(|c: char| c.is_ascii_digit()) && raw.contains(':')
}

/// Rust's `{secret:?}` and its kin are formatting, not references.
fn is_format_spec(raw: &str) -> bool {
    matches!(raw, "?" | "#?" | "x?" | "X?" | "#x?" | "#X?")
}

fn near_miss(message: &str, label: &str) -> Problem {
    Problem::new(Code::NearMiss, message, label)
}

fn blanks(proper: String, brace: usize, end: usize) -> Hit {
    near_miss("names are taken exactly, without blanks", "blanks inside the reference")
        .fix(brace..end, proper)
        .at(brace..end)
}
