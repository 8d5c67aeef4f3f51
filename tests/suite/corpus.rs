//! Files as real projects keep them: where there is no reference, there is nothing to say.

use std::fs;

use crate::secrets::vault;
use crate::support::{Project, Run, root, tree};

/// A configuration that asks for all that can be asked for.
const STRICT: &str = r#"target = "montecarlo"
[[context]]
scope = "notifications"
at = ["**.slack.**.webhook_url", "receivers[*].slack_configs[*].api_url"]
files = ["corpus/**"]
[[context]]
scope = "database"
files = ["**/*.env", "corpus/dotenv/*"]
[policy]
places = "listed"
deny = ["expiring-secret", "near-miss", "plaintext-value", "unknown-secret"]
allow = ["unused-secret"]
"#;

/// Copies the corpus into a project, and counts its files.
fn copied(project: &Project) -> usize {
    let corpus = root().join("fixtures/corpus");
    let files: Vec<String> = tree(&corpus).into_iter().filter(|path| corpus.join(path).is_file()).collect();
    for path in &files {
        project.write(&format!("corpus/{path}"), fs::read(corpus.join(path)).expect("a file"));
    }
    files.len()
}

fn has_nothing_to_say(run: &Run, files: usize) {
    let told: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(told["diagnostics"], serde_json::json!([]));
    let summary = serde_json::json!({ "files": files, "references": 0, "errors": 0, "warnings": 0 });
    assert_eq!(told["summary"], summary);
}

#[test]
fn nothing_is_said_of_files_without_references() {
    let project = Project::new(&[]);
    let files = copied(&project);
    assert!(files >= 300, "{files} files");
    has_nothing_to_say(&project.redeem("check corpus --format json").exits(0), files);
    // A file that is named is looked at whatever its name says.
    let named: Vec<String> =
        project.tree("corpus").into_iter().map(|path| format!("corpus/{path}")).collect();
    let named: Vec<String> = named.into_iter().filter(|path| project.path(path).is_file()).collect();
    has_nothing_to_say(&project.redeem(&format!("check --format json {}", named.join(" "))).exits(0), files);
}

#[test]
fn nor_with_a_vault_contexts_and_a_policy() {
    let project = vault(&[("redeem.toml", STRICT)]);
    let files = copied(&project);
    project.piped("secrets create pagerduty-key --scope notifications", "v").exits(0);
    project.piped("secrets create secret --expires-at 2999-01-01", "v").exits(0);
    has_nothing_to_say(&project.redeem("check corpus --format json").exits(0), files);
    // The same project with one reference where it may not stand, and one value in the clear.
    project.write(
        "corpus/wrong.yaml",
        "a: \"{secret:pagerduty-key}\"\nslack: {x: {webhook_url: 'https://x'}}\n",
    );
    let told = project.redeem("check corpus --format short").exits(1).stdout;
    assert!(told.contains("scope-mismatch") && told.contains("plaintext-value"), "{told}");
}

#[test]
fn the_corpus_is_rendered_as_it_is() {
    let project = Project::new(&[]);
    copied(&project);
    project.redeem("render corpus -o out").exits(0);
    for path in tree(&root().join("fixtures/corpus")) {
        let (old, new) = (root().join("fixtures/corpus").join(&path), project.path("out").join(&path));
        if old.is_file() {
            assert!(fs::read(old).expect("a file") == fs::read(new).expect("an output"), "{path}");
        }
    }
}
