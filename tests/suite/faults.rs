//! What happens when a render is killed, the disk is full, or the folder is closed: old or new, whole.

use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Project, Run};

/// How many files the sets of these tests have.
const FILES: usize = 12;

/// How many lines each of them has.
const LINES: usize = 60;

/// A source of some files whose outputs tell by their content which value they were rendered with.
fn project() -> Project {
    fill(Project::new(&[]))
}

fn fill(project: Project) -> Project {
    for number in 0..FILES {
        project.write(&format!("src/d{}/f{number}.yaml", number % 5), "a: ${secret.x}\n".repeat(LINES));
    }
    project
}

/// Asserts that each output is wholly of one of `values`, and says which values there are.
#[track_caller]
fn whole(project: &Project, values: &[&str]) -> Vec<String> {
    let mut seen = Vec::new();
    for number in 0..FILES {
        let text = project.read(&format!("out/d{}/f{number}.yaml", number % 5));
        let value = values.iter().find(|value| text == format!("a: {value}\n").repeat(LINES));
        let value = value.unwrap_or_else(|| panic!("f{number}.yaml is of no version, {} bytes", text.len()));
        seen.push((*value).to_owned());
    }
    seen.sort();
    seen.dedup();
    seen
}

fn leftovers(project: &Project) -> Vec<String> {
    project.tree("").into_iter().filter(|path| path.contains(".redeem-")).collect()
}

#[test]
fn case_06_killed_500_times_leaves_each_file_old_or_new() {
    let project = fill(Project::in_memory());
    let start = Instant::now();
    let render = |value: &str| {
        let mut command = project.command("render src -o out");
        command.env("X", value).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(render("v0").status().expect("a run").success());
    // A slow machine makes the first run long; the steps of interest are near the start of a run all the same.
    let whole_run = start.elapsed().min(Duration::from_millis(60));
    let mut killed = 0_u32;
    let mut value = String::from("v0");
    for round in 1_u32..=500 {
        let next = format!("v{round}");
        let mut child = render(&next).spawn().expect("a child");
        // The delays go over the length of a run again and again, in steps that never repeat.
        std::thread::sleep(whole_run.mul_f64(f64::from(round * 37 % 101) / 80.0));
        // A run that has ended already cannot be killed.
        let _ = child.kill();
        if !child.wait().expect("an end").success() {
            killed += 1;
        }
        let seen = whole(&project, &[&value, &next]);
        if seen != std::slice::from_ref(&next) {
            // Some are old: the next run mends the set.
            assert!(render(&next).status().expect("a run").success());
            assert_eq!(whole(&project, &[&next]), std::slice::from_ref(&next));
            assert_eq!(leftovers(&project), Vec::<String>::new(), "the next start sweeps");
        }
        value = next;
    }
    assert!(killed >= 100, "only {killed} of 500 runs were killed in time");
}

#[test]
fn case_09_a_signal_leaves_nothing_behind() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM, rustix::process::Signal::HUP]
    {
        let project = Project::new(&[("src/a.yaml", "k: 1\n")]);
        // The second file is a pipe nobody writes to, so the run waits with the first one staged.
        let fifo = project.path("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        let mut child =
            project.command("render src/a.yaml pipe -o out").stderr(Stdio::null()).spawn().expect("a child");
        let deadline = Instant::now() + Duration::from_secs(10);
        while leftovers(&project).is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!leftovers(&project).is_empty(), "nothing was staged");
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, signal).expect("a signal");
        assert_eq!(child.wait().expect("an end").code(), Some(130));
        assert_eq!(leftovers(&project), Vec::<String>::new());
        assert!(!project.exists("out"));
    }
}

#[test]
fn case_12_an_output_folder_without_permission_keeps_what_it_has() {
    let project = project();
    let project = project.secret("X", "old");
    project.redeem("render src -o out").exits(0);
    for path in project.tree("").iter().map(String::as_str).chain([""]) {
        if project.path(path).is_dir() {
            project.chmod(path, 0o755);
        } else {
            project.chmod(path, 0o644);
        }
    }
    for path in ["out", "out/d0", "out/d1", "out/d2", "out/d3", "out/d4"] {
        project.chmod(path, 0o555);
    }
    let mut command = project.command("render src -o out");
    command.env("X", "new");
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    Run::of(command.output().expect("a run")).exits(6).says(&["out", "nothing was written"]);
    assert_eq!(whole(&project, &["old"]), ["old"]);
    assert_eq!(leftovers(&project), Vec::<String>::new());
    for path in ["out", "out/d0", "out/d1", "out/d2", "out/d3", "out/d4"] {
        project.chmod(path, 0o755);
    }
}

#[test]
fn case_07_a_file_that_cannot_grow_keeps_the_old_set() {
    // A limit on the size of files stands in for a full disk, which only root can make; see `make interop`.
    let project = project().secret("X", "old");
    project.redeem("render src -o out").exits(0);
    let line = format!("ulimit -f 1; trap '' XFSZ; exec {} render src -o out", env!("CARGO_BIN_EXE_redeem"));
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &line]).current_dir(project.path("")).env_clear().env("X", "new-and-longer");
    command.env("HOME", project.path("home")).env("PATH", "/usr/bin:/bin");
    Run::of(command.output().expect("a run")).exits(6).says(&["nothing was written"]);
    assert_eq!(whole(&project, &["old"]), ["old"]);
    assert_eq!(leftovers(&project), Vec::<String>::new());
}

#[test]
fn case_10_two_renders_at_once_both_leave_whole_files() {
    let project = project();
    for round in 0..10 {
        let spawn = |value: String| {
            let mut command = project.command("render src -o out");
            command.env("X", value).stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("a child")
        };
        let (one, two) = (format!("one{round}"), format!("two{round}"));
        for child in [spawn(one.clone()), spawn(two.clone())] {
            let end = child.wait_with_output().expect("an end");
            assert!(end.status.success(), "{}", String::from_utf8_lossy(&end.stderr));
        }
        whole(&project, &[&one, &two]);
    }
    assert_eq!(leftovers(&project), Vec::<String>::new());
}

#[test]
fn case_13_a_backend_that_fails_for_one_changes_nothing() {
    let project = project().secret("X", "old");
    project.redeem("render src -o out").exits(0);
    project.write("src/last.yaml", "k: ${secret.bundle}\n");
    std::fs::create_dir_all(project.path("secrets/bundle")).expect("a folder");
    project.write("secrets/bundle/A", "1");
    project.write("secrets/bundle/B", "2");
    project.write("secrets/x", "new");
    project.write("redeem.toml", "[[backend]]\nname = 'f'\ntype = 'files'\npath = 'secrets'\n");
    project.redeem("render src -o out").exits(3).says(&[
        "bundle-without-key",
        "bundle.KEY",
        "A, B",
        "nothing was written",
    ]);
    assert_eq!(whole(&project, &["old"]), ["old"]);
}
