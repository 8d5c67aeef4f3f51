//! Changes a vault, as the tests say that kill it and starve it.
#![expect(clippy::unwrap_used, reason = "a program for tests")]

use std::io::Write;
use std::process::ExitCode;

use redeem_host::backend::vault::VaultStore;
use redeem_host::identity::Identities;
use redeem_host::vault::{Content, Role, Update, Vault, VaultError};
use redeem_host::{Backend, Fetched, Name, Secret};

/// Takes `FOLDER IDENTITY-FILE COMMAND ARGUMENTS`.
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let help = error.help().unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{error}; {help}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), VaultError> {
    let [folder, identity, command, arguments @ ..] = words else { panic!("too few arguments") };
    let text = std::fs::read_to_string(identity).unwrap();
    let identities = Identities::from_text("the test's identity", &text).unwrap();
    let mut vault = Vault::open(folder)?.with(identities).remembering_in(None);
    match (*command, arguments) {
        ("set", [name, key, value]) => drop(vault.set(name, bundle(key, value))?),
        // Each number once: `COUNT` versions of one key.
        ("count", [name, key, count]) => {
            for number in 1..=count.parse::<u32>().unwrap() {
                vault.set(name, bundle(key, &number.to_string()))?;
            }
        }
        ("rename", [name, to]) => drop(vault.rename(name, to)?),
        ("delete", [name]) => vault.delete(name, None)?,
        ("grant", [member, recipient]) => drop(vault.grant(member, recipient, Role::Member)?),
        ("revoke", [member]) => drop(vault.revoke(member)?),
        ("rekey", []) => drop(vault.rekey(None)?),
        ("fetch", names) => {
            let names: Vec<Name> = names.iter().map(|name| Name::split(name)).collect();
            let store = VaultStore::of("vault", vault);
            let fetched = store.fetch(&names.iter().collect::<Vec<_>>());
            assert!(fetched.iter().all(|one| matches!(one, Fetched::Described(..))), "{fetched:?}");
        }
        other => panic!("no such command: {other:?}"),
    }
    Ok(())
}

fn bundle(key: &str, value: &str) -> Update {
    Update {
        content: Some(Content::Bundle(vec![(key.to_owned(), Secret::from(value))])),
        ..Update::default()
    }
}
