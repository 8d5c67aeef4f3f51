//! `make bench`: whole commands in turn, over a generated tree, told as ratios of medians.
//!
//! Milliseconds move by a factor of two on a shared machine; the ratio of two commands that ran in
//! turn does not. The first round warms the caches and is not counted.

#[path = "bench/tree.rs"]
mod tree;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command of one comparison: what it is called, and how it is made for an output folder.
struct Contestant {
    name: &'static str,
    command: Box<dyn Fn(&Path) -> Command>,
}

fn main() {
    let files = number("REDEEM_BENCH_FILES", 20_000);
    let rounds = number("REDEEM_BENCH_ROUNDS", 7).max(2);
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let source = root.join(format!("tree-{files}"));
    let built = tree::build(&source, files, 1);
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").expect("standard output");
    say(format!(
        "{files} files in {} folders, {:.0} MB, {} references; {} counted rounds",
        built.folders,
        megabytes(built.bytes),
        built.references,
        rounds - 1
    ));
    if Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_err() {
        say("ripgrep is not installed, so there is nothing to compare a scan with: install `rg` and run again".into());
        std::process::exit(1);
    }
    say(String::from("| comparison | median | fastest | ratio of medians |\n|---|---|---|---|"));
    for (title, contestants) in
        [("scan", scan(&source)), ("render", render(&source)), ("render again", again(&source, &root))]
    {
        let times = race(&contestants, rounds, &root);
        let base = median(&times[1]);
        for (contestant, times) in contestants.iter().zip(&times) {
            let ratio = median(times).as_secs_f64() / base.as_secs_f64();
            let fastest = times.iter().min().copied().unwrap_or_default();
            say(format!(
                "| {title}: `{}` | {:.2?} | {fastest:.2?} | {ratio:.2} |",
                contestant.name,
                median(times)
            ));
        }
    }
}

/// Every reference found, nothing written.
fn scan(source: &Path) -> Vec<Contestant> {
    let (ours, theirs) = (source.to_owned(), source.to_owned());
    vec![
        contestant("redeem check -q", move |_| redeem(&["-q", "check"], &[&ours])),
        contestant("rg -c", move |_| {
            let mut command = Command::new("rg");
            command.args(["-c", "--hidden", r"\{secret[:.]"]).arg(&theirs);
            command
        }),
    ]
}

/// Everything rendered, proved and made durable.
fn render(source: &Path) -> Vec<Contestant> {
    let (ours, theirs) = (source.to_owned(), source.to_owned());
    vec![
        contestant("redeem render", move |output| {
            redeem(&["-q", "render"], &[&ours, Path::new("-o"), output])
        }),
        contestant("cp -r && sync", move |output| {
            let mut command = Command::new("sh");
            command.args(["-c", "cp -r \"$1\" \"$2\" && sync", "sh"]).arg(&theirs).arg(output);
            command
        }),
    ]
}

/// The same with an output that is there already.
fn again(source: &Path, root: &Path) -> Vec<Contestant> {
    let fixed = root.join("fixed");
    let _ = std::fs::remove_dir_all(&fixed);
    let (ours, theirs, copied) = (source.to_owned(), source.to_owned(), root.join("copied"));
    let _ = std::fs::remove_dir_all(&copied);
    assert!(
        Command::new("cp").arg("-r").arg(source).arg(&copied).status().is_ok_and(|status| status.success())
    );
    vec![
        contestant("redeem render, unchanged", move |_| {
            redeem(&["-q", "render"], &[&ours, Path::new("-o"), &fixed])
        }),
        contestant("cp -ru, unchanged", move |_| {
            let mut command = Command::new("cp");
            command.args(["-ru", "-T"]).arg(&theirs).arg(&copied);
            command
        }),
    ]
}

fn contestant(name: &'static str, command: impl Fn(&Path) -> Command + 'static) -> Contestant {
    Contestant { name, command: Box::new(command) }
}

fn redeem(words: &[&str], paths: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redeem"));
    command.args(words).args(paths).env_clear().envs(tree::secrets());
    command
}

/// Runs the contestants in turn, each into a folder of its own, and returns their times by contestant.
fn race(contestants: &[Contestant], rounds: usize, root: &Path) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::new(); contestants.len()];
    for round in 0..rounds {
        for (position, contestant) in contestants.iter().enumerate() {
            let output = root.join(format!("out-{}-{round}-{position}", std::process::id()));
            let mut command = (contestant.command)(&output);
            let start = Instant::now();
            let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect(contestant.name);
            let time = start.elapsed();
            assert!(status.success(), "{} failed: {status}", contestant.name);
            let _ = std::fs::remove_dir_all(&output);
            if round > 0 {
                times[position].push(time);
            }
        }
    }
    times
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[expect(clippy::cast_precision_loss, reason = "a size to look at")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
