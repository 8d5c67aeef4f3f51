//! The MAC over a file's values.

use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// SHA-256 of `sops`: what a MAC over the encrypted values alone begins with, so that it is no other MAC.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b,
    0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A digest that values go into, in file order.
pub(super) struct Mac {
    digest: Sha512,
    only_encrypted: bool,
}

impl Mac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut digest = Sha512::new();
        if only_encrypted {
            digest.update(ONLY_ENCRYPTED);
        }
        Self { digest, only_encrypted }
    }

    /// Takes the next value. Comments and nulls are no part of it.
    pub(super) fn update(&mut self, bytes: &[u8], is_encrypted: bool) {
        if is_encrypted || !self.only_encrypted {
            self.digest.update(bytes);
        }
    }

    /// The digest in upper-case hexadecimal digits, which is what gets encrypted.
    pub(super) fn finish(self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(128));
        let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
        let halves = self.digest.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        text.extend(halves.map(digit));
        text
    }
}

/// Compares in a time that does not depend on where two digests differ.
pub(super) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use sha2::Sha256;

    use super::*;

    #[test]
    fn the_start_is_the_hash_of_the_word() {
        assert_eq!(Sha256::digest(b"sops").as_slice(), ONLY_ENCRYPTED);
    }

    #[test]
    fn nothing_stands_between_two_values() {
        let mut one = Mac::new(false);
        one.update(b"ab", true);
        one.update(b"c", false);
        let mut other = Mac::new(false);
        other.update(b"abc", false);
        assert_eq!(one.finish(), other.finish());
        let mut only = Mac::new(true);
        only.update(b"abc", false);
        assert_eq!(only.finish(), Mac::new(true).finish());
    }
}
