//! Where identities come from, in order.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the sources are looked up in: the process's own, or a test's.
pub struct Surroundings {
    /// Gives the value of an environment variable.
    pub variable: Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self { variable: Box::new(|name| std::env::var_os(name)) }
    }

    fn set(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// The user's folder for configuration (XDG Base Directory Specification 0.8).
    fn config_folder(&self) -> Option<PathBuf> {
        let named = self.set("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| Some(PathBuf::from(self.set("HOME")?).join(".config")))
    }
}

/// Where an identity is kept by default: `redeem/identity.txt` in the user's folder for configuration.
pub fn default_path() -> Option<PathBuf> {
    Some(Surroundings::of_process().config_folder()?.join("redeem/identity.txt"))
}

/// Reads each source that there is: its name, and its text or why there is none.
pub(super) fn read(surroundings: &Surroundings) -> Vec<(String, Result<String, String>)> {
    let mut found = Vec::new();
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    for (text, file) in [("REDEEM_IDENTITY", "REDEEM_IDENTITY_FILE"), ("SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE")] {
        if let Some(value) = surroundings.set(text) {
            found.push((text.to_owned(), value.into_string().map_err(|_| "it is not UTF-8".to_owned())));
        }
        if let Some(path) = surroundings.set(file).map(PathBuf::from) {
            let name = format!("{file} ({})", path.display());
            found.push((name, std::fs::read_to_string(path).map_err(unreadable)));
        }
    }
    for path in ["sops/age/keys.txt", "redeem/identity.txt"] {
        let Some(path) = surroundings.config_folder().map(|folder| folder.join(path)) else { continue };
        if path.exists() {
            found.push((path.display().to_string(), std::fs::read_to_string(path).map_err(unreadable)));
        }
    }
    found
}
