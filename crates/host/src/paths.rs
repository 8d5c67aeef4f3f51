//! Paths as people call them.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The path from `/`, without steps up.
///
/// A step up behind a link leads to where the link's folder is, so such a path is asked of the system; what is not there
/// is taken by its letters.
pub(crate) fn whole(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if !whole.components().any(|part| part == Component::ParentDir) {
        return whole;
    }
    whole.canonicalize().unwrap_or_else(|_| {
        let mut plain = PathBuf::new();
        for part in whole.components() {
            if part == Component::ParentDir {
                plain.pop();
            } else {
                plain.push(part);
            }
        }
        plain
    })
}

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

/// The path from `/` without `.` and `..`, by its text alone: where it leads if no part of it is a link.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}
