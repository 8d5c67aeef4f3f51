//! `{{name.key}}`, as `ZenML` and Kitaru have it: the whole of a scalar, split at the first dot.

use super::delimited::{Body, bad_filter_hit, body, reference};
use super::{Dialect, Find, Finds, Hit};
use crate::name::NameRule;

pub(super) const DIALECT: Dialect = Dialect {
    name: "zenml",
    is_default: false,
    form: "{{name.key}}",
    sigil: Some("{{"),
    find: Find::WholeScalar(find),
};

const RULE: NameRule = NameRule {
    longest: 255,
    first: is_part,
    rest: is_part,
    words: "a secret's name, a dot and a key, all without blanks and braces",
};

fn is_part(c: char) -> bool {
    !(c.is_whitespace() || c.is_control() || matches!(c, '{' | '}'))
}

fn find(text: &str, _: &dyn Fn(&str) -> Vec<Hit>) -> Option<Finds> {
    let inner = text.strip_prefix("{{")?.trim_start();
    let from = text.len() - inner.len();
    let hit = match body(text, from, "}}") {
        Body::Closed { name, filters, end } if end == text.len() => {
            // `ZenML` allows blanks inside the braces, and takes nothing without a dot for a reference.
            let name = name.start..name.start + text[name.clone()].trim_end().len();
            let raw = &text[name.clone()];
            let (secret, key) = raw.split_once('.')?;
            if secret.is_empty() || key.is_empty() || !raw.chars().all(is_part) {
                return None;
            }
            reference(DIALECT.name, &RULE, text, 0..end, name, filters)
        }
        Body::BadFilter { at, end } if end == text.len() && text[from..at].contains('.') => {
            bad_filter_hit(at, end)
        }
        _ => return None,
    };
    Some(Finds { hits: vec![hit], expression: None })
}

/// Whether a plain key of a YAML flow mapping is what `{{name.key}}` without quotes reads as.
pub(crate) fn opens_unquoted(before: &str, key: &str, after: &str) -> bool {
    let has_dot = key.split_once('.').is_some_and(|(name, key)| !name.is_empty() && !key.is_empty());
    before.ends_with("{{") && after.starts_with("}}") && has_dot && key.chars().all(is_part)
}
