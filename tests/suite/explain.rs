//! `redeem explain FILE:LINE[:COL]`: what a reference is, and where the next one stands.

use serde_json::{Value, json};

use crate::secrets::vault;
use crate::support::Project;

const CONFIG: &str = "\
[render]
source = 'config'
output = 'build'

[[context]]
scope = 'notifications'
at = ['**.routing_key']

[[backend]]
name = 'own'
type = 'vault'
path = 'secrets'

[profile.ci]
[[profile.ci.backend]]
name = 'own'
type = 'files'
path = 'run'
";

fn project() -> Project {
    let project = vault(&[
        ("redeem.toml", CONFIG),
        (
            "config/app.yaml",
            "# ü {secret: x}\nrouting_key: \"{secret:pager | trim}\"\nk: ä ${secret.pager} ${secret.pagr}\n\nj: |\n  ${secret.creds}\n",
        ),
        ("config/a.conf.j2", "{% include 'part.inc' %}\n"),
        ("config/part.inc", "# nothing\n{{ secrets.pager |\n default('x') }}\n"),
        ("run/pager", "v"),
    ]);
    let line = "secrets create pager --scope notifications --expires-at 2020-01-31";
    project.piped(line, "c4n4ry").exits(0);
    project
}

#[test]
fn a_reference_is_told_with_its_place_its_rules_and_its_secret() {
    let project = project();
    let run = project.redeem("explain config/app.yaml:2").exits(0);
    let text = run.stdout;
    let expected = "\
config/app.yaml:2:15: pager
  dialect     brace
  path        routing_key
  filters     trim
  written     in a YAML string in double quotes
  optional    no
  accepts     notifications, global
  rule        redeem.toml:6: accepts `notifications`
  backend     own (secrets/pager.yaml)
  scope       notifications
  expires     2020-01-31, expired ";
    assert!(text.starts_with(expected), "{text}");
    for words in [
        "  version     1\n",
        "  created by  ada\n",
        "  readers     ada\n",
        "  output      build/app.yaml\n",
        "\n  error[expired-secret]: `pager` has expired: it was usable until 2020-01-31\n    help: rotate it",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("c4n4ry"), "{text}");
    let told: Value =
        serde_json::from_str(&project.redeem("explain config/app.yaml:2:15 --json").exits(0).stdout)
            .expect("JSON");
    let one = &told["references"][0];
    assert_eq!(
        one["rules"],
        json!([{ "says": "accepts `notifications`", "file": "redeem.toml", "line": 6 }])
    );
    assert_eq!((&one["details"]["version"], &one["details"]["created_by"]), (&json!("1"), &json!("ada")));
    assert_eq!(
        (&one["expires"], &one["noted"]["file"]),
        (&json!("2020-01-31"), &json!("secrets/pager.yaml"))
    );
    assert!(one["days_left"].as_i64().is_some_and(|days| days < -2000), "{one}");
    assert_eq!(one["problems"][0]["code"], "expired-secret");
    assert_eq!(told["problems"], json!([]));
}

#[test]
fn a_column_counts_characters_and_chooses_among_several() {
    let project = project();
    let names = |line: &str, code| {
        let run = project.redeem(&format!("explain config/app.yaml:{line} --json")).exits(code);
        let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let rows = told["references"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("3", 0), ["pager", "pagr"]);
    assert_eq!(names("3:6", 0), ["pager"]);
    assert_eq!(names("3:20", 0), ["pager"]);
    assert_eq!(names("3:21", 1), [""; 0]);
    assert_eq!(names("3:22", 0), ["pagr"]);
    assert_eq!(names("3:999", 1), [""; 0]);
    let run = project.redeem("explain config/app.yaml:3:1").exits(1);
    assert_eq!(
        run.stdout,
        "config/app.yaml:3:1: no reference stands here\nin this line: config/app.yaml:3:6, config/app.yaml:3:22\n"
    );
    let run = project.redeem("explain config/app.yaml:3:22").exits(0);
    for words in ["none has it", "error[unknown-secret]: there is no secret `pagr`", "did you mean `pager`?"]
    {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let run = project.redeem("explain config/app.yaml:3:6").exits(0);
    assert!(
        run.stdout.contains("accepts     global") && run.stdout.contains("error[scope-mismatch]"),
        "{}",
        run.stdout
    );
    let run = project.redeem("explain config/app.yaml:6").exits(0);
    assert!(run.stdout.contains("in a YAML block behind `|`"), "{}", run.stdout);
}

#[test]
fn a_line_without_a_reference_names_the_nearest() {
    let project = project();
    let run = project.redeem("explain config/app.yaml:4").exits(1);
    assert_eq!(
        run.stdout,
        "config/app.yaml:4: no reference stands here\nthe nearest one: config/app.yaml:3:6\n"
    );
    project.write("config/b.yaml", "a: 1\nb: '{secret: x}'\n");
    let run = project.redeem("explain config/b.yaml:2").exits(1);
    assert_eq!(
        run.stdout,
        "\
config/b.yaml:2: no reference stands here
this file has no reference

error[near-miss]: names are taken exactly, without blanks
  help: write `{secret:x}`
"
    );
    project.write("config/c.yaml", "a: 1");
    let run = project.redeem("explain config/c.yaml:1").exits(1);
    assert!(run.stdout.contains("this file has no reference"), "{}", run.stdout);
    project.redeem("explain config/c.yaml:2").exits(2).says(&["has no line 2: it has 1"]);
}

#[test]
fn a_part_is_told_with_the_templates_that_include_it() {
    let project = project();
    let run = project.redeem("explain config/part.inc:2").exits(0);
    for words in [
        "config/part.inc:2:4: pager\n",
        "optional     yes",
        "included by  config/a.conf.j2\n",
        "output       build/a.conf\n",
        "where the template puts it",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let run = project.redeem("explain config/part.inc:1").exits(1);
    assert!(run.stdout.ends_with("the nearest one: config/part.inc:2:4\n"), "{}", run.stdout);
}

#[test]
fn the_folder_the_configuration_and_the_profile_count() {
    let project = project();
    let run = project.redeem("-C config explain app.yaml:2").exits(0);
    assert!(run.stdout.starts_with("app.yaml:2:15: pager\n"), "{}", run.stdout);
    let run = project.redeem("explain config/app.yaml:2 --profile ci").exits(0);
    assert!(run.stdout.contains("backend   own\n") && !run.stdout.contains("expires"), "{}", run.stdout);
    project.write("other.toml", "");
    let run = project.redeem("--config other.toml explain config/app.yaml:2").exits(0);
    assert!(run.stdout.contains("accepts     global\n"), "{}", run.stdout);
}

#[test]
fn names_of_files_are_read_from_the_right() {
    let project = Project::new(&[]);
    for name in ["a:7.yaml", "a.yaml:3", "near-miss", "e  f", "-x.yaml", "日 \"本\".yaml"] {
        project.write(name, "\nk: ${secret.x}\n");
        let mut command = project.command("explain");
        let output = command.args(["--", &format!("{name}:2:4")]).output().expect("a run");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.starts_with(&format!("{name}:2:4: x\n")), "{name}: {text}");
    }
    // A place as `check --format short` writes it, and a name that looks like one.
    assert!(project.redeem("explain a.yaml:3:2").exits(0).stdout.starts_with("a.yaml:3:2:4: x\n"));
    project.redeem("explain a.yaml:3:2:4:").exits(0);
    assert!(project.redeem("explain near-miss").exits(0).stdout.starts_with("near-miss (error)"));
}

#[test]
fn what_is_no_place_is_told_with_the_way_to_ask() {
    let project = project();
    for (words, told) in [
        ("config/app.yaml", "which line of config/app.yaml?"),
        ("config/app.yaml:0", "no line or column 0"),
        ("config/app.yaml:2:0", "no line or column 0"),
        ("config/app.yaml:99999999999999999999999", "no line or column 9999"),
        ("config/app.yaml:x", "`x` is no line of config/app.yaml"),
        ("config/app.yaml:2:x", "no code, and no place"),
        ("config:1", "config is a folder"),
        ("nowhere.yaml:1", "there is no file nowhere.yaml"),
        ("nowhere.yaml", "no code, and no place"),
        (":1", "no code, and no place"),
        ("near-mis", "did you mean `near-miss`?"),
    ] {
        let run = project.redeem(&format!("explain {words}")).exits(2).says(&[told, "help: "]);
        assert_eq!(run.stdout, "", "{words}");
    }
    project.write("latin.yaml", b"k: caf\xe9 {secret:x}\n");
    project.redeem("explain latin.yaml:1").exits(2).says(&["latin.yaml: this file is not UTF-8"]);
    project.write("redeem.toml", "[[files]]\nmatch = '*.yaml'\nformat = 'copy'\n");
    project.redeem("explain config/app.yaml:2").exits(2).says(&["copied as it is", "[[files]]"]);
}
