//! `redeem render --fake`: every file renders, and nobody is asked for a value.

use std::fs;
use std::process::Command;

use crate::support::{Project, Run, root, tree};

#[test]
fn every_folder_of_the_fixtures_renders_without_any_value() {
    let fixtures = root().join("fixtures/render");
    let mut count = 0;
    for entry in fs::read_dir(&fixtures).expect("the fixtures") {
        let case = entry.expect("an entry").path();
        let project = Project::new(&[]);
        let config = case.join("redeem.toml");
        let source = case.join("in");
        let run = |out: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_redeem"));
            command.args(["render", "--fake", "-o"]).arg(project.path(out)).arg(&source);
            if config.exists() {
                command.arg("--config").arg(&config);
            }
            command.env_clear().current_dir(project.path(""));
            Run::of(command.output().expect("a run")).exits(0).says(&["with fake values"])
        };
        run("one");
        run("two");
        let outputs = tree(&project.path("one"));
        assert_eq!(outputs.len(), tree(&case.join("out")).len(), "{}", case.display());
        for path in outputs.iter().filter(|path| project.path("one").join(path).is_file()) {
            let read = |out: &str| fs::read(project.path(out).join(path)).expect("an output");
            assert_eq!(read("one"), read("two"), "the same each time");
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} files");
}

#[test]
fn no_backend_is_opened_and_an_untrusted_configuration_still_writes_nowhere_else() {
    let project = Project::new(&[
        ("p/redeem.toml", "[[backend]]\nname = 'a'\ntype = 'dotenv'\npath = '/nonexistent/x.env'\n"),
        ("p/src/a.yaml", "k: ${secret.x}\nn: ${secret.n | int}\n"),
    ])
    .secret("X", "c4n4ry");
    project.redeem("-C p render src/a.yaml").exits(2).says(&["untrusted-config"]);
    let run = project.redeem("-C p render src/a.yaml --fake").exits(0);
    assert_eq!(run.stdout, "k: fake-x\nn: 0\n");
    project
        .redeem("-C p render src -o out --fake")
        .exits(0)
        .says(&["rendered 1 file to out with fake values: 1 changed, 0 unchanged"]);
    project
        .redeem("-C p render src -o out --fake --check")
        .exits(0)
        .says(&["0 of 1 output stale, with fake"]);
    let outside = "[render]\nsource = 'src'\noutput = '../elsewhere'\n\
        [[backend]]\nname = 'a'\ntype = 'files'\npath = '../elsewhere'\n";
    project.write("p/redeem.toml", outside);
    project.redeem("-C p render --fake").exits(2).says(&["untrusted-config", "redeem.toml:3:"]);
    assert!(!project.exists("elsewhere"));
}

#[test]
fn what_check_finds_stops_a_fake_render_too() {
    let project = Project::new(&[("a.yaml", "k: '{secret: x}'\n")]);
    project.redeem("render a.yaml --fake").exits(3).says(&["near-miss"]);
}
