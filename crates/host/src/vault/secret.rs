//! Reading a secret: its file is found whole and untouched before any value is handed over.

use redeem_core::Secret;
use redeem_syntax::{Code, Diagnostic};

use super::card::Card;
use super::{Summary, Vault, VaultError, memory, seal};
use crate::identity::DataKey;
use crate::sops::{File, Leaf, Path, Plain, SopsError, Step, Store, Stored};

/// A secret with its values.
#[derive(Clone, Debug)]
pub struct VaultSecret {
    summary: Summary,
    values: Vec<(Option<String>, Secret)>,
    previous: Vec<(Option<String>, Secret)>,
}

impl VaultSecret {
    /// What it is.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The value of a key of a bundle; none if there is no such key, or the secret is no bundle.
    pub fn value(&self, key: &str) -> Option<&Secret> {
        self.values.iter().find(|(own, _)| own.as_deref() == Some(key)).map(|(_, value)| value)
    }

    /// The one value of a secret that is no bundle, or of a bundle whose only key is `value`.
    pub fn only(&self) -> Option<&Secret> {
        match &self.values[..] {
            [(None, value)] => Some(value),
            [(Some(key), value)] if key == "value" => Some(value),
            _ => None,
        }
    }

    /// The values, with the key of each if it is a bundle, in the order of the file.
    pub fn values(&self) -> impl Iterator<Item = (Option<&str>, &Secret)> {
        self.values.iter().map(|(key, value)| (key.as_deref(), value))
    }

    /// The values that a rotation keeps, with the key of each if it is a bundle.
    pub fn previous(&self) -> impl Iterator<Item = (Option<&str>, &Secret)> {
        self.previous.iter().map(|(key, value)| (key.as_deref(), value))
    }
}

/// The file of a secret with its data key; what of it was checked, its maker knows.
pub(super) struct Opened {
    pub(super) card: Card,
    pub(super) file: File,
    pub(super) key: DataKey,
}

impl Vault {
    /// A secret with its values; none if it is not there. One that has expired is read too: [`Summary::expires_at`].
    ///
    /// # Errors
    /// When no identity decrypts it, or its file is not as the vault wrote it.
    pub fn get(&self, name: &str) -> Result<Option<VaultSecret>, VaultError> {
        self.judged(name, |card| self.secret(card))
    }

    /// The values of a card, whose file is checked first.
    pub(crate) fn secret(&self, card: Card) -> Result<VaultSecret, VaultError> {
        self.open_checked(card)?.secret()
    }

    /// Opens the file of a secret and checks it.
    pub(super) fn opened(&self, name: &str) -> Result<Option<Opened>, VaultError> {
        self.judged(name, |card| self.open_checked(card))
    }

    /// Opens the file of a card and checks it.
    fn open_checked(&self, card: Card) -> Result<Opened, VaultError> {
        let opened = self.open_card(card)?.checked()?;
        self.must_not_be_older(&opened.card)?;
        Ok(opened)
    }

    /// Refuses a file that is older than one that this user has seen, and notes one that is newer.
    ///
    /// Whoever is on an older branch has older files, with every right: git is asked for the file of its commit, but
    /// only then.
    pub(super) fn must_not_be_older(&self, card: &Card) -> Result<(), VaultError> {
        let (name, own) = (&card.summary.name, memory::mark(&card.summary));
        let memory = self.seen.memory();
        match memory.of(name) {
            Some(seen) if *seen == own => {}
            Some(seen) if *seen > own => {
                let head = self.heads(&[name]).pop().flatten();
                if head.is_none_or(|head| memory::mark(&head.summary) != own) {
                    return Err(VaultError::Integrity(Box::new(
                        card.older("you have seen one that", seen.1),
                    )));
                }
            }
            _ => self.seen.note(name, own),
        }
        Ok(())
    }

    /// Opens the file of a card with the identities. Nothing is checked yet but its form.
    pub(super) fn open_card(&self, card: Card) -> Result<Opened, VaultError> {
        let parsed = File::parse(card.source.path(), card.source.text().to_owned(), Store::Yaml);
        let file = parsed.map_err(|error| damaged(&card, &error))?;
        let unreadable = |tried: Vec<String>| VaultError::Unreadable {
            name: card.summary.name.clone(),
            readers: card.summary.readers.clone(),
            tried,
        };
        let Some(identities) = &self.identities else { return Err(unreadable(Vec::new())) };
        let key = file.data_key(identities).map_err(|error| {
            if !error.is_damaged() {
                return unreadable(error.tried());
            }
            let told = Diagnostic::new(Code::Integrity, error.to_string().lines().next().unwrap_or_default())
                .at(&card.source, card.place("sops"), "")
                .with_help("restore the file from git");
            VaultError::Integrity(Box::new(told))
        })?;
        Ok(Opened { card, file, key })
    }
}

impl Opened {
    /// Checks the MAC, which says whether the values are those that were written, and the seal, which says so of all
    /// else.
    pub(super) fn checked(self) -> Result<Self, VaultError> {
        self.check_mac()?;
        self.check_seal().map_err(VaultError::Integrity)?;
        Ok(self)
    }

    pub(super) fn check_mac(&self) -> Result<(), VaultError> {
        self.file.verify(&self.key).map_err(|error| damaged(&self.card, &error))
    }

    pub(super) fn check_seal(&self) -> Result<(), Box<Diagnostic>> {
        let path = Path::key("seal");
        let stored = self.file.leaves().iter().find(|leaf| leaf.path == path);
        let stored = stored.filter(|leaf| matches!(leaf.stored, Stored::Sealed(_)));
        let stored = stored.and_then(|leaf| self.file.open(&self.key, leaf).ok());
        let fits = stored.is_some_and(|stored| {
            seal::are_equal(&stored.bytes, self.card.covered.seal(&self.key).as_bytes())
        });
        if fits {
            return Ok(());
        }
        let name = &self.card.summary.name;
        let (message, label) = if self.card.has_seal {
            (format!("`{name}` was changed by another tool: its seal does not fit"), "the seal")
        } else {
            (format!("`{name}` was changed by another tool: it has no seal"), "")
        };
        Err(Box::new(
            Diagnostic::new(Code::Integrity, message)
                .at(&self.card.source, self.card.place("seal"), label)
                .with_help(format!(
                    "compare it with git; if the change is right, run `redeem vault verify --accept {name}`"
                )),
        ))
    }

    /// The values, of a file that was checked.
    pub(super) fn secret(&self) -> Result<VaultSecret, VaultError> {
        let mut secret =
            VaultSecret { summary: self.card.summary.clone(), values: Vec::new(), previous: Vec::new() };
        let key_of = |step: &Step| match step {
            Step::Key(key) => key.clone(),
            Step::Index(index) => index.to_string(),
        };
        for leaf in self.file.leaves() {
            match &leaf.path.0[..] {
                [Step::Key(top)] if top == "value" => secret.values.push((None, self.value(leaf)?)),
                [Step::Key(top), key] if top == "values" => {
                    secret.values.push((Some(key_of(key)), self.value(leaf)?));
                }
                [Step::Key(top), key] if top == "previous" => {
                    let own = key_of(key);
                    let key = if secret.summary.keys.is_some() { Some(own) } else { None };
                    secret.previous.push((key, self.value(leaf)?));
                }
                _ => {}
            }
        }
        Ok(secret)
    }

    /// The text of a value at the top, or in one of its mappings.
    pub(super) fn plain(&self, path: &Path) -> Result<Option<Plain>, VaultError> {
        let leaf = self.file.leaf(path);
        leaf.map(|leaf| self.file.open(&self.key, leaf).map_err(|error| damaged(&self.card, &error)))
            .transpose()
    }

    /// A value is encrypted, or empty: then there is nothing to encrypt.
    fn value(&self, leaf: &Leaf) -> Result<Secret, VaultError> {
        let in_the_clear = || {
            let told = Diagnostic::new(Code::Integrity, format!("`{}` is not encrypted", leaf.path))
                .at(&self.card.source, leaf.span.clone(), "in the clear")
                .hiding(leaf.span.clone())
                .with_help("take it for known to others: rotate it");
            VaultError::Integrity(Box::new(told))
        };
        match &leaf.stored {
            Stored::Clear(plain) if plain.bytes.is_empty() => Ok(Secret::new(Vec::new())),
            Stored::Clear(_) | Stored::Null => Err(in_the_clear()),
            Stored::Sealed(_) => {
                let plain = self.file.open(&self.key, leaf).map_err(|error| damaged(&self.card, &error))?;
                Ok(Secret::new(plain.bytes.to_vec()))
            }
        }
    }
}

/// What is told of a file that cannot be what the vault wrote.
pub(super) fn damaged(card: &Card, error: &SopsError) -> VaultError {
    // The file is named beside it.
    let (path, text) = (card.source.path(), error.to_string());
    let is_place = |c: char| c.is_ascii_digit() || c == ':' || c == ' ';
    let message = text.strip_prefix(&**path).map_or(&*text, |rest| rest.trim_start_matches(is_place));
    let told = Diagnostic::new(Code::Integrity, message).in_origin(path.clone());
    VaultError::Integrity(Box::new(match error.help() {
        Some(help) => told.with_help(help),
        None => told,
    }))
}
