//! SOPS files: read, opened, edited in place, written.
//!
//! A [`File`] is the text of a SOPS file with its [`Leaf`]s in file order and its [`Metadata`]; none of that needs a
//! key. With the [`DataKey`](crate::identity::DataKey) a leaf is opened, the whole file is verified, and
//! [`File::edit`] writes a new text in which every byte that did not change stays. [`create()`] writes a new file as
//! `sops` 3.13.2 itself writes it, byte for byte.
//!
//! What SOPS's own MAC covers are the values, one behind the other: neither keys, nor comments, nor where one value
//! ends. Whoever needs more puts a digest of its own into a value, as the vault does.

use std::fmt;

use zeroize::Zeroizing;

mod cipher;
mod create;
mod decrypt;
mod dotenv;
mod edit;
mod error;
mod file;
mod flat;
mod ini;
mod json;
mod mac;
mod metadata;
mod node;
mod number;
mod path;
mod plain;
mod recipients;
mod select;
mod time;
mod tree;
mod yaml;

pub use cipher::Sealed;
pub use create::{VERSION, create, create_with_key};
pub use edit::Change;
pub use error::SopsError;
pub use file::{File, Leaf, Stored};
pub use metadata::{Foreign, Metadata, Stanza};
pub use path::{Path, Step};
pub use select::{Rule, Selection};
pub use tree::{Item, Tree, Value};

/// The largest file that is read: 64 MiB.
pub const LARGEST_FILE: usize = 64 << 20;
/// How deeply maps and lists may be nested.
pub const DEEPEST: usize = 200;
/// How many stanzas a file may have, of all kinds.
pub const MOST_STANZAS: usize = 10_000;

/// How a SOPS file is laid out, which `sops` tells from the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Store {
    /// `.yaml` and `.yml`: a `sops` map in every document.
    Yaml,
    /// `.json`: a `sops` object.
    Json,
    /// `.env`: flat `sops_…` keys.
    Dotenv,
    /// `.ini`: a `[sops]` section.
    Ini,
    /// All else, `.toml` too: a JSON object with the whole text in `data`.
    Binary,
}

impl Store {
    /// The store that `sops` takes for a file of this name.
    ///
    /// ```
    /// use redeem_host::sops::Store;
    ///
    /// assert_eq!(Store::of_file_name("secrets/prod.yml"), Store::Yaml);
    /// assert_eq!(Store::of_file_name(".env"), Store::Dotenv);
    /// assert_eq!(Store::of_file_name("app.toml"), Store::Binary);
    /// ```
    pub fn of_file_name(name: &str) -> Self {
        // `sops` compares endings as they are written: `A.YAML` is binary (stores and formats, `formats.go`).
        let ends = |ending: &str| name.ends_with(ending);
        match () {
            () if ends(".yaml") || ends(".yml") => Self::Yaml,
            () if ends(".json") => Self::Json,
            () if ends(".env") => Self::Dotenv,
            () if ends(".ini") => Self::Ini,
            () => Self::Binary,
        }
    }

    /// What people and `sops --input-type` call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Binary => "binary",
        }
    }
}

/// The type of a value, as `type:` of `ENC[…]` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    Str,
    /// A whole number of 64 bits.
    Int,
    /// A floating-point number of 64 bits.
    Float,
    /// `True` or `False`.
    Bool,
    /// A point in time (RFC 3339).
    Time,
    /// Bytes, which old versions of `sops` wrote: read, never written.
    Bytes,
    /// A comment.
    Comment,
}

impl Type {
    /// Every type.
    pub const ALL: [Self; 7] =
        [Self::Str, Self::Int, Self::Float, Self::Bool, Self::Time, Self::Bytes, Self::Comment];

    /// What `type:` says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Time => "time",
            Self::Bytes => "bytes",
            Self::Comment => "comment",
        }
    }

    /// The type that `type:` names.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A value in the clear: its type, and its bytes as SOPS encrypts and hashes them.
///
/// Numbers are canonical: `7` and not `007`, `0.5` and not `5e-1`, `True` and not `true`. The bytes are wiped when it
/// is dropped, and `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain {
    /// Its type.
    pub r#type: Type,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Plain {
    /// A value of this type, with its bytes as SOPS hashes them.
    pub fn new(r#type: Type, bytes: impl Into<Vec<u8>>) -> Self {
        Self { r#type, bytes: Zeroizing::new(bytes.into()) }
    }

    /// A text.
    pub fn str(text: impl Into<String>) -> Self {
        Self::new(Type::Str, text.into())
    }

    /// A whole number.
    pub fn int(number: i64) -> Self {
        Self::new(Type::Int, number.to_string())
    }

    /// A floating-point number.
    pub fn float(number: f64) -> Self {
        Self::new(Type::Float, number::float_text(number))
    }

    /// A truth value.
    pub fn bool(is_true: bool) -> Self {
        Self::new(Type::Bool, if is_true { "True" } else { "False" })
    }

    /// The bytes as text, if they are UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// Says the type, and nothing of the value.
impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plain({}, redacted)", self.r#type.name())
    }
}
