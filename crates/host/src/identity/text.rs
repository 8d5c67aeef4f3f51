//! The text of an identity file: keys a line each, or an encrypted file of them, or an SSH key.

use std::sync::{Arc, OnceLock};

use redeem_core::Secret;
use zeroize::Zeroizing;

use super::file::{self, AgeFile};
use super::key::{self, Identity};
use super::{IdentityError, Prompt, scrypt};

/// Bytes of an identity file. A key is some seventy bytes; nobody has ten thousand of them.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// What a text holds.
pub(super) enum Held {
    Identities(Vec<Identity>),
    /// Encrypted with a passphrase.
    Locked(Box<Locked>),
}

/// An identity file that a passphrase opens; it is asked for once.
pub(super) struct Locked {
    file: AgeFile,
    source: Arc<str>,
    opened: OnceLock<Result<Vec<Identity>, String>>,
}

impl Locked {
    /// What is in it, after the passphrase was asked for.
    pub(super) fn open(&self, prompt: &dyn Prompt) -> Result<&[Identity], &str> {
        let opened = self.opened.get_or_init(|| {
            let asked = prompt.passphrase(&format!("the identity file {}", self.source));
            let passphrase =
                asked.ok_or("it is protected by a passphrase and there is no terminal to ask for it")?;
            let text = decrypt(&self.file, &passphrase).map_err(|error| match error {
                file::FileError::NoMatch => "the passphrase does not open it".to_owned(),
                error => error.to_string(),
            })?;
            parse_lines(&self.source, &text, false).map_err(|error| error.to_string())
        });
        opened.as_deref().map_err(String::as_str)
    }

    /// What is in it, if the passphrase was given before.
    pub(super) fn opened(&self) -> &[Identity] {
        self.opened.get().and_then(|opened| opened.as_deref().ok()).unwrap_or_default()
    }
}

/// Reads a text of identities. In a variable several may stand in one line, as `sops` has it.
pub(super) fn parse(source: &Arc<str>, text: &[u8], in_one_line: bool) -> Result<Held, IdentityError> {
    if text.len() > MAX_TEXT {
        return Err(IdentityError::TooLarge(MAX_TEXT));
    }
    if file::is_age_file(text) {
        let file = AgeFile::parse(text, MAX_TEXT).map_err(IdentityError::File)?;
        let [stanza] = file.stanzas() else { return Err(IdentityError::NotAPassphrase) };
        if stanza.tag != "scrypt" {
            return Err(IdentityError::NotAPassphrase);
        }
        // Before anyone is asked for a passphrase.
        scrypt::check(stanza).map_err(IdentityError::File)?;
        let locked = Locked { file, source: source.clone(), opened: OnceLock::new() };
        return Ok(Held::Locked(Box::new(locked)));
    }
    if text.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return ssh(source, text);
    }
    parse_lines(source, text, in_one_line).map(Held::Identities)
}

/// Decrypts a file with a passphrase.
pub(super) fn decrypt(file: &AgeFile, passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, file::FileError> {
    let text = std::str::from_utf8(passphrase.expose()).map_err(|_| file::FileError::NoMatch)?;
    let key = scrypt::unwrap(file.stanzas(), text.to_owned().into())?;
    file.open(&key)
}

fn parse_lines(source: &Arc<str>, text: &[u8], in_one_line: bool) -> Result<Vec<Identity>, IdentityError> {
    let text = std::str::from_utf8(text).map_err(|_| IdentityError::NotText)?;
    // Editors put a mark of order there, which no key begins with.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut identities = Vec::new();
    for (line, words) in (1..).zip(text.lines()) {
        let words = words.trim();
        if words.starts_with('#') {
            continue;
        }
        let parts: Vec<&str> = if in_one_line { words.split_whitespace().collect() } else { vec![words] };
        for word in parts.into_iter().filter(|word| !word.is_empty()) {
            identities.push(Identity::new(source, key::parse(word, line)?));
        }
    }
    Ok(identities)
}

#[cfg(feature = "ssh")]
fn ssh(source: &Arc<str>, text: &[u8]) -> Result<Held, IdentityError> {
    let text = std::str::from_utf8(text).map_err(|_| IdentityError::NotText)?;
    let key = super::ssh::Key::parse(text.trim_start(), source)?;
    Ok(Held::Identities(vec![Identity::new(source, key::Key::Ssh(key))]))
}

#[cfg(not(feature = "ssh"))]
fn ssh(_source: &Arc<str>, _text: &[u8]) -> Result<Held, IdentityError> {
    Err(IdentityError::NeedsSsh)
}
