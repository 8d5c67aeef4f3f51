//! Passes over the lines of a TOML text that surely are pairs of no interest, so that the library reads few.
//!
//! An expression of TOML ends with its line, and what follows it does not depend on it (TOML 1.1, ABNF `toml`).
//! So a text is valid if its pieces are, each a run of whole lines, and its events are theirs one after another.

use crate::Event;
use crate::format::next_of::next_of;
use crate::sigil::Sightings;

/// Hands over the events of the lines with a sigil and of those that are not surely simple.
///
/// Returns whether `text` is valid for sure; if not, what has been handed over is void.
pub(crate) fn sight<'s>(text: &'s str, mut sigils: Sightings<'_>, sink: &mut dyn FnMut(Event<'s>)) -> bool {
    let bytes = text.as_bytes();
    let mut at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let mut next = sigils.next(at).unwrap_or(usize::MAX);
    while at < bytes.len() {
        let end = line_end(bytes, at);
        if next < at {
            next = sigils.next(at).unwrap_or(usize::MAX);
        }
        if next >= end && is_simple(&bytes[at..end]) {
            at = end;
            continue;
        }
        match piece(text, at, end, sink) {
            Some(end) => at = end,
            None => return false,
        }
    }
    true
}

/// Where the line's break ends.
fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found + 1)
}

/// Lets the library read the lines from `at` on, more of them if `end` is not where an expression ends.
fn piece<'s>(text: &'s str, at: usize, mut end: usize, sink: &mut dyn FnMut(Event<'s>)) -> Option<usize> {
    // The library takes a byte order mark at the start of a piece for that of a text.
    if text[at..].starts_with('\u{FEFF}') {
        return None;
    }
    let mut lines = 1;
    loop {
        let mut events = Vec::new();
        if super::parse_piece(&text[at..end], at, &mut |event| events.push(event)).is_ok() {
            events.into_iter().for_each(sink);
            return Some(end);
        }
        if end == text.len() {
            return None;
        }
        // Twice as many each time: the sum of all tries stays in proportion to the piece.
        for _ in 0..lines {
            end = line_end(text.as_bytes(), end);
        }
        lines *= 2;
    }
}

/// Whether a line is empty, a comment, or a bare key with a string on one line without escapes, a whole
/// number or a boolean. It may have a comment at its end.
fn is_simple(line: &[u8]) -> bool {
    let broken = line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = behind_blanks(broken.unwrap_or(line));
    let key =
        line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
    if key == 0 {
        return is_rest(line);
    }
    let Some(value) = behind_blanks(&line[key..]).strip_prefix(b"=") else { return false };
    let value = behind_blanks(value);
    match value {
        [quote @ (b'"' | b'\''), inner @ ..] => {
            let other = if *quote == b'"' { b'\\' } else { *quote };
            let end = next_of(inner, 0, [*quote, other]);
            let Some(rest) = inner.get(end..).and_then(|rest| rest.strip_prefix(&[*quote])) else {
                return false;
            };
            // Two quotes and a third begin a string of several lines, and the third is no comment.
            has_no_control(&inner[..end]) && is_apart(rest)
        }
        [b'1'..=b'9', ..] => {
            let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
            is_apart(&value[digits..])
        }
        _ => {
            let rest = value.strip_prefix(b"true").or_else(|| value.strip_prefix(b"false"));
            rest.is_some_and(is_apart)
        }
    }
}

fn behind_blanks(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &line[blanks..]
}

/// Whether nothing but blanks and a comment stand here.
fn is_apart(rest: &[u8]) -> bool {
    is_rest(behind_blanks(rest))
}

/// Whether nothing but a comment stands here.
fn is_rest(rest: &[u8]) -> bool {
    rest.is_empty() || rest[0] == b'#' && has_no_control(rest)
}

/// Whether no byte is a control character but a tab.
fn has_no_control(bytes: &[u8]) -> bool {
    // Without a branch in it, this loop is one over vectors.
    let mut odd = 0;
    for &byte in bytes {
        odd |= u8::from(byte < b' ') & u8::from(byte != b'\t') | u8::from(byte == 0x7F);
    }
    odd == 0
}
