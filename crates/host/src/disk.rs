//! The real world: the backends that the configuration names.

#[cfg(feature = "crypto")]
use std::sync::Arc;

use redeem_core::{Backend, Variables as Seen, World};

use crate::backend::{self, BACKENDS, Variables, env::Env};
use crate::config::{BackendConfig, Config, ConfigError, leads_outside};
#[cfg(feature = "crypto")]
use crate::identity::Identities;
use crate::template;
use crate::vault::{self, Vault};

/// The world of a configuration.
pub struct Disk {
    backends: Vec<Box<dyn Backend>>,
    variables: Seen,
}

impl Disk {
    /// Opens the backends of `config`, in their order. Without any, the vault in `secrets/` is asked,
    /// if there is one, and then the environment.
    ///
    /// # Errors
    /// A table of a backend that cannot be used, with its place in the file.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        #[cfg(feature = "crypto")]
        return Self::open_with(config, Identities::of_environment());
        #[cfg(not(feature = "crypto"))]
        Self::of(config, &|table| table)
    }

    /// The same with these identities, which all backends share: they are looked for when the first value is to be
    /// decrypted, and once.
    ///
    /// # Errors
    /// As [`Disk::open`].
    #[cfg(feature = "crypto")]
    pub fn open_with(config: &Config, identities: impl Into<Arc<Identities>>) -> Result<Self, ConfigError> {
        let identities = identities.into();
        Self::of(config, &|mut table| {
            table.identities = Some(Arc::clone(&identities));
            table
        })
    }

    fn of(config: &Config, given: &dyn Fn(BackendConfig) -> BackendConfig) -> Result<Self, ConfigError> {
        let mut backends: Vec<Box<dyn Backend>> = Vec::new();
        for table in &config.backends {
            let Some(known) = BACKENDS.iter().find(|known| known.name == table.kind) else {
                return Err(Config::unknown_backend_type(table));
            };
            if let Some(key) = table.keys.iter().find(|key| !known.keys.contains(key)) {
                return Err(Config::useless_key(table, key, known.keys));
            }
            backends.push((known.open)(&given(table.clone()))?);
        }
        if backends.is_empty() {
            let folder = config.folder.join(vault::FOLDER);
            // A link that leads elsewhere would have to be trusted, and there is no file to say that of.
            if Vault::is_vault(&folder) && !leads_outside(&folder, &config.folder) {
                backends.push(backend::vault::open(&given(BackendConfig::at("vault", folder)))?);
            }
            backends.push(Box::new(Env::of_process("environment", Variables::default())));
        }
        Ok(Self { backends, variables: template::seen(config) })
    }
}

impl World for Disk {
    fn backends(&self) -> &[Box<dyn Backend>] {
        &self.backends
    }

    fn variables(&self) -> &Seen {
        &self.variables
    }
}
