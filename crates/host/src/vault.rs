//! The vault: a folder of SOPS files, one a secret, whose metadata anyone may read.
#![cfg_attr(not(feature = "crypto"), expect(dead_code, reason = "what writes needs `crypto`"))]

use std::path::{Path, PathBuf};
#[cfg(feature = "crypto")]
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use redeem_syntax::{Code, Diagnostic, Format, Source, Span};

use crate::paths;
#[cfg(feature = "crypto")]
use crate::write::{ModeRule, Outputs};

mod card;
mod error;
mod expiry;
mod folder;
mod members;
mod names;
mod summary;
mod tree;

/// What needs values: reading and writing them, and all that is sealed.
#[cfg(feature = "crypto")]
mod crypto {
    pub use super::access::{AccessChange, AccessReport};
    pub use super::draft::{Content, Draft, Update, Written};
    pub use super::history::Revision;
    pub use super::secret::VaultSecret;
    pub use super::verify::{Finding, FindingKind};
}

#[cfg(feature = "crypto")]
mod access;
#[cfg(feature = "crypto")]
mod change;
#[cfg(feature = "crypto")]
mod draft;
#[cfg(feature = "crypto")]
mod git;
#[cfg(feature = "crypto")]
mod history;
#[cfg(feature = "crypto")]
mod memory;
#[cfg(feature = "crypto")]
mod rename;
#[cfg(feature = "crypto")]
mod seal;
#[cfg(feature = "crypto")]
mod secret;
#[cfg(feature = "crypto")]
mod session;
#[cfg(feature = "crypto")]
mod verify;

#[cfg(feature = "crypto")]
pub use crypto::*;
pub use error::VaultError;
pub use expiry::{Expiry, ExpiryError};
pub use members::{Member, Role};
pub use names::{NameError, check_key, check_name, check_scope};
pub use summary::{GLOBAL, Listing, Summary, Visibility};

pub(crate) use card::Card;
use members::Members;

/// The file that makes a folder a vault, and lists its members.
pub const FILE_NAME: &str = "vault.toml";

/// The folder that a vault has where nothing says otherwise.
pub const FOLDER: &str = "secrets";

/// Which keys of a secret's file are encrypted, as its `encrypted_regex` says.
#[cfg(feature = "crypto")]
const SELECTED: &str = "^(value|values|previous|seal)$";

/// How often a file is read that another program seems to be writing.
const TRIES: usize = 3;

/// A vault, open for reading metadata; for values it needs identities.
pub struct Vault {
    folder: PathBuf,
    members: Members,
    #[cfg(feature = "crypto")]
    identities: Option<Arc<crate::identity::Identities>>,
    #[cfg(feature = "crypto")]
    acting_as: Option<String>,
    #[cfg(feature = "crypto")]
    seen: memory::Seen,
    now: Option<Timestamp>,
}

impl Vault {
    /// Whether a folder is a vault: it has a `vault.toml`.
    pub fn is_vault(folder: &Path) -> bool {
        folder.join(FILE_NAME).is_file()
    }

    /// Whether a file stands in a vault's folder, where nothing but the vault writes.
    pub fn holds(path: &Path) -> bool {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::is_vault(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    }

    /// Opens a vault without a key: what is in it, but for values, can be read.
    ///
    /// # Errors
    /// When the folder is no vault, or its `vault.toml` says what cannot be used.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, VaultError> {
        let folder = folder.as_ref();
        if !Self::is_vault(folder) {
            return Err(VaultError::NotAVault { folder: folder.to_owned() });
        }
        Ok(Self {
            folder: folder.to_owned(),
            members: Members::read(&folder.join(FILE_NAME))?,
            #[cfg(feature = "crypto")]
            identities: None,
            #[cfg(feature = "crypto")]
            acting_as: None,
            #[cfg(feature = "crypto")]
            seen: memory::Seen::new(folder, crate::trust::state_folder().map(|folder| folder.join("vaults"))),
            now: None,
        })
    }

    /// Makes a vault in a folder, with one owner. `recipient` is the public half of the owner's identity.
    ///
    /// # Errors
    /// When there is one already, when the name or the recipient cannot be used, or nothing can be written.
    #[cfg(feature = "crypto")]
    pub fn create(folder: impl AsRef<Path>, owner: &str, recipient: &str) -> Result<Self, VaultError> {
        let folder = folder.as_ref();
        names::check_member(owner)?;
        let recipient = session::recipient(recipient)?.to_string();
        let text = Members::first(&Member { name: owner.to_owned(), recipient, role: Role::Owner });
        // With the modes that the umask leaves; the folder of a render's output would be its owner's alone.
        std::fs::create_dir_all(folder).map_err(|source| VaultError::System {
            operation: "create",
            path: folder.to_owned(),
            source,
        })?;
        let _lock = session::lock(folder)?;
        if Self::is_vault(folder) {
            return Err(VaultError::VaultExists { folder: folder.to_owned() });
        }
        let outputs = Outputs::in_folder(folder)?;
        let mode = folder::mode(folder, &folder.join(FILE_NAME));
        let mode = ModeRule { source: None, explicit: Some(mode) };
        outputs.prepare(FILE_NAME.as_ref(), text.as_bytes(), mode)?;
        outputs.commit()?;
        Self::open(folder)
    }

    /// Gives the identities that values are decrypted with, and that say who writes.
    #[cfg(feature = "crypto")]
    #[must_use]
    pub fn with(mut self, identities: impl Into<Arc<crate::identity::Identities>>) -> Self {
        self.identities = Some(identities.into());
        self
    }

    /// Says which member writes, where the identities cannot tell: those of plugins do not.
    #[cfg(feature = "crypto")]
    #[must_use]
    pub fn acting_as(mut self, member: &str) -> Self {
        self.acting_as = Some(member.to_owned());
        self
    }

    /// Says where the versions of secrets are remembered that this user has seen; with none they are not. Else it is
    /// `redeem/vaults` in the user's state folder.
    #[cfg(feature = "crypto")]
    #[must_use]
    pub fn remembering_in(mut self, folder: Option<PathBuf>) -> Self {
        self.seen = memory::Seen::new(&self.folder, folder);
        self
    }

    /// Says what time it is, in place of the clock.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// The vault's folder, as it was given.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The members, in the order of `vault.toml`.
    pub fn members(&self) -> &[Member] {
        &self.members.all
    }

    /// The visibility of a new secret that does not say.
    pub fn default_visibility(&self) -> Visibility {
        self.members.default_visibility
    }

    /// The names of all secrets, sorted. No file but the folder is read.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, VaultError> {
        folder::names(&self.folder)
    }

    /// What each secret is, sorted by name, without a key; what cannot be read is told beside it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Listing, VaultError> {
        let names = self.names()?;
        let cards: Vec<_> = names.par_iter().map(|name| self.card(name)).collect();
        let mut listing = Listing::default();
        for card in cards {
            match card {
                Ok(Some(card)) => listing.secrets.push(card.summary),
                // It was removed meanwhile, or is what a rename has left.
                Ok(None) => {}
                Err(error) => listing.problems.push(error.into()),
            }
        }
        Ok(listing)
    }

    /// What one secret is, without a key; none if it is not there.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn summary(&self, name: &str) -> Result<Option<Summary>, VaultError> {
        Ok(self.card(name)?.map(|card| card.summary))
    }

    /// Where a key stands in the file of a secret: `expires_at`, or `values.KEY` for a key of a bundle.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn place(&self, name: &str, key: &str) -> Result<Option<(Source, Span)>, VaultError> {
        Ok(self.card(name)?.map(|card| (card.source.clone(), card.place(key))))
    }

    /// The file that holds a secret of this name, whether or not there is one.
    pub fn path(&self, name: &str) -> PathBuf {
        folder::path(&self.folder, name)
    }

    /// Reads the file of a secret without a key. None if there is none, or a rename has made another of it.
    pub(crate) fn card(&self, name: &str) -> Result<Option<Card>, VaultError> {
        let Some(card) = self.raw_card(name)? else { return Ok(None) };
        Ok(if self.is_left_behind(&card)? { None } else { Some(card) })
    }

    /// Reads the file of a secret and judges it: all that is told of it is told of one version. None if there is no
    /// file, or a rename has made another of it.
    ///
    /// `sops` writes over a file from its start, so that what was read may be half of it: a file that is not whole is
    /// read again, until it stays as it is.
    pub(crate) fn judged<T>(
        &self,
        name: &str,
        judge: impl Fn(Card) -> Result<T, VaultError>,
    ) -> Result<Option<T>, VaultError> {
        let mut seen: Option<(Source, VaultError)> = None;
        for _ in 0..TRIES {
            let Some(source) = self.source(name)? else { return Ok(None) };
            if seen.as_ref().is_some_and(|(before, _)| before.text() == source.text()) {
                break;
            }
            let judged = self
                .card_of(name, source.clone())
                .and_then(|card| if self.is_left_behind(&card)? { Ok(None) } else { judge(card).map(Some) });
            match judged {
                Err(error @ VaultError::Integrity(_)) => seen = Some((source, error)),
                answer => return answer,
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        seen.map_or(Ok(None), |(_, error)| Err(error))
    }

    /// Reads the file of a secret, as it is.
    fn raw_card(&self, name: &str) -> Result<Option<Card>, VaultError> {
        self.source(name)?.map(|source| self.card_of(name, source)).transpose()
    }

    /// The text of a secret's file, if it has one.
    fn source(&self, name: &str) -> Result<Option<Source>, VaultError> {
        // No other name has a file.
        if check_name(name).is_err() {
            return Ok(None);
        }
        let text = folder::read(&self.folder, name)?;
        Ok(text.map(|text| Source::new(paths::shown(&self.path(name)), text, Format::Yaml)))
    }

    /// Reads a text as the file of a secret.
    fn card_of(&self, name: &str, source: Source) -> Result<Card, VaultError> {
        let card = self.with_readers(Card::read(source).map_err(VaultError::Integrity)?);
        // An interrupted rename leaves no file whose two names differ, so somebody has moved it.
        if card.summary.name != name {
            let message =
                format!("this file is called `{name}`, and says that it is `{}`", card.summary.name);
            let told = Diagnostic::new(Code::Integrity, message)
                .at(&card.source, card.place("name"), "another name")
                .with_help(
                    "use `redeem secrets rename` to give a secret another name; put the file back first",
                );
            return Err(VaultError::Integrity(Box::new(told)));
        }
        Ok(card)
    }

    fn with_readers(&self, mut card: Card) -> Card {
        let readers = card.summary.recipients.iter().map(|recipient| self.members.called(recipient));
        card.summary.readers = readers.collect();
        card
    }

    /// Whether a secret has another name by now, and only its old file was not removed.
    ///
    /// A rename notes the new name in the old file, writes the new file, and then removes the old one. So the new
    /// name holds from the moment that both files are there, and the two are copies of one.
    fn is_left_behind(&self, card: &Card) -> Result<bool, VaultError> {
        let Some(to) = &card.renamed_to else { return Ok(false) };
        Ok(self.raw_card(to)?.is_some_and(|other| other.is_copy_of(card)))
    }

    /// What time it is: the clock's, or the one that was said.
    pub(crate) fn clock(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }
}
