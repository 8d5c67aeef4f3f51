//! `redeem vault`: members come and go, each file that is touched is named, and what was changed by others is found.

use std::process::Command;

use redeem_host::identity::generate;

use crate::secrets::vault;
use crate::support::{Project, Run};

/// Runs a command as somebody who has this identity and nothing else.
fn run_as(project: &Project, identity: &str, line: &str) -> Run {
    let mut command = project.command(line);
    command.env("HOME", project.path("elsewhere")).env("REDEEM_IDENTITY", identity);
    Run::of(command.output().expect("the binary runs"))
}

#[test]
fn init_makes_an_identity_once_and_never_over_another() {
    let project = Project::new(&[]);
    let run = project.redeem("vault init --member ada").exits(0);
    let recipient = run.stderr.split("as age1").nth(1).expect("a recipient").lines().next().expect("a line");
    let identity = project.read("home/.config/redeem/identity.txt");
    assert!(identity.contains(&format!("# public key: age1{recipient}")), "{identity}");
    assert_eq!(project.mode("home/.config/redeem/identity.txt"), 0o600);
    assert_eq!(project.mode("home/.config/redeem"), 0o700);
    assert!(!run.stderr.contains("AGE-SECRET-KEY") && !run.stdout.contains("AGE-SECRET-KEY"));
    project.redeem("vault init").exits(2).says(&["is a vault already"]);
    // A second vault takes the identity that is there.
    let run = project.redeem("vault init other --member ada").exits(0);
    assert!(run.stderr.contains(recipient) && !run.stderr.contains("identity.txt"), "{}", run.stderr);
    assert_eq!(project.read("home/.config/redeem/identity.txt"), identity);
    // One that gives no recipient is not written over.
    project.write("home/.config/redeem/identity.txt", "# nothing\n");
    project.redeem("vault init third").exits(2).says(&["--recipient"]);
    assert_eq!(project.read("home/.config/redeem/identity.txt"), "# nothing\n");
    project.redeem("vault init third --member no/name --recipient age1nope").exits(2);
    assert!(!project.exists("third/vault.toml"));
}

#[test]
fn members_come_and_go_and_each_file_is_named() {
    let project = vault(&[]);
    let (bob, recipient) = generate();
    project.piped("secrets create shared", "v1").exits(0);
    project.piped("secrets create own --private", "v2").exits(0);
    run_as(&project, &bob, "secrets get shared --reveal").exits(5).says(&["can be read by: ada"]);
    let run = project.redeem(&format!("vault grant bob {recipient} --role member")).exits(0);
    assert!(run.stderr.contains("secrets/shared.yaml: can be read by bob (age1"), "{}", run.stderr);
    assert!(!run.stderr.contains("secrets/own.yaml: can be read"), "{}", run.stderr);
    assert_eq!(run_as(&project, &bob, "secrets get shared --reveal").exits(0).stdout, "v1");
    // A private secret cannot be read with a member's identity, and the refusal says who can.
    run_as(&project, &bob, "secrets get own --reveal").exits(5).says(&["can be read by: ada"]);
    run_as(&project, &bob, "secrets list").exits(0).says(&["2 secrets"]);
    let verified = run_as(&project, &bob, "vault verify").exits(0);
    verified.says(&["checked 1 secret: 0 errors", "1 could not be checked"]);
    let members = project.redeem("vault members").exits(0).stdout;
    assert!(members.contains(&format!("bob  member  {recipient}")), "{members}");
    run_as(&project, &bob, "vault revoke ada").exits(2);
    let run = project.redeem("vault revoke bob").exits(0);
    assert!(run.stderr.contains("secrets/shared.yaml: can no longer be read by bob, has a new data key"));
    run.says(&["old copies", "rotate"]);
    run_as(&project, &bob, "secrets get shared --reveal").exits(5);
    let stranger = run_as(&project, &bob, "secrets set shared --K=x");
    assert_eq!(stranger.code, Some(5), "{}", stranger.stderr);
    project.redeem("vault revoke ada").exits(2).says(&["only owner"]);
    project.redeem("vault grant eve age1nope").exits(2);
    project.redeem("vault revoke bbo").exits(2).says(&["no member is called `bbo`"]);
    let told: serde_json::Value =
        serde_json::from_str(&project.redeem("vault rekey shared --json").exits(0).stdout).expect("JSON");
    assert_eq!(
        (&told["changed"][0]["name"], &told["changed"][0]["new_key"]),
        (&"shared".into(), &true.into())
    );
}

#[test]
fn a_line_in_vault_toml_wins_nothing_quietly() {
    let project = vault(&[]);
    let (eve, recipient) = generate();
    project.piped("secrets create a", "v").exits(0);
    let members = project.read("secrets/vault.toml");
    project.write(
        "secrets/vault.toml",
        format!("{members}\n[[member]]\nname = \"eve\"\nrecipient = \"{recipient}\"\nrole = \"member\"\n"),
    );
    project.piped("secrets set a", "v2").exits(0);
    run_as(&project, &eve, "secrets get a --reveal").exits(5);
    project.redeem("vault rekey").exits(0).says(&["can be read by eve (age1"]);
}

#[test]
fn what_others_changed_is_found_and_can_be_accepted() {
    let project = vault(&[]);
    project.piped("secrets create a --scope x", "v").exits(0);
    project.redeem("vault verify").exits(0).says(&["1 secret: 0 errors, 0 warnings"]);
    let text = project.read("secrets/a.yaml");
    project.write("secrets/a.yaml", text.replace("scope: x", "scope: y"));
    project.redeem("vault verify").exits(5).says(&["integrity", "1 error"]);
    project.redeem("secrets get a --reveal").exits(5);
    let told: serde_json::Value =
        serde_json::from_str(&project.redeem("vault verify --json").exits(5).stdout).expect("JSON");
    assert_eq!((&told[0]["name"], &told[0]["severity"]), (&"a".into(), &"error".into()));
    project.redeem("vault verify --accept a").exits(5);
    project.write("secrets/a.yaml", &text);
    project.redeem("vault verify").exits(0);
    project.redeem("vault verify nope").exits(2).says(&["no secret `nope`"]);
}

#[test]
fn history_is_what_git_knows() {
    let project = vault(&[]);
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
            .args(arguments)
            .current_dir(project.path(""))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    project.piped("secrets create a", "v1").exits(0);
    project.redeem("secrets history a").exits(4).says(&["git has no history"]);
    git(&["init", "-q"]);
    git(&["add", "secrets"]);
    git(&["commit", "-q", "-m", "one"]);
    project.redeem("secrets rotate a --generate").exits(0);
    git(&["commit", "-q", "-a", "-m", "two"]);
    let told = project.redeem("secrets history a").exits(0).stdout;
    let versions: Vec<&str> = told.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(versions, ["2", "1"], "{told}");
    let told: serde_json::Value =
        serde_json::from_str(&project.redeem("secrets history a --json").exits(0).stdout).expect("JSON");
    assert_eq!((&told[1]["version"], &told[1]["updated_by"]), (&1.into(), &"ada".into()));
    project.redeem("secrets history nope").exits(2).says(&["no secret `nope`"]);
}

#[test]
fn the_identity_of_a_backend_is_used_in_place_of_the_users() {
    let (identity, recipient) = generate();
    let project = Project::new(&[
        ("redeem.toml", "[[backend]]\nname = 'v'\ntype = 'vault'\npath = 'secrets'\nidentity = 'own.txt'\n"),
        ("own.txt", &identity),
        ("a.yaml", "k: '{secret:a}'\n"),
    ]);
    project.redeem(&format!("vault init --member ci --recipient {recipient}")).exits(0);
    assert!(!project.exists("home"), "a recipient was given, so no identity is made");
    project.piped("secrets create a", "v").exits(0);
    assert_eq!(project.redeem("render a.yaml").exits(0).stdout, "k: 'v'\n");
    project.write("own.txt", "nothing\n");
    project.redeem("render a.yaml").exits(2).says(&["own.txt", "line 1"]);
}

#[test]
fn an_identity_that_others_may_read_is_told() {
    let project = vault(&[("a.yaml", "k: '{secret:a}'\n")]);
    project.piped("secrets create a", "v").exits(0);
    project.chmod("home/.config/redeem/identity.txt", 0o644);
    for line in ["render a.yaml", "secrets get a --reveal", "vault verify"] {
        project.redeem(line).exits(0).says(&["warning", "identity.txt", "chmod 600"]);
    }
    let run = project.redeem("secrets list").exits(0);
    assert!(!run.stderr.contains("chmod"), "nothing was opened: {}", run.stderr);
}
