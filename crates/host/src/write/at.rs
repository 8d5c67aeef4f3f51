//! The calls this writer makes at a folder's handle, each repeated when a signal interrupts it.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, RawMode, Stat},
    io::{Errno, Result, retry_on_intr},
};

/// Opens a folder that the user named, so links on the way to it are theirs and followed.
pub(super) fn open_named_folder(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))
}

/// Opens one component of an output's path: never a link, never outside `at`.
///
/// Component by component this is what `openat2` does with `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`,
/// and it works where that call does not exist.
pub(super) fn open_folder(at: impl AsFd, name: &OsStr) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| rustix::fs::openat(&at, name, flags, Mode::empty()))
}

/// Opens a file for reading; a FIFO that took its place meanwhile does not block.
pub(super) fn open_file(at: impl AsFd, name: &OsStr) -> Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    retry_on_intr(|| rustix::fs::openat(&at, name, flags, Mode::empty())).map(File::from)
}

/// Creates a file that did not exist and that only its owner can open, from its first byte.
pub(super) fn create_file(at: impl AsFd, name: &OsStr) -> Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| rustix::fs::openat(&at, name, flags, Mode::RUSR | Mode::WUSR)).map(File::from)
}

pub(super) fn create_folder(at: impl AsFd, name: &OsStr) -> Result<()> {
    retry_on_intr(|| rustix::fs::mkdirat(&at, name, Mode::RWXU))
}

pub(super) fn create_link(target: &Path, at: impl AsFd, name: &OsStr) -> Result<()> {
    retry_on_intr(|| rustix::fs::symlinkat(target, &at, name))
}

pub(super) fn read_link(at: impl AsFd, name: &OsStr) -> Result<OsString> {
    let target = retry_on_intr(|| rustix::fs::readlinkat(&at, name, Vec::new()))?;
    Ok(OsStr::from_bytes(target.as_bytes()).to_owned())
}

/// Looks at what has this name, without following it; `None` when nothing has.
pub(super) fn look(at: impl AsFd, name: &OsStr) -> Result<Option<Stat>> {
    match retry_on_intr(|| rustix::fs::statat(&at, name, AtFlags::SYMLINK_NOFOLLOW)) {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn stat(of: impl AsFd) -> Result<Stat> {
    retry_on_intr(|| rustix::fs::fstat(&of))
}

pub(super) fn set_mode(of: impl AsFd, mode: RawMode) -> Result<()> {
    retry_on_intr(|| rustix::fs::fchmod(&of, Mode::from_raw_mode(mode)))
}

pub(super) fn rename(from: impl AsFd, name: &OsStr, to: impl AsFd, new_name: &OsStr) -> Result<()> {
    retry_on_intr(|| rustix::fs::renameat(&from, name, &to, new_name))
}

pub(super) fn remove_file(at: impl AsFd, name: &OsStr) -> Result<()> {
    retry_on_intr(|| rustix::fs::unlinkat(&at, name, AtFlags::empty()))
}

pub(super) fn remove_folder(at: impl AsFd, name: &OsStr) -> Result<()> {
    retry_on_intr(|| rustix::fs::unlinkat(&at, name, AtFlags::REMOVEDIR))
}

/// Asks whether entries may be made in a folder, which also finds a read-only file system.
pub(super) fn may_write(folder: impl AsFd) -> Result<()> {
    use rustix::fs::Access;
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    match retry_on_intr(|| rustix::fs::accessat(&folder, ".", wanted, AtFlags::EACCESS)) {
        // An old kernel cannot ask for the effective user; then the first write finds out.
        Err(Errno::NOSYS | Errno::INVAL) => Ok(()),
        answer => answer,
    }
}

/// Lists a folder, without `.` and `..`.
pub(super) fn names(of: impl AsFd) -> Result<Vec<OsString>> {
    retry_on_intr(|| list(&of))
}

fn list(of: impl AsFd) -> Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(of)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Makes a file durable, on Apple's systems past the drive's own cache too.
pub(super) fn sync(of: impl AsFd) -> Result<()> {
    #[cfg(target_vendor = "apple")]
    if retry_on_intr(|| rustix::fs::fcntl_fullfsync(&of)).is_ok() {
        return Ok(());
    }
    retry_on_intr(|| rustix::fs::fsync(&of))
}

/// Makes a folder's entries durable. Some network file systems cannot sync a folder and say so by
/// `EINVAL`; they write entries through.
pub(super) fn sync_folder(of: impl AsFd) -> Result<()> {
    match sync(of) {
        Err(Errno::INVAL) => Ok(()),
        answer => answer,
    }
}

/// Makes everything on the file system of `of` durable.
pub(super) fn sync_file_system(of: impl AsFd) -> Result<()> {
    #[cfg(target_os = "linux")]
    return retry_on_intr(|| rustix::fs::syncfs(&of));
    #[cfg(not(target_os = "linux"))]
    return sync(of);
}

/// Tells one mount from another: the device, and where the kernel can say so the mount itself, because
/// between two bind mounts of one device a rename fails too.
pub(super) fn mount_key(of: impl AsFd, stat: &Stat) -> (rustix::fs::Dev, Option<u64>) {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::StatxFlags;
        if let Ok(found) = rustix::fs::statx(&of, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID) {
            let known = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID);
            return (stat.st_dev, known.then_some(found.stx_mnt_id));
        }
    }
    let _ = of;
    (stat.st_dev, None)
}

/// Whether the file of this name is itself a mount point.
pub(super) fn is_mount_point(at: impl AsFd, name: &OsStr) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{StatxAttributes, StatxFlags};
        let found = rustix::fs::statx(&at, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
        if let Ok(found) = found {
            return found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
        }
    }
    let _ = (at, name);
    false
}

pub(super) fn same_inode(one: &Stat, other: &Stat) -> bool {
    one.st_dev == other.st_dev && one.st_ino == other.st_ino
}

pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Permission bits of what was found, the set-id and sticky bits too.
pub(super) fn mode(stat: &Stat) -> RawMode {
    Mode::from_raw_mode(stat.st_mode).bits()
}

/// The word for what was found.
pub(super) fn kind_word(stat: &Stat) -> &'static str {
    match kind(stat) {
        FileType::Directory => "folder",
        FileType::Symlink => "symbolic link",
        FileType::Fifo => "FIFO",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        _ => "file",
    }
}

/// Sixteen bytes nobody can guess.
pub(super) fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    #[cfg(target_os = "linux")]
    {
        let got =
            retry_on_intr(|| rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()))?;
        // The kernel fills up to 256 bytes in one call.
        if got == bytes.len() {
            return Ok(bytes);
        }
    }
    io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes)
}
