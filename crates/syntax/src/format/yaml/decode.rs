//! What a YAML scalar says, with the map back to its bytes: escapes, line folding, blocks.

use crate::format::{hex, utf16_escape};
use crate::scalar::Decoded;
use crate::{Span, Style};

/// Decodes a plain, single-quoted or double-quoted scalar (YAML 1.2.2, chapter 7).
pub(in crate::format) fn decode_flow(raw: &str, start: usize, style: Style) -> Option<Decoded> {
    let quote = usize::from(style != Style::YamlPlain);
    let end = raw.len().checked_sub(quote).filter(|&end| end >= quote && raw.is_char_boundary(end))?;
    let bytes = raw.as_bytes();
    let mut decoded = Decoded::default();
    // Blanks before this length of the text were written as escapes and are not folded away.
    let mut kept = 0;
    let mut at = quote;
    while at < end {
        let stop = memchr::memchr3(
            b'\n',
            b'\r',
            if style == Style::YamlSingle { b'\'' } else { b'\\' },
            &bytes[at..end],
        )
        .map_or(end, |found| at + found);
        decoded.push_verbatim(&raw[at..stop], start + at);
        at = stop;
        if at == end {
            break;
        }
        match bytes[at] {
            b'\'' => {
                decoded.push_spelled("'", start + at..start + at + 2);
                at += 2;
            }
            b'\\' if style == Style::YamlDouble => {
                at = escape(raw, at, end, start, &mut decoded)?;
                kept = decoded.text.len();
            }
            b'\\' => {
                decoded.push_verbatim("\\", start + at);
                at += 1;
            }
            _ => {
                decoded.trim_end_blanks(kept);
                let (breaks, next) = line_breaks(raw, at, end);
                let text = if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) };
                decoded.push_spelled(&text, start + at..start + next);
                kept = decoded.text.len();
                at = next;
            }
        }
    }
    Some(decoded)
}

/// Counts line breaks from `at`, the blanks between and after them included, and says where text goes on.
fn line_breaks(raw: &str, mut at: usize, end: usize) -> (usize, usize) {
    let bytes = raw.as_bytes();
    let mut breaks = 0;
    while at < end {
        match bytes[at] {
            b'\r' => {
                breaks += 1;
                at += if bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
            }
            b'\n' => {
                breaks += 1;
                at += 1;
            }
            b' ' | b'\t' => at += 1,
            _ => break,
        }
    }
    (breaks, at)
}

/// Decodes the escape at `at` (YAML 1.2.2, 5.7) and returns where it ends.
fn escape(raw: &str, at: usize, end: usize, start: usize, decoded: &mut Decoded) -> Option<usize> {
    let code = |digits: usize| Some((char::from_u32(hex(raw, at + 2, digits)?)?, at + 2 + digits));
    let simple = |letter: char| Some((letter, at + 2));
    let (letter, after) = match raw.as_bytes().get(at + 1)? {
        b'0' => simple('\0'),
        b'a' => simple('\u{7}'),
        b'b' => simple('\u{8}'),
        b't' | b'\t' => simple('\t'),
        b'n' => simple('\n'),
        b'v' => simple('\u{B}'),
        b'f' => simple('\u{C}'),
        b'r' => simple('\r'),
        b'e' => simple('\u{1B}'),
        same @ (b' ' | b'"' | b'/' | b'\\') => simple(char::from(*same)),
        b'N' => simple('\u{85}'),
        b'_' => simple('\u{A0}'),
        b'L' => simple('\u{2028}'),
        b'P' => simple('\u{2029}'),
        b'x' => code(2),
        b'u' => utf16_escape(raw, at + 2),
        b'U' => code(8),
        b'\r' | b'\n' => {
            // An escaped line break vanishes with the blanks that follow it; empty lines stay breaks.
            let (breaks, next) = line_breaks(raw, at + 1, end);
            decoded.push_spelled(&"\n".repeat(breaks - 1), start + at..start + next);
            return Some(next);
        }
        _ => None,
    }?;
    decoded.push_spelled(letter.encode_utf8(&mut [0; 4]), start + at..start + after);
    Some(after)
}

/// How a block ends (YAML 1.2.2, 8.1.1.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

/// Decodes a literal or folded block whose header begins at `span.start` (YAML 1.2.2, chapter 8).
pub(in crate::format) fn decode_block(text: &str, span: &Span, indent: Option<usize>) -> Option<Decoded> {
    // Behind a byte order mark the parser may tell another place than the block's.
    let raw = text.get(span.clone()).filter(|raw| raw.starts_with(['|', '>']))?;
    let is_folded = raw.starts_with('>');
    // Where the header was not found, nothing else in here is where it seems to be.
    let header = raw.strip_prefix(['|', '>'])?;
    let header_end = raw.find('\n')?;
    let indicators = header[..header_end - 1].split([' ', '\t', '\r', '#']).next().unwrap_or_default();
    let chomping = match indicators.trim_matches(|c: char| c.is_ascii_digit()) {
        "-" => Chomping::Strip,
        "+" => Chomping::Keep,
        _ => Chomping::Clip,
    };
    let body = span.start + header_end + 1;
    let is_explicit = indicators.contains(|c: char| c.is_ascii_digit());
    let indent = indent.or_else(|| content_indent(&text[body..span.end], is_explicit))?;
    let mut decoded = Decoded::default();
    decoded.block_indent = indent;
    let mut pending: Vec<Span> = Vec::new();
    let mut previous_is_plain = None;
    let mut at = body;
    while at < span.end {
        let line_end =
            memchr::memchr(b'\n', &text.as_bytes()[at..span.end]).map_or(span.end, |found| at + found);
        let line = text[at..line_end].strip_suffix('\r').unwrap_or(&text[at..line_end]);
        let blanks = line.len() - line.trim_start_matches(' ').len();
        let content = &line[blanks.min(indent)..];
        let content_start = at + blanks.min(indent);
        if !content.is_empty() {
            let is_plain = !content.starts_with([' ', '\t']);
            push_breaks(&mut decoded, &pending, is_folded && is_plain, previous_is_plain);
            pending.clear();
            previous_is_plain = Some(is_plain);
            decoded.push_verbatim(content, content_start);
        }
        pending.push(at + line.len()..(line_end + 1).min(text.len()));
        at = line_end + 1;
    }
    end_block(&mut decoded, text, span.end, chomping);
    Some(decoded)
}

/// Writes the line breaks between two lines with text, folded where both lines allow it.
fn push_breaks(decoded: &mut Decoded, breaks: &[Span], folds: bool, previous_is_plain: Option<bool>) {
    let folds = folds && previous_is_plain == Some(true);
    for (position, span) in breaks.iter().enumerate() {
        match (folds, position, breaks.len()) {
            (true, 0, 1) => decoded.push_spelled(" ", span.clone()),
            (true, 0, _) => decoded.push_spelled("", span.clone()),
            _ => decoded.push_spelled("\n", span.clone()),
        }
    }
}

/// Writes the line breaks at the end of a block, as its chomping wants them.
fn end_block(decoded: &mut Decoded, text: &str, end: usize, chomping: Chomping) {
    let mut at = end;
    let mut count = 0;
    while let Some(found) = memchr::memchr(b'\n', &text.as_bytes()[at..]) {
        if !text[at..at + found].trim_matches([' ', '\r']).is_empty() {
            break;
        }
        let next = at + found + 1;
        let wanted = match chomping {
            Chomping::Strip => 0,
            Chomping::Clip => 1,
            Chomping::Keep => usize::MAX,
        };
        if count >= wanted {
            break;
        }
        decoded.push_spelled("\n", at..next);
        count += 1;
        at = next;
    }
}

/// How many blanks stand before the block's text.
///
/// Without an indicator the first line with text tells it. With one, the parent's column would be
/// needed; the least indented line tells it unless every line begins with a blank of its own.
fn content_indent(body: &str, is_explicit: bool) -> Option<usize> {
    let mut indents = body
        .lines()
        .filter(|line| !line.trim_matches([' ', '\t', '\r']).is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len());
    if is_explicit { indents.min() } else { indents.next() }
}
