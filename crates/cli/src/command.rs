//! The commands, one file each, and what they share.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod lock;
pub(crate) mod refs;
pub(crate) mod render;
pub(crate) mod schema;
pub(crate) mod secrets;
pub(crate) mod trust;
pub(crate) mod vault;

use std::path::{Path, PathBuf};

use redeem_host::config::Config;
use redeem_host::inputs::{Inputs, Selection, by_path, named, unreadable_path, walk};
use redeem_host::trust::is_trusted;

use crate::args::{Global, Levels};
use crate::exit::{Exit, Stop};

/// The configuration of a run.
fn config(global: &Global) -> Result<Config, Stop> {
    let profile = global.profile.as_deref();
    Ok(match &global.config {
        Some(path) => Config::read(path, profile)?,
        None => Config::discover(Path::new("."), profile)?,
    })
}

/// The configuration of a run that reads or writes where it says: one that reaches outside has to be trusted.
///
/// With fake values no backend is opened, so where those of the configuration lead is all the same.
fn trusted_config(global: &Global, is_fake: bool) -> Result<Config, Stop> {
    let config = config(global)?;
    let outside = if is_fake { config.needs_trust_without_backends() } else { config.needs_trust() };
    if outside.is_empty() || is_trusted(&config) {
        return Ok(config);
    }
    Err(Stop { exit: Exit::Usage, diagnostics: outside, message: None })
}

/// Lays what the command line says of problems over the configuration.
fn set_levels(config: &mut Config, said: &Levels) -> Result<(), Stop> {
    let levels = config.policy.levels_mut();
    for word in &said.allow {
        levels.allow(word).map_err(|error| Stop::usage(error.message, error.help))?;
    }
    for word in &said.deny {
        levels.deny(word).map_err(|error| Stop::usage(error.message, error.help))?;
    }
    Ok(())
}

/// What a command that only reads looks at where no path is given.
fn default_paths(config: &Config) -> [PathBuf; 1] {
    [config.source.clone().unwrap_or_else(|| PathBuf::from("."))]
}

/// The inputs of a command that only reads: what was named, or the configuration's source, or this folder.
fn inputs(paths: &[PathBuf], config: &Config) -> Inputs {
    let default = default_paths(config);
    let mut inputs = Inputs::default();
    for path in if paths.is_empty() { &default[..] } else { paths } {
        let output = config.output.as_deref();
        add(&mut inputs, path, config, Selection { output, respects_gitignore: true, only: None });
    }
    if paths.len() > 1 {
        inputs.taken.sort_by(|a, b| by_path(&a.path, &b.path));
        inputs.taken.dedup_by(|a, b| a.path == b.path);
    }
    inputs
}

/// Adds a path that was named, or all that is below it.
fn add(inputs: &mut Inputs, path: &Path, config: &Config, selection: Selection<'_>) {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let mut found = walk(path, config, selection);
            inputs.taken.append(&mut found.taken);
            inputs.problems.append(&mut found.problems);
        }
        Ok(_) => inputs.taken.push(named(path, config)),
        Err(error) => inputs.problems.push(unreadable_path(path, &error)),
    }
}

/// `1 file`, `2 files`
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
