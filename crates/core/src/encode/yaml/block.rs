//! Block scalars: lines after `|` and `>` (YAML 1.2.2, chapter 8).

use redeem_syntax::Style;
use redeem_syntax::format::decode_raw;
use zeroize::Zeroizing;

use crate::encode::{Spot, is_printable};

/// Writes the lines of a literal block anew, with its indentation, and with the chomping that its end needs.
///
/// None if a block cannot hold the text: a control character, blanks where the indentation is
/// measured, or no line break at the end of the file where the text ends in one.
pub(super) fn literal(spot: &Spot<'_>, expected: &str) -> Option<Zeroizing<String>> {
    let header = Header::of(spot);
    let indent = spot.scalar.decoded.block_indent;
    let body = expected.trim_end_matches('\n');
    let breaks = expected.len() - body.len();
    let is_blank_line = |line: &str| !line.is_empty() && line.trim_matches([' ', '\t']).is_empty();
    let first = body.split('\n').find(|line| !line.is_empty())?;
    if indent == 0
        || !header.is_explicit && first.starts_with([' ', '\t'])
        || expected.chars().any(|c| !(is_printable(c) || c == '\n' || c == '\t'))
        || body.split('\n').any(is_blank_line)
    {
        return None;
    }
    let (break_follows, blank_lines) = following(spot);
    let chomping = match breaks {
        // Readers disagree about a block that the end of the file ends, so its header stays.
        0 if !break_follows => header.chomping,
        _ if !break_follows => return None,
        0 => "-",
        1 if header.chomping != "+" || blank_lines > 0 => "",
        _ => "+",
    };
    // Blank lines behind the block count as its own when they are kept.
    let more = if chomping == "+" { breaks.checked_sub(1 + blank_lines)? } else { 0 };
    let line_break = header.line_break;
    let mut out = Zeroizing::new(String::with_capacity(2 * expected.len() + header.text.len()));
    header.write(chomping, &mut out);
    for line in body.split('\n') {
        out.push_str(line_break);
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
    (0..more).for_each(|_| out.push_str(line_break));
    Some(out)
}

/// Splices pieces of one line into a folded block; others would be folded, or unfold their neighbours.
///
/// An empty piece may leave a line that is blank or begins with a blank. The comparison behind this finds
/// what that changes, but for the first line with text: it tells readers how far the block is indented.
pub(super) fn folded(spot: &Spot<'_>) -> Option<Zeroizing<String>> {
    let indent = spot.scalar.decoded.block_indent;
    let fits = |text: &str| text.trim() == text && text.chars().all(is_printable);
    if indent == 0 || !spot.pieces.iter().all(|piece| fits(&piece.text)) {
        return None;
    }
    let written = spot.splice(|piece, out| out.push_str(piece));
    let first = written.lines().skip(1).find(|line| !line.trim_matches([' ', '\t']).is_empty())?;
    let begins_at = first.len() - first.trim_start_matches(' ').len();
    (begins_at == indent || Header::of(spot).is_explicit).then_some(written)
}

/// Whether a block written as `written` says `expected`, what follows it in the source included.
pub(super) fn reads_as(spot: &Spot<'_>, written: &str, expected: &str) -> bool {
    let rest = &spot.source[spot.scalar.span.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    let behind = rest[blank..].find('\n').map_or(rest.len(), |at| blank + at + 1);
    let whole = Zeroizing::new([written, &rest[..behind]].concat());
    let indent = Some(spot.scalar.decoded.block_indent);
    // A block's span ends with its last line that has text.
    let end = written.trim_end_matches(['\r', '\n']).len();
    decode_raw(&whole, &(0..end), spot.scalar.style, indent).is_some_and(|decoded| decoded.text == expected)
}

/// Whether the end of the file ends the block, without a line break, and that leaves its text in doubt.
///
/// `|-` strips the line break whether there is one or not.
pub(super) fn is_cut_off(spot: &Spot<'_>) -> bool {
    is_block(spot) && !following(spot).0 && Header::of(spot).chomping != "-"
}

fn is_block(spot: &Spot<'_>) -> bool {
    matches!(spot.scalar.style, Style::YamlLiteral | Style::YamlFolded)
}

/// A block that turns to quotes or a number keeps the comment of its header; any other scalar has none.
pub(in crate::encode) fn with_header_comment(
    spot: &Spot<'_>,
    mut written: Zeroizing<String>,
) -> Zeroizing<String> {
    if is_block(spot) {
        written.push_str(Header::of(spot).comment.trim_end());
    }
    written
}

/// The first line of a block: its indicators, and what follows them.
struct Header<'a> {
    text: &'a str,
    is_explicit: bool,
    chomping: &'a str,
    comment: &'a str,
    line_break: &'a str,
}

impl<'a> Header<'a> {
    fn of(spot: &Spot<'a>) -> Self {
        let raw = &spot.source[spot.scalar.span.clone()];
        let line = raw.split('\n').next().unwrap_or_default();
        let text = line.strip_suffix('\r').unwrap_or(line);
        let comment = text.find([' ', '\t']).map_or("", |at| &text[at..]);
        let indicators = &text[1.min(text.len())..text.len() - comment.len()];
        let chomping = indicators.trim_matches(|c: char| c.is_ascii_digit());
        let is_explicit = indicators.len() > chomping.len();
        Self {
            text,
            is_explicit,
            chomping,
            comment,
            line_break: if line.len() > text.len() { "\r\n" } else { "\n" },
        }
    }

    fn write(&self, chomping: &str, out: &mut String) {
        let indicators = &self.text[..self.text.len() - self.comment.len()];
        out.extend(indicators.chars().filter(|&c| c != '+' && c != '-'));
        out.push_str(chomping);
        out.push_str(self.comment);
    }
}

/// Whether a line break follows the scalar, and how many blank lines after it.
fn following(spot: &Spot<'_>) -> (bool, usize) {
    let mut lines = spot.source[spot.scalar.span.end..].split('\n');
    lines.next();
    let mut rest = lines.peekable();
    let break_follows = rest.peek().is_some();
    let mut blank = 0;
    while let Some(line) = rest.next() {
        // The text behind the last line break is no line.
        if rest.peek().is_none() || !line.trim_matches([' ', '\r']).is_empty() {
            break;
        }
        blank += 1;
    }
    (break_follows, blank)
}
