//! Private folders in which outputs are prepared, and the sweeping of those that a killed process left.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, TryLockError},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::{fs::FileType, io::Errno};

use super::{WriteError, at};

/// A folder `.redeem-….tmp` of mode `0700`, locked while its process lives, gone when it is dropped.
#[derive(Debug)]
pub(super) struct Staging {
    place: Arc<Place>,
    next: AtomicU64,
}

/// Where a staging folder is; the lock is on its handle.
#[derive(Debug)]
struct Place {
    folder: OwnedFd,
    parent: Arc<OwnedFd>,
    name: OsString,
}

/// Removes every staging folder of this process and lets it make no more, for the thread that handles
/// SIGINT, SIGTERM and SIGHUP, before it ends the process.
///
/// A commit that has begun to rename ends first, so a set is not left in halves. Another set fails with
/// [`WriteError::Abandoned`], or with the system's word about a file that is gone.
pub fn abandon() {
    let _moving = lock(&MOVING);
    let mut live = lock(&LIVE);
    live.abandoned = true;
    for place in live.places.drain(..) {
        // Other threads may still be creating files in it; once the folder is gone they cannot.
        for _ in 0..1000 {
            if place.remove().is_ok() {
                break;
            }
        }
    }
}

/// The staging folders of this process.
struct Live {
    places: Vec<Arc<Place>>,
    abandoned: bool,
}

static LIVE: Mutex<Live> = Mutex::new(Live { places: Vec::new(), abandoned: false });
static MOVING: Mutex<()> = Mutex::new(());

/// Holds [`abandon`] off while outputs are renamed into place, unless it came first.
pub(super) fn moving() -> Result<MutexGuard<'static, ()>, WriteError> {
    let moving = lock(&MOVING);
    if lock(&LIVE).abandoned { Err(WriteError::Abandoned) } else { Ok(moving) }
}

/// Locks without a care for panics elsewhere: what these locks guard is whole between any two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Staging {
    /// Creates a staging folder in `parent`, whose path is for messages only.
    pub(super) fn create(parent: &Arc<OwnedFd>, path: &Path) -> Result<Arc<Self>, WriteError> {
        let failed = |error: io::Error| WriteError::system("create a temporary folder in", path, error);
        // Held until the folder is listed, so that `abandon` misses none.
        let mut live = lock(&LIVE);
        if live.abandoned {
            return Err(WriteError::Abandoned);
        }
        // A sweeper may be faster than our lock and take a fresh folder for a stale one. Then another
        // name is tried.
        for _ in 0..100 {
            let name = random_name().map_err(failed)?;
            match at::create_folder(parent, &name) {
                Ok(()) => {}
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(failed(error.into())),
            }
            match lock_folder(parent, &name) {
                Ok(Some(folder)) => {
                    let place = Arc::new(Place { folder: folder.into(), parent: Arc::clone(parent), name });
                    live.places.push(Arc::clone(&place));
                    return Ok(Arc::new(Self { place, next: AtomicU64::new(0) }));
                }
                Ok(None) => {}
                Err(error) => {
                    // An empty folder harms nobody if it stays.
                    let _ = at::remove_folder(parent, &name);
                    return Err(failed(error));
                }
            }
        }
        Err(failed(io::ErrorKind::ResourceBusy.into()))
    }

    pub(super) fn folder(&self) -> &OwnedFd {
        &self.place.folder
    }

    /// A name that nothing in this folder has; outsiders cannot look inside, so it need not be random.
    pub(super) fn fresh_name(&self) -> OsString {
        self.next.fetch_add(1, Ordering::Relaxed).to_string().into()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next start.
        let _ = self.place.remove();
        // It is listed until it is gone: a process that ends while this runs removes it in `abandon`.
        lock(&LIVE).places.retain(|place| !Arc::ptr_eq(place, &self.place));
    }
}

impl Place {
    fn remove(&self) -> rustix::io::Result<()> {
        remove(&self.parent, &self.name, &self.folder)
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

/// Whether a name is that of a temporary folder, which is never an output nor a source, and not worth watching.
#[must_use]
pub fn is_staging_name(name: &OsStr) -> bool {
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

/// How deep a folder is emptied with one open handle for each level.
const DEEP: usize = 32;

/// Empties a folder of ours. What is deep in it is moved up to its top first, so that neither the stack nor
/// the limit of open files ends the work.
fn empty(top: &OwnedFd) -> rustix::io::Result<()> {
    let mut moved = 0;
    while !at::names(top)?.is_empty() {
        clear(top, top, 0, &mut moved)?;
    }
    Ok(())
}

fn clear(folder: &OwnedFd, top: &OwnedFd, depth: usize, moved: &mut u64) -> rustix::io::Result<()> {
    for name in at::names(folder)? {
        let Some(found) = at::look(folder, &name)? else { continue };
        let done = if at::kind(&found) != FileType::Directory {
            at::remove_file(folder, &name)
        } else if depth == DEEP {
            *moved += 1;
            at::rename(folder, &name, top, OsStr::new(&format!("up-{moved}")))
        } else {
            clear(&at::open_folder(folder, &name)?, top, depth + 1, moved)?;
            at::remove_folder(folder, &name)
        };
        match done {
            // Another thread is faster or still writes, or a removal that was killed has left this very
            // name: the next round sees to it.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
