//! `secret_name: NAME`: a key whose value names a secret that a runtime looks up itself.
//!
//! The pair is found and listed, and kept as it is.

use super::{Dialect, Find};
use crate::Name;
use crate::name::is_name_char;

pub(super) const DIALECT: Dialect =
    Dialect { name: "by-name", is_default: true, form: "secret_name: NAME", sigil: None, find: Find::ByNode };

/// The name that the value of a by-name key holds, if it can be one in any store.
pub(crate) fn names_a_secret(value: &str) -> Option<Name> {
    let is_name = !value.is_empty()
        && value.len() <= 255
        && value.chars().all(|c| is_name_char(c) || c == '.')
        && !value.starts_with(['-', '.'])
        && !value.ends_with('.');
    is_name.then(|| Name::split(value))
}
