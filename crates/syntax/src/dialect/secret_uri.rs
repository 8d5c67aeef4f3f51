//! `secret://NAME`, the references of Julep 3: the whole of a scalar.

use super::delimited::reference;
use super::{Dialect, Find, Finds, Hit};
use crate::name::NameRule;

pub(super) const DIALECT: Dialect = Dialect {
    name: "secret-uri",
    is_default: false,
    form: "secret://NAME",
    sigil: None,
    find: Find::WholeScalar(find),
};

const SCHEME: &str = "secret://";

const RULE: NameRule = NameRule {
    longest: 64,
    first: |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
    rest: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-',
    words: "1 to 64 small letters, digits, `_` and `-`, and begins with a letter or a digit",
};

fn find(text: &str, _: &dyn Fn(&str) -> Vec<Hit>) -> Option<Finds> {
    text.strip_prefix(SCHEME)?;
    let whole = 0..text.len();
    let hit = reference(DIALECT.name, &RULE, text, whole, SCHEME.len()..text.len(), Vec::new());
    Some(Finds { hits: vec![hit], expression: None })
}
