//! What can be known of secrets without a value: names, scopes, places, expiry. `check` tells it and `render` obeys.

use crate::secrets::vault;
use crate::support::Project;

const CONFIG: &str = "\
[render]
source = \"config\"
output = \"out\"

[[backend]]
name = \"team\"
type = \"vault\"
path = \"secrets\"

[[context]]
scope = \"notifications\"
at = [\"**.pagerduty.**.routing_key\"]

[[by_name]]
key = \"key_name\"
";

/// A project with one secret of each kind; `soon` expires on 2027-01-31.
fn project(files: &[(&str, &str)]) -> Project {
    let files: Vec<(&str, &str)> =
        files.iter().copied().chain([("redeem.toml", CONFIG), ("config/none.txt", "")]).collect();
    let project = vault(&files);
    for line in [
        "secrets create pagerduty-key --scope notifications",
        "secrets create db-password",
        "secrets create old --expires-at 2026-01-31",
        "secrets create soon --expires-at 2097-01-31",
    ] {
        project.piped(line, "c4n4ry-value").exits(0);
    }
    project.piped("secrets set creds API_KEY=-", "c4n4ry-key").exits(0);
    project
}

/// Runs a check that finds an error.
#[track_caller]
fn finds(project: &Project, line: &str, words: &str) {
    let run = project.redeem(line).exits(1);
    assert!(run.stdout.contains(words), "{}", run.stdout);
}

/// Each text alone, with what is told of it: `line:column: severity[code]`, joined.
#[test]
fn each_real_problem_is_told_at_its_place() {
    let project = project(&[]);
    for (name, text, expected) in [
        ("a.yaml", "database:\n  password: '{secret:pagerduty-key}'\n", "2:14 error[scope-mismatch]"),
        ("a.toml", "[database]\npassword = 'ü {secret:pagerduty-key}'\n", "2:15 error[scope-mismatch]"),
        (
            "a.json",
            "{\"database\": {\t\"passwörd\": \"é\\u00e9{secret:pagerduty-key}\"}}",
            "1:36 error[scope-mismatch]",
        ),
        ("a.yaml", "database:\n  password: '{secret:db-password}'\n", ""),
        ("a.yaml", "pagerduty:\n- routing_key: '{secret:pagerduty-key}'\n", ""),
        ("a.toml", "[[pagerduty]]\nrouting_key = '{secret:pagerduty-key}'\n", ""),
        ("a.json", "{\"pagerduty\": {\"eu\": {\"routing_key\": \"{secret:pagerduty-key}\"}}}", ""),
        (
            "a.yaml",
            "pagerduty: {routing_key: &k '{secret:pagerduty-key}'}\ndb: {password: *k}\n",
            "1:30 error[scope-mismatch]",
        ),
        (
            "a.yaml",
            "pagerduty: &p\n  routing_key: '{secret:pagerduty-key}'\ndb:\n  <<: *p\n",
            "2:17 error[scope-mismatch]",
        ),
        ("a.yaml", "pagerduty:\n- &p {routing_key: '{secret:pagerduty-key}'}\n- <<: *p\n- *p\n", ""),
        ("a.yaml", "a: '{secret:old}'\n", "1:5 error[expired-secret]"),
        ("a.yaml", "a: '{secret:pagerdutykey}'\n", "1:13 error[unknown-secret]"),
        ("a.toml", "a = \"\u{1f511}\\t{secret:pagerdutykey}\"\n", "1:17 error[unknown-secret]"),
        ("a.yaml", "a: '{secret:bad name}'\n", "1:13 error[invalid-name]"),
        ("a.json", "{\n\t\"ключ\": \"{secret:bad name}\"}", "2:19 error[invalid-name]"),
        ("a.yaml", "api_key: {secret:db-password}\n", "1:10 error[unquoted-reference]"),
        ("a.yaml", "hosts: [${secret.db-password}]\n", "1:9 error[unquoted-reference]"),
        ("a.yaml", "a: ${secrets.X}\n", "1:4 error[near-miss]"),
        ("a.yaml", "a: $secrets.x\n", "1:4 warning[near-miss]"),
        ("a.yaml", "a: postgres://u:${secret.db-password}@h\n", "1:17 warning[url-without-filter]"),
        ("a.env", "A=postgres://u:${secret.db-password}@h\n", "1:16 warning[url-without-filter]"),
        ("a.yaml", "a: postgres://u:${secret.db-password | urlencode}@h\n", ""),
        ("a.yaml", "a: ${secret.creds}\n", "1:4 error[bundle-without-key]"),
        ("a.yaml", "a: ${secret.creds.API_KYE}\n", "1:4 error[unknown-key]"),
        ("a.yaml", "a: ${secret.db-password.KEY}\n", "1:4 error[unknown-key]"),
        ("a.yaml", "key_name: stripe\n", "1:11 error[unknown-secret]"),
        ("a.yaml", "secret_name: stripe\n", "1:14 warning[unknown-secret]"),
        ("a.yaml", "secret_name: db-password\n", ""),
        ("a.yaml", "a: $ f'{secrets[tenant]}'\n", "1:9 error[dynamic-reference]"),
        ("a.yaml", "pagerduty: {routing_key: R0c4n4ry}\n", "1:13 warning[plaintext-value]"),
        ("a.toml", "[pagerduty]\nrouting_key = 'R0c4n4ry'\n", "2:1 warning[plaintext-value]"),
        ("a.json", "{\"pagerduty\": [{\"routing_key\": 77}]}", "1:17 warning[plaintext-value]"),
        ("a.yaml", "pagerduty: {routing_key: R0c4n4ry} # redeem: ignore\n", ""),
    ] {
        let path = format!("config/{name}");
        project.write(&path, text);
        let run = project.redeem(&format!("check {path} --format short"));
        let told: Vec<String> = run
            .stdout
            .lines()
            .map(|line| {
                let rest = line.strip_prefix(&format!("{path}:")).expect(line);
                let (place, rest) = rest.split_once(": ").expect(line);
                format!("{place} {}", rest.split_once(": ").expect(line).0)
            })
            .collect();
        assert_eq!(told.join(", "), expected, "{text}");
        assert!(!run.stdout.contains("c4n4ry"), "{text}: {}", run.stdout);
        let fails = expected.contains("error[");
        assert_eq!(run.code, Some(i32::from(fails)), "{text}");
        let render = project.redeem(&format!("render {path} -o {name}.out"));
        assert_eq!(render.code, Some(if fails { 3 } else { 0 }), "{text}: {}", render.stderr);
        assert!(!render.stderr.contains("c4n4ry"), "{text}: {}", render.stderr);
        let output = project.path(&format!("{name}.out"));
        assert_eq!(output.exists(), !fails, "{text}");
        let _ = std::fs::remove_file(output);
        std::fs::remove_file(project.path(&path)).expect("removed");
    }
    let long = "x".repeat(65);
    project.write("config/a.yaml", format!("a: '{{secret:{long}}}'\n"));
    finds(&project, "check config/a.yaml --format short", "1:13: error[invalid-name]");
}

#[test]
fn a_fix_names_the_secret_that_was_meant() {
    let project = project(&[]);
    for (name, before, option, after) in [
        (
            "a.yaml",
            "pagerduty: {routing_key: '{secret:pagerdutykey}'}\n",
            "--fix",
            "pagerduty: {routing_key: '{secret:pagerduty-key}'}\n",
        ),
        ("a.yaml", "a: '{secret:db-pasword}'\n", "--fix", "a: '{secret:db-pasword}'\n"),
        ("a.yaml", "a: '{secret:db-pasword}'\n", "--unsafe-fixes", "a: '{secret:db-password}'\n"),
        (
            "a.json",
            "{\"a\": \"é\\u007bsecret:DB_PASSWORD}\"}",
            "--fix",
            "{\"a\": \"é\\u007bsecret:db-password}\"}",
        ),
        ("a.toml", "a = '{secret:db password}'\n", "--unsafe-fixes", "a = '{secret:db-password}'\n"),
        ("a.yaml", "a: ${secret.creds}\n", "--unsafe-fixes", "a: ${secret.creds.API_KEY}\n"),
        ("a.yaml", "a: ${secret.creds.API_KYE} # c\n", "--unsafe-fixes", "a: ${secret.creds.API_KEY} # c\n"),
        ("a.yaml", "key_name: db_password\n", "--fix", "key_name: db-password\n"),
        ("a.txt.j2", "{{ secrets.creds.API_KYE }}", "--unsafe-fixes", "{{ secrets.creds.API_KEY }}"),
        ("a.txt.j2", "{{ secrets['db-pasword'] }}", "--unsafe-fixes", "{{ secrets['db-password'] }}"),
        ("a.yaml", "a: $ secrets.db_pasword\n", "--unsafe-fixes", "a: $ secrets.db_pasword\n"),
    ] {
        let path = format!("config/{name}");
        project.write(&path, before);
        let code = i32::from(before == after);
        project.redeem(&format!("check {path} {option}")).exits(code);
        assert_eq!(project.read(&path), after, "{before}");
        project.redeem(&format!("check {path} {option}")).exits(code);
        assert_eq!(project.read(&path), after, "{before}, a second time");
        std::fs::remove_file(project.path(&path)).expect("removed");
    }
}

#[test]
fn the_end_of_a_secret_is_judged_at_a_day_of_ones_choice() {
    let project = project(&[("config/a.yaml", "a: '{secret:soon}'\n")]);
    let told = |line: &str| project.redeem(line).stdout;
    assert_eq!(told("check config/a.yaml --format short --at 2097-01-01"), "");
    let run = project.redeem("check config/a.yaml --format short --at 2097-01-28").exits(0);
    assert_eq!(
        run.stdout,
        "config/a.yaml:1:5: warning[expiring-secret]: `soon` expires in 3 days: it is usable until 2097-01-31\n"
    );
    let run = project.redeem("check config/a.yaml --format short --at 2097-01-31T00:00:00Z").exits(1);
    assert!(run.stdout.contains("error[expired-secret]"), "{}", run.stdout);
    project.redeem("check --at soon").exits(2);
    let longer = format!("{CONFIG}\n[policy]\nexpires_within = \"5w\"\n");
    project.write("redeem.toml", longer);
    assert!(told("check config/a.yaml --format short --at 2097-01-01").contains("in 30 days"));
}

#[test]
fn a_value_under_another_key_is_judged_where_it_lands() {
    let project = project(&[("config/a.yaml", "")]);
    let rule = "\n[[by_name]]\nkey = \"token_name\"\nrender = \"routing_key\"\n";
    project.write("redeem.toml", format!("{CONFIG}{rule}"));
    for (text, code) in [
        ("pagerduty: {token_name: pagerduty-key}\n", 0),
        ("db: {token_name: pagerduty-key}\n", 1),
        ("pagerduty: {token_name: &n pagerduty-key}\ndb: {x: *n}\n", 1),
        ("pagerduty: &p {token_name: pagerduty-key}\npagerduty2: *p\n", 1),
        ("pagerduty:\n- &p {token_name: pagerduty-key}\n- *p\n", 0),
    ] {
        project.write("config/a.yaml", text);
        let run = project.redeem("check config/a.yaml --format short").exits(code);
        assert_eq!(run.stdout.contains("error[scope-mismatch]"), code == 1, "{text}: {}", run.stdout);
        project.redeem("render config/a.yaml -o out.yaml").exits(code * 3);
    }
}

#[test]
fn only_listed_places_take_references_if_asked_for() {
    let project = project(&[("config/a.yaml", "a: '{secret:db-password}'\n")]);
    project.write("redeem.toml", format!("{CONFIG}\n[policy]\nplaces = \"listed\"\n"));
    finds(&project, "check config/a.yaml --format short", "1:5: error[place-not-allowed]");
    project.redeem("render config/a.yaml -o out.yaml").exits(3);
    project.write("config/a.yaml", "pagerduty: {routing_key: '{secret:db-password}'}\n");
    project.redeem("check config/a.yaml").exits(0);
    project.redeem("render config/a.yaml -o out.yaml").exits(0);
}

#[test]
fn a_context_may_be_a_set_of_files() {
    let project = project(&[("config/n/a.conf", "key = {secret:pagerduty-key}\n")]);
    finds(&project, "check config/n/a.conf --format short", "1:7: error[scope-mismatch]");
    let context = "\n[[context]]\nscope = \"notifications\"\nfiles = [\"config/n/**\"]\n";
    project.write("redeem.toml", format!("{CONFIG}{context}"));
    project.redeem("check config/n/a.conf").exits(0);
    project.write("config/n/b.txt.j2", "key = {{ secrets['pagerduty-key'] }}\n");
    project.redeem("check config/n/b.txt.j2").exits(0);
    project.write("config/m/b.txt.j2", "key = {{ secrets['pagerduty-key'] }}\n");
    finds(&project, "check config/m/b.txt.j2 --format short", "error[scope-mismatch]");
    project.redeem("render config/m/b.txt.j2 -o out.txt").exits(3);
}

#[test]
fn monte_carlos_table_comes_with_its_target() {
    let project = project(&[(
        "config/n.yml",
        "montecarlo:\n  notifications:\n    pagerduty:\n    - routing_key: '{secret:pagerduty-key}'\n    \
         opsgenie:\n    - {name: o, api_key: '{secret:pagerduty-key}'}\n    webhook: {secret: '{secret:pagerduty-key}'}\n    \
         slack: {token: '{secret:pagerduty-key}'}\n",
    )]);
    project.write("redeem.toml", "target = \"montecarlo\"\n");
    let run = project.redeem("check config/n.yml --format short").exits(1);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    assert!(run.stdout.starts_with("config/n.yml:8:21: error[scope-mismatch]"), "{}", run.stdout);
}

#[test]
fn warnings_are_denied_and_allowed_by_code() {
    let project = project(&[
        ("config/a.yaml", "a: $secrets.x\npagerduty: {routing_key: R0}\n"),
        ("config/b.yaml", "a: '{secret:db-password}'\n"),
    ]);
    let codes = |line: &str, code: i32| {
        let run = project.redeem(&format!("check config/a.yaml --format short {line}")).exits(code);
        let code = |line: &str| line.split(' ').nth(1).map(|word| word.trim_end_matches(':').to_owned());
        run.stdout.lines().filter_map(code).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(codes("", 0), "warning[near-miss] warning[plaintext-value]");
    assert_eq!(codes("--deny near-miss", 1), "error[near-miss] warning[plaintext-value]");
    assert_eq!(codes("--deny warnings", 1), "error[near-miss] error[plaintext-value]");
    assert_eq!(codes("--deny warnings --allow near-miss", 1), "error[plaintext-value]");
    assert_eq!(codes("--allow plaintext-value --allow near-miss", 0), "");
    project.redeem("check --deny nearmiss").exits(2).says(&["did you mean `near-miss`?"]);
    project.redeem("check --allow integrity").exits(2).says(&["always an error"]);
    project.redeem("render config/a.yaml -o out.yaml").exits(0);
    project.redeem("render config/a.yaml -o out2.yaml --deny plaintext-value").exits(3);
    assert!(!project.path("out2.yaml").exists());
    project.write("redeem.toml", format!("{CONFIG}\n[policy]\ndeny = [\"plaintext-value\"]\n"));
    project.write("config/c.yaml", "pagerduty: {routing_key: R0}\n");
    project.redeem("render config/c.yaml -o out3.yaml").exits(3).says(&["plaintext-value"]);
    project.redeem("render config/c.yaml -o out3.yaml --allow plaintext-value").exits(0);
    project.redeem("render -o out4").exits(3).says(&["plaintext-value"]);
}

#[test]
fn a_whole_project_tells_what_no_file_uses() {
    let project = project(&[
        ("config/a.yaml", "a: '{secret:db-password}'\nsecret_name: old\n"),
        ("config/t.j2", "{{ secrets.creds.API_KEY }}"),
    ]);
    let run = project.redeem("check --format short --at 2020-01-01").exits(0);
    let told: Vec<&str> = run.stdout.lines().collect();
    let expected = [
        "secrets/pagerduty-key.yaml:1:7: warning[unused-secret]: no file refers to `pagerduty-key`",
        "secrets/soon.yaml:1:7: warning[unused-secret]: no file refers to `soon`",
    ];
    assert_eq!(told, expected);
    let run = project.redeem("check config/a.yaml --format short --at 2020-01-01").exits(0);
    assert_eq!(run.stdout, "", "a part says nothing of the rest");
    project.redeem("check --deny unused-secret --at 2020-01-01").exits(1);
}

#[test]
fn what_a_store_may_have_is_a_warning_that_names_it() {
    let project = project(&[("config/a.yaml", "a: '{secret:stripe}'\nb: '{secret:db-pasword}'\n")]);
    finds(&project, "check config/a.yaml --format short", "1:13: error[unknown-secret]");
    let shell = "\n[[backend]]\nname = \"shell\"\ntype = \"env\"\n";
    project.write("redeem.toml", format!("{CONFIG}{shell}"));
    let run = project.redeem("check config/a.yaml --format short").exits(1);
    assert_eq!(
        run.stdout,
        "config/a.yaml:1:13: warning[unknown-secret]: `stripe` is not known, and only `shell` may have it when a \
         render asks\nconfig/a.yaml:2:13: error[unknown-secret]: there is no secret `db-pasword`\n"
    );
    project.write("redeem.toml", format!("{CONFIG}{shell}names = [\"stripe\"]\n"));
    let run = project.redeem("check config/a.yaml --format short").exits(1);
    assert_eq!(run.stdout, "config/a.yaml:2:13: error[unknown-secret]: there is no secret `db-pasword`\n");
    project.write("redeem.toml", format!("{CONFIG}{shell}names = [\"other\"]\n"));
    let run = project.redeem("check config/a.yaml --format short").exits(1);
    assert!(run.stdout.contains("1:13: error[unknown-secret]"), "{}", run.stdout);
}

#[test]
fn without_stores_nothing_is_said_of_names() {
    let project = Project::new(&[("a.yaml", "a: '{secret:stripe}'\n")]);
    assert_eq!(project.redeem("check --format short").exits(0).stdout, "");
}

#[test]
fn a_check_needs_no_identity_and_reaches_nowhere_untrusted() {
    let project = project(&[("config/a.yaml", "a: '{secret:db-password}'\nb: '{secret:none}'\n")]);
    std::fs::remove_dir_all(project.path("home")).expect("no identity is left");
    finds(&project, "check config/a.yaml --format short", "2:13: error[unknown-secret]");
    let outside = CONFIG.replace("path = \"secrets\"", "path = \"../elsewhere\"");
    project.write("redeem.toml", outside);
    let run = project.redeem("check config/a.yaml --format short").exits(0);
    assert!(run.stdout.contains("2:13: warning[unknown-secret]"), "{}", run.stdout);
    project.write("redeem.toml", CONFIG.replace("path = \"secrets\"", "path = { env = \"NOT_SET\" }"));
    project.redeem("check config/a.yaml").exits(0);
}

#[test]
fn a_rule_that_means_nothing_is_told_at_its_place() {
    let project = Project::new(&[]);
    for (text, words) in [
        ("[[context]]\nscope = \"a/b\"\nat = [\"x\"]\n", "redeem.toml:2:9: error[invalid-config]"),
        ("[[context]]\nscope = \"a\"\n", "this context names no place"),
        (
            "[[context]]\nscope = \"a\"\nat = [\"x..y\"]\n",
            "redeem.toml:3:7: error[invalid-config]: this is no pattern",
        ),
        ("[[context]]\nscope = \"a\"\nfiles = [\"[\"]\n", "redeem.toml:3:10: error[invalid-config]"),
        ("[policy]\nplaces = \"some\"\n", "redeem.toml:2:10: error[invalid-config]"),
        ("[policy]\nexpires_within = \"soon\"\n", "such as 12h, 14d or 2w"),
        ("[policy]\ndeny = [\"unusedsecret\"]\n", "there is no code `unusedsecret`"),
        ("[policy]\nallow = [\"integrity\"]\n", "always an error"),
        ("[policy]\ndeny = [\"near-miss\"]\nallow = [\"near-miss\"]\n", "both denied and allowed"),
        ("[[context]]\nscop = \"a\"\n", "unknown field `scop`"),
    ] {
        project.write("redeem.toml", text);
        let run = project.redeem("check --format short").exits(2);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(words), "{text}: {run:?}");
    }
}

/// Whatever is wrong in a file, no message shows what stands in the clear where a context expects a reference.
#[test]
fn no_problem_shows_a_value_in_the_clear() {
    let project = project(&[]);
    for (name, text) in [
        ("a.yaml", "pagerduty:\n- {routing_key: R0c4n4ry, other: '{secret: token}'}\n"),
        ("a.yaml", "pagerduty:\n- {other: '{secret:none}', routing_key: R0c4n4ry}\n"),
        ("a.yaml", "pagerduty: {routing_key: 'R0c4n4ry{secret: token}'}\n"),
        ("a.yaml", "pagerduty: {routing_key: 'R0c4n4ry{secret:none}R0c4n4ry'}\n"),
        ("a.yaml", "a: '{secret:none}'\npagerduty: {routing_key: R0c4n4ry}\n"),
        ("a.yaml", "pagerduty:\n  routing_key: R0c4n4ry: x: [ {secret:x}\n"),
        (
            "a.yaml",
            "pagerduty:\n  keys: ['{secret:none}', R0c4n4ry]\n  routing_key: |\n    R0c4n4ry\n    {secret:none}\n",
        ),
        ("a.json", "{\"pagerduty\": {\"routing_key\": \"R0c4n4ry\", \"o\": \"{secret: token}\"}}"),
        (
            "a.json",
            "{\"pagerduty\": {\"routing\\u005fkey\": \"R0c4n4ry\"}, \"o\": \"{secret:pagerduty-key}\"}",
        ),
        ("a.json", "{\"pagerduty\": {\"routing_key\": \"R0c4n4ry\" \"o\": \"{secret:x}\"}}"),
        ("a.toml", "pagerduty = { routing_key = 'R0c4n4ry', o = '{secret:old}' }\n"),
        ("a.yaml", "pagerduty:\n  routing_key: {secret:db-password}R0c4n4ry\n"),
        ("a.yaml", "pagerduty:\n  routing_key: '${secrets.x}R0c4n4ry'\n"),
        ("a.yaml", "pagerduty:\n  routing_key: '<R0c4n4ry{secret:bad name}>'\n"),
        ("a.yaml", "pagerduty:\n  routing_key:\n    R0c4n4ry{secret:bad name}\n  x: [\n"),
        ("a.yaml", "pagerduty:\n  routing_key: |\n    R0c4n4ry{secret:bad name}\n  x: [\n"),
        ("a.toml", "[pagerduty]\nrouting_key = \"\"\"\nR0c4n4ry{secret:bad name}\"\"\"\nx = [\n"),
        ("a.json", "{\"pagerduty\": {\"routing\\u005fkey\": [\n\"R0c4n4ry {secret:bad name}\"]"),
    ] {
        let path = format!("config/{name}");
        project.write(&path, text.replace("keys: [", "routing_key: [").as_bytes());
        for format in ["human", "short", "json", "sarif", "github", "gitlab"] {
            let run = project.redeem(&format!("check {path} --format {format}"));
            let told = format!("{}{}", run.stdout, run.stderr);
            assert!(!told.contains("c4n4ry"), "{text}, {format}: {told}");
            assert!(told.len() > 60, "{text}, {format}: {told}");
        }
        let render = project.redeem(&format!("render {path} -o out.txt --deny plaintext-value")).exits(3);
        assert!(!render.stderr.contains("c4n4ry"), "{text}: {}", render.stderr);
        std::fs::remove_file(project.path(&path)).expect("removed");
    }
}

#[test]
fn many_values_in_the_clear_take_no_time_and_little_room() {
    let lines: String = (0..20_000).map(|line| format!("- routing_key: R{line}\n")).collect();
    let project = project(&[("config/a.yaml", &format!("pagerduty:\n{lines}"))]);
    let run = project.redeem("check config/a.yaml --format short").exits(0);
    assert_eq!(run.stdout.lines().count(), 20_000);
}

/// The rules for a file do not depend on the way that leads to it.
#[test]
fn a_way_around_leads_to_the_same_rules() {
    let project = project(&[
        ("config/bad.txt", "x {secret:pagerduty-key}\n"),
        ("alerts/ok.txt", "x {secret:pagerduty-key}\n"),
    ]);
    let context = "\n[[context]]\nscope = \"notifications\"\nfiles = [\"alerts/**\"]\n";
    project.write("redeem.toml", format!("{CONFIG}{context}"));
    for (line, code) in [
        ("render config/bad.txt", 3),
        ("render alerts/../config/bad.txt", 3),
        ("-C alerts render ../config/bad.txt", 3),
        ("-C alerts check ../config", 1),
        ("render alerts/ok.txt", 0),
        ("render config/../alerts/ok.txt", 0),
        ("-C config check ../alerts/ok.txt", 0),
        ("-C config check ../alerts", 0),
        ("-C config --config ../redeem.toml check ../alerts/ok.txt", 0),
    ] {
        project.redeem(line).exits(code);
    }
}

#[test]
fn several_codes_may_stand_in_one_word() {
    let project = Project::new(&[("a.yaml", "u: p://u:${secret.pw}@h\nk: $secrets.x\n")]);
    let run = project.redeem("check --deny near-miss,url-without-filter").exits(1);
    assert!(run.stderr.contains("2 errors, 0 warnings"), "{}", run.stderr);
    let run = project.redeem("check --allow near-miss,url-without-filter").exits(0);
    assert!(run.stderr.contains("0 errors, 0 warnings"), "{}", run.stderr);
    project.redeem("check --allow warnings").exits(2).says(&["only `deny` takes `warnings`"]);
}
