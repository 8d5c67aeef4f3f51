//! What can go wrong with a vault, and what to do about it.

use std::io;
use std::path::PathBuf;

use redeem_syntax::{Code, Diagnostic};

use super::{ExpiryError, NameError};
use crate::write::WriteError;

/// Why a vault could not be read or changed. It names secrets, files and members, never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The folder has no `vault.toml`.
    #[error("{} is no vault: it has no vault.toml", folder.display())]
    NotAVault {
        /// The folder.
        folder: PathBuf,
    },
    /// There is a vault already.
    #[error("{} is a vault already", folder.display())]
    VaultExists {
        /// The folder.
        folder: PathBuf,
    },
    /// `vault.toml`, or the file of a secret, says what cannot be used; the diagnostic points at the place.
    #[error("{}", _0.message)]
    Malformed(Box<Diagnostic>),
    /// A name, a key, a scope or the name of a member cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A date of expiry cannot be used.
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
    /// A secret of this name is there already.
    #[error("there is a secret `{name}` already")]
    Exists {
        /// The name.
        name: String,
    },
    /// A secret is there whose name differs in case only.
    #[error("there is a secret `{other}` already, and `{name}` differs from it in case only")]
    CaseCollision {
        /// The new name.
        name: String,
        /// The name that is there.
        other: String,
    },
    /// There is no secret of this name.
    #[error("there is no secret `{name}`")]
    UnknownSecret {
        /// The name.
        name: String,
        /// One that it may be meant for.
        near: Option<String>,
    },
    /// The secret has no key of this name.
    #[error("`{name}` has no key `{key}`")]
    UnknownKey {
        /// The secret's name.
        name: String,
        /// The key.
        key: String,
        /// The keys that it has; none if it is one plain value.
        keys: Vec<String>,
    },
    /// The secret is a bundle, and a single value was given or asked for.
    #[error("`{name}` has several keys, and none was named")]
    BundleWithoutKey {
        /// The secret's name.
        name: String,
        /// The keys that it has.
        keys: Vec<String>,
    },
    /// A value is no UTF-8 text.
    #[error("the value for `{name}` is no UTF-8 text")]
    NotText {
        /// The secret's name, with the key if there is one.
        name: String,
    },
    /// The secret's file would be larger than any that is read: 16 MiB.
    #[error("the file of `{name}` would be larger than 16 MiB, and no such file is read")]
    TooLarge {
        /// The secret's name.
        name: String,
    },
    /// A change that would leave a secret without any value.
    #[error("`{name}` would have no value left")]
    Empty {
        /// The secret's name.
        name: String,
    },
    /// No identity at hand decrypts the secret.
    #[error("`{name}` cannot be decrypted with the identities at hand")]
    Unreadable {
        /// The secret's name.
        name: String,
        /// Who can: names of members, or recipients where no member has them.
        readers: Vec<String>,
        /// Each identity that was tried: where it came from, and why it did not fit.
        tried: Vec<String>,
    },
    /// The file of a secret is damaged, or was changed by other hands than the vault's.
    #[error("{}", _0.message)]
    Integrity(Box<Diagnostic>),
    /// No identity at hand is that of a member, so nothing may be written.
    #[error("you are no member of this vault: no identity at hand belongs to one")]
    NotAMember {
        /// The owners, who can let one in.
        owners: Vec<String>,
        /// The recipients of the identities at hand.
        recipients: Vec<String>,
    },
    /// The identities at hand are another member's.
    #[error("you are not {name}: the identities at hand are another member's")]
    NotThatMember {
        /// The member that was named.
        name: String,
    },
    /// A member may not do this.
    #[error("{member} is {role} of this vault and may not {action}")]
    NotAllowed {
        /// The member's name.
        member: String,
        /// The role, with its article: `a member`.
        role: &'static str,
        /// What was to be done, as a verb: `write secrets`.
        action: String,
        /// Who may.
        who: Vec<String>,
    },
    /// No member has this name.
    #[error("no member is called `{name}`")]
    UnknownMember {
        /// The name.
        name: String,
        /// One that it may be meant for.
        near: Option<String>,
    },
    /// A member of this name, or with this recipient, is there already.
    #[error("{why}")]
    MemberExists {
        /// Which member it is, as a sentence.
        why: String,
    },
    /// The vault would be left without an owner.
    #[error("{name} is the only owner, and a vault needs one")]
    LastOwner {
        /// The owner's name.
        name: String,
    },
    /// The text is no recipient.
    #[error("{why}")]
    Recipient {
        /// What is wrong with it, as a sentence.
        why: String,
    },
    /// Another program changed a file while it was to be written.
    #[error("{} was changed by another program meanwhile", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The vault's history cannot be read.
    #[error("git has no history of this vault: {why}")]
    NoHistory {
        /// Why, as a clause.
        why: String,
    },
    /// The file of a secret cannot be written so.
    #[cfg(feature = "crypto")]
    #[error("the file of the secret cannot be written: {0}")]
    Sops(#[from] crate::sops::SopsError),
    /// The system refused an operation.
    #[error("cannot {operation} {}: {source}", path.display())]
    System {
        /// The operation, as a verb: `read`, `lock`.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<crate::git::GitError> for VaultError {
    fn from(error: crate::git::GitError) -> Self {
        Self::NoHistory { why: error.why }
    }
}

impl VaultError {
    /// The kind of problem, where it is one that files can have; exit codes follow from it.
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(diagnostic) | Self::Integrity(diagnostic) => diagnostic.code,
            Self::UnknownSecret { .. } => Code::UnknownSecret,
            Self::UnknownKey { .. } => Code::UnknownKey,
            Self::BundleWithoutKey { .. } => Code::BundleWithoutKey,
            Self::Unreadable { .. } => Code::UnreadableSecret,
            Self::Name(_) => Code::InvalidName,
            _ => Code::BackendFailed,
        }
    }

    /// Says what to do next, as something that can be typed where there is such a thing.
    pub fn help(&self) -> Option<String> {
        let meant = |near: &Option<String>| near.as_ref().map(|near| format!("did you mean `{near}`?"));
        let help = match self {
            Self::Malformed(diagnostic) | Self::Integrity(diagnostic) => return diagnostic.help.clone(),
            Self::NotAVault { .. } => "make one with `redeem vault init`".to_owned(),
            Self::Exists { name } => {
                format!("change it with `redeem secrets set {name}`, or choose another name")
            }
            Self::CaseCollision { other, .. } => {
                format!("some file systems take the two for one: use `{other}`, or another name")
            }
            Self::UnknownSecret { near, .. } | Self::UnknownMember { near, .. } => return meant(near),
            Self::UnknownKey { name, key, keys } if keys.is_empty() => {
                format!("`{name}` is one plain value: leave out `{key}`")
            }
            Self::UnknownKey { key, keys, .. } => {
                match redeem_core::nearest(key, keys.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its keys are: {}", keys.join(", ")),
                }
            }
            Self::BundleWithoutKey { name, keys } => {
                format!("write `{name}.KEY` with one of: {}", keys.join(", "))
            }
            Self::NotText { .. } => {
                "encode it first, with base64 for one, and decode it where it is used".to_owned()
            }
            Self::TooLarge { .. } => {
                "divide it between several secrets; the largest files are no secrets".to_owned()
            }
            Self::Empty { name } => format!("remove all of it with `redeem secrets delete {name}`"),
            Self::Unreadable { readers, tried, .. } => {
                let who = format!("it can be read by: {}", readers.join(", "));
                let tried = match &tried[..] {
                    [] => "no identity was found".to_owned(),
                    tried => format!("tried: {}", tried.join("; ")),
                };
                format!("{who}; {tried}")
            }
            Self::NotAMember { owners, recipients } => {
                let ask = format!("ask an owner ({}) for", owners.join(", "));
                match recipients.first() {
                    Some(recipient) => format!("{ask} `redeem vault grant NAME {recipient}`"),
                    None => format!("{ask} `redeem vault grant`; no identity was found"),
                }
            }
            Self::NotThatMember { .. } => {
                "leave out `--as`: it is for an identity that does not tell whose it is, such as a plugin's"
                    .to_owned()
            }
            Self::NotAllowed { who, .. } => format!("ask one of: {}", who.join(", ")),
            Self::LastOwner { .. } => "let another owner in first, with `redeem vault grant`".to_owned(),
            Self::Changed { .. } => "run again when nothing else writes to it".to_owned(),
            #[cfg(feature = "crypto")]
            Self::Sops(error) => return error.help().map(str::to_owned),
            Self::Write(error) => error.help().to_owned(),
            Self::VaultExists { .. }
            | Self::Name(_)
            | Self::Expiry(_)
            | Self::MemberExists { .. }
            | Self::Recipient { .. }
            | Self::NoHistory { .. }
            | Self::System { .. } => return None,
        };
        Some(help)
    }
}

impl From<VaultError> for Diagnostic {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Malformed(diagnostic) | VaultError::Integrity(diagnostic) => *diagnostic,
            error => {
                let told = Self::new(error.code(), error.to_string());
                match error.help() {
                    Some(help) => told.with_help(help),
                    None => told,
                }
            }
        }
    }
}
