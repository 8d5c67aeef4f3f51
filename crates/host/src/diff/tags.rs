//! Short tags for values: the same value has the same one within a run, and none tells anything of its value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The block of SHA-256 in bytes, which HMAC pads its key to (RFC 2104, 2).
const BLOCK: usize = 64;

/// How long a tag is, in hexadecimal letters, unless two values would share it.
const LENGTH: usize = 4;

/// The tags of a run.
///
/// A tag is the beginning of an HMAC with a key that is made for the run and forgotten after it. Who does not have
/// the key cannot try values out, and tags of two runs cannot be compared.
pub(super) struct Tags {
    key: Zeroizing<[u8; BLOCK]>,
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    by_digest: BTreeMap<[u8; 32], String>,
    taken: BTreeSet<String>,
}

impl Tags {
    /// Tags under a key from the system's source of random bytes.
    ///
    /// # Errors
    /// When the system has no random bytes: a key that can be guessed would be worse than no tag.
    pub(super) fn new() -> std::io::Result<Self> {
        let mut key = Zeroizing::new([0; BLOCK]);
        let mut filled = 0;
        while filled < BLOCK {
            let flags = rustix::rand::GetRandomFlags::empty();
            filled += rustix::rand::getrandom(&mut key[filled..], flags)?;
        }
        Ok(Self { key, given: Mutex::default() })
    }

    /// The tag of a value.
    pub(super) fn of(&self, value: &[u8]) -> String {
        let digest = self.hmac(value);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tag) = given.by_digest.get(&digest) {
            return tag.clone();
        }
        // Two values that shared a tag would look like one, so the second gets a longer one.
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let lengths = LENGTH..=hex.len();
        let tag = lengths.map(|length| &hex[..length]).find(|tag| !given.taken.contains(*tag));
        let tag = tag.unwrap_or(&hex).to_owned();
        given.taken.insert(tag.clone());
        given.by_digest.insert(digest, tag.clone());
        tag
    }

    fn hmac(&self, value: &[u8]) -> [u8; 32] {
        let pad = |with: u8| Zeroizing::new(self.key.map(|byte| byte ^ with));
        let inner = Sha256::new().chain_update(*pad(0x36)).chain_update(value).finalize();
        Sha256::new().chain_update(*pad(0x5c)).chain_update(inner).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_hmac_sha256() {
        // RFC 4231, 4.3.
        let mut key = Zeroizing::new([0; BLOCK]);
        key[..4].copy_from_slice(b"Jefe");
        let tags = Tags { key, given: Mutex::default() };
        let digest = tags.hmac(b"what do ya want for nothing?");
        assert_eq!(digest[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(digest[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn a_value_has_one_tag_a_run_and_no_two_values_share_one() {
        let (tags, other) = (Tags::new().expect("a key"), Tags::new().expect("a key"));
        let of =
            |tags: &Tags| (0..3000).map(|value| tags.of(format!("{value}").as_bytes())).collect::<Vec<_>>();
        let (first, again) = (of(&tags), of(&tags));
        assert_eq!(first, again);
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
        assert_ne!(first, of(&other), "another run, another key");
    }
}
