//! The files of a vault's folder: which are secrets, and how one is opened without leaving the folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::VaultError;
use super::names::check_name;

/// A secret's file larger than this is a mistake: 16 MiB.
pub(super) const LARGEST: u64 = 16 << 20;

/// The ending of a secret's file.
const ENDING: &str = ".yaml";

/// The file of a secret.
pub(super) fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{ENDING}"))
}

/// The names of the secrets in a folder, sorted. Other files and folders are none of ours, and hidden ones too.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, VaultError> {
    let failed = |source| VaultError::System { operation: "read", path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        let Some(name) = file.strip_suffix(ENDING).filter(|name| check_name(name).is_ok()) else { continue };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_file() || kind.is_symlink() && stays(folder, &entry.path()) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The text of a secret's file; none if there is no such file. A link is followed if it stays in the folder, as
/// Kubernetes mounts its files.
pub(super) fn read(folder: &Path, name: &str) -> Result<Option<String>, VaultError> {
    let path = path(folder, name);
    let failed = |source: io::Error| VaultError::System { operation: "read", path: path.clone(), source };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = match rustix::fs::openat(CWD, &path, flags | OFlags::NOFOLLOW, Mode::empty()) {
        Err(Errno::LOOP) if stays(folder, &path) => rustix::fs::openat(CWD, &path, flags, Mode::empty()),
        answer => answer,
    };
    let file = match opened {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(failed(io::Error::other("this link leads out of the vault"))),
        Err(error) => return Err(failed(error.into())),
    };
    let stat = rustix::fs::fstat(&file).map_err(|error| failed(error.into()))?;
    let length = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || length > LARGEST {
        return Err(failed(io::Error::other("it is no regular file of at most 16 MiB")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    String::from_utf8(bytes).map(Some).map_err(|_| failed(io::Error::other("it is no UTF-8 text")))
}

/// The permission bits for a secret's file: those that it has. A new one is for everybody whom the folder is for,
/// since it holds no value in the clear and git would give it the same; the folder has heeded the umask.
#[cfg(feature = "crypto")]
pub(super) fn mode(folder: &Path, file: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;

    let bits = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.mode() & 0o777);
    bits(file).unwrap_or_else(|_| 0o600 | 0o644 & bits(folder).unwrap_or(0o700))
}

/// Whether a link leads to somewhere below the folder.
fn stays(folder: &Path, link: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    matches!((real(link), real(folder)), (Some(link), Some(folder)) if link.starts_with(&folder))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_has_the_names_of_its_secrets_and_no_link_leads_out() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("secrets");
        std::fs::create_dir_all(folder.join("sub.yaml")).expect("a folder");
        std::fs::create_dir_all(folder.join("..data")).expect("a folder");
        let files = [
            "b.yaml",
            "a.yaml",
            ".sops.yaml",
            "README.md",
            "x.yml",
            "ä.yaml",
            "vault.toml",
            "..data/in.yaml",
        ];
        for file in files {
            std::fs::write(folder.join(file), "text").expect("a file");
        }
        std::fs::write(outer.path().join("out.yaml"), "text").expect("a file");
        symlink("..data/in.yaml", folder.join("in.yaml")).expect("a link");
        symlink("../out.yaml", folder.join("out.yaml")).expect("a link");
        assert_eq!(names(&folder).expect("names"), ["a", "b", "in"]);
        assert_eq!(read(&folder, "in").expect("text").as_deref(), Some("text"));
        assert!(read(&folder, "out").is_err_and(|error| error.to_string().contains("leads out")));
        assert!(read(&folder, "sub").is_err());
        assert!(read(&folder, "nope").expect("nothing").is_none());
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("p.yaml")).status();
        assert!(made.is_ok_and(|status| status.success()));
        assert!(read(folder.path(), "p").is_err());
    }
}
