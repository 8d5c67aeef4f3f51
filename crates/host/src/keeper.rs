//! Where secrets are kept and changed: a vault of the configuration, or the one that is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use redeem_core::nearest;

use crate::Config;
use crate::config::{BackendConfig, ConfigError};
use crate::identity::{Identities, Prompt};
use crate::paths::shown;
use crate::vault::{FOLDER, Vault, VaultError};

mod sops;
pub use sops::{SopsKeeper, SopsKeeperError};

/// A store that secrets can be written to, with the identities that open it.
pub struct Keeper {
    /// The store.
    pub store: Store,
    /// The identities, which are read when they are first needed.
    pub identities: Arc<Identities>,
}

/// A store that secrets can be written to.
pub enum Store {
    /// A vault.
    Vault(Box<Vault>),
    /// A SOPS file.
    Sops(SopsKeeper),
}

/// Which store is meant, and who writes to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'c> {
    /// The backend's name; without one the first vault of the configuration, or `secrets/`.
    pub backend: Option<&'c str>,
    /// The member, where the identities cannot tell.
    pub member: Option<&'c str>,
}

/// Why there is no store to write to.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// There is no vault, and none was named.
    #[error("there is no vault: no backend of type `vault` in redeem.toml, and no {0}")]
    NoVault(String),
    /// No backend has this name.
    #[error("no backend is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// One that it may be meant for.
        near: Option<String>,
    },
    /// The backend is of a type that Redeem only reads.
    #[error("`{name}` is of type `{kind}`, which Redeem does not write to")]
    ReadOnly {
        /// The backend.
        name: String,
        /// Its type.
        kind: String,
    },
    /// Its table cannot be used.
    #[error("{}", _0.0.message)]
    Config(ConfigError),
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl KeeperError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoVault(_) => Some("make one with `redeem vault init`".to_owned()),
            Self::Unknown { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::ReadOnly { .. } => Some("name a backend of type `vault` or `sops`".to_owned()),
            Self::Config(error) => error.0.help.clone(),
            Self::Vault(error) => error.help(),
        }
    }
}

impl Keeper {
    /// Opens the store of a choice.
    ///
    /// # Errors
    /// Why there is none that can be written to.
    pub fn open(config: &Config, choice: &Choice<'_>, prompt: Arc<dyn Prompt>) -> Result<Self, KeeperError> {
        let own = Arc::new(Identities::of_environment().with_prompt(prompt));
        let Some(table) = table(config, choice.backend)? else {
            let folder = config.folder.join(FOLDER);
            if !Vault::is_vault(&folder) {
                return Err(KeeperError::NoVault(shown(&folder).to_string()));
            }
            return Self::vault(&folder, choice, own);
        };
        let path = table.required_path().map_err(KeeperError::Config)?;
        let mut table = table.clone();
        table.identities = Some(own);
        let identities = table.identities().map_err(KeeperError::Config)?;
        if table.kind == "sops" {
            let store = Store::Sops(SopsKeeper::new(&table.name, path, Arc::clone(&identities)));
            return Ok(Self { store, identities });
        }
        Self::vault(&path, choice, identities)
    }

    fn vault(folder: &Path, choice: &Choice<'_>, identities: Arc<Identities>) -> Result<Self, KeeperError> {
        let mut vault = Vault::open(folder)?.with(Arc::clone(&identities));
        if let Some(member) = choice.member {
            vault = vault.acting_as(member);
        }
        Ok(Self { store: Store::Vault(Box::new(vault)), identities })
    }

    /// The folder of the vault that [`Keeper::open`] would open, whether or not there is one.
    pub fn folder(config: &Config) -> PathBuf {
        let first = config.backends.iter().find(|table| table.kind == "vault");
        let path = first.and_then(|table| table.required_path().ok());
        path.unwrap_or_else(|| config.folder.join(FOLDER))
    }
}

/// The table of the backend that is meant; none for `secrets/`, which needs none.
fn table<'c>(config: &'c Config, backend: Option<&str>) -> Result<Option<&'c BackendConfig>, KeeperError> {
    let Some(name) = backend else {
        return Ok(config.backends.iter().find(|table| table.kind == "vault"));
    };
    let Some(table) = config.backends.iter().find(|table| table.name == name) else {
        let near = nearest(name, config.backends.iter().map(|table| table.name.as_str()));
        return Err(KeeperError::Unknown { name: name.to_owned(), near: near.map(str::to_owned) });
    };
    if !matches!(table.kind.as_str(), "vault" | "sops") {
        return Err(KeeperError::ReadOnly { name: name.to_owned(), kind: table.kind.clone() });
    }
    Ok(Some(table))
}
