//! `check --staged` and the guards of outputs, in true git repositories.

use std::process::Command;

use crate::support::{Project, Run};

const BAD: &str = "a: '{secret: x}'\n";
const GOOD: &str = "a: '{secret:x}'\n";

/// A project that is a git repository.
pub(crate) fn repository(files: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    git(&project, &["init", "-q"]);
    for (key, value) in [("user.name", "You"), ("user.email", "you@example.org"), ("commit.gpgsign", "false")]
    {
        git(&project, &["config", key, value]);
    }
    project
}

/// Runs git in a project, with the folder of `redeem` in the search path.
pub(crate) fn git(project: &Project, arguments: &[&str]) {
    let run = command(project, arguments);
    assert_eq!(run.code.unwrap_or(-1), 0, "git {arguments:?}: {}{}", run.stdout, run.stderr);
}

pub(crate) fn command(project: &Project, arguments: &[&str]) -> Run {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_redeem"));
    let programs = binary.parent().expect("its folder").display().to_string();
    let output = Command::new("git")
        .args(arguments)
        .current_dir(project.path(""))
        .env_clear()
        .env("PATH", format!("{programs}:/usr/bin:/bin"))
        .env("HOME", project.path("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    Run::of(output)
}

#[test]
fn what_is_staged_is_checked_and_not_what_is_on_the_disk() {
    let project = repository(&[("a.yaml", BAD), ("b.yaml", GOOD)]);
    git(&project, &["add", "."]);
    let run = project.redeem("check --staged --format short");
    assert_eq!(run.code.unwrap_or(-1), 1, "{}", run.stderr);
    assert!(run.stdout.starts_with("a.yaml:1:5: error[near-miss]"), "{}", run.stdout);
    assert!(run.stderr.contains("in 2 staged files"), "{}", run.stderr);
    // The disk is right now, the index is not.
    project.write("a.yaml", GOOD);
    assert_eq!(project.redeem("check --staged").code, Some(1));
    git(&project, &["add", "a.yaml"]);
    assert_eq!(project.redeem("check --staged").code, Some(0));
    git(&project, &["commit", "-q", "-m", "first"]);
    // Now the disk is wrong and the index is right; and what is not staged does not count.
    project.write("a.yaml", BAD);
    project.write("new.yaml", BAD);
    let run = project.redeem("check --staged");
    assert_eq!(
        (run.code.unwrap_or(-1), run.stderr.contains("in 0 staged files")),
        (0, true),
        "{}",
        run.stderr
    );
    // One that is removed has nothing to check, one that is renamed has.
    git(&project, &["checkout", "-q", "a.yaml"]);
    git(&project, &["rm", "-q", "a.yaml"]);
    git(&project, &["mv", "b.yaml", "c.yaml"]);
    let run = project.redeem("check --staged");
    assert!(run.stderr.contains("1 reference in 1 staged file"), "{}", run.stderr);
}

#[test]
fn odd_names_links_and_folders_are_told_apart() {
    let odd = "ö [x] \t\"q\".yaml";
    let project = repository(&[
        (odd, BAD),
        ("sub/b.yaml", BAD),
        ("vault/vault.toml", ""),
        ("vault/s.yaml", BAD),
        ("redeem.toml", "[render]\nexclude = [\"skip/**\"]\noutput = \"out\"\n"),
        ("skip/c.yaml", BAD),
        ("out/d.yaml", BAD),
        ("notes.md", "{secret: x}\n"),
    ]);
    std::os::unix::fs::symlink("sub/b.yaml", project.path("link.yaml")).expect("a link");
    git(&project, &["add", "-A"]);
    let run = project.redeem("check --staged --format short --quiet");
    let files: Vec<&str> =
        run.stdout.lines().filter_map(|line| line.split_once(": error").map(|found| found.0)).collect();
    assert_eq!(files, ["sub/b.yaml:1:5", "ö [x] \\t\"q\".yaml:1:5"], "{}", run.stdout);
    let run = project.redeem("check --staged --format short --quiet sub");
    assert_eq!(run.stdout.matches("error[").count(), 1, "{}", run.stdout);
    let run = project.redeem("check --staged --format short --quiet notes.md");
    assert_eq!(run.stdout.matches("notes.md:1:1: error[near-miss]").count(), 1, "{}", run.stdout);
    let run = project.redeem("-C sub check --staged --format short --quiet");
    assert!(run.stdout.contains("b.yaml:1:5: error[near-miss]"), "{}", run.stdout);
}

#[test]
fn the_index_of_a_hook_is_the_one_that_counts() {
    let project = repository(&[("a.yaml", GOOD), ("b.yaml", GOOD)]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "first"]);
    project.write(".git/hooks/pre-commit", "#!/bin/sh\nexec redeem check --staged --format short\n");
    project.chmod(".git/hooks/pre-commit", 0o755);
    project.write("a.yaml", BAD);
    project.write("b.yaml", "b: '{secret:y}'\n");
    // A commit of one file, and one of all files, each have an index of their own; the usual one has no change.
    let run = command(&project, &["commit", "-q", "-m", "one", "a.yaml"]);
    assert!(run.code != Some(0), "a bad file was committed");
    assert!((run.stdout + &run.stderr).contains("a.yaml:1:5"), "it is told");
    assert!(
        command(&project, &["commit", "-q", "-a", "-m", "all"]).code != Some(0),
        "a bad file was committed"
    );
    git(&project, &["commit", "-q", "-m", "the other", "b.yaml"]);
    // A work tree of its own has its own index.
    git(&project, &["worktree", "add", "-q", "tree"]);
    project.write("tree/c.yaml", BAD);
    git(&project, &["-C", "tree", "add", "c.yaml"]);
    assert!(
        command(&project, &["-C", "tree", "commit", "-q", "-m", "c"]).code != Some(0),
        "a bad file was committed"
    );
    // An index that is not there is no empty one.
    let lost = project.command("check --staged").env("GIT_INDEX_FILE", "gone").output().expect("it runs");
    assert_eq!(lost.status.code(), Some(2));
}

#[test]
fn a_path_that_nobody_knows_is_no_clean_one() {
    let project = repository(&[("a.yaml", GOOD), ("sub/x.yaml", GOOD), ("other/y.yaml", GOOD)]);
    project.redeem("check --staged NOPE").exits(2).says(&["there is no NOPE, neither"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "first"]);
    for path in ["NOPE", "a.yaml/x", "sub/NOPE", "sub NOPE"] {
        let told = project.redeem(&format!("check --staged {path} --format json")).exits(2);
        assert!(told.stdout.contains("neither on the disk nor in git"), "{path}: {}", told.stdout);
    }
    let elsewhere = tempfile::tempdir().expect("a folder");
    let line = format!("check --staged {}", elsewhere.path().display());
    project.redeem(&line).exits(2).says(&["outside of the repository"]);
    // What is there, was there, or is above.
    project.redeem("check --staged a.yaml sub . / new").exits(2);
    project.write("new", "");
    project.redeem("check --staged a.yaml sub . / new").exits(0);
    std::fs::remove_file(project.path("a.yaml")).expect("removed");
    git(&project, &["rm", "-q", "--cached", "a.yaml"]);
    project.redeem("check --staged a.yaml").exits(0).says(&["0 staged files"]);

    // A folder in the index that is a link on the disk.
    project.write("sub/x.yaml", BAD);
    git(&project, &["add", "sub"]);
    std::fs::remove_dir_all(project.path("sub")).expect("removed");
    std::os::unix::fs::symlink("other", project.path("sub")).expect("a link");
    let run = project.redeem("check --staged --format short sub").exits(1);
    assert!(run.stdout.starts_with("sub/x.yaml:1:5"), "{}", run.stdout);
    project.redeem("check --staged --format short sub/x.yaml").exits(1);
}

#[test]
fn where_git_says_the_repository_is_counts_from_the_start_and_an_odd_setting_does_not() {
    let project = repository(&[("config/a.yaml", GOOD), ("b.yaml", BAD)]);
    project
        .write(".git/hooks/pre-commit", "#!/bin/sh\nexec redeem -C config check --staged --format short\n");
    project.chmod(".git/hooks/pre-commit", 0o755);
    git(&project, &["config", "diff.orderFile", "/nonexistent"]);
    for options in [&["--git-dir=.git", "--work-tree=."][..], &["--git-dir=.git"], &[]] {
        git(&project, &["add", "config"]);
        git(&project, &[options, &["commit", "-q", "--allow-empty", "-m", "good"]].concat());
        project.write("config/a.yaml", BAD);
        git(&project, &["add", "config"]);
        let run = command(&project, &[options, &["commit", "-q", "-m", "bad"]].concat());
        let told = run.stdout + &run.stderr;
        assert!(run.code != Some(0) && told.contains("a.yaml:1:5: error[near-miss]"), "{options:?}: {told}");
        project.write("config/a.yaml", GOOD);
    }
}

#[test]
fn without_a_repository_or_with_fixes_it_says_why_not() {
    let project = Project::new(&[("a.yaml", BAD)]);
    let run = project.redeem("check --staged");
    assert!(run.code.unwrap_or(-1) == 2 && run.stderr.contains("not a git repository"), "{}", run.stderr);
    let run = project.redeem("check --staged --fix");
    assert!(run.code.unwrap_or(-1) == 2 && run.stderr.contains("about to commit"), "{}", run.stderr);
}

#[test]
fn a_render_tells_of_outputs_that_git_has_once_for_the_folder() {
    let project = repository(&[("config/a.yaml", "a: ${secret.x}\n")]).secret("X", "c4n4ry");
    for n in 0..5 {
        project.write(&format!("config/sub/f{n}.yaml"), "a: ${secret.x}\n");
    }
    let told = |run: &Run, code: &str| run.stderr.lines().filter(|line| *line == code).count();
    let run = project.redeem("render config -o out");
    assert_eq!(
        (run.code.unwrap_or(-1), told(&run, "output-exposed"), told(&run, "output-tracked")),
        (0, 1, 0),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("6 outputs here (a.yaml,"), "{}", run.stderr);
    let slash = project.redeem("render config -o o2/").exits(0);
    assert!(slash.stderr.contains("add `o2/` to .gitignore"), "{}", slash.stderr);
    let run = project.redeem("render config -o out");
    assert_eq!(told(&run, "output-exposed"), 0, "nothing was written: {}", run.stderr);
    project.write(".gitignore", "/out/\n");
    git(&project, &["add", "-f", "out/a.yaml"]);
    let again = project.command("render config -o out").env("X", "c4n4ry2").output().expect("it runs");
    let run = Run::of(again);
    assert_eq!((told(&run, "output-exposed"), told(&run, "output-tracked")), (0, 1), "{}", run.stderr);
    assert!(run.stderr.contains("git tracks 1 output here: a.yaml"), "{}", run.stderr);
    // One file, into the repository and out of it.
    let run = project.redeem("render config/a.yaml -o one.yaml");
    assert_eq!(told(&run, "output-exposed"), 1, "{}", run.stderr);
    let outside = tempfile::tempdir().expect("a folder");
    let run = project.redeem(&format!("render config/a.yaml -o {}", outside.path().join("x.yaml").display()));
    assert!(run.code.unwrap_or(-1) == 0 && !run.stderr.contains("output-"), "{}", run.stderr);
    let run = project.redeem("render --fake config/a.yaml -o two.yaml");
    assert!(!run.stderr.contains("output-"), "made-up values may go anywhere: {}", run.stderr);
}

#[test]
fn a_render_writes_nothing_to_a_place_that_is_denied() {
    let project = repository(&[("config/a.yaml", "a: ${secret.x}\n")]).secret("X", "c4n4ry");
    let render = "render config -o out";
    for options in ["", " --keep-going", " --check", " --dry-run", " --diff"] {
        let run = project.redeem(&format!("{render}{options} --deny output-exposed")).exits(3);
        assert_eq!(run.stderr.matches("output-exposed\n").count(), 1, "{options}: {}", run.stderr);
        assert!(!project.exists("out/a.yaml"), "{options}");
    }
    project.redeem(&format!("{render} --fake --dry-run --deny output-exposed")).exits(0);
    project.write("redeem.toml", "[policy]\ndeny = [\"warnings\"]\n");
    project.redeem(render).exits(3);
    assert!(!project.exists("out/a.yaml"));
    let run = project.redeem(&format!("{render} --allow output-exposed")).exits(0);
    assert!(!run.stderr.contains("output-exposed") && project.exists("out/a.yaml"), "{}", run.stderr);
    git(&project, &["add", "-f", "out/a.yaml"]);
    project.write(".gitignore", "/out/\n");
    project.write("out/a.yaml", "a: old\n");
    project.redeem(render).exits(3).says(&["output-tracked", "nothing was written"]);
    assert_eq!(project.read("out/a.yaml"), "a: old\n");
}

#[test]
fn a_folder_of_outputs_that_everybody_may_write_to_is_told() {
    let project = Project::new(&[("config/a.yaml", "a: ${secret.x}\n"), ("out/x", "")]).secret("X", "c4n4ry");
    project.chmod("out", 0o777);
    let run = project.redeem("render config -o out");
    assert!(run.code.unwrap_or(-1) == 0 && run.stderr.contains("output-exposed"), "{}", run.stderr);
    project.chmod("out", 0o1777);
    let again = project.command("render config -o out").env("X", "c4n4ry2").output().expect("it runs");
    assert!(
        !Run::of(again).stderr.contains("output-exposed"),
        "where the sticky bit is set nobody replaces our files"
    );
}
