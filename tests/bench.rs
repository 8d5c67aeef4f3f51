//! `make bench`: whole commands in turn, over generated files, told as ratios of medians beside their goals.
//!
//! Milliseconds move by a factor of two on a shared machine; the ratio of two commands that ran in
//! turn does not. The harness stays small, for a child's peak of memory starts at that of its parent.

#[path = "bench/check.rs"]
mod check;
#[path = "bench/race.rs"]
mod race;
#[path = "bench/tree.rs"]
mod tree;
#[path = "bench/vault.rs"]
mod vault;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use race::{Contestant, Fared, is_installed, race};
use tree::Spelling;

/// Commands that do the same: ours first, then the one that its goal is a multiple of, then others.
struct Comparison {
    title: String,
    contestants: Vec<Contestant>,
    goal: Goal,
    /// How much memory ours may take at its peak, in bytes.
    most_memory: Option<u64>,
    rounds: usize,
}

/// What ours should reach.
#[derive(Clone, Copy)]
enum Goal {
    /// At most so many times the second contestant's time.
    Ratio(f64),
    /// At least so many megabytes a second, of so many.
    Rate(f64, f64),
    None,
}

/// The programs that ours is compared with, besides `cp` and `sync`.
const PEERS: &[&str] = &["rg", "envsubst", "minijinja-cli", "gomplate", "vals", "age", "sops"];

/// One million bytes.
const MB: u64 = 1_000_000;

fn main() {
    let rounds = number("REDEEM_BENCH_ROUNDS", 7);
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&root).expect("a folder");
    let missing: Vec<&str> =
        PEERS.iter().copied().filter(|program| !is_installed(&installed(program))).collect();
    if !missing.is_empty() {
        say(&format!("NOT INSTALLED: {}. Run `sh tests/bench/peers`.\n", missing.join(", ")));
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "a table with holes is no measurement");
    }
    let only = std::env::var("REDEEM_BENCH_ONLY").unwrap_or_default();
    let trees = [number("REDEEM_BENCH_FILES", 20_000), 2000];
    let mut comparisons: Vec<Box<dyn Fn() -> Comparison>> = Vec::new();
    for files in trees {
        let root = &root;
        comparisons.push(Box::new(move || scan(root, files, rounds)));
        comparisons.push(Box::new(move || check::project(root, files, rounds)));
        comparisons.push(Box::new(move || render(root, files, rounds)));
        comparisons.push(Box::new(move || again(root, files, rounds)));
    }
    comparisons.push(Box::new(|| check::many_files(&root, rounds)));
    comparisons.push(Box::new(|| check::one_file(&root, rounds)));
    comparisons.push(Box::new(|| large(&root, rounds)));
    comparisons.push(Box::new(|| small(&root, number("REDEEM_BENCH_STARTS", 200))));
    let secrets = number("REDEEM_BENCH_SECRETS", 1000);
    comparisons.push(Box::new(|| vault::against_crypto(&root, secrets, rounds)));
    // A thousand runs of `age` take their time.
    comparisons.push(Box::new(|| vault::against_age(&root, secrets, rounds.min(3))));
    comparisons.push(Box::new(|| vault::sops_file(&root, secrets, rounds)));
    say("| work | command | median | ratio | peak | goal |\n|---|---|---|---|---|---|\n");
    let mut missed = 0;
    for make in comparisons {
        let comparison = make();
        if comparison.title.contains(&only) {
            missed += comparison.run(&root);
        }
    }
    say(&format!("\n{missed} goals missed\n"));
}

impl Comparison {
    /// Runs it, prints its rows, and counts the goals that are missed.
    fn run(self, root: &Path) -> usize {
        let all = race(&self.contestants, self.rounds, root);
        let seconds = |fared: &Fared| fared.median().map(|median| median.as_secs_f64());
        let base = all.get(1).and_then(seconds);
        let mut missed = 0;
        for (position, (contestant, fared)) in self.contestants.iter().zip(&all).enumerate() {
            let Some(median) = fared.median() else {
                say(&format!("| {} | `{}` | not installed | | | |\n", self.title, contestant.name));
                continue;
            };
            let ratio = base.map(|base| median.as_secs_f64() / base);
            let goals =
                if position == 0 { self.goals(median.as_secs_f64(), ratio, fared.peak) } else { vec![] };
            missed += goals.iter().filter(|goal| goal.ends_with("missed")).count();
            say(&format!(
                "| {} | `{}` | {median:.3?} | {} | {} | {} |\n",
                self.title,
                contestant.name,
                ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
                fared.peak.map_or_else(String::new, |peak| format!("{:.0} MB", megabytes(peak))),
                goals.join("; "),
            ));
        }
        missed
    }

    fn goals(&self, seconds: f64, ratio: Option<f64>, peak: Option<u64>) -> Vec<String> {
        let verdict = |is_met: bool| if is_met { "met" } else { "missed" };
        let mut goals = Vec::new();
        match (self.goal, ratio) {
            (Goal::Ratio(most), Some(ratio)) => {
                goals.push(format!("ratio ≤ {most}: {}", verdict(ratio <= most)));
            }
            (Goal::Rate(least, of), _) => {
                let rate = of / seconds;
                goals.push(format!("{rate:.0} MB/s ≥ {least}: {}", verdict(rate >= least)));
            }
            _ => {}
        }
        if let (Some(most), Some(peak)) = (self.most_memory, peak) {
            goals.push(format!("< {} MB: {}", most / MB, verdict(peak < most)));
        }
        goals
    }
}

/// Every reference found, nothing written.
fn scan(root: &Path, files: usize, rounds: usize) -> Comparison {
    let source = tree_of(root, files, Spelling::Redeem);
    let theirs = source.clone();
    Comparison {
        title: format!("scan {files} files"),
        contestants: vec![
            Contestant::new("redeem check", move |_| redeem(&["-q", "check"], &[&source])),
            Contestant::new("rg -c", move |_| {
                with(command("rg", &["-c", "--hidden", r"\{secret[:.]"]), &[&theirs])
            }),
        ],
        goal: Goal::Ratio(1.5),
        most_memory: None,
        rounds,
    }
}

/// Everything rendered, proved and made durable.
fn render(root: &Path, files: usize, rounds: usize) -> Comparison {
    let source = tree_of(root, files, Spelling::Redeem);
    let copied = source.clone();
    let mut contestants = vec![
        Contestant::new("redeem render", move |output| {
            redeem(&["-q", "render"], &[&source, Path::new("-o"), output])
        }),
        Contestant::new("cp -r && sync", move |output| {
            with(command("sh", &["-c", "cp -r \"$1\" \"$2\" && sync", "sh"]), &[&copied, output])
        }),
    ];
    if files <= 2000 {
        let templates = tree_of(root, files, Spelling::Gomplate);
        contestants.push(Contestant::new("gomplate --input-dir", move |output| {
            let mut command = command("gomplate", &["--input-dir"]);
            command.arg(&templates).arg("--output-dir").arg(output);
            command
        }));
    }
    let title = format!("render {files} files");
    Comparison { title, contestants, goal: Goal::Ratio(2.5), most_memory: Some(200 * MB), rounds }
}

/// The same with an output that is there already.
fn again(root: &Path, files: usize, rounds: usize) -> Comparison {
    let source = tree_of(root, files, Spelling::Redeem);
    let (theirs, rendered, copied) = (source.clone(), root.join("rendered"), root.join("copied"));
    for old in [&rendered, &copied] {
        let _ = fs::remove_dir_all(old);
    }
    let copy = command("cp", &["-r"]).arg(&source).arg(&copied).status();
    assert!(copy.is_ok_and(|status| status.success()), "a copy");
    Comparison {
        title: format!("render {files} files, nothing changed"),
        contestants: vec![
            Contestant::new("redeem render", move |_| {
                redeem(&["-q", "render"], &[&source, Path::new("-o"), &rendered])
            }),
            Contestant::new("cp -ru", move |_| with(command("cp", &["-ru", "-T"]), &[&theirs, &copied])),
        ],
        goal: Goal::None,
        most_memory: None,
        rounds,
    }
}

/// One large file. `vals` reads it into a tree and is left out.
fn large(root: &Path, rounds: usize) -> Comparison {
    let blocks = number("REDEEM_BENCH_LARGE", 100_000);
    let of = |spelling, name: &str| {
        let path = root.join(format!("large-{blocks}-{name}.yaml"));
        tree::build_large(&path, blocks, spelling);
        path
    };
    let ours = of(Spelling::Redeem, "redeem");
    let (shell, jinja, go) = (
        of(Spelling::Envsubst, "envsubst"),
        of(Spelling::Minijinja, "minijinja"),
        of(Spelling::Gomplate, "gomplate"),
    );
    let bytes = fs::metadata(&ours).expect("a file").len();
    let copied = ours.clone();
    Comparison {
        title: format!("one file of {:.0} MB, {blocks} references", megabytes(bytes)),
        contestants: vec![
            Contestant::new("redeem render", move |output| {
                redeem(&["-q", "render"], &[&ours, Path::new("-o"), output])
            }),
            Contestant::new("cp && sync", move |output| {
                with(command("sh", &["-c", "cp \"$1\" \"$2\" && sync \"$2\"", "sh"]), &[&copied, output])
            }),
            Contestant::new("envsubst", |_| command("envsubst", &[])).reading(&shell).printing(),
            Contestant::new("minijinja-cli", move |_| with(command("minijinja-cli", &["--env"]), &[&jinja]))
                .printing(),
            Contestant::new("gomplate", move |_| with(command("gomplate", &["-f"]), &[&go])).printing(),
        ],
        goal: Goal::Rate(20.0, megabytes(bytes)),
        most_memory: Some(6 * bytes),
        rounds,
    }
}

/// From the start of a process to its end, with one small file.
fn small(root: &Path, rounds: usize) -> Comparison {
    let of = |spelling, name: &str| {
        let path = root.join(format!("small-{name}.yaml"));
        tree::build_small(&path, spelling);
        path
    };
    let (ours, jinja) = (of(Spelling::Redeem, "redeem"), of(Spelling::Minijinja, "minijinja"));
    let (shell, go) = (of(Spelling::Envsubst, "envsubst"), of(Spelling::Gomplate, "gomplate"));
    let vals = of(Spelling::Vals, "vals");
    Comparison {
        title: "start to output, 10 kB".to_owned(),
        contestants: vec![
            Contestant::new("redeem render", move |_| redeem(&["render"], &[&ours])).printing(),
            Contestant::new("minijinja-cli", move |_| with(command("minijinja-cli", &["--env"]), &[&jinja]))
                .printing(),
            Contestant::new("envsubst", |_| command("envsubst", &[])).reading(&shell).printing(),
            Contestant::new("gomplate", move |_| with(command("gomplate", &["-f"]), &[&go])).printing(),
            Contestant::new("vals eval", move |_| with(command("vals", &["eval", "-f"]), &[&vals]))
                .printing(),
        ],
        goal: Goal::Ratio(2.0),
        most_memory: None,
        rounds,
    }
}

fn tree_of(root: &Path, files: usize, spelling: Spelling) -> PathBuf {
    let name = if spelling == Spelling::Redeem { "tree" } else { "templates" };
    let path = root.join(format!("{name}-{files}"));
    let built = tree::build(&path, files, spelling);
    let (folders, references, size) = (built.folders, built.references, megabytes(built.bytes));
    let told = root.join(format!("{name}-{files}.txt"));
    // For the page that tells of the numbers.
    let text = format!("{files} files in {folders} folders, {size:.0} MB, {references} references\n");
    fs::write(told, text).expect("a note");
    path
}

fn redeem(words: &[&str], paths: &[&Path]) -> Command {
    with(command(env!("CARGO_BIN_EXE_redeem"), words), paths)
}

fn command(program: &str, words: &[&str]) -> Command {
    let mut command = Command::new(installed(program));
    command.args(words).envs(tree::secrets());
    command
}

fn with(mut command: Command, paths: &[&Path]) -> Command {
    command.args(paths);
    command
}

/// Where a program is: in the folder that `tests/bench/peers` fills, or else in `PATH`.
fn installed(program: &str) -> PathBuf {
    let peers = std::env::var_os("REDEEM_PEERS")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("../peers"), PathBuf::from);
    let own = peers.join("bin").join(program);
    if own.is_file() { own } else { PathBuf::from(program) }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).expect("standard output");
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[expect(clippy::cast_precision_loss, reason = "a size to look at")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
