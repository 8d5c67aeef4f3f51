//! `redeem check` with all that a project has: a vault, contexts, a policy; and with very many problems.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::race::Contestant;
use crate::tree::{self, Spelling};
use crate::{Comparison, Goal, MB, command, redeem, with};

/// How many secrets the vault holds. The tree refers to the first of them.
const SECRETS: usize = 300;

/// How many problems are told in one run.
const PROBLEMS: usize = 10_000;

/// What a check may take at its peak.
const MOST_MEMORY: u64 = 150 * MB;

const CONFIG: &str = r#"[render]
source = "config"
[[backend]]
name = "team"
type = "vault"
path = "secrets"
[[context]]
scope = "notifications"
at = ["**.pagerduty.**.routing_key", "**.opsgenie.**.api_key", "alerts[*].webhook"]
[[context]]
scope = "database"
files = ["config/team-1/**", "**/*.conf"]
[policy]
expires_within = "30d"
allow = ["unused-secret"]
"#;

/// Everything that can be known of a tree in which nothing is wrong, against a search for its references.
pub(crate) fn project(root: &Path, files: usize, rounds: usize) -> Comparison {
    let folder = made(root, &format!("checked-{files}"), |folder| {
        tree::build(&folder.join("config"), files, Spelling::Redeem);
    });
    let theirs = folder.join("config");
    Comparison {
        title: format!("check {files} files, with a vault and a policy"),
        contestants: vec![
            Contestant::new("redeem check", move |_| check(&folder, &["-q", "check"])),
            Contestant::new("rg -c", move |_| {
                with(command("rg", &["-c", "--hidden", r"\{secret[:.]"]), &[&theirs])
            }),
        ],
        goal: Goal::Ratio(2.5),
        most_memory: Some(MOST_MEMORY),
        rounds,
    }
}

/// A problem in each file of 12 kB, against the same files without.
pub(crate) fn many_files(root: &Path, rounds: usize) -> Comparison {
    let wrong = made(root, "wrong-files", |folder| files(&folder.join("config"), false));
    problems(root, &wrong, "problems in as many files", Goal::Ratio(3.0), rounds)
}

/// All of them in one file, against ten thousand files without a problem.
pub(crate) fn one_file(root: &Path, rounds: usize) -> Comparison {
    let wrong = made(root, "wrong-one", |folder| {
        let folder = folder.join("config");
        fs::create_dir_all(&folder).expect("a folder");
        let all: Vec<String> = (0..PROBLEMS).map(|number| line(number, false)).collect();
        fs::write(folder.join("config.yaml"), all.concat()).expect("a file");
    });
    problems(root, &wrong, "problems in one file", Goal::Ratio(2.0), rounds)
}

fn problems(root: &Path, wrong: &Path, words: &str, goal: Goal, rounds: usize) -> Comparison {
    let right = made(root, "right-files", |folder| files(&folder.join("config"), true));
    let told = |format: &'static str| {
        let folder = wrong.to_owned();
        let name = format!("redeem check --format {format}");
        Contestant::new(&name, move |_| check(&folder, &["check", "--format", format])).printing()
    };
    let name = format!("redeem check, {PROBLEMS} files, nothing wrong");
    let quiet = Contestant::new(&name, move |_| check(&right, &["check"])).printing();
    Comparison {
        title: format!("{PROBLEMS} {words}"),
        contestants: vec![told("short"), quiet, told("human"), told("json"), told("sarif")],
        goal,
        most_memory: Some(MOST_MEMORY),
        rounds,
    }
}

fn files(folder: &Path, is_right: bool) {
    for number in 0..PROBLEMS {
        let within = folder.join(format!("app-{}", number / 5));
        fs::create_dir_all(&within).expect("a folder");
        let text = [lines(100), line(number, is_right), lines(100)].concat();
        fs::write(within.join(format!("config-{number}.yaml")), text).expect("a file");
    }
}

/// A line that is right, or one of two that are warned of: a name that nobody knows, or nearly an expression.
fn line(number: usize, is_right: bool) -> String {
    match (is_right, number % 2) {
        (true, 0) => format!("- secret_name: key-{}\n", number % SECRETS),
        (true, _) => format!("- token: \"Bearer {{secret:key-{}}}\"\n", number % SECRETS),
        (false, 0) => format!("- secret_name: kye-{}\n", number % SECRETS),
        (false, _) => format!("- token: \"Bearer $secrets.key_{number}\"\n"),
    }
}

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "- name: rule {number}\n  text: 'value of a service and its region'");
        text
    })
}

fn check(folder: &Path, words: &[&str]) -> Command {
    let mut command = redeem(words, &[]);
    // Who checks has no identity.
    command.current_dir(folder).env("HOME", folder.join("nobody"));
    command
}

/// A project with a vault and the files that `write` makes, unless it is there already.
fn made(root: &Path, name: &str, write: impl Fn(&Path)) -> PathBuf {
    let folder = root.join(name);
    let done = folder.join(".complete");
    if done.exists() {
        return folder;
    }
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("redeem.toml"), CONFIG).expect("a file");
    let run = |words: &[&str], value: String| {
        let mut command = redeem(words, &[]);
        command.current_dir(&folder).env("HOME", folder.join("owner")).stdin(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().expect("a run");
        child.stdin.take().expect("a pipe").write_all(value.as_bytes()).expect("a value");
        assert!(child.wait().is_ok_and(|status| status.success()), "{words:?}");
    };
    run(&["vault", "init", "--member", "ada"], String::new());
    for number in 0..SECRETS {
        let name = format!("key-{number}");
        run(&["-q", "secrets", "create", &name, "--expires-at", "2999-01-01"], format!("value {number}"));
    }
    write(&folder);
    fs::write(done, "").expect("a mark");
    folder
}
