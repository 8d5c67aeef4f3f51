//! `${NAME}`, `${NAME:-default}` and `${env:NAME}`, as compose files and `envsubst` have them.
//!
//! `$$` writes one `$`. What begins with `${secret.` belongs to the `dollar` dialect.

use super::delimited::reference;
use super::{Dialect, Find, Hit, Problem, What};
use crate::code::Code;
use crate::name::{NameRule, is_word_char};
use crate::pipeline::{Argument, Filter, Literal};

pub(super) const DIALECT: Dialect =
    Dialect { name: "env", is_default: false, form: "${NAME}", sigil: Some("$"), find: Find::AtSigil(find) };

const RULE: NameRule = NameRule::WORD;

/// The longest reference with its default, in bytes.
const LONGEST: usize = 4096;

fn find(text: &str, dollar: usize) -> Vec<Hit> {
    let rest = &text[dollar..];
    let dollars = rest.len() - rest.trim_start_matches('$').len();
    let behind = &rest[dollars..];
    if is_of_another(behind) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    if dollars > 1 {
        let escaped = dollars / 2;
        let range = dollar..dollar + 2 * escaped;
        hits.push(Hit { range, what: What::Escape("$".repeat(escaped)) });
    }
    if dollars % 2 == 1 && behind.starts_with('{') {
        hits.extend(braced(text, dollar + dollars - 1));
    }
    hits
}

/// Whether what follows the dollars is an opening of another dialect, or of a template.
fn is_of_another(behind: &str) -> bool {
    let Some(inner) = behind.strip_prefix('{') else { return false };
    let word = inner.trim_start_matches([' ', '\t']);
    let is_secret = word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("secret"));
    let sign = word.get(6..).map(|rest| rest.strip_prefix(['s', 'S']).unwrap_or(rest));
    inner.starts_with('{') || is_secret && sign.is_some_and(|rest| rest.starts_with(['.', ':']))
}

/// Reads `${NAME…}`, whose dollar stands at `open`.
fn braced(text: &str, open: usize) -> Option<Hit> {
    let last = text.floor_char_boundary(open.saturating_add(LONGEST).min(text.len()));
    let mut from = open + 2;
    if text[from..last].starts_with("env:") {
        from += "env:".len();
    }
    let inner = &text[from..last];
    let length = inner.find(|c: char| !(is_word_char(c) || c == '.')).unwrap_or(inner.len());
    let (name, behind) = (from..from + length, &inner[length..]);
    if behind.starts_with('}') {
        let range = open..name.end + 1;
        return Some(reference(DIALECT.name, &RULE, text, range, name, Vec::new()));
    }
    let operator = [":-", "-"].into_iter().find(|operator| behind.starts_with(operator));
    let Some(operator) = operator.filter(|_| length > 0) else {
        return other(text, open, last, length > 0, behind);
    };
    let default = &behind[operator.len()..];
    let end = default.find(['}', '\n', '\r'])?;
    if !default[end..].starts_with('}') {
        return None;
    }
    let default_at = name.end + operator.len();
    if default[..end].contains("${") {
        return Some(
            Problem::new(Code::DynamicReference, "a default that is a reference itself", "nested here")
                .help("give each variable a plain default, or store the secret")
                .at(open..default_at + end + 1),
        );
    }
    let range = open..default_at + end + 1;
    let literal = Literal::Text(default[..end].to_owned());
    let filter = Filter {
        name: "default".to_owned(),
        arguments: vec![Argument { keyword: None, literal }],
        span: name.end..default_at + end,
    };
    Some(reference(DIALECT.name, &RULE, text, range, name, vec![filter]))
}

/// `${NAME:?message}` and the other operators of a shell are not resolved; bad names are told.
fn other(text: &str, open: usize, last: usize, has_name: bool, behind: &str) -> Option<Hit> {
    let end =
        open + text[open..last].find(['}', '\n', '\r']).filter(|&at| text[open + at..].starts_with('}'))? + 1;
    let raw = &text[open + 2..end - 1];
    if has_name && behind.starts_with([':', '?', '+', '#', '%', '/', '^', ',', '@']) {
        return Some(
            Problem::new(Code::NearMiss, "this operator of a shell is not resolved", "stays as it is")
                .help("write `${NAME}` or `${NAME:-default}`, or `$$` for a dollar that is text")
                .at(open..end),
        );
    }
    let why = RULE.read(raw).err().unwrap_or_else(|| "this is no variable".to_owned());
    Some(
        Problem::new(Code::InvalidName, format!("this is no name of a variable: {why}"), "not a name")
            .help(format!("a name in the `env` dialect is {}; `$$` writes a dollar that is text", RULE.words))
            .at(open..end),
    )
}
