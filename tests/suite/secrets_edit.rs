//! `redeem secrets edit`: what an editor sees, what is left of it, and what a bad edit does.

use std::path::Path;
use std::process::Stdio;

use crate::secrets::vault;
use crate::support::{Project, Run, tree};

/// A vault, and an editor that runs this script with the file in `$1`. What it edits is in `run`, which is in memory.
fn editing(script: &str) -> Project {
    let project = vault(&[("bin/fake-editor", &format!("#!/bin/sh\n{script}\n"))]);
    project.chmod("bin/fake-editor", 0o755);
    project.write("run/keep", "");
    let (editor, run) = (project.path("bin/fake-editor"), project.path("run"));
    project
        .secret("EDITOR", editor.to_str().expect("UTF-8"))
        .secret("XDG_RUNTIME_DIR", run.to_str().expect("UTF-8"))
}

#[test]
fn an_edit_stores_what_was_changed() {
    let project = editing(
        "cp \"$1\" seen; sed -i 's/value: one/value: two/; s/^scope: .*/scope: notifications/; s/^expires_at:.*/expires_at: 2099-01-31/; s/^metadata: .*/metadata: {owner: ada}/' \"$1\"",
    );
    project.piped("secrets create a --description x", "one").exits(0);
    project.redeem("secrets edit a").exits(0).says(&["changed, version 2"]);
    assert_eq!(project.redeem("secrets get a --reveal").stdout, "two");
    let told = project.redeem("secrets get a").stdout;
    for part in ["notifications", "2099-01-31", "metadata.owner  ada", "description     x"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(project.read("seen").contains("visibility: public\n"));
    project.redeem("secrets edit a").exits(0).says(&["nothing was changed"]);
    project.redeem("secrets edit nope").exits(2).says(&["no secret `nope`"]);
}

#[test]
fn keys_of_a_bundle_come_and_go() {
    let project = editing("sed -i 's/^  B: .*/  C: three/' \"$1\"");
    project.redeem("secrets set b --A=one --B=two").exits(0);
    project.redeem("secrets edit b").exits(0).says(&["the key B is gone"]);
    let told = project.redeem("secrets show b --show-values").stdout;
    assert!(told.contains("three") && told.contains("one") && !told.contains("two"), "{told}");
}

#[test]
fn an_edit_of_what_somebody_changed_meanwhile_is_refused() {
    let binary = env!("CARGO_BIN_EXE_redeem");
    let script = format!("printf other | {binary} secrets set a; sed -i 's/value: one/value: mine/' \"$1\"");
    let project = editing(&script);
    project.piped("secrets create a", "one").exits(0);
    project
        .redeem("secrets edit a")
        .exits(2)
        .says(&["changed while the editor was open", "nothing was stored"]);
    assert_eq!(project.redeem("secrets get a --reveal").stdout, "other");
}

#[test]
fn a_removed_key_is_told_to_machines_too() {
    let project = editing("sed -i '/^  B: /d' \"$1\"");
    project.redeem("secrets set b --A=one --B=two").exits(0);
    let told = project.redeem("secrets edit b --json").exits(0).stdout;
    assert!(told.contains("\"version\": 2") && told.contains("\"changed\": true"), "{told}");
}

#[test]
fn a_bad_edit_stores_nothing() {
    for script in ["echo 'value: [c4n4ry' > \"$1\"", "echo 'vaule: c4n4ry' > \"$1\"", "rm \"$1\"", "exit 1"] {
        let project = editing(script);
        project.piped("secrets create a", "one").exits(0);
        let run = project.redeem("secrets edit a").exits(2).says(&["nothing was stored"]);
        assert!(!run.stderr.contains("c4n4ry"), "{}", run.stderr);
        assert_eq!(project.redeem("secrets get a --reveal").stdout, "one", "{script}");
        assert_eq!(project.tree("run"), ["keep"], "{script}");
    }
}

#[test]
fn at_a_terminal_a_bad_edit_can_be_mended() {
    // The first time it breaks the text, the second time it mends it.
    let project = editing(
        "if [ -e once ]; then sed -i 's/nope:/value:/' \"$1\"; else touch once; sed -i 's/value: one/nope: two/' \"$1\"; fi",
    );
    project.piped("secrets create a", "one").exits(0);
    let (run, _) = project.asked("secrets edit a", &["y\n"]);
    run.exits(0).says(&["no field `nope`", "Open it again?", "changed"]);
    assert_eq!(project.redeem("secrets get a --reveal").stdout, "two");
    let project = editing("sed -i 's/value:/nope:/' \"$1\"");
    project.piped("secrets create a", "one").exits(0);
    project.asked("secrets edit a", &["n\n"]).0.exits(2).says(&["nothing was stored"]);
}

#[test]
fn case_40_an_editor_leaves_nothing_behind() {
    // It writes what vim would: a swap file, a backup, an undo file, and a new file in the old one's place.
    let project = editing(
        "d=$(dirname \"$1\"); stat -c %a \"$d\" \"$1\" > modes; env > environment; cat \"$1\" > \"$d/.a.yaml.swp\"; cp \"$1\" \"$1~\"; mkdir \"$d/undo\"; cp \"$1\" \"$d/undo/%a\"; sed 's/c4n4ry-1/c4n4ry-2/' \"$1\" > \"$d/new\"; mv \"$d/new\" \"$1\"; ls -a \"$d\" > listing",
    );
    let project = project.secret("SOPS_AGE_KEY_FILE", "/nonexistent");
    project.piped("secrets create a", "c4n4ry-1").exits(0);
    project.redeem("secrets edit a").exits(0);
    assert_eq!(project.redeem("secrets get a --reveal").stdout, "c4n4ry-2");
    assert!(project.read("listing").contains(".a.yaml.swp"));
    assert_eq!(project.read("modes"), "700\n600\n");
    assert_eq!(project.tree("run"), ["keep"], "the folder is wiped with all that is in it");
    let environment = project.read("environment");
    assert!(!environment.contains("SOPS_AGE_KEY") && !environment.contains("c4n4ry"), "{environment}");
    for path in project.tree("") {
        if project.path(&path).is_file() && path != "bin/fake-editor" {
            assert!(!project.read(&path).contains("c4n4ry"), "{path}");
        }
    }
}

#[test]
fn case_40_editors_are_told_to_keep_no_copies() {
    let project = vault(&[]);
    for name in ["vim", "nvim", "emacs", "nano"] {
        project.write(&format!("bin/{name}"), "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\n");
        project.chmod(&format!("bin/{name}"), 0o755);
    }
    project.piped("secrets create a", "c4n4ry").exits(0);
    let path = format!("{}:/usr/bin:/bin", project.path("bin").display());
    let project = project.secret("PATH", &path);
    for (editor, expected) in [
        ("vim", &["-n", "-i", "NONE", "nobackup", "noundofile", "noswapfile"][..]),
        ("nvim -R", &["-R", "-n", "-i", "NONE", "noundofile"]),
        ("emacs -nw", &["-nw", "make-backup-files nil", "auto-save-default nil", "create-lockfiles nil"]),
        ("nano", &["--ignorercfiles"]),
    ] {
        let mut command = project.command("secrets edit a");
        command.env("EDITOR", editor).env("VISUAL", "");
        Run::of(command.output().expect("it runs")).exits(0).says(&["nothing was changed"]);
        let told = project.read("arguments");
        assert!(expected.iter().all(|part| told.contains(part)), "{editor}: {told}");
        assert!(!told.contains("c4n4ry"));
    }
}

#[test]
fn case_40_a_signal_wipes_what_was_being_edited() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::TERM, Signal::HUP] {
        let project = editing("touch open; while [ -e open ] && [ ! -e done ]; do sleep 0.05; done");
        project.piped("secrets create a", "c4n4ry").exits(0);
        let mut command = project.command("secrets edit a");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        wait(&project.path("open"));
        let id = Pid::from_child(&child);
        // The editor has the terminal, so Ctrl-C is its own to answer.
        kill_process(id, Signal::INT).expect("a signal");
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(child.try_wait().expect("a state").is_none(), "it goes on waiting for the editor");
        assert!(tree(&project.path("run")).len() > 1);
        kill_process(id, signal).expect("a signal");
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        assert_eq!(project.tree("run"), ["keep"]);
        project.write("done", "");
    }
}

fn wait(path: &Path) {
    for _ in 0..400 {
        if path.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("{} does not come", path.display());
}
