//! The environment: `openai_api_key` is the variable `OPENAI_API_KEY`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use redeem_core::{Backend, Fetched, Name, Survey};

use super::{Variables, found, here};
use crate::config::{BackendConfig, ConfigError};

/// Where variables come from: the process, or a table in tests.
type Lookup = Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// The environment as a store of secrets.
pub struct Env {
    name: String,
    variables: Variables,
    lookup: Lookup,
}

/// Makes the backend of a `type = "env"` table.
#[expect(clippy::unnecessary_wraps, reason = "all types of backends share one signature")]
pub(crate) fn open(config: &BackendConfig) -> Result<Box<dyn Backend>, ConfigError> {
    Ok(Box::new(Env::of_process(&config.name, config.variables())))
}

impl Env {
    /// The environment of this process.
    pub fn of_process(name: &str, variables: Variables) -> Self {
        Self { name: name.to_owned(), variables, lookup: Box::new(|variable| std::env::var_os(variable)) }
    }
}

impl Backend for Env {
    fn name(&self) -> &str {
        &self.name
    }

    /// A variable that is set but empty is found: it holds an empty value.
    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        let value = |name: &&Name| (self.lookup)(&self.variables.variable(name)?);
        names
            .iter()
            .map(|name| value(name).map_or(Fetched::NotHere, |value| found(value.into_vec())))
            .collect()
    }

    /// Another time may have other variables: only a list of names tells what is not here.
    fn survey(&self, name: &Name) -> Survey {
        match self.variables.variable(name) {
            Some(variable) if self.variables.names.is_some() || (self.lookup)(&variable).is_some() => {
                here(&self.name)
            }
            Some(_) => Survey::Perhaps,
            None => Survey::NotHere,
        }
    }

    fn list(&self) -> Option<Vec<String>> {
        if let Some(names) = &self.variables.names {
            return Some(names.iter().chain(self.variables.map.keys()).cloned().collect());
        }
        let variables: Vec<String> =
            std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
        Some(self.variables.names(variables.iter().map(String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::files::tests::contract;

    #[test]
    fn the_environment_keeps_the_contract() {
        let held = [("PLAIN", "v1"), ("EMPTY", ""), ("BUNDLE_KEY", "v2"), ("RAW", " a\n")];
        let lookup = move |variable: &str| {
            held.iter().find(|(name, _)| *name == variable).map(|(_, value)| OsString::from(value))
        };
        let env = Env { name: "shell".into(), variables: Variables::default(), lookup: Box::new(lookup) };
        contract(&env);
    }
}
