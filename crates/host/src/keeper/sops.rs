//! A SOPS file that values are written to: a name is a key path.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use redeem_core::{Backend, Failure, Fetched, Name, Secret};

use crate::backend::sops::SopsFile;
use crate::identity::{Identities, UnwrapError};
use crate::paths::shown;
use crate::sops::{self, Change, File, Plain, SopsError, Store};
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
        match self.backend().fetch(&[name]).pop() {
            Some(Fetched::Found(secret)) => Ok(secret),
            Some(Fetched::Failed(failure)) => Err(SopsKeeperError::Failed(failure)),
            _ => Err(SopsKeeperError::Missing(name.clone())),
        }
    }

    /// Sets values, new ones among them; all other bytes of the file stay. Whether anything was written is returned.
    ///
    /// # Errors
    /// When the file cannot be decrypted, is damaged, or cannot be written.
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
        let (text, file) = self.parsed()?;
        let key = file.data_key(&self.identities)?;
        file.verify(&key)?;
        let new = file.edit(&key, changes, Timestamp::now())?;
        if new == text {
            return Ok(false);
        }
        let real = fs::canonicalize(&self.path).map_err(|source| self.unreadable(source))?;
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

    fn parsed(&self) -> Result<(String, File), SopsKeeperError> {
        let text = self.text()?;
        let store = Store::of_file_name(&self.path.to_string_lossy());
        let file = File::parse(&shown(&self.path), text.clone(), store)?;
        Ok((text, file))
    }

    fn text(&self) -> Result<String, SopsKeeperError> {
        fs::read_to_string(&self.path).map_err(|source| self.unreadable(source))
    }

    fn unreadable(&self, source: std::io::Error) -> SopsKeeperError {
        SopsKeeperError::Read { path: shown(&self.path).to_string(), source }
    }

    fn backend(&self) -> SopsFile {
        SopsFile::new(&self.name, self.path.clone(), Arc::clone(&self.identities))
    }
}
