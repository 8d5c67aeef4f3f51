//! age identities: where they come from, and what they open.
//!
//! A [`Recipient`] wraps a [`DataKey`]; [`Identities`] are loaded once, from the user's surroundings, and unwrap it.

use std::fmt;

use zeroize::Zeroizing;

mod armor;
mod child;
mod command;
mod error;
mod file;
mod header;
mod identities;
mod key;
mod payload;
mod plugin;
mod prompt;
mod recipient;
mod scrypt;
mod sources;
#[cfg(feature = "ssh")]
mod ssh;
mod text;

pub use error::{Attempt, Finding, IdentityError, UnwrapError, WrapError};
pub use file::FileError;
pub use identities::{Identities, decrypt_with_passphrase};
pub use prompt::Prompt;
pub use recipient::{Recipient, RecipientError};
pub use sources::{Surroundings, default_path};

use age::secrecy::ExposeSecret;

/// The 32 random bytes that every value of a SOPS file is encrypted with.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// Takes the bytes of a key that was unwrapped, or made.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Makes a new key of the system's random bytes.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes to give.
    pub fn random() -> std::io::Result<Self> {
        let mut key = Self(Zeroizing::new([0; 32]));
        fill_random(&mut *key.0)?;
        Ok(key)
    }

    /// The key itself, for the cipher.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

/// Makes an age key pair: the text of its identity file, as `age-keygen` writes it, and its recipient.
pub fn generate() -> (Zeroizing<String>, Recipient) {
    let identity = age::x25519::Identity::generate();
    let recipient = Recipient::of_x25519(&identity.to_public());
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let key = identity.to_string();
    let head = format!("# created: {now}\n# public key: {recipient}\n");
    // Reserved as a whole: a text that grows would leave a copy of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(head.len() + key.expose_secret().len() + 1));
    text.push_str(&head);
    text.push_str(key.expose_secret());
    text.push('\n');
    (text, recipient)
}

/// Fills the buffer with the system's random bytes.
pub(crate) fn fill_random(buffer: &mut [u8]) -> std::io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::rand::getrandom(&mut buffer[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
