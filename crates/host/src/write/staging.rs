//! Private folders in which outputs are prepared, and the sweeping of those that a killed process left.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, TryLockError},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::{fs::FileType, io::Errno};

use super::{WriteError, at};

/// A folder `.redeem-….tmp` of mode `0700`, locked while its process lives, gone when it is dropped.
#[derive(Debug)]
pub(super) struct Staging {
    /// The folder itself; the lock is on this handle.
    pub(super) folder: Arc<OwnedFd>,
    parent: Arc<OwnedFd>,
    name: OsString,
    next: AtomicU64,
    abandoned: AtomicBool,
}

/// Removes every staging folder of this process, for the thread that handles SIGINT, SIGTERM and SIGHUP.
///
/// A commit that has begun to rename ends first, so a set is not left in halves. A set that has not
/// fails with [`WriteError::Abandoned`], or with an error of the system about a file that is gone.
pub fn abandon() {
    let _moving = moving();
    let live: Vec<_> = lock(&LIVE).iter().filter_map(Weak::upgrade).collect();
    for staging in live {
        staging.abandoned.store(true, Ordering::SeqCst);
        // Other threads may still be creating files in it; once the folder is gone they cannot.
        for _ in 0..1000 {
            if staging.remove() {
                break;
            }
        }
    }
}

static LIVE: Mutex<Vec<Weak<Staging>>> = Mutex::new(Vec::new());
static MOVING: Mutex<()> = Mutex::new(());

/// Holds [`abandon`] off while outputs are renamed into place.
pub(super) fn moving() -> MutexGuard<'static, ()> {
    lock(&MOVING)
}

/// Locks without a care for panics elsewhere: what these locks guard is whole between any two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Staging {
    /// Creates a staging folder in `parent`, whose path is for messages only.
    pub(super) fn create(parent: &Arc<OwnedFd>, path: &Path) -> Result<Arc<Self>, WriteError> {
        let failed = |error: io::Error| WriteError::system("create a temporary folder in", path, error);
        // A sweeper may be faster than our lock and take a fresh folder for a stale one. Then another
        // name is tried.
        for _ in 0..100 {
            let name = random_name().map_err(failed)?;
            match at::create_folder(parent, &name) {
                Ok(()) => {}
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(failed(error.into())),
            }
            let Some(folder) = lock_folder(parent, &name).map_err(|error| {
                // Nobody will need it, and an empty folder harms nobody if it stays.
                let _ = at::remove_folder(parent, &name);
                failed(error)
            })?
            else {
                continue;
            };
            let staging = Arc::new(Self {
                folder: Arc::new(folder.into()),
                parent: Arc::clone(parent),
                name,
                next: AtomicU64::new(0),
                abandoned: AtomicBool::new(false),
            });
            let mut live = lock(&LIVE);
            live.retain(|one| one.strong_count() > 0);
            live.push(Arc::downgrade(&staging));
            return Ok(staging);
        }
        Err(failed(io::ErrorKind::ResourceBusy.into()))
    }

    /// A name that nothing in this folder has; outsiders cannot look inside, so it need not be random.
    pub(super) fn fresh_name(&self) -> OsString {
        self.next.fetch_add(1, Ordering::Relaxed).to_string().into()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Removes the folder with all that is in it, and says whether it is gone.
    fn remove(&self) -> bool {
        remove(&self.parent, &self.name, &self.folder).is_ok()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next start.
        let _ = self.remove();
    }
}

/// Removes the staging folders in `parent` that are ours and whose process is gone.
///
/// It is a courtesy to the user, so problems are passed over: a folder of another user, one that is
/// locked, a parent that cannot be listed.
pub(super) fn sweep(parent: &OwnedFd) {
    let Ok(names) = at::names(parent) else { return };
    for name in names.iter().filter(|name| is_staging_name(name)) {
        let _ = sweep_one(parent, name);
    }
}

/// Whether a name is one that [`sweep`] removes, and so none for an output.
pub(crate) fn is_staging_name(name: &OsStr) -> bool {
    let middle = name.as_bytes().strip_prefix(b".redeem-").and_then(|rest| rest.strip_suffix(b".tmp"));
    middle.is_some_and(|random| random.len() == 32 && random.iter().all(u8::is_ascii_hexdigit))
}

fn random_name() -> io::Result<OsString> {
    use std::fmt::Write;
    let mut name = String::from(".redeem-");
    for byte in at::random()? {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(".tmp");
    Ok(name.into())
}

/// Opens and locks a folder just made; `None` if a sweeper has taken it.
fn lock_folder(parent: &OwnedFd, name: &OsStr) -> io::Result<Option<File>> {
    let folder = match at::open_folder(parent, name) {
        Ok(folder) => File::from(folder),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Where folders cannot be locked (NFS), `sweep_one` goes by age.
    if let Err(TryLockError::WouldBlock) = folder.try_lock() {
        return Ok(None);
    }
    Ok(is_still(parent, name, &folder)?.then_some(folder))
}

fn sweep_one(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
    let folder = File::from(at::open_folder(parent, name)?);
    let stat = at::stat(&folder)?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let stale = match folder.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => is_older_than_a_day(&folder),
    };
    // The name may have gone to another folder between the opening and the lock.
    if stale && is_still(parent, name, &folder)? {
        remove(parent, name, &folder.into())?;
    }
    Ok(())
}

fn is_still(parent: &OwnedFd, name: &OsStr, folder: &File) -> rustix::io::Result<bool> {
    let opened = at::stat(folder)?;
    Ok(at::look(parent, name)?.is_some_and(|named| at::same_inode(&named, &opened)))
}

fn is_older_than_a_day(folder: &File) -> bool {
    let modified = folder.metadata().and_then(|facts| facts.modified());
    modified.ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age > Duration::from_hours(24))
}

fn remove(parent: &OwnedFd, name: &OsStr, folder: &OwnedFd) -> rustix::io::Result<()> {
    empty(folder)?;
    let opened = at::stat(folder)?;
    match at::look(parent, name)? {
        Some(named) if at::same_inode(&named, &opened) => at::remove_folder(parent, name),
        _ => Ok(()),
    }
}

/// Empties a folder of ours. Subfolders are first moved up to the top, so neither depth nor the limit of
/// open files matters.
fn empty(top: &OwnedFd) -> rustix::io::Result<()> {
    let mut moved = 0_u64;
    loop {
        let names = at::names(top)?;
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            let Some(found) = at::look(top, &name)? else { continue };
            if at::kind(&found) != FileType::Directory {
                unless_gone(at::remove_file(top, &name))?;
                continue;
            }
            let folder = at::open_folder(top, &name)?;
            for inner in at::names(&folder)? {
                match at::look(&folder, &inner)? {
                    Some(found) if at::kind(&found) == FileType::Directory => {
                        moved += 1;
                        match at::rename(&folder, &inner, top, OsStr::new(&format!("up-{moved}"))) {
                            // A removal that was itself killed has left this name; the next round has another.
                            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    Some(_) => unless_gone(at::remove_file(&folder, &inner))?,
                    None => {}
                }
            }
            match at::remove_folder(top, &name) {
                // Another thread was faster, or has put something new into it: the next round sees.
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn unless_gone(done: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match done {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    }
}
