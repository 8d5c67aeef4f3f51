//! The program that these tests kill and starve, and what it leaves behind.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example that writes files of known content; `cargo test` builds it beside the tests.
pub(crate) fn writer() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let writer = deps.parent().unwrap().parent().unwrap().join("examples/writer");
    assert!(writer.exists(), "run `cargo build --example writer` first, or all tests together");
    writer
}

pub(crate) fn run(
    program: impl AsRef<Path>,
    args: &[&str],
    root: &Path,
    count: usize,
    version: &str,
) -> Output {
    let mut command = Command::new(program.as_ref());
    command.args(args).arg(root).args([&count.to_string(), version]);
    loop {
        match command.output() {
            // A copy of the program that was just written may still be open in a child of another test.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            output => return output.unwrap(),
        }
    }
}

/// The writer's own rule for names and content.
pub(crate) fn name(number: usize) -> PathBuf {
    match number % 3 {
        0 => format!("file-{number}").into(),
        1 => format!("folder/file-{number}").into(),
        _ => format!("other/deep-{}/file-{number}", number % 2).into(),
    }
}

pub(crate) fn content(version: &str, number: usize) -> String {
    format!("{version} {number}\n").repeat(100 + 300 * number)
}

/// Which of the versions each file is of, `-` if it is not there; fails if one is of none.
pub(crate) fn versions(root: &Path, count: usize, known: &[&str]) -> Vec<String> {
    let version = |number| {
        let Ok(found) = fs::read_to_string(root.join(name(number))) else { return "-".to_owned() };
        let whole = known.iter().find(|version| found == content(version, number));
        (*whole.unwrap_or_else(|| panic!("file {number} is torn: {} bytes", found.len()))).to_owned()
    };
    (0..count).map(version).collect()
}

/// Staging folders left anywhere at or below a folder.
pub(crate) fn left_behind(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in dir.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with(".redeem-") {
            found.push(path);
        } else if path.symlink_metadata().unwrap().is_dir() {
            found.extend(left_behind(&path));
        }
    }
    found
}

pub(crate) fn all(version: &str, count: usize) -> Vec<String> {
    vec![version.to_owned(); count]
}

pub(crate) fn have(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{tool} has to be installed in CI");
    if !found {
        eprintln!("LEFT OUT: {tool} is not installed");
    }
    found
}

pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("LEFT OUT: this test needs root");
    }
    root
}

pub(crate) fn full() -> bool {
    std::env::var_os("REDEEM_FAULTS").is_some_and(|value| value == "full")
}

/// Runs the writer under strace, which changes what `calls` do; gives what strace saw too.
pub(crate) fn inject(
    dir: &Path,
    root: &Path,
    count: usize,
    version: &str,
    calls: &str,
    what: &str,
) -> (Output, String) {
    let log = dir.join("strace.log");
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:{what}"));
    let output = Command::new("strace")
        .args(["-f", "-o", log.to_str().unwrap(), "-e", &trace, "-e", &inject])
        .arg(writer())
        .arg(root)
        .args([&count.to_string(), version])
        // With cargo's search path the program's loader makes more calls than the program.
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    let seen = fs::read_to_string(&log).unwrap_or_default();
    (output, seen)
}
