//! Which files a run takes: a walk over the sources, and what is done with each.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::{GlobMatcher, GlobSet};
use ignore::{DirEntry, WalkBuilder, WalkState};
use redeem_syntax::{Code, Diagnostic};

use crate::Config;
use crate::config::{Live, Treatment};
pub(crate) use crate::config::{glob, matcher};
use crate::paths::{shown, shown_from, whole};
use crate::template;
use crate::vault::Vault;

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
    /// Whether it was named, so that it may be a link or a pipe; what a walk found is neither.
    pub is_named: bool,
    /// The folder that what it includes may not leave.
    pub root: Arc<Path>,
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

impl Input {
    /// A text that comes from no file, called `name`.
    pub fn at_hand(name: &str, live: Live) -> Self {
        Self {
            path: PathBuf::from(name),
            shown: name.into(),
            output: PathBuf::from(name),
            kind: Kind::File(Treatment::Live(live)),
            is_named: true,
            root: Path::new("").into(),
        }
    }
}

/// A file that was named on the command line: live whatever its name, links followed.
pub fn named(path: &Path, config: &Config) -> Input {
    let output = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
    let kind = Kind::File(config.rules.treatment(&below(config, path), true));
    let output = output_path(output, &kind);
    let is_template = matches!(&kind, Kind::File(Treatment::Live(live)) if live.is_template);
    let root = if is_template { template::root(path, config) } else { PathBuf::new() };
    Input { path: path.to_owned(), shown: shown(path), output, kind, is_named: true, root: root.into() }
}

/// The files of these, by their path from `root`, that a walk would take, whether or not they are on the disk.
pub(crate) fn walked<'p>(
    root: &Path,
    files: impl IntoIterator<Item = &'p Path>,
    config: &Config,
) -> Result<Vec<Input>, Box<Diagnostic>> {
    let selection = Selection { output: config.output.as_deref(), ..Selection::default() };
    let walk = Walk::new(root, config, selection)?;
    let mut taken = Vec::new();
    for relative in files {
        let is_left_out = |part: &Path| {
            !part.as_os_str().is_empty() && walk.leaves_out(&root.join(part), part, part != relative)
        };
        if relative.ancestors().any(is_left_out) {
            continue;
        }
        let path = root.join(relative);
        let kind = Kind::File(config.rules.treatment(&walk.below(&path, relative), false));
        taken.push(Input {
            shown: shown_from(&walk.here, &path),
            output: output_path(relative.to_owned(), &kind),
            path,
            kind,
            is_named: false,
            root: Arc::clone(&walk.shared_root),
        });
    }
    Ok(taken)
}

/// Where an input goes: a template's output has no ending of templates.
fn output_path(path: PathBuf, kind: &Kind) -> PathBuf {
    match (kind, path.file_name().and_then(OsStr::to_str)) {
        (Kind::File(Treatment::Live(live)), Some(name)) if live.is_template => {
            path.with_file_name(template::output_name(name))
        }
        _ => path,
    }
}

/// Walks a folder. Hidden files are taken; `.git`, the output folder, vaults and excluded files are not.
pub fn walk(root: &Path, config: &Config, selection: Selection<'_>) -> Inputs {
    let walk = match Walk::new(root, config, selection) {
        Ok(walk) => walk,
        Err(problem) => return Inputs { taken: Vec::new(), problems: vec![*problem] },
    };
    let mut builder = WalkBuilder::new(root);
    if !selection.respects_gitignore {
        builder.standard_filters(false);
    }
    builder.hidden(false).ignore(false).follow_links(false);
    builder.build_parallel().run(|| Box::new(|entry| walk.visit(entry)));
    let Found { mut taken, mut problems } = walk.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Threads find things in any order.
    taken.sort_unstable_by(|one, other| by_path(&one.path, &other.path));
    problems.sort_by(|(one, _), (other, _)| by_path(one, other));
    Inputs { taken, problems: problems.into_iter().map(|(_, problem)| problem).collect() }
}

/// The order of paths, component by component: that of their bytes with `/` before all others.
pub fn by_path(one: &Path, other: &Path) -> std::cmp::Ordering {
    let (one, other) = (one.as_os_str().as_bytes(), other.as_os_str().as_bytes());
    let shared = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    // No name holds a NUL.
    let next = |path: &[u8]| path.get(shared).map(|&byte| if byte == b'/' { 0 } else { byte });
    next(one).cmp(&next(other))
}

/// A walk on its way, on several threads.
struct Walk<'a> {
    root: &'a Path,
    real_root: PathBuf,
    /// The root, for inputs to share.
    shared_root: Arc<Path>,
    /// The root from `/`.
    whole_root: PathBuf,
    /// The current folder.
    here: PathBuf,
    output: Option<PathBuf>,
    exclude: GlobSet,
    config: &'a Config,
    selection: Selection<'a>,
    found: Mutex<Found>,
}

/// What a walk has found so far, in no order.
#[derive(Default)]
struct Found {
    taken: Vec<Input>,
    problems: Vec<(PathBuf, Diagnostic)>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Path, config: &'a Config, selection: Selection<'a>) -> Result<Self, Box<Diagnostic>> {
        let patterns = config.exclude.iter().filter_map(|pattern| glob(pattern).ok());
        let exclude = GlobSet::new(patterns).map_err(|error| {
            Box::new(Diagnostic::new(Code::InvalidConfig, format!("`exclude` cannot be used: {error}")))
        })?;
        Ok(Self {
            shared_root: root.into(),
            root,
            real_root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            whole_root: whole(root),
            here: std::env::current_dir().unwrap_or_default(),
            output: selection.output.and_then(|output| output.canonicalize().ok()),
            exclude,
            config,
            selection,
            found: Mutex::default(),
        })
    }
}

impl Walk<'_> {
    /// Takes an entry, and says whether a folder is entered.
    fn visit(&self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => {
                // A root that is a link leads to a folder: it was named.
                let Some(kind) = entry.file_type().filter(|_| entry.depth() > 0) else {
                    return WalkState::Continue;
                };
                let path = entry.path();
                let relative = path.strip_prefix(self.root).unwrap_or(path);
                if self.leaves_out(path, relative, kind.is_dir()) {
                    return WalkState::Skip;
                }
                if !kind.is_dir() {
                    self.take(path, relative, kind);
                }
            }
            Err(error) => {
                let path = path_of(&error).unwrap_or(self.root);
                let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                self.tell(path, unreadable(path, &why));
            }
        }
        WalkState::Continue
    }

    fn leaves_out(&self, path: &Path, relative: &Path, is_folder: bool) -> bool {
        let name = path.file_name().unwrap_or_default();
        let is_ours = is_folder
            && (crate::write::is_staging_name(name) || self.is_output(path, name) || Vault::is_vault(path));
        name == OsStr::new(".git")
            || is_ours
            || !self.exclude.is_empty() && self.exclude.is_match(self.below(path, relative))
    }

    /// Whether a folder is where the outputs go; it has the same name then, since no link is followed.
    fn is_output(&self, path: &Path, name: &OsStr) -> bool {
        let output = self.output.as_ref().filter(|output| output.file_name() == Some(name));
        output.is_some() && path.canonicalize().ok().as_ref() == output
    }

    /// The path from the configuration's folder, which rules and exclusions are relative to.
    fn below<'p>(&self, path: &'p Path, relative: &Path) -> Cow<'p, Path> {
        let whole = self.whole_root.join(relative);
        whole.strip_prefix(&self.config.folder).map_or(Cow::Borrowed(path), |path| path.to_owned().into())
    }

    /// Takes what is no folder, or says why it cannot be taken.
    fn take(&self, path: &Path, relative: &Path, kind: std::fs::FileType) {
        if self.selection.only.is_some_and(|only| !only.is_match(relative)) {
            return;
        }
        let kind = if kind.is_symlink() {
            link(path, relative, &self.real_root).map(Kind::Link)
        } else if kind.is_file() {
            let rules = &self.config.rules;
            // Without rules a file's name says all.
            let path = if rules.is_empty() { Cow::Borrowed(path) } else { self.below(path, relative) };
            Ok(Kind::File(rules.treatment(&path, false)))
        } else {
            let why = "this is no regular file: a FIFO, a socket or a device";
            Err(Box::new(unreadable(path, why).with_help("leave it out with `exclude` in redeem.toml")))
        };
        match kind {
            Ok(kind) => {
                let input = Input {
                    path: path.to_owned(),
                    shown: shown_from(&self.here, path),
                    output: output_path(relative.to_owned(), &kind),
                    kind,
                    is_named: false,
                    root: Arc::clone(&self.shared_root),
                };
                self.found.lock().unwrap_or_else(PoisonError::into_inner).taken.push(input);
            }
            Err(problem) => self.tell(path, *problem),
        }
    }

    fn tell(&self, path: &Path, problem: Diagnostic) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.problems.push((path.to_owned(), problem));
    }
}

/// The path that an error of the walk is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// Finds outputs that two inputs claim, or that would overwrite an input.
pub fn conflicts(inputs: &[Input], output: &Path) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut claimed: HashMap<&Path, &Input> = HashMap::with_capacity(inputs.len());
    let endangered = endangered(inputs, output);
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
        if endangered.contains(&input.output) {
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

/// The inputs that are below the folder of outputs, by their path from there.
fn endangered(inputs: &[Input], output: &Path) -> HashSet<PathBuf> {
    let folder = match output.canonicalize() {
        Ok(folder) => folder,
        // Nothing is in a folder that does not exist.
        Err(error) if error.kind() == ErrorKind::NotFound => return HashSet::new(),
        Err(_) => std::path::absolute(output).unwrap_or_else(|_| output.to_owned()),
    };
    let mut roots: HashMap<&OsStr, Option<PathBuf>> = HashMap::new();
    let mut found = HashSet::new();
    for input in inputs {
        let real = match root_of(input) {
            // No folder that a walk entered is a link, so where its root is says where all of it is.
            Some(root) => roots
                .entry(root)
                .or_insert_with(|| {
                    let real = Path::new(root).canonicalize().ok();
                    real.filter(|real| real.starts_with(&folder) || folder.starts_with(real))
                })
                .as_ref()
                .map(|root| root.join(&input.output)),
            None => input.path.canonicalize().ok(),
        };
        found.extend(real.and_then(|real| real.strip_prefix(&folder).ok().map(Path::to_owned)));
    }
    found
}

/// The folder from which a walk found a file; none if another way led to it.
fn root_of(input: &Input) -> Option<&OsStr> {
    let is_plain =
        !input.is_named && matches!(input.kind, Kind::File(_)) && input.path.ends_with(&input.output);
    let path = input.path.as_os_str().as_bytes();
    let root = path.strip_suffix(input.output.as_os_str().as_bytes()).filter(|_| is_plain)?;
    Some(OsStr::from_bytes(if root.is_empty() { b"." } else { root }))
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
pub(crate) fn below(config: &Config, path: &Path) -> PathBuf {
    let whole = whole(path);
    whole.strip_prefix(&config.folder).map_or_else(|_| path.to_owned(), Path::to_owned)
}
