//! SOPS files as a source of secrets: each value by its path, with the MAC checked first.

use redeem_core::Secret;

use super::{ImportError, Paths};
use crate::backend::sops::text as told;
use crate::identity::Identities;
use crate::sops::{File, Step, Store, Stored};

/// Whether a text is a SOPS file, by the metadata that each kind of them has.
pub(super) fn is_sops(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    has("ENC[AES256_GCM,") && (has("sops:") || has("\"sops\"") || has("sops_mac=") || has("[sops]"))
}

/// Reads every value of a SOPS file.
pub(super) fn read(
    shown: &str,
    name: &str,
    text: &str,
    identities: &Identities,
) -> Result<Paths, ImportError> {
    let file = File::parse(shown, text.to_owned(), store(name, text))?;
    let key = file.data_key(identities)?;
    file.verify(&key)?;
    let (mut paths, mut notes) = (Vec::new(), Vec::new());
    for leaf in file.leaves() {
        let path: Vec<String> = leaf.path.0.iter().map(step).collect();
        if matches!(leaf.stored, Stored::Null) {
            notes.push(format!("`{}` is null and was left out", path.join(".")));
        } else if !path.is_empty() {
            paths.push((path, Secret::new(told(&file.open(&key, leaf)?))));
        }
    }
    Ok((paths, notes))
}

/// How the file is laid out: by its name, or by its text if it came without one.
fn store(name: &str, text: &str) -> Store {
    match Store::of_file_name(name) {
        Store::Binary if name.is_empty() && text.trim_start().starts_with('{') => Store::Json,
        Store::Binary if name.is_empty() && text.contains("sops_mac=") => Store::Dotenv,
        Store::Binary if name.is_empty() => Store::Yaml,
        store => store,
    }
}

fn step(step: &Step) -> String {
    match step {
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    }
}
