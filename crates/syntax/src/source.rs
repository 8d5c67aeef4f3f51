//! A text with a name, a format, and a way from byte offsets to lines and columns.

use std::sync::{Arc, OnceLock};

use crate::{Format, Span};

/// A text to look for references in.
#[derive(Clone)]
pub struct Source {
    path: Arc<str>,
    /// The text, or whole lines of it.
    text: Arc<String>,
    /// What stands before those.
    skipped: Skipped,
    format: Format,
    index: Arc<Index>,
}

/// How much of a text is not kept before what is.
#[derive(Clone, Copy, Default)]
struct Skipped {
    bytes: usize,
    lines: usize,
}

/// What is looked up again and again, made when it is first asked for.
#[derive(Default)]
struct Index {
    /// Where each line starts.
    lines: OnceLock<Vec<usize>>,
    /// How many characters stand before each [`STRIDE`] of bytes.
    characters: OnceLock<Vec<usize>>,
}

/// Columns further into a line than this are not counted from its start: a line may be as long as the text, and hold
/// ten thousand problems.
const STRIDE: usize = 1024;

impl Source {
    /// Names a text and says how to read it.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<String>, format: Format) -> Self {
        // A large text is shared as it is: in an `Arc<str>` it would be copied.
        let (text, skipped) = (Arc::new(text.into()), Skipped::default());
        Self { path: path.into(), text, skipped, format, index: Arc::default() }
    }

    /// The same text with no more of it kept than the lines of a span and one on either side.
    ///
    /// Offsets and lines stay what they are. Ten thousand problems may lie in as many texts, which are more than a
    /// memory should hold for the few lines that are shown.
    #[must_use]
    pub fn around(&self, span: &Span) -> Self {
        let starts = self.line_starts();
        let line = |offset: usize| self.line(offset) - self.skipped.lines;
        let first = line(span.start).saturating_sub(2);
        let start = starts[first];
        let end = starts.get(line(span.end) + 1).copied().unwrap_or(self.text.len());
        if end - start > self.text.len() / 2 {
            return self.clone();
        }
        let skipped = Skipped { bytes: self.skipped.bytes + start, lines: self.skipped.lines + first };
        let text = Arc::new(self.text[start..end].to_owned());
        Self { path: Arc::clone(&self.path), text, skipped, format: self.format, index: Arc::default() }
    }

    /// What people call this text, usually a path as they typed it.
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The whole text, or all that is kept of it: from [`Self::start`] to [`Self::end`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte offset at which what is kept begins; 0 if that is all.
    pub fn start(&self) -> usize {
        self.skipped.bytes
    }

    /// The byte offset at which what is kept ends.
    pub fn end(&self) -> usize {
        self.skipped.bytes + self.text.len()
    }

    /// How the text is read.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The text at `span`; empty if `span` is no part of this text.
    pub fn slice(&self, span: &Span) -> &str {
        let within = |offset: usize| offset.checked_sub(self.skipped.bytes);
        let span = within(span.start).zip(within(span.end));
        span.and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default()
    }

    /// The line and column of a byte offset, both 1-based; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.line_starts()[line - self.skipped.lines - 1];
        let offset = self.text.floor_char_boundary(offset.saturating_sub(self.skipped.bytes)).max(start);
        let column = if offset - start <= STRIDE {
            characters(&self.text.as_bytes()[start..offset])
        } else {
            self.characters_before(offset) - self.characters_before(start)
        };
        (line, column + 1)
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        let offset = offset.saturating_sub(self.skipped.bytes);
        self.skipped.lines + self.line_starts().partition_point(|&start| start <= offset)
    }

    /// The byte span of a 1-based line, its line break excluded.
    pub fn line_span(&self, line: usize) -> Span {
        let starts = self.line_starts();
        let line = line.saturating_sub(self.skipped.lines);
        let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = starts.get(line).copied().unwrap_or(self.text.len());
        let text = &self.text[start..end.max(start)];
        let start = self.skipped.bytes + start;
        start..start + text.trim_end_matches(['\n', '\r']).len()
    }

    fn line_starts(&self) -> &[usize] {
        self.index.lines.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1);
            std::iter::once(0).chain(breaks).collect()
        })
    }

    /// How many characters stand before a byte offset into what is kept.
    fn characters_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let counts = self.index.characters.get_or_init(|| {
            let mut count = 0;
            let strides = bytes.chunks(STRIDE).map(|stride| {
                count += characters(stride);
                count
            });
            std::iter::once(0).chain(strides).collect()
        });
        let stride = offset / STRIDE;
        counts[stride] + characters(&bytes[stride * STRIDE..offset])
    }
}

/// How many characters begin in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

/// Says which text it is, never what is in it.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        let source = Source::new("x", "añb\r\n\tsecret\n", Format::Text);
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(3), (1, 3), "ñ is two bytes and one column");
        assert_eq!(source.position(7), (2, 2));
        assert_eq!(source.slice(&source.line_span(1)), "añb");
        assert_eq!(source.slice(&source.line_span(2)), "\tsecret");
        assert_eq!(source.line_span(9), 14..14);
    }

    #[test]
    fn what_is_kept_of_a_text_answers_as_all_of_it() {
        let text: String = (0..100).map(|line| format!("lïne {line}\r\n")).collect();
        let whole = Source::new("x", text.clone(), Format::Text);
        for (start, end) in [(0, 1), (9, 30), (500, 500), (510, 530), (text.len() - 3, text.len())] {
            let piece = whole.around(&(start..end));
            assert!(piece.text().len() < 80, "{} bytes", piece.text().len());
            assert_eq!(piece.text(), &text[piece.start()..piece.end()]);
            for offset in start..=end {
                assert_eq!(piece.position(offset), whole.position(offset), "{offset}");
                let line = whole.line(offset);
                assert_eq!(piece.line_span(line), whole.line_span(line), "{line}");
                assert_eq!(piece.slice(&(offset..end)), whole.slice(&(offset..end)));
            }
            assert_eq!(piece.around(&(start..end)).text().len(), piece.text().len());
        }
        assert_eq!(whole.around(&(300..310)).slice(&(0..5)), "");
        assert_eq!(whole.around(&(0..text.len())).text().len(), text.len());
    }

    #[test]
    fn columns_far_into_a_line_are_the_same() {
        let text = format!("x\n{}", "añ日".repeat(STRIDE));
        let source = Source::new("x", text.clone(), Format::Text);
        for (column, (offset, _)) in text[2..].char_indices().enumerate().step_by(97) {
            assert_eq!(source.position(2 + offset), (2, column + 1));
        }
        assert_eq!(source.position(text.len()), (2, 3 * STRIDE + 1));
        assert_eq!(source.position(usize::MAX), (2, 3 * STRIDE + 1));
    }
}
