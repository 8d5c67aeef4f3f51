//! SSH keys as identities and recipients; `ssh-keygen` makes them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redeem_host::core::Secret;
use redeem_host::identity::{
    DataKey, Identities, Prompt, Recipient, RecipientError, Surroundings, UnwrapError,
};
use tempfile::TempDir;

/// Makes a key pair and gives its public half.
fn keygen(path: &Path, words: &[&str]) -> Recipient {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "ada at home", "-f"]).arg(path).args(words);
    assert!(command.status().expect("ssh-keygen is installed").success());
    let public = fs::read_to_string(path.with_extension("pub")).expect("a public half");
    Recipient::parse(&public).expect("a recipient")
}

fn surroundings(variables: &[(&str, &Path)]) -> Surroundings {
    Surroundings::of(variables.iter().map(|(name, value)| ((*name).to_owned(), value.as_os_str().to_owned())))
}

fn unwrap(identities: &Identities, recipients: &[&Recipient]) -> Result<DataKey, UnwrapError> {
    let key = DataKey::random().expect("random bytes");
    // As `sops` writes it: with the comment of the key.
    let stanzas = recipients.iter().map(|one| (format!("{one} ada at home"), one.wrap(&key).expect("wraps")));
    let stanzas: Vec<_> = stanzas.collect();
    identities.unwrap(stanzas.iter().map(|(recipient, enc)| (recipient.as_str(), enc.as_str())))
}

struct Person(&'static str, AtomicUsize);

impl Prompt for Person {
    fn passphrase(&self, what: &str) -> Option<Secret> {
        assert!(what.starts_with("the SSH key "), "{what}");
        self.1.fetch_add(1, Ordering::Relaxed);
        Some(Secret::from(self.0))
    }
}

#[test]
fn the_keys_of_the_home_folder_and_of_the_variables_open_files() {
    let home = TempDir::new().expect("a folder");
    let ed25519 = keygen(&home.path().join(".ssh/id_ed25519"), &["-t", "ed25519", "-N", ""]);
    let rsa = keygen(&home.path().join(".ssh/id_rsa"), &["-t", "rsa", "-b", "2048", "-N", ""]);
    let path = home.path().join("other");
    let other = keygen(&path, &["-t", "ed25519", "-N", ""]);
    assert!(!ed25519.to_string().contains("ada"));
    let identities =
        Identities::of(surroundings(&[("HOME", home.path()), ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &path)]));
    assert_eq!(identities.recipients(), [other.clone(), ed25519.clone(), rsa.clone()]);
    assert_eq!(identities.findings(), []);
    for recipient in [&ed25519, &rsa, &other] {
        unwrap(&identities, &[recipient]).expect("it opens");
    }
    let command = format!("/bin/cat {}", path.display());
    let identities = Identities::of(surroundings(&[("SOPS_AGE_SSH_PRIVATE_KEY_CMD", Path::new(&command))]));
    unwrap(&identities, &[&other]).expect("it opens");
    let error = unwrap(&identities, &[&ed25519]).expect_err("for another");
    assert!(!error.is_damaged(), "{error}");
}

#[test]
fn a_passphrase_is_asked_for_the_key_that_fits_alone() {
    let home = TempDir::new().expect("a folder");
    let path = home.path().join(".ssh/id_ed25519");
    let mine = keygen(&path, &["-t", "ed25519", "-N", "correct horse"]);
    let other = keygen(&home.path().join("other"), &["-t", "ed25519", "-N", ""]);
    let person = Arc::new(Person("correct horse", AtomicUsize::new(0)));
    let identities = Identities::of(surroundings(&[("HOME", home.path())])).with_prompt(person.clone());
    assert!(!unwrap(&identities, &[&other]).expect_err("for another").is_damaged());
    assert_eq!(person.1.load(Ordering::Relaxed), 0);
    unwrap(&identities, &[&other, &mine]).expect("it opens");
    unwrap(&identities, &[&mine]).expect("it opens");
    assert_eq!(person.1.load(Ordering::Relaxed), 1);
    for (prompt, why) in
        [(Some("wrong horse"), "the passphrase does not open it"), (None, "there is no terminal")]
    {
        let mut identities = Identities::of(surroundings(&[("HOME", home.path())]));
        if let Some(passphrase) = prompt {
            identities = identities.with_prompt(Arc::new(Person(passphrase, AtomicUsize::new(0))));
        }
        let error = unwrap(&identities, &[&mine]).expect_err("it stays shut");
        assert!(!error.is_damaged() && error.to_string().contains(why), "{error}");
    }
}

#[test]
fn other_kinds_of_keys_are_refused() {
    let ecdsa = "ssh-dss AAAAB3NzaC1kc3MAAACBAP";
    assert_eq!(Recipient::parse(ecdsa), Err(RecipientError::Ssh("ssh-dss".to_owned())));
    let other = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----\n";
    let told = Identities::from_text("it", other).expect_err("another kind").to_string();
    assert!(told.contains("another kind"), "{told}");
}
