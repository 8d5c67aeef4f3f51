//! The quick look that decides whether a text needs a parser at all.
//!
//! Every reference holds the bare word `secret`. A string may spell it with
//! escapes, so a format that has them is also looked at for an escape that
//! could stand for one of its letters.

use memchr::memmem;

use crate::Format;

/// Whether `text` may hold a reference, a near miss, or an escaped spelling of one.
///
/// `false` is certain; `true` means that it is worth parsing.
pub fn may_hold_reference(text: &str, format: Format) -> bool {
    has_sigil(text) || format.has_escapes() && may_spell_sigil(text)
}

/// Whether the word `secret` stands in `text`, in any mix of cases.
pub(crate) fn has_sigil(text: &str) -> bool {
    next_sigil(text, 0).is_some()
}

/// Where the word `secret` stands next, from `from` on, in any mix of cases.
pub(crate) fn next_sigil(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        // `c` is the rarest letter of the word; both its cases are looked for at once.
        at += memchr::memchr2(b'c', b'C', bytes.get(at..)?)?;
        let start = at.checked_sub(2).filter(|&start| start >= from);
        if let Some(start) = start
            && bytes.get(start..start + 6).is_some_and(|word| word.eq_ignore_ascii_case(b"secret"))
        {
            return Some(start);
        }
        at += 1;
    }
}

/// Whether an escape in `text` may stand for an ASCII character, or a line break may be escaped.
fn may_spell_sigil(text: &str) -> bool {
    let bytes = text.as_bytes();
    memmem::find_iter(bytes, b"\\").any(|at| match bytes.get(at + 1) {
        Some(b'x' | b'\n' | b'\r' | b' ' | b'\t') => true,
        Some(b'u') => bytes.get(at + 2..at + 4) == Some(b"00"),
        Some(b'U') => bytes.get(at + 2..at + 8) == Some(b"000000"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_in_any_case() {
        for (text, at) in [("secret", 0), ("a seSecret", 4), ("${SECRET.x}", 2), ("ccsecret", 2)] {
            assert_eq!(next_sigil(text, 0), Some(at), "{text}");
        }
        for text in ["", "secre", "sec ret", "c", "sécret"] {
            assert_eq!(next_sigil(text, 0), None, "{text}");
        }
        assert_eq!(next_sigil("secret secret", 1), Some(7));
    }

    #[test]
    fn escaped_spellings_are_worth_a_parse() {
        assert!(may_hold_reference(r#""\u007b\u0073ecret:x}""#, Format::Json));
        assert!(may_hold_reference(r#""{\x73ecret:x}""#, Format::Yaml));
        assert!(may_hold_reference("\"{sec\\\n  ret:x}\"", Format::Yaml));
        assert!(!may_hold_reference(r#""\u4e16\n""#, Format::Json));
        assert!(!may_hold_reference(r"\x73ecret", Format::Text));
    }
}
