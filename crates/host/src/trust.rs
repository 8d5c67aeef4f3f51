//! Which configurations that reach outside their folder the user has read and accepted.
//!
//! Trust is in a file's content: one changed byte, and it is asked for again.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::Config;
use crate::write::{ModeRule, Outputs, WriteError};

/// The digest of a configuration as it is now: SHA-256, in small hexadecimal letters.
pub fn digest(config: &Config) -> Option<String> {
    let text = config.text()?.text();
    Some(Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether this configuration was accepted, by `redeem trust` or by `REDEEM_TRUST`.
pub fn is_trusted(config: &Config) -> bool {
    let Some(digest) = digest(config) else { return true };
    let in_environment = std::env::var("REDEEM_TRUST").is_ok_and(|trusted| trusted == digest);
    in_environment || folder().is_some_and(|folder| folder.join(digest).exists())
}

/// Accepts a configuration as it is now, and says where that is noted.
///
/// # Errors
/// When the note cannot be written.
pub fn accept(config: &Config) -> Result<Option<PathBuf>, WriteError> {
    let (Some(digest), Some(folder)) = (digest(config), folder()) else { return Ok(None) };
    let outputs = Outputs::in_folder(&folder)?;
    let note = config.path.as_ref().map(|path| format!("{}\n", path.display())).unwrap_or_default();
    outputs.prepare(digest.as_ref(), note.as_bytes(), ModeRule::default())?;
    outputs.commit()?;
    Ok(Some(folder.join(digest)))
}

/// Where the notes are: in the user's state folder (XDG Base Directory Specification 0.8).
fn folder() -> Option<PathBuf> {
    if cfg!(test) {
        // Tests of this crate neither see nor change what the user has accepted.
        return fs::canonicalize(std::env::temp_dir()).ok().map(|folder| folder.join("redeem-no-trust"));
    }
    Some(state_folder()?.join("trust"))
}

/// Redeem's part of the user's state folder.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("redeem"))
}
