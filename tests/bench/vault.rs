//! A vault and a SOPS file of a thousand secrets, against the crypto alone, `age` and `sops`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::race::{Contestant, is_installed};
use crate::{Comparison, Goal, command, redeem, with};

/// Each secret of the vault into one file, against what nobody can do without.
pub(crate) fn against_crypto(root: &Path, secrets: usize, rounds: usize) -> Comparison {
    let folder = made(root, secrets);
    let theirs = folder.clone();
    Comparison {
        title: format!("{secrets} secrets of a vault, by the crypto"),
        contestants: vec![
            ours(&folder, "vault"),
            Contestant::new("the crypto alone", move |_| with(example(&["crypto"]), &[&theirs])),
        ],
        goal: Goal::Ratio(2.0),
        most_memory: None,
        rounds,
    }
}

/// The same against programs that do as much.
pub(crate) fn against_age(root: &Path, secrets: usize, rounds: usize) -> Comparison {
    let folder = made(root, secrets);
    let (keys, files, many) = (identity(&folder), folder.join("age"), folder.join("sops/many.yaml"));
    let sops = many.clone();
    let sops_keys = keys.clone();
    Comparison {
        title: format!("{secrets} secrets of a vault, by other programs"),
        contestants: vec![
            ours(&folder, "vault"),
            Contestant::new(&format!("age -d, {secrets} times"), move |_| {
                // `age` itself is what has to be there, so it starts the loop: `sh` runs it by its path.
                let age = command("age", &[]);
                if !is_installed(Path::new(age.get_program())) {
                    return age;
                }
                let mut shell = command(
                    "sh",
                    &["-c", "for file in \"$3\"/*; do \"$1\" -d -i \"$2\" \"$file\" || exit; done", "sh"],
                );
                shell.arg(age.get_program());
                with(shell, &[&keys, &files])
            })
            .printing(),
            Contestant::new("sops -d, one file", move |_| decrypt(&sops_keys, &sops)).printing(),
        ],
        goal: Goal::Ratio(0.1),
        most_memory: None,
        rounds,
    }
}

/// Each value of one SOPS file into another file.
pub(crate) fn sops_file(root: &Path, secrets: usize, rounds: usize) -> Comparison {
    let folder = made(root, secrets);
    let (keys, many) = (identity(&folder), folder.join("sops/many.yaml"));
    Comparison {
        title: format!("a SOPS file of {secrets} values"),
        contestants: vec![
            ours(&folder, "sops"),
            Contestant::new("sops -d", move |_| decrypt(&keys, &many)).printing(),
        ],
        goal: Goal::Ratio(0.5),
        most_memory: None,
        rounds,
    }
}

fn ours(folder: &Path, part: &str) -> Contestant {
    let (keys, folder) = (identity(folder), folder.join(part));
    Contestant::new(&format!("redeem render, {part}"), move |_| {
        let mut command = redeem(&["render", "app.yaml"], &[]);
        command.current_dir(&folder).env("REDEEM_IDENTITY_FILE", &keys);
        command
    })
    .printing()
}

fn decrypt(keys: &Path, file: &Path) -> Command {
    let mut command = command("sops", &["-d"]);
    command.env("SOPS_AGE_KEY_FILE", keys);
    with(command, &[file])
}

fn identity(folder: &Path) -> PathBuf {
    folder.join("identity.txt")
}

/// The folder of the vault and of what it is compared with, which is made unless it is there.
fn made(root: &Path, secrets: usize) -> PathBuf {
    let folder = root.join(format!("vault-{secrets}"));
    // It is written last.
    if !folder.join("crypto.txt").exists() {
        drop(std::fs::remove_dir_all(&folder));
        let status = with(example(&["make"]), &[&folder]).arg(secrets.to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "no vault was made: run `make bench`");
    }
    folder
}

/// The program that makes the vault and does its crypto, which `make bench` builds.
fn example(words: &[&str]) -> Command {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../release/examples/vault_bench");
    let mut command = Command::new(path);
    command.args(words);
    command
}
