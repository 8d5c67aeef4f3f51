//! A time of writing: the vault is locked, `vault.toml` read anew, and it is known who writes.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::card::Card;
use super::members::{Member, Members, Role};
use super::memory::{self, Memory};
use super::secret::Opened;
use super::{FILE_NAME, Vault, VaultError, Visibility, folder, seal};
use crate::identity::{DataKey, Recipient};
use crate::sops::{self, Change, Plain};
use crate::write::{ModeRule, Outputs};

/// More than a seal adds to a file, in bytes.
const SEAL: u64 = 1024;

/// One writer at a time: others wait until this is dropped.
pub(super) struct Session {
    /// The vault as it is under the lock.
    pub(super) vault: Vault,
    /// Who writes.
    pub(super) me: Member,
    pub(super) now: Timestamp,
    memory: Memory,
    _lock: File,
}

/// A file to be replaced: its name, what it said when it was read, and what it will say.
pub(super) struct Replacement {
    pub(super) name: String,
    /// None if there was no such file.
    pub(super) before: Option<String>,
    pub(super) after: String,
}

impl Vault {
    /// The member that the identities belong to; with several the first in `vault.toml`.
    pub fn me(&self) -> Option<&Member> {
        self.me_of(&self.own_recipients())
    }

    /// The same, of the recipients of the identities.
    fn me_of(&self, own: &[String]) -> Option<&Member> {
        let mut known = self.members.all.iter().filter(|member| own.contains(&member.recipient)).peekable();
        match &self.acting_as {
            None => known.next(),
            // Who is known by an identity is nobody else.
            Some(name) if known.peek().is_some() => known.find(|member| member.name == *name),
            Some(name) => self.members.named(name),
        }
    }

    /// The error for a name that no member has.
    pub(super) fn unknown_member(&self, name: &str) -> VaultError {
        let names = self.members.all.iter().map(|member| &*member.name);
        let near = redeem_core::nearest(name, names).map(str::to_owned);
        VaultError::UnknownMember { name: name.to_owned(), near }
    }

    fn own_recipients(&self) -> Vec<String> {
        let identities = self.identities.as_ref();
        identities.map_or_else(Vec::new, |all| all.recipients().iter().map(ToString::to_string).collect())
    }

    /// Locks the vault for a member who may do `action`: `write secrets`.
    pub(super) fn session(&self, action: &str) -> Result<Session, VaultError> {
        // To read an identity a passphrase may be asked for, and nobody else should wait for that.
        let own = self.own_recipients();
        self.seen.clear();
        let lock = lock(&self.folder)?;
        let vault = Self {
            folder: self.folder.clone(),
            members: Members::read(&self.folder.join(FILE_NAME))?,
            identities: self.identities.clone(),
            acting_as: self.acting_as.clone(),
            seen: self.seen.anew(),
            now: self.now,
        };
        let names =
            |members: &mut dyn Iterator<Item = &Member>| members.map(|one| one.name.clone()).collect();
        let Some(me) = vault.me_of(&own).cloned() else {
            match &vault.acting_as {
                Some(name) if vault.members.named(name).is_some() => {
                    return Err(VaultError::NotThatMember { name: name.clone() });
                }
                Some(name) => return Err(vault.unknown_member(name)),
                None => {}
            }
            return Err(VaultError::NotAMember {
                owners: names(&mut vault.members.owners()),
                recipients: own,
            });
        };
        if me.role == Role::Ci {
            let mut who = vault.members.all.iter().filter(|member| member.role != Role::Ci);
            return Err(VaultError::NotAllowed {
                member: me.name,
                role: me.role.with_article(),
                action: action.to_owned(),
                who: names(&mut who),
            });
        }
        let memory = vault.seen.fresh();
        Ok(Session { now: vault.clock(), vault, me, memory, _lock: lock })
    }

    /// Locks the vault for an owner.
    pub(super) fn owner_session(&self, action: &str) -> Result<Session, VaultError> {
        let session = self.session(action)?;
        if session.me.role == Role::Owner {
            return Ok(session);
        }
        Err(VaultError::NotAllowed {
            member: session.me.name,
            role: session.me.role.with_article(),
            action: action.to_owned(),
            who: session.vault.members.owners().map(|owner| owner.name.clone()).collect(),
        })
    }

    /// The members that a secret of this visibility and creator is to be encrypted to, in the order of `vault.toml`.
    pub(super) fn audience(&self, visibility: Visibility, creator: Option<&str>) -> Vec<&Member> {
        let is_meant = |member: &&Member| match visibility {
            Visibility::Public => true,
            Visibility::Private => member.role == Role::Owner || Some(&*member.name) == creator,
        };
        self.members.all.iter().filter(is_meant).collect()
    }
}

impl Session {
    /// Refuses to write the private secret of another, unless an owner does.
    pub(super) fn may_write(&self, card: &Card) -> Result<(), VaultError> {
        let summary = &card.summary;
        let is_own = summary.created_by.as_deref() == Some(&*self.me.name);
        if self.me.role == Role::Owner || summary.visibility == Visibility::Public || is_own {
            return Ok(());
        }
        let audience = self.vault.audience(summary.visibility, summary.created_by.as_deref());
        Err(VaultError::NotAllowed {
            member: self.me.name.clone(),
            role: self.me.role.with_article(),
            action: format!("write `{}`, which is another's and private", summary.name),
            who: audience.iter().map(|member| member.name.clone()).collect(),
        })
    }

    /// The recipients of these members.
    pub(super) fn recipients(members: &[&Member]) -> Result<Vec<Recipient>, VaultError> {
        members.iter().map(|member| recipient(&member.recipient)).collect()
    }

    /// How far a secret had come when this user last saw it.
    pub(super) fn seen(&self, name: &str) -> Option<&memory::Mark> {
        self.memory.of(name)
    }

    /// How far a secret had come when it was removed, if it is back.
    pub(super) fn deleted(&self, name: &str) -> Option<&memory::Mark> {
        self.memory.deleted(name)
    }

    /// Notes how far a secret has come, whatever was seen before.
    pub(super) fn renew(&mut self, name: &str, mark: memory::Mark) {
        self.memory.renew(name, mark);
        self.memory.keep();
    }

    /// Opens a secret, to be changed.
    pub(super) fn opened(&self, name: &str) -> Result<Option<Opened>, VaultError> {
        let opened = self.vault.opened(name)?;
        if let Some(opened) = &opened {
            self.may_write(&opened.card)?;
        }
        Ok(opened)
    }

    /// The error for a name that is not there.
    pub(super) fn unknown(&self, name: &str) -> VaultError {
        let names = self.vault.names().unwrap_or_default();
        let near = redeem_core::nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        VaultError::UnknownSecret { name: name.to_owned(), near }
    }

    /// Sets the seal of a text that is whole but for it, and proves that it reads back.
    pub(super) fn sealed(&self, name: &str, text: String, key: DataKey) -> Result<String, VaultError> {
        self.sealed_and_key(name, text, key).map(|(text, _)| text)
    }

    /// The same, and the key back.
    pub(super) fn sealed_and_key(
        &self,
        name: &str,
        text: String,
        key: DataKey,
    ) -> Result<(String, DataKey), VaultError> {
        if text.len() as u64 + SEAL > folder::LARGEST {
            return Err(VaultError::TooLarge { name: name.to_owned() });
        }
        let parse = |text: String| {
            let shown = crate::paths::shown(&self.vault.path(name));
            sops::File::parse(&shown, text, sops::Store::Yaml).map_err(VaultError::Sops)
        };
        let mut file = parse(text)?;
        if file.leaf(&sops::Path::key("seal")).is_none() {
            // That there is one is sealed too, so a file that lost it gets its place first.
            let place = Change::Set(sops::Path::key("seal"), Plain::str("none"));
            file = parse(file.edit(&key, &[place], self.now).map_err(VaultError::Sops)?)?;
        }
        let own = seal::of(file.text(), &key)
            .map_err(|_| VaultError::Sops(sops::SopsError::Proof { shown: name.to_owned() }))?;
        let seal = Change::Set(sops::Path::key("seal"), Plain::str(own));
        let text = file.edit(&key, &[seal], self.now).map_err(VaultError::Sops)?;
        let source =
            redeem_syntax::Source::new(file_shown(&self.vault, name), text, redeem_syntax::Format::Yaml);
        let card = self.vault.card_of(name, source)?;
        let file = parse(card.source.text().to_owned())?;
        let opened = Opened { card, file, key }.checked()?;
        opened.secret()?;
        Ok((opened.file.text().to_owned(), opened.key))
    }

    /// Replaces files, all of them or none, if nobody else has changed them since they were read.
    pub(super) fn replace(&mut self, replacements: &[Replacement]) -> Result<(), VaultError> {
        let outputs = Outputs::in_folder(&self.vault.folder)?;
        for Replacement { name, after, .. } in replacements {
            let path = self.vault.path(name);
            let mode = ModeRule { source: None, explicit: Some(folder::mode(&self.vault.folder, &path)) };
            let file = path.file_name().unwrap_or_default();
            outputs.prepare(Path::new(file), after.as_bytes(), mode)?;
        }
        // What is prepared moves in a moment. `sops` knows no lock, so this is as near as a look can be.
        for Replacement { name, before, .. } in replacements {
            if folder::read(&self.vault.folder, name)? != *before {
                return Err(VaultError::Changed { path: self.vault.path(name) });
            }
        }
        outputs.commit()?;
        for Replacement { name, before, after } in replacements {
            let source = redeem_syntax::Source::new("", after.clone(), redeem_syntax::Format::Yaml);
            if let Ok(card) = Card::read(source) {
                let mark = memory::mark(&card.summary);
                match before {
                    Some(_) => self.memory.note(name, mark),
                    None => self.memory.renew(name, mark),
                }
            }
        }
        self.memory.keep();
        Ok(())
    }

    /// Replaces `vault.toml`.
    pub(super) fn replace_members(&mut self, members: Members) -> Result<(), VaultError> {
        let path = self.vault.folder.join(FILE_NAME);
        let outputs = Outputs::in_folder(&self.vault.folder)?;
        let mode = ModeRule { source: None, explicit: Some(folder::mode(&self.vault.folder, &path)) };
        outputs.prepare(FILE_NAME.as_ref(), members.text().as_bytes(), mode)?;
        if Members::read(&path)?.text() != self.vault.members.text() {
            return Err(VaultError::Changed { path });
        }
        outputs.commit()?;
        self.vault.members = members;
        Ok(())
    }

    /// Removes the file of a secret.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), VaultError> {
        let path = self.vault.path(name);
        let failed = |operation, source| VaultError::System { operation, path: path.clone(), source };
        if let Ok(Some(card)) = self.vault.raw_card(name) {
            self.memory.note(name, memory::mark(&card.summary));
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("remove", error)),
            _ => {}
        }
        let folder = File::open(&self.vault.folder).and_then(|folder| folder.sync_all());
        folder.map_err(|error| failed("sync the folder of", error))?;
        self.memory.forget(name);
        self.memory.keep();
        Ok(())
    }

    /// Finishes a rename that stopped halfway, from or to this name.
    pub(super) fn mend(&mut self, name: &str) -> Result<(), VaultError> {
        let Some(card) = self.vault.raw_card(name)? else { return Ok(()) };
        if self.vault.is_left_behind(&card)? {
            // Anybody can write a note into a file: what is kept has to be whole.
            let to = card.renamed_to.as_deref().unwrap_or_default();
            self.vault.raw_card(to)?.map(|other| self.vault.open_card(other)?.checked()).transpose()?;
            return self.remove(name);
        }
        let Some(from) = card.renamed_from.clone() else { return Ok(()) };
        match self.vault.raw_card(&from) {
            Ok(Some(old)) if old.renamed_to.as_deref() == Some(name) && old.is_copy_of(&card) => {
                self.vault.open_card(card)?.checked()?;
                self.remove(&from)
            }
            // What is wrong with another file is told when that file is asked for.
            _ => Ok(()),
        }
    }
}

/// A time as files have it: in UTC, to the second.
pub(super) fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The recipient that a text spells.
pub(super) fn recipient(text: &str) -> Result<Recipient, VaultError> {
    Recipient::parse(text).map_err(|error| VaultError::Recipient { why: error.to_string() })
}

fn file_shown(vault: &Vault, name: &str) -> Arc<str> {
    crate::paths::shown(&vault.path(name))
}

/// Locks a vault: its folder, so that no file for the lock gets into git. The lock ends with the process.
pub(super) fn lock(path: &Path) -> Result<File, VaultError> {
    let failed = |source| VaultError::System { operation: "lock", path: path.to_owned(), source };
    let mut folder = File::open(path).map_err(failed)?;
    loop {
        match folder.lock() {
            // While this waited another folder may have taken its place, as git does when it changes branches.
            Ok(()) if is_at(&folder, path).map_err(failed)? => return Ok(folder),
            Ok(()) => folder = File::open(path).map_err(failed)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Whether a path still leads to what was opened there.
fn is_at(opened: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let (here, there) = (opened.metadata()?, std::fs::metadata(path)?);
    Ok((here.dev(), here.ino()) == (there.dev(), there.ino()))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use redeem_core::Secret;

    use super::*;
    use crate::identity::{Identities, generate};
    use crate::vault::Draft;

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().expect("a folder");
        let (identity, recipient) = generate();
        let vault = Vault::create(folder.path(), "ada", &recipient.to_string()).expect("a vault");
        let identities = Identities::from_text("ada", &identity).expect("an identity");
        let vault = vault.with(identities).remembering_in(None);
        vault.create_secret("a", Draft::value(Secret::from("v1"))).expect("made");
        (folder, vault)
    }

    #[test]
    fn case_32_a_file_that_changes_before_it_is_replaced_is_left_alone() {
        let (folder, vault) = vault();
        let path = folder.path().join("a.yaml");
        let before = std::fs::read_to_string(&path).expect("a file");
        let theirs = format!("{before}# theirs\n");
        for (before, found) in
            [(Some(before.clone()), Some(&theirs)), (Some(before), None), (None, Some(&theirs))]
        {
            match found {
                Some(text) => std::fs::write(&path, text).expect("a file"),
                None => std::fs::remove_file(&path).expect("removed"),
            }
            let mut session = vault.session("write secrets").expect("a session");
            let replacement = Replacement { name: "a".to_owned(), before, after: "ours".to_owned() };
            let error = session.replace(&[replacement]).expect_err("it has changed");
            assert!(matches!(error, VaultError::Changed { .. }), "{error}");
            assert_eq!(std::fs::read_to_string(&path).ok().as_ref(), found);
        }
    }

    #[test]
    fn a_file_that_nobody_could_read_again_is_not_written() {
        let (_folder, vault) = vault();
        let session = vault.session("write secrets").expect("a session");
        let text = "#".repeat(usize::try_from(folder::LARGEST - SEAL + 1).expect("a length"));
        let key = DataKey::random().expect("a key");
        let error = session.sealed("a", text, key).expect_err("too large");
        assert!(error.to_string().contains("larger than 16 MiB"), "{error}");
    }

    #[test]
    fn a_session_is_alone() {
        let (folder, vault) = vault();
        let session = vault.session("write secrets").expect("a session");
        let other = File::open(folder.path()).expect("the folder");
        assert!(other.try_lock().is_err());
        drop(session);
        assert!(other.try_lock().is_ok());
    }
}
