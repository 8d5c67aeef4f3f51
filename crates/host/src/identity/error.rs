//! What goes wrong with identities, in words that hold no key.

use std::fmt;

use super::file::FileError;

/// Why a data key could not be wrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The system has no random bytes to give.
    #[error("the system gives no random bytes: {0}")]
    Random(std::io::Error),
    /// A recipient cannot be encrypted to.
    #[error("cannot encrypt to {recipient}: {why}")]
    Failed {
        /// The recipient.
        recipient: String,
        /// What the library says.
        why: String,
    },
    /// The plugin of a recipient failed.
    #[error("cannot encrypt to {recipient} by the plugin {name}: {why}")]
    Plugin {
        /// The plugin: `age-plugin-NAME` without its first words.
        name: String,
        /// The recipient.
        recipient: String,
        /// What it did, or said.
        why: String,
    },
}

/// Why a text holds no identities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A line is neither an identity nor a comment.
    #[error("line {0} is not an identity: expected `AGE-SECRET-KEY-1…`, or a comment after `#`")]
    Line(usize),
    /// A line begins as an identity and does not add up.
    #[error("line {0} is not a whole identity: its checksum does not fit, so a letter is wrong or missing")]
    Damaged(usize),
    /// A line names a plugin that may not be the name of a program.
    #[error("line {0} names a plugin with other letters than `A-Z a-z 0-9 + - . _`")]
    PluginName(usize),
    /// The text is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// The text is larger than such a file is.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// It is an encrypted file that is broken, or asks for too much work.
    #[error("it is an encrypted identity file, and {0}")]
    File(FileError),
    /// It is encrypted, and not with a passphrase.
    #[error("it is encrypted, and not with a passphrase")]
    NotAPassphrase,
    /// It is an SSH key and this build knows none.
    #[error("it is an SSH key, and this build has no support for them: build with the feature `ssh`")]
    NeedsSsh,
    /// It is a private key of a kind that cannot decrypt.
    #[error("it is a private key of another kind than the SSH kinds ed25519 and RSA")]
    Ssh,
}

/// An identity, or a source of them, that did not open a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Where it comes from: a variable, a path.
    pub source: String,
    /// Its recipient, when it is known; a plugin's name otherwise.
    pub recipient: Option<String>,
    /// Why it did not fit.
    pub why: String,
}

/// Why no data key came out of a file's stanzas. Its text is of several lines: what is wrong, then each identity that
/// was tried with its reason, then who can open the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnwrapError {
    /// The file has no stanza at all.
    NoStanza,
    /// The file has stanzas, and none of them is for an age recipient.
    Foreign {
        /// Who can open the file: the kinds of its stanzas with the keys that they name, `pgp 85D7…`.
        keys: Vec<String>,
    },
    /// The user has no identity at all.
    NoIdentity {
        /// Who can open the file: the recipients of its stanzas.
        recipients: Vec<String>,
        /// Where identities were looked for.
        looked: Vec<String>,
    },
    /// No identity opens the file, which is for others.
    NoMatch {
        /// Who can open the file: the recipients of its stanzas.
        recipients: Vec<String>,
        /// What was tried.
        tried: Vec<Attempt>,
        /// Post-quantum recipient types of its stanzas, which are not supported.
        unsupported: Vec<String>,
    },
    /// The file says that it is for an identity at hand, and is broken.
    Damaged {
        /// The recipient of the broken stanza.
        recipient: String,
        /// What is wrong with it.
        why: String,
        /// What else was tried.
        tried: Vec<Attempt>,
    },
    /// A source that a variable of Redeem's own names cannot be used.
    Source {
        /// The variable, with its path.
        source: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Something about the sources of identities that their owner should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Others on the machine may read an identity file.
    Exposed {
        /// The file.
        path: String,
        /// Its permissions, as `chmod` takes them.
        mode: u32,
    },
    /// An identity file belongs to another user, and we are root, who may read it all the same.
    Foreign {
        /// The file.
        path: String,
        /// Its owner's number.
        owner: u32,
    },
    /// A source cannot be used, and the others are.
    Broken {
        /// The source.
        source: String,
        /// What is wrong with it.
        why: String,
    },
}

impl UnwrapError {
    /// Whether the file is broken, as against being meant for others or there being no identity.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::NoStanza)
    }

    /// What was tried, and where was looked: a line each, without the key.
    pub(crate) fn tried(&self) -> Vec<String> {
        let line = |attempt: &Attempt| match &attempt.recipient {
            Some(recipient) => format!("{} ({}): {}", attempt.source, shown(recipient), attempt.why),
            None => format!("{}: {}", attempt.source, attempt.why),
        };
        match self {
            Self::NoStanza => Vec::new(),
            Self::Foreign { keys } => {
                keys.iter().map(|key| format!("its data key is encrypted by {}", shown(key))).collect()
            }
            Self::NoIdentity { looked, .. } => {
                looked.iter().map(|place| format!("{place}: nothing there")).collect()
            }
            Self::NoMatch { tried, unsupported, .. } => {
                let kinds = unsupported.iter().map(|kind| {
                    format!("a stanza of the post-quantum type `{}`: not supported", shown(kind))
                });
                tried.iter().map(line).chain(kinds).collect()
            }
            Self::Damaged { tried, .. } => tried.iter().map(line).collect(),
            Self::Source { source, why } => vec![format!("{source}: {why}")],
        }
    }

    /// Who can open the file, as far as its stanzas say.
    pub fn recipients(&self) -> &[String] {
        match self {
            Self::NoIdentity { recipients, .. } | Self::NoMatch { recipients, .. } => recipients,
            Self::Foreign { keys } => keys,
            _ => &[],
        }
    }
}

impl std::error::Error for UnwrapError {}

impl fmt::Display for UnwrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = |f: &mut fmt::Formatter<'_>, recipients: &[String]| {
            recipients.iter().try_for_each(|recipient| write!(f, "\nit opens for {}", shown(recipient)))
        };
        match self {
            Self::NoStanza => f.write_str("the file is for nobody: it has no stanza"),
            Self::Foreign { keys } => {
                f.write_str("the file is for no age recipient")?;
                keys.iter().try_for_each(|key| write!(f, "\nit opens for {}", shown(key)))
            }
            Self::NoIdentity { recipients, looked } => {
                write!(f, "there is no identity to open it with; looked for in {}", looked.join(", "))?;
                whom(f, recipients)
            }
            Self::NoMatch { recipients, tried, unsupported } => {
                f.write_str("no identity opens it")?;
                list(f, tried)?;
                whom(f, recipients)?;
                unsupported.iter().try_for_each(|kind| {
                    write!(f, "\nthe post-quantum recipient type `{}` is not supported", shown(kind))
                })
            }
            Self::Damaged { recipient, why, tried } => {
                write!(f, "the data key for {} is damaged: {why}", shown(recipient))?;
                list(f, tried)
            }
            Self::Source { source, why } => write!(f, "{source} gives no identity: {why}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exposed { path, mode } => {
                write!(f, "{path} can be read by others (mode {mode:04o}): run `chmod 600` on it")
            }
            Self::Foreign { path, owner } => write!(f, "{path} belongs to another user (number {owner})"),
            Self::Broken { source, why } => write!(f, "{source} gives no identity: {why}"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, tried: &[Attempt]) -> fmt::Result {
    tried.iter().try_for_each(|Attempt { source, recipient, why }| match recipient {
        Some(recipient) => write!(f, "\n  {source}: {}: {why}", shown(recipient)),
        None => write!(f, "\n  {source}: {why}"),
    })
}

/// What a file calls a recipient, without what a terminal obeys and without its last thousand letters.
fn shown(recipient: &str) -> String {
    let mut shown: String = recipient
        .chars()
        .take(100)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if shown.len() < recipient.len() {
        shown.push('…');
    }
    shown
}
