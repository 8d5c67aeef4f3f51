//! The versions of secrets that this user has seen, so that an older file put back is noticed.
//!
//! An old file of a secret is whole and authentic; only a memory tells that it is old. There are two: the commit that
//! the vault's repository is at, and this one, in the user's state folder. It holds names, versions and dates.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Summary;
use super::session::stamp;
use crate::write::{Durability, ModeRule, Outputs};

/// How far a secret has come: when it was made, and its version. A later one is greater.
pub(super) type Mark = (String, u64);

/// The memory of one vault.
#[derive(Debug, Default)]
pub(super) struct Memory {
    file: Option<PathBuf>,
    seen: BTreeMap<String, Mark>,
    /// What was removed, and how far it had come.
    deleted: BTreeMap<String, Mark>,
    is_changed: bool,
}

/// The memory of a vault that is read from: asked at the first secret, and added to when the vault is done with.
pub(super) struct Seen {
    vault: PathBuf,
    /// Where memories are kept; none is with none.
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    memory: Option<Arc<Memory>>,
    noted: BTreeMap<String, Mark>,
}

/// What stands behind a secret that was removed.
const DELETED: &str = "deleted";

/// How far a secret has come.
pub(super) fn mark(summary: &Summary) -> Mark {
    // In UTC and in one form, so that their order is that of their texts.
    let created = summary.created_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    (created.map(stamp).unwrap_or_default(), summary.version)
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
            let mark = (created.to_owned(), version.parse().ok()?);
            Some((name.to_owned(), mark, words.next() == Some(DELETED)))
        };
        let mut memory = Self { file: Some(file), ..Self::default() };
        for (name, mark, is_deleted) in text.lines().filter_map(entry) {
            let entries = if is_deleted { &mut memory.deleted } else { &mut memory.seen };
            entries.insert(name, mark);
        }
        memory
    }

    /// How far a secret had come when it was last seen.
    pub(super) fn of(&self, name: &str) -> Option<&Mark> {
        self.seen.get(name)
    }

    /// How far a secret had come when it was removed, if it was and none has taken its place.
    pub(super) fn deleted(&self, name: &str) -> Option<&Mark> {
        self.deleted.get(name)
    }

    /// Notes a secret that was made where there was none.
    pub(super) fn renew(&mut self, name: &str, mark: Mark) {
        self.deleted.remove(name);
        self.seen.insert(name.to_owned(), mark);
        self.is_changed = true;
    }

    /// Notes how far a secret has come, unless it had come further.
    pub(super) fn note(&mut self, name: &str, mark: Mark) {
        if self.deleted.get(name).is_some_and(|gone| mark <= *gone) {
            return;
        }
        self.is_changed |= self.deleted.remove(name).is_some();
        if self.seen.get(name).is_none_or(|seen| *seen < mark) {
            self.seen.insert(name.to_owned(), mark);
            self.is_changed = true;
        }
    }

    /// Notes that a secret was removed or has another name.
    pub(super) fn forget(&mut self, name: &str) {
        if let Some(mark) = self.seen.remove(name) {
            self.deleted.insert(name.to_owned(), mark);
            self.is_changed = true;
        }
    }

    /// Keeps what was noted. A state folder that cannot be written to is no reason for a secret not to be.
    pub(super) fn keep(&self) {
        let Some(file) = self.file.as_ref().filter(|_| self.is_changed) else { return };
        let mut text = String::new();
        for (name, (created, version)) in &self.seen {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name} {version} {created}");
        }
        for (name, (created, version)) in &self.deleted {
            let _ = writeln!(text, "{name} {version} {created} {DELETED}");
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

impl Seen {
    pub(super) fn new(vault: &Path, folder: Option<PathBuf>) -> Self {
        Self { vault: vault.to_owned(), folder, state: Mutex::default() }
    }

    /// The same for another opening of the vault.
    pub(super) fn anew(&self) -> Self {
        Self::new(&self.vault, self.folder.clone())
    }

    /// What is remembered now.
    pub(super) fn fresh(&self) -> Memory {
        Memory::read(self.folder.as_deref(), &self.vault)
    }

    /// What was remembered when this was first asked.
    pub(super) fn memory(&self) -> Arc<Memory> {
        Arc::clone(self.state().memory.get_or_insert_with(|| Arc::new(self.fresh())))
    }

    /// Notes how far a secret has come, to be kept at the end.
    pub(super) fn note(&self, name: &str, mark: Mark) {
        if self.folder.is_some() {
            self.state().noted.insert(name.to_owned(), mark);
        }
    }

    /// Begins anew, since what is remembered is about to change.
    pub(super) fn clear(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let noted = std::mem::take(&mut self.state().noted);
        if noted.is_empty() {
            return;
        }
        // A writer notes more than a reader: it is not waited for.
        let Ok(lock) = File::open(&self.vault) else { return };
        if lock.try_lock().is_err() {
            return;
        }
        let mut memory = self.fresh();
        for (name, mark) in noted {
            memory.note(&name, mark);
        }
        memory.keep();
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
        assert_eq!(read().deleted("b"), Some(&mark("", 1)));
        let mut memory = read();
        memory.note("b", mark("", 1));
        assert_eq!(memory.of("b"), None, "put back, it is no newer");
        memory.note("b", mark("", 2));
        assert_eq!((memory.of("b"), memory.deleted("b")), (Some(&mark("", 2)), None));
        memory.forget("b");
        memory.renew("b", mark("", 1));
        assert_eq!((memory.of("b"), memory.deleted("b")), (Some(&mark("", 1)), None));
        assert_eq!(Memory::read(None, Path::new("secrets")).of("a"), None);
    }
}
