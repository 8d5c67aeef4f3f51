//! `redeem render --diff`: what would change, with a tag for each value.

use std::os::unix::fs::symlink;

use crate::support::{Project, Run};

/// The tag of the first value on the line that begins with these words.
fn tag<'t>(run: &'t Run, start: &str) -> &'t str {
    let line = run.stdout.lines().find(|line| line.starts_with(start)).expect(start);
    line.split_once('‹').and_then(|(_, tag)| tag.split_once('›')).expect("a tag").0
}

fn project() -> Project {
    let project = Project::new(&[
        ("src/a.yaml", "a: ${secret.x}\nb: \"${secret.y}\"\nc: 1\n"),
        ("src/b.env", "A={secret:x}\n"),
        ("src/notes.md", "no {secret:x} here\n"),
        ("src/bin.png", "\u{0}PNG"),
    ]);
    symlink("a.yaml", project.path("src/link")).expect("a link");
    project.secret("X", "c4n4ry-1").secret("Y", "c4n4ry-2")
}

#[test]
fn new_files_changes_and_modes_are_shown_and_nothing_is_written() {
    let project = project();
    let run = project.redeem("render src -o out --diff").exits(0).says(&["5 of 5 outputs would change"]);
    assert!(!project.exists("out"));
    for words in [
        "--- /dev/null\n+++ out/a.yaml\n@@ -0,0 +1,3 @@\n+a: ‹x:",
        "+no {secret:x} here\n",
        "+++ out/bin.png\na binary file, which is not shown\n",
        "+link to a.yaml\n",
    ] {
        assert!(run.stdout.contains(words), "{words:?} is not in\n{}", run.stdout);
    }
    assert_eq!(tag(&run, "+a: "), tag(&run, "+A="), "one value has one tag in all files");
    assert_ne!(tag(&run, "+a: "), tag(&run, "+b: "));

    project.redeem("render src -o out").exits(0);
    let run = project.redeem("render src -o out --diff --check").exits(0);
    assert_eq!(run.stdout, "");
    project.write("out/notes.md", "c4n4ry-3 {secret:x} here\n");
    project.chmod("out/b.env", 0o644);
    std::fs::remove_file(project.path("out/link")).expect("removed");
    let project = project.secret("Y", "c4n4ry-4");
    let run = project.redeem("render src -o out --diff --check").exits(1).says(&["4 of 5 outputs stale"]);
    assert!(!run.stdout.contains("c4n4ry"), "{}", run.stdout);
    assert!(
        run.stdout.contains("--- out/b.env\n+++ out/b.env\nold mode 0644\nnew mode 0600\n"),
        "{}",
        run.stdout
    );
    assert_ne!(tag(&run, "-b: "), tag(&run, "+b: "));
    assert!(tag(&run, "-b: ").starts_with("y:") && tag(&run, " a: ").starts_with("x:"));
    assert!(run.stdout.contains("-‹…:") && run.stdout.contains("+no {secret:x} here\n"), "{}", run.stdout);
    let again = project.redeem("render src -o out --diff").exits(0);
    assert_ne!(tag(&run, "+b: "), tag(&again, "+b: "), "another run has another key");
}

#[test]
fn a_source_that_values_come_from_is_not_shown() {
    let toml = "[[backend]]\nname = 'a'\ntype = 'dotenv'\npath = 'src/.env'\n\
        [[backend]]\nname = 'b'\ntype = 'files'\npath = 'src/mounted'\n";
    let project = Project::new(&[
        ("redeem.toml", toml),
        ("src/.env", "X=c4n4ry-1\n"),
        ("src/mounted/y", "c4n4ry-2\n"),
        ("src/a.yaml", "a: ${secret.x}\nb: ${secret.y}\n"),
    ]);
    let run = project.redeem("render src -o out --diff").exits(0).says(&["3 of 3 outputs would change"]);
    assert!(!run.stdout.contains("c4n4ry"), "{}", run.stdout);
    let line = "a file that values come from, which is not shown";
    assert_eq!(run.stdout.matches(line).count(), 2, "{}", run.stdout);
}

#[test]
fn a_single_file_and_other_options() {
    let project = project();
    project.redeem("render src/a.yaml --diff").exits(2).says(&["no output to compare with"]);
    project.write("out.yaml", "a: c4n4ry-1\nb: \"old\"\nc: 1\n");
    let run = project.redeem("render src/a.yaml -o out.yaml --diff").exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[..2], ["--- out.yaml", "+++ out.yaml"]);
    assert!(lines[3].starts_with("old mode") || lines[2].starts_with("old mode"), "{}", run.stdout);
    assert!(run.stdout.contains("\n a: ‹x:") && run.stdout.contains("\n-b: \"‹y:"), "{}", run.stdout);
    let run = project.redeem("render src/a.yaml -o out.yaml --diff --color always").exits(0);
    assert!(run.stdout.contains("\u{1b}[31m-b: ") && run.stdout.contains("\u{1b}[32m+b: "), "{}", run.stdout);
    project.redeem("render src/a.yaml -o out.yaml --diff --fake").exits(0).says(&["with fake values"]);
    project.write("src/bad.yaml", "k: ${secret.nope}\n");
    let run = project.redeem("render src -o out --diff").exits(3).says(&["unknown-secret"]);
    assert!(run.stdout.contains("+++ out/a.yaml") && !run.stdout.contains("bad.yaml"), "{}", run.stdout);
}
