//! `redeem lock` and `check --locked`: names of stores that cannot be listed, written down without any value.

use std::process::Command;

use crate::secrets::vault;
use crate::support::Project;

const CONFIG: &str = "\
[render]
source = \"config\"

[[backend]]
name = \"shell\"
type = \"env\"
";

const APP: &str = "key: '{secret:api-key}'\nuser: ${secret.creds.USER}\n";

const CANARY: &str = "c4n4ry-v4lue";

/// A project whose secrets are all in the environment, with one that nobody asks for.
fn project() -> Project {
    Project::new(&[("redeem.toml", CONFIG), ("config/app.yaml", APP)])
        .secret("API_KEY", CANARY)
        .secret("CREDS_USER", CANARY)
        .secret("UNASKED_TOKEN", CANARY)
}

/// The same project on a machine without the secrets.
fn elsewhere(project: &Project) -> Project {
    let other = Project::new(&[]);
    for path in ["redeem.toml", "redeem.lock", "config/app.yaml"] {
        if project.exists(path) {
            other.write(path, project.read(path));
        }
    }
    other
}

fn git(project: &Project, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(project.path("")).status();
    assert!(status.is_ok_and(|status| status.success()), "git {arguments:?}");
}

#[test]
fn a_lock_has_the_names_that_are_asked_for_and_no_value() {
    let project = project();
    let run = project.redeem("lock").exits(0).says(&["redeem.lock: written, 2 secrets of 1 backend"]);
    assert_eq!(run.stdout, "added api-key (shell)\nadded creds.USER (shell)\n");
    let text = project.read("redeem.lock");
    assert!(text.contains("name = \"api-key\"\nscope = \"global\"\n"), "{text}");
    assert!(text.contains("name = \"creds\"\nkeys = [\"USER\"]\n"), "{text}");
    for word in ["c4n4ry", "v4lue", "unasked", "UNASKED"] {
        assert!(!format!("{text}{}{}", run.stdout, run.stderr).to_lowercase().contains(&word.to_lowercase()));
    }
    assert_eq!(project.mode("redeem.lock"), 0o644);
}

#[test]
fn what_has_not_changed_is_not_written() {
    let project = project();
    project.redeem("lock --check").exits(1).says(&["redeem.lock: stale"]);
    assert!(!project.exists("redeem.lock"), "`--check` writes nothing");
    project.redeem("lock").exits(0);
    let modified =
        |project: &Project| project.path("redeem.lock").metadata().and_then(|of| of.modified()).ok();
    let before = modified(&project);
    let run = project.redeem("lock").exits(0).says(&["unchanged"]);
    assert_eq!((run.stdout.as_str(), modified(&project)), ("", before));
    project.redeem("lock --check").exits(0);
    // Git may have changed the line ends.
    project.write("redeem.lock", project.read("redeem.lock").replace('\n', "\r\n"));
    project.redeem("lock --check").exits(0);
    project.redeem("check --locked").exits(0);
    project.write("config/app.yaml", "user: ${secret.creds.USER}\n");
    let run = project.redeem("lock --check").exits(1);
    assert_eq!(run.stdout, "removed api-key (shell)\n");
}

#[test]
fn elsewhere_each_name_is_known_and_a_misspelt_one_is_an_error() {
    let project = project();
    project.redeem("check --locked").exits(1).says(&["1 error"]);
    project.redeem("lock").exits(0);
    let other = elsewhere(&project);
    other.redeem("check --locked").exits(0).says(&["0 errors, 0 warnings"]);
    other
        .write("config/app.yaml", "a: '{secret:apikey}'\nb: '{secret:creds.USERS}'\nc: '{secret:webhook}'\n");
    let run = other.redeem("check --format short").exits(1);
    for line in [
        "1:13: error[unknown-secret]: there is no secret `apikey`",
        "2:13: error[unknown-secret]: there is no secret `creds.USERS`",
        "3:13: error[unknown-secret]: there is no secret `webhook`",
    ] {
        assert!(run.stdout.contains(line), "{}", run.stdout);
    }
    let run = other.redeem("check").exits(1);
    assert!(run.stdout.contains("did you mean `api-key`?"), "{}", run.stdout);
    let run = other.redeem("check --locked --format short").exits(1);
    assert!(
        run.stdout.contains("1:13: error[unknown-secret]"),
        "a misspelt name is told as one: {}",
        run.stdout
    );
    assert!(
        run.stdout.contains("3:13: error[stale-lock]: `webhook` is not in redeem.lock"),
        "{}",
        run.stdout
    );
    // A name that may be missing is no problem, whether or not the lock has it.
    other.write("config/app.yaml", "a: \"{secret:webhook | default('x')}\"\n");
    other.redeem("check --locked").exits(0);
}

#[test]
fn a_name_that_nobody_has_is_told_and_the_others_are_written() {
    let project = project();
    project.write("config/more.yaml", "a: '{secret:nope-at-all}'\nb: '{secret:unaskedtoken}'\n");
    let run = project.redeem("lock").exits(1).says(&["there is no secret `nope-at-all`"]);
    assert!(run.stderr.contains("did you mean `unasked_token`?"), "{}", run.stderr);
    let text = project.read("redeem.lock");
    assert!(text.contains("api-key") && !text.contains("nope"), "{text}");
}

#[test]
fn a_lock_that_was_changed_otherwise_is_stale() {
    let project = project();
    project.redeem("lock").exits(0);
    let text = project.read("redeem.lock");
    let other = elsewhere(&project);
    for (changed, words) in [
        (text.replace("api-key", "api-kex"), "its digest is another"),
        (text.replace("[[backend]]", "<<<<<<< HEAD\n[[backend]]"), "holds the marks of a merge"),
        (text.replace("version = 1", "version = 2\nnew = 1"), "is of version 2, and only 1 is known"),
        (text.replace("scope = ", "scape = "), "unknown field `scape`"),
        (text.replace("name = \"api-key\"", "name = "), "cannot be used"),
        (String::new(), "missing field `version`"),
    ] {
        other.write("redeem.lock", &changed);
        for line in ["check --format short", "check --locked --format short"] {
            let run = other.redeem(line).exits(1);
            let told: Vec<&str> = run.stdout.lines().filter(|line| line.contains("stale-lock")).collect();
            assert!(told.len() == 1 && told[0].contains(words), "{words}: {}", run.stdout);
            assert!(told[0].starts_with("redeem.lock:"), "{told:?}");
        }
        project.write("redeem.lock", &changed);
        project.redeem("lock").exits(0).says(&["redeem.lock: written"]);
        assert_eq!(project.read("redeem.lock"), text, "{words}");
    }
    other.write("redeem.lock", &text);
    other.write("redeem.toml", CONFIG.replace("shell", "other"));
    let run = other.redeem("check --format short").exits(1);
    assert!(run.stdout.contains("error[stale-lock]: redeem.toml has no backend `shell`"), "{}", run.stdout);
    other.write("redeem.toml", CONFIG.replace("\"env\"", "\"files\"\npath = \"mounted\""));
    let run = other.redeem("check --format short").exits(1);
    assert!(run.stdout.contains("backend `shell` is of type `files` in redeem.toml"), "{}", run.stdout);
    std::fs::remove_file(other.path("redeem.lock")).expect("removed");
    other.write("redeem.lock/in", "a folder");
    let run = other.redeem("check --format short").exits(1);
    assert!(run.stdout.contains("error[stale-lock]: redeem.lock cannot be read"), "{}", run.stdout);
}

#[test]
fn a_render_asks_the_stores_and_not_the_lock() {
    let project = project();
    project.redeem("lock").exits(0);
    let rendered = project.redeem("render config/app.yaml").exits(0).stdout;
    assert!(rendered.contains(CANARY), "{rendered}");
    project.write("redeem.lock", "broken");
    assert_eq!(project.redeem("render config/app.yaml").exits(0).stdout, rendered);
    let other = elsewhere(&project);
    other.redeem("render config/app.yaml").exits(3);
}

#[test]
fn files_that_git_keeps_need_no_lock() {
    let config = "[render]\nsource = \"config\"\n\n[[backend]]\nname = \"mounted\"\ntype = \"files\"\npath = \"run\"\n";
    let project = Project::new(&[
        ("redeem.toml", config),
        ("config/app.yaml", "a: '{secret:plain}'\nb: '{secret:bundle.KEY}'\n"),
        ("run/plain", CANARY),
        ("run/bundle/KEY", CANARY),
        ("run/bundle/OTHER", CANARY),
    ]);
    git(&project, &["init", "-q"]);
    project.redeem("lock").exits(0).says(&["written, 2 secrets of 1 backend"]);
    let text = project.read("redeem.lock");
    assert!(text.contains("keys = [\"KEY\", \"OTHER\"]"), "of what is asked for each key is known: {text}");
    let other = elsewhere(&project);
    other.redeem("check --locked").exits(0);
    other.write(
        "config/app.yaml",
        "a: '{secret:bundle}'\nb: '{secret:bundle.KEX}'\nc: '{secret:plain.KEY}'\n",
    );
    let run = other.redeem("check --locked --format short").exits(1);
    for code in ["1:5: error[bundle-without-key]", "2:5: error[unknown-key]", "3:5: error[unknown-key]"] {
        assert!(run.stdout.contains(code), "{}", run.stdout);
    }
    std::fs::remove_file(project.path("redeem.lock")).expect("removed");
    git(&project, &["add", "run"]);
    project.redeem("check --locked").exits(0);
    project.redeem("lock").exits(0).says(&["no redeem.lock is needed"]);
    assert!(!project.exists("redeem.lock"));
}

#[test]
fn a_vault_elsewhere_is_served_by_its_lock_with_scope_and_end() {
    let config = "[render]\nsource = \"config\"\n\n[[backend]]\nname = \"team\"\ntype = \"vault\"\npath = { env = \"VAULT\" }\n";
    let project = vault(&[("redeem.toml", ""), ("config/app.yaml", "a: '{secret:token}'\n")]);
    project.piped("secrets create token --scope web --expires-at 2097-01-31", CANARY).exits(0);
    project.write("redeem.toml", config);
    let project = project.secret("VAULT", "secrets");
    project.redeem("lock").exits(0);
    let text = project.read("redeem.lock");
    assert!(text.contains("name = \"token\"\nscope = \"web\"\nexpires_at = \"2097-01-31\"\n"), "{text}");
    let other = elsewhere(&project);
    let run = other.redeem("check --locked --format short").exits(1);
    assert!(run.stdout.contains("error[scope-mismatch]"), "{}", run.stdout);
    let run = other.redeem("check --at 2098-01-01 --format short").exits(1);
    assert!(run.stdout.contains("error[expired-secret]"), "{}", run.stdout);
    let run = other.redeem("check").exits(1);
    assert!(run.stdout.contains("[redeem.lock:"), "its scope is shown in the lock: {}", run.stdout);
}

#[test]
fn each_profile_has_its_own_part() {
    let project = project();
    let ci = "\n[[profile.ci.backend]]\nname = \"mounted\"\ntype = \"files\"\npath = \"run\"\n";
    project.write("redeem.toml", format!("{CONFIG}{ci}"));
    project.write("run/webhook", CANARY);
    project.redeem("lock").exits(0);
    project.redeem("check --locked").exits(0);
    let run = project.redeem("check --locked --profile ci --format short").exits(1);
    assert!(run.stdout.contains("error[stale-lock]"), "{}", run.stdout);
    project.redeem("lock --profile ci").exits(0);
    project.redeem("check --locked --profile ci").exits(0);
    project.redeem("check --locked").exits(0);
    project.redeem("lock --check").exits(0);
    project.write("redeem.toml", CONFIG);
    project.redeem("lock").exits(0);
    assert!(!project.read("redeem.lock").contains("profile"), "{}", project.read("redeem.lock"));
}

#[test]
fn what_leads_outside_is_asked_only_when_trusted_and_a_failure_writes_nothing() {
    let config = |path: &str| {
        format!(
            "[render]\nsource = \"config\"\n\n[[backend]]\nname = \"local\"\ntype = \"dotenv\"\npath = \"{path}\"\n"
        )
    };
    let project = Project::new(&[("redeem.toml", &config("../x/.env")), ("config/app.yaml", APP)]);
    let run = project.redeem("lock").exits(2);
    assert!(run.stderr.contains("redeem trust"), "{}", run.stderr);
    project.write("redeem.toml", config(".env"));
    let run = project.redeem("lock").exits(4).says(&["nothing was written", "there is no file"]);
    assert!(!project.exists("redeem.lock") && !run.stdout.contains("added"), "{}", run.stdout);
    project.write(".env", format!("API_KEY={CANARY}\nCREDS_USER={CANARY}\nUNASKED={CANARY}\n"));
    let run = project.redeem("lock").exits(0);
    let text = project.read("redeem.lock");
    assert!(
        !format!("{text}{}{}", run.stdout, run.stderr).contains("c4n4ry") && !text.contains("nasked"),
        "{text}"
    );
    std::fs::remove_file(project.path("redeem.lock")).expect("removed");
    project.write("config/bad.yaml", b"a: \xff{secret:api-key}\n");
    project.redeem("lock").exits(3).says(&["nothing was written"]);
    assert!(!project.exists("redeem.lock"));
    Project::new(&[]).redeem("lock").exits(2).says(&["no backend is configured"]);
}
