//! The snippets of docs/hooks.md are valid, and each command in them finds what is wrong and passes what is right.

use std::fs;
use std::process::Command;

use redeem_host::Format;

use crate::git::{command, git, repository};
use crate::support::{Project, root};

const BAD: &str = "a: '{secret: x}'\n";
const GOOD: &str = "a: '{secret:x}'\n";

/// The fenced blocks of docs/hooks.md: what stands behind the fence, and the lines.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs/hooks.md")).expect("docs/hooks.md");
    let mut parts = text.split("```");
    let mut blocks = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (info, lines) = block.split_once('\n').expect("a line");
        blocks.push((info.to_owned(), lines.to_owned()));
    }
    blocks
}

fn block(path: &str) -> String {
    let found = blocks().into_iter().find(|(info, _)| info.ends_with(path));
    found.unwrap_or_else(|| panic!("docs/hooks.md has a block for {path}")).1
}

/// What a line of a snippet runs: `redeem check …`, without where its output goes.
fn commands() -> Vec<String> {
    let snippets = blocks().into_iter().filter(|(info, _)| !info.starts_with("console"));
    let lines: Vec<String> =
        snippets.flat_map(|(_, lines)| lines.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let found = lines.iter().filter_map(|line| Some(line[line.find("redeem check")?..].to_owned()));
    found
        .map(|line| {
            line.split('>').next().unwrap_or_default().trim().trim_start_matches("redeem ").to_owned()
        })
        .collect()
}

#[test]
fn the_hook_of_the_page_refuses_a_bad_commit_and_takes_a_good_one() {
    let project = repository(&[("a.yaml", BAD)]);
    project.write(".git/hooks/pre-commit", block(".git/hooks/pre-commit"));
    project.chmod(".git/hooks/pre-commit", 0o755);
    git(&project, &["add", "."]);
    let run = command(&project, &["commit", "-q", "-m", "bad"]);
    assert!(run.code != Some(0) && (run.stdout + &run.stderr).contains("near-miss"));
    assert!(
        command(&project, &["rev-parse", "-q", "--verify", "HEAD"]).code != Some(0),
        "nothing was committed"
    );
    project.write("a.yaml", GOOD);
    // It is staged content that counts.
    assert!(command(&project, &["commit", "-q", "-m", "bad"]).code != Some(0));
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "good"]);
}

#[test]
fn every_command_of_the_page_tells_right_from_wrong() {
    let commands = commands();
    assert!(commands.len() >= 6, "{commands:?}");
    for line in commands {
        for (text, code) in [(BAD, 1), (GOOD, 0)] {
            let project = repository(&[("a.yaml", text)]);
            git(&project, &["add", "."]);
            let run = project.redeem(&line);
            assert_eq!(run.code, Some(code), "{line}: {}{}", run.stdout, run.stderr);
        }
    }
}

#[test]
fn every_snippet_is_valid_yaml() {
    let mut count = 0;
    let own = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).expect(".pre-commit-hooks.yaml");
    let snippets = blocks().into_iter().filter(|(info, _)| info.starts_with("yaml")).map(|(_, lines)| lines);
    for text in snippets.chain([own.clone()]) {
        let parsed = Format::Yaml.parse(&text, &mut |_| {});
        assert!(parsed.is_ok(), "{text}: {parsed:?}");
        count += 1;
    }
    assert!(count >= 7, "{count} snippets");
    // What the page says of the hook is what the file says.
    for line in [
        "- id: redeem-check",
        "  entry: redeem check --staged",
        "  language: system",
        "  pass_filenames: false",
    ] {
        assert!(own.lines().any(|own| own == line), "{line}");
        let bare = line.trim_start_matches(['-', ' ']);
        assert!(blocks().iter().any(|(_, lines)| lines.contains(bare)), "{bare}");
    }
}

#[test]
fn the_hook_of_the_framework_runs_as_it_would_run_it() {
    let own = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).expect(".pre-commit-hooks.yaml");
    let entry = own.lines().find_map(|line| line.trim().strip_prefix("entry: ")).expect("an entry");
    let project: Project = repository(&[("sub/a.yaml", BAD)]);
    git(&project, &["add", "."]);
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_redeem")).parent().expect("a folder");
    let run = |project: &Project| {
        let status = Command::new("sh")
            .args(["-c", entry])
            .current_dir(project.path(""))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
            .output();
        status.expect("it runs").status.code()
    };
    assert_eq!(run(&project), Some(1));
    project.write("sub/a.yaml", GOOD);
    git(&project, &["add", "."]);
    assert_eq!(run(&project), Some(0));
}
