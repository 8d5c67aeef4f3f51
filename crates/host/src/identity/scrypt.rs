//! Passphrases: the one age stanza whose cost the file's author chooses.

use age::Identity;
use age::secrecy::SecretString;
use age_core::format::{FileKey, Stanza};

use super::file::FileError;

/// The highest work factor that is done, as a power of two: that of the `age` program, some 15 seconds and 4 GiB.
/// `age` writes 18. It does not depend on the machine, so that a file opens on all of them or on none.
pub(super) const MAX_WORK: u32 = 22;

/// Unwraps a file key with a passphrase.
pub(super) fn unwrap(stanzas: &[Stanza], passphrase: SecretString) -> Result<FileKey, FileError> {
    let [stanza] = stanzas else { return Err(FileError::NoMatch) };
    if stanza.tag != "scrypt" {
        return Err(FileError::NoMatch);
    }
    check(stanza)?;
    let mut identity = age::scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MAX_WORK.try_into().expect("a small number"));
    match identity.unwrap_stanza(stanza) {
        Some(Ok(key)) => Ok(key),
        Some(Err(age::DecryptError::InvalidHeader)) => {
            Err(FileError::Header("its passphrase stanza is broken"))
        }
        _ => Err(FileError::NoMatch),
    }
}

/// Whether the stanza is as <https://c2sp.org/age#scrypt-recipient-stanza> has it, and asks for work that is done.
pub(super) fn check(stanza: &Stanza) -> Result<(), FileError> {
    let broken = FileError::Header("its passphrase stanza is broken");
    let [_, work] = &stanza.args[..] else { return Err(broken) };
    let is_number = work.bytes().all(|byte| byte.is_ascii_digit()) && !work.starts_with('0');
    match work.parse::<u32>() {
        Ok(work) if is_number && work <= MAX_WORK => Ok(()),
        Ok(work) if is_number => Err(FileError::Work(work)),
        _ => Err(broken),
    }
}
