//! What a secret is without its value.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use redeem_syntax::Diagnostic;

use super::Expiry;

/// The scope of a secret that names none: it may stand anywhere.
pub const GLOBAL: &str = "global";

/// What is known of a secret without a key. None of it is a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name, which is its file's.
    pub name: String,
    /// Where it may stand: `global` is anywhere.
    pub scope: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether all members are its recipients.
    pub visibility: Visibility,
    /// Whatever its people wrote beside it.
    pub metadata: BTreeMap<String, String>,
    /// When it was made, as its file has it (RFC 3339).
    pub created_at: Option<String>,
    /// The member that made it.
    pub created_by: Option<String>,
    /// When it was last changed, as its file has it (RFC 3339).
    pub updated_at: Option<String>,
    /// The member that last changed it.
    pub updated_by: Option<String>,
    /// From when on it is unusable.
    pub expires_at: Option<Expiry>,
    /// How often it was written; 1 is the first.
    pub version: u64,
    /// The keys of a bundle, in the order of the file; none if it is one plain value.
    pub keys: Option<Vec<String>>,
    /// Until when the value before the last rotation is kept, if it is (RFC 3339).
    pub previous_until: Option<String>,
    /// Whom it is encrypted to: age recipients, in the order of the file.
    pub recipients: Vec<String>,
    /// The same as names of members; a recipient that no member has stands for itself.
    pub readers: Vec<String>,
}

/// Who is encrypted to when a secret is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// All members.
    #[default]
    Public,
    /// Its creator and the owners.
    Private,
}

/// All secrets of a vault.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Those that can be read, sorted by name.
    pub secrets: Vec<Summary>,
    /// What is wrong with the others, sorted by file.
    pub problems: Vec<Diagnostic>,
}

impl Summary {
    /// Whether the secret is unusable at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.as_ref().is_some_and(|expiry| expiry.is_past(now))
    }

    /// What references call it, or one of its keys.
    #[cfg(feature = "crypto")]
    pub(super) fn label(&self, key: Option<&str>) -> String {
        match key {
            Some(key) => format!("{}.{key}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Visibility {
    /// The visibility of this name: `public` or `private`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Public, Self::Private].into_iter().find(|one| one.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
