//! age identities: where they come from, and what they open.

use redeem_core::Secret;
use zeroize::Zeroizing;

/// The 32 random bytes that every value of a SOPS file is encrypted with.
pub struct DataKey(pub(crate) Zeroizing<[u8; 32]>);

impl DataKey {
    /// Takes the bytes of a key that was unwrapped, or made.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

/// Keeps the types named until they are used.
pub type Passphrase = Secret;
