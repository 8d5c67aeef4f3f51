//! The history of a vault, as git has it.

use std::path::Path;

use crate::git::{GitError, batch, run};

/// What git has at a place: `HEAD:./name.yaml`, relative to the folder. None where it has nothing.
pub(super) fn contents(folder: &Path, places: &[String]) -> Result<Vec<Option<String>>, GitError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let input = places.iter().map(|place| format!("{place}\n")).collect::<String>();
    let output = run(folder, ["cat-file", "--batch"], input.into_bytes())?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes?).ok();
    Ok(batch(&output, places.len()).into_iter().map(text).collect())
}

/// One commit that changed a file.
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) date: String,
    pub(super) author: String,
}

/// The commits that changed a file of the folder, the latest first.
pub(super) fn log(folder: &Path, file: &str) -> Result<Vec<Commit>, GitError> {
    let arguments = [
        "log",
        "--no-show-signature",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--format=%H%x00%cI%x00%an",
        "--",
        file,
    ];
    let output = run(folder, arguments, Vec::new())?;
    let text = String::from_utf8_lossy(&output);
    let commit = |line: &str| {
        let mut parts = line.split('\0').map(str::to_owned);
        Some(Commit { id: parts.next()?, date: parts.next()?, author: parts.next()? })
    };
    Ok(text.lines().filter_map(commit).collect())
}
