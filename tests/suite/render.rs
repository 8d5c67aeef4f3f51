//! `redeem render`: files, folders, standard streams, and what each option does.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::{Project, Run, root, terminal, tree};

#[test]
fn each_fixture_renders_to_its_exact_bytes() {
    let mut count = 0;
    for case in fs::read_dir(root().join("fixtures/render")).expect("the fixtures") {
        let case = case.expect("a case").path();
        let secrets = case.join("secrets.env");
        let backend =
            format!("[[backend]]\nname = 'values'\ntype = 'dotenv'\npath = '{}'\n", secrets.display());
        let rules = fs::read_to_string(case.join("redeem.toml")).ok();
        let project = Project::new(&[]);
        if rules.is_some() {
            // What needs a rule is nobody's reference without it.
            project.write("redeem.toml", backend.clone());
            project.redeem("-q trust").exits(0);
            project.redeem(&format!("render {} -o untouched", case.join("in").display())).exits(0);
            for path in tree(&case.join("in")).iter().filter(|path| case.join("in").join(path).is_file()) {
                let source = fs::read(case.join("in").join(path)).expect("a source");
                let copy = fs::read(project.path(&format!("untouched/{path}"))).expect("a copy");
                assert!(source == copy, "{}: {path} changed", case.display());
            }
        }
        project.write("redeem.toml", backend + &rules.unwrap_or_default());
        project.redeem("-q trust").exits(0);
        let line = format!("render {} -o out", case.join("in").display());
        project.redeem(&line).exits(0);
        assert_eq!(project.tree("out"), tree(&case.join("out")), "{}", case.display());
        for path in project.tree("out").iter().filter(|path| project.path(&format!("out/{path}")).is_file()) {
            let rendered = fs::read(project.path(&format!("out/{path}"))).expect("an output");
            let expected = fs::read(case.join("out").join(path)).expect("an expected output");
            assert_eq!(
                String::from_utf8_lossy(&rendered),
                String::from_utf8_lossy(&expected),
                "{}: {path}",
                case.display()
            );
        }
        let line = format!("render {} -o out --check", case.join("in").display());
        project.redeem(&line).exits(0);
        count += 1;
    }
    assert!(count >= 20, "only {count} cases");
}

#[test]
fn a_file_goes_to_standard_output_or_to_a_file() {
    let project = Project::new(&[("a.yaml", "k: ${secret.x} # c\n")]).secret("X", "v");
    let run = project.redeem("render a.yaml").exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("k: v # c\n", ""));
    let run =
        project.redeem("render a.yaml -o b.yaml").exits(0).says(&["rendered 1 file to b.yaml: 1 changed"]);
    assert_eq!(run.stdout, "");
    assert_eq!((project.read("b.yaml").as_str(), project.mode("b.yaml")), ("k: v # c\n", 0o600));
    fs::create_dir(project.path("out")).expect("a folder");
    project.redeem("render a.yaml -o out").exits(0);
    assert_eq!(project.read("out/a.yaml"), "k: v # c\n");
    project.redeem("render a.yaml -o new/").exits(0);
    assert_eq!(project.read("new/a.yaml"), "k: v # c\n");
}

#[test]
fn standard_input_needs_a_format() {
    let project = Project::new(&[]).secret("X", "a\"b");
    let feed = |line: &str| {
        let mut child = project
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a child");
        // A run that refuses its options reads nothing.
        let _ = child.stdin.take().expect("a pipe").write_all(b"{\"k\": \"{secret:x}\"}");
        Run::of(child.wait_with_output().expect("an end"))
    };
    assert_eq!(feed("render - --as json").exits(0).stdout, "{\"k\": \"a\\\"b\"}");
    feed("render -").exits(2).says(&["--as yaml"]);
    feed("render - --as jsn").exits(2);
    feed("render - --as json -o out.json").exits(0);
    assert_eq!(project.read("out.json"), "{\"k\": \"a\\\"b\"}");
}

#[test]
fn a_folder_keeps_its_tree_and_owner_bits() {
    let project = Project::new(&[
        ("src/a/b.yaml", "k: ${secret.x}\n"),
        ("src/.env", "X={secret:x}\n"),
        ("src/run.sh", "#!/bin/sh\necho '{secret:x}'\n"),
        ("src/.git/config", "{secret:x}\n"),
        ("src/empty", ""),
    ])
    .secret("X", "v");
    project.chmod("src/run.sh", 0o755);
    project.chmod("src/a/b.yaml", 0o444);
    project.redeem("render src -o out").exits(0).says(&["rendered 4 files to out: 4 changed, 0 unchanged"]);
    assert_eq!(project.tree("out"), [".env", "a", "a/b.yaml", "empty", "run.sh"]);
    assert_eq!(project.read("out/run.sh"), "#!/bin/sh\necho '{secret:x}'\n", "source code is copied");
    let modes = ["out/run.sh", "out/a/b.yaml", "out/.env", "out"].map(|path| project.mode(path));
    assert_eq!(modes, [0o700, 0o400, 0o600, 0o700]);
    project.redeem("render src -o out").exits(0).says(&["0 changed, 4 unchanged"]);
    project.redeem("render src -o out --mode 640").exits(0);
    assert_eq!(project.mode("out/.env"), 0o640);
    project.redeem("render src -o out").exits(0);
    assert_eq!(project.mode("out/.env"), 0o600, "tightened although nothing changed");
}

#[test]
fn without_a_path_the_configuration_says_what() {
    let toml = "[render]\nsource = 'src'\noutput = 'build/out'\nexclude = ['*.bak', 'src/skip/**']\n";
    let project = Project::new(&[
        ("redeem.toml", toml),
        ("src/a.yaml", "k: ${secret.x}\n"),
        ("src/a.bak", "x"),
        ("src/skip/b.yaml", "k: ${secret.nope}\n"),
        ("src/deep/er/c.toml", "k = '{secret:x}'\n"),
    ])
    .secret("X", "v");
    project.redeem("render").exits(0);
    assert_eq!(project.tree("build/out"), ["a.yaml", "deep", "deep/er", "deep/er/c.toml"]);
    project.redeem("-C src/deep render -o elsewhere").exits(0);
    assert!(project.exists("src/deep/elsewhere/a.yaml"), "`-o` is the user's, `source` the configuration's");
    assert_eq!(
        project.redeem("render src/a.yaml").exits(0).stdout,
        "k: v\n",
        "a file goes to standard output"
    );
    Project::new(&[]).redeem("render").exits(2).says(&["nothing to render"]);
    Project::new(&[("src/a", "")]).redeem("render src").exits(2).says(&["-o FOLDER"]);
}

#[test]
fn one_missing_reference_stops_the_set_and_all_are_named() {
    let project = Project::new(&[
        ("src/a.yaml", "k: ${secret.x}\nl: ${secret.db_pasword}\n"),
        ("src/b.toml", "k = '{secret:nope}'\n"),
        ("src/c.json", "{\"k\": \"{secret:x}\"}"),
    ])
    .secret("X", "v")
    .secret("DB_PASSWORD", "w");
    project.redeem("render src -o out").exits(3).says(&[
        "no secret `db_pasword`",
        "did you mean `db_password`?",
        "no secret `nope`",
        "src/a.yaml:2:",
        "src/b.toml:1:",
        "2 errors in 2 files",
        "nothing was written",
    ]);
    assert!(!project.exists("out"));
    project.redeem("render src -o out --keep-going").exits(3).says(&["2 failed"]);
    assert_eq!(project.tree("out"), ["c.json"]);
}

#[test]
fn check_and_dry_run_write_nothing() {
    let project =
        Project::new(&[("src/a.yaml", "k: ${secret.x}\n"), ("src/b.yaml", "k: 1\n")]).secret("X", "v");
    let run = project.redeem("render src -o out --dry-run").exits(0);
    assert_eq!(run.stdout, "would write out/a.yaml\nwould write out/b.yaml\n");
    assert!(!project.exists("out"));
    project.redeem("render src -o out").exits(0);
    assert_eq!(project.redeem("render src -o out --check").exits(0).stdout, "");
    project.write("out/a.yaml", "k: old\n");
    assert_eq!(project.redeem("render src -o out --check").exits(1).stdout, "stale out/a.yaml\n");
    assert_eq!(project.read("out/a.yaml"), "k: old\n");
    project.redeem("render src/a.yaml --check").exits(2);
    project.redeem("render src/a.yaml -o out/a.yaml --check").exits(1);
}

#[test]
fn only_takes_the_files_that_match() {
    let project = Project::new(&[("src/a.yaml", "k: 1\n"), ("src/d/b.toml", ""), ("src/d/c.yaml", "")]);
    project.redeem("render src -o out --only *.yaml").exits(0);
    assert_eq!(project.tree("out"), ["a.yaml", "d", "d/c.yaml"]);
    project.redeem("render src -o out2 --only d/*").exits(0);
    assert_eq!(project.tree("out2"), ["d", "d/b.toml", "d/c.yaml"]);
    project.redeem("render src -o out --only [").exits(2);
}

#[test]
fn several_paths_go_to_one_folder_unless_they_collide() {
    let project = Project::new(&[("a/x.yaml", "k: 1\n"), ("b/y.yaml", "k: 2\n"), ("c/x.yaml", "k: 3\n")]);
    project.redeem("render a/x.yaml b -o out").exits(0);
    assert_eq!(project.tree("out"), ["x.yaml", "y.yaml"]);
    project.redeem("render a c -o out3").exits(3).says(&["would both become x.yaml", "nothing was written"]);
    project.redeem("render a b").exits(2).says(&["-o FOLDER"]);
    project.redeem("render a -o a").exits(3).says(&["output-conflict", "would overwrite the source"]);
    project.redeem("render nope -o out").exits(3).says(&["nope: cannot be read"]);
}

#[test]
fn an_output_inside_its_source_is_not_rendered_again() {
    let project = Project::new(&[("a.yaml", "k: ${secret.x}\n")]).secret("X", "v");
    project.redeem("render . -o build/out").exits(0);
    project.redeem("render . -o build/out").exits(0).says(&["0 changed, 1 unchanged"]);
    assert_eq!(project.tree("build"), ["out", "out/a.yaml"]);
}

#[test]
fn a_terminal_is_not_shown_secrets_unless_asked() {
    let project = Project::new(&[("a.yaml", "k: ${secret.x}\n"), ("b.yaml", "k: secret\n")]).secret("X", "v");
    let on_terminal = |line: &str| {
        let (leader, terminal) = terminal();
        let run = project.command(line).stdout(terminal).stderr(Stdio::piped()).output().expect("a run");
        drop(leader);
        Run::of(run)
    };
    on_terminal("render a.yaml").exits(2).says(&["--reveal"]);
    on_terminal("render a.yaml --reveal").exits(0);
    on_terminal("render a.yaml --fake").exits(0);
    on_terminal("render b.yaml").exits(0);
}

#[test]
fn a_backend_that_fails_is_told_from_a_missing_secret() {
    let toml = "[[backend]]\nname = 'values'\ntype = 'dotenv'\npath = 'nope.env'\n\
        [[backend]]\nname = 'shell'\ntype = 'env'\n";
    let project = Project::new(&[("redeem.toml", toml), ("a.yaml", "k: ${secret.x | default('d')}\n")])
        .secret("X", "v");
    project.redeem("render a.yaml").exits(4).says(&["backend `values`", "nope.env"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let project = Project::new(&[("a.txt", &"x".repeat(1 << 20))]);
    let mut child = project.command("render a.txt").stdout(Stdio::piped()).spawn().expect("a child");
    drop(child.stdout.take());
    assert!(child.wait().expect("an end").success());
}
