//! The formats of `redeem check`: what each holds, that no case breaks one, and that no value is in any.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::diagnostics::{CANARY, told_cases};
use crate::schema::problems;
use crate::support::{Project, root, terminal};

const FORMATS: &[&str] = &["human", "short", "json", "sarif", "github", "gitlab"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn schema() -> Value {
    json(&fs::read_to_string(root().join("docs/check.schema.json")).expect("the schema"))
}

/// The arguments of a case, as those of a check in a format.
fn check_in(arguments: &str, format: &str) -> String {
    if arguments.starts_with("check") {
        format!("{arguments} --format {format}")
    } else {
        format!("check --format {format}")
    }
}

#[test]
fn no_format_breaks_or_holds_a_value() {
    let schema = schema();
    let cases = told_cases();
    assert!(cases.len() >= 20, "only {} cases were found", cases.len());
    let mut told = 0;
    for (path, case) in cases {
        // Renders of one project are all the same check.
        let in_format =
            |format| case.runs.iter().map(move |(arguments, _)| (check_in(arguments, format), format));
        let checks: BTreeSet<(String, &str)> = FORMATS.iter().flat_map(|format| in_format(*format)).collect();
        for (arguments, format) in checks {
            let (run, _) = case.run_with(&arguments);
            let place = format!("{} as {format}", path.display());
            for text in [&run.stdout, &run.stderr] {
                assert!(!CANARY.iter().any(|canary| text.contains(canary)), "{place}: {text}");
            }
            match format {
                "json" => {
                    let found = json(&run.stdout);
                    let wrong = problems(&schema, &schema, &found);
                    assert!(wrong.is_empty(), "{place}: {wrong:?}\n{found:#}");
                    told += found["diagnostics"].as_array().map_or(0, Vec::len);
                }
                "sarif" => look_at_sarif(&json(&run.stdout), &place),
                "gitlab" => look_at_gitlab(&json(&run.stdout), &place),
                "github" => {
                    let is_command =
                        |line: &str| line.starts_with("::error ") || line.starts_with("::warning ");
                    assert!(run.stdout.lines().all(is_command), "{place}: {}", run.stdout);
                }
                _ => continue,
            }
            assert!(run.stderr.is_empty() || run.stderr.starts_with("error: "), "{place}: {}", run.stderr);
        }
    }
    assert!(told >= 9, "only {told} problems were told");
}

/// What the schema of SARIF cannot say; `tests/conformance/check.py` holds the log to the schema.
fn look_at_sarif(log: &Value, place: &str) {
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in run["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"], "{place}");
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(uri.is_string(), "{place}: {result:#}");
    }
}

fn look_at_gitlab(report: &Value, place: &str) {
    let mut seen = BTreeSet::new();
    for issue in report.as_array().expect("an array") {
        for key in ["/description", "/check_name", "/fingerprint", "/severity", "/location/path"] {
            assert!(issue.pointer(key).is_some_and(Value::is_string), "{place}: {key}: {issue:#}");
        }
        assert!(issue["location"]["lines"]["begin"].as_u64() >= Some(1), "{place}: {issue:#}");
        assert!(seen.insert(issue["fingerprint"].to_string()), "{place}: a fingerprint is there twice");
    }
}

/// A word without blanks may be longer, and a line of what is not wrapped: a file's text, or a name with its message.
#[test]
fn what_is_drawn_fits_into_eighty_columns() {
    let mut count = 0;
    for (path, case) in told_cases() {
        for line in case.runs.iter().flat_map(|(_, output)| output.lines()) {
            count += 1;
            let is_word = line.trim_start_matches([' ', '│', '×', '⚠', '☞']).split_whitespace().count() == 1;
            assert!(line.chars().count() <= 80 || is_word, "{}: {line}", path.display());
        }
    }
    assert!(count > 150, "only {count} lines were found");
}

#[test]
fn sarif_has_places_fixes_and_rules() {
    let project = Project::new(&[("ü/a b.yaml", "# ü\nü: '{secret: x}'\n")]);
    let run = project.redeem("check --format sarif").exits(1);
    assert_eq!(run.stderr, "");
    let log = json(&run.stdout);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let driver = &run["tool"]["driver"];
    assert_eq!((&driver["name"], &driver["version"]), (&"redeem".into(), &env!("CARGO_PKG_VERSION").into()));
    assert_eq!(driver["rules"].as_array().map(Vec::len), Some(redeem_host::Code::ALL.len()));
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"near-miss".into(), &"error".into()));
    let artifact = serde_json::json!({ "uri": "%C3%BC/a%20b.yaml", "uriBaseId": "%SRCROOT%" });
    let region = serde_json::json!({ "startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 16 });
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!((&location["artifactLocation"], &location["region"]), (&artifact, &region));
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"], artifact);
    let replacement =
        serde_json::json!({ "deletedRegion": region, "insertedContent": { "text": "{secret:x}" } });
    assert_eq!(change["replacements"][0], replacement);
}

/// A service that keeps track of problems sees the same one again when lines above it come and go.
#[test]
fn fingerprints_are_the_same_after_a_move_and_never_twice() {
    let fingerprints = |text: &str| -> Vec<String> {
        let project = Project::new(&[("a.yaml", text)]);
        let log = json(&project.redeem("check --format sarif").exits(1).stdout);
        let report = json(&project.redeem("check ./a.yaml --format gitlab").exits(1).stdout);
        let all = log["runs"][0]["results"]
            .as_array()
            .expect("results")
            .iter()
            .zip(report.as_array().expect("issues"));
        all.map(|(result, issue)| {
            assert_eq!(result["partialFingerprints"]["redeemProblem/v1"], issue["fingerprint"]);
            issue["fingerprint"].to_string()
        })
        .collect()
    };
    let before = fingerprints("a: '{secret: x}'\nb: '{secret: x}'\nc: '${secrets.x}'\n");
    let after = fingerprints("\n# more\na: '{secret: x}'\nz: 1\nb: '{secret: x}'\nc: '${secrets.x}'\n");
    assert_eq!(before, after);
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn github_and_gitlab_get_what_they_show() {
    let project = Project::new(&[("a,b.yaml", "k: '{secret: x}'\n")]);
    let run = project.redeem("check --format github").exits(1);
    let expected = "::error file=a%2Cb.yaml,line=1,endLine=1,col=5,endColumn=16,title=near-miss\
        ::names are taken exactly, without blanks%0Ahelp: write `{secret:x}`\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (expected, ""));
    let run = project.redeem("check --format gitlab").exits(1);
    let issue = &json(&run.stdout)[0];
    assert_eq!((&issue["check_name"], &issue["severity"]), (&"near-miss".into(), &"major".into()));
    let location = serde_json::json!({ "path": "a,b.yaml", "lines": { "begin": 1, "end": 1 } });
    assert_eq!((&issue["location"], run.stderr.as_str()), (&location, ""));
    let clean = Project::new(&[("a.yaml", "k: 1\n")]);
    assert_eq!(clean.redeem("check --format gitlab").exits(0).stdout, "[]\n");
    assert_eq!(clean.redeem("check --format github").exits(0).stdout, "");
}

#[test]
fn a_broken_configuration_is_told_in_the_same_format() {
    let project = Project::new(&[("redeem.toml", "[render]\nsorce = 'x'\n"), ("a.yaml", "k: 1\n")]);
    let run = |format: &str| project.redeem(&format!("check --format {format}")).exits(2);
    assert!(run("human").stdout.is_empty() && run("human").stderr.contains("invalid-config\n"));
    assert!(run("short").stdout.starts_with("redeem.toml:2:1: error[invalid-config]: "));
    assert!(run("github").stdout.starts_with("::error file=redeem.toml,line=2,endLine=2,col=1,"));
    let told = json(&run("json").stdout);
    assert!(problems(&schema(), &schema(), &told).is_empty(), "{told:#}");
    assert_eq!(told["diagnostics"][0]["code"], "invalid-config");
    let log = json(&run("sarif").stdout);
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "invalid-config");
    assert_eq!(json(&run("gitlab").stdout)[0]["check_name"], "invalid-config");
    for format in FORMATS {
        assert!(*format == "human" || run(format).stderr.is_empty(), "{format}: {}", run(format).stderr);
    }
}

#[test]
fn a_drawing_is_as_wide_as_its_terminal_within_bounds() {
    let project = Project::new(&[("a.yaml", &format!("k: '{} {{secret: x}}'\n", "x".repeat(300)))]);
    for (columns, expected) in [(40, 60), (100, 100), (300, 120), (0, 80)] {
        let (mut leader, other) = terminal();
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&other, size).expect("a size");
        let mut child =
            project.command("check -q --color never").stdout(other).spawn().expect("the binary runs");
        let mut shown = Vec::new();
        // The end of a terminal whose last writer has gone is an error, and the text up to it is there.
        let _ = leader.read_to_end(&mut shown);
        child.wait().expect("it ends");
        let shown = String::from_utf8(shown).expect("UTF-8");
        let widest = shown
            .lines()
            .filter(|line| line.contains("xxx"))
            .map(|line| line.trim_end().chars().count())
            .max();
        assert!(
            widest.is_some_and(|widest| widest <= expected && widest + 40 > expected),
            "{columns}: {shown}"
        );
    }
}

/// Minutes instead of seconds are what this is about: something that looks at all for each of them.
#[test]
fn ten_thousand_problems_are_told_without_a_stall() {
    let bad = "k: '{secret: x}'\n".repeat(10_000);
    let line = format!("k: '{}'\n", "é{secret: x}".repeat(10_000));
    let project = Project::new(&[("lines/a.yaml", &bad), ("line/a.yaml", &line)]);
    for folder in ["lines", "line"] {
        for format in FORMATS {
            let begun = Instant::now();
            let run = project.redeem(&format!("check {folder} --format {format}")).exits(1);
            assert!(begun.elapsed() < Duration::from_mins(1), "{folder} as {format}: {:?}", begun.elapsed());
            match *format {
                "human" => assert!(run.stdout.len() < 10_000, "{} bytes", run.stdout.len()),
                "short" | "github" => assert_eq!(run.stdout.lines().count(), 10_000),
                _ => assert!(run.stdout.len() > 1_000_000),
            }
        }
    }
}

#[test]
fn a_file_name_gives_no_orders() {
    let project = Project::new(&[("::stop-commands::abc.txt", "a {secret: x}\n")]);
    for n in 0..40 {
        project.write(&format!("::error::{n} ::error::x.yaml"), "a: '{secret: x}'\n");
    }
    for format in ["human", "short", "gitlab", "json"] {
        let run = project.redeem(&format!("check --format {format}")).exits(1);
        for line in run.stdout.lines().chain(run.stderr.lines()) {
            assert!(!line.trim_start().starts_with("::"), "{format}: {line}");
        }
    }
    let run = project.redeem("check --format github").exits(1);
    assert!(
        run.stdout.lines().all(|line| line.starts_with("::error file=")
            && !line.contains("file=./")
            && line.matches("::").count() == 2),
        "{}",
        run.stdout
    );
    let run = project.redeem("check --fix -v");
    assert!(!run.stderr.lines().any(|line| line.trim_start().starts_with("::")), "{}", run.stderr);
    assert!(run.stderr.contains("wrote"), "{}", run.stderr);
}

#[test]
fn a_command_in_a_help_is_the_one_that_was_meant() {
    let name = "a'; touch pwned #.yaml";
    let rules = "[[context]]\nscope = \"s\"\nat = [\"**.key\"]\n";
    let project = Project::new(&[(name, "a'$(id): {key: c4n4ry}\n"), ("redeem.toml", rules)]);
    let run = project.redeem("check --format json").stdout;
    let found = json(&run);
    let help = found["diagnostics"].as_array().into_iter().flatten().filter_map(|told| told["help"].as_str());
    let help: Vec<&str> = help.filter(|help| help.contains("--extract")).collect();
    assert_eq!(help.len(), 1, "{found:#}");
    let command = help[0].split('`').nth(1).expect("a command");
    let words = std::process::Command::new("sh")
        .args(["-c", &format!("redeem() {{ printf '%s\\n' \"$@\"; }}; {command}")])
        .current_dir(project.path(""))
        .output()
        .expect("a shell");
    let words = String::from_utf8(words.stdout).expect("UTF-8");
    assert!(words.lines().count() == 7 && words.contains(name), "{words}");
    assert!(!project.exists("pwned"));
}
