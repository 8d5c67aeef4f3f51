//! Looks for a word in any mix of cases.

/// Looks for a word in any mix of cases, at many gigabytes a second.
///
/// Three neighbouring letters of the word are compared at all places of a block at once, in a loop without
/// branches that compilers turn into vector instructions; only a block that holds all three is looked at again.
#[derive(Clone, Copy)]
pub(super) struct Finder {
    /// The word, in small letters.
    word: &'static [u8],
    /// Where in it the three letters stand.
    rare: usize,
}

/// Places that are compared at once: enough that the loop around them costs nothing.
const BLOCK: usize = 64;

/// The bit that tells a small letter from a capital one.
const SMALL: u8 = 0x20;

impl Finder {
    /// A finder of `word`, which is of small letters; the three from `rare` on should be few in most texts.
    pub(super) const fn new(word: &'static [u8], rare: usize) -> Self {
        assert!(rare + 3 <= word.len(), "the three letters are part of the word");
        Self { word, rare }
    }

    /// Where the word begins next in `text`, from `from` on.
    pub(super) fn find(self, text: &[u8], from: usize) -> Option<usize> {
        // The word's end bounds the places at which its three letters may begin.
        let first = from.checked_add(self.rare)?;
        let last = (text.len() + self.rare).checked_sub(self.word.len())?;
        let mut at = first;
        while at + BLOCK <= last + 1 {
            if self.is_in_block(&text[at..at + BLOCK + 2])
                && let Some(found) = self.find_at(text, at, at + BLOCK)
            {
                return Some(found);
            }
            at += BLOCK;
        }
        let rest = text.get(at..last + 3)?;
        // Most strings of a document are shorter than a block: they are looked at as one, too.
        let mut block = [0; BLOCK + 2];
        block.get_mut(..rest.len())?.copy_from_slice(rest);
        if self.is_in_block(&block) { self.find_at(text, at, last + 1) } else { None }
    }

    /// Whether the three letters stand at one of the first [`BLOCK`] places.
    #[expect(clippy::needless_bitwise_bool, reason = "with branches the loop is no vector instructions")]
    fn is_in_block(self, block: &[u8]) -> bool {
        let (Some(first), Some(second), Some(third)) = (
            block.first_chunk::<BLOCK>(),
            block[1..].first_chunk::<BLOCK>(),
            block[2..].first_chunk::<BLOCK>(),
        ) else {
            return false;
        };
        let rare = &self.word[self.rare..];
        let (a, b, c) = (rare[0], rare[1], rare[2]);
        let mut is_in = false;
        for place in 0..BLOCK {
            is_in |= (first[place] | SMALL == a) & (second[place] | SMALL == b) & (third[place] | SMALL == c);
        }
        is_in
    }

    /// Looks at the places from `at` to `end`, one by one.
    fn find_at(self, text: &[u8], at: usize, end: usize) -> Option<usize> {
        let rare = self.word[self.rare];
        let mut places = text.get(at..end)?.iter().enumerate();
        places.find_map(|(place, byte)| {
            let start = at + place - self.rare;
            let is_word =
                byte | SMALL == rare && text[start..start + self.word.len()].eq_ignore_ascii_case(self.word);
            is_word.then_some(start)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDER: Finder = Finder::new(b"secret", 1);

    #[test]
    fn the_word_is_found_in_any_case() {
        for (text, at) in [("secret", 0), ("a seSecret", 4), ("${SECRET.x}", 2), ("ccsecret", 2)] {
            assert_eq!(FINDER.find(text.as_bytes(), 0), Some(at), "{text}");
        }
        for text in ["", "secre", "sec ret", "c", "sécret"] {
            assert_eq!(FINDER.find(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(FINDER.find(b"secret secret", 1), Some(7));
    }

    #[test]
    fn the_word_is_found_at_every_place_of_a_long_text() {
        for length in 0..200 {
            let mut text = "secre.ecr_".repeat(21)[..length].to_owned();
            assert_eq!(FINDER.find(text.as_bytes(), 0), None, "{length}");
            text.push_str("SecRET");
            text.push_str(&"x".repeat(length % 7));
            for from in 0..=length {
                assert_eq!(FINDER.find(text.as_bytes(), from), Some(length), "{length} from {from}");
            }
            assert_eq!(FINDER.find(text.as_bytes(), length + 1), None, "{length}");
            assert_eq!(FINDER.find(text.as_bytes(), text.len() + 9), None, "{length}");
        }
    }
}
