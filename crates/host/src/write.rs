//! Writes sets of files so that each is wholly old or wholly new, and nobody else can read it on the way.
#![doc = "
A set is prepared whole before anything moves: every output is written into a private staging folder inside
the output folder, made durable, and then renamed into place. A folder that does not exist yet is staged with
all that is in it and moved by one rename.

```
use redeem_host::write::{ModeRule, Outputs};

# fn main() -> Result<(), Box<dyn std::error::Error>> {
# let dir = tempfile::tempdir()?;
let outputs = Outputs::in_folder(&dir.path().join(\"build/config\"))?;
outputs.prepare(\"app/db.yaml\".as_ref(), b\"password: hunter2\\n\", ModeRule::default())?;
let summary = outputs.commit()?;
assert_eq!(summary.written, 1);
# Ok(())
# }
```

What is not kept of a file that is replaced: its extended attributes, its access control list, and its other
hard links, which go on naming the old content.
"]

mod at;
mod commit;
mod content;
mod error;
mod folder;
mod prepare;
mod staging;

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    fs::File,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    fs::{RawMode, Stat},
    io::Errno,
};

use content::Content;
pub use error::WriteError;
use folder::{Folder, Handles};
pub use staging::{abandon, is_staging_name};

/// A set of outputs under preparation.
///
/// Several threads may prepare at once. Nothing in the destination changes before [`Outputs::commit`];
/// dropped without it, the set removes all that it made. It must be the only user of a path: two outputs
/// of the same path are an error.
#[derive(Debug)]
pub struct Outputs {
    /// The deepest folder of the root's path that exists.
    anchor: Arc<Folder>,
    /// The part of the root's path below the anchor, empty if the root exists.
    missing: PathBuf,
    durability: Durability,
    handles: Handles,
    set: Mutex<Set>,
    /// An output broke off after its temporary file was made, so the staging folders are not whole.
    broken: AtomicBool,
}

/// How a set is made to outlive a power cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Each file of a small set is synced alone, the file system of a large one as a whole.
    ///
    /// One sync of a file system costs about as much as some syncs of files, and waits for what other
    /// programs wrote too; so up to 16 files go one by one. Only Linux can sync one file system and say
    /// whether that succeeded; elsewhere this is [`Durability::EachFile`].
    #[default]
    Auto,
    /// Each file is synced alone, however many there are.
    EachFile,
    /// Nothing is synced: after a power cut an output may be empty. For file systems in memory.
    None,
}

/// The permission bits that an output gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModeRule {
    /// Mode of the source file, of which the owner's bits are taken; `0o600` if there is none.
    pub source: Option<u32>,
    /// The mode asked for by the user, which wins over the source and over an existing output.
    pub explicit: Option<u32>,
}

/// What [`Outputs::prepare`] found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// The output is new or has new content.
    Written,
    /// The output holds this already; it keeps its modification time, but its mode will be set.
    ModeOnly,
    /// The output holds this already and its mode is right.
    Unchanged,
}

/// What a commit did, in numbers of outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Outputs that are new or have new content.
    pub written: usize,
    /// Outputs of which only the mode changed.
    pub modes_only: usize,
    /// Outputs that were left alone.
    pub unchanged: usize,
}

/// What the set knows of its outputs.
#[derive(Debug, Default)]
struct Set {
    /// Folders by their path from the root.
    folders: HashMap<PathBuf, Arc<Folder>>,
    /// Paths from the root of outputs in folders that exist.
    named: HashSet<PathBuf>,
    moves: Vec<Move>,
    modes: Vec<ModeChange>,
    /// Staged folders, each to be synced in a small set.
    fresh: Vec<Arc<Folder>>,
    /// Handles of the first outputs of the set, to be synced if it stays small.
    unsynced: Vec<File>,
    /// Outputs staged, links among them.
    staged: usize,
    unchanged: usize,
}

/// A rename that the commit will do: of a file, a link, or a whole staged folder.
#[derive(Debug)]
struct Move {
    staging: Arc<staging::Staging>,
    staged: OsString,
    to: Arc<Folder>,
    name: OsString,
    is_folder: bool,
}

/// A change of mode that the commit will do to a file whose content is right.
#[derive(Debug)]
struct ModeChange {
    folder: Arc<Folder>,
    name: OsString,
    seen: Stat,
    mode: RawMode,
}

/// The largest set of which each file is synced alone.
const SMALL_SET: usize = 16;

/// Folders above the root that are looked through for what a killed process left. It stages above the
/// root when the root does not exist, next to the first folder that is missing.
const SWEPT_ABOVE: usize = 3;

impl Outputs {
    /// Begins a set of outputs in a folder, which need not exist yet.
    ///
    /// Links in the path of the root itself are followed, since the user named it; below it none is.
    /// Folders that are missing are made with mode `0700` by the commit.
    ///
    /// # Errors
    /// When the root is no folder or cannot be opened.
    pub fn in_folder(root: &Path) -> Result<Self, WriteError> {
        let mut existing = root;
        let mut missing = Vec::new();
        let handle = loop {
            let here = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
            match at::open_named_folder(here) {
                Ok(handle) => break handle,
                Err(Errno::NOENT) if !root.as_os_str().is_empty() => {}
                Err(Errno::NOTDIR) => {
                    return Err(WriteError::NotAFolder { path: here.to_owned(), kind: "file" });
                }
                Err(error) => return Err(WriteError::system("open", here, error)),
            }
            let (Some(parent), Some(name)) = (existing.parent(), existing.file_name()) else {
                return Err(WriteError::system("open", here, Errno::NOENT));
            };
            missing.push(name);
            existing = parent;
        };
        for above in std::path::absolute(root).unwrap_or_default().ancestors().skip(1).take(SWEPT_ABOVE) {
            if let Ok(above) = at::open_named_folder(above) {
                staging::sweep(&above);
            }
        }
        let anchor =
            Folder::top(handle, existing).map_err(|error| WriteError::system("look at", existing, error))?;
        Ok(Self {
            anchor,
            missing: missing.iter().rev().collect(),
            durability: Durability::Auto,
            handles: Handles::default(),
            set: Mutex::default(),
            broken: AtomicBool::new(false),
        })
    }

    /// Begins a set of one output in a folder that exists, and gives the name to prepare it by.
    ///
    /// # Errors
    /// When the path ends in no name, or its folder cannot be opened.
    pub fn beside(file: &Path) -> Result<(Self, &Path), WriteError> {
        let no_name = WriteError::Name { path: file.to_owned(), why: "it ends in no file name" };
        let Some(name) =
            file.file_name().filter(|name| file.as_os_str().as_bytes().ends_with(name.as_bytes()))
        else {
            return Err(no_name);
        };
        let parent = file.parent().unwrap_or(Path::new(""));
        let outputs = Self::in_folder(parent)?;
        if !outputs.missing.as_os_str().is_empty() {
            return Err(WriteError::system("open", parent, Errno::NOENT));
        }
        Ok((outputs, Path::new(name)))
    }

    /// Sets how the set is made durable.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Prepares an output: finds out whether it may be written, and writes it to its staging folder
    /// unless the destination holds the same already.
    ///
    /// The owner and group of an existing output are kept where the system lets us, except in a folder
    /// that everybody may write to; elsewhere the new file is ours.
    ///
    /// # Errors
    /// When `rel` is no relative path of plain names, when the destination cannot take the output, or
    /// when the system refuses to write. After an error of the last kind the set cannot be committed.
    pub fn prepare(&self, rel: &Path, content: &[u8], mode: ModeRule) -> Result<Prepared, WriteError> {
        self.prepare_content(rel, Content::Bytes(content), mode)
    }

    /// Prepares a copy of a regular file, from its start, in chunks.
    ///
    /// # Errors
    /// Those of [`Outputs::prepare`], and [`WriteError::Changing`] when the source is written to meanwhile.
    pub fn prepare_copy(&self, rel: &Path, source: &File, mode: ModeRule) -> Result<Prepared, WriteError> {
        self.prepare_content(rel, Content::Copy(source), mode)
    }

    /// Prepares a symbolic link with this target, which is neither resolved nor checked.
    ///
    /// # Errors
    /// Those of [`Outputs::prepare`].
    pub fn prepare_symlink(&self, rel: &Path, target: &Path) -> Result<Prepared, WriteError> {
        self.prepare_content(rel, Content::Link(target), ModeRule::default())
    }

    /// Runs what may leave half an output behind, and remembers if it did not end well, by panic too.
    fn broken_unless_done<T>(&self, work: impl FnOnce() -> Result<T, WriteError>) -> Result<T, WriteError> {
        struct Broken<'a>(Option<&'a AtomicBool>);
        impl Drop for Broken<'_> {
            fn drop(&mut self) {
                if let Some(broken) = self.0 {
                    broken.store(true, Ordering::SeqCst);
                }
            }
        }
        let mut broken = Broken(Some(&self.broken));
        let done = work()?;
        broken.0 = None;
        Ok(done)
    }
}

impl Durability {
    fn syncs_each(self) -> bool {
        self == Self::EachFile || (self == Self::Auto && !cfg!(target_os = "linux"))
    }

    /// Whether this many files or folders are best synced by their file system.
    fn syncs_whole(self, count: usize) -> bool {
        self == Self::Auto && cfg!(target_os = "linux") && count > SMALL_SET
    }
}

impl ModeRule {
    /// The permission bits for an output, given those of the one it replaces.
    fn mode(self, old: Option<RawMode>) -> RawMode {
        match self.explicit {
            Some(explicit) => (explicit & 0o777) as RawMode,
            None => (self.source.unwrap_or(0o600) & 0o700) as RawMode & old.unwrap_or(0o777),
        }
    }
}

/// Splits an output's path into its folder and its name, and refuses all but plain names.
fn split(rel: &Path) -> Result<(&Path, &OsStr), WriteError> {
    let bytes = rel.as_os_str().as_bytes();
    let why = if bytes.is_empty() {
        "it is empty"
    } else if bytes.contains(&0) {
        "it holds a NUL"
    } else if bytes.ends_with(b"/") || bytes.ends_with(b"/.") || bytes == b"." {
        "it ends in no file name"
    } else if !rel.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        "it leads out of the output folder"
    } else if rel.iter().any(staging::is_staging_name) {
        "such names are Redeem's own, for temporary folders"
    } else if let (Some(parent), Some(name)) = (rel.parent(), rel.file_name()) {
        return Ok((parent.strip_prefix(".").unwrap_or(parent), name));
    } else {
        "it ends in no file name"
    };
    Err(WriteError::Name { path: rel.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explicit_modes_win_and_others_only_narrow() {
        for (source, explicit, old, expected) in [
            (None, None, None, 0o600),
            (Some(0o100_755), None, None, 0o700),
            (Some(0o077), None, None, 0),
            (Some(0o755), None, Some(0o666), 0o600),
            (Some(0o755), None, Some(0o4577), 0o500),
            (Some(0o755), Some(0o644), Some(0o400), 0o644),
            (None, Some(0o107_777), None, 0o777),
        ] {
            assert_eq!(ModeRule { source, explicit }.mode(old), expected, "{source:?} {explicit:?} {old:?}");
        }
    }

    #[test]
    fn names_split_into_folder_and_name() {
        for (rel, expected) in [
            ("a", Some(("", "a"))),
            ("a/b/c", Some(("a/b", "c"))),
            ("./a", Some(("", "a"))),
            ("a/../b", None),
            ("a/", None),
            ("/a", None),
        ] {
            let found = split(rel.as_ref()).ok().map(|(folder, name)| (folder.to_owned(), name.to_owned()));
            assert_eq!(found, expected.map(|(folder, name)| (folder.into(), name.into())), "{rel}");
        }
    }

    #[test]
    fn only_names_of_our_making_are_swept() {
        let ours = format!(".redeem-{}.tmp", "0123456789abcdef".repeat(2));
        assert!(staging::is_staging_name(ours.as_ref()));
        for other in [
            ".redeem-.tmp",
            ".redeem-mine.tmp",
            &ours[1..],
            &ours[..40],
            &format!("{ours}~"),
            &ours.replace('0', "g"),
        ] {
            assert!(!staging::is_staging_name(other.as_ref()), "{other}");
        }
    }
}
