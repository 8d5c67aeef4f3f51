//! `redeem check`: what is known of the text itself.

use crate::support::{Project, terminal};

/// One of each problem that can be known without a value, each in a file of its own kind.
const PROBLEMS: &[(&str, &str)] = &[
    ("a/dynamic.yaml", "e: $ f'{secrets[tenant]}'\n"),
    ("a/map.json", "{\"e\": \"$ secrets\"}"),
    ("a/python.yaml", "e: $ secrets.a +\n"),
    ("a/two-readings.yaml", "e: $ f'{secret:x}'\n"),
    ("b/brace.toml", "a = '{secret: x}'\nb = '{secret:bad name}'\nc = '{secret:x | uprlencode}'\n"),
    ("b/dollar.json", "{\n  \"ü\": \"${secrets.x}\", \"b\": \"${SECRET.x}\"\n}"),
    ("b/loose.yaml", "a: $secrets.x\nb: Bearer $ secrets.x\n"),
    ("b/unquoted.yaml", "a: {secret:x}\n"),
    ("b/unquoted-list.yaml", "a: [${secret.x}]\n"),
    ("c/broken.toml", "a = '{secret:x}\n"),
    ("c/latin.conf", "placeholder"),
    ("c/long.env", "A={secret:x\n"),
    ("d/fine.yaml", "a: ${secret.x}\n# {secret: no}\nsecret_name: y\n"),
];

fn project() -> Project {
    let project = Project::new(PROBLEMS);
    project.write("c/latin.conf", b"caf\xe9 {secret:x}");
    project
}

#[test]
fn every_problem_is_told_in_one_run_sorted() {
    let run = project().redeem("check --format short").exits(1);
    let expected = "\
a/dynamic.yaml:1:9: error[dynamic-reference]: the secret's name is known only when the expression runs
a/map.json:1:10: error[dynamic-reference]: this names no secret but all of them
a/python.yaml:1:17: error[syntax-error]: this expression is not Python: a value expected
a/two-readings.yaml:1:8: error[ambiguous-reference]: in an expression these braces belong to Python
b/brace.toml:1:6: error[near-miss]: names are taken exactly, without blanks
b/brace.toml:2:14: error[invalid-name]: this is no name of a secret: a blank is not allowed in a name
b/brace.toml:3:18: error[unknown-filter]: there is no filter `uprlencode`; did you mean `urlencode`?
b/dollar.json:2:9: error[near-miss]: the word is `secret`, not its plural
b/dollar.json:2:30: error[near-miss]: the word is `secret`, in small letters
b/loose.yaml:1:4: warning[near-miss]: this text is no expression, so it stays as it is
b/loose.yaml:2:11: warning[near-miss]: this text is no expression, so it stays as it is
b/unquoted-list.yaml:1:5: error[unquoted-reference]: without quotes this is a mapping to YAML, not text
b/unquoted.yaml:1:4: error[unquoted-reference]: without quotes this is a mapping to YAML, not text
c/broken.toml:1:16: error[syntax-error]: this is not valid TOML: invalid literal string, expected `'`
c/latin.conf: error[unreadable-file]: this file is not UTF-8: byte 3 is in no character
c/long.env:1:3: error[near-miss]: this reference is never closed
";
    assert_eq!(run.stdout, expected);
    assert_eq!(run.stderr, "checked 5 references in 13 files: 14 errors, 2 warnings\n");
}

#[test]
fn a_problem_is_drawn_with_its_line_and_help() {
    let project = Project::new(&[("a.yaml", "a:\n  key: '{secret: pager}' # c\n")]);
    let run = project.redeem("check").exits(1);
    let expected = "near-miss

  × names are taken exactly, without blanks
   ╭─[a.yaml:2:9]
 2 │   key: '{secret: pager}' # c
   ·         ───────┬───────
   ·                ╰── blanks inside the reference
   ╰────
  help: write `{secret:pager}`

";
    assert_eq!(run.stdout, expected);
}

#[test]
fn a_place_in_a_long_line_is_shown_without_the_line() {
    let line = format!(
        "{{\"pad\": \"{}\", \"k\": \"{{secret: x}}\", \"more\": \"{}\"}}",
        "a".repeat(100_000),
        "b".repeat(100_000)
    );
    let run = Project::new(&[("a.json", &line)]).redeem("check").exits(1);
    assert!(run.stdout.contains("{secret: x}") && run.stdout.len() < 2000, "{} bytes", run.stdout.len());
}

#[test]
fn machines_get_places_and_fixes() {
    let project = Project::new(&[("a.yaml", "ü: '{secret: x}'\n")]);
    let run = project.redeem("check --format json").exits(1);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let problem = &told["diagnostics"][0];
    assert_eq!(problem["code"], "near-miss");
    assert_eq!(problem["file"], "a.yaml");
    assert_eq!((&problem["place"]["line"], &problem["place"]["column"]), (&1.into(), &5.into()));
    assert_eq!(problem["fixes"][0]["replacement"], "{secret:x}");
    assert_eq!((&problem["place"]["start"], &problem["fixes"][0]["end"]), (&5.into(), &16.into()));
    let summary = serde_json::json!({ "files": 1, "references": 0, "errors": 1, "warnings": 0 });
    assert_eq!((&told["version"], &told["stopped"], &told["summary"]), (&1.into(), &().into(), &summary));
    assert_eq!(run.stderr, "");
}

#[test]
fn warnings_alone_are_no_failure_and_ignored_files_are_not_looked_at() {
    let project = Project::new(&[
        (".git/HEAD", ""),
        (".gitignore", "build/\n"),
        ("build/a.yaml", "a: '{secret: x}'\n"),
        (".hidden/a.yaml", "a: $secrets.x\n"),
        ("main.rs", "println!(\"{secret: x}\")"),
    ]);
    project.redeem("check").exits(0).says(&["0 errors, 1 warning"]);
    project.redeem("check build").exits(1);
    project.redeem("check main.rs").exits(1).says(&["1 error"]);
    project.redeem("check nowhere").exits(1);
}

#[test]
fn each_code_is_explained_with_its_example() {
    let project = Project::new(&[]);
    for code in redeem_host::Code::ALL {
        let run = project.redeem(&format!("explain {code}")).exits(0);
        let parts = [format!("{code} ({})\n", code.severity()), code.what(), code.why(), code.fix()];
        assert!(parts.iter().all(|part| run.stdout.contains(part.as_str())), "{}", run.stdout);
        let has_example = run.stdout.contains("\n    $ ");
        assert_eq!(has_example, *code != redeem_host::Code::ProofFailed, "{}", run.stdout);
    }
    let list = project.redeem("explain").exits(0).stdout;
    assert_eq!(list.lines().count(), redeem_host::Code::ALL.len());
    let run = project.redeem("explain near-miss --json").exits(0);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((&told["code"], &told["severity"]), (&"near-miss".into(), &"error".into()));
    let told: serde_json::Value =
        serde_json::from_str(&project.redeem("explain --json").exits(0).stdout).expect("JSON");
    assert_eq!(told.as_array().map(Vec::len), Some(redeem_host::Code::ALL.len()));
    project.redeem("explain near-mis").exits(2).says(&["no code `near-mis`", "did you mean `near-miss`?"]);
    project.redeem("explain qqqqqqqq").exits(2).says(&["`redeem explain` lists all codes"]);
}

#[test]
fn on_a_terminal_the_way_to_the_explanation_is_told() {
    use std::io::Read;
    let project = Project::new(&[("a.yaml", "k: '{secret: x}'\n")]);
    let (mut leader, terminal) = terminal();
    let mut command = project.command("check --color never");
    let ended = command.stdout(terminal).stderr(std::process::Stdio::null()).status().expect("a run");
    drop(command);
    let mut text = Vec::new();
    // Once its other end is closed, reading from a terminal is an error, behind all that was written.
    let _ = leader.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    assert_eq!(ended.code(), Some(1));
    assert!(text.contains("for more about a code: redeem explain near-miss"), "{text}");
    let run = project.redeem("check").exits(1);
    assert!(!run.stdout.contains("for more"), "a log stays as it was");
}

#[test]
fn wrong_usage_is_told_apart() {
    let project = Project::new(&[]);
    for line in ["", "rendr", "render --mode 999 x", "check --format xml", "--color red check"] {
        let run = project.redeem(line);
        assert_eq!(run.code, Some(2), "{line}: {}", run.stderr);
    }
    let run = project.redeem("--help").exits(0);
    assert!(run.stdout.contains("Exit codes"), "{}", run.stdout);
    project.redeem("--version").exits(0);
}
