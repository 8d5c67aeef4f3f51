//! SSH private keys as identities, which may be protected by a passphrase.

use std::sync::{Arc, Mutex, PoisonError};

use age::secrecy::SecretString;
use age_core::format::Stanza;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::key::{Outcome, outcome};
use super::{IdentityError, Prompt, Recipient};

/// An SSH private key.
pub(super) struct Key {
    identity: age::ssh::Identity,
    recipient: Recipient,
    /// What the key's stanzas carry: the start of the digest of its public half.
    tag: String,
    source: Arc<str>,
    /// The passphrase, once it was given.
    passphrase: Mutex<Option<SecretString>>,
}

impl Key {
    /// Reads a private key of OpenSSH, or an RSA key in PEM.
    pub(super) fn parse(text: &str, source: &Arc<str>) -> Result<Self, IdentityError> {
        let identity =
            age::ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| IdentityError::Ssh)?;
        let recipient = age::ssh::Recipient::try_from(identity.clone()).map_err(|_| IdentityError::Ssh)?;
        let recipient = Recipient::of_ssh(&recipient);
        let text = recipient.to_string();
        let public = text.split(' ').nth(1).and_then(|word| BASE64_STANDARD.decode(word).ok());
        let digest = Sha256::digest(public.ok_or(IdentityError::Ssh)?);
        let tag = BASE64_STANDARD_NO_PAD.encode(&digest[..4]);
        Ok(Self { identity, recipient, tag, source: source.clone(), passphrase: Mutex::new(None) })
    }

    pub(super) fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    pub(super) fn is_protected(&self) -> bool {
        matches!(self.identity, age::ssh::Identity::Encrypted(_))
    }

    /// Tries the stanzas that are for this key; only for them is its passphrase asked for.
    pub(super) fn unwrap(&self, stanzas: &[Stanza], prompt: &dyn Prompt) -> Outcome {
        let is_mine =
            |stanza: &&Stanza| stanza.tag.starts_with("ssh-") && stanza.args.first() == Some(&self.tag);
        let Some(stanza) = stanzas.iter().find(is_mine) else { return Outcome::NotMine };
        if !self.is_protected() {
            return outcome(age::Identity::unwrap_stanza(&self.identity, stanza));
        }
        let mut kept = self.passphrase.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            let asked = prompt.passphrase(&format!("the SSH key {}", self.source));
            *kept = asked.and_then(|secret| String::from_utf8(secret.expose().to_vec()).ok()).map(Into::into);
        }
        let Some(passphrase) = kept.clone() else {
            return Outcome::Failed(
                "it is protected by a passphrase and there is no terminal to ask for it".to_owned(),
            );
        };
        let unlocked = self.identity.clone().with_callbacks(Known(passphrase));
        match age::Identity::unwrap_stanza(&unlocked, stanza) {
            Some(Err(age::DecryptError::KeyDecryptionFailed)) => {
                *kept = None;
                Outcome::Failed("the passphrase does not open it".to_owned())
            }
            unwrapped => outcome(unwrapped),
        }
    }
}

/// Answers the library's question with the passphrase that was given.
#[derive(Clone)]
struct Known(SecretString);

impl age::Callbacks for Known {
    fn display_message(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn request_public_string(&self, _description: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, _description: &str) -> Option<SecretString> {
        Some(self.0.clone())
    }
}
