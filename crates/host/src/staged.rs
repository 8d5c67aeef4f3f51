//! What is about to be committed: the files in git's index that are added or changed, as they are there.
//!
//! A hook runs before the commit, and the files on the disk may be others by then: `git add -p` takes a part of one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use redeem_syntax::{Code, Diagnostic};

use crate::Config;
use crate::git::{GitError, Index, StagedFile};
use crate::inputs::{Input, by_path, named, walked};
use crate::paths::{plain, shown};
use crate::read::of_bytes;
use crate::run::{Seen, scan_read};

/// How many files are held in memory at once.
const AT_ONCE: usize = 256;

/// What was found in the index.
#[derive(Debug)]
pub struct Staged<T> {
    /// What was made of each live file with something in it.
    pub found: Vec<T>,
    /// Files that cannot be read as text.
    pub problems: Vec<Diagnostic>,
    /// How many files were looked at.
    pub files: usize,
}

/// Why the index cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum StagedError {
    /// There is no repository here, no git, or it failed.
    #[error("git cannot tell what is staged: {why}")]
    Git {
        /// What it said.
        why: String,
    },
    /// A path is neither on the disk nor in git.
    #[error("there is no {path}, neither on the disk nor in git")]
    Unknown {
        /// The path.
        path: String,
    },
    /// A path is none of the repository's.
    #[error("{path} is outside of the repository, so nothing of it can be staged")]
    Outside {
        /// The path.
        path: String,
    },
    /// The configuration has patterns that cannot be used.
    #[error("{}", .0.message)]
    Config(Box<Diagnostic>),
}

impl StagedError {
    /// What to do next.
    pub fn help(&self) -> &str {
        match self {
            Self::Git { .. } => {
                "run this in a git repository, or check the files on the disk without `--staged`"
            }
            Self::Unknown { .. } => "mend the path; without one all that is staged is checked",
            Self::Outside { .. } => "check it without `--staged`",
            Self::Config(problem) => problem.help.as_deref().unwrap_or("mend redeem.toml"),
        }
    }
}

impl From<GitError> for StagedError {
    fn from(error: GitError) -> Self {
        Self::Git { why: error.why }
    }
}

/// Scans the files that are added or changed in the index, at these paths or below them, and keeps of each what `take`
/// makes of it.
///
/// The variables that git sets for a hook count: a commit of some files has an index of its own. Rules, vaults and
/// what templates include are those of the work tree. Links and submodules are passed over. Relative paths in those
/// variables are from `start`, the folder that the program was started in.
///
/// # Errors
/// When there is no repository, git cannot be run, or a path is neither in git nor on the disk.
pub fn scan_staged<T: Send>(
    start: &Path,
    paths: &[PathBuf],
    config: &Config,
    take: impl Fn(&Input, Seen<'_>) -> Option<T> + Sync,
) -> Result<Staged<T>, StagedError> {
    let index = Index::find(start)?;
    let files = index.changed()?;
    let chosen = chosen(&index, &files, paths, config)?;
    let mut staged = Staged { found: Vec::new(), problems: Vec::new(), files: chosen.len() };
    for chosen in chosen.chunks(AT_ONCE) {
        let blobs: Vec<&StagedFile> = chosen.iter().map(|(_, file)| *file).collect();
        let contents = index.contents(&blobs)?;
        let read = chosen.iter().zip(contents).map(|((input, file), content)| (input, (*file, content)));
        let (mut found, mut problems) = scan_read(
            read.collect(),
            |input, (file, content), may_hold| {
                let Some(bytes) = content else {
                    let why = "git does not have the content that is staged";
                    return Err(Box::new(
                        Diagnostic::new(Code::UnreadableFile, why).in_origin(input.shown.clone()),
                    ));
                };
                let mode = if file.is_executable { 0o755 } else { 0o644 };
                of_bytes(&input.path, bytes, mode, may_hold)
            },
            &take,
        );
        staged.found.append(&mut found);
        staged.problems.append(&mut problems);
    }
    Ok(staged)
}

/// The files that are asked for: those that are named, and those below a folder that a walk would take.
fn chosen<'f>(
    index: &Index,
    files: &'f [StagedFile],
    paths: &[PathBuf],
    config: &Config,
) -> Result<Vec<(Input, &'f StagedFile)>, StagedError> {
    let mut chosen: Vec<(Input, &StagedFile)> = Vec::new();
    for asked in paths {
        let asked = place(asked, index, files)?;
        let mut below = BTreeMap::new();
        for file in files {
            let path = index.root.join(&file.path);
            if path == asked {
                let input = named(&path, config);
                chosen.push((input, file));
            } else if let Ok(relative) = path.strip_prefix(&asked) {
                below.insert(relative.to_owned(), file);
            }
        }
        let inputs =
            walked(&asked, below.keys().map(PathBuf::as_path), config).map_err(StagedError::Config)?;
        for input in inputs {
            let relative = input.path.strip_prefix(&asked).unwrap_or(&input.path);
            if let Some(&file) = below.get(relative) {
                chosen.push((input, file));
            }
        }
    }
    chosen.sort_by(|(one, _), (other, _)| by_path(&one.path, &other.path));
    chosen.dedup_by(|(one, _), (other, _)| one.path == other.path);
    Ok(chosen)
}

/// Where a path that is asked for is in the work tree, from `/`.
///
/// What it is on the disk may be a link by now, and a folder in the index.
fn place(asked: &Path, index: &Index, files: &[StagedFile]) -> Result<PathBuf, StagedError> {
    let root = &index.root;
    let shown = || shown(asked).to_string();
    let written = plain(asked);
    if let Ok(relative) = written.strip_prefix(root)
        && files.iter().any(|file| file.path.starts_with(relative))
    {
        return Ok(written);
    }
    let real = whole(asked);
    if root.starts_with(&real) {
        return Ok(real);
    }
    let relative = real.strip_prefix(root).or_else(|_| written.strip_prefix(root));
    let relative = relative.map_err(|_| StagedError::Outside { path: shown() })?;
    if asked.symlink_metadata().is_err() && !index.knows(relative)? {
        return Err(StagedError::Unknown { path: shown() });
    }
    Ok(real)
}

/// A path from `/` without links in its folders, whether or not it is on the disk.
fn whole(path: &Path) -> PathBuf {
    let plain = plain(path);
    // The file itself may be staged as another than it is now.
    let real = |path: &Path| {
        path.ancestors().skip(1).find_map(|above| {
            let rest = path.strip_prefix(above).ok()?;
            above.canonicalize().ok().map(|above| above.join(rest))
        })
    };
    match path.canonicalize() {
        Ok(folder) if folder.is_dir() => folder,
        _ => real(&plain).unwrap_or(plain),
    }
}
