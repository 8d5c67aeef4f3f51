//! Comments between two tokens of a YAML text.

use std::ops::Range;

/// A comment in a gap.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// What stands behind the sign, blanks included.
    pub(super) span: Range<usize>,
    /// Whether something else stands before it on its line.
    pub(super) is_inline: bool,
    /// How many bytes stand before its sign on its line.
    pub(super) column: usize,
    /// Whether the marker `---` or `...` stood in the gap before it.
    pub(super) is_behind_marker: bool,
}

/// What stands between two tokens: `:`, dashes, brackets, commas, tags, anchors, document markers, and comments.
///
/// A `#` begins a comment at a line's start or behind a blank (YAML 1.2.2, 6.6).
pub(super) fn in_gap(text: &str, gap: Range<usize>, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut at = gap.start;
    let mut is_behind_marker = false;
    while at < gap.end {
        let Some(next) = memchr::memchr3(b'#', b'-', b'.', &bytes[at..gap.end]).map(|next| at + next) else {
            return;
        };
        let line_start = memchr::memrchr(b'\n', &bytes[..next]).map_or(0, |found| found + 1);
        if bytes[next] != b'#' {
            let marker = bytes.get(next..next + 3);
            if next == line_start && (marker == Some(b"---") || marker == Some(b"...")) {
                is_behind_marker = true;
                at = next + 3;
            } else {
                at = next + 1;
            }
            continue;
        }
        let is_apart = next == 0 || matches!(bytes[next - 1], b' ' | b'\t' | b'\n' | b'\r');
        if !is_apart {
            at = next + 1;
            continue;
        }
        let end = memchr::memchr(b'\n', &bytes[next..]).map_or(text.len(), |found| next + found);
        let trimmed = if end > next + 1 && bytes[end - 1] == b'\r' { end - 1 } else { end };
        let before = text[line_start..next].trim_start_matches('\u{FEFF}');
        found.push(Found {
            span: next + 1..trimmed,
            is_inline: !before.bytes().all(|byte| matches!(byte, b' ' | b'\t')),
            column: next - line_start,
            is_behind_marker,
        });
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_a_gap_are_found_with_their_columns() {
        let text = "a: 1 # x#y\n  #z\r\n---\n#w\nb";
        let mut found = Vec::new();
        in_gap(text, 4..text.len() - 1, &mut found);
        let told: Vec<_> = found
            .iter()
            .map(|c| (&text[c.span.clone()], c.is_inline, c.column, c.is_behind_marker))
            .collect();
        assert_eq!(told, [(" x#y", true, 5, false), ("z", false, 2, false), ("w", false, 0, true)]);
    }
}
