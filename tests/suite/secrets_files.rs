//! Secrets that come out of files and go into others: `--extract`, `import`, `export`, and SOPS files as a backend.

use redeem_host::identity::{Identities, generate};
use redeem_host::sops::{File, Plain, Selection, Store, Tree, Value, create};

use crate::secrets::vault;
use crate::support::Project;

/// `OpsiMate`'s way: before, a key stands in a file; after, a reference does, and the file renders back as it was.
#[test]
fn a_hard_coded_value_moves_out_and_the_file_renders_back() {
    let before = "# Providers\nproviders:\n  - name: prod   # the big one\n    privateKey: |\n      -----BEGIN KEY-----\n      c4n4ry==\n      -----END KEY-----\n    password: \"c4n4ry #1\"\n    port: 2222\n";
    let project = vault(&[("providers.yml", before)]);
    project.chmod("providers.yml", 0o640);
    for (name, path, reference) in [
        ("prod-key", "providers[0].privateKey", "{secret:prod-key}"),
        ("prod-password", "providers.0.password", "{secret:prod-password}"),
        ("prod-port", "providers[0].port", "${secret.prod-port | int}"),
    ] {
        let run = project.redeem(&format!("secrets create {name} --extract providers.yml:{path}")).exits(0);
        assert!(run.stderr.contains(&format!("{reference} stands there now")), "{}", run.stderr);
        assert!(!run.stderr.contains("c4n4ry"));
    }
    let after = project.read("providers.yml");
    assert!(!after.contains("c4n4ry") && after.contains("# the big one"), "{after}");
    assert_eq!(project.mode("providers.yml"), 0o640);
    project.redeem("render providers.yml -o out.yml").exits(0);
    assert_eq!(project.read("out.yml"), before);
}

#[test]
fn what_would_not_come_back_stays() {
    let text = "a: \"\\u00634n4ry\"\nb: [c4n4ry]\nc: c4n4ry\n";
    let project = vault(&[("a.yaml", text)]);
    for (path, words) in
        [("a", "renders back"), ("b[0]", "renders back"), ("d", "nothing"), ("b", "map or a list")]
    {
        let run = project.redeem(&format!("secrets create x --extract a.yaml:{path}")).exits(2);
        assert!(run.stderr.contains(words) && !run.stderr.contains("c4n4ry"), "{}", run.stderr);
    }
    project.redeem("secrets create x --extract a.yaml").exits(2).says(&["FILE:KEY.PATH"]);
    assert_eq!(project.read("a.yaml"), text);
    assert!(!project.exists("secrets/x.yaml"));
}

#[test]
fn what_is_exported_imports_again() {
    let project = vault(&[("empty", "")]);
    let values = ["plain", "it's \"q\" # $HOME `id`", "line 1\nline 2\n", "ä🦀", "{secret:x}", "", " "];
    for (at, value) in values.iter().enumerate() {
        if value.is_empty() {
            project.redeem(&format!("secrets create s{at} --from-file empty")).exits(0);
            project.redeem(&format!("secrets set b.K{at} --from-file empty")).exits(0);
            continue;
        }
        project.piped(&format!("secrets create s{at} --raw"), value).exits(0);
        project.piped(&format!("secrets set b --raw K{at}=-"), value).exits(0);
    }
    let all = project.redeem("secrets export --format json").exits(0).stdout;
    project
        .redeem("secrets export -o all.json")
        .exits(0)
        .says(&["values in the clear", "keep it out of git"]);
    project.redeem("secrets export -o all.env").exits(0);
    project.redeem("secrets export b -o b.yaml --format kubernetes").exits(0).says(&["base64 hides nothing"]);
    project.redeem("secrets export -o all.sops.yaml").exits(0);
    project.redeem("secrets export -o all.sops.json").exits(0);
    for file in ["all.json", "all.env", "b.yaml", "all.sops.yaml"] {
        assert_eq!(project.mode(file), 0o600, "{file}");
    }
    assert_eq!(project.read("all.json"), all);
    for (number, (file, options)) in
        [("all.json", ""), ("all.sops.yaml", ""), ("all.sops.json", "")].into_iter().enumerate()
    {
        project.redeem(&format!("vault init v{number} --member ada")).exits(0);
        project
            .write("redeem.toml", format!("[[backend]]\nname = 'v'\ntype = 'vault'\npath = 'v{number}'\n"));
        project.redeem(&format!("secrets import {file} {options}")).exits(0).says(&["imported 8 secrets"]);
        assert_eq!(project.redeem("secrets export --format json").exits(0).stdout, all, "{file}");
    }
    project.redeem("secrets import all.sops.json").exits(2).says(&["there already: b, s0", "--overwrite"]);
    project.redeem("secrets import b.yaml --bundle kube").exits(0);
    let keys =
        |name: &str| project.redeem(&format!("secrets show {name} --show-values --json")).exits(0).stdout;
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON")["values"].clone();
    assert_eq!(json(&keys("kube")), json(&keys("b")));
    project.redeem("secrets import all.env --bundle env").exits(0);
    let of_env = json(&keys("env"));
    assert_eq!((&of_env["B_K2"], &of_env["S3"]), (&"line 1\nline 2\n".into(), &"ä🦀".into()));
    project.redeem("secrets import b.yaml --flat --kebab").exits(0);
    assert_eq!(project.redeem("secrets get k3 --reveal").exits(0).stdout, "ä🦀");
    project.redeem("secrets export --format kubernetes").exits(2).says(&["--bundle NAME"]);
    project.redeem("secrets export").exits(2).says(&["--format"]);
}

#[test]
fn values_are_not_exported_to_a_terminal() {
    let project = vault(&[]);
    project.piped("secrets create a", "c4n4ry").exits(0);
    let (_leader, terminal) = crate::support::terminal();
    let mut command = project.command("secrets export --format json");
    command.stdout(terminal);
    assert_eq!(command.status().expect("it runs").code(), Some(2));
}

#[test]
fn a_sops_file_takes_values_and_keeps_its_other_bytes() {
    let (identity, recipient) = generate();
    let entries = [
        ("db".to_owned(), Value::Map(vec![])),
        ("api".to_owned(), Value::from(Plain::str("v1"))),
        ("port_unencrypted".to_owned(), Value::from(Plain::int(5432))),
    ];
    let selection = Selection::new("the rule", redeem_host::sops::Rule::default()).expect("a rule");
    let now = "2026-11-21T09:00:00Z".parse().expect("a time");
    let text =
        create(Store::Yaml, &Tree::of_entries(entries), &selection, &[recipient], now).expect("a file");
    let project = Project::new(&[
        ("redeem.toml", "[[backend]]\nname = 'legacy'\ntype = 'sops'\npath = 'all.yaml'\n"),
        ("all.yaml", &text),
    ]);
    let project = project.secret("SOPS_AGE_KEY", &identity);
    project.piped("secrets set db.password --backend legacy", "hunter2").exits(0);
    assert_eq!(
        project.redeem("secrets get db.password --reveal --backend legacy").exits(0).stdout,
        "hunter2"
    );
    let list = project.redeem("secrets list --backend legacy").exits(0).stdout;
    assert_eq!(list, "api\ndb.password\nport_unencrypted\n");
    let line = |text: &str, key: &str| text.lines().find(|line| line.starts_with(key)).map(str::to_owned);
    let new = project.read("all.yaml");
    assert_eq!(line(&new, "api:"), line(&text, "api:"));
    let file = File::parse("all.yaml", new, Store::Yaml).expect("a SOPS file");
    let identities = Identities::from_text("own", &identity).expect("an identity");
    file.verify(&file.data_key(&identities).expect("a key")).expect("its MAC fits");
    project.redeem("secrets delete db.password --yes --backend legacy").exits(0);
    project.redeem("secrets get db.password --reveal --backend legacy").exits(2);
    for line in ["secrets rotate api --generate", "secrets create x --scope y", "secrets edit api"] {
        project.redeem(&format!("{line} --backend legacy")).exits(2).says(&["vault"]);
    }
    project
        .piped("secrets create x_unencrypted --backend legacy", "c4n4ry")
        .exits(2)
        .says(&["unencrypted_suffix", "nothing was written"]);
    assert!(!project.read("all.yaml").contains("c4n4ry"));
    let all = project.redeem("secrets show api --show-values --backend legacy").exits(0).stdout;
    assert!(all.contains("v1"), "{all}");
    let stranger = project.secret("SOPS_AGE_KEY", &generate().0);
    stranger.redeem("secrets get api --reveal --backend legacy").exits(5);
}

#[test]
fn an_import_that_cannot_be_whole_writes_nothing() {
    let project = vault(&[]);
    project.piped("secrets create taken", "one").exits(0);
    for (text, words) in [
        ("{\"aa\": \"x\", \"Aa\": \"y\"}", "case only"),
        ("{\"aa\": \"x\", \"Taken\": \"y\"}", "case only"),
        ("{\"aa\": \"x\", \"taken\": {\"K\": \"y\"}}", "no key `K`"),
    ] {
        project.piped("secrets import - --format json --overwrite", text).exits(2).says(&[words]);
        assert_eq!(project.tree("secrets"), ["taken.yaml", "vault.toml"], "{text}");
    }
    project.redeem("secrets export --format sops --bundle ../x -o all.sops.yaml").exits(2);
}
