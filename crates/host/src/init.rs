//! `redeem init`: a first `redeem.toml`, a vault with an identity, and lines that keep rendered files out of git.

use std::fs;
use std::path::Path;

use crate::config::FILE_NAME;
use crate::write::{ModeRule, Outputs, WriteError};

mod vault;
pub use vault::make_vault;

/// One thing that was done, or was done already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitStep {
    /// The file.
    pub file: String,
    /// What was done to it, as a sentence's end: `wrote it`.
    pub done: String,
}

impl InitStep {
    fn new(file: impl Into<String>, done: impl Into<String>) -> Self {
        Self { file: file.into(), done: done.into() }
    }
}

const TEMPLATE: &str = r#"# What Redeem renders, and where secrets come from. The guide explains every key.

[render]
source = "config"
output = "build/config"

# Backends are asked in this order; only "not here" lets the next one answer.
[[backend]]
name = "vault"
type = "vault"
path = "secrets"

[[backend]]
name = "shell"
type = "env"
# names = ["api-key"]  # what it may hold: then `redeem check` knows every name for sure
"#;

/// What must not get into git: rendered files, and a file with values if there comes to be one.
const IGNORED: &[&str] = &["/build/", "/.env"];

/// Sets a folder up, with a vault in `secrets/` of which the user is the owner. What is there already stays.
///
/// # Errors
/// When a file cannot be written, or the vault cannot be made.
pub fn init(
    folder: &Path,
    member: Option<&str>,
    prompt: std::sync::Arc<dyn crate::identity::Prompt>,
) -> Result<Vec<InitStep>, crate::vault::VaultError> {
    let mut steps = project(folder)?;
    let config = crate::Config::read(&folder.join(FILE_NAME), None);
    let vault = match &config {
        Ok(config) if config.backends.iter().any(|table| table.kind == "vault") => {
            crate::keeper::Keeper::folder(config)
        }
        // A configuration of one's own may have other places for secrets.
        _ => return Ok(steps),
    };
    if crate::vault::Vault::is_vault(&vault) {
        let file = crate::paths::shown(&vault.join(crate::vault::FILE_NAME));
        steps.push(InitStep::new(&*file, "is there already, left as it is"));
    } else {
        steps.extend(make_vault(&vault, member, None, prompt)?);
    }
    Ok(steps)
}

/// Writes `redeem.toml` and the ignore lines.
fn project(folder: &Path) -> Result<Vec<InitStep>, WriteError> {
    let outputs = Outputs::in_folder(folder)?;
    // These files are for everybody who works on the project, and hold no value.
    let shared = ModeRule { source: None, explicit: Some(0o644) };
    let mut steps = Vec::new();
    if folder.join(FILE_NAME).exists() {
        steps.push(InitStep::new(FILE_NAME, "is there already, left as it is"));
    } else {
        outputs.prepare(FILE_NAME.as_ref(), TEMPLATE.as_bytes(), shared)?;
        let done = "written: source `config`, output `build/config`, secrets from the vault `secrets`, then the environment";
        steps.push(InitStep::new(FILE_NAME, done));
    }
    let ignore = fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    let missing: Vec<&str> =
        IGNORED.iter().copied().filter(|line| !ignore.lines().any(|known| known.trim() == *line)).collect();
    if missing.is_empty() {
        steps.push(InitStep::new(".gitignore", "keeps rendered files and values out of git already"));
    } else {
        let gap = if ignore.is_empty() || ignore.ends_with('\n') { "" } else { "\n" };
        let text = format!("{ignore}{gap}{}\n", missing.join("\n"));
        outputs.prepare(".gitignore".as_ref(), text.as_bytes(), shared)?;
        steps.push(InitStep::new(".gitignore", format!("added {}", missing.join(" and "))));
    }
    outputs.commit()?;
    Ok(steps)
}
