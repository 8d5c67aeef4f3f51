//! A SOPS file that values are written to: a name is a key path.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use redeem_core::{Backend, Failure, Fetched, Name, Secret};
use rustix::fs::{CWD, Mode, OFlags};

use crate::backend::sops::SopsFile;
use crate::identity::{Identities, UnwrapError};
use crate::paths::shown;
use crate::sops::{self, Change, File, LARGEST_FILE, Plain, SopsError, Store};
use crate::write::{ModeRule, Outputs, WriteError};

/// A SOPS file that values are read from and written to.
pub struct SopsKeeper {
    name: String,
    path: PathBuf,
    identities: Arc<Identities>,
}

/// Why a SOPS file could not be read or changed. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum SopsKeeperError {
    /// The system refused.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is damaged, or cannot be changed so.
    #[error(transparent)]
    Sops(#[from] SopsError),
    /// No identity opens it.
    #[error(transparent)]
    Unwrap(#[from] UnwrapError),
    /// There is no such value, or there is no telling.
    #[error("{}", _0.message)]
    Failed(Arc<Failure>),
    /// There is no such value.
    #[error("there is no `{0}` in the file")]
    Missing(Name),
    /// The value is no text.
    #[error("the value for `{0}` is no UTF-8 text")]
    NotText(Name),
    /// The value would not be encrypted.
    #[error("`{name}` would stand in {file} in the clear: its `{selector}` is `{pattern}`")]
    InTheClear {
        /// The value.
        name: String,
        /// The file.
        file: String,
        /// The selector that leaves the value out: `encrypted_regex`.
        selector: &'static str,
        /// What the selector says.
        pattern: String,
    },
    /// Another program changed the file meanwhile.
    #[error("{0} was changed by another program meanwhile: nothing was written")]
    Changed(String),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl SopsKeeper {
    /// The file at `path`, which is read at each call.
    pub fn new(name: &str, path: PathBuf, identities: Arc<Identities>) -> Self {
        Self { name: name.to_owned(), path, identities }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of its values, sorted. It takes no key.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn names(&self) -> Result<Vec<String>, SopsKeeperError> {
        self.parsed()?;
        Ok(self.backend().list().unwrap_or_default())
    }

    /// A value; the MAC of the file is checked first.
    ///
    /// # Errors
    /// When it is not there, or cannot be decrypted.
    pub fn get(&self, name: &Name) -> Result<Secret, SopsKeeperError> {
        let missing = || SopsKeeperError::Missing(name.clone());
        self.values(&[name]).and_then(|mut values| values.pop().ok_or_else(missing))
    }

    /// Several values, in the order of their names; the file is read and opened once for all.
    ///
    /// # Errors
    /// When one is not there, or cannot be decrypted.
    pub fn values(&self, names: &[&Name]) -> Result<Vec<Secret>, SopsKeeperError> {
        let value = |(fetched, name): (Fetched, &&Name)| match fetched {
            Fetched::Found(secret) | Fetched::Described(secret, _) => Ok(secret),
            Fetched::Failed(failure) => Err(SopsKeeperError::Failed(failure)),
            Fetched::NotHere => Err(SopsKeeperError::Missing((*name).clone())),
        };
        self.backend().fetch(names).into_iter().zip(names).map(value).collect()
    }

    /// Sets values, new ones among them; all other bytes of the file stay. Whether anything was written is returned.
    ///
    /// # Errors
    /// When the file cannot be decrypted, is damaged, or cannot be written; when a value would not be encrypted.
    pub fn set(&self, values: &[(Name, Secret)]) -> Result<bool, SopsKeeperError> {
        let change = |(name, value): &(Name, Secret)| match std::str::from_utf8(value.expose()) {
            Ok(text) => Ok(Change::Set(sops::Path::of_name(&name.to_string()), Plain::str(text))),
            Err(_) => Err(SopsKeeperError::NotText(name.clone())),
        };
        let changes = values.iter().map(change).collect::<Result<Vec<_>, _>>()?;
        self.edit(&changes)
    }

    /// Removes a value, or a map with all that is in it.
    ///
    /// # Errors
    /// As [`SopsKeeper::set`]; when it is not there.
    pub fn delete(&self, name: &Name) -> Result<(), SopsKeeperError> {
        let path = sops::Path::of_name(&name.to_string());
        let (_, file) = self.parsed()?;
        if !file.leaves().iter().any(|leaf| leaf.path.0.starts_with(&path.0)) {
            return Err(SopsKeeperError::Missing(name.clone()));
        }
        self.edit(&[Change::Remove(path)]).map(|_| ())
    }

    fn edit(&self, changes: &[Change]) -> Result<bool, SopsKeeperError> {
        let real = fs::canonicalize(&self.path).map_err(|source| self.unreadable(source))?;
        let _lock = lock(&real).map_err(|source| self.unreadable(source))?;
        let (text, file) = self.parsed()?;
        let key = file.data_key(&self.identities)?;
        file.verify(&key)?;
        let new = file.edit(&key, changes, Timestamp::now())?;
        if new == text {
            return Ok(false);
        }
        if changes.iter().any(|change| matches!(change, Change::Set(..))) {
            self.nothing_new_in_the_clear(&file, &new)?;
        }
        let mode = fs::metadata(&real).map_err(|source| self.unreadable(source))?.permissions().mode();
        let (outputs, name) = Outputs::beside(&real)?;
        outputs.prepare(name, new.as_bytes(), ModeRule { source: None, explicit: Some(mode & 0o777) })?;
        // `sops` takes no lock, so a change of its own can only be seen.
        if self.text()? != text {
            return Err(SopsKeeperError::Changed(shown(&self.path).to_string()));
        }
        outputs.commit()?;
        Ok(true)
    }

    /// Refuses a text with a value that is not encrypted and was not there before: `sops` writes it as the selector
    /// says, and whoever stores a secret does not expect that.
    fn nothing_new_in_the_clear(&self, before: &File, text: &str) -> Result<(), SopsKeeperError> {
        let after = File::parse(&shown(&self.path), text.to_owned(), before.store())?;
        let clear = before.leaves().iter().filter(|leaf| !leaf.is_selected);
        let known: HashMap<_, _> = clear.map(|leaf| ((leaf.document, &leaf.path), &leaf.stored)).collect();
        let is_known = |leaf: &sops::Leaf| known.get(&(leaf.document, &leaf.path)) == Some(&&leaf.stored);
        match after.leaves().iter().find(|leaf| !leaf.is_selected && !is_known(leaf)) {
            None => Ok(()),
            Some(leaf) => {
                let rule = after.metadata().selection.rule();
                Err(SopsKeeperError::InTheClear {
                    name: leaf.path.to_string(),
                    file: shown(&self.path).to_string(),
                    selector: rule.field(),
                    pattern: rule.pattern().to_owned(),
                })
            }
        }
    }

    fn parsed(&self) -> Result<(String, File), SopsKeeperError> {
        let text = self.text()?;
        let store = Store::of_file_name(&self.path.to_string_lossy());
        let file = File::parse(&shown(&self.path), text.clone(), store)?;
        Ok((text, file))
    }

    fn text(&self) -> Result<String, SopsKeeperError> {
        read(&self.path).map_err(|source| self.unreadable(source))
    }

    fn unreadable(&self, source: std::io::Error) -> SopsKeeperError {
        SopsKeeperError::Read { path: shown(&self.path).to_string(), source }
    }

    fn backend(&self) -> SopsFile {
        SopsFile::new(&self.name, self.path.clone(), Arc::clone(&self.identities))
    }
}

/// The text of a regular file of at most [`LARGEST_FILE`] bytes; a pipe is not waited for.
fn read(path: &Path) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::File::from(rustix::fs::openat(CWD, path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    let largest = LARGEST_FILE as u64;
    if !metadata.is_file() || metadata.len() > largest {
        let why = format!("it is no regular file of at most {} MiB", LARGEST_FILE >> 20);
        return Err(io::Error::other(why));
    }
    let mut text = String::new();
    file.take(largest + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// One writer at a time: locks the folder, as a vault does, since the file itself is replaced. The lock ends with what
/// is returned.
fn lock(file: &Path) -> io::Result<fs::File> {
    let folder = fs::File::open(file.parent().unwrap_or(Path::new("/")))?;
    loop {
        match folder.lock() {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use super::*;
    use crate::identity::generate;
    use crate::sops::{Rule, Selection, Tree, Value, create};

    fn keeper(rule: Rule) -> (tempfile::TempDir, SopsKeeper) {
        let (identity, recipient) = generate();
        let identities = Identities::from_text("ada", &identity).expect("an identity");
        let tree = Tree::of_entries(
            ["password", "user", "a_unencrypted"].map(|key| (key.to_owned(), Value::from(Plain::str("v1")))),
        );
        let selection = Selection::new("x.yaml", rule).expect("a selection");
        let text = create(Store::Yaml, &tree, &selection, &[recipient], Timestamp::now()).expect("a file");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.yaml");
        fs::write(&path, text).expect("a file");
        (folder, SopsKeeper::new("sops", path, Arc::new(identities)))
    }

    fn set(keeper: &SopsKeeper, name: &str) -> Result<bool, SopsKeeperError> {
        keeper.set(&[(Name::split(name), Secret::from("hunter2"))])
    }

    #[test]
    fn no_value_is_stored_in_the_clear() {
        for (rule, name, words) in [
            (Rule::EncryptedRegex("^password$".into()), "user", "`encrypted_regex` is `^password$`"),
            (Rule::EncryptedRegex("^password$".into()), "db.token", "`encrypted_regex`"),
            (Rule::default(), "a_unencrypted", "`unencrypted_suffix` is `_unencrypted`"),
            (Rule::default(), "b_unencrypted.key", "`unencrypted_suffix`"),
            (Rule::EncryptedCommentRegex("seal".into()), "token", "`encrypted_comment_regex`"),
        ] {
            let (_folder, keeper) = keeper(rule);
            let before = fs::read_to_string(keeper.path()).expect("a file");
            let error = set(&keeper, name).expect_err("refused").to_string();
            assert!(error.contains(words) && error.contains(name), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
            assert_eq!(fs::read_to_string(keeper.path()).expect("a file"), before);
        }
        let (_folder, keeper) = keeper(Rule::EncryptedRegex("^(password|token)$".into()));
        assert!(set(&keeper, "password").expect("set") && set(&keeper, "token").expect("set"));
        let text = fs::read_to_string(keeper.path()).expect("a file");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn two_writers_at_once_lose_nothing() {
        let (_folder, keeper) = keeper(Rule::default());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let keeper = &keeper;
                scope.spawn(move || {
                    for round in 0..3 {
                        set(keeper, &format!("new{thread}{round}")).expect("set");
                    }
                });
            }
        });
        assert_eq!(keeper.names().expect("names").len(), 3 + 12);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let (folder, keeper) = keeper(Rule::default());
        fs::remove_file(keeper.path()).expect("removed");
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("x.yaml")).status();
        assert!(made.is_ok_and(|status| status.success()));
        assert!(matches!(set(&keeper, "a"), Err(SopsKeeperError::Read { .. })));
    }
}
