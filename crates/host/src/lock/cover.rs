//! Which backends a lock is for: those that cannot be listed offline on every machine.

use std::path::Path;

use redeem_syntax::{Code, Diagnostic};

use super::{FILE_NAME, Lock};
use crate::Config;
use crate::config::BackendConfig;
use crate::disk::ENVIRONMENT;
use crate::git;

/// What the table of a backend says of it.
pub(super) struct Needs<'c> {
    /// Its type.
    pub(super) kind: &'c str,
    /// Whether it needs a lock; `None` if that depends on what git keeps.
    pub(super) lock: Option<bool>,
    table: Option<&'c BackendConfig>,
}

/// The backends of a configuration that need a lock, with their types.
///
/// The environment without `names` needs one, and so does each backend whose path is in a variable or leads out of the
/// folder. A `.env` file and a folder of files need one unless git keeps them: elsewhere they are not there.
pub fn needs_lock(config: &Config) -> Vec<(&str, &str)> {
    names(config)
        .into_iter()
        .filter_map(|name| {
            let needs = needs_by_table(config, name)?;
            let path = needs.table.and_then(|table| table.path.as_ref()?.as_ref().ok());
            let is_kept = || path.is_some_and(|path| is_in_git(config, path));
            needs.lock.unwrap_or_else(|| !is_kept()).then_some((name, needs.kind))
        })
        .collect()
}

/// The backends that the lock has to have and has not.
pub(super) fn missing(config: &Config, lock: &Lock, is_there: bool) -> Vec<Diagnostic> {
    let needed = needs_lock(config);
    let lacks = |name: &str| !lock.of(config).any(|own| own.name == name);
    let missing = needed.iter().filter(|(name, _)| lacks(name));
    let tell = |(name, _): &(&str, &str)| {
        let message = if is_there {
            format!("backend `{name}` cannot be listed, and {FILE_NAME} does not have it")
        } else {
            format!("backend `{name}` cannot be listed, and there is no {FILE_NAME}")
        };
        let table = config.backends.iter().find(|table| table.name == *name);
        let told = match table {
            Some(table) => table.told(Code::StaleLock, message),
            None => Diagnostic::new(Code::StaleLock, message),
        };
        let profile = config.profile.as_ref().map_or_else(String::new, |name| format!(" --profile {name}"));
        told.with_help(format!("run `redeem lock{profile}` where the secrets are, and commit {FILE_NAME}"))
    };
    missing.map(tell).collect()
}

/// What a backend's table alone says; none if there is no such backend.
pub(super) fn needs_by_table<'c>(config: &'c Config, backend: &str) -> Option<Needs<'c>> {
    let Some(table) = config.backends.iter().find(|table| table.name == backend) else {
        let is_implied = names(config).contains(&backend);
        return is_implied.then_some(Needs { kind: "env", lock: Some(true), table: None });
    };
    let is_elsewhere = table.is_path_variable
        || matches!(&table.path, Some(Ok(path)) if config.leads_outside(path))
        || matches!(&table.path, Some(Err(_)));
    let lock = match table.kind.as_str() {
        "env" => Some(table.names.is_none()),
        _ if is_elsewhere => Some(true),
        // Its names are all that it may hold.
        "dotenv" if table.names.is_some() => Some(false),
        "dotenv" | "files" => None,
        "vault" | "sops" => Some(false),
        _ => Some(true),
    };
    Some(Needs { kind: &table.kind, lock, table: Some(table) })
}

/// The backends that may need a lock: without any table, the environment that is asked behind the vault.
fn names(config: &Config) -> Vec<&str> {
    if config.backends.is_empty() && config.has_stores() {
        return vec![ENVIRONMENT];
    }
    config.backends.iter().map(|table| table.name.as_str()).collect()
}

/// Whether git keeps a file, or one below a folder. Where it cannot tell, nobody else has it.
fn is_in_git(config: &Config, path: &Path) -> bool {
    let below = path.strip_prefix(&config.folder).unwrap_or(path);
    git::tracked(&config.folder, below).is_ok_and(|tracked| !tracked.is_empty())
}
