//! Whether git, or others who use this machine, could get at the outputs of a render.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use redeem_syntax::{Code, Diagnostic};

use crate::git::{GitError, ignored, tracked};
use crate::paths::{quoted, shown};

/// Files that keep an empty folder in git, and hold no output.
const KEEPERS: &[&str] = &[".gitignore", ".gitkeep", ".keep"];

/// How many names a message holds.
const MOST_NAMED: usize = 3;

/// How many outputs git is asked about one by one, where it does not ignore their folder.
const MOST_ASKED: usize = 4096;

/// What the guards found.
#[derive(Debug, Default)]
pub struct Guarded {
    /// What is wrong: one problem of a kind for the whole set.
    pub problems: Vec<Diagnostic>,
    /// Why git gave no answer, if it gave none.
    pub unknown: Option<String>,
}

/// The outputs that are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Guard<'a> {
    /// Whatever is in a folder of outputs, or will be.
    Folder,
    /// These outputs, by their paths from the folder.
    Outputs(&'a [PathBuf]),
}

/// Looks whether git tracks outputs in a folder or would take them along, and whether others may write to it.
///
/// Git is asked only below a folder with a `.git`; where it cannot be asked nothing is told.
pub fn guard(folder: &Path, outputs: Guard<'_>) -> Guarded {
    let mut guarded = Guarded::default();
    guarded.problems.extend(open_to_others(folder));
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let existing = whole.ancestors().find_map(|above| above.canonicalize().ok().map(|real| (above, real)));
    let Some((existing, real)) = existing.filter(|(_, real)| real.is_dir()) else { return guarded };
    if !real.ancestors().any(|above| above.join(".git").exists()) {
        return guarded;
    }
    let below = whole.strip_prefix(existing).unwrap_or(Path::new(""));
    match ask(&real, below, outputs) {
        Ok(answer) => guarded.problems.extend(answer.told(folder)),
        // What is called `.git` need not be a repository.
        Err(error) if error.why.starts_with("not a git repository") => {}
        Err(error) => guarded.unknown = Some(error.why),
    }
    guarded
}

/// What git said of the outputs, which it knows by their paths from the folder.
#[derive(Default)]
struct Answer {
    tracked: Vec<PathBuf>,
    exposed: Vec<PathBuf>,
    /// Whether the folder of outputs itself is not ignored.
    is_folder_exposed: bool,
}

fn ask(start: &Path, below: &Path, outputs: Guard<'_>) -> Result<Answer, GitError> {
    let is_whole = below.as_os_str().is_empty();
    let folder = if is_whole { Path::new(".") } else { below };
    let own: Vec<PathBuf> = match outputs {
        Guard::Folder => Vec::new(),
        Guard::Outputs(paths) => paths.iter().take(MOST_ASKED).map(|path| below.join(path)).collect(),
    };
    // A probe stands for all that a folder may get: a pattern such as `build/` ignores what is in it.
    let probe = below.join("redeem-output");
    let mut asked: Vec<&Path> = own.iter().map(PathBuf::as_path).collect();
    if own.is_empty() {
        asked.push(&probe);
    }
    let (known, ignored) = std::thread::scope(|scope| {
        let known = scope.spawn(|| tracked(start, folder));
        let ignored = ignored(start, &asked);
        (known.join(), ignored)
    });
    let known = known.unwrap_or_else(|_| Ok(Vec::new()))?;
    let ignored: std::collections::BTreeSet<PathBuf> = ignored?.into_iter().collect();
    let name = |path: &Path| path.strip_prefix(below).unwrap_or(path).to_owned();
    let is_output = |path: &PathBuf| match outputs {
        Guard::Folder => !path.file_name().is_some_and(|name| KEEPERS.iter().any(|keeper| name == *keeper)),
        Guard::Outputs(_) => own.contains(path),
    };
    let tracked: Vec<PathBuf> = if own.len() > 64 {
        let own: std::collections::BTreeSet<&PathBuf> = own.iter().collect();
        known.iter().filter(|path| own.contains(path)).map(|path| name(path)).collect()
    } else {
        known.iter().filter(|path| is_output(path)).map(|path| name(path)).collect()
    };
    let exposed: Vec<PathBuf> = own
        .iter()
        .filter(|path| !ignored.contains(*path))
        .map(|path| name(path))
        .filter(|path| !tracked.contains(path))
        .collect();
    let is_folder_exposed = own.is_empty() && !ignored.contains(&probe);
    Ok(Answer { tracked, exposed, is_folder_exposed })
}

impl Answer {
    fn told(&self, folder: &Path) -> Vec<Diagnostic> {
        let at = shown(folder);
        let mut problems = Vec::new();
        if !self.tracked.is_empty() {
            let message = format!("git tracks {} here: {}", counted(&self.tracked), named(&self.tracked));
            let first = shown(&folder.join(&self.tracked[0]));
            problems.push(Diagnostic::new(Code::OutputTracked, message).in_origin(at.clone()).with_help(
                format!("run `git rm --cached {}`, and add a line for it to .gitignore", quoted(&first)),
            ));
        }
        if !self.exposed.is_empty() || self.is_folder_exposed {
            let what = match &self.exposed[..] {
                [] => "what is rendered to this folder".to_owned(),
                exposed => format!("{} here ({})", counted(exposed), named(exposed)),
            };
            let message = format!("git does not ignore {what}, so `git add .` would take it along");
            let line = if &*at == "." {
                "the names of the outputs".to_owned()
            } else {
                format!("`{}/`", at.trim_end_matches('/'))
            };
            problems.push(Diagnostic::new(Code::OutputExposed, message).in_origin(at.clone()).with_help(
                format!("add {line} to .gitignore, or render to a place outside of the repository"),
            ));
        }
        problems
    }
}

/// `1 output`, `3 outputs`
fn counted(paths: &[PathBuf]) -> String {
    format!("{} output{}", paths.len(), if paths.len() == 1 { "" } else { "s" })
}

/// The first few names.
fn named(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().take(MOST_NAMED).map(|path| shown(path).to_string()).collect();
    let more = if paths.len() > MOST_NAMED { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// The problem of a folder in which others may put files in the place of ours.
///
/// Where the sticky bit is set they may not, and a group of which this user's files are by default is often of one.
fn open_to_others(folder: &Path) -> Option<Diagnostic> {
    let metadata = folder.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    let mode = metadata.permissions().mode();
    let is_own_group = metadata.gid() == rustix::process::getegid().as_raw();
    let who = match mode {
        mode if mode & 0o1000 != 0 => return None,
        mode if mode & 0o002 != 0 => "everybody on this machine",
        mode if mode & 0o020 != 0 && !is_own_group => "a group that is not yours",
        _ => return None,
    };
    let at = shown(folder);
    let problem = Diagnostic::new(Code::OutputExposed, format!("{who} may write to this folder of outputs"));
    Some(problem.in_origin(at.clone()).with_help(format!("run `chmod go-w {}`", quoted(&at))))
}
