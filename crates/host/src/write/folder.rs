//! Folders that outputs go to, reached from the root one component at a time, with few handles open.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use rustix::{
    fs::{Dev, FileType, Stat},
    io::Errno,
};

use super::{
    Move, Outputs, Set, WriteError, at,
    staging::{self, Staging, lock},
};

/// A destination folder: one that exists, or one that waits in a staging folder to be moved into place.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where people will find it, for messages and for the order of renames.
    pub(super) path: PathBuf,
    /// The mount that it is on, and with it the staging folder from which a rename can reach it.
    pub(super) mount: Arc<Mount>,
    /// What was found, if the folder exists already.
    pub(super) found: Option<Stat>,
    above: Above,
    handle: Mutex<Option<Arc<OwnedFd>>>,
    may_write: OnceLock<Result<(), Errno>>,
}

/// One mount among those that an output folder spans.
#[derive(Debug)]
pub(super) struct Mount {
    key: (Dev, Option<u64>),
    top: Arc<OwnedFd>,
    path: PathBuf,
    staging: Mutex<Option<Arc<Staging>>>,
}

/// How a folder is opened again after its handle was closed.
#[derive(Debug)]
enum Above {
    /// It never is: this one stays open.
    Nothing,
    Folder(Arc<Folder>, OsString),
    Staging(Arc<Staging>, OsString),
}

/// The folders whose handles are open, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Handles(Mutex<VecDeque<Arc<Folder>>>);

/// Handles kept open at once by one set; far from the usual limits of 256 and 1024 open files.
const OPEN_HANDLES: usize = 64;

impl Outputs {
    /// Finds a folder by its path from the root; one that is missing is staged.
    pub(super) fn folder(&self, rel: &Path) -> Result<Arc<Folder>, WriteError> {
        let mut set = lock(&self.set);
        if let Some(folder) = set.folders.get(rel) {
            return Ok(Arc::clone(folder));
        }
        let mut folder = if let Some(root) = set.folders.get(Path::new("")) {
            Arc::clone(root)
        } else {
            let mut root = Arc::clone(&self.anchor);
            for name in &self.missing {
                root = self.step(&mut set, &root, name)?;
            }
            set.folders.insert(PathBuf::new(), Arc::clone(&root));
            root
        };
        let mut path = PathBuf::new();
        for name in rel {
            path.push(name);
            folder = match set.folders.get(&path) {
                Some(known) => Arc::clone(known),
                None if set.named.contains(&path) => {
                    return Err(WriteError::Twice { path: folder.path.join(name) });
                }
                None => self.step(&mut set, &folder, name)?,
            };
            set.folders.entry(path.clone()).or_insert_with(|| Arc::clone(&folder));
        }
        Ok(folder)
    }

    /// Goes one folder down, making what is missing in the staging folder.
    fn step(&self, set: &mut Set, folder: &Arc<Folder>, name: &OsStr) -> Result<Arc<Folder>, WriteError> {
        if folder.is_new() {
            let child = self.broken_unless_done(|| folder.create_child(name, &self.handles))?;
            set.fresh.push(Arc::clone(&child));
            return Ok(child);
        }
        if let Some(child) = folder.child(name, &self.handles)? {
            return Ok(child);
        }
        folder.check_writable(&self.handles)?;
        let staging = folder.mount.staging()?;
        let staged = staging.fresh_name();
        let path = folder.path.join(name);
        let child = Folder::staged(path, Arc::clone(&folder.mount), Arc::clone(&staging), staged.clone())?;
        set.moves.push(Move {
            staging,
            staged,
            to: Arc::clone(folder),
            name: name.to_owned(),
            is_folder: true,
        });
        set.fresh.push(Arc::clone(&child));
        Ok(child)
    }
}

impl Mount {
    /// The staging folder of this mount, made when the first output needs it.
    pub(super) fn staging(&self) -> Result<Arc<Staging>, WriteError> {
        let mut staging = lock(&self.staging);
        if let Some(staging) = &*staging {
            return Ok(Arc::clone(staging));
        }
        let fresh = Staging::create(&self.top, &self.path)?;
        *staging = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

impl Folder {
    /// A folder that is reached by its handle alone, as the root is.
    pub(super) fn top(handle: OwnedFd, path: &Path) -> rustix::io::Result<Arc<Self>> {
        let found = at::stat(&handle)?;
        let handle = Arc::new(handle);
        let mount = mount(&handle, &found, path);
        Ok(Self::new(path.to_owned(), mount, Some(found), Above::Nothing, Some(handle)))
    }

    /// A folder that does not exist yet, alone under `name` in the staging folder.
    pub(super) fn staged(
        path: PathBuf,
        mount: Arc<Mount>,
        staging: Arc<Staging>,
        name: OsString,
    ) -> Result<Arc<Self>, WriteError> {
        at::create_folder(staging.folder(), &name)
            .map_err(|error| WriteError::system("create", &path, error))?;
        Ok(Self::new(path, mount, None, Above::Staging(staging, name), None))
    }

    fn new(
        path: PathBuf,
        mount: Arc<Mount>,
        found: Option<Stat>,
        above: Above,
        handle: Option<Arc<OwnedFd>>,
    ) -> Arc<Self> {
        Arc::new(Self { path, mount, found, above, handle: Mutex::new(handle), may_write: OnceLock::new() })
    }

    /// Whether the folder is staged, so that nothing in it can be in an output's way.
    pub(super) fn is_new(&self) -> bool {
        self.found.is_none()
    }

    /// Opens the folder, or hands out the open handle.
    pub(super) fn open(self: &Arc<Self>, handles: &Handles) -> Result<Arc<OwnedFd>, WriteError> {
        let opened = {
            let mut handle = lock(&self.handle);
            if let Some(handle) = &*handle {
                return Ok(Arc::clone(handle));
            }
            let opened = match &self.above {
                Above::Folder(above, name) => open_inside(&*above.open(handles)?, name, &self.path)?,
                Above::Staging(staging, name) => open_inside(staging.folder(), name, &self.path)?,
                Above::Nothing => None,
            };
            let opened = opened.ok_or_else(|| WriteError::system("open", &self.path, Errno::NOENT))?;
            Arc::clone(handle.insert(Arc::new(opened)))
        };
        self.remember(handles);
        Ok(opened)
    }

    /// Finds the folder `name` inside an existing one; `None` if there is nothing of that name.
    pub(super) fn child(
        self: &Arc<Self>,
        name: &OsStr,
        handles: &Handles,
    ) -> Result<Option<Arc<Self>>, WriteError> {
        let path = self.path.join(name);
        let Some(handle) = open_inside(&*self.open(handles)?, name, &path)? else { return Ok(None) };
        let handle = Arc::new(handle);
        let found = at::stat(&handle).map_err(|error| WriteError::system("look at", &path, error))?;
        let same_mount = at::mount_key(&handle, &found) == self.mount.key;
        let mount = if same_mount { Arc::clone(&self.mount) } else { mount(&handle, &found, &path) };
        let above = Above::Folder(Arc::clone(self), name.to_owned());
        let child = Self::new(path, mount, Some(found), above, Some(handle));
        child.remember(handles);
        Ok(Some(child))
    }

    /// Makes the folder `name` inside a staged one.
    pub(super) fn create_child(
        self: &Arc<Self>,
        name: &OsStr,
        handles: &Handles,
    ) -> Result<Arc<Self>, WriteError> {
        let path = self.path.join(name);
        match at::create_folder(self.open(handles)?, name) {
            Ok(()) => {}
            // Nobody else makes names here, so one of the set's own outputs has this one.
            Err(Errno::EXIST) => return Err(WriteError::Twice { path }),
            Err(error) => return Err(WriteError::system("create", path, error)),
        }
        Ok(Self::new(
            path,
            Arc::clone(&self.mount),
            None,
            Above::Folder(Arc::clone(self), name.to_owned()),
            None,
        ))
    }

    /// Finds out before anything moves that entries may be made here; asked once.
    pub(super) fn check_writable(self: &Arc<Self>, handles: &Handles) -> Result<(), WriteError> {
        if self.is_new() {
            return Ok(());
        }
        let handle = self.open(handles)?;
        let answer = *self.may_write.get_or_init(|| at::may_write(&handle));
        answer.map_err(|error| WriteError::system("write into", &self.path, error))
    }

    /// Whether anybody may put files here, so that a file's owner says nothing about who should read it.
    pub(super) fn is_open_to_all(&self) -> bool {
        self.found.is_some_and(|found| at::mode(&found) & 0o002 != 0)
    }

    /// Whether only a file's owner, or the folder's, may replace the file.
    pub(super) fn protects(&self, file: &Stat) -> bool {
        let me = rustix::process::geteuid();
        let sticky = |folder: Stat| at::mode(&folder) & 0o1000 != 0 && folder.st_uid != me.as_raw();
        !me.is_root() && file.st_uid != me.as_raw() && self.found.is_some_and(sticky)
    }

    /// Counts the handle just opened, and closes the oldest one when there are too many.
    fn remember(self: &Arc<Self>, handles: &Handles) {
        let oldest = {
            let mut open = lock(&handles.0);
            open.push_back(Arc::clone(self));
            if open.len() > OPEN_HANDLES { open.pop_front() } else { None }
        };
        if let Some(oldest) = oldest {
            lock(&oldest.handle).take();
        }
    }
}

/// Opens a folder inside another; `None` if there is nothing of that name, an error if it is no folder.
fn open_inside(parent: &OwnedFd, name: &OsStr, path: &Path) -> Result<Option<OwnedFd>, WriteError> {
    let error = match at::open_folder(parent, name) {
        Ok(handle) => return Ok(Some(handle)),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => error,
    };
    Err(match at::look(parent, name) {
        Ok(Some(found)) if at::kind(&found) != FileType::Directory => {
            WriteError::NotAFolder { path: path.to_owned(), kind: at::kind_word(&found) }
        }
        _ => WriteError::system("open", path, error),
    })
}

/// A mount not met before; what a killed process left in its top folder goes now.
fn mount(top: &Arc<OwnedFd>, found: &Stat, path: &Path) -> Arc<Mount> {
    staging::sweep(top);
    let key = at::mount_key(top, found);
    Arc::new(Mount { key, top: Arc::clone(top), path: path.to_owned(), staging: Mutex::new(None) })
}
