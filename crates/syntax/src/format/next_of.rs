//! Looks for the few bytes that end a string.

/// Where one of these bytes stands next, at `at` or behind it; the end of the text if there is none.
///
/// Most strings are a few bytes long: eight bytes in a register cost less than a call of `memchr`.
#[inline]
pub(super) fn next_of<const N: usize>(bytes: &[u8], mut at: usize, wanted: [u8; N]) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    // The lowest byte that is set is exact; those above it may be wrong (Mycroft's test for a zero byte).
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let found = wanted.iter().fold(0, |found, &byte| found | zeros(word ^ (ONES * u64::from(byte))));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| wanted.contains(byte)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::next_of;

    #[test]
    fn bytes_are_found_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                let mut text = vec![b'x'; length];
                text[place] = b'"';
                text[length - 1] = if place + 1 == length { b'"' } else { b'\\' };
                for from in 0..=place {
                    assert_eq!(next_of(&text, from, [b'"', b'\\']), place, "{place} of {length} from {from}");
                }
                assert_eq!(next_of(&text, 0, [b'\n', 0x80, 0xA2]), length, "none of {length}");
            }
        }
        // A byte above the one that is found may only look like it.
        assert_eq!(next_of(b"ab!\"xxxxx", 0, [b'!']), 2);
        assert_eq!(next_of(b"", 3, [b'!']), 3);
    }
}
