//! `redeem.lock`: which names the backends have that cannot be listed offline, written down without any value.
//!
//! [`make()`] asks the backends and is the only part that needs access. [`LockFile`] reads the file and says what is wrong
//! with it; [`Lock::store`] makes a backend of what it has, for questions that need no value. A render never reads it.

use std::collections::BTreeMap;

use redeem_core::{Expires, GLOBAL, Noted};

use crate::Config;

mod cover;
mod file;
mod make;
mod store;

pub use cover::needs_lock;
pub use file::LockFile;
pub use make::{Made, asked_for, make};
pub use store::LockedStore;

/// The file's name. It stands beside `redeem.toml`, or in the current folder if there is none.
pub const FILE_NAME: &str = "redeem.lock";

/// What is written down of backends.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// The backends, by profile and name.
    pub backends: Vec<LockedBackend>,
}

/// What is written down of a backend.
#[derive(Clone, Debug)]
pub struct LockedBackend {
    /// What `redeem.toml` calls it.
    pub name: String,
    /// Its type: `env`.
    pub kind: String,
    /// The profile that it was asked with; none for `redeem.toml` as it is.
    pub profile: Option<String>,
    /// The secrets that references ask for and that it has, by name.
    pub secrets: Vec<LockedSecret>,
    /// The names that it has besides, for suggestions when it was just asked. They are not written down.
    pub others: Vec<String>,
}

/// What is written down of a secret.
#[derive(Clone, Debug)]
pub struct LockedSecret {
    /// Its name, without a key.
    pub name: String,
    /// Its keys, sorted; none if it is one plain value.
    pub keys: Option<Vec<String>>,
    /// Where it may stand.
    pub scope: String,
    /// From when on it is unusable.
    pub expires: Option<Expires>,
    /// Where the file says so; none for what was not read from one.
    pub noted: Option<Noted>,
}

/// What is other in a new lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What became of the name.
    pub kind: ChangeKind,
    /// The name, as references spell it.
    pub name: String,
    /// The backend.
    pub backend: String,
}

/// What became of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// Its scope or its end is another.
    Changed,
}

impl Lock {
    /// What it has of a backend of this configuration, as a store that answers without being asked outside.
    ///
    /// None if it has nothing of it, or of one of another type; and none of a backend that can be listed now.
    pub fn store(&self, config: &Config, backend: &str) -> Option<LockedStore> {
        let own = self.of(config).find(|own| own.name == backend)?;
        let needs = cover::needs_by_table(config, backend)?;
        (needs.kind == own.kind && needs.lock != Some(false)).then(|| LockedStore::new(own))
    }

    /// The backends of the configuration's profile.
    fn of<'l>(&'l self, config: &'l Config) -> impl Iterator<Item = &'l LockedBackend> {
        self.backends.iter().filter(|own| own.profile == config.profile)
    }

    /// What is other in `new`, by backend and name.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let (old, new) = (self.names(), new.names());
        let mut changes: BTreeMap<_, ChangeKind> = BTreeMap::new();
        for (name, facts) in &old {
            match new.get(name) {
                None => changes.insert(name, ChangeKind::Removed),
                Some(other) if other != facts => changes.insert(name, ChangeKind::Changed),
                Some(_) => None,
            };
        }
        let added = new.keys().filter(|name| !old.contains_key(*name));
        changes.extend(added.map(|name| (name, ChangeKind::Added)));
        let change = |((_, backend, name), kind): (&(_, &str, String), ChangeKind)| Change {
            kind,
            name: name.clone(),
            backend: (*backend).to_owned(),
        };
        changes.into_iter().map(change).collect()
    }

    /// Each name by profile and backend, with its scope and its end.
    #[expect(clippy::type_complexity, reason = "a key and a value that have no use elsewhere")]
    fn names(&self) -> BTreeMap<(Option<&str>, &str, String), (&str, Option<&str>)> {
        let mut names = BTreeMap::new();
        for backend in &self.backends {
            for secret in &backend.secrets {
                let facts = (secret.scope.as_str(), secret.expires.as_ref().map(|end| end.text.as_str()));
                for name in secret.spelled() {
                    names.insert((backend.profile.as_deref(), backend.name.as_str(), name), facts);
                }
            }
        }
        names
    }

    fn sort(&mut self) {
        let key = |backend: &LockedBackend| (backend.profile.clone(), backend.name.clone());
        self.backends.sort_by_cached_key(key);
    }
}

impl LockedSecret {
    /// A secret of the scope [`GLOBAL`] that never expires.
    fn plain(name: &str, keys: Option<Vec<String>>) -> Self {
        Self { name: name.to_owned(), keys, scope: GLOBAL.to_owned(), expires: None, noted: None }
    }

    /// Its names as references spell them.
    fn spelled(&self) -> Vec<String> {
        match &self.keys {
            Some(keys) => keys.iter().map(|key| format!("{}.{key}", self.name)).collect(),
            None => vec![self.name.clone()],
        }
    }
}

/// Whether a type of backend knows bundles. Variables have none: `a` and `a.KEY` are two of them.
fn has_bundles(kind: &str) -> bool {
    !matches!(kind, "env" | "dotenv")
}

#[cfg(test)]
mod tests;
