//! `redeem secrets` as its users know it: Monte Carlo's and Kitaru's verbs, questions, and what no output holds.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::support::{Project, Run, terminal};

/// A project with a vault of `ada`'s.
pub(crate) fn vault(files: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    project.redeem("vault init --member ada").exits(0);
    project
}

impl Project {
    /// Runs the command with this on its standard input.
    pub(crate) fn piped(&self, line: &str, input: impl AsRef<[u8]>) -> Run {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A command that stops before it reads closes the pipe.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_ref());
        Run::of(child.wait_with_output().expect("it ends"))
    }

    /// Runs the command at a terminal, and answers each question that ends in `: ` or `] `, in order.
    pub(crate) fn asked(&self, line: &str, answers: &[&str]) -> (Run, String) {
        let (mut leader, other) = terminal();
        let mut command = self.command(line);
        command.stdin(other).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        drop(command);
        let mut stderr = child.stderr.take().expect("a pipe");
        let mut told = Vec::new();
        let mut answers = answers.iter();
        let mut byte = [0];
        while stderr.read(&mut byte).is_ok_and(|count| count == 1) {
            told.push(byte[0]);
            if told.ends_with(b": ") && is_question(&told) || told.ends_with(b"] ") {
                let answer = answers.next().expect("an answer");
                leader.write_all(answer.as_bytes()).expect("typed");
            }
        }
        let mut run = Run::of(child.wait_with_output().expect("it ends"));
        run.stderr = String::from_utf8(told).expect("UTF-8");
        // What the terminal has shown of what was typed.
        rustix::io::ioctl_fionbio(&leader, true).expect("not waiting");
        let mut shown = Vec::new();
        let _ = leader.read_to_end(&mut shown);
        (run, String::from_utf8_lossy(&shown).into_owned())
    }
}

/// Whether what was told ends in a question for a value. A terminal's line break is not among it.
fn is_question(told: &[u8]) -> bool {
    let told = String::from_utf8_lossy(told);
    let behind = told.rsplit_once("Value of ").map_or(" ", |(_, behind)| behind);
    let is_name = |name: &str| !name.contains([' ', '\n']);
    told.ends_with("The same again: ") || behind.strip_suffix(": ").is_some_and(is_name)
}

#[test]
fn monte_carlo_walks_through() {
    let project = vault(&[
        ("redeem.toml", "target = \"montecarlo\"\n"),
        ("notify.yaml", "pagerduty:\n  routing_key: '{secret:my_secret}'\n"),
    ]);
    let line = "secrets create --name my_secret --scope notifications --expires-at 2099-01-31";
    let (run, shown) = project.asked(line, &["R0UT1NG\n", "R0UT1NG\n"]);
    run.exits(0).says(&["secrets/my_secret.yaml: made, version 1, for ada"]);
    assert!(!shown.contains("R0UT1NG"), "{shown:?}");
    let told = project.redeem("secrets get --name my_secret").exits(0).stdout;
    for part in ["my_secret", "notifications", "2099-01-31", "public", "by ada"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("R0UT1NG"));
    assert_eq!(project.redeem("secrets get --name my_secret --reveal").exits(0).stdout, "R0UT1NG");
    let (run, _) = project.asked("secrets get my_secret --reveal", &[]);
    assert_eq!(run.stdout, "R0UT1NG", "a final newline is for terminals, and this is a pipe");
    project.redeem("render notify.yaml -o out.yaml").exits(0);
    assert_eq!(project.read("out.yaml"), "pagerduty:\n  routing_key: 'R0UT1NG'\n");
    project
        .piped("secrets create --name my_secret", "x")
        .exits(2)
        .says(&["a secret `my_secret` already", "redeem secrets set my_secret"]);
    project.redeem("secrets delete --name my_secret --yes").exits(0).says(&["deleted"]);
    project.redeem("secrets get --name my_secret").exits(2).says(&["no secret `my_secret`"]);
}

#[test]
fn a_question_is_asked_twice_and_its_slips_store_nothing() {
    let project = vault(&[]);
    for (answers, words) in [
        (&["one\n", "two\n"][..], "the two differ"),
        (&["\n"], "nothing was typed"),
        (&["\u{4}"], "nothing was typed"),
        (&["line 1\nline 2\n"], "more than one line"),
    ] {
        let (run, _) = project.asked("secrets create a", answers);
        run.exits(2).says(&[words]);
        assert!(!project.exists("secrets/a.yaml"));
    }
    // Longer than a terminal's line, and with a slip that is taken back.
    let long = "x".repeat(5000);
    let typed = format!("{long}ä\u{7f}\n");
    project.asked("secrets create a", &[&typed, &typed]).0.exits(0);
    assert_eq!(project.redeem("secrets get a --reveal").stdout, long);
    let (run, shown) = project.asked("secrets delete a", &["n\n"]);
    run.exits(0).says(&["nothing was deleted"]);
    assert!(project.exists("secrets/a.yaml") && shown.contains('n'));
    project.asked("secrets delete a", &["y\n"]).0.exits(0);
    assert!(!project.exists("secrets/a.yaml"));
}

#[test]
fn a_signal_at_the_question_gives_the_terminal_back() {
    use rustix::termios::{LocalModes, tcgetattr};
    let project = vault(&[]);
    let (_leader, other) = terminal();
    let mut command = project.command("secrets create a");
    command.stdin(other.try_clone().expect("a handle")).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut question = [0; 8];
    stderr.read_exact(&mut question).expect("a question");
    let echoes = || tcgetattr(&other).expect("modes").local_modes.contains(LocalModes::ECHO);
    assert!(!echoes());
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("a signal");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(echoes(), "what is typed is shown again");
}

#[test]
fn kitaru_walks_through() {
    let project = vault(&[]);
    project
        .redeem("secrets set openai-creds --OPENAI_API_KEY=sk-1 --OPENAI_ORG=org-1 --private")
        .exits(0)
        .says(&["shell's history", "secrets/openai-creds.yaml: made, version 1, for ada"]);
    // An update keeps the visibility, and the keys that it does not name.
    project.piped("secrets set openai-creds OPENAI_API_KEY=-", "sk-2\n").exits(0).says(&["version 2"]);
    let told = project.redeem("secrets show openai-creds").exits(0).stdout;
    assert!(
        told.contains("private") && told.contains("values.OPENAI_ORG") && !told.contains("org-1"),
        "{told}"
    );
    let told = project.redeem("secrets show openai-creds --show-values").exits(0).stdout;
    assert!(told.contains("sk-2") && told.contains("org-1") && !told.contains("sk-1"), "{told}");
    let reveal = |name: &str| project.redeem(&format!("secrets get {name} --reveal"));
    assert_eq!(reveal("openai-creds.OPENAI_ORG").exits(0).stdout, "org-1");
    reveal("openai-creds").exits(2).says(&["OPENAI_API_KEY"]);
    reveal("openai-creds.NOPE").exits(2).says(&["NOPE"]);
    let mut stranger = project.command("secrets show openai-creds --show-values");
    stranger.env("HOME", "/nonexistent");
    let run = Run::of(stranger.output().expect("it runs")).exits(0).says(&["can be read by: ada"]);
    assert_eq!(run.stdout.matches("unavailable").count(), 2, "{}", run.stdout);
    project.redeem("secrets list").exits(0).says(&["1 secret"]);
    project.redeem("secrets delete openai-creds.OPENAI_ORG --yes").exits(0);
    project.redeem("secrets delete openai-creds --yes").exits(0);
    assert_eq!(project.redeem("secrets list").exits(0).stdout, "");
}

#[test]
fn keys_are_asked_for_and_kept_apart_from_options() {
    let project = vault(&[]);
    let (run, shown) = project.asked("secrets set b --A --private --B", &["1\n", "1\n", "2\n", "2\n"]);
    run.exits(0);
    assert_eq!(shown.matches(['1', '2']).count(), 0, "{shown:?}");
    let told: serde_json::Value =
        serde_json::from_str(&project.redeem("secrets show b --show-values --json").stdout).expect("JSON");
    assert_eq!(told["values"], serde_json::json!({ "A": "1", "B": "2" }));
    assert_eq!(told["visibility"], "private");
    for (line, words) in [
        ("secrets set b hunter2", "--KEY=VALUE"),
        ("secrets set b A=- B=-", "one key only"),
        ("secrets set b --A=1 --A=2", "twice"),
        ("secrets set b --a/b=hunter2", "no key"),
        ("secrets create c hunter2", "never an argument"),
        ("secrets get b hunter2", "never an argument"),
        ("secrets set b.A --B=hunter2", "one or the other"),
    ] {
        let run = project.redeem(line).exits(2);
        assert!(run.stderr.contains(words) && !run.stderr.contains("hunter2"), "{line}: {}", run.stderr);
    }
    // One value and several are two kinds of secrets.
    project.piped("secrets set b", "x").exits(2);
}

#[test]
fn line_ends_go_as_the_source_of_a_value_has_it() {
    let project = vault(&[("file", "exact\n")]);
    for (line, input, expected) in [
        ("secrets create a", "v\n", "v"),
        ("secrets create b", "v\r\n", "v"),
        ("secrets create c", "v\n\n", "v\n"),
        ("secrets create d --raw", "v\n", "v\n"),
        ("secrets create e --from-file file", "ignored", "exact\n"),
    ] {
        project.piped(line, input).exits(0);
        let name = line.split(' ').nth(2).expect("a name");
        assert_eq!(
            project.redeem(&format!("secrets get {name} --reveal")).exits(0).stdout,
            expected,
            "{line}"
        );
    }
    project.piped("secrets create g", b"\xff\xfe".as_slice()).exits(2).says(&["no UTF-8 text", "base64"]);
}

#[test]
fn an_empty_pipe_wipes_no_value() {
    let project = vault(&[("empty", "")]);
    project.piped("secrets create a", "v1").exits(0);
    project.piped("secrets set a --description x", "").exits(0);
    let got = project.redeem("secrets get a --reveal").exits(0);
    assert_eq!(got.stdout, "v1");
    for line in ["secrets set a", "secrets rotate a", "secrets create b", "secrets set a K=-"] {
        project.piped(line, "").exits(2).says(&["no value", "--from-file"]);
        project.piped(line, "\n").exits(2).says(&["no value"]);
    }
    project.redeem("secrets set a --from-file empty").exits(0);
    assert_eq!(project.redeem("secrets get a --reveal").exits(0).stdout, "");
}

#[test]
fn an_argument_that_is_wrong_is_told_without_what_may_be_a_value() {
    let project = vault(&[]);
    for flag in ["quiet", "private", "raw", "json", "length", "color", "version"] {
        let run = project.redeem(&format!("secrets set a --{flag}=c4n4ry"));
        assert!(!run.stderr.contains("c4n4ry") && !run.stdout.contains("c4n4ry"), "{flag}: {}", run.stderr);
    }
}

#[test]
fn a_vaults_own_files_are_neither_written_over_nor_taken_apart() {
    let project = vault(&[]);
    project.piped("secrets create a", "v1").exits(0);
    let before = std::fs::read(project.path("secrets/a.yaml")).expect("a file");
    for line in [
        "secrets export a --format json -o secrets/vault.toml",
        "secrets export a --format json -o secrets/a.yaml",
        "secrets create b --extract secrets/a.yaml:value",
    ] {
        project.redeem(line).exits(2).says(&["in a vault's folder"]);
    }
    assert_eq!(std::fs::read(project.path("secrets/a.yaml")).expect("a file"), before);
    assert!(project.redeem("secrets export a --format json -o -").exits(0).stdout.contains("v1"));
}

#[test]
fn what_stands_beside_a_value_is_set_alone_and_with_it() {
    let project = vault(&[]);
    let line =
        "secrets create a --description x --metadata owner=ada --metadata env=prod --expires-at 2099-01-31";
    project.piped(line, "v").exits(0);
    project.piped("secrets set a --scope notifications --expires-at never --metadata env=test", "v").exits(0);
    let told: serde_json::Value =
        serde_json::from_str(&project.redeem("secrets get a --json").exits(0).stdout).expect("JSON");
    assert_eq!((&told["scope"], &told["description"]), (&"notifications".into(), &"x".into()));
    assert_eq!(told["metadata"], serde_json::json!({ "env": "test", "owner": "ada" }));
    assert_eq!((&told["expires_at"], &told["expired"]), (&serde_json::Value::Null, &false.into()));
    assert!(told.get("value").is_none());
    for (line, words) in [
        ("secrets create b --expires-at tomorrow", "no date"),
        ("secrets create b --metadata x", "KEY=VALUE"),
        ("secrets create a/b", "a/b"),
        ("secrets create A", "case"),
    ] {
        project.piped(line, "v").exits(2).says(&[words]);
    }
    project.piped("secrets create old --expires-at 2020-01-01", "v").exits(0);
    assert!(project.redeem("secrets list").exits(0).stdout.contains("2020-01-01 (expired)"));
    project.redeem("secrets get old --reveal").exits(0).says(&["has expired"]);
    assert!(!project.redeem("secrets list --scope notifications").stdout.contains("old"));
}

#[test]
fn values_are_made_up_rotated_and_renamed() {
    let project = vault(&[]);
    project.redeem("secrets create a --generate=hex --length 12").exits(0);
    let first = project.redeem("secrets get a --reveal").stdout;
    assert!(first.len() == 12 && first.chars().all(|c| c.is_ascii_hexdigit()));
    project.redeem("secrets rotate a --generate --grace 7d").exits(0).says(&["version 2"]);
    let second = project.redeem("secrets get a --reveal").stdout;
    assert!(second.len() == 32 && second != first);
    assert!(project.redeem("secrets get a").stdout.contains("kept until"));
    project.redeem("secrets create k --generate=age").exits(0).says(&["its public half: age1"]);
    project.redeem("secrets create n --generate=nope").exits(2).says(&["`nope` is not a kind"]);
    project.redeem("secrets create n --length 3").exits(2);
    project.redeem("secrets rename a b").exits(0).says(&["renamed from a"]);
    assert_eq!(project.redeem("secrets get b --reveal").stdout, second);
    project.redeem("secrets rename --name b k").exits(2).says(&["`k` already"]);
    project.redeem("secrets rotate nope --generate").exits(2).says(&["no secret `nope`"]);
}

#[test]
fn case_39_only_set_takes_a_value_as_an_argument_and_warns_each_time() {
    let project = vault(&[]);
    project.redeem("secrets set a --K=c4n4ry").exits(0).says(&["shell's history", "list of processes"]);
    project.redeem("secrets set a --K=c4n4ry").exits(0).says(&["shell's history"]);
    let run = project.piped("secrets set a K=-", "c4n4ry");
    assert!(!run.exits(0).stderr.contains("history"));
    for line in [
        "secrets create b --value=c4n4ry",
        "secrets create b --value c4n4ry",
        "secrets create b c4n4ry",
        "secrets create b K=c4n4ry",
        "secrets create b --K=c4n4ry",
        "secrets rotate a.K c4n4ry",
        "secrets rotate a.K --K=c4n4ry",
        "secrets set b c4n4ry",
    ] {
        let run = project.redeem(line).exits(2);
        assert!(!project.exists("secrets/b.yaml"), "{line}");
        let is_quoted = run.stderr.contains("c4n4ry") || run.stdout.contains("c4n4ry");
        assert!(!is_quoted, "{line}: {}", run.stderr);
    }
}

#[test]
fn no_verb_shows_a_value_that_was_not_asked_for() {
    let project = vault(&[("in.json", "{\"i\": \"c4n4ry-3\", \"j\": {\"K\": \"c4n4ry-4\"}}")]);
    let project = project.secret("RUST_BACKTRACE", "full");
    project.piped("secrets create a --scope x --metadata k=v", "c4n4ry-1").exits(0);
    project.piped("secrets set b K=-", "c4n4ry-2").exits(0);
    for line in [
        "secrets import in.json",
        "secrets import in.json",
        "secrets import in.json --overwrite --json -v",
        "secrets get a",
        "secrets get a --json",
        "secrets get b.K",
        "secrets get b --reveal",
        "secrets get b.NOPE --reveal",
        "secrets show b",
        "secrets show b --json",
        "secrets list",
        "secrets list --json",
        "secrets history a",
        "secrets rotate a --generate --grace 1d",
        "secrets rename a c",
        "secrets edit c",
        "secrets export -o out.env",
        "secrets export -o out.sops.yaml --json",
        "secrets export --format sops",
        "secrets export --format dotenv --bundle x",
        "secrets delete b --yes",
        "secrets delete b --yes",
        "vault verify",
        "vault verify --json",
        "vault members --json",
        "vault rekey",
        "vault rekey --json",
    ] {
        let run = project.redeem(line);
        assert!(run.code.is_some_and(|code| code < 100), "{line}: {:?}", run.code);
        let is_asked = line.contains("--format dotenv");
        assert!(is_asked || !run.stdout.contains("c4n4ry"), "{line}:\n{}", run.stdout);
        assert!(!run.stderr.contains("c4n4ry"), "{line}:\n{}", run.stderr);
    }
    for path in project.tree("") {
        let is_plain = ["in.json", "out.env"].contains(&path.as_str());
        if project.path(&path).is_file() && !is_plain {
            assert!(!project.read(&path).contains("c4n4ry"), "{path}");
        }
    }
}

#[test]
fn without_a_vault_the_way_to_one_is_told() {
    let project = Project::new(&[]);
    for line in ["secrets list", "secrets create a", "vault members", "vault verify"] {
        project.redeem(line).exits(2).says(&["no vault", "redeem vault init"]);
    }
    project.write("redeem.toml", "[[backend]]\nname = 'team'\ntype = 'vault'\npath = 'vault'\n\n[[backend]]\nname = 'shell'\ntype = 'env'\n");
    project.redeem("secrets list --backend tean").exits(2).says(&["no backend is called `tean`", "`team`"]);
    project.redeem("secrets list --backend shell").exits(2).says(&["type `env`"]);
    project.redeem("vault init vault --member ada").exits(0);
    project.piped("secrets create a", "v").exits(0).says(&["vault/a.yaml"]);
    project.redeem("vault init vault").exits(2).says(&["is a vault already"]);
}
