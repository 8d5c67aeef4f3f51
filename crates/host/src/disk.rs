//! The real world: the backends that the configuration names.

#[cfg(feature = "crypto")]
use std::sync::Arc;

use redeem_core::{Backend, Fetched, Name, Variables as Seen, World};

use crate::backend::{self, BACKENDS, BackendType, Variables, env::Env};
use crate::config::{BackendConfig, Config, ConfigError, leads_outside};
#[cfg(feature = "crypto")]
use crate::identity::Identities;
use crate::lock::Lock;
use crate::template;
use crate::vault::{self, Vault};

/// What the environment is called where no backend is configured.
pub(crate) const ENVIRONMENT: &str = "environment";

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

    /// Opens the backends for questions that need no key: what can be known of secrets without their values.
    ///
    /// A backend that lies outside the configuration's folder without having been trusted is not asked, and neither is
    /// one whose path stands in a variable that is not set. One that `lock` has answers by that alone.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open_for_survey(config: &Config, lock: &Lock) -> Result<Self, ConfigError> {
        let is_trusted = config.needs_trust().is_empty() || crate::trust::is_trusted(config);
        let mut backends: Vec<Box<dyn Backend>> = Vec::new();
        for table in &config.backends {
            let known = known(table)?;
            if let Some(locked) = lock.store(config, &table.name) {
                backends.push(Box::new(locked));
                continue;
            }
            let path = table.path.as_ref();
            let is_outside = || matches!(path, Some(Ok(path)) if config.leads_outside(path));
            if matches!(path, Some(Err(_))) || !is_trusted && is_outside() {
                backends.push(Box::new(Closed(table.name.clone())));
                continue;
            }
            // No value is decrypted.
            backends.push((known.open)(&table.without_identity())?);
        }
        if config.backends.is_empty() {
            backends = Self::of(config, &|table| table)?.backends;
            for backend in &mut backends {
                if let Some(locked) = lock.store(config, backend.name()) {
                    *backend = Box::new(locked);
                }
            }
        }
        Ok(Self { backends, variables: template::seen(config) })
    }

    fn of(config: &Config, given: &dyn Fn(BackendConfig) -> BackendConfig) -> Result<Self, ConfigError> {
        let mut backends: Vec<Box<dyn Backend>> = Vec::new();
        for table in &config.backends {
            let known = known(table)?;
            backends.push((known.open)(&given(table.clone()))?);
        }
        if backends.is_empty() {
            let folder = config.folder.join(vault::FOLDER);
            // A link that leads elsewhere would have to be trusted, and there is no file to say that of.
            if Vault::is_vault(&folder) && !leads_outside(&folder, &config.folder) {
                backends.push(backend::vault::open(&given(BackendConfig::at("vault", folder)))?);
            }
            backends.push(Box::new(Env::of_process(ENVIRONMENT, Variables::default())));
        }
        Ok(Self { backends, variables: template::seen(config) })
    }
}

/// The type of a backend that a table names, all of whose keys are of that type.
fn known(table: &BackendConfig) -> Result<&'static BackendType, ConfigError> {
    let known = BACKENDS.iter().find(|known| known.name == table.kind);
    let known = known.ok_or_else(|| Config::unknown_backend_type(table))?;
    match table.keys.iter().find(|key| !known.keys.contains(key)) {
        Some(key) => Err(Config::useless_key(table, key, known.keys)),
        None => Ok(known),
    }
}

/// A backend that is not asked: it may have any name.
struct Closed(String);

impl Backend for Closed {
    fn name(&self) -> &str {
        &self.0
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        vec![Fetched::NotHere; names.len()]
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
