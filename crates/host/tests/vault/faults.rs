//! What a vault holds when its writer is killed at any call, and when many write at once.
//!
//! `REDEEM_FAULTS=full` tries every system call; without it a sample is tried.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use redeem_host::vault::{Draft, FindingKind, Visibility};

use crate::support::{Person, Place, bundle, found, held, kinds, value};

/// The example that changes a vault; `cargo test` builds it beside the tests.
fn writer() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let writer = deps.parent().unwrap().parent().unwrap().join("examples/vault_writer");
    assert!(writer.exists(), "run `cargo build --example vault_writer` first, or all tests together");
    writer
}

fn have(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{tool} has to be installed in CI");
    if !found {
        eprintln!("LEFT OUT: {tool} is not installed");
    }
    found
}

fn full() -> bool {
    std::env::var_os("REDEEM_FAULTS").is_some_and(|value| value == "full")
}

fn command(place: &Place, words: &[&str]) -> Command {
    let mut command = Command::new(writer());
    command.arg(place.secrets()).arg(&place.ada.file).args(words).env_remove("LD_LIBRARY_PATH");
    command
}

fn done(place: &Place, words: &[&str]) {
    let output = command(place, words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// Runs the writer under strace; gives what strace saw too.
fn traced(place: &Place, words: &[&str], options: &[&str]) -> (Output, String) {
    let log = place.base().join("strace.log");
    let output = Command::new("strace")
        .args(["-f", "-o", log.to_str().unwrap()])
        .args(options)
        .arg(writer())
        .arg(place.secrets())
        .arg(&place.ada.file)
        .args(words)
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    (output, fs::read_to_string(&log).unwrap_or_default())
}

/// Calls that change something, and those around them.
const CALLS: &str = "openat mkdirat write fchmod fsync renameat unlink unlinkat flock";

/// Everything that a vault holds, as text.
fn state(place: &Place) -> Vec<String> {
    let vault = place.of_ada();
    let names = vault.list().unwrap();
    assert!(names.problems.is_empty(), "{:?}", names.problems);
    let one = |name: &str| format!("{name}: {}", held(&vault, name).join(" "));
    names.secrets.iter().map(|secret| one(&secret.name)).collect()
}

/// One way to change a vault, with a vault before it and what is checked behind it.
struct Scene {
    words: Vec<String>,
    place: Place,
    eve: Person,
}

impl Scene {
    fn new(name: &str) -> Self {
        let place = Place::new();
        let vault = place.of_ada();
        vault.create_secret("one", Draft::of(bundle(&[("KEY", "old"), ("OTHER", "kept")]))).unwrap();
        for name in ["two", "three"] {
            vault.create_secret(name, value(name)).unwrap();
        }
        let private = Draft { visibility: Some(Visibility::Private), ..value("mine") };
        vault.create_secret("private", private).unwrap();
        let eve = Person::new(place.base(), "eve");
        let words = match name {
            "set" => vec!["set", "one", "KEY", "new"],
            "create" => vec!["set", "four", "KEY", "new"],
            "rename" => vec!["rename", "one", "uno"],
            "delete" => vec!["delete", "one"],
            "grant" => vec!["grant", "eve", &eve.recipient],
            "revoke" => vec!["revoke", "bob"],
            _ => vec!["rekey"],
        };
        Self { words: words.into_iter().map(str::to_owned).collect(), place, eve }
    }

    fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// The states that may be found, the old one first.
    fn states(&self) -> [Vec<String>; 2] {
        let old: Vec<String> = ["one: KEY=old OTHER=kept", "private: mine", "three: three", "two: two"]
            .map(str::to_owned)
            .into();
        let mut new = old.clone();
        match &*self.words[0] {
            "set" if self.words[1] == "one" => "one: KEY=new OTHER=kept".clone_into(&mut new[0]),
            "set" => new.insert(0, "four: KEY=new".to_owned()),
            "rename" => {
                new.remove(0);
                new.push("uno: KEY=old OTHER=kept".to_owned());
            }
            "delete" => drop(new.remove(0)),
            _ => {}
        }
        [old, new]
    }

    /// Checks that all is old or new, that what is half done is told, and that a second run completes it.
    fn check(&self, log: &str) {
        let found_state = state(&self.place);
        let [old, new] = self.states();
        assert!(found_state == old || found_state == new, "{found_state:?}\n{log}");
        let half_done = [FindingKind::Recipients, FindingKind::UnknownRecipient, FindingKind::Unfinished];
        let told = found(&self.place.of_ada());
        assert!(told.iter().all(|one| half_done.contains(&one.kind)), "{told:?}\n{log}");
        let again = command(&self.place, &self.words()).output().unwrap();
        let told = String::from_utf8_lossy(&again.stderr).into_owned();
        let was_done = ["there is no secret `one`", "no member is called `bob`"];
        assert!(again.status.success() || was_done.iter().any(|one| told.contains(one)), "{told}\n{log}");
        assert_eq!(state(&self.place), new, "{log}");
        assert!(kinds(&self.place.of_ada()).is_empty(), "{:?}\n{log}", found(&self.place.of_ada()));
        match &*self.words[0] {
            "grant" => assert_eq!(held(&self.place.of(&self.eve), "two"), ["two"]),
            "revoke" => assert!(self.place.of(&self.place.bob).get("two").is_err()),
            _ => {}
        }
        // A run that finds nothing to do writes nothing and sweeps nothing.
        self.place.of_ada().create_secret("last", value("x")).unwrap();
        assert_eq!(strangers(&self.place.secrets()), Vec::<String>::new(), "{log}");
    }
}

/// What is in the folder and is none of the vault's.
fn strangers(folder: &Path) -> Vec<String> {
    let names = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name != "vault.toml" && Path::new(name).extension().is_none_or(|end| end != "yaml"))
        .collect()
}

#[test]
fn case_31_killed_at_each_call_a_vault_holds_the_old_or_the_new() {
    if !have("strace") {
        return;
    }
    let step = if full() { 1 } else { 7 };
    let mut killed = 0;
    for (number, name) in ["set", "create", "rename", "delete", "grant", "revoke", "rekey"].iter().enumerate()
    {
        for (other, call) in CALLS.split(' ').enumerate() {
            let start = if full() { 1 } else { 1 + (number * 5 + other * 3) % step };
            for when in (start..).step_by(step) {
                let scene = Scene::new(name);
                let inject = format!("inject={call}:signal=KILL:when={when}");
                let trace = format!("trace={call}");
                let (output, log) = traced(&scene.place, &scene.words(), &["-e", &trace, "-e", &inject]);
                let log = format!("{name}, {call} {when}\n{log}");
                if output.status.success() {
                    assert_eq!(state(&scene.place), scene.states()[1], "{log}");
                    break;
                }
                killed += 1;
                scene.check(&log);
            }
        }
    }
    eprintln!("killed at {killed} calls");
    assert!(killed * step > 200, "only {killed} were killed");
}

#[test]
fn case_31_killed_at_each_change_a_vault_holds_the_old_or_the_new() {
    if !have("strace") {
        return;
    }
    // Few enough to try them all.
    for name in ["rename", "grant", "revoke", "rekey", "delete"] {
        for call in ["renameat", "unlink"] {
            for when in 1.. {
                let scene = Scene::new(name);
                let (trace, inject) =
                    (format!("trace={call}"), format!("inject={call}:signal=KILL:when={when}"));
                let (output, log) = traced(&scene.place, &scene.words(), &["-e", &trace, "-e", &inject]);
                if output.status.success() {
                    break;
                }
                scene.check(&format!("{name}, {call} {when}\n{log}"));
            }
        }
    }
}

#[test]
fn case_31_a_rename_that_stopped_is_ended_by_whoever_writes_next() {
    if !have("strace") {
        return;
    }
    // The first rename notes the new name in the old file, the second puts the new file in place; then the old one goes.
    for (call, when, is_new) in [("renameat", 2, false), ("unlink", 1, true)] {
        for next in [&["set", "uno", "KEY", "next"][..], &["set", "one", "KEY", "next"], &["rekey"]] {
            let scene = Scene::new("rename");
            let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={when}"));
            let (output, log) = traced(&scene.place, &scene.words(), &["-e", &trace, "-e", &inject]);
            assert!(!output.status.success(), "{log}");
            assert_eq!(state(&scene.place), scene.states()[usize::from(is_new)], "{log}");
            assert_eq!(kinds(&scene.place.of_ada()), [FindingKind::Unfinished]);
            let vault = scene.place.of_ada();
            assert_eq!(vault.get("one").unwrap().is_none(), is_new);
            assert_eq!(vault.get("uno").unwrap().is_some(), is_new);
            done(&scene.place, next);
            let is_there = |name: &str| scene.place.path(name).exists();
            match (next[0], next.get(1)) {
                ("set", Some(&"uno")) => assert_eq!((is_there("one"), is_there("uno")), (!is_new, true)),
                // The old name is free again for another secret.
                ("set", _) => assert_eq!((is_there("one"), is_there("uno")), (true, is_new)),
                _ => assert_eq!((is_there("one"), is_there("uno")), (!is_new, is_new)),
            }
            let told = kinds(&scene.place.of_ada());
            assert!(told.is_empty() || next == ["set", "uno", "KEY", "next"] && !is_new, "{told:?} {next:?}");
        }
    }
}

#[test]
fn case_31_killed_at_any_time() {
    let scene = Scene::new("rekey");
    let mut killed = 0;
    let mut seed = 12345_u64;
    for round in 0..60 {
        let key = round.to_string();
        let words = match round % 3 {
            0 => vec!["rekey"],
            1 => vec!["set", "one", "KEY", &key],
            _ => vec!["grant", "eve", &scene.eve.recipient],
        };
        let mut child =
            command(&scene.place, &words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_micros((seed >> 33) % 20_000));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let found = state(&scene.place);
        assert_eq!(found[1..], scene.states()[0][1..]);
    }
    assert!(killed > 5, "only {killed} were killed in time");
    done(&scene.place, &["grant", "eve", &scene.eve.recipient]);
    done(&scene.place, &["rekey"]);
    assert!(kinds(&scene.place.of_ada()).is_empty());
    assert_eq!(strangers(&scene.place.secrets()), Vec::<String>::new());
}

#[test]
fn case_32_eight_writers_at_once_lose_no_update() {
    const ROUNDS: u64 = 12;
    let place = Place::new();
    done(&place, &["set", "shared", "START", "0"]);
    let start = |words: &[&str]| -> Child { command(&place, words).stderr(Stdio::piped()).spawn().unwrap() };
    let children: Vec<Child> = (0..8)
        .flat_map(|number| {
            let (key, own) = (format!("KEY_{number}"), format!("own-{number}"));
            [["count", "shared", &*key], ["count", &*own, "KEY"]]
                .map(|words| start(&[words[0], words[1], words[2], &ROUNDS.to_string()]))
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let vault = place.of_ada();
    let version = |name: &str| vault.summary(name).unwrap().unwrap().version;
    assert_eq!(version("shared"), 1 + 8 * ROUNDS);
    let values: BTreeSet<String> = held(&vault, "shared").into_iter().collect();
    let mut expected: BTreeSet<String> = (0..8).map(|number| format!("KEY_{number}={ROUNDS}")).collect();
    expected.insert("START=0".to_owned());
    assert_eq!(values, expected);
    for number in 0..8 {
        assert_eq!(version(&format!("own-{number}")), ROUNDS);
    }
    assert!(kinds(&vault).is_empty());
}

#[test]
fn only_the_files_that_are_asked_for_are_opened() {
    if !have("strace") {
        return;
    }
    let place = Place::new();
    let vault = place.of_ada();
    vault.create_secret("creds", Draft::of(bundle(&[("A", "1"), ("B", "2")]))).unwrap();
    vault.create_secret("plain", value("x")).unwrap();
    for number in 0..2000 {
        fs::write(place.path(&format!("other-{number}")), "not even YAML: [").unwrap();
    }
    let options = ["-y", "-e", "trace=openat,open,getdents64"];
    let (output, log) = traced(&place, &["fetch", "creds.A", "plain", "creds.B"], &options);
    assert!(output.status.success(), "{output:?}");
    let opened: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("/secrets") && !line.contains("ENOENT"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    let mut names: Vec<&str> = opened.iter().filter_map(|path| path.rsplit('/').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["creds.yaml", "plain.yaml", "vault.toml"], "each once: {log}");
    assert!(
        !log.contains("getdents64")
            || !log.lines().any(|line| line.contains("getdents") && line.contains("secrets"))
    );
}
