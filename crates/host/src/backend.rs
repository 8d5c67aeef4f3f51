//! The stores that references resolve from, one file each, and the table of their types.

use std::sync::Arc;

use redeem_core::{Backend, Facts, Failure, Fetched, Secret, Survey};
use redeem_syntax::Code;

pub mod dotenv;
pub mod env;
pub mod files;
#[cfg(feature = "crypto")]
pub mod sops;
pub mod vault;

mod variables;
pub use variables::Variables;

use crate::config::{BackendConfig, ConfigError};

/// One type of backend.
pub struct BackendType {
    /// What `redeem.toml` calls it: `type = "env"`.
    pub name: &'static str,
    /// What it is, for documentation.
    pub about: &'static str,
    /// The keys of its table, besides `name` and `type`.
    pub keys: &'static [&'static str],
    /// Makes one from its table.
    pub open: fn(&BackendConfig) -> Result<Box<dyn Backend>, ConfigError>,
}

/// The keys that say how names become variables.
const VARIABLES: &[&str] = &["prefix", "bare_keys", "map", "names"];

/// Every type of backend.
pub const BACKENDS: &[BackendType] = &[
    BackendType { name: "env", about: "the environment", keys: VARIABLES, open: env::open },
    BackendType {
        name: "dotenv",
        about: "a `.env` file",
        keys: &["path", "prefix", "bare_keys", "map", "names"],
        open: dotenv::open,
    },
    BackendType {
        name: "files",
        about: "a folder with one secret a file",
        keys: &["path", "raw"],
        open: files::open,
    },
    BackendType { name: "vault", about: "a vault", keys: &["path", "identity"], open: vault::open },
    BackendType { name: "sops", about: "a SOPS file", keys: &["path", "identity"], open: open_sops },
];

#[cfg(feature = "crypto")]
use sops::open as open_sops;

/// Without `crypto` there is nothing of a SOPS file that could be used.
#[cfg(not(feature = "crypto"))]
fn open_sops(config: &BackendConfig) -> Result<Box<dyn Backend>, ConfigError> {
    Err(config.error("Redeem was built without `crypto`, which a SOPS file needs".to_owned()))
}

/// Wraps a value that was found.
fn found(value: Vec<u8>) -> Fetched {
    Fetched::Found(Secret::new(value))
}

/// A name that a backend has, and of which it knows nothing else.
fn here(backend: &str) -> Survey {
    Survey::Here(Arc::new(Facts::plain(backend)))
}

/// A failure of a backend, with a sentence that does not hold the value.
fn failed(backend: &str, code: Code, message: impl Into<String>, help: Option<String>) -> Fetched {
    Fetched::Failed(Arc::new(Failure { code, backend: backend.to_owned(), message: message.into(), help }))
}

/// Secret files and piped values usually end in a line break that is not part of the value: one is dropped.
pub fn without_final_break(mut value: Vec<u8>) -> Vec<u8> {
    if value.last() == Some(&b'\n') {
        value.pop();
        if value.last() == Some(&b'\r') {
            value.pop();
        }
    }
    value
}
