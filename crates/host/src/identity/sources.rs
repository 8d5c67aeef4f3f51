//! Where identities come from, in order.
//!
//! 1. `REDEEM_IDENTITY`: the text of identities;
//! 2. `REDEEM_IDENTITY_FILE`: a file of them;
//! 3. `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`, `SOPS_AGE_KEY_CMD`: the same and a command that prints them;
//! 4. `SOPS_AGE_SSH_PRIVATE_KEY_FILE`, `SOPS_AGE_SSH_PRIVATE_KEY_CMD`, `~/.ssh/id_ed25519`, `~/.ssh/id_rsa`, in a build
//!    with the feature `ssh`;
//! 5. `sops/age/keys.txt` in the user's folder for configuration;
//! 6. `redeem/identity.txt` there.
//!
//! All of them are tried, and one that cannot be used is told and passed over, unless a variable of Redeem's own names
//! it. The variables of `sops` mean what they mean to `sops` 3.13.2.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Finding;
use super::command::CommandSource;
use super::text::{self, Held};
use crate::paths;

mod read;

/// The environment variables that identities are looked up by: the process's own, or a test's.
#[derive(Default, Clone)]
pub struct Surroundings {
    variables: Option<BTreeMap<String, OsString>>,
}

/// One source that there is.
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) state: State,
}

pub(super) enum State {
    Held(Held),
    Command(CommandSource),
    Broken(String),
    /// It is there and holds no identity.
    Empty(&'static str),
}

/// All sources that there are.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) found: Vec<Source>,
    /// Where there was nothing.
    pub(super) missing: Vec<String>,
    pub(super) findings: Vec<Finding>,
    /// The first source that cannot be used although a variable of Redeem's own names it.
    pub(super) refused: Option<(String, String)>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self { variables: None }
    }

    /// Just these variables.
    pub fn of(variables: impl IntoIterator<Item = (String, OsString)>) -> Self {
        Self { variables: Some(variables.into_iter().collect()) }
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        match &self.variables {
            Some(variables) => variables.get(name).cloned(),
            None => std::env::var_os(name),
        }
    }

    /// The names of all variables that have one in UTF-8.
    pub(super) fn names(&self) -> Vec<String> {
        match &self.variables {
            Some(variables) => variables.keys().cloned().collect(),
            None => std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect(),
        }
    }

    /// The user's folder for configuration (XDG Base Directory Specification 0.8; on macOS as `sops` has it).
    fn config_folder(&self) -> Option<PathBuf> {
        let named = self.variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
        named.or_else(|| Some(self.home()?.join(usual)))
    }

    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

/// Where an identity is kept by default: `redeem/identity.txt` in the user's folder for configuration, which is
/// `$XDG_CONFIG_HOME` or `~/.config`.
pub fn default_path() -> Option<PathBuf> {
    Some(Surroundings::of_process().config_folder()?.join("redeem/identity.txt"))
}

impl Sources {
    /// Reads each source that there is, once. No command is run and nobody is asked.
    pub(super) fn read(surroundings: &Surroundings) -> Self {
        let mut sources = Self::default();
        sources.variable(surroundings, "REDEEM_IDENTITY");
        sources.file_of(surroundings, "REDEEM_IDENTITY_FILE");
        sources.variable(surroundings, "SOPS_AGE_KEY");
        sources.file_of(surroundings, "SOPS_AGE_KEY_FILE");
        sources.command(surroundings, "SOPS_AGE_KEY_CMD");
        sources.ssh(surroundings);
        for path in ["sops/age/keys.txt", "redeem/identity.txt"] {
            if let Some(folder) = surroundings.config_folder() {
                sources.usual_file(&folder.join(path));
            }
        }
        sources
    }

    /// A variable that holds identities.
    fn variable(&mut self, surroundings: &Surroundings, name: &str) {
        let Some(value) = surroundings.variable(name) else {
            self.missing.push(name.to_owned());
            return;
        };
        let source: Arc<str> = name.into();
        let value = Zeroizing::new(value.into_encoded_bytes());
        let held = text::parse(&source, &value, true).map_err(|error| error.to_string());
        self.add(source, held, "it is set and holds no identity");
    }

    /// A variable that holds the path of a file of identities.
    fn file_of(&mut self, surroundings: &Surroundings, name: &str) {
        match surroundings.variable(name).map(PathBuf::from) {
            Some(path) => self.file(format!("{name} ({})", paths::shown(&path)).into(), &path),
            None => self.missing.push(name.to_owned()),
        }
    }

    /// A file that nobody named, which is used where it is.
    fn usual_file(&mut self, path: &Path) {
        // A file that cannot be looked at is told by the attempt to read it.
        if matches!(std::fs::symlink_metadata(path), Err(error) if read::is_absent(&error)) {
            self.missing.push(paths::shown(path).to_string());
        } else {
            self.file(paths::shown(path).as_ref().into(), path);
        }
    }

    fn file(&mut self, source: Arc<str>, path: &Path) {
        let is_named = source.ends_with(')');
        let held = match read::file(path, is_named) {
            Ok((text, findings)) => {
                self.findings.extend(findings);
                text::parse(&source, &text, false).map_err(|error| error.to_string())
            }
            Err(why) => Err(why),
        };
        self.add(source, held, "it holds no identity");
    }

    fn command(&mut self, surroundings: &Surroundings, name: &str) {
        let Some(line) = surroundings.variable(name) else {
            self.missing.push(name.to_owned());
            return;
        };
        let state = match CommandSource::parse(name, &line) {
            Ok(command) => State::Command(command),
            Err(why) => {
                self.findings.push(Finding::Broken { source: name.to_owned(), why: why.to_owned() });
                State::Broken(why.to_owned())
            }
        };
        self.found.push(Source { name: name.into(), state });
    }

    #[cfg(feature = "ssh")]
    fn ssh(&mut self, surroundings: &Surroundings) {
        self.file_of(surroundings, "SOPS_AGE_SSH_PRIVATE_KEY_FILE");
        self.command(surroundings, "SOPS_AGE_SSH_PRIVATE_KEY_CMD");
        for path in [".ssh/id_ed25519", ".ssh/id_rsa"] {
            if let Some(home) = surroundings.home() {
                self.usual_file(&home.join(path));
            }
        }
    }

    #[cfg(not(feature = "ssh"))]
    fn ssh(&mut self, surroundings: &Surroundings) {
        for name in ["SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"] {
            if surroundings.variable(name).is_some() {
                self.add(name.into(), Err(super::IdentityError::NeedsSsh.to_string()), "");
            }
        }
    }

    fn add(&mut self, source: Arc<str>, held: Result<Held, String>, empty: &'static str) {
        let state = match held {
            Ok(Held::Identities(identities)) if identities.is_empty() => State::Empty(empty),
            Ok(held) => State::Held(held),
            Err(why) => {
                if source.starts_with("REDEEM_") {
                    self.refused.get_or_insert_with(|| (source.to_string(), why.clone()));
                } else {
                    self.findings.push(Finding::Broken { source: source.to_string(), why: why.clone() });
                }
                State::Broken(why)
            }
        };
        self.found.push(Source { name: source, state });
    }
}
