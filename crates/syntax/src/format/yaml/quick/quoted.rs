//! Scalars in quotes, and what scalars say that are not written as they read.

use std::borrow::Cow;

use super::{Marks, Role, Scanner, Tell, Written, is_blank};
use crate::Style;
use crate::format::next_of::next_of;
use crate::format::{hex, utf16_escape};

/// Where a scalar ends that is plain or in quotes, and how it is written.
pub(super) struct Found {
    /// Behind its last character, or the quote that ends it.
    pub(super) end: usize,
    pub(super) is_multiline: bool,
    /// Whether each byte of it, or between its quotes, stands for itself.
    pub(super) is_verbatim: bool,
}

impl<'s, T: Tell<'s>> Scanner<'s, T> {
    /// Reads the scalar whose quote stands at `at`. Its lines stand deeper than the innermost collection.
    pub(super) fn quoted(&self, at: usize) -> Option<Found> {
        let quote = self.byte(at);
        let other = if quote == b'"' { b'\\' } else { quote };
        let mut is_multiline = false;
        let mut is_verbatim = true;
        let mut next = at + 1;
        loop {
            next = next_of(self.bytes, next, [quote, other, b'\n']);
            match *self.bytes.get(next)? {
                b'\n' => {
                    is_multiline = true;
                    next = self.continuation(next + 1)?;
                }
                b'\\' if matches!(self.byte(next + 1), b'\n' | b'\r') => {
                    is_multiline = true;
                    let behind = next + if self.byte(next + 1) == b'\r' { 3 } else { 2 };
                    next = self.continuation(behind)?;
                }
                b'\\' => {
                    is_verbatim = false;
                    (_, next) = escape(self.text, next)?;
                }
                _ if quote == b'\'' && self.byte(next + 1) == quote => {
                    is_verbatim = false;
                    next += 2;
                }
                _ => {
                    return Some(Found {
                        end: next + 1,
                        is_multiline,
                        is_verbatim: is_verbatim && !is_multiline,
                    });
                }
            }
        }
    }

    /// Where a scalar goes on behind a line break, if that is deep enough (YAML 1.2.2, 6.3).
    fn continuation(&self, mut start: usize) -> Option<usize> {
        loop {
            let content = self.skip_spaces(start);
            match self.byte(content) {
                b'\n' => start = content + 1,
                b'\r' => start = content + 2,
                0 | b'\t' => return None,
                _ => {
                    let least = self.levels.last().map_or(0, |level| level.column);
                    return (content - start > least).then_some(content);
                }
            }
        }
    }

    /// Hands over the scalar that begins at `at`.
    pub(super) fn tell(&mut self, at: usize, found: &Found, role: Role, properties: Marks) {
        let style = style_of(self.byte(at));
        let written = Written { span: at..found.end, style, role, is_verbatim: found.is_verbatim };
        self.scalar(written, properties, |raw| said(raw, style, found.is_verbatim));
    }
}

/// How a scalar is written that begins with this byte and is no block.
fn style_of(first: u8) -> Style {
    match first {
        b'"' => Style::YamlDouble,
        b'\'' => Style::YamlSingle,
        _ => Style::YamlPlain,
    }
}

/// What a scalar says.
fn said(raw: &str, style: Style, is_verbatim: bool) -> Cow<'_, str> {
    let quote = usize::from(style != Style::YamlPlain);
    let inner = &raw[quote..raw.len() - quote];
    match style {
        _ if is_verbatim => Cow::Borrowed(inner),
        Style::YamlPlain => Cow::Owned(folded(inner)),
        _ => Cow::Owned(unquoted(inner, style)),
    }
}

/// What a key says, which stands on one line.
pub(super) fn key_says(raw: &str) -> Cow<'_, str> {
    let style = style_of(raw.as_bytes().first().copied().unwrap_or(0));
    let is_verbatim = match style {
        Style::YamlDouble => !raw.contains('\\'),
        Style::YamlSingle => !raw[1..raw.len() - 1].contains('\''),
        _ => true,
    };
    said(raw, style, is_verbatim)
}

/// Reads the escape at `at` (YAML 1.2.2, 5.7): its character and where it ends.
fn escape(text: &str, at: usize) -> Option<(char, usize)> {
    let simple = |letter: char| Some((letter, at + 2));
    let code = |digits: usize| Some((char::from_u32(hex(text, at + 2, digits)?)?, at + 2 + digits));
    match text.as_bytes().get(at + 1)? {
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
        b'u' => {
            // The second half of a pair must be one.
            let first = hex(text, at + 2, 4)?;
            let second = if (0xD800..0xDC00).contains(&first) { hex(text, at + 8, 4) } else { Some(0xDC00) };
            (0xDC00..0xE000).contains(&second?).then(|| utf16_escape(text, at + 2))?
        }
        b'U' => code(8),
        _ => None,
    }
}

/// What stands between quotes says: escapes, doubled quotes and line breaks are undone.
fn unquoted(inner: &str, style: Style) -> String {
    let bytes = inner.as_bytes();
    let special = if style == Style::YamlDouble { b'\\' } else { b'\'' };
    let mut out = String::with_capacity(inner.len());
    // Blanks before this length were written as escapes and stay before a line break.
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr2(special, b'\n', &bytes[at..]) {
        let stop = at + found;
        out.push_str(&inner[at..stop]);
        match (bytes[stop], bytes.get(stop + 1)) {
            (b'\n', _) => at = fold(bytes, stop, &mut out, kept),
            (b'\'', _) => {
                out.push('\'');
                at = stop + 2;
            }
            (_, Some(b'\n' | b'\r')) => {
                let line = stop + if bytes[stop + 1] == b'\r' { 3 } else { 2 };
                let (breaks, next) = breaks(bytes, line);
                out.extend(std::iter::repeat_n('\n', breaks));
                at = next;
            }
            _ => {
                let Some((letter, next)) = escape(inner, stop) else { break };
                out.push(letter);
                at = next;
            }
        }
        kept = out.len();
    }
    out.push_str(&inner[at..]);
    out
}

/// What a plain scalar of several lines says.
fn folded(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\n', &bytes[at..]) {
        out.push_str(&raw[at..at + found]);
        at = fold(bytes, at + found, &mut out, 0);
    }
    out.push_str(&raw[at..]);
    out
}

/// Folds the line breaks from `at` on and says where text goes on (YAML 1.2.2, 6.5).
fn fold(bytes: &[u8], at: usize, out: &mut String, kept: usize) -> usize {
    let trimmed = kept + out[kept..].trim_end_matches([' ', '\t', '\r']).len();
    out.truncate(trimmed);
    let (breaks, next) = breaks(bytes, at + 1);
    if breaks == 0 {
        out.push(' ');
    }
    out.extend(std::iter::repeat_n('\n', breaks));
    next
}

/// Counts the lines without text from the line start `at` on, and says where text begins.
fn breaks(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let mut breaks = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => breaks += 1,
            b'\r' => {}
            _ if is_blank(byte) => {}
            _ => break,
        }
        at += 1;
    }
    (breaks, at)
}
