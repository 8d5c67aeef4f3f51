//! An age file: its armour, its header, its payload.
//!
//! The container is read here and not by the `age` crate, which is lenient with old stanzas and puts random stanzas
//! into what it writes. The stanzas themselves are wrapped and unwrapped by that crate.

use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use super::header::{self, Header};
use super::{armor, payload};

/// Bytes of a wrapped data key: a header of a few stanzas, and 32 bytes. Past it nothing is read.
pub(super) const MAX_WRAPPED: usize = 1 << 20;

/// Why an age file does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is larger than such a file can be.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// The armour around it is broken.
    #[error("its armour is broken: {0}")]
    Armor(&'static str),
    /// Its header is broken.
    #[error("its header is broken: {0}")]
    Header(&'static str),
    /// It is for post-quantum keys alone.
    #[error("it is for the post-quantum recipient type `{0}`, which is not supported")]
    PostQuantum(String),
    /// It asks for more work than a passphrase is worth.
    #[error("its passphrase asks for a work factor of {0}, and no more than {max} is done", max = super::scrypt::MAX_WORK)]
    Work(u32),
    /// It is for others.
    #[error("it is for others")]
    NoMatch,
    /// Its key was found, and its header was changed after it was made.
    #[error("its header was changed after it was made")]
    Mac,
    /// Its payload was changed or cut off.
    #[error("its payload was changed or cut off")]
    Payload,
}

/// A file whose armour and header were read.
pub(super) struct AgeFile {
    bytes: Vec<u8>,
    header: Header,
}

impl AgeFile {
    /// Reads an age file, armoured or not, of at most `limit` bytes.
    pub(super) fn parse(file: &[u8], limit: usize) -> Result<Self, FileError> {
        if file.len() > limit {
            return Err(FileError::TooLarge(limit));
        }
        let bytes = if is_armored(file) { armor::decode(file)? } else { file.to_vec() };
        Self::of_bytes(bytes)
    }

    /// Reads an armoured age file.
    pub(super) fn parse_armored(text: &[u8], limit: usize) -> Result<Self, FileError> {
        if text.len() > limit {
            return Err(FileError::TooLarge(limit));
        }
        Self::of_bytes(armor::decode(text)?)
    }

    fn of_bytes(bytes: Vec<u8>) -> Result<Self, FileError> {
        let header = Header::parse(&bytes)?;
        Ok(Self { bytes, header })
    }

    /// Who it is for.
    pub(super) fn stanzas(&self) -> &[Stanza] {
        &self.header.stanzas
    }

    /// Opens it with its key, which an identity unwrapped.
    pub(super) fn open(&self, key: &FileKey) -> Result<Zeroizing<Vec<u8>>, FileError> {
        self.header.verify(&self.bytes, key)?;
        payload::decrypt(key, &self.bytes[self.header.length..])
    }

    /// Whether all its stanzas are of age's own types, for a key or a passphrase. Those for SSH keys are not: there are
    /// programs that hold such keys.
    pub(super) fn is_native(&self) -> bool {
        self.stanzas().iter().all(|stanza| matches!(stanza.tag.as_str(), "X25519" | "scrypt"))
    }

    /// A post-quantum recipient type among its stanzas.
    pub(super) fn post_quantum(&self) -> Option<&str> {
        self.stanzas().iter().map(|stanza| stanza.tag.as_str()).find(|tag| tag.starts_with("mlkem"))
    }
}

/// Whether the bytes are an age file, armoured or not.
pub(super) fn is_age_file(bytes: &[u8]) -> bool {
    is_armored(bytes) || bytes.starts_with(b"age-encryption.org/")
}

/// Makes an armoured age file with the given stanzas, all of which hold the file key.
pub(super) fn seal(stanzas: &[Stanza], key: &FileKey, text: &[u8]) -> std::io::Result<String> {
    let mut nonce = [0; payload::NONCE];
    super::fill_random(&mut nonce)?;
    let mut file = header::write(stanzas, key);
    file.extend_from_slice(&payload::encrypt(key, &nonce, text));
    Ok(armor::encode(&file))
}

/// Makes a new random file key.
pub(super) fn new_key() -> std::io::Result<FileKey> {
    FileKey::try_init_with_mut(|key| super::fill_random(key))
}

fn is_armored(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(&armor::BEGIN.as_bytes()[..14])
}
