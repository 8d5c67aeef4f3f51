//! The preparing of one output: what is in its place, whether it can stay, and the writing of a new one.

use std::{ffi::OsStr, fs::File, os::fd::OwnedFd, path::Path, sync::Arc};

use rustix::{
    fs::{FileType, Gid, Stat, Uid},
    io::Errno,
};

use super::{
    Durability, ModeChange, ModeRule, Move, Outputs, Prepared, WriteError, at,
    content::{Content, CopyError},
    folder::Folder,
    split,
    staging::lock,
};

impl Outputs {
    pub(super) fn prepare_content(
        &self,
        rel: &Path,
        content: Content<'_>,
        rule: ModeRule,
    ) -> Result<Prepared, WriteError> {
        let (parent, name) = split(rel)?;
        let folder = self.folder(parent)?;
        let old = if folder.is_new() { None } else { self.find_old(&folder, parent, name)? };
        if let Some(old) = old
            && let Some(prepared) = self.keep_old(&folder, name, &old, content, rule)?
        {
            return Ok(prepared);
        }
        folder.check_writable(&self.handles)?;
        if let Some(old) = &old {
            let path = folder.path.join(name);
            if folder.protects(old) {
                return Err(WriteError::Foreign { path });
            }
            if at::is_mount_point(folder.open(&self.handles)?, name) {
                return Err(WriteError::Mounted { path });
            }
        }
        self.broken_unless_done(|| self.stage(&folder, name, content, rule, old.as_ref()))?;
        Ok(Prepared::Written)
    }

    /// Looks at what has an output's name already; only files and links may be replaced.
    fn find_old(
        &self,
        folder: &Arc<Folder>,
        parent: &Path,
        name: &OsStr,
    ) -> Result<Option<Stat>, WriteError> {
        {
            let mut set = lock(&self.set);
            let rel = parent.join(name);
            if set.folders.contains_key(&rel) || !set.named.insert(rel) {
                return Err(WriteError::Twice { path: folder.path.join(name) });
            }
        }
        let found = at::look(folder.open(&self.handles)?, name);
        match found.map_err(|error| WriteError::system("look at", folder.path.join(name), error))? {
            Some(old) if !matches!(at::kind(&old), FileType::RegularFile | FileType::Symlink) => {
                Err(WriteError::NotAFile { path: folder.path.join(name), kind: at::kind_word(&old) })
            }
            old => Ok(old),
        }
    }

    /// Decides whether the old output can stay; `None` if it has to be written anew.
    fn keep_old(
        &self,
        folder: &Arc<Folder>,
        name: &OsStr,
        old: &Stat,
        content: Content<'_>,
        rule: ModeRule,
    ) -> Result<Option<Prepared>, WriteError> {
        let handle = folder.open(&self.handles)?;
        if let Content::Link(target) = content {
            let same = at::kind(old) == FileType::Symlink
                && at::read_link(&handle, name).is_ok_and(|old| old == target.as_os_str());
            lock(&self.set).unchanged += usize::from(same);
            return Ok(same.then_some(Prepared::Unchanged));
        }
        if at::kind(old) != FileType::RegularFile
            || content.len().is_ok_and(|len| len != old.st_size.cast_unsigned())
        {
            return Ok(None);
        }
        // An old output that cannot be read is replaced, which is what mends it.
        let same = at::open_file(&handle, name).is_ok_and(|file| {
            let opened = at::stat(&file).is_ok_and(|opened| at::same_inode(&opened, old));
            opened && content.is_in(&file).unwrap_or(false)
        });
        if !same {
            return Ok(None);
        }
        let mode = rule.mode(Some(at::mode(old)));
        if mode == at::mode(old) {
            lock(&self.set).unchanged += 1;
            return Ok(Some(Prepared::Unchanged));
        }
        // The mode of another link to this file is not ours to change, nor can we for another's file.
        let me = rustix::process::geteuid();
        if old.st_nlink > 1 || !(me.is_root() || old.st_uid == me.as_raw()) {
            return Ok(None);
        }
        let change = ModeChange { folder: Arc::clone(folder), name: name.to_owned(), seen: *old, mode };
        lock(&self.set).modes.push(change);
        Ok(Some(Prepared::ModeOnly))
    }

    /// Writes an output to the staging folder, or into its staged folder.
    fn stage(
        &self,
        folder: &Arc<Folder>,
        name: &OsStr,
        content: Content<'_>,
        rule: ModeRule,
        old: Option<&Stat>,
    ) -> Result<(), WriteError> {
        let path = || folder.path.join(name);
        let failed = |operation| move |error: Errno| WriteError::system(operation, path(), error);
        let mut to_move = None;
        let file = if folder.is_new() {
            create(&*folder.open(&self.handles)?, name, content)
        } else {
            let staging = folder.mount.staging()?;
            let staged = staging.fresh_name();
            let file = create(staging.folder(), &staged, content);
            to_move = Some(Move {
                staging,
                staged,
                to: Arc::clone(folder),
                name: name.to_owned(),
                is_folder: false,
            });
            file
        };
        let file = file.map_err(|error| match error {
            // Nobody else makes names in a staged folder, so one of the set's own outputs has this one.
            Errno::EXIST => WriteError::Twice { path: path() },
            error => WriteError::system("create", path(), error),
        })?;
        if let Some(file) = &file {
            content.write_to(file).map_err(|error| match error {
                CopyError::Write(error) => WriteError::system("write to", path(), error),
                CopyError::Read(error) => WriteError::system("read the source of", path(), error),
                CopyError::Changed => WriteError::Changing { path: path() },
            })?;
            let old = old.filter(|old| at::kind(old) == FileType::RegularFile);
            if let Some(old) = old.filter(|_| !folder.is_open_to_all()) {
                keep_owner(file, old).map_err(failed("set the owner of"))?;
            }
            at::set_mode(file, rule.mode(old.map(at::mode))).map_err(failed("set the mode of"))?;
            if self.durability.syncs_each() {
                at::sync(file).map_err(failed("sync"))?;
            }
        }
        let mut set = lock(&self.set);
        set.moves.extend(to_move);
        set.staged += 1;
        if self.durability.syncs_whole(set.staged) {
            set.unsynced = Vec::new();
        } else if !self.durability.syncs_each() && self.durability != Durability::None {
            set.unsynced.extend(file);
        }
        Ok(())
    }
}

fn create(at: &OwnedFd, name: &OsStr, content: Content<'_>) -> rustix::io::Result<Option<File>> {
    match content {
        Content::Link(target) => at::create_link(target, at, name).map(|()| None),
        Content::Bytes(_) | Content::Copy(_) => at::create_file(at, name).map(Some),
    }
}

/// Gives a file the owner and group of the one it replaces, as far as we may.
fn keep_owner(file: &File, old: &Stat) -> rustix::io::Result<()> {
    let new = at::stat(file)?;
    let group = (new.st_gid != old.st_gid).then(|| Gid::from_raw(old.st_gid));
    let owner = (new.st_uid != old.st_uid).then(|| Uid::from_raw(old.st_uid));
    for owner in [owner, None] {
        if owner.is_none() && group.is_none() {
            return Ok(());
        }
        match rustix::io::retry_on_intr(|| rustix::fs::fchown(file, owner, group)) {
            // We may not, or the owner does not exist in this container: the file stays ours.
            Err(Errno::PERM | Errno::INVAL) => {}
            answer => return answer,
        }
    }
    Ok(())
}
