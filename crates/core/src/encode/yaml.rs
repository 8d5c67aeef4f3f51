//! YAML scalars, spelled so that YAML 1.1 and 1.2 readers get the same text.

use std::fmt::Write;

use redeem_syntax::Style;
use redeem_syntax::format::decode_raw;
use zeroize::Zeroizing;

use super::{Spot, Unencodable, is_printable};

mod block;
mod plain;
pub(super) use block::with_header_comment;
pub(crate) use plain::is_string as plain_is_string;

/// A simple key is at most this long (YAML 1.2.2, 7.4.2): in characters, though some readers count bytes.
const LONGEST_KEY: usize = 1024;

/// Writes the pieces in the scalar's own style, or turns it to one that can hold them.
pub(super) fn encode(spot: &Spot<'_>) -> Result<Zeroizing<String>, Unencodable> {
    let expected = spot.new_text();
    check_tag(spot.scalar.tag.as_deref().unwrap_or_default(), &expected)?;
    let style = spot.scalar.style;
    let in_place = match style {
        Style::YamlPlain => plain::encode(spot, &expected),
        Style::YamlSingle => single(spot),
        Style::YamlDouble => Some(double(spot)),
        Style::YamlLiteral => block::literal(spot, &expected),
        _ => block::folded(spot),
    };
    let in_place = in_place.filter(|written| match style {
        Style::YamlLiteral | Style::YamlFolded => block::reads_as(spot, written, &expected),
        _ => reads_as(written, style, &expected) && !has_marker(written),
    });
    let written = match in_place {
        Some(written) => written,
        None if block::is_cut_off(spot) => {
            return Err(Unencodable::new(
                "the file ends inside this block, and readers disagree whether the block then ends in a line break",
                "add a line break at the end of the file",
            ));
        }
        None => block::with_header_comment(spot, quoted(&expected)),
    };
    if spot.scalar.is_key && around_key(spot).is_some_and(|around| around + written.len() > LONGEST_KEY) {
        return Err(Unencodable::new(
            format!(
                "with the value in place this key is longer than {LONGEST_KEY} characters, which YAML does not allow"
            ),
            "use a shorter value in a key",
        ));
    }
    Ok(written)
}

/// `text` as a scalar of its own: without quotes where every reader takes it for this string.
pub(super) fn string(text: &str, in_flow: bool) -> Zeroizing<String> {
    if plain::is_plain(text, in_flow) && plain_is_string(text) && !has_marker(&format!("\n{text}")) {
        Zeroizing::new(text.to_owned())
    } else {
        quoted(text)
    }
}

/// Whether a line behind the first is what ends a document, wherever it stands (YAML 1.2.2, 9.1.2).
fn has_marker(written: &str) -> bool {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\r']);
    let is_marker =
        |line: &str| line.strip_prefix("---").or_else(|| line.strip_prefix("...")).is_some_and(ends);
    written.split('\n').skip(1).any(is_marker)
}

/// How many bytes belong to a simple key besides its scalar: its anchor and tag, and the blanks before the `:`.
///
/// None for a key behind `?`, which may be of any length.
fn around_key(spot: &Spot<'_>) -> Option<usize> {
    let span = &spot.scalar.span;
    let line = spot.source[..span.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let mut before = &spot.source[line..span.start];
    loop {
        let tokens = before.trim_end_matches([' ', '\t']);
        let token = tokens.rfind([' ', '\t', '[', '{', ',']).map_or(0, |at| at + 1);
        match tokens.as_bytes().get(token) {
            Some(b'&' | b'!') => before = &before[..token],
            Some(b'?') if token + 1 == tokens.len() => return None,
            _ => break,
        }
    }
    let colon = spot.source[span.end..].find(':').unwrap_or(0);
    Some(span.start - line - before.len() + colon)
}

/// A tag that asks for a type gets a value of that type; `!` alone is read by its text in some readers, quotes or not.
fn check_tag(tag: &str, text: &str) -> Result<(), Unencodable> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let radix = |prefix: &str, radix: u32| {
        unsigned.strip_prefix(prefix).is_some_and(|digits| i64::from_str_radix(digits, radix).is_ok())
    };
    let fits = match tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag) {
        "int" => text.parse::<i64>().is_ok() || radix("0x", 16) || radix("0o", 8),
        "float" => {
            text.parse::<f64>().is_ok() && !text.contains(['n', 'N']) || matches!(unsigned, ".inf" | ".nan")
        }
        "bool" => ["true", "false"].contains(&text.to_ascii_lowercase().as_str()),
        "null" => ["", "~", "null"].contains(&text.to_ascii_lowercase().as_str()),
        "!" => plain_is_string(text),
        _ => return Ok(()),
    };
    if fits {
        return Ok(());
    }
    Err(Unencodable::new(
        "the value is not of the type that the tag here asks for",
        "correct the secret, or leave out the tag",
    ))
}

fn reads_as(written: &str, style: Style, expected: &str) -> bool {
    decode_raw(written, &(0..written.len()), style, None).is_some_and(|decoded| decoded.text == expected)
}

/// Doubles single quotes; what needs an escape, or would be folded, does not fit.
fn single(spot: &Spot<'_>) -> Option<Zeroizing<String>> {
    let fits = spot.pieces.iter().all(|piece| piece.text.chars().all(is_printable));
    fits.then(|| spot.splice(|piece, out| out.push_str(&piece.replace('\'', "''"))))
}

/// Escapes each piece in place. In a scalar of several lines, blanks at a piece's ends could be folded away.
fn double(spot: &Spot<'_>) -> Zeroizing<String> {
    let is_folded = spot.source[spot.scalar.span.clone()].contains('\n');
    spot.splice(|piece, out| {
        let inner = if is_folded { piece.trim_matches(' ') } else { piece };
        let lead = piece.len() - piece.trim_start_matches(' ').len();
        if is_folded && inner.is_empty() {
            return out.push_str(&"\\x20".repeat(piece.len()));
        }
        if is_folded {
            out.push_str(&"\\x20".repeat(lead));
        }
        escape_into(out, inner);
        if is_folded {
            out.push_str(&"\\x20".repeat(piece.len() - lead - inner.len()));
        }
    })
}

/// `text` in quotes: double ones, or single ones where those save escapes.
fn quoted(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
    if text.contains(['"', '\\']) && text.chars().all(is_printable) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    } else {
        out.push('"');
        escape_into(&mut out, text);
        out.push('"');
    }
    out
}

/// Writes `text` as the inside of a double-quoted scalar (YAML 1.2.2, 5.7; the same in 1.1).
fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        // Writing to a string does not fail.
        let _ = match c {
            '"' => out.write_str("\\\""),
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            c if is_printable(c) => out.write_char(c),
            c if u32::from(c) < 0x100 => write!(out, "\\x{:02X}", u32::from(c)),
            c => write!(out, "\\u{:04X}", u32::from(c)),
        };
    }
}
