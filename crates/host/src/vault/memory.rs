//! The versions of secrets that this user has seen, so that an older file put back is noticed.
//!
//! An old file of a secret is whole and authentic; only a memory tells that it is old. There are two: the commit that
//! the vault's repository is at, and this one, in the user's state folder. It holds names, versions and dates.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Summary;
use crate::write::{Durability, ModeRule, Outputs};

/// How far a secret has come: when it was made, and its version. A later one is greater.
pub(super) type Mark = (String, u64);

/// The memory of one vault.
#[derive(Debug, Default)]
pub(super) struct Memory {
    file: Option<PathBuf>,
    seen: BTreeMap<String, Mark>,
    is_changed: bool,
}

/// How far a secret has come.
pub(super) fn mark(summary: &Summary) -> Mark {
    // All are written in UTC and in one form, so their order is that of their texts.
    (summary.created_at.clone().unwrap_or_default(), summary.version)
}

impl Memory {
    /// Reads what is remembered of the vault at `vault`; nothing without a `folder` to keep it in.
    pub(super) fn read(folder: Option<&Path>, vault: &Path) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let whole = vault.canonicalize().unwrap_or_else(|_| vault.to_owned());
        let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        let file = folder.join(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let entry = |line: &str| {
            let mut words = line.split(' ');
            let (name, version, created) = (words.next()?, words.next()?, words.next().unwrap_or_default());
            Some((name.to_owned(), (created.to_owned(), version.parse().ok()?)))
        };
        Self { seen: text.lines().filter_map(entry).collect(), file: Some(file), is_changed: false }
    }

    /// How far a secret had come when it was last seen.
    pub(super) fn of(&self, name: &str) -> Option<&Mark> {
        self.seen.get(name)
    }

    /// Notes how far a secret has come, unless it had come further.
    pub(super) fn note(&mut self, name: &str, mark: Mark) {
        if self.seen.get(name).is_none_or(|seen| *seen < mark) {
            self.seen.insert(name.to_owned(), mark);
            self.is_changed = true;
        }
    }

    /// Forgets a secret that was removed or has another name.
    pub(super) fn forget(&mut self, name: &str) {
        self.is_changed |= self.seen.remove(name).is_some();
    }

    /// Keeps what was noted. A state folder that cannot be written to is no reason for a secret not to be.
    pub(super) fn keep(&self) {
        let Some(file) = self.file.as_ref().filter(|_| self.is_changed) else { return };
        let mut text = String::new();
        for (name, (created, version)) in &self.seen {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name} {version} {created}");
        }
        let write = || {
            let (folder, name) = (file.parent()?, file.file_name()?);
            let outputs = Outputs::in_folder(folder).ok()?.durability(Durability::None);
            outputs.prepare(name.as_ref(), text.as_bytes(), ModeRule::default()).ok()?;
            outputs.commit().ok()
        };
        let _ = write();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || Memory::read(Some(folder.path()), Path::new("secrets"));
        let mark = |created: &str, version| (created.to_owned(), version);
        let mut memory = read();
        memory.note("a", mark("2026-01-01T00:00:00Z", 3));
        memory.note("a", mark("2026-01-01T00:00:00Z", 2));
        memory.note("b", mark("", 1));
        memory.keep();
        let mut memory = read();
        assert_eq!(memory.of("a"), Some(&mark("2026-01-01T00:00:00Z", 3)));
        assert_eq!(memory.of("b"), Some(&mark("", 1)));
        memory.note("a", mark("2026-02-01T00:00:00Z", 1));
        memory.forget("b");
        memory.keep();
        assert_eq!(read().of("a"), Some(&mark("2026-02-01T00:00:00Z", 1)), "made anew is further");
        assert_eq!(read().of("b"), None);
        assert_eq!(Memory::read(None, Path::new("secrets")).of("a"), None);
    }
}
