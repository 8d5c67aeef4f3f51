//! The real world: the backends that the configuration names.

use redeem_core::{Backend, Variables as Seen, World};

use crate::backend::{BACKENDS, Variables, env::Env};
use crate::config::{Config, ConfigError};
use crate::template;

/// The world of a configuration.
pub struct Disk {
    backends: Vec<Box<dyn Backend>>,
    variables: Seen,
}

impl Disk {
    /// Opens the backends of `config`, in their order. Without any, the environment is asked.
    ///
    /// # Errors
    /// A table of a backend that cannot be used, with its place in the file.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        let mut backends: Vec<Box<dyn Backend>> = Vec::new();
        for table in &config.backends {
            let Some(known) = BACKENDS.iter().find(|known| known.name == table.kind) else {
                return Err(Config::unknown_backend_type(table));
            };
            if let Some(key) = table.keys.iter().find(|key| !known.keys.contains(key)) {
                return Err(Config::useless_key(table, key, known.keys));
            }
            backends.push((known.open)(table)?);
        }
        if backends.is_empty() {
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
