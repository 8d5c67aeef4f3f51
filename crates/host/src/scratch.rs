//! A private folder for a text that somebody edits: wiped when it is dropped, on signals, or by the next start.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

/// What the names of such folders begin with.
const PREFIX: &str = "redeem-edit-";

/// A text larger than this comes from no editor: 64 MiB.
const LARGEST: u64 = 64 << 20;

/// A folder of mode `0700` with one file of mode `0600`.
///
/// It stands in memory where the system has a place for that: `$XDG_RUNTIME_DIR`, or `/dev/shm`.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    file: PathBuf,
    /// Locked while this process lives, so that another one does not sweep the folder.
    _lock: File,
}

/// The folders of this process.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Wipes every such folder of this process, for the thread that handles signals.
pub fn abandon() {
    for folder in live().drain(..) {
        wipe(&folder);
    }
}

impl Scratch {
    /// Makes a folder, and in it a file of this name with a text; what killed processes left is wiped first.
    ///
    /// # Errors
    /// When no place can be written to.
    pub fn new(name: &str, text: &str) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for place in places() {
            sweep(&place);
            match Self::make(&place, name, text) {
                Ok(scratch) => return Ok(scratch),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn make(place: &Path, name: &str, text: &str) -> io::Result<Self> {
        let folder = place.join(format!("{PREFIX}{}", random()?));
        let mut live = live();
        DirBuilder::new().mode(0o700).create(&folder)?;
        live.push(folder.clone());
        drop(live);
        let file = folder.join(name);
        let write = || {
            let lock = File::open(&folder)?;
            lock.try_lock()?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600).open(&file)?.write_all(text.as_bytes())?;
            Ok::<File, io::Error>(lock)
        };
        match write() {
            Ok(lock) => Ok(Self { folder, file, _lock: lock }),
            Err(error) => {
                forget(&folder);
                Err(error)
            }
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// What the file says now. An editor may have put another one in its place.
    ///
    /// # Errors
    /// When it is gone, or no text.
    pub fn read(&self) -> io::Result<Zeroizing<String>> {
        let file = File::open(&self.file)?;
        let mut text = Zeroizing::new(String::with_capacity(64 << 10));
        file.take(LARGEST).read_to_string(&mut text)?;
        Ok(text)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        forget(&self.folder);
    }
}

fn live() -> MutexGuard<'static, Vec<PathBuf>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(folder: &Path) {
    wipe(folder);
    live().retain(|known| known != folder);
}

/// Where such folders go, the best place first.
fn places() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let places = runtime.into_iter().chain([PathBuf::from("/dev/shm"), std::env::temp_dir()]);
    places.filter(|place| place.is_dir()).collect()
}

/// Wipes the folders of this user whose process is gone.
fn sweep(place: &Path) {
    let me = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == me);
        if is_ours && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
            wipe(&entry.path());
        }
    }
}

/// Overwrites every file in a folder, and removes all of it. Links are removed and not followed.
fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => wipe(&path),
            Ok(kind) if kind.is_file() => {
                // Where this fails the file is removed all the same.
                let _ = overwrite(&path);
                let _ = fs::remove_file(&path);
            }
            _ => {
                let _ = fs::remove_file(&path);
            }
        }
    }
    let _ = fs::remove_dir(folder);
}

fn overwrite(path: &Path) -> io::Result<()> {
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = OpenOptions::new().write(true).custom_flags(no_follow).open(path)?;
    let mut left = file.metadata()?.len();
    file.rewind()?;
    let zeros = [0; 4096];
    while left > 0 {
        let count = left.min(zeros.len() as u64);
        file.write_all(&zeros[..usize::try_from(count).unwrap_or(zeros.len())])?;
        left -= count;
    }
    file.sync_data()
}

/// 32 hexadecimal digits that nobody can guess.
fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    let count = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if count != bytes.len() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_scratch_is_private_and_goes_with_all_that_is_in_it() {
        let scratch = Scratch::new("a.yaml", "value: x\n").expect("a scratch");
        let folder = scratch.path().parent().expect("a folder").to_owned();
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(scratch.path())), (0o700, 0o600));
        // Another file in its place, a backup, and a folder of an editor.
        fs::write(folder.join("a.yaml~"), "value: x\n").expect("a backup");
        fs::create_dir(folder.join("undo")).expect("a folder");
        fs::write(folder.join("undo/a"), "x").expect("a file");
        fs::rename(folder.join("a.yaml~"), scratch.path()).expect("replaced");
        assert_eq!(&*scratch.read().expect("text"), "value: x\n");
        sweep(folder.parent().expect("a place"));
        assert!(folder.exists(), "a living process keeps its folder");
        drop(scratch);
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_killed_process_left_is_swept() {
        let place = tempfile::tempdir().expect("a place");
        let left = place.path().join(format!("{PREFIX}0"));
        fs::create_dir(&left).expect("a folder");
        fs::write(left.join("a"), "hunter2").expect("a file");
        sweep(place.path());
        assert!(!left.exists());
    }
}
