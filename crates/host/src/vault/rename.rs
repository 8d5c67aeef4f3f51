//! Renaming a secret: never without a file, and never with two names.
//!
//! Three steps, of which each leaves a vault that opens: the new name is noted in the old file; the new file is
//! written; the old one is removed. The new name holds from the second step on. Whoever writes next does the third.

use super::card::Card;
use super::names::check_name;
use super::session::{Replacement, Session};
use super::{Vault, VaultError, Written};
use crate::sops::{Change, Path, Plain};

impl Vault {
    /// Gives a secret another name.
    ///
    /// # Errors
    /// When it is not there, the new name is taken or cannot be used, or this member may not write it.
    pub fn rename(&self, name: &str, to: &str) -> Result<Written, VaultError> {
        check_name(name)?;
        check_name(to)?;
        let mut session = self.session("rename secrets")?;
        // Interrupted before its last step, the same rename is done with that.
        let done = session.vault.raw_card(to)?.filter(|card| card.renamed_from.as_deref() == Some(name));
        let is_half_done =
            session.vault.raw_card(name)?.is_some_and(|card| card.renamed_to.as_deref() == Some(to));
        session.mend(name)?;
        session.mend(to)?;
        if let Some(card) = done.filter(|_| is_half_done)
            && !session.vault.path(name).exists()
        {
            return Ok(written(card));
        }
        let Some(opened) = session.opened(name)? else { return Err(session.unknown(name)) };
        session.must_be_free(to)?;
        // One data key for both files: that is how what is left behind is known.
        let noted = session.changed(&opened, vec![Change::Set(Path::key("renamed_to"), Plain::str(to))])?;
        let mut changes = vec![
            Change::Set(Path::key("name"), Plain::str(to)),
            Change::Set(Path::key("renamed_from"), Plain::str(name)),
        ];
        if opened.card.renamed_to.is_some() {
            changes.push(Change::Remove(Path::key("renamed_to")));
        }
        let renamed = session.changed(&opened, changes)?;
        let before = opened.file.text().to_owned();
        let (noted, key) = session.sealed_and_key(name, noted, opened.key)?;
        let (renamed, _) = session.sealed_and_key(to, renamed, key)?;
        session.replace(&[Replacement { name: name.to_owned(), before: Some(before), after: noted }])?;
        session.replace(&[Replacement { name: to.to_owned(), before: None, after: renamed }])?;
        session.remove(name)?;
        session.vault.raw_card(to)?.map(written).ok_or_else(|| session.unknown(to))
    }
}

impl Session {
    /// Refuses a name that a secret has, or that differs from one in case only.
    ///
    /// From its own too: where a file system takes the two for one, the last step would remove the only file.
    pub(super) fn must_be_free(&self, to: &str) -> Result<(), VaultError> {
        let folded = to.to_lowercase();
        for other in self.vault.names()? {
            if other == to {
                return Err(VaultError::Exists { name: to.to_owned() });
            }
            if other.to_lowercase() == folded {
                return Err(VaultError::CaseCollision { name: to.to_owned(), other });
            }
        }
        Ok(())
    }
}

fn written(card: Card) -> Written {
    let Card { summary, .. } = card;
    Written {
        name: summary.name,
        version: summary.version,
        is_new: false,
        is_changed: true,
        readers: summary.readers,
    }
}
