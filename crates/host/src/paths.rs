//! Paths as people call them.

use std::path::Path;
use std::sync::Arc;

/// The path as people call it: from the current folder where it is below it.
pub fn shown(path: &Path) -> Arc<str> {
    shown_from(&std::env::current_dir().unwrap_or_default(), path)
}

/// The path as people in the folder `here` call it.
pub(crate) fn shown_from(here: &Path, path: &Path) -> Arc<str> {
    let short = path.strip_prefix(here).unwrap_or(path);
    let short = short.strip_prefix(".").unwrap_or(short);
    if short.as_os_str().is_empty() {
        return ".".into();
    }
    let short = short.to_string_lossy();
    if !short.contains(char::is_control) {
        return short.into();
    }
    // A name may hold what a terminal obeys, or a line break that forges a line.
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    short.chars().map(escape).collect::<String>().into()
}
