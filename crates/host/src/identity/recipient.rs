//! Recipients: the public halves that a data key is wrapped for.

use std::fmt;
use std::io::Write;

use age::armor::{ArmoredWriter, Format};

use super::{DataKey, WrapError};

/// The public half of an identity, as it stands in `vault.toml` and in a SOPS file's stanzas.
#[derive(Clone)]
pub struct Recipient {
    text: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    X25519(age::x25519::Recipient),
}

/// Why a text is not a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// The text is no recipient that is known.
    #[error("`{0}` is not a recipient: expected `age1…`")]
    Unknown(String),
    /// The text begins as a recipient and does not add up.
    #[error("`{0}` is not a whole recipient: its checksum does not fit, so a letter is wrong or missing")]
    Damaged(String),
}

impl Recipient {
    /// Reads a recipient: `age1…`.
    ///
    /// # Errors
    ///
    /// When the text is of no known kind, or damaged.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        if !text.starts_with("age1") {
            return Err(RecipientError::Unknown(text.to_owned()));
        }
        let kind = text.parse().map(Kind::X25519).map_err(|_| RecipientError::Damaged(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The recipient of an identity.
    pub(super) fn of_x25519(recipient: &age::x25519::Recipient) -> Self {
        Self { text: recipient.to_string(), kind: Kind::X25519(recipient.clone()) }
    }

    /// Wraps a data key: an armoured age file of its 32 bytes, for this recipient alone, with a line break at its end.
    ///
    /// # Errors
    ///
    /// When a plugin that the recipient needs is missing or fails.
    pub fn wrap(&self, key: &DataKey) -> Result<String, WrapError> {
        let Kind::X25519(recipient) = &self.kind;
        let seal = || -> Result<Vec<u8>, age::EncryptError> {
            let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient as _))?;
            let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
            let mut writer = encryptor.wrap_output(armor)?;
            writer.write_all(key.as_bytes())?;
            Ok(writer.finish()?.finish()?)
        };
        let file = seal().map_err(|error| WrapError::Failed(error.to_string()))?;
        String::from_utf8(file).map_err(|error| WrapError::Failed(error.to_string()))
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
