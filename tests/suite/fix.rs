//! `check --fix`: what is written, what is told, what is left alone.

use std::os::unix::fs::symlink;

use crate::support::Project;

const BAD: &str = "a: {secret:x} # kept\nb: '{secret: y}'\nc: $secrets.z\nd: '{secret:b c}'\n";

#[test]
fn a_check_says_that_there_are_fixes_and_applies_them_when_asked() {
    let project = Project::new(&[("app.yaml", BAD), ("fine.yaml", "a: ${secret.x}\n")]);
    let run = project.redeem("check");
    assert_eq!(run.code.unwrap_or(-1), 1);
    assert!(
        run.stderr.ends_with("2 problems can be fixed with --fix, 1 more with --unsafe-fixes\n"),
        "{}",
        run.stderr
    );
    assert_eq!(project.read("app.yaml"), BAD, "nothing is written unasked");

    let run = project.redeem("check --fix -v --format short");
    assert_eq!(run.code.unwrap_or(-1), 1, "a name with a blank in it remains");
    assert_eq!(
        project.read("app.yaml"),
        "a: \"{secret:x}\" # kept\nb: '{secret:y}'\nc: $secrets.z\nd: '{secret:b c}'\n"
    );
    assert!(
        run.stderr.contains("app.yaml:1:4: wrote `\"{secret:x}\"`\napp.yaml:2:5: wrote `{secret:y}`\n"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("fixed 2 problems in 1 file\n"), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 2, "what remains is told: {}", run.stdout);

    let run = project.redeem("check --fix");
    assert!(run.stderr.contains("fixed 0 problems in 0 files\n"), "{}", run.stderr);
    project.write("app.yaml", "c: $secrets.z\n");
    let run = project.redeem("check --unsafe-fixes");
    assert_eq!((run.code.unwrap_or(-1), project.read("app.yaml").as_str()), (0, "c: $ secrets.z\n"));
}

#[test]
fn a_preview_shows_the_difference_and_writes_nothing() {
    let project = Project::new(&[("app.yaml", BAD)]);
    let run = project.redeem("check --fix --diff");
    assert_eq!(run.code.unwrap_or(-1), 1);
    assert_eq!(
        run.stdout,
        "--- app.yaml\n+++ app.yaml\n@@ -1,4 +1,4 @@\n-a: {secret:x} # kept\n-b: '{secret: y}'\n\
         +a: \"{secret:x}\" # kept\n+b: '{secret:y}'\n c: $secrets.z\n d: '{secret:b c}'\n"
    );
    assert_eq!(run.stderr, "would fix 2 problems in 1 file\n");
    assert_eq!(project.read("app.yaml"), BAD);
    project.write("app.yaml", "a: ${secret.x}\n");
    assert_eq!(project.redeem("check --diff").code, Some(0), "nothing would change");
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_the_others_are_fixed() {
    let project = Project::new(&[("a.yaml", "a: '{secret: x}'\n"), ("b.yaml", "a: '{secret: x}'\n")]);
    project.chmod("a.yaml", 0o444);
    let run = project.redeem("check --fix --format short");
    assert_eq!(run.code.unwrap_or(-1), 6);
    assert!(run.stderr.contains("error: a.yaml is read-only"), "{}", run.stderr);
    assert_eq!(project.read("a.yaml"), "a: '{secret: x}'\n");
    assert_eq!(project.read("b.yaml"), "a: '{secret:x}'\n");
}

#[test]
fn a_template_is_fixed_where_it_stands_and_not_what_it_includes_from_elsewhere() {
    let project = Project::new(&[
        ("src/a.yaml.j2", "a: {{ secrets.db-password }}\n{% include 'b.txt' %}\n"),
        ("src/b.txt", "x: {{ secrets.db-password }}\n"),
    ]);
    let run = project.redeem("check --fix src/a.yaml.j2");
    assert_eq!(run.code.unwrap_or(-1), 1, "what is included was not named: {}", run.stdout);
    assert_eq!(project.read("src/a.yaml.j2"), "a: {{ secrets['db-password'] }}\n{% include 'b.txt' %}\n");
    assert_eq!(project.read("src/b.txt"), "x: {{ secrets.db-password }}\n");
}

#[test]
fn a_warning_of_a_url_becomes_an_error_when_a_value_breaks_it_and_is_told_once() {
    let project = Project::new(&[("a.yaml", "u: p://u:${secret.pw}@h\n")]);
    let fine = project.command("render a.yaml").env("PW", "fine").output().expect("it runs");
    let told = String::from_utf8_lossy(&fine.stderr).matches("url-without-filter\n").count();
    assert_eq!((fine.status.code(), told), (Some(0), 1));
    let broken = project.command("render a.yaml").env("PW", "c4n4ry/1").output().expect("it runs");
    let text = String::from_utf8_lossy(&broken.stderr);
    assert_eq!((broken.status.code(), text.matches("url-without-filter\n").count()), (Some(3), 1), "{text}");
    assert!(text.contains("the value holds") && !text.contains("c4n4ry"), "{text}");
    let run = project.redeem("check --fix");
    assert_eq!(
        (run.code.unwrap_or(-1), project.read("a.yaml").as_str()),
        (0, "u: p://u:${secret.pw | urlencode}@h\n")
    );
}

#[test]
fn nothing_is_written_where_only_a_configuration_or_a_link_leads() {
    let bad = "a: '{secret: x}'\n";
    let files = [("in/config/a.yaml", bad), ("out/x.yaml", bad), ("out/d/o.yaml", bad)];
    let project = Project::new(&files);
    let run = |line: &str| project.redeem(&format!("-C in {line}"));
    symlink(project.path("out/d"), project.path("in/config/linkdir")).expect("a link");
    symlink("../out", project.path("in/lsrc")).expect("a link");
    symlink("..", project.path("in/up")).expect("a link");
    for source in ["../out", "lsrc", "up"] {
        project.write("in/redeem.toml", format!("[render]\nsource = \"{source}\"\n"));
        let told = run("check --fix").exits(2);
        assert!(told.stderr.contains("redeem trust"), "{}", told.stderr);
        assert_eq!((project.read("out/x.yaml").as_str(), project.read("out/d/o.yaml").as_str()), (bad, bad));
    }
    for configuration in ["", "[render]\nsource = \"config\"\n"] {
        project.write("in/redeem.toml", configuration);
        for path in ["config/linkdir/o.yaml", "config/linkdir", "config/../lsrc/d"] {
            let told = run(&format!("check --fix {path}")).exits(6);
            assert!(told.stderr.contains("leads out of the project"), "{path}: {}", told.stderr);
            assert_eq!(project.read("out/d/o.yaml"), bad, "{path}");
        }
    }
    std::fs::remove_file(project.path("in/redeem.toml")).expect("removed");
    run("check --fix config/linkdir").exits(6);
    assert_eq!(project.read("out/d/o.yaml"), bad);

    // What somebody names is meant, and so is what somebody trusts.
    run("check --fix ../out/d").exits(0);
    assert_eq!(project.read("out/d/o.yaml"), "a: '{secret:x}'\n");
    project.write("in/redeem.toml", "[render]\nsource = \"lsrc\"\n");
    run("trust").exits(0);
    run("check --fix").exits(0);
    assert_eq!(project.read("out/x.yaml"), "a: '{secret:x}'\n");
}

#[test]
fn a_program_learns_what_was_fixed_and_a_difference_has_no_format() {
    let project = Project::new(&[("app.yaml", BAD)]);
    for format in ["json", "short", "sarif", "github", "gitlab"] {
        project.redeem(&format!("check --diff --format {format}")).exits(2);
    }
    let run = project.redeem("check --diff --format json");
    assert!(run.stdout.contains("\"stopped\": \"`--diff` shows a difference"), "{}", run.stdout);
    project.redeem("check -").exits(2).says(&["standard input is not supported here", "name a file"]);
    assert_eq!(project.read("app.yaml"), BAD);
    let run = project.redeem("check --fix --format json").exits(1);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let first = &told["fixed"][0];
    assert_eq!(told["fixed"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        *first,
        serde_json::json!({
            "file": "app.yaml", "line": 1, "column": 4, "code": "unquoted-reference",
            "replacement": "\"{secret:x}\"",
        })
    );
}
