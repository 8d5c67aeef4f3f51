//! `!secret NAME`, as Home Assistant and `ESPHome` have it: a YAML scalar with a tag.

use super::{Dialect, Find};
use crate::Span;

pub(super) const DIALECT: Dialect =
    Dialect { name: "tag", is_default: false, form: "!secret NAME", sigil: None, find: Find::ByNode };

/// The tag as a YAML parser resolves it.
pub(crate) const TAG: &str = "!secret";

/// How far a tag may stand from its scalar, in bytes.
const FARTHEST: usize = 4096;

/// Where the tag of the scalar at `scalar` stands, with the blanks behind it.
pub(crate) fn span_before(text: &str, scalar: usize) -> Option<Span> {
    // A tag stands near its scalar; with a bound, a text of odd tags is not read once for each.
    let from = text.ceil_char_boundary(scalar.saturating_sub(FARTHEST));
    let before = &text[from..scalar];
    let is_apart = |at: usize| {
        let previous = before[..at].chars().next_back();
        let next = before[at + TAG.len()..].chars().next();
        previous.is_none_or(|c| c.is_whitespace() || "[{,".contains(c))
            && next.is_none_or(char::is_whitespace)
    };
    let is_its_own = |at: usize| is_apart(at) && leads_to_a_scalar(&before[at + TAG.len()..]);
    let start = before.rmatch_indices(TAG).map(|(at, _)| at).find(|&at| is_its_own(at))?;
    let behind = &before[start + TAG.len()..];
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    Some(from + start..from + start + TAG.len() + blanks)
}

/// Whether nothing but blanks, comments and an anchor stands between a tag and its scalar.
fn leads_to_a_scalar(between: &str) -> bool {
    let mut rest = between.trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix('#') {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(anchor) = rest.strip_prefix('&') {
            anchor.trim_start_matches(|c: char| !c.is_whitespace())
        } else {
            return rest.is_empty();
        }
        .trim_start();
    }
}
