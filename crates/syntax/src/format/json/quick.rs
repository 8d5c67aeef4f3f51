//! Strict JSON in one pass without a tree; comments and whatever else is more than that are left to the library.

use std::borrow::Cow;

use super::decode;
use crate::event::Properties;
use crate::format::lookout::{Lookout, Sighted};
use crate::format::next_of::next_of;
use crate::sigil::Sightings;
use crate::{Span, Style, Token};

/// How many collections may be open: the other parser's limit is 512.
const MAX_DEPTH: usize = 100;

/// Hands over the strings that are worth a look, and returns whether the text is valid for sure.
///
/// If it is not sure, what has been handed over is void.
pub(crate) fn sight<'s>(text: &'s str, sigils: Sightings<'_>, sink: &mut dyn FnMut(Sighted<'s>)) -> bool {
    let lookout = Lookout::new(text, sigils, says, sink);
    let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    Reader { text, bytes: text.as_bytes(), at, lookout }.run().is_some()
}

/// What a string says: its quotes and escapes are undone.
fn says(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(&raw[1..raw.len() - 1]);
    }
    Cow::Owned(decode(raw, 0).unwrap_or_default().text)
}

/// A place in a text. Each step returns `None` where it is not sure.
struct Reader<'s, 'f> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    lookout: Lookout<'s, 'f>,
}

impl Reader<'_, '_> {
    #[inline]
    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_blanks(&mut self) -> u8 {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        self.byte()
    }

    fn run(mut self) -> Option<()> {
        loop {
            if self.value()? {
                continue;
            }
            // Behind a value: the ends of collections, then a comma and what follows it.
            loop {
                let next = self.skip_blanks();
                if self.lookout.depth() == 0 {
                    return (self.at == self.bytes.len()).then_some(());
                }
                self.at += 1;
                match (next, self.lookout.is_in_list()) {
                    (b']', true) | (b'}', false) => self.lookout.closed(),
                    (b',', true) => break,
                    (b',', false) => {
                        self.skip_blanks();
                        self.key()?;
                        break;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// Takes a value up to its end, or a collection up to its first value; returns whether that follows.
    fn value(&mut self) -> Option<bool> {
        match self.skip_blanks() {
            b'"' => self.string(false)?,
            open @ (b'{' | b'[') => {
                if self.lookout.depth() >= MAX_DEPTH {
                    return None;
                }
                self.lookout.opened(open == b'[');
                self.at += 1;
                match (open, self.skip_blanks()) {
                    (b'{', b'}') | (b'[', b']') => {
                        self.at += 1;
                        self.lookout.closed();
                    }
                    (b'{', _) => {
                        self.key()?;
                        return Some(true);
                    }
                    _ => return Some(true),
                }
            }
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        }
        Some(false)
    }

    /// Takes a key and its colon.
    fn key(&mut self) -> Option<()> {
        self.string(true)?;
        if self.skip_blanks() != b':' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn string(&mut self, is_key: bool) -> Option<()> {
        let start = self.at;
        if self.byte() != b'"' {
            return None;
        }
        let mut next = start + 1;
        let mut has_codes = false;
        loop {
            next = next_of(self.bytes, next, [b'"', b'\\']);
            if *self.bytes.get(next)? == b'"' {
                break;
            }
            match self.bytes.get(next + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => next += 2,
                b'u' => {
                    // The halves of a pair are left to the library.
                    let digits = self.bytes.get(next + 2..next + 6)?;
                    let is_half =
                        matches!(digits, [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
                    if is_half || !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    has_codes = true;
                    next += 6;
                }
                _ => return None,
            }
        }
        self.at = next + 1;
        let span = start..self.at;
        // Of the escapes only a code can spell a letter.
        if self.lookout.sees(&span, is_key, has_codes) {
            self.hand_over(span, is_key);
        }
        Some(())
    }

    fn hand_over(&mut self, span: Span, is_key: bool) {
        let text = says(&self.text[span.clone()]);
        let properties = Properties::default();
        self.lookout.hand_over(Token { span, style: Style::Json, text, is_key, in_flow: true, properties });
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.at += self.text.get(self.at..)?.starts_with(word).then_some(word.len())?;
        self.end_of_fixed()
    }

    /// Takes a number (RFC 8259, section 6).
    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.byte() == b'-');
        if self.byte() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        self.end_of_fixed()
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// A number or a word ends where no other begins.
    fn end_of_fixed(&mut self) -> Option<()> {
        self.lookout.passed();
        let is_end = matches!(self.byte(), b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
        (is_end || self.at == self.bytes.len()).then_some(())
    }
}
