//! One identity: what it is, and what it makes of an age file.

use std::sync::Arc;

use age::Identity as _;
use age_core::format::FileKey;

use super::file::{AgeFile, FileError};
use super::plugin::{Company, NotAPlugin, Plugin};
use super::{IdentityError, Recipient};

/// A private key, or the name of a program that has one.
pub(super) enum Key {
    X25519(age::x25519::Identity),
    Plugin(Plugin),
    #[cfg(feature = "ssh")]
    Ssh(super::ssh::Key),
    /// Known by name alone.
    PostQuantum,
}

/// An identity and where it comes from.
pub(super) struct Identity {
    pub(super) source: Arc<str>,
    pub(super) key: Key,
    pub(super) recipient: Option<Recipient>,
}

/// What came of an attempt.
pub(super) enum Outcome {
    Key(FileKey),
    /// The file is not for this identity.
    NotMine,
    /// The identity cannot be used.
    Failed(String),
    /// The file is broken.
    Broken(FileError),
}

impl Identity {
    pub(super) fn new(source: &Arc<str>, key: Key) -> Self {
        let recipient = match &key {
            Key::X25519(identity) => Some(Recipient::of_x25519(&identity.to_public())),
            #[cfg(feature = "ssh")]
            Key::Ssh(key) => Some(key.recipient().clone()),
            Key::Plugin(_) | Key::PostQuantum => None,
        };
        Self { source: source.clone(), key, recipient }
    }

    /// Its recipient, or what else may be said of it.
    pub(super) fn shown(&self) -> Option<String> {
        match (&self.recipient, &self.key) {
            (Some(recipient), _) => Some(recipient.to_string()),
            (None, Key::Plugin(plugin)) => Some(format!("plugin {}", plugin.name)),
            (None, _) => None,
        }
    }

    /// Whether using it runs a program or asks a person.
    pub(super) fn is_costly(&self) -> bool {
        match &self.key {
            Key::Plugin(_) => true,
            #[cfg(feature = "ssh")]
            Key::Ssh(key) => key.is_protected(),
            Key::X25519(_) | Key::PostQuantum => false,
        }
    }

    /// Tries to unwrap the key of a file.
    pub(super) fn unwrap(&self, file: &AgeFile, company: &Company<'_>) -> Outcome {
        match &self.key {
            Key::X25519(identity) => outcome(identity.unwrap_stanzas(file.stanzas())),
            #[cfg(feature = "ssh")]
            Key::Ssh(key) => key.unwrap(file.stanzas(), company.prompt),
            Key::Plugin(plugin) => match plugin.unwrap(file.stanzas(), company) {
                Ok(Some(key)) => Outcome::Key(key),
                Ok(None) => Outcome::NotMine,
                Err(why) => Outcome::Failed(why),
            },
            Key::PostQuantum => Outcome::Failed("post-quantum identities are not supported".to_owned()),
        }
    }
}

/// Reads one identity, which stands on the given line (from 1).
pub(super) fn parse(text: &str, line: usize) -> Result<Key, IdentityError> {
    if text.starts_with("AGE-SECRET-KEY-PQ-1") {
        return Ok(Key::PostQuantum);
    }
    if text.starts_with("AGE-SECRET-KEY-1") {
        return text.parse().map(Key::X25519).map_err(|_| IdentityError::Damaged(line));
    }
    if text.starts_with("AGE-PLUGIN-") {
        return Plugin::of_identity(text).map(Key::Plugin).map_err(|why| match why {
            NotAPlugin::Damaged => IdentityError::Damaged(line),
            NotAPlugin::Name => IdentityError::PluginName(line),
        });
    }
    Err(IdentityError::Line(line))
}

/// What the `age` crate says, in our words.
pub(super) fn outcome(unwrapped: Option<Result<FileKey, age::DecryptError>>) -> Outcome {
    match unwrapped {
        None => Outcome::NotMine,
        Some(Ok(key)) => Outcome::Key(key),
        Some(Err(age::DecryptError::InvalidHeader)) => {
            Outcome::Broken(FileError::Header("a stanza of it is malformed"))
        }
        Some(Err(age::DecryptError::DecryptionFailed)) => {
            Outcome::Broken(FileError::Header("a stanza of it was changed after it was made"))
        }
        Some(Err(error)) => Outcome::Failed(error.to_string()),
    }
}
