//! TOML strings and keys (TOML 1.0 and 1.1).

use std::fmt::Write;

use redeem_syntax::Style;
use redeem_syntax::format::decode_raw;
use zeroize::Zeroizing;

use super::{Spot, Unencodable, common_escape};

/// Writes the pieces in the string's own style, or turns it to a basic string.
#[expect(clippy::unnecessary_wraps, reason = "all formats share one signature")]
pub(super) fn encode(spot: &Spot<'_>) -> Result<Zeroizing<String>, Unencodable> {
    let expected = spot.new_text();
    let in_place = match spot.scalar.style {
        Style::TomlBasic | Style::TomlMultiBasic => Some(spot.splice(|piece, out| escape_into(out, piece))),
        Style::TomlLiteral => {
            fits_literal(spot, false).then(|| spot.splice(|piece, out| out.push_str(piece)))
        }
        Style::TomlMultiLiteral => {
            fits_literal(spot, true).then(|| spot.splice(|piece, out| out.push_str(piece)))
        }
        _ => is_bare_key(&expected).then(|| expected.clone()),
    };
    if let Some(written) = in_place.filter(|written| reads_as(written, spot.scalar.style, &expected)) {
        return Ok(written);
    }
    if matches!(spot.scalar.style, Style::TomlMultiBasic | Style::TomlMultiLiteral) {
        return Ok(multi_basic(spot));
    }
    Ok(basic(&expected))
}

fn reads_as(written: &str, style: Style, expected: &str) -> bool {
    // Quotes of the text that come together with others around a value would close a string of several lines.
    let closes_early =
        |quotes: &str| written.get(3..written.len() - 3).is_none_or(|inner| inner.contains(quotes));
    let is_closed = match style {
        Style::TomlMultiBasic => closes_early("\"\"\""),
        Style::TomlMultiLiteral => closes_early("'''"),
        _ => false,
    };
    if is_closed {
        return false;
    }
    decode_raw(written, &(0..written.len()), style, None).is_some_and(|decoded| decoded.text == expected)
}

/// A literal string has no escapes: what needs one does not fit, nor does its own quote.
fn fits_literal(spot: &Spot<'_>, is_multi: bool) -> bool {
    spot.pieces.iter().all(|piece| {
        !piece.text.contains(|c: char| {
            c == '\'' || c == '\u{FEFF}' || c.is_control() && !(c == '\t' || is_multi && c == '\n')
        })
    })
}

fn is_bare_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// `text` in double quotes.
pub(super) fn basic(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
    out.push('"');
    escape_into(&mut out, text);
    out.push('"');
    out
}

/// Three double quotes, with the line breaks of the untouched text where they were.
///
/// They stay as they are written, for a TOML reader may turn CRLF to LF in a string, or not.
fn multi_basic(spot: &Spot<'_>) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::from("\"\"\"\n"));
    let mut pieces = spot.pieces.iter();
    for untouched in spot.untouched() {
        for line in untouched.split_inclusive('\n') {
            let text = line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')).unwrap_or(line);
            escape_into(&mut out, text);
            out.push_str(&line[text.len()..]);
        }
        if let Some(piece) = pieces.next() {
            escape_into(&mut out, &piece.text);
        }
    }
    out.push_str("\"\"\"");
    out
}

/// Writes `text` as the inside of a basic string, of one line or several.
fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        if let Some(escape) = common_escape(c) {
            out.push_str(escape);
            continue;
        }
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            c if c.is_control() || c == '\u{FEFF}' => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}
