//! Questions to git: read-only, without a shell, and without anything that a repository's configuration could run.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::VaultError;

/// The variables that git gets from ours: where it is, and whose configuration it reads.
const PASSED_ON: &[&str] = &["PATH", "HOME", "XDG_CONFIG_HOME"];

/// Settings of a repository that would start a program, or ask another host for what is missing.
const SETTINGS: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
];

/// What git has at a place: `HEAD:./name.yaml`, relative to the folder. None where it has nothing.
pub(super) fn contents(folder: &Path, places: &[String]) -> Result<Vec<Option<String>>, VaultError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let input = places.iter().map(|place| format!("{place}\n")).collect::<String>();
    let output = run(folder, ["cat-file", "--batch"], input.into_bytes())?;
    let mut rest = &output[..];
    let mut found = Vec::with_capacity(places.len());
    for _ in places {
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
        let text = String::from_utf8(rest[..size].to_vec()).ok().filter(|_| kind == "blob");
        found.push(text);
        rest = &rest[size + 1..];
    }
    found.resize(places.len(), None);
    Ok(found)
}

/// One commit that changed a file.
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) date: String,
    pub(super) author: String,
}

/// The commits that changed a file of the folder, the latest first.
pub(super) fn log(folder: &Path, file: &str) -> Result<Vec<Commit>, VaultError> {
    let arguments = [
        "log",
        "--no-show-signature",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--format=%H%x00%cI%x00%an",
        "--",
        file,
    ];
    let output = run(folder, arguments, Vec::new())?;
    let text = String::from_utf8_lossy(&output);
    let commit = |line: &str| {
        let mut parts = line.split('\0').map(str::to_owned);
        Some(Commit { id: parts.next()?, date: parts.next()?, author: parts.next()? })
    };
    Ok(text.lines().filter_map(commit).collect())
}

/// Whether a text can be the id of a commit, whole or cut short.
pub(super) fn is_id(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn run<'a>(
    folder: &Path,
    arguments: impl IntoIterator<Item = &'a str>,
    input: Vec<u8>,
) -> Result<Vec<u8>, VaultError> {
    let none = |why: String| VaultError::NoHistory { why };
    let mut command = Command::new("git");
    command.arg("-C").arg(if folder.as_os_str().is_empty() { OsStr::new(".") } else { folder.as_os_str() });
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
    if !status.success() {
        let told = String::from_utf8_lossy(&told);
        let line = told.lines().next().unwrap_or("it failed").trim_start_matches("fatal: ");
        return Err(none(line.chars().flat_map(char::escape_debug).collect()));
    }
    output.map_err(|error| none(error.to_string()))
}
