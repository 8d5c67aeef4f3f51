//! The quick look that decides whether a text needs a parser at all.
//!
//! Every reference holds a sigil of its dialect; for most that is the bare word `secret`. A string may
//! spell it with escapes, so a format that has them is also looked at for an escape that could stand
//! for one of its characters.

use std::borrow::Cow;

use memchr::memmem;

mod finder;

use finder::Finder;

/// Of the word's letters, `ecr` in a row are the rarest in config files.
const SECRET: Finder = Finder::new(b"secret", 1);

/// What a dialect's references hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sigil {
    /// The word `secret`, in any mix of cases: near misses are found too.
    Secret,
    /// This text, exactly.
    Text(Cow<'static, str>),
}

impl Sigil {
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::Secret => SECRET.find(text, from),
            Self::Text(sign) => Some(from + memmem::find(text.get(from..)?, sign.as_bytes())?),
        }
    }

    /// Whether it stands in `text`, which need not be UTF-8.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        self.next(text, 0).is_some()
    }
}

/// Finds several sigils in one text, by their place.
///
/// Each sigil's next place is kept until it is passed, so a rare one is not looked for again and again.
#[derive(Clone)]
pub(crate) struct Sightings<'a> {
    text: &'a [u8],
    /// What was asked about last; the places kept are the first from here on.
    from: usize,
    sigils: Vec<(&'a Sigil, Option<usize>)>,
}

impl<'a> Sightings<'a> {
    pub(crate) fn new(text: &'a str, sigils: &'a [Sigil]) -> Self {
        let text = text.as_bytes();
        let sigils = sigils.iter().map(|sigil| (sigil, sigil.next(text, 0))).collect();
        Self { text, from: 0, sigils }
    }

    /// Where the first of them stands, at `from` or behind it.
    pub(crate) fn next(&mut self, from: usize) -> Option<usize> {
        let goes_back = from < self.from;
        for (sigil, next) in &mut self.sigils {
            if goes_back || next.is_some_and(|at| at < from) {
                *next = sigil.next(self.text, from);
            }
        }
        self.from = from;
        self.sigils.iter().filter_map(|(_, next)| *next).min()
    }
}

/// Whether an escape may stand for an ASCII character, or a line break may be escaped.
pub(crate) fn may_be_escaped(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"\\").any(|at| match bytes.get(at + 1) {
        Some(b'x' | b'\n' | b'\r' | b' ' | b'\t') => true,
        Some(b'u') => bytes.get(at + 2..at + 4) == Some(b"00"),
        Some(b'U') => bytes.get(at + 2..at + 8) == Some(b"000000"),
        _ => false,
    })
}

/// A text with the escapes undone that [`may_be_escaped`] looks for, whatever they stand in.
///
/// This is for a text that does not parse: it says what could be spelled there, not what is.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = match rest.as_bytes().first() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            Some(b'\n' | b'\r') => {
                rest = rest.trim_start_matches(['\n', '\r', ' ', '\t']);
                continue;
            }
            Some(b' ' | b'\t') => continue,
            _ => 0,
        };
        let code = rest.get(1..=digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.filter(|_| digits > 0).and_then(char::from_u32) {
            Some(c) => {
                plain.push(c);
                rest = &rest[digits + 1..];
            }
            None => plain.push('\\'),
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_spellings_are_worth_a_parse() {
        assert!(may_be_escaped(br#""\u007b\u0073ecret:x}""#));
        assert!(may_be_escaped(br#""{\x73ecret:x}""#));
        assert!(may_be_escaped(b"\"{sec\\\n  ret:x}\""));
        assert!(!may_be_escaped(br#""\u4e16\n""#));
    }

    #[test]
    fn escapes_of_characters_and_of_line_breaks_are_undone() {
        assert_eq!(unescaped("\\u007b\\x73ec\\\r\n  ret\\U0000003ax\\\\n\\u00"), "{secret:x\\\\n\\u00");
        assert_eq!(unescaped("\\ a\\u00é\\"), " a\\u00é\\");
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
        assert_eq!(sightings.next(3), Some(4), "it may go back");
    }
}
