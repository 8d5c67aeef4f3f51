//! Buffers for values: one that grows leaves no copy behind.

use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

/// Bytes that a buffer has at first.
const FIRST: usize = 64 << 10;

/// Reads all that comes, of at most `most` bytes.
///
/// # Errors
/// What the reader says.
pub fn read(mut from: impl Read, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(vec![0; FIRST.min(most)]);
    let mut filled = 0;
    while filled < most {
        if filled == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; bytes.len().saturating_mul(2).min(most)]);
            larger[..filled].copy_from_slice(&bytes);
            bytes = larger;
        }
        match from.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Appends to a text. Where it has to move, the old place is wiped.
pub fn push(text: &mut Zeroizing<String>, more: &str) {
    let needed = text.len() + more.len();
    if needed > text.capacity() {
        let mut larger = Zeroizing::new(String::with_capacity(needed.max(2 * text.capacity())));
        larger.push_str(text);
        *text = larger;
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_read_up_to_the_bound() {
        for length in [0, 1, FIRST - 1, FIRST, FIRST + 1, 5 * FIRST + 7] {
            let text: Vec<u8> = (0..251).cycle().take(length).collect();
            assert_eq!(*read(&text[..], u64::MAX).expect("bytes"), text);
            assert_eq!(*read(&text[..], 100).expect("bytes"), text[..length.min(100)]);
        }
    }

    #[test]
    fn a_text_grows_to_what_was_appended() {
        let mut text = Zeroizing::new(String::new());
        let mut expected = String::new();
        for round in 0..100 {
            let more = "ab".repeat(round);
            push(&mut text, &more);
            expected.push_str(&more);
        }
        assert_eq!(*text, expected);
    }
}
