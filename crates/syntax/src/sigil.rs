//! The quick look that decides whether a text needs a parser at all.
//!
//! Every reference holds a sigil of its dialect; for most that is the bare word `secret`. A string may
//! spell it with escapes, so a format that has them is also looked at for an escape that could stand
//! for one of its characters.

use std::borrow::Cow;

use memchr::memmem;

/// What a dialect's references hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sigil {
    /// The word `secret`, in any mix of cases: near misses are found too.
    Secret,
    /// This text, exactly.
    Text(Cow<'static, str>),
}

impl Sigil {
    fn next(&self, text: &str, from: usize) -> Option<usize> {
        match self {
            Self::Secret => next_secret(text, from),
            Self::Text(sign) => {
                let found = memmem::find(text.as_bytes().get(from..)?, sign.as_bytes())?;
                Some(from + found)
            }
        }
    }

    /// Whether it stands in `text`.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.next(text, 0).is_some()
    }
}

/// Finds several sigils in one text, by their place.
///
/// Each sigil's next place is kept until it is passed, so a rare one is not looked for again and again.
pub(crate) struct Sightings<'a> {
    text: &'a str,
    sigils: Vec<(&'a Sigil, Option<usize>)>,
}

impl<'a> Sightings<'a> {
    pub(crate) fn new(text: &'a str, sigils: &'a [Sigil]) -> Self {
        let sigils = sigils.iter().map(|sigil| (sigil, sigil.next(text, 0))).collect();
        Self { text, sigils }
    }

    /// Where the first of them stands, at `from` or behind it.
    pub(crate) fn next(&mut self, from: usize) -> Option<usize> {
        for (sigil, next) in &mut self.sigils {
            if next.is_some_and(|at| at < from) {
                *next = sigil.next(self.text, from);
            }
        }
        self.sigils.iter().filter_map(|(_, next)| *next).min()
    }
}

/// Where the word `secret` stands next, from `from` on, in any mix of cases.
fn next_secret(text: &str, from: usize) -> Option<usize> {
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
pub(crate) fn may_be_escaped(text: &str) -> bool {
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
            assert_eq!(next_secret(text, 0), Some(at), "{text}");
        }
        for text in ["", "secre", "sec ret", "c", "sécret"] {
            assert_eq!(next_secret(text, 0), None, "{text}");
        }
        assert_eq!(next_secret("secret secret", 1), Some(7));
    }

    #[test]
    fn escaped_spellings_are_worth_a_parse() {
        assert!(may_be_escaped(r#""\u007b\u0073ecret:x}""#));
        assert!(may_be_escaped(r#""{\x73ecret:x}""#));
        assert!(may_be_escaped("\"{sec\\\n  ret:x}\""));
        assert!(!may_be_escaped(r#""\u4e16\n""#));
    }

    #[test]
    fn several_sigils_are_found_in_order() {
        let sigils = [Sigil::Secret, Sigil::Text("$".into()), Sigil::Text("{{".into())];
        let mut sightings = Sightings::new("a {{secret}} $SECRET", &sigils);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(at) = sightings.next(from) {
            found.push(at);
            from = at + 1;
        }
        assert_eq!(found, [2, 4, 13, 14]);
    }
}
