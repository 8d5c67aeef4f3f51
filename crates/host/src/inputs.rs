//! Which files a run takes: a walk over the sources, and what is done with each.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use globset::GlobMatcher;
use redeem_syntax::{Code, Diagnostic};
use walkdir::WalkDir;

use crate::Config;
use crate::config::Treatment;
pub(crate) use crate::config::matcher;
use crate::paths::shown;

/// One thing to take.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// What people call it: its path from the current folder.
    pub shown: Arc<str>,
    /// Where it goes, from the output folder.
    pub output: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What an input is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A file.
    File(Treatment),
    /// A link that stays inside the source, with its target.
    Link(PathBuf),
}

/// Everything that a walk found, in the order of paths.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What is taken.
    pub taken: Vec<Input>,
    /// What cannot be.
    pub problems: Vec<Diagnostic>,
}

/// What a walk takes.
#[derive(Clone, Copy, Default)]
pub struct Selection<'a> {
    /// Only files that this pattern matches, by their path from the walk's root.
    pub only: Option<&'a GlobMatcher>,
    /// A folder that is not entered: where the outputs go.
    pub output: Option<&'a Path>,
    /// Whether `.gitignore` counts.
    pub respects_gitignore: bool,
}

/// Compiles the pattern of `--only`; one without a `/` holds at any depth.
///
/// # Errors
/// What is wrong with the pattern.
pub fn only(pattern: &str) -> Result<GlobMatcher, String> {
    matcher(pattern)
}

/// A file that was named on the command line: live whatever its name, links followed.
pub fn named(path: &Path, config: &Config) -> Input {
    let output = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
    let kind = Kind::File(config.rules.treatment(&below(config, path), true));
    Input { path: path.to_owned(), shown: shown(path), output, kind }
}

/// Walks a folder. Hidden files are taken; `.git`, the output folder and excluded files are not.
pub fn walk(root: &Path, config: &Config, selection: Selection<'_>) -> Inputs {
    let mut walk = Walk {
        root,
        real_root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
        output: selection.output.and_then(|output| output.canonicalize().ok()),
        exclude: config.exclude.iter().filter_map(|pattern| matcher(pattern).ok()).collect(),
        config,
        selection,
        found: Inputs::default(),
    };
    if selection.respects_gitignore {
        walk.tracked();
    } else {
        walk.everything();
    }
    walk.found
}

/// A walk on its way.
struct Walk<'a> {
    root: &'a Path,
    real_root: PathBuf,
    output: Option<PathBuf>,
    exclude: Vec<GlobMatcher>,
    config: &'a Config,
    selection: Selection<'a>,
    found: Inputs,
}

impl Walk<'_> {
    /// Takes all that is below the root.
    fn everything(&mut self) {
        let mut entries = WalkDir::new(self.root).follow_links(false).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            match entry {
                // A root that is a link leads to a folder: it was named.
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) if self.leaves_out(entry.path(), entry.file_type().is_dir()) => {
                    if entry.file_type().is_dir() {
                        entries.skip_current_dir();
                    }
                }
                Ok(entry) => self.take(entry.path(), entry.file_type()),
                Err(error) => {
                    let path = error.path().unwrap_or(self.root);
                    let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.found.problems.push(unreadable(path, &why));
                }
            }
        }
    }

    /// Takes what git would not ignore.
    fn tracked(&mut self) {
        let mut builder = ignore::WalkBuilder::new(self.root);
        builder.hidden(false).ignore(false).follow_links(false).sort_by_file_path(Ord::cmp);
        for entry in builder.build() {
            match entry {
                Ok(entry) => {
                    let Some(kind) = entry.file_type().filter(|_| entry.depth() > 0) else { continue };
                    let mut parts = entry.path().ancestors().take_while(|path| *path != self.root);
                    let is_out =
                        parts.any(|path| self.leaves_out(path, path != entry.path() || kind.is_dir()));
                    if !is_out {
                        self.take(entry.path(), kind);
                    }
                }
                Err(error) => self.found.problems.push(unreadable(self.root, &error.to_string())),
            }
        }
    }

    fn leaves_out(&self, path: &Path, is_folder: bool) -> bool {
        let name = path.file_name().unwrap_or_default();
        let is_ours = is_folder && (crate::write::is_staging_name(name) || self.is_output(path));
        name == OsStr::new(".git")
            || is_ours
            || self.exclude.iter().any(|glob| glob.is_match(below(self.config, path)))
    }

    fn is_output(&self, path: &Path) -> bool {
        self.output.is_some() && path.canonicalize().ok() == self.output
    }

    /// Takes what is no folder, or says why it cannot be taken.
    fn take(&mut self, path: &Path, kind: std::fs::FileType) {
        let relative = path.strip_prefix(self.root).unwrap_or(path).to_owned();
        if kind.is_dir() || self.selection.only.is_some_and(|only| !only.is_match(&relative)) {
            return;
        }
        let kind = if kind.is_symlink() {
            link(path, &relative, &self.real_root).map(Kind::Link)
        } else if kind.is_file() {
            Ok(Kind::File(self.config.rules.treatment(&below(self.config, path), false)))
        } else {
            let why = "this is no regular file: a FIFO, a socket or a device";
            Err(Box::new(unreadable(path, why).with_help("leave it out with `exclude` in redeem.toml")))
        };
        match kind {
            Ok(kind) => {
                self.found.taken.push(Input {
                    path: path.to_owned(),
                    shown: shown(path),
                    output: relative,
                    kind,
                });
            }
            Err(problem) => self.found.problems.push(*problem),
        }
    }
}

/// Finds outputs that two inputs claim, or that would overwrite an input.
pub fn conflicts(inputs: &[Input], output: &Path) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut claimed: BTreeMap<&Path, &Input> = BTreeMap::new();
    let root = output
        .canonicalize()
        .unwrap_or_else(|_| std::path::absolute(output).unwrap_or_else(|_| output.to_owned()));
    let sources: std::collections::BTreeSet<PathBuf> =
        inputs.iter().filter_map(|input| input.path.canonicalize().ok()).collect();
    for input in inputs {
        if let Some(other) = claimed.insert(&input.output, input) {
            let message =
                format!("{} and {} would both become {}", other.shown, input.shown, input.output.display());
            problems.push(
                Diagnostic::new(Code::OutputConflict, message).in_origin(Arc::clone(&input.shown)).with_help(
                    "rename one of them, leave one out with `exclude`, or render them to different folders",
                ),
            );
        }
        if sources.contains(&root.join(&input.output)) {
            problems.push(
                Diagnostic::new(
                    Code::OutputConflict,
                    format!("the output would overwrite the source {}", input.shown),
                )
                .in_origin(Arc::clone(&input.shown))
                .with_help("choose another output with `-o`"),
            );
        }
    }
    problems
}

/// The target of a link that stays inside the source folder; anything else is refused.
///
/// A target is inside if both its text and what it leads to are.
fn link(path: &Path, relative: &Path, real_root: &Path) -> Result<PathBuf, Box<Diagnostic>> {
    let target = std::fs::read_link(path).map_err(|error| Box::new(unreadable(path, &error.to_string())))?;
    let mut depth = relative.components().count().saturating_sub(1);
    let mut stays = target.is_relative();
    for component in target.components() {
        match component {
            Component::ParentDir => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => stays = false,
            },
            Component::Normal(_) => depth += 1,
            _ => {}
        }
    }
    let leads_inside = path.canonicalize().map_or(true, |real| real.starts_with(real_root));
    if stays && leads_inside {
        return Ok(target);
    }
    Err(Box::new(
        unreadable(path, "this link leads out of the source folder")
            .with_help("copy what it leads to, or leave it out with `exclude` in redeem.toml"),
    ))
}

/// The problem of a path that cannot be looked at.
pub fn unreadable_path(path: &Path, error: &std::io::Error) -> Diagnostic {
    unreadable(path, &format!("cannot be read: {error}"))
}

pub(crate) fn unreadable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(Code::UnreadableFile, why).in_origin(shown(path))
}

/// The path from the configuration's folder, which rules and exclusions are relative to.
fn below(config: &Config, path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.strip_prefix(&config.folder).map_or_else(|_| path.to_owned(), Path::to_owned)
}
