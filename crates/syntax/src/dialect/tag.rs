//! `!secret NAME`, as Home Assistant and `ESPHome` have it: a YAML scalar with a tag.

use super::{Dialect, Find};
use crate::Span;

pub(super) const DIALECT: Dialect =
    Dialect { name: "tag", is_default: false, form: "!secret NAME", sigil: None, find: Find::ByNode };

/// The tag as a YAML parser resolves it.
pub(crate) const TAG: &str = "!secret";

/// Where the tag of the scalar at `scalar` stands, with the blanks behind it.
pub(crate) fn span_before(text: &str, scalar: usize) -> Option<Span> {
    let before = &text[..scalar];
    let is_apart = |at: usize| {
        let previous = before[..at].chars().next_back();
        let next = before[at + TAG.len()..].chars().next();
        previous.is_none_or(|c| c.is_whitespace() || "[{,".contains(c))
            && next.is_none_or(char::is_whitespace)
    };
    let start = before.rmatch_indices(TAG).map(|(at, _)| at).find(|&at| is_apart(at))?;
    let behind = &before[start + TAG.len()..];
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    Some(start..start + TAG.len() + blanks)
}
