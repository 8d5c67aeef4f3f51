//! What can be wrong with a SOPS file, or with what is asked of it.

use thiserror::Error;

/// Why a SOPS file could not be read, opened or written.
///
/// No message holds a value. Positions are lines, 1-based.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SopsError {
    /// The file is larger than [`super::LARGEST_FILE`].
    #[error("{shown}: the file is larger than 64 MiB")]
    TooLarge {
        /// The file, as people call it.
        shown: String,
    },
    /// The text is not valid in its format, or holds what a SOPS file cannot hold.
    #[error("{shown}:{line}: {message}")]
    Syntax {
        /// The file, as people call it.
        shown: String,
        /// The line, 1-based.
        line: usize,
        /// One sentence, lower-case.
        message: String,
    },
    /// There is no metadata: the file is not encrypted.
    #[error("{shown}: this is not a SOPS file: it has no `sops` metadata")]
    NotEncrypted {
        /// The file, as people call it.
        shown: String,
    },
    /// The metadata says something that cannot be.
    #[error("{shown}: the `sops` metadata is damaged: {message}")]
    Metadata {
        /// The file, as people call it.
        shown: String,
        /// One sentence, lower-case.
        message: String,
    },
    /// The data key is split over several groups of keys.
    #[error("{shown}: {field} splits the data key over groups of keys, which is not supported")]
    KeyGroups {
        /// The file, as people call it.
        shown: String,
        /// The key of the metadata that says so.
        field: &'static str,
    },
    /// More than one selector is given.
    #[error("{shown}: `{first}` and `{second}` cannot both say what is encrypted")]
    TwoSelectors {
        /// The file, as people call it.
        shown: String,
        /// The first of them.
        first: &'static str,
        /// The second.
        second: &'static str,
    },
    /// A selector's regular expression is not valid. `sops` would quietly encrypt nothing, or everything.
    #[error("{shown}: `{selector}` is not a valid regular expression: {message}")]
    Regex {
        /// The file, as people call it.
        shown: String,
        /// The selector.
        selector: &'static str,
        /// Why.
        message: String,
    },
    /// A value that must be encrypted is not, or is not written as an encrypted value is.
    #[error("{shown}:{line}: the value of `{path}` must be encrypted, and {found}")]
    NotSealed {
        /// The file, as people call it.
        shown: String,
        /// The line, 1-based.
        line: usize,
        /// The path of the value.
        path: String,
        /// What it is instead.
        found: &'static str,
    },
    /// A value does not open with this data key at this place.
    #[error(
        "{shown}:{line}: the value of `{path}` does not open: it was changed, or moved from another place"
    )]
    Unauthentic {
        /// The file, as people call it.
        shown: String,
        /// The line, 1-based.
        line: usize,
        /// The path of the value.
        path: String,
    },
    /// A value opens, and is not of the type that it says.
    #[error("{shown}:{line}: the value of `{path}` is not of the type that it says")]
    NotOfItsType {
        /// The file, as people call it.
        shown: String,
        /// The line, 1-based.
        line: usize,
        /// The path of the value.
        path: String,
    },
    /// An IV has a length that nothing writes.
    #[error("{shown}:{line}: the IV of `{path}` has {length} bytes; 12, 16 and 32 are supported")]
    NonceLength {
        /// The file, as people call it.
        shown: String,
        /// The line, 1-based.
        line: usize,
        /// The path of the value.
        path: String,
        /// How many bytes the IV has.
        length: usize,
    },
    /// The MAC is missing.
    #[error("{shown}: the MAC is missing")]
    MacMissing {
        /// The file, as people call it.
        shown: String,
    },
    /// The MAC does not open: it, or `lastmodified`, was changed.
    #[error("{shown}: the MAC does not open: it or `lastmodified` was changed")]
    MacUnauthentic {
        /// The file, as people call it.
        shown: String,
    },
    /// The MAC is not that of these values.
    #[error("{shown}: the MAC does not fit: a value was changed, added, moved or removed")]
    MacMismatch {
        /// The file, as people call it.
        shown: String,
    },
    /// A path does not lead to a value.
    #[error("{shown}: there is no value at `{path}`")]
    NoValue {
        /// The file, as people call it.
        shown: String,
        /// The path.
        path: String,
    },
    /// A change cannot be made.
    #[error("{shown}: `{path}` cannot be changed: {message}")]
    Change {
        /// The file, as people call it.
        shown: String,
        /// The path.
        path: String,
        /// Why, lower-case.
        message: &'static str,
    },
    /// A tree cannot be written in this store.
    #[error("`{path}` cannot be written as {store}: {message}")]
    Unwritable {
        /// The path.
        path: String,
        /// The store's name.
        store: &'static str,
        /// Why, lower-case.
        message: &'static str,
    },
    /// A file that was written would not be read as it was meant. Nothing has been changed.
    #[error("{shown}: the new text would not say what it should; nothing was changed")]
    Proof {
        /// The file, as people call it.
        shown: String,
    },
    /// The data key could not be encrypted to a recipient.
    #[error("the data key cannot be encrypted to {recipient}: {message}")]
    Wrap {
        /// The recipient.
        recipient: String,
        /// Why.
        message: String,
    },
    /// There is nobody to encrypt to.
    #[error("a file needs at least one recipient")]
    NoRecipients,
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

impl SopsError {
    /// Whether the file was damaged or tampered with, or is not authentic; all else is a matter of use.
    pub fn is_integrity(&self) -> bool {
        matches!(
            self,
            Self::Metadata { .. }
                | Self::NotSealed { .. }
                | Self::Unauthentic { .. }
                | Self::NotOfItsType { .. }
                | Self::NonceLength { .. }
                | Self::MacMissing { .. }
                | Self::MacUnauthentic { .. }
                | Self::MacMismatch { .. }
        )
    }

    /// What to do next, if there is something to say.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotEncrypted { .. } => "encrypt it first, or name the format that it has",
            Self::KeyGroups { .. } => "open it with `sops`, and give it a single group of keys",
            Self::TwoSelectors { .. } => "keep one of the two",
            Self::NotSealed { .. } => {
                "write the value with Redeem or `sops`, or change what is to be encrypted"
            }
            Self::Unauthentic { .. }
            | Self::NotOfItsType { .. }
            | Self::MacMissing { .. }
            | Self::MacUnauthentic { .. }
            | Self::MacMismatch { .. }
            | Self::Metadata { .. } => {
                "take the file from version control again; if the change was meant, make it with Redeem or `sops`"
            }
            Self::NoRecipients => "name an age recipient",
            _ => return None,
        })
    }
}
