//! Runs commands in turn, each into an output of its own, and takes their times and their peaks of memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command of one comparison: what it is called, and how it is made for an output.
pub(crate) struct Contestant {
    pub(crate) name: String,
    command: Box<dyn Fn(&Path) -> Command>,
    /// What it reads from standard input.
    stdin: Option<PathBuf>,
    /// Whether its standard output is its output.
    prints: bool,
}

/// How a contestant fared.
#[derive(Default)]
pub(crate) struct Fared {
    /// Its times, without the first round; none if the program is not installed.
    times: Vec<Duration>,
    /// Its peak of memory in bytes.
    pub(crate) peak: Option<u64>,
}

impl Contestant {
    pub(crate) fn new(name: &str, command: impl Fn(&Path) -> Command + 'static) -> Self {
        Self { name: name.to_owned(), command: Box::new(command), stdin: None, prints: false }
    }

    pub(crate) fn reading(mut self, path: &Path) -> Self {
        self.stdin = Some(path.to_owned());
        self
    }

    pub(crate) fn printing(mut self) -> Self {
        self.prints = true;
        self
    }

    fn run(&self, mut command: Command, output: &Path) -> Duration {
        let open = |path: &PathBuf| Stdio::from(File::open(path).expect("an input"));
        command.stdin(self.stdin.as_ref().map_or_else(Stdio::null, open)).stdout(Stdio::null());
        if self.prints {
            command.stdout(File::create(output).expect("an output"));
        }
        let start = Instant::now();
        let status = command.status().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let time = start.elapsed();
        assert!(status.success(), "{} failed: {status}", self.name);
        remove(output);
        time
    }
}

impl Fared {
    pub(crate) fn median(&self) -> Option<Duration> {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// Runs the contestants in turn. The first round warms the caches and is not counted.
pub(crate) fn race(contestants: &[Contestant], rounds: usize, root: &Path) -> Vec<Fared> {
    let mut all: Vec<Fared> = contestants.iter().map(|_| Fared::default()).collect();
    for round in 0..=rounds {
        for (position, (contestant, fared)) in contestants.iter().zip(&mut all).enumerate() {
            // Never the same name twice: ext4 writes slowly where something was removed.
            let output = root.join(format!("out-{}-{round}-{position}", std::process::id()));
            let command = (contestant.command)(&output);
            if !is_installed(command.get_program().as_ref()) {
                continue;
            }
            let time = contestant.run(command, &output);
            if round > 0 {
                fared.times.push(time);
            }
        }
    }
    for (contestant, fared) in contestants.iter().zip(&mut all) {
        if !fared.times.is_empty() {
            fared.peak = peak(contestant, root);
        }
    }
    all
}

/// The peak of memory of one more run, by GNU `time`: a child's peak starts at that of its parent, and
/// `time` is a small parent.
fn peak(contestant: &Contestant, root: &Path) -> Option<u64> {
    let time = Path::new("/usr/bin/time");
    let (output, told) = (root.join(format!("out-{}-peak", std::process::id())), root.join("peak"));
    let inner = (contestant.command)(&output);
    let mut command = Command::new(time);
    command.args(["-f", "%M", "-o"]).arg(&told).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    if !is_installed(time) {
        return None;
    }
    contestant.run(command, &output);
    let kilobytes: u64 = fs::read_to_string(&told).ok()?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Whether a program can be started: by its path, or found in `PATH`.
pub(crate) fn is_installed(program: &Path) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.is_file()
        || program.components().count() == 1
            && std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn remove(output: &Path) {
    let removed = if output.is_dir() { fs::remove_dir_all(output) } else { fs::remove_file(output) };
    // Some commands write none.
    drop(removed);
}
