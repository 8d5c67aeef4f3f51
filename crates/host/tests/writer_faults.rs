//! What a set of outputs leaves behind when its process is killed, its calls fail, or its place is hostile.
//!
//! `REDEEM_FAULTS=full` tries every system call; without it a sample is tried.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests, which say what they skip")]
#![expect(clippy::disallowed_methods, reason = "tests put files in place")]

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

#[path = "writer/harness.rs"]
mod harness;

use harness::{all, content, full, have, inject, is_root, left_behind, run, versions, writer};
use redeem_host::write::{ModeRule, Outputs, Prepared, WriteError};
use tempfile::TempDir;

/// Few enough that each file is synced alone, and enough that the file system is.
const SIZES: [usize; 2] = [7, 18];

#[test]
fn case_05_and_08_private_from_the_first_byte_and_synced_in_order() {
    if !have("strace") {
        return;
    }
    for count in SIZES {
        let dir = TempDir::new().unwrap();
        let root = dir.path().join("out");
        for version in ["old", "new"] {
            let log = dir.path().join("log");
            let script = "umask 000; exec strace -f -y -o \"$0\" -e trace=openat,mkdirat,fchmod,write,fsync,syncfs,renameat \"$@\"";
            let status = Command::new("sh")
                .args(["-c", script])
                .arg(&log)
                .arg(writer())
                .arg(&root)
                .args([&count.to_string(), version])
                .output()
                .unwrap();
            assert!(status.status.success(), "{status:?}");
            assert_eq!(versions(&root, count, &[version]), all(version, count));
            check_order(&fs::read_to_string(&log).unwrap(), count);
        }
    }
}

/// Checks one run's system calls: modes of what is created, and a sync between each write and each rename.
fn check_order(log: &str, count: usize) {
    let calls: Vec<&str> =
        log.lines().filter_map(|line| line.split_once(' ').map(|(_, call)| call.trim())).collect();
    let start = calls.iter().position(|call| call.starts_with("mkdirat(")).unwrap();
    let (mut unsynced, mut moved, mut created) = (Vec::new(), Vec::new(), 0);
    for call in &calls[start..] {
        let path = |call: &str| {
            call.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0.to_owned()
        };
        if call.starts_with("openat(") && call.contains("O_CREAT") {
            created += 1;
            assert!(
                call.contains("O_EXCL")
                    && call.contains("O_NOFOLLOW")
                    && call.contains("O_CLOEXEC")
                    && call.contains(", 0600)"),
                "{call}"
            );
        } else if call.starts_with("mkdirat(") {
            assert!(call.contains(", 0700)"), "{call}");
        } else if call.starts_with("fchmod(") {
            assert!(call.contains(", 0600)"), "{call}");
        } else if call.starts_with("write(") && call.contains(".redeem-") {
            unsynced.push(path(call));
        } else if call.starts_with("fsync(") {
            unsynced.retain(|one| *one != path(call));
            moved.retain(|one| *one != path(call));
        } else if call.starts_with("syncfs(") {
            unsynced.clear();
            moved.clear();
        } else if call.starts_with("renameat(") {
            assert_eq!(unsynced, Vec::<String>::new(), "renamed before it was synced: {call}");
            moved.push(path(call.split_once(", ").unwrap().1.split_once(", ").unwrap().1));
        }
    }
    assert_eq!(created, count, "{log}");
    assert_eq!(moved, Vec::<String>::new(), "folders not synced after renames");
}

#[test]
fn case_06_killed_at_any_time() {
    let mut delays = Delays(12345);
    for count in SIZES {
        let dir = TempDir::new().unwrap();
        let root = dir.path().join("out");
        assert!(run(writer(), &[], &root, count, "0").status.success());
        let mut killed = 0;
        for round in 1..=150 {
            let version = round.to_string();
            let before = versions(&root, count, &known(round));
            let mut child = Command::new(writer())
                .arg(&root)
                .args([&count.to_string(), &version])
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            thread::sleep(delays.next());
            child.kill().unwrap();
            killed += usize::from(!child.wait().unwrap().success());
            let names: Vec<String> = (0..=round).map(|one: usize| one.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let after = versions(&root, count, &names);
            assert!(
                before.iter().zip(&after).all(|(before, after)| after == before || *after == version),
                "{before:?} {after:?}"
            );
        }
        assert!(killed > 30, "only {killed} were killed in time");
        assert!(run(writer(), &[], &root, count, "end").status.success());
        assert_eq!(versions(&root, count, &["end"]), all("end", count));
        assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new());
    }
}

/// Waits of up to 8 ms, the same in each run.
struct Delays(u64);

impl Delays {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros((self.0 >> 33) % 8000)
    }
}

fn known(round: usize) -> Vec<&'static str> {
    (0..round).map(|one| &*one.to_string().leak()).collect()
}

#[test]
fn case_06_killed_at_each_call() {
    if !have("strace") {
        return;
    }
    let calls = "openat mkdirat write fchmod fsync syncfs renameat unlinkat flock newfstatat fstat statx getdents64 close";
    let step = if full() { 1 } else { 12 };
    let mut killed = 0;
    // strace counts the calls of each kind for itself.
    for (number, call) in calls.split(' ').enumerate() {
        for count in SIZES {
            for fresh in [true, false] {
                let start = if full() { 1 } else { 1 + number % 3 };
                killed +=
                    (start..).step_by(step).take_while(|when| kill_once(count, fresh, call, *when)).count();
            }
        }
    }
    eprintln!("killed at {killed} calls");
    assert!(killed * step > 500);
}

/// One run that is killed at a call; false when the run ended before.
fn kill_once(count: usize, fresh: bool, call: &str, when: usize) -> bool {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out/put");
    if !fresh {
        assert!(run(writer(), &[], &root, count, "old").status.success());
    }
    let (output, log) = inject(dir.path(), &root, count, "new", call, &format!("signal=KILL:when={when}"));
    let found = versions(&root, count, &["old", "new"]);
    if output.status.success() {
        assert_eq!(found, all("new", count));
        return false;
    }
    if fresh {
        assert!(found == all("-", count) || found == all("new", count), "{found:?}\n{log}");
    } else {
        assert!(!found.contains(&"-".to_owned()), "{found:?}\n{log}");
    }
    assert!(run(writer(), &[], &root, count, "next").status.success());
    assert_eq!(versions(&root, count, &["next"]), all("next", count));
    assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new(), "{log}");
    true
}

#[test]
fn case_07_calls_that_fail() {
    if !have("strace") {
        return;
    }
    let table: [(&str, &[&str]); 9] = [
        ("write", &["ENOSPC", "EIO", "EDQUOT", "EROFS"]),
        ("fsync,syncfs", &["EIO", "ENOSPC"]),
        ("renameat", &["EIO", "ENOSPC", "EROFS", "EXDEV", "EACCES", "EBUSY"]),
        ("openat", &["ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE"]),
        ("mkdirat", &["ENOSPC", "EIO", "EDQUOT", "EROFS"]),
        ("fchmod", &["EIO", "EROFS", "EPERM"]),
        ("unlinkat", &["EIO", "EACCES"]),
        ("newfstatat,fstat,statx", &["EIO", "ENOSYS"]),
        ("flock,getdents64,getrandom,faccessat2", &["EIO", "ENOSYS", "ENOLCK"]),
    ];
    for (calls, errors) in table {
        for error in errors.iter().take(if full() { errors.len() } else { 2 }) {
            for count in SIZES {
                let all = [(true, false), (false, true), (false, false), (true, true)];
                for (fresh, lasting) in all.into_iter().take(if full() { 4 } else { 2 }) {
                    let step = if full() { 1 } else { 29 };
                    let start = if full() { 1 } else { 1 + count / 3 };
                    for when in (start..).step_by(step) {
                        let what = format!("error={error}:when={when}{}", if lasting { "+" } else { "" });
                        if !fail_once(count, fresh, calls, &what) {
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// One run with a failing call; false when the run ended before the call that was to fail.
fn fail_once(count: usize, fresh: bool, calls: &str, what: &str) -> bool {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out/put");
    let old = if fresh { "-" } else { "old" };
    if !fresh {
        assert!(run(writer(), &[], &root, count, "old").status.success());
    }
    let (output, log) = inject(dir.path(), &root, count, "new", calls, what);
    let case = format!(
        "{count} files, fresh {fresh}, {calls}:{what}\n{}{log}",
        String::from_utf8_lossy(&output.stderr)
    );
    let injected = log.contains("(INJECTED)");
    let found = versions(&root, count, &["old", "new"]);
    match output.status.code() {
        Some(0) => assert_eq!(found, all("new", count), "{case}"),
        // Said to be in part, or durable in part.
        Some(7) => assert!(fresh || !found.contains(&"-".to_owned()), "{case}"),
        Some(6) if calls.contains("sync") => {
            assert!(found == all(old, count) || found == all("new", count), "{case}");
        }
        // The standard library panics without random bytes for its hash maps.
        Some(101) if calls.contains("getrandom") => assert_eq!(found, all(old, count), "{case}"),
        // 127 is the loader's, before ours began.
        Some(6 | 127) => assert_eq!(found, all(old, count), "{case}"),
        code => panic!("code {code:?}: {case}"),
    }
    // What fails in the removal itself stays for the next start.
    let removes = ["openat", "unlinkat", "stat", "getdents64"].iter().any(|call| calls.contains(call));
    if !removes {
        assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new(), "{case}");
    }
    let must_fail =
        ["write", "sync", "renameat", "mkdirat", "fchmod"].iter().any(|call| calls.contains(call));
    let only_message = calls == "write"
        && log.lines().filter(|line| line.contains("INJECTED")).all(|line| line.contains(" write(1, "));
    assert!(!injected || !must_fail || only_message || !output.status.success(), "{case}");
    assert!(run(writer(), &[], &root, count, "next").status.success());
    assert_eq!(versions(&root, count, &["next"]), all("next", count));
    assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new(), "{case}");
    injected
}

#[test]
fn case_07_interrupted_calls_are_repeated() {
    if !have("strace") {
        return;
    }
    // The program's loader repeats no call and ends with 127.
    for (calls, first) in [
        ("write", 1),
        ("fsync,syncfs", 1),
        ("renameat", 1),
        ("mkdirat", 1),
        ("fchmod", 1),
        ("unlinkat", 1),
        ("openat", 1),
        ("newfstatat", 1),
        ("faccessat2", 1),
        ("getrandom", 1),
    ] {
        for count in SIZES {
            for fresh in [true, false] {
                for when in (first..).step_by(if full() { 1 } else { 11 }) {
                    let dir = TempDir::new().unwrap();
                    let root = dir.path().join("out/put");
                    if !fresh {
                        assert!(run(writer(), &[], &root, count, "old").status.success());
                    }
                    let (output, log) =
                        inject(dir.path(), &root, count, "new", calls, &format!("error=EINTR:when={when}"));
                    if output.status.code() == Some(127) {
                        continue;
                    }
                    assert!(output.status.success(), "{calls} {when}: {output:?}\n{log}");
                    assert_eq!(versions(&root, count, &["new"]), all("new", count));
                    assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new(), "{calls} {when}\n{log}");
                    if !log.contains("(INJECTED)") {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn case_07_short_writes_are_continued() {
    if !have("strace") {
        return;
    }
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    // strace cannot shorten a write, but a limit of file size can: the write up to it is short, the next fails.
    let limited = |blocks: usize, version: &str| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        Command::new("sh")
            .args(["-c", &script])
            .arg(writer())
            .arg(&root)
            .args(["7", version])
            .output()
            .unwrap()
    };
    assert!(limited(1000, "old").status.success());
    let output = limited(10, "new");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert_eq!(versions(&root, 7, &["old"]), all("old", 7));
    assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn case_12_a_folder_that_is_not_ours() {
    if !is_root() {
        return;
    }
    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let (root, program) = (dir.path().join("out"), dir.path().join("writer"));
    fs::copy(writer(), &program).unwrap();
    assert!(run(&program, &["--mode", "644"], &root, 4, "old").status.success());
    let as_nobody = |args: &[&str], version: &str| {
        let count = "4";
        Command::new(&program)
            .args(args)
            .arg(&root)
            .args([count, version])
            .uid(65534)
            .gid(65534)
            .output()
            .unwrap()
    };
    let open = |mode| {
        for folder in ["", "folder", "other", "other/deep-0"] {
            fs::set_permissions(root.join(folder), PermissionsExt::from_mode(mode)).unwrap();
        }
    };
    let refused = |output: &Output, expected: &str| {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(6) && text.contains(expected), "{output:?}");
        assert_eq!(versions(&root, 4, &["old"]), all("old", 4));
        assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new());
    };
    open(0o755);
    refused(&as_nobody(&[], "new"), "cannot write into");
    let unchanged = as_nobody(&["--mode", "644"], "old");
    assert!(unchanged.status.success(), "what is up to date needs no write: {unchanged:?}");
    open(0o1777);
    refused(&as_nobody(&[], "new"), "belongs to another user");
    // A shared folder that is not sticky: the file is replaced, and its owner cannot be kept.
    open(0o777);
    let output = as_nobody(&[], "new");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(versions(&root, 4, &["new"]), all("new", 4));
    assert_eq!(fs::metadata(root.join("file-0")).unwrap().uid(), 65534);
    // The mode of a file of another user is not ours to tighten; a new file of ours takes its place.
    chown(root.join("file-0"), Some(1234), None).unwrap();
    fs::set_permissions(root.join("file-0"), PermissionsExt::from_mode(0o644)).unwrap();
    assert!(as_nobody(&[], "new").status.success());
    let facts = fs::metadata(root.join("file-0")).unwrap();
    assert_eq!((facts.uid(), facts.mode() & 0o777), (65534, 0o600));
}

/// A mount that ends with the test.
struct Mounted(PathBuf);

impl Mounted {
    fn new(args: &[&str], at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let done =
            Command::new("mount").args(args).arg(at).output().is_ok_and(|output| output.status.success());
        if !done {
            eprintln!("SKIPPED: cannot mount {args:?}");
        }
        done.then(|| Self(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn case_07_a_full_disk_changes_nothing() {
    if !is_root() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let Some(mounted) = Mounted::new(&["-t", "tmpfs", "-o", "size=200k", "tmpfs"], &dir.path().join("small"))
    else {
        return;
    };
    let root = mounted.0.join("out");
    assert!(run(writer(), &[], &root, 7, "old").status.success());
    for _ in 0..3 {
        let output = run(writer(), &[], &root, 18, "new");
        assert_eq!(output.status.code(), Some(6), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("free some space"), "{output:?}");
        assert_eq!(versions(&root, 7, &["old"]), all("old", 7));
        assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new());
    }
    assert!(run(writer(), &[], &root, 7, "new").status.success());
}

#[test]
fn case_07_and_12_other_file_systems_below_the_root() {
    if !is_root() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    fs::create_dir_all(dir.path().join("elsewhere")).unwrap();
    let Some(_one) = Mounted::new(&["-t", "tmpfs", "tmpfs"], &root.join("folder")) else { return };
    // A bind mount has the device of the root, and still no rename reaches it.
    let elsewhere = dir.path().join("elsewhere");
    let Some(_other) = Mounted::new(&["--bind", elsewhere.to_str().unwrap()], &root.join("other")) else {
        return;
    };
    for count in SIZES {
        for version in ["old", "new"] {
            let output = run(writer(), &[], &root, count, version);
            assert!(output.status.success(), "{output:?}");
            assert_eq!(versions(&root, count, &[version]), all(version, count));
            assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new());
        }
    }
    let read_only =
        Command::new("mount").args(["-o", "remount,ro,bind"]).arg(root.join("other")).status().unwrap();
    assert!(read_only.success());
    let output = run(writer(), &[], &root, 7, "late");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("read-only"), "{output:?}");
    assert_eq!(versions(&root, 7, &["new"]), all("new", 7));
    // A single file that is a mount cannot be replaced, which is said before anything moves.
    let (file, given) = (root.join("file-0"), dir.path().join("given"));
    fs::write(&given, "given").unwrap();
    assert!(Command::new("mount").arg("--bind").args([&given, &file]).status().unwrap().success());
    let _file = Mounted(file);
    let outputs = Outputs::in_folder(&root).unwrap();
    let error = outputs.prepare("file-0".as_ref(), b"new", ModeRule::default()).unwrap_err();
    assert!(matches!(error, WriteError::Mounted { .. }), "{error}");
    assert_eq!(
        outputs.prepare("file-3".as_ref(), content("new", 3).as_bytes(), ModeRule::default()).unwrap(),
        Prepared::Unchanged
    );
}

#[test]
fn case_09_a_live_process_keeps_its_staging() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    assert!(run(writer(), &[], &root, 7, "old").status.success());
    let mut child = Command::new(writer())
        .args(["--wait"])
        .arg(&root)
        .args(["7", "new"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0; 9];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
    let staged = left_behind(dir.path());
    let other = run(writer(), &[], &root, 7, "other");
    let after_other = left_behind(dir.path());
    let mode = fs::metadata(&staged[0]).unwrap().mode() & 0o7777;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(other.status.success(), "{other:?}");
    assert_eq!((&after_other, staged.len(), mode), (&staged, 1, 0o700));
    assert!(run(writer(), &[], &root, 7, "other").status.success());
    assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn case_09_abandoned_at_any_time() {
    for count in SIZES {
        for fresh in [true, false] {
            let mut interrupted = 0;
            for delay in (0..6000).step_by(120) {
                let dir = TempDir::new().unwrap();
                let root = dir.path().join("out/put");
                let old = if fresh { "-" } else { "old" };
                if !fresh {
                    assert!(run(writer(), &[], &root, count, "old").status.success());
                }
                let output = run(writer(), &["--abandon-after", &delay.to_string()], &root, count, "new");
                let found = versions(&root, count, &["old", "new"]);
                assert!(
                    found == all(old, count) || found == all("new", count),
                    "{delay}: {found:?} {output:?}"
                );
                interrupted += usize::from(found == all(old, count));
                assert_eq!(left_behind(dir.path()), Vec::<PathBuf>::new(), "{delay}: {output:?}");
            }
            assert!(interrupted > 0);
        }
    }
}

#[test]
fn few_open_files_are_enough() {
    let dir = TempDir::new().unwrap();
    let (source, root) = (dir.path().join("source"), dir.path().join("out"));
    for number in 0..400 {
        let folder = source.join(format!("{}/{number}", number % 20));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a"), "one").unwrap();
    }
    for args in [&["--threads", "2"][..], &["--each"]] {
        for text in ["one", "two"] {
            fs::write(source.join("3/23/a"), text).unwrap();
            let script = "ulimit -n 100; exec \"$0\" \"$@\"";
            let output = Command::new("sh")
                .args(["-c", script])
                .arg(writer())
                .args(args)
                .arg("--source")
                .args([&source, &root])
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            assert_eq!(fs::read_to_string(root.join("3/23/a")).unwrap(), text);
        }
    }
}
