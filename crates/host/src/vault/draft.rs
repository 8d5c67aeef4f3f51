//! What is asked of a vault that is written to, and what it answers.

use redeem_core::Secret;

use super::{Expiry, Visibility};

/// A secret to be made.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its value or values.
    pub content: Content,
    /// Where it may stand; `global` if none.
    pub scope: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Who can read it; what the vault says if none.
    pub visibility: Option<Visibility>,
    /// Whatever belongs beside it, in this order.
    pub metadata: Vec<(String, String)>,
    /// From when on it is unusable.
    pub expires_at: Option<Expiry>,
}

/// What a secret holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// One plain value.
    Value(Secret),
    /// Values by key, in this order.
    Bundle(Vec<(String, Secret)>),
}

/// A change of a secret. What is not named stays.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// The new value, or the keys of a bundle that are new or changed.
    pub content: Option<Content>,
    /// The new scope.
    pub scope: Option<String>,
    /// The new description; an empty one removes it.
    pub description: Option<String>,
    /// The new visibility. A secret that is made and does not say gets the vault's.
    pub visibility: Option<Visibility>,
    /// New and changed metadata; none removes a key.
    pub metadata: Vec<(String, Option<String>)>,
    /// The new date of expiry; `Some(None)` removes it.
    pub expires_at: Option<Option<Expiry>>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The secret's name.
    pub name: String,
    /// Its version now.
    pub version: u64,
    /// Whether it was made.
    pub is_new: bool,
    /// Whether anything is different now; a file that says the same already is not written.
    pub is_changed: bool,
    /// Who can read it: names of members.
    pub readers: Vec<String>,
}

impl Draft {
    /// A secret of one plain value.
    pub fn value(value: Secret) -> Self {
        Self::of(Content::Value(value))
    }

    /// A secret of this content, and nothing beside it.
    pub fn of(content: Content) -> Self {
        Self {
            content,
            scope: None,
            description: None,
            visibility: None,
            metadata: Vec::new(),
            expires_at: None,
        }
    }
}
