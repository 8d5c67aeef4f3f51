//! `redeem.toml`: where it is found, how mistakes are told, and what needs trust.

use crate::support::Project;

const OUTSIDE: &str = "[[backend]]\nname = 'files'\ntype = 'files'\npath = '/run/secrets-of-nobody'\n";

#[test]
fn the_nearest_file_counts_and_none_above_the_repository() {
    let project = Project::new(&[
        ("redeem.toml", "[render]\nsource = 'top'\n"),
        ("repo/.git/HEAD", ""),
        ("repo/deep/a.yaml", "k: 1\n"),
    ]);
    project.redeem("-C repo/deep render").exits(2).says(&["nothing to render"]);
    project.write("repo/redeem.toml", "[render]\nsource = 'deep'\noutput = 'out'\n");
    project.redeem("-C repo/deep render").exits(0);
    assert!(project.exists("repo/out/a.yaml"));
    project.redeem("--config redeem.toml render -o o").exits(3).says(&["top: cannot be read"]);
}

#[test]
fn mistakes_point_at_their_line_and_suggest() {
    let project = Project::new(&[("redeem.toml", "[render]\nsuorce = 'x'\n")]);
    project.redeem("render").exits(2).says(&["invalid-config", "redeem.toml:2:1", "did you mean `source`?"]);
    project.write("redeem.toml", "[[backend]]\nname = 'a'\ntype = 'evn'\n");
    project.redeem("render x").exits(2).says(&["no type of backend `evn`", "did you mean `env`?"]);
}

#[test]
fn a_configuration_that_reaches_outside_needs_trust() {
    let project = Project::new(&[("redeem.toml", OUTSIDE), ("a.yaml", "k: ${secret.x}\n")]);
    project.redeem("render a.yaml").exits(2).says(&[
        "untrusted-config",
        "/run/secrets-of-nobody",
        "redeem trust",
    ]);
    project.redeem("check a.yaml").exits(0);
    let run = project.redeem("trust").exits(0);
    project.redeem("render a.yaml").exits(4).says(&["/run/secrets-of-nobody"]);
    let digest = run.stderr.split("REDEEM_TRUST=").nth(1).expect("a digest").trim().to_owned();
    project.write("redeem.toml", format!("# changed\n{OUTSIDE}"));
    project.redeem("render a.yaml").exits(2).says(&["untrusted-config"]);
    project.write("redeem.toml", OUTSIDE);
    let project = project.secret("REDEEM_TRUST", &digest).secret("HOME", "/nonexistent");
    project.redeem("render a.yaml").exits(4);
}

#[test]
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn a_configuration_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("LEFT OUT: only root can give a file to another user");
        return;
    }
    let project = Project::new(&[("redeem.toml", ""), ("a.yaml", "k: 1\n")]);
    std::os::unix::fs::chown(project.path("redeem.toml"), Some(65534), None).expect("given away");
    project.redeem("render a.yaml").exits(2).says(&["belongs to another user", "--config"]);
    project.redeem("--config redeem.toml render a.yaml").exits(0);
}

#[test]
fn init_sets_a_folder_up_and_leaves_what_is_there() {
    let project = Project::new(&[(".gitignore", "/target")]).secret("API_KEY", "v");
    project.redeem("init --member ada").exits(0).says(&[
        "redeem.toml: written",
        ".gitignore: added",
        "home/.config/redeem/identity.txt: written",
        "secrets/vault.toml: written: ada is the owner, as age1",
    ]);
    assert_eq!(project.read(".gitignore"), "/target\n/build/\n/.env\n");
    assert_eq!(
        (project.mode("home/.config/redeem/identity.txt"), project.mode("redeem.toml")),
        (0o600, 0o644)
    );
    let before = ["redeem.toml", "secrets/vault.toml", "home/.config/redeem/identity.txt"]
        .map(|path| project.read(path));
    project.redeem("init").exits(0).says(&["redeem.toml: is there already", "vault.toml: is there already"]);
    let after = ["redeem.toml", "secrets/vault.toml", "home/.config/redeem/identity.txt"]
        .map(|path| project.read(path));
    assert_eq!(before, after);
    project.write("config/a.yaml", "k: '{secret:api_key}'\nl: '{secret:of-the-vault}'\n");
    project.redeem("secrets create of-the-vault --generate=digits --length 3").exits(0);
    project.redeem("render").exits(0);
    assert!(project.read("build/config/a.yaml").starts_with("k: 'v'\nl: '"));
}

#[test]
fn init_makes_no_vault_where_the_configuration_has_other_places() {
    let project = Project::new(&[("redeem.toml", "[[backend]]\nname = 'shell'\ntype = 'env'\n")]);
    project.redeem("init").exits(0).says(&["redeem.toml: is there already"]);
    assert!(!project.exists("secrets") && !project.exists("home"));
}
