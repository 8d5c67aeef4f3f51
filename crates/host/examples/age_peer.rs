//! Opens age files that others made, and makes some for them; `tests/interop/age/run` compares.
#![expect(clippy::disallowed_methods, reason = "a program for tests, which writes their files")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use redeem_host::core::Secret;
use redeem_host::identity::{self, DataKey, FileError, Identities, Recipient};
use zeroize::Zeroizing;

/// What came of opening a file.
type Opened = Result<Zeroizing<Vec<u8>>, FileError>;

/// What a case's name ends in: a file, the identities or the passphrase that it is tried with.
const FILE: &str = "age";
const KEYS: &str = "keys";
const PASSPHRASES: &str = "passphrases";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["open", folder] => open(Path::new(folder)),
        ["unwrap", folder] => unwrap(Path::new(folder)),
        ["wrap", folder, count] => {
            count.parse().map_err(Into::into).and_then(|count| wrap(Path::new(folder), count))
        }
        ["wrap-for", folder] => wrap_for(Path::new(folder)),
        _ => Err("expected open FOLDER, unwrap FOLDER, wrap FOLDER COUNT, or wrap-for FOLDER".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "age_peer: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Opens each `NAME.age` with `NAME.keys` or `NAME.passphrases`, and says what came of it: `NAME`, a tab, the
/// outcome. What was in
/// it is written to `NAME.plain`.
fn open(folder: &Path) -> Result<(), Box<dyn Error>> {
    for name in names(folder)? {
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        let file = fs::read(path(FILE))?;
        let outcome = match attempt(&file, &path(KEYS), &path(PASSPHRASES))? {
            Ok(plain) => {
                fs::write(path("plain"), &*plain)?;
                "success".to_owned()
            }
            Err(FileError::Armor(_)) => "armor failure".to_owned(),
            Err(FileError::Header(_) | FileError::Work(_)) => "header failure".to_owned(),
            Err(FileError::NoMatch) => "no match".to_owned(),
            Err(FileError::Mac) => "HMAC failure".to_owned(),
            Err(FileError::Payload) => "payload failure".to_owned(),
            Err(error) => error.to_string(),
        };
        writeln!(std::io::stdout(), "{name}\t{outcome}")?;
    }
    Ok(())
}

/// The outcome with all identities of a case, or with the first of its passphrases that opens it.
fn attempt(file: &[u8], keys: &Path, passphrases: &Path) -> Result<Opened, Box<dyn Error>> {
    if !passphrases.exists() {
        let keys = if keys.exists() { fs::read_to_string(keys)? } else { String::new() };
        return Ok(Identities::from_text("the vector", &keys)?.decrypt(file));
    }
    let mut outcome = Err(FileError::NoMatch);
    for passphrase in fs::read_to_string(passphrases)?.lines() {
        outcome = identity::decrypt_with_passphrase(file, &Secret::from(passphrase));
        if outcome != Err(FileError::NoMatch) {
            break;
        }
    }
    Ok(outcome)
}

/// Unwraps the data key of each `NAME.age` with `NAME.keys`, and writes it to `NAME.plain`.
fn unwrap(folder: &Path) -> Result<(), Box<dyn Error>> {
    for name in names(folder)? {
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        let identities = Identities::from_text("a peer's", &fs::read_to_string(path(KEYS))?)?;
        let recipient = identities.recipients().first().map(Recipient::to_string).unwrap_or_default();
        let enc = fs::read_to_string(path(FILE))?;
        let key = identities.unwrap([(recipient.as_str(), enc.as_str())].into_iter())?;
        // A second wrap of it is how the key comes out: nothing else shows one.
        let (text, recipient) = identity::generate();
        let again = recipient.wrap(&key)?;
        fs::write(path("plain"), &*Identities::from_text("our own", &text)?.decrypt(again.as_bytes())?)?;
    }
    Ok(())
}

/// Makes identities, and wraps a data key for each: `NAME.keys`, `NAME.age`, and `NAME.plain` with the key.
fn wrap(folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    for number in 0..count {
        let path = |ending: &str| -> PathBuf { folder.join(format!("{number:04}.{ending}")) };
        let (text, recipient) = identity::generate();
        let enc = recipient.wrap(&DataKey::random()?)?;
        fs::write(path(KEYS), &*text)?;
        fs::write(path("plain"), &*Identities::from_text("our own", &text)?.decrypt(enc.as_bytes())?)?;
        fs::write(path(FILE), enc)?;
    }
    Ok(())
}

/// Wraps a data key for the public half of each `NAME.keys`, which is in `NAME.keys.pub`: `NAME.age`, and `NAME.plain`.
fn wrap_for(folder: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let keys = entry?.path();
        if keys.extension().is_none_or(|ending| ending != KEYS) {
            continue;
        }
        let recipient = Recipient::parse(&fs::read_to_string(keys.with_extension("keys.pub"))?)?;
        let enc = recipient.wrap(&DataKey::random()?)?;
        let identities = Identities::from_text("a peer's", &fs::read_to_string(&keys)?)?;
        fs::write(keys.with_extension("plain"), &*identities.decrypt(enc.as_bytes())?)?;
        fs::write(keys.with_extension(FILE), enc)?;
    }
    Ok(())
}

fn names(folder: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == FILE) {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(names)
}
