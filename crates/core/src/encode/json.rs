//! JSON strings (RFC 8259, section 7).

use std::fmt::Write;

use zeroize::Zeroizing;

use super::{Spot, common_escape};

/// Escapes each piece in place; every text has a spelling.
pub(super) fn encode(spot: &Spot<'_>) -> Zeroizing<String> {
    spot.splice(|piece, out| escape_into(out, piece))
}

/// `text` in quotes.
pub(crate) fn string(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
    out.push('"');
    escape_into(&mut out, text);
    out.push('"');
    out
}

/// Writes `text` as the inside of a JSON string.
///
/// U+2028 and U+2029 are escaped too: JavaScript before 2019 took them for line breaks.
pub(crate) fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        if let Some(escape) = common_escape(c) {
            out.push_str(escape);
            continue;
        }
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}') => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}
