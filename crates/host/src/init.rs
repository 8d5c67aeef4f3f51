//! `redeem init`: a first `redeem.toml`, and lines that keep rendered files out of git.

use std::fs;
use std::path::Path;

use crate::config::FILE_NAME;
use crate::write::{ModeRule, Outputs, WriteError};

/// One thing that was done, or was done already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitStep {
    /// The file.
    pub file: String,
    /// What was done to it, as a sentence's end: `wrote it`.
    pub done: String,
}

const TEMPLATE: &str = r#"# What Redeem renders, and where secrets come from. The guide explains every key.

[render]
source = "config"
output = "build/config"

# Backends are asked in this order; only "not here" lets the next one answer.
[[backend]]
name = "local"
type = "dotenv"
path = ".env"

[[backend]]
name = "shell"
type = "env"
"#;

/// What must not get into git: rendered files, and the file with the values.
const IGNORED: &[&str] = &["/build/", "/.env"];

/// Sets a folder up. What is there already stays.
///
/// # Errors
/// When a file cannot be written.
pub fn init(folder: &Path) -> Result<Vec<InitStep>, WriteError> {
    let outputs = Outputs::in_folder(folder)?;
    // These files are for everybody who works on the project, and hold no value.
    let shared = ModeRule { source: None, explicit: Some(0o644) };
    let mut steps = Vec::new();
    let mut step = |file: &str, done: String| steps.push(InitStep { file: file.to_owned(), done });
    if folder.join(FILE_NAME).exists() {
        step(FILE_NAME, "is there already, left as it is".to_owned());
    } else {
        outputs.prepare(FILE_NAME.as_ref(), TEMPLATE.as_bytes(), shared)?;
        step(
            FILE_NAME,
            "written: source `config`, output `build/config`, secrets from `.env`, then the environment"
                .to_owned(),
        );
    }
    if folder.join(".env").exists() {
        step(".env", "is there already, left as it is".to_owned());
    } else {
        outputs.prepare(
            ".env".as_ref(),
            b"# NAME=value: {secret:api-key} is API_KEY\n",
            ModeRule::default(),
        )?;
        step(".env", "written, readable by you alone: put values here".to_owned());
    }
    let ignore = fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    let missing: Vec<&str> =
        IGNORED.iter().copied().filter(|line| !ignore.lines().any(|known| known.trim() == *line)).collect();
    if missing.is_empty() {
        step(".gitignore", "keeps rendered files and values out of git already".to_owned());
    } else {
        let gap = if ignore.is_empty() || ignore.ends_with('\n') { "" } else { "\n" };
        let text = format!("{ignore}{gap}{}\n", missing.join("\n"));
        outputs.prepare(".gitignore".as_ref(), text.as_bytes(), shared)?;
        step(".gitignore", format!("added {}", missing.join(" and ")));
    }
    outputs.commit()?;
    Ok(steps)
}
