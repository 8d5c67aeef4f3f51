//! What goes wrong with identities, in words that hold no key.

use std::fmt;

/// Why a data key could not be wrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The encryption failed.
    #[error("the data key cannot be encrypted: {0}")]
    Failed(String),
}

/// Why a text holds no identities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A line is neither an identity nor a comment.
    #[error("line {line} of {source_name} is not an age identity")]
    Line {
        /// Where the text comes from.
        source_name: String,
        /// The line, from 1.
        line: usize,
    },
}

/// An identity, or a source of them, that did not open the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Where it comes from.
    pub source: String,
    /// Its recipient, when it is known.
    pub recipient: Option<String>,
    /// Why it did not fit.
    pub why: String,
}

/// Why no data key came out of a file's stanzas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnwrapError {
    /// No identity opens the file, which is for others.
    NoMatch {
        /// Who can open it: the recipients of its stanzas.
        recipients: Vec<String>,
        /// What was tried.
        tried: Vec<Attempt>,
    },
    /// An identity fits and the stanza is broken.
    Damaged {
        /// The recipient of the broken stanza.
        recipient: String,
        /// What is wrong with it.
        why: String,
    },
}

impl UnwrapError {
    /// Whether the file is broken, as against being meant for others.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}

impl std::error::Error for UnwrapError {}

impl fmt::Display for UnwrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch { recipients, tried } => {
                f.write_str(if tried.is_empty() { "there is no identity" } else { "no identity fits" })?;
                for Attempt { source, recipient, why } in tried {
                    match recipient {
                        Some(recipient) => write!(f, "\n  {source}: {recipient}: {why}")?,
                        None => write!(f, "\n  {source}: {why}")?,
                    }
                }
                write!(f, "\nit opens for: {}", recipients.join(", "))
            }
            Self::Damaged { recipient, why } => write!(f, "the data key for {recipient} is damaged: {why}"),
        }
    }
}
