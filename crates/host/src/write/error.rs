//! What can go wrong when a file is written, and what to do about it.

use std::{io, path::PathBuf};

use rustix::io::Errno;

/// Why a set of outputs was not written.
///
/// It names paths and operations, never contents. Unless it is [`WriteError::Partly`] or
/// [`WriteError::Unsynced`], nothing in the destination has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The name cannot be that of an output: absolute, empty, with `..` or NUL, or one of Redeem's own.
    #[error("{} cannot be the name of an output: {why}", path.display())]
    Name {
        /// The name as it was given.
        path: PathBuf,
        /// The rule it breaks.
        why: &'static str,
    },
    /// Something that is no regular file stands where the output should go.
    #[error("{} is a {kind}, not a file", path.display())]
    NotAFile {
        /// The output's path.
        path: PathBuf,
        /// What was found, as a word: `folder`, `FIFO`, `socket`, `device`.
        kind: &'static str,
    },
    /// A folder on the way to an output is a symbolic link or no folder at all.
    #[error("{} is a {kind}, not a folder", path.display())]
    NotAFolder {
        /// The path of the part that is no folder.
        path: PathBuf,
        /// What was found, as a word: `symbolic link`, `file`, `FIFO`, `socket`, `device`.
        kind: &'static str,
    },
    /// Two outputs of one set have this path, or one is a file where the other needs a folder.
    #[error("{} is written twice", path.display())]
    Twice {
        /// The path they share.
        path: PathBuf,
    },
    /// The folder is sticky and the file in it belongs to somebody else, so it cannot be replaced.
    #[error("{} belongs to another user, in a folder where only owners replace files", path.display())]
    Foreign {
        /// The output's path.
        path: PathBuf,
    },
    /// The output is itself a mount point, as with a single file mounted into a container.
    #[error("{} is a mount point, which cannot be replaced", path.display())]
    Mounted {
        /// The output's path.
        path: PathBuf,
    },
    /// The source of a copy was written to while it was copied.
    #[error("the source of {} changed while it was copied", path.display())]
    Changing {
        /// The output's path.
        path: PathBuf,
    },
    /// The system refused an operation.
    #[error("cannot {operation} {}", path.display())]
    System {
        /// The operation, as a verb: `create`, `write to`, `rename into place`.
        operation: &'static str,
        /// The output, or the folder, that it was for.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Renaming stopped in the middle: some outputs are new and some are old, each whole.
    #[error("stopped after {moved} of {of} renames; some outputs are new, the others old, each whole")]
    Partly {
        /// Renames that were done.
        moved: usize,
        /// Renames that were to be done.
        of: usize,
        /// What stopped it.
        source: Box<WriteError>,
    },
    /// Every output is in place and whole, but the system could not promise that they outlive a power cut.
    #[error("all outputs are in place, but not known to be on the disk")]
    Unsynced {
        /// What could not be synced.
        source: Box<WriteError>,
    },
    /// A set was committed although one of its outputs had failed.
    #[error("an output of this set could not be prepared, so none was moved into place")]
    Incomplete,
    /// [`abandon`](super::abandon) was called while the set was being prepared.
    #[error("interrupted: nothing was moved into place")]
    Abandoned,
}

impl WriteError {
    /// Says what to do next, as a clause that can follow the message.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Name { .. } => "name it by a relative path inside the output folder",
            Self::NotAFile { .. } => "remove it, or choose another output",
            Self::NotAFolder { .. } => {
                "outputs are not written through links: replace it by a folder, or choose another output"
            }
            Self::Twice { .. } => "rename or exclude one of the two sources",
            Self::Foreign { .. } => "choose an output in a folder of your own",
            Self::Mounted { .. } => "mount the folder that holds it instead of the file alone",
            Self::Changing { .. } => "run again when nothing writes to it",
            Self::System { source, .. } => system_help(source),
            Self::Partly { .. } => "solve the cause and run again: the next run mends the set",
            Self::Unsynced { source } => source.help(),
            Self::Incomplete => "solve the first error and run again",
            Self::Abandoned => "run again",
        }
    }

    pub(super) fn system(
        operation: &'static str,
        path: impl Into<PathBuf>,
        source: impl Into<io::Error>,
    ) -> Self {
        let mut path = path.into();
        if path.as_os_str().is_empty() {
            path.push(".");
        }
        Self::System { operation, path, source: source.into() }
    }
}

fn system_help(source: &io::Error) -> &'static str {
    match Errno::from_io_error(source) {
        Some(Errno::NOSPC) => "free some space on this file system and run again",
        Some(Errno::DQUOT) => "free some space in your quota and run again",
        Some(Errno::ROFS) => "the file system is read-only: choose another output",
        Some(Errno::ACCESS | Errno::PERM) => "check who may write to this folder, or choose another output",
        Some(Errno::NOENT) => "create the folder first",
        Some(Errno::NAMETOOLONG) => "shorten the name",
        Some(Errno::MFILE | Errno::NFILE) => "raise the limit of open files and run again",
        Some(Errno::IO) => "check the disk, then run again",
        _ => "solve the cause and run again",
    }
}
