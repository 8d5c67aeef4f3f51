//! A new vault, and an identity for whoever has none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::InitStep;
use crate::identity::{Identities, Prompt, default_path, generate};
use crate::paths::shown;
use crate::vault::{FILE_NAME, Vault, VaultError};
use crate::write::{ModeRule, Outputs};

/// Makes a vault whose owner is the user, and an identity at the default place if there is none anywhere.
///
/// # Errors
/// When there is a vault already, when a name or a recipient cannot be used, or nothing can be written.
pub fn make_vault(
    folder: &Path,
    member: Option<&str>,
    recipient: Option<&str>,
    prompt: Arc<dyn Prompt>,
) -> Result<Vec<InitStep>, VaultError> {
    let mut steps = Vec::new();
    if Vault::is_vault(folder) {
        return Err(VaultError::VaultExists { folder: folder.to_owned() });
    }
    let member = member.map_or_else(user, str::to_owned);
    let recipient = match recipient {
        Some(recipient) => recipient.to_owned(),
        None => own_recipient(prompt, &mut steps)?,
    };
    Vault::create(folder, &member, &recipient)?;
    let file = shown(&folder.join(FILE_NAME));
    steps.push(InitStep::new(&*file, format!("written: {member} is the owner, as {recipient}")));
    Ok(steps)
}

/// The recipient of the identity at hand, or of a new one.
fn own_recipient(prompt: Arc<dyn Prompt>, steps: &mut Vec<InitStep>) -> Result<String, VaultError> {
    let known = Identities::of_environment().with_prompt(prompt).recipients();
    if let Some(own) = known.first() {
        return Ok(own.to_string());
    }
    let no_place = || VaultError::System {
        operation: "find a place for an identity in",
        path: PathBuf::from("$HOME"),
        source: std::io::ErrorKind::NotFound.into(),
    };
    let path = default_path().ok_or_else(no_place)?;
    if fs::symlink_metadata(&path).is_ok() {
        // It is there and gave no recipient: a plugin's, or one that cannot be read. It is never overwritten.
        return Err(VaultError::Recipient {
            why: format!(
                "{} is there, and its recipient cannot be told: give it with --recipient",
                shown(&path)
            ),
        });
    }
    let (text, recipient) = generate();
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(no_place()) };
    let outputs = Outputs::in_folder(folder)?;
    outputs.prepare(name.as_ref(), text.as_bytes(), ModeRule::default())?;
    outputs.commit()?;
    steps.push(InitStep::new(
        &*shown(&path),
        "written: your identity, readable by you alone. Keep a copy in a safe place: without it nobody opens what is encrypted to you alone",
    ));
    Ok(recipient.to_string())
}

/// What the system calls the user, with what a member's name cannot have left out.
fn user() -> String {
    let name = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let fits = |c: &char| c.is_ascii_alphanumeric() || "_-.@+".contains(*c);
    let name: String = name.chars().filter(fits).collect();
    let name = name.trim_start_matches(['-', '.', '@', '+']);
    if name.is_empty() { "owner".to_owned() } else { name.to_owned() }
}
