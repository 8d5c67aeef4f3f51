//! Decodes plain string literals, so that a name counts however it is spelled.

use std::ops::Range;

use crate::python::QuoteKind;

use super::{Kind, Walker};

impl Walker<'_> {
    /// Reads string literals without fields from token `at` on: their text, its span and the token behind them.
    ///
    /// The span is what stands between the quotes of one literal, or all of several side by side.
    pub(super) fn constant(&self, at: usize) -> Option<(String, Range<usize>, usize)> {
        let mut text = String::new();
        let mut next = at;
        let mut span = None;
        while let Some(token) = self.tokens.get(next) {
            match &token.kind {
                Kind::Text(quote, inner) if quote.kind == QuoteKind::Plain => {
                    let written = &self.text[inner.clone()];
                    if quote.raw {
                        text.push_str(written);
                    } else {
                        text.push_str(&decode(written)?);
                    }
                    span = Some(span.map_or(inner.clone(), |_| self.tokens[at].span.start..token.span.end));
                }
                Kind::Text(..) | Kind::Format(_) => return None,
                _ => break,
            }
            next += 1;
        }
        Some((text, span?, next))
    }
}

/// Decodes the escapes of a literal that is not raw; `None` if one is broken or needs Python's table (`\N{DASH}`).
pub(in crate::python) fn decode(written: &str) -> Option<String> {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let escaped = rest.chars().next()?;
        let length = escaped.len_utf8();
        let (decoded, length) = match escaped {
            '\r' if rest.starts_with("\r\n") => (None, 2),
            '\n' | '\r' => (None, 1),
            '\\' | '\'' | '"' => (Some(escaped), 1),
            'a' => (Some('\x07'), 1),
            'b' => (Some('\x08'), 1),
            'f' => (Some('\x0c'), 1),
            'n' => (Some('\n'), 1),
            'r' => (Some('\r'), 1),
            't' => (Some('\t'), 1),
            'v' => (Some('\x0b'), 1),
            'x' => (Some(by_number(rest.get(1..3)?, 16)?), 3),
            'u' => (Some(by_number(rest.get(1..5)?, 16)?), 5),
            'U' => (Some(by_number(rest.get(1..9)?, 16)?), 9),
            'N' => return None,
            '0'..='7' => {
                let digits = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                (Some(by_number(&rest[..digits], 8)?), digits)
            }
            // Python keeps the backslash of an escape it does not know.
            _ => {
                text.push('\\');
                (Some(escaped), length)
            }
        };
        text.extend(decoded);
        rest = &rest[length..];
    }
    text.push_str(rest);
    Some(text)
}

fn by_number(digits: &str, radix: u32) -> Option<char> {
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}
