//! Questions to git: read-only, without a shell, and without anything that a repository's configuration could run.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct GitError {
    pub(crate) why: String,
}

/// The variables that git gets from ours: where it is, and whose configuration it reads.
const PASSED_ON: &[&str] = &["PATH", "HOME", "XDG_CONFIG_HOME"];

/// The variables by which git tells a hook what it is about to commit: another index than the usual one, above all.
const OF_HOOKS: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
];

/// Those of them that name one path, which may be relative.
const OF_ONE_PATH: &[&str] = &["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];

/// Settings of a repository that would start a program, or ask another host for what is missing.
const SETTINGS: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
];

/// What `git cat-file --batch` answered to so many questions: the bytes of each blob.
pub(crate) fn batch(output: &[u8], count: usize) -> Vec<Option<Vec<u8>>> {
    let mut rest = output;
    let mut found = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(end) = memchr::memchr(b'\n', rest) else { break };
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        // `ID blob SIZE` and the bytes with a line break behind them; anything else has no bytes.
        let mut words = head.rsplitn(3, ' ');
        let (size, kind) = (words.next().and_then(|size| size.parse::<usize>().ok()), words.next());
        let (Some(size), Some(kind)) = (size.filter(|size| *size < rest.len()), kind) else {
            found.push(None);
            continue;
        };
        found.push((kind == "blob").then(|| rest[..size].to_vec()));
        rest = &rest[size + 1..];
    }
    found.resize(count, None);
    found
}

/// A file that is about to be committed.
pub(crate) struct StagedFile {
    /// Its path from the root of the work tree.
    pub(crate) path: PathBuf,
    /// The id of its content.
    id: String,
    /// Whether everybody may run it.
    pub(crate) is_executable: bool,
}

/// What is about to be committed: the index that git's variables name, or the usual one.
pub(crate) struct Index {
    /// The root of the work tree.
    pub(crate) root: PathBuf,
    variables: Vec<(&'static str, OsString)>,
}

impl Index {
    /// Finds the index of the repository that the current folder is in, as a hook sees it.
    ///
    /// Relative paths in git's variables are from `start`, the folder that the program was started in; git takes that for
    /// the root of the work tree too where they name only the repository.
    pub(crate) fn find(start: &Path) -> Result<Self, GitError> {
        let given =
            |name: &&'static str| Some((*name, std::env::var_os(name).filter(|value| !value.is_empty())?));
        let whole = |(name, value): (&'static str, OsString)| {
            let value = if OF_ONE_PATH.contains(&name) { start.join(value).into_os_string() } else { value };
            (name, value)
        };
        let mut variables: Vec<_> = OF_HOOKS.iter().filter_map(given).map(whole).collect();
        let is_given = variables.iter().any(|(name, _)| *name == "GIT_DIR");
        let output = Question { folder: is_given.then_some(start), variables: &variables }
            .ask(["rev-parse", "--show-toplevel"], Vec::new())?;
        let root = PathBuf::from(OsStr::from_bytes(output.strip_suffix(b"\n").unwrap_or(&output)));
        if root.as_os_str().is_empty() {
            return Err(GitError { why: "this repository has no work tree".to_owned() });
        }
        if is_given {
            variables.retain(|(name, _)| *name != "GIT_WORK_TREE");
            variables.push(("GIT_WORK_TREE", root.clone().into_os_string()));
        }
        if let Some((name, index)) = given(&"GIT_INDEX_FILE") {
            // Git takes a relative one from the root, and an index that is not there for an empty one.
            let found = [start.join(&index), root.join(&index)].into_iter().find(|path| path.exists());
            let Some(found) = found else {
                return Err(GitError { why: "the index that GIT_INDEX_FILE names is not there".to_owned() });
            };
            variables.push((name, found.into_os_string()));
        }
        Ok(Self { root, variables })
    }

    /// Whether a path from the root is that of something in the index or in the last commit, or of a folder there.
    pub(crate) fn knows(&self, path: &Path) -> Result<bool, GitError> {
        let question = Question { folder: Some(&self.root), variables: &self.variables };
        let of = |words: &[&'static str]| {
            let words: Vec<&OsStr> = words.iter().map(OsStr::new).chain([path.as_os_str()]).collect();
            question.ask(words, Vec::new()).map(|output| !output.is_empty())
        };
        // Before the first commit there is no last one.
        Ok(of(&["ls-files", "-z", "--cached", "--"])?
            || of(&["ls-tree", "-z", "HEAD", "--"]).unwrap_or(false))
    }

    /// The regular files that are added or changed against the last commit, in the order of their paths.
    pub(crate) fn changed(&self) -> Result<Vec<StagedFile>, GitError> {
        let arguments = [
            "diff",
            "--cached",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--diff-filter=AMT",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--no-relative",
            // A list that a setting names need not be there, and the order is made anew.
            "-O/dev/null",
            "--ignore-submodules=all",
        ];
        let output = self.question().ask(arguments, Vec::new())?;
        // `:OLDMODE NEWMODE OLDID NEWID STATUS` NUL PATH NUL
        let mut parts = output.split(|&byte| byte == 0);
        let mut files = Vec::new();
        while let (Some(head), Some(path)) = (parts.next(), parts.next()) {
            let head = String::from_utf8_lossy(head);
            let mut words = head.split(' ').skip(1);
            let (Some(mode), Some(id)) = (words.next(), words.nth(1)) else { break };
            // 120000 is a link and 160000 another repository.
            if mode.starts_with("100") && is_id(id) && id.bytes().any(|byte| byte != b'0') {
                let path = PathBuf::from(OsStr::from_bytes(path));
                files.push(StagedFile { path, id: id.to_owned(), is_executable: mode == "100755" });
            }
        }
        Ok(files)
    }

    /// What is in these files.
    pub(crate) fn contents(&self, files: &[&StagedFile]) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let input: String = files.iter().map(|file| format!("{}\n", file.id)).collect();
        let output = self.question().ask(["cat-file", "--batch"], input.into_bytes())?;
        Ok(batch(&output, files.len()))
    }

    fn question(&self) -> Question<'_> {
        Question { folder: None, variables: &self.variables }
    }
}

/// Which of the paths git tracks below a folder: paths from `folder`.
pub(crate) fn tracked(folder: &Path, below: &Path) -> Result<Vec<PathBuf>, GitError> {
    let arguments = ["ls-files", "-z", "--cached", "--"].map(OsStr::new);
    let output = run(folder, arguments.into_iter().chain([below.as_os_str()]), Vec::new())?;
    Ok(paths(&output))
}

/// Which of these paths from `folder` git ignores.
pub(crate) fn ignored(folder: &Path, asked: &[&Path]) -> Result<Vec<PathBuf>, GitError> {
    let mut input = Vec::new();
    for path in asked {
        // With a dot in front no path has a meaning of its own to git, which takes no word for that here.
        input.extend_from_slice(b"./");
        input.extend_from_slice(path.as_os_str().as_bytes());
        input.push(0);
    }
    let variables = [("GIT_LITERAL_PATHSPECS", OsString::from("0"))];
    let question = Question { folder: Some(folder), variables: &variables };
    // Exit code 1 says that it ignores none of them.
    let (output, _) = question.ask_for(["check-ignore", "-z", "--stdin"], input, &[0, 1])?;
    let plain = |path: PathBuf| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
    Ok(paths(&output).into_iter().map(plain).collect())
}

fn paths(output: &[u8]) -> Vec<PathBuf> {
    let named = output.split(|&byte| byte == 0).filter(|path| !path.is_empty());
    named.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect()
}

/// Whether a text can be the id of a commit, whole or cut short.
pub(crate) fn is_id(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Asks git in a folder.
pub(crate) fn run<A: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
    input: Vec<u8>,
) -> Result<Vec<u8>, GitError> {
    Question { folder: Some(folder), variables: &[] }.ask(arguments, input)
}

/// Where git is asked, and what it is told besides.
struct Question<'q> {
    /// The folder that it works in; none for the current one.
    folder: Option<&'q Path>,
    variables: &'q [(&'static str, OsString)],
}

impl Question<'_> {
    fn ask<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: Vec<u8>,
    ) -> Result<Vec<u8>, GitError> {
        self.ask_for(arguments, input, &[0]).map(|(output, _)| output)
    }

    /// Asks, and takes these exit codes for an answer.
    fn ask_for<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: Vec<u8>,
        answers: &[i32],
    ) -> Result<(Vec<u8>, i32), GitError> {
        let none = |why: String| GitError { why };
        let mut command = Command::new("git");
        if let Some(folder) = self.folder.filter(|folder| !folder.as_os_str().is_empty()) {
            command.arg("-C").arg(folder);
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.arg("--no-pager").args(arguments).env_clear();
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .envs([
                ("LC_ALL", "C"),
                ("GIT_OPTIONAL_LOCKS", "0"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_LITERAL_PATHSPECS", "1"),
                // A clone that lacks objects would ask its server for them.
                ("GIT_NO_LAZY_FETCH", "1"),
                // No protocol has this name. Settings of a repository for one protocol would outweigh those for all.
                ("GIT_ALLOW_PROTOCOL", "none"),
            ])
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| none(format!("it cannot be run: {error}")))?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let (output, told) = std::thread::scope(|scope| {
            // Each pipe has an end of its own, so that none fills up while another is waited for.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
            let told = scope.spawn(move || {
                let mut told = Vec::new();
                stderr.map(|stderr| stderr.take(4096).read_to_end(&mut told));
                told
            });
            let mut output = Vec::new();
            let read = child.stdout.take().map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output));
            (read.map(|_| output), told.join().unwrap_or_default())
        });
        let status = child.wait().map_err(|error| none(error.to_string()))?;
        let code = status.code().unwrap_or(-1);
        if !answers.contains(&code) {
            let told = String::from_utf8_lossy(&told);
            let line = told.lines().next().unwrap_or("it failed").trim_start_matches("fatal: ");
            return Err(none(line.chars().flat_map(char::escape_debug).collect()));
        }
        output.map(|output| (output, code)).map_err(|error| none(error.to_string()))
    }
}
