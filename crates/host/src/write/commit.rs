//! The end of a set: synced, renamed into place, and the folders synced.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, atomic::Ordering},
};

use rustix::{fs::FileType, io::Errno};

use super::{
    Durability, ModeChange, Move, Outputs, Set, Summary, WriteError, at,
    folder::{Folder, Handles},
    staging::{Staging, moving},
};

impl Outputs {
    /// Makes every prepared output durable, renames all into place, and makes the renames durable.
    ///
    /// # Errors
    /// Nothing has changed in the destination, but for tightened modes, unless the error is
    /// [`WriteError::Partly`] or [`WriteError::Unsynced`].
    pub fn commit(self) -> Result<Summary, WriteError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(WriteError::Incomplete);
        }
        // A set without outputs still makes its root, as a copy of an empty folder does.
        self.folder(Path::new(""))?;
        let Self { durability, handles, set, .. } = self;
        let mut set = set.into_inner().unwrap_or_else(PoisonError::into_inner);
        let summary = Summary { written: set.staged, modes_only: set.modes.len(), unchanged: set.unchanged };
        set.moves.sort_by_cached_key(|one| one.to.path.join(&one.name));

        sync_staged(&set, durability, &handles)?;
        let touched = {
            let _moving = moving()?;
            for change in &set.modes {
                change.apply(&handles)?;
            }
            move_all(&set.moves, &handles)?
        };
        sync_moved(&touched, durability, &handles)
            .map_err(|error| WriteError::Unsynced { source: Box::new(error) })?;
        Ok(summary)
    }
}

/// The folders in which a rename happened, by their path.
type Touched = BTreeMap<PathBuf, (Arc<Folder>, Arc<Staging>)>;

/// Makes what is staged durable before any of it is moved, so that no crash can leave an empty output.
fn sync_staged(set: &Set, durability: Durability, handles: &Handles) -> Result<(), WriteError> {
    if durability == Durability::None {
        return Ok(());
    }
    if durability.syncs_whole(set.staged.max(set.fresh.len())) {
        return sync_file_systems(set.moves.iter().map(|one| (&one.staging, &one.to)));
    }
    for file in &set.unsynced {
        at::sync(file).map_err(|error| WriteError::system("sync a file for", first_path(set), error))?;
    }
    for folder in &set.fresh {
        sync_folder(folder, handles)?;
    }
    Ok(())
}

/// Makes the renames durable.
fn sync_moved(touched: &Touched, durability: Durability, handles: &Handles) -> Result<(), WriteError> {
    if durability == Durability::None {
        return Ok(());
    }
    if durability.syncs_whole(touched.len()) {
        return sync_file_systems(touched.values().map(|(folder, staging)| (staging, folder)));
    }
    touched.values().try_for_each(|(folder, _)| sync_folder(folder, handles))
}

fn sync_file_systems<'a>(
    places: impl Iterator<Item = (&'a Arc<Staging>, &'a Arc<Folder>)>,
) -> Result<(), WriteError> {
    let mut synced: Vec<&Arc<Staging>> = Vec::new();
    for (staging, folder) in places {
        if !synced.iter().any(|one| Arc::ptr_eq(one, staging)) {
            at::sync_file_system(staging.folder())
                .map_err(|error| WriteError::system("sync the file system of", &folder.path, error))?;
            synced.push(staging);
        }
    }
    Ok(())
}

fn sync_folder(folder: &Arc<Folder>, handles: &Handles) -> Result<(), WriteError> {
    at::sync_folder(folder.open(handles)?).map_err(|error| WriteError::system("sync", &folder.path, error))
}

fn first_path(set: &Set) -> PathBuf {
    set.moves.first().map(|one| one.to.path.join(&one.name)).unwrap_or_default()
}

fn move_all(moves: &[Move], handles: &Handles) -> Result<Touched, WriteError> {
    let mut touched = Touched::new();
    let mut changed = false;
    for (moved, one) in moves.iter().enumerate() {
        if let Err(error) = one.apply(handles, &mut changed) {
            return Err(if changed {
                WriteError::Partly { moved, of: moves.len(), source: Box::new(error) }
            } else {
                error
            });
        }
        changed = true;
        touched.entry(one.to.path.clone()).or_insert_with(|| (Arc::clone(&one.to), Arc::clone(&one.staging)));
    }
    Ok(touched)
}

impl Move {
    fn apply(&self, handles: &Handles, changed: &mut bool) -> Result<(), WriteError> {
        let to = self.to.open(handles)?;
        let path = || self.to.path.join(&self.name);
        match at::rename(self.staging.folder(), &self.staged, &to, &self.name) {
            Ok(()) => Ok(()),
            // Another writer has made the folder since we looked.
            Err(Errno::NOTEMPTY | Errno::EXIST) if self.is_folder => {
                *changed = true;
                merge(self.staging.folder(), &self.staged, &to, &self.name)
                    .map_err(|error| WriteError::system("merge into", path(), error))
            }
            Err(error) => Err(WriteError::system("rename into place", path(), error)),
        }
    }
}

/// Moves what is in a staged folder into one of the same name that exists by now, and syncs it.
///
/// The modes that the files already have are right: no other output was there when they were prepared.
fn merge(from: &OwnedFd, staged: &OsStr, to: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
    let staged = at::open_folder(from, staged)?;
    let existing = at::open_folder(to, name)?;
    let mut inner: Vec<OsString> = at::names(&staged)?;
    inner.sort();
    for inner in inner {
        match at::rename(&staged, &inner, &existing, &inner) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => merge(&staged, &inner, &existing, &inner)?,
            answer => answer?,
        }
    }
    at::sync_folder(&existing)
}

impl ModeChange {
    fn apply(&self, handles: &Handles) -> Result<(), WriteError> {
        let failed =
            |error: Errno| WriteError::system("set the mode of", self.folder.path.join(&self.name), error);
        let folder = self.folder.open(handles)?;
        let file = at::open_file(folder, &self.name).map_err(failed)?;
        let found = at::stat(&file).map_err(failed)?;
        // Another writer that replaced it meanwhile has given it a mode of its own.
        if at::kind(&found) == FileType::RegularFile && at::same_inode(&found, &self.seen) {
            at::set_mode(&file, self.mode).map_err(failed)?;
        }
        Ok(())
    }
}
