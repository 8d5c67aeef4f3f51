//! `redeem refs`: every reference, who uses a secret, which none uses, and the picture of it.

use serde_json::{Value, json};

use crate::secrets::vault;
use crate::support::{Project, Run};

const CANARY: &str = "c4n4ry";

const CONFIG: &str = "\
[render]
source = 'config'
output = 'build'
exclude = ['config/left-out.yaml']

[[backend]]
name = 'own'
type = 'vault'
path = 'secrets'

[[backend]]
name = 'folder'
type = 'files'
path = 'run'

[[backend]]
name = 'dots'
type = 'dotenv'
path = '.env'

[[context]]
scope = 'notifications'
at = ['**.routing_key']
";

/// A project with a vault at hand, whose values are all the canary.
fn project() -> Project {
    let project = vault(&[
        ("redeem.toml", CONFIG),
        (".env", "API_KEY=c4n4ry\nSTALE=c4n4ry\n"),
        ("run/token", "c4n4ry"),
        ("run/creds/USER", "c4n4ry"),
        ("run/creds/PASSWORD", "c4n4ry"),
        (
            "config/app.yaml",
            "routing_key: '{secret:pager}'\ndb: ${secret.creds.USER}:${secret.creds.PASSWORD}\n",
        ),
        ("config/left-out.yaml", "k: ${secret.pager}\n"),
        ("config/page.conf.j2", "{% include 'parts/tls.inc' %}\n{{ secrets.token }}\n"),
        ("config/parts/tls.inc", "{{ secrets['pager'] }}\n"),
        ("config/site.conf.j2", "{% include 'parts/tls.inc' %}\n"),
        ("config/kept.yaml", "secret_name: pager\nk: {secret:api-key}\n"),
    ]);
    project.write("config/kept.yaml", "secret_name: pager\nk: '{secret:api-key}'\n");
    project.piped("secrets create pager --scope notifications", CANARY).exits(0);
    project.piped("secrets create forgotten", CANARY).exits(0);
    project
}

fn told(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).expect("JSON")
}

#[test]
fn references_are_listed_for_people_and_for_machines() {
    let project = Project::new(&[
        ("d/a.yaml", "b:\n- ü: x{secret:k.l | trim}\n"),
        ("a.env", "A=${secret.a}\n"),
        ("n.yaml", "secret_name: z\n"),
    ]);
    let run = project.redeem("refs").exits(0);
    assert_eq!(
        run.stdout,
        "a.env:1:3     dollar   a\nd/a.yaml:2:7  brace    k.l\nn.yaml:1:14   by-name  z\n"
    );
    let run = project.redeem("refs d --json").exits(0);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let expected = serde_json::json!([{
        "file": "d/a.yaml", "line": 2, "column": 7, "start": 10, "end": 29, "dialect": "brace",
        "name": "k", "key": "l", "filters": ["trim"], "path": "b[0].ü", "optional": false, "rendered": true,
        "backend": null, "scope": null, "accepts": ["global"], "included_by": [], "outputs": [],
    }]);
    assert_eq!(told, expected);
}

#[test]
fn scopes_are_shown_where_one_is_not_global() {
    let run = project().redeem("refs config/app.yaml").exits(0);
    assert_eq!(
        run.stdout,
        "\
config/app.yaml:1:15  brace   pager           notifications
config/app.yaml:2:5   dollar  creds.USER      global
config/app.yaml:2:26  dollar  creds.PASSWORD  global
"
    );
}

#[test]
fn what_a_rotation_touches_is_told_with_the_outputs() {
    let project = project();
    let run = project.redeem("refs --who-uses pager").exits(0);
    assert_eq!(
        run.stdout,
        "\
config/app.yaml:1:15       brace     pager  notifications  -> build/app.yaml
config/kept.yaml:1:14      by-name   pager  notifications
config/parts/tls.inc:1:4   template  pager  notifications  -> build/page.conf, build/site.conf
"
        .replace("inc:1:4 ", "inc:1:4")
        .replace("yaml:1:15 ", "yaml:1:15")
        .replace("yaml:1:14 ", "yaml:1:14")
    );
    assert_eq!(run.stderr, "3 references in 3 files, 3 outputs\n");
    // What is left out of a render has no output; a name with a key is that key.
    let run =
        project.redeem("refs --who-uses pager config/left-out.yaml config/app.yaml --format json").exits(0);
    let rows = told(&run);
    assert_eq!((&rows[0]["outputs"], &rows[1]["outputs"]), (&json!(["build/app.yaml"]), &json!([])));
    assert_eq!(
        (&rows[0]["accepts"], &rows[1]["accepts"]),
        (&json!(["notifications", "global"]), &json!(["global"]))
    );
    assert_eq!((&rows[0]["backend"], &rows[0]["scope"]), (&json!("own"), &json!("notifications")));
    let run = project.redeem("refs --who-uses creds.USER").exits(0);
    assert!(run.stdout.contains("creds.USER") && !run.stdout.contains("PASSWORD"), "{}", run.stdout);
    let run = project.redeem("refs --who-uses creds --who-uses token --format json").exits(0);
    let names: Vec<String> =
        told(&run).as_array().expect("rows").iter().map(|row| row["name"].to_string()).collect();
    assert_eq!(names, ["\"creds\"", "\"creds\"", "\"token\""]);
    let run = project.redeem("refs config/parts/tls.inc config --who-uses pager --json").exits(0);
    assert_eq!(told(&run)[2]["included_by"], json!(["config/page.conf.j2", "config/site.conf.j2"]));
}

#[test]
fn names_without_references_are_told_apart() {
    let project = project();
    let run = project.redeem("refs --who-uses forgotten").exits(0);
    assert_eq!((&*run.stdout, &*run.stderr), ("", "nothing uses `forgotten`\n"));
    project
        .redeem("refs --who-uses pagr")
        .exits(1)
        .says(&["no reference uses `pagr`", "did you mean `pager`?"]);
    project.redeem("refs --who-uses creds.USR").exits(1).says(&["did you mean `creds.USER`?"]);
    project.redeem("refs --who-uses cred").exits(1).says(&["did you mean `creds`?"]);
    project.redeem("refs --who-uses qqqqqqqq").exits(1).says(&["`redeem refs` lists every reference"]);
    // One that is not known takes nothing from the others.
    let run = project.redeem("refs --who-uses token --who-uses qqqqqqqq").exits(1);
    assert!(
        run.stdout.starts_with("config/page.conf.j2:2:4  template  token  -> build/page.conf\n"),
        "{}",
        run.stdout
    );
    assert_eq!(told(&project.redeem("refs --who-uses forgotten --json").exits(0)), json!([]));
}

#[test]
fn what_no_file_refers_to_is_listed() {
    let project = project();
    let run = project.redeem("refs --unused").exits(0);
    assert_eq!((&*run.stdout, &*run.stderr), ("forgotten\nstale\n", ""));
    let run = project.redeem("refs config/app.yaml --unused --json").exits(0);
    let expected = json!([
        { "name": "forgotten", "backend": "own", "place": { "file": "secrets/forgotten.yaml", "line": 1, "column": 7 } },
        { "name": "token", "backend": "folder", "place": null },
        { "name": "api_key", "backend": "dots", "place": null },
        { "name": "stale", "backend": "dots", "place": null },
    ]);
    assert_eq!(told(&run), expected);
    // A store that cannot be listed may hold anything.
    project.write("secrets/vault.toml", "version = 'x'\n");
    project.redeem("refs --unused").exits(4).says(&["backend `own`"]);
    let alone = Project::new(&[("a.yaml", "k: ${secret.x}\n")]).secret("UNUSED_OF_THE_SHELL", CANARY);
    let run = alone.redeem("refs --unused").exits(0).says(&["no store is configured"]);
    assert_eq!(run.stdout, "");
    alone.write("redeem.toml", "[[backend]]\nname = 'shell'\ntype = 'env'\n");
    assert_eq!(alone.redeem("refs --unused").exits(0).stdout, "");
}

#[test]
fn values_of_a_sops_file_are_listed_one_by_one() {
    let project = project();
    project
        .write("plain.yaml", "db:\n  user: c4n4ry\n  hosts:\n  - password: c4n4ry\n  - password: c4n4ry\n");
    let recipient = project.redeem("vault members").exits(0).stdout;
    let recipient =
        recipient.split_whitespace().find(|word| word.starts_with("age1")).expect("a recipient").to_owned();
    let table = "[[backend]]\nname = 'prod'\ntype = 'sops'\npath = 'prod.yaml'\n";
    project.write("redeem.toml", table);
    project.write("a.yaml", "k: ${secret.db.hosts.0.password}\n");
    let sops = sops_file(&recipient);
    project.write("prod.yaml", sops);
    assert_eq!(project.redeem("refs --unused a.yaml").exits(0).stdout, "db.hosts.1.password\ndb.user\n");
    let run = project.redeem("refs a.yaml --who-uses db.hosts").exits(0);
    assert_eq!(run.stdout, "a.yaml:1:4  dollar  db.hosts.0.password\n");
    project.redeem("refs a.yaml --who-uses db.hosts.1").exits(0).says(&["nothing uses `db.hosts.1`"]);
    project.redeem("refs a.yaml --who-uses db.host").exits(1);
}

/// A SOPS file as far as it can be read without a key.
fn sops_file(recipient: &str) -> String {
    let value = "ENC[AES256_GCM,data:Zm9v,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]";
    format!(
        "db:\n    user: {value}\n    hosts:\n        - password: {value}\n        - password: {value}\nsops:\n    age:\n        - recipient: {recipient}\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            YWdl\n            -----END AGE ENCRYPTED FILE-----\n    lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: {value}\n    unencrypted_suffix: _unencrypted\n    version: 3.9.0\n"
    )
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let project = project();
    for line in [
        "refs --unused --who-uses pager",
        "refs --json --format dot",
        "refs --unused --format dot",
        "refs --unused --format mermaid",
        "refs --format svg",
        "refs --who-uses",
    ] {
        project.redeem(line).exits(2);
    }
    project.redeem("refs nowhere").exits(1).says(&["nowhere: cannot be read"]);
}

#[test]
fn the_picture_is_the_same_each_time_and_holds_its_shape() {
    let project = project();
    let dot = project.redeem("refs --who-uses pager --format dot").exits(0).stdout;
    assert_eq!(
        dot,
        "\
digraph redeem {
  rankdir=LR;
  node [shape=box];
  subgraph cluster_own {
    label=\"own\";
    secret_pager [label=\"pager\", shape=ellipse];
  }
  file_config_2f_app_2e_yaml [label=\"config/app.yaml\"];
  file_config_2f_kept_2e_yaml [label=\"config/kept.yaml\"];
  file_config_2f_page_2e_conf_2e_j2 [label=\"config/page.conf.j2\"];
  file_config_2f_parts_2f_tls_2e_inc [label=\"config/parts/tls.inc\"];
  file_config_2f_site_2e_conf_2e_j2 [label=\"config/site.conf.j2\"];
  output_build_2f_app_2e_yaml [label=\"build/app.yaml\", style=dashed];
  output_build_2f_page_2e_conf [label=\"build/page.conf\", style=dashed];
  output_build_2f_site_2e_conf [label=\"build/site.conf\", style=dashed];
  secret_pager -> file_config_2f_app_2e_yaml;
  secret_pager -> file_config_2f_kept_2e_yaml [style=dashed];
  secret_pager -> file_config_2f_parts_2f_tls_2e_inc;
  file_config_2f_app_2e_yaml -> output_build_2f_app_2e_yaml;
  file_config_2f_page_2e_conf_2e_j2 -> output_build_2f_page_2e_conf;
  file_config_2f_parts_2f_tls_2e_inc -> file_config_2f_page_2e_conf_2e_j2;
  file_config_2f_parts_2f_tls_2e_inc -> file_config_2f_site_2e_conf_2e_j2;
  file_config_2f_site_2e_conf_2e_j2 -> output_build_2f_site_2e_conf;
}
"
    );
    let flow = project.redeem("refs --who-uses token --format mermaid").exits(0).stdout;
    assert_eq!(
        flow,
        "\
flowchart LR
  subgraph store_folder[\"folder\"]
    secret_token([\"token\"])
  end
  file_config_2f_page_2e_conf_2e_j2[\"config/page.conf.j2\"]
  output_build_2f_page_2e_conf[/\"build/page.conf\"/]
  secret_token --> file_config_2f_page_2e_conf_2e_j2
  file_config_2f_page_2e_conf_2e_j2 --> output_build_2f_page_2e_conf
"
    );
    let empty = Project::new(&[]);
    assert_eq!(empty.redeem("refs --format mermaid").exits(0).stdout, "flowchart LR\n");
}

#[test]
fn names_of_files_cannot_break_the_picture() {
    let names = [
        "a\"b",
        "a --> b",
        "a\nb",
        "a\\n",
        "%%{init: {}}%%",
        "`x`",
        "]]",
        "1. x",
        "#quot;",
        "&amp;",
        "日本語",
        "end",
    ];
    let project = Project::new(&[]);
    for name in names {
        project.write(&format!("{name}.yaml"), "k: ${secret.x}\n");
    }
    let dot = project.redeem("refs --format dot").exits(0).stdout;
    let flow = project.redeem("refs --format mermaid").exits(0).stdout;
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    assert_eq!(
        dot.lines().filter(|line| line.contains(" -> ") && !line.contains("label")).count(),
        names.len()
    );
    for line in dot.lines().filter(|line| line.contains("label=")) {
        let (id, label) = line.trim().split_once(" [label=").expect("a node");
        let label = label.split_once(", shape").map_or(label.trim_end_matches("];"), |(label, _)| label);
        assert!(is_word(id) && is_quoted(label), "{line}");
    }
    assert_eq!(flow.lines().filter(|line| line.contains(" --> ")).count(), names.len());
    for line in flow.lines().skip(1).filter(|line| !line.contains(" --> ")) {
        let (id, label) = line.trim().split_once(['[', '(']).expect("a node");
        let label = label.trim_start_matches('[').trim_end_matches([']', ')']).trim_matches('"');
        let is_plain = |c: char| c.is_alphanumeric() || "#;/.-_".contains(c);
        assert!(is_word(id) && label.chars().all(is_plain) && !label.contains("--"), "{line}");
    }
    for (name, label) in
        [("a\\\"b.yaml", "a#34;b.yaml"), ("a\\\\nb.yaml", "a#92;nb.yaml"), ("日本語.yaml", "日本語.yaml")]
    {
        assert!(dot.contains(name) && flow.contains(label), "{name}: {dot}\n{flow}");
    }
}

/// Whether a text is one quoted string of DOT.
fn is_quoted(text: &str) -> bool {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let mut is_escaped = false;
    let ends = |c: char| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    };
    inside.is_some_and(|inside| !inside.chars().any(ends)) && !is_escaped
}

#[test]
fn no_list_and_no_picture_holds_a_value() {
    let project = project();
    for line in [
        "refs",
        "refs --json",
        "refs --format dot",
        "refs --format mermaid",
        "refs --who-uses pager",
        "refs --who-uses c4n4r",
        "refs --unused",
        "refs --unused --json",
        "explain config/app.yaml:1",
        "explain config/app.yaml:2 --json",
        "explain config/kept.yaml:2",
        "explain config/parts/tls.inc:1 --json",
        "explain .env:1",
        "explain run/token:1",
    ] {
        let run = project.redeem(line);
        assert!(!run.stdout.contains(CANARY) && !run.stderr.contains(CANARY), "{line}: {run:?}");
        assert!(run.code.is_some(), "{line}");
    }
}
