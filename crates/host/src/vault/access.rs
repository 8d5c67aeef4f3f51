//! Who can read: members let in and out, and files encrypted anew.

use rayon::prelude::*;

use super::card::Card;
use super::members::{Member, Role};
use super::secret::Opened;
use super::session::{Replacement, Session, recipient};
use super::{Vault, VaultError};
use crate::identity::Recipient;
use crate::sops;

/// What a change of members did, file by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessReport {
    /// The files that were written, sorted by name.
    pub changed: Vec<AccessChange>,
    /// Secrets that were right already.
    pub unchanged: Vec<String>,
    /// Secrets that were left alone, with the reason: `only ada can read it`.
    pub left: Vec<(String, String)>,
    /// Whether files that were left alone keep this from being done: mend, restore or delete them, and run it again.
    /// A member that was to be taken out is one until then.
    pub is_unfinished: bool,
}

/// What happened to one secret's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessChange {
    /// The secret's name.
    pub name: String,
    /// Who can read it now and could not before: names of members, or recipients.
    pub added: Vec<String>,
    /// The recipients of [`AccessChange::added`], in its order.
    pub added_recipients: Vec<String>,
    /// Who could read it before and no longer can. Old copies, in git's history too, stay readable.
    pub removed: Vec<String>,
    /// Whether it has a new data key.
    pub has_new_key: bool,
    /// Ways in that were dropped since they were encrypted with the old data key: `pgp`, `kms`.
    pub dropped: Vec<String>,
}

impl Vault {
    /// Lets a member in, or changes its role, and encrypts every secret that it may read to it too.
    ///
    /// Run again after it was interrupted, it goes on where it stopped.
    ///
    /// # Errors
    /// When this member is no owner, or the name or the recipient is another member's.
    pub fn grant(&mut self, member: &str, recipient: &str, role: Role) -> Result<AccessReport, VaultError> {
        super::names::check_member(member)?;
        let recipient = self::recipient(recipient)?.to_string();
        let mut session = self.owner_session("let members in")?;
        let members = &session.vault.members;
        let new = Member { name: member.to_owned(), recipient, role };
        let is_same = |old: &&Member| old.name.eq_ignore_ascii_case(member) || old.recipient == new.recipient;
        let mut was_owner = false;
        let members = match members.all.iter().find(is_same) {
            None => Some(members.with_member(&new)?),
            Some(old) if old.name != new.name || old.recipient != new.recipient => {
                let why = if old.recipient == new.recipient {
                    format!("this recipient is that of the member `{}` already", old.name)
                } else {
                    format!("there is a member `{}` already, with another recipient", old.name)
                };
                return Err(VaultError::MemberExists { why });
            }
            Some(old) if old.role == role => None,
            Some(old) => {
                session.must_not_be_last(old, role)?;
                was_owner = old.role == Role::Owner;
                Some(members.with_role(member, role)?)
            }
        };
        // First the list: what is made from now on is encrypted to the new member, and a second run finds it there.
        if let Some(members) = members {
            session.replace_members(members)?;
        }
        let report = session.bring(&new, was_owner, true)?;
        self.members = session.vault.members;
        Ok(report)
    }

    /// Takes a member out: every secret that it could read gets a new data key, which it does not get.
    ///
    /// While a file is left alone it stays a member, which the report says: [`AccessReport::is_unfinished`].
    ///
    /// What it has read, and old copies in git's history, stay readable to it: rotate the values too. Run again after
    /// it was interrupted, it goes on where it stopped.
    ///
    /// # Errors
    /// When this member is no owner, there is no such member, or it is the last owner.
    pub fn revoke(&mut self, member: &str) -> Result<AccessReport, VaultError> {
        let mut session = self.owner_session("take members out")?;
        let Some(old) = session.vault.members.named(member).cloned() else {
            return Err(session.vault.unknown_member(member));
        };
        session.must_not_be_last(&old, Role::Ci)?;
        // Last the list: until then a second run knows whom to take out.
        let mut report = session.bring(&old, false, false)?;
        report.is_unfinished = !report.left.is_empty();
        if !report.is_unfinished {
            let members = session.vault.members.without_member(member)?;
            session.replace_members(members)?;
        }
        self.members = session.vault.members;
        Ok(report)
    }

    /// Gives secrets, or all of them, a new data key and the recipients that `vault.toml` says.
    ///
    /// # Errors
    /// When this member is no owner, or a secret is not there.
    pub fn rekey(&self, names: Option<&[&str]>) -> Result<AccessReport, VaultError> {
        let mut session = self.owner_session("change who reads a secret")?;
        let names: Vec<String> = match names {
            Some(names) => names.iter().map(|name| (*name).to_owned()).collect(),
            None => session.vault.names()?,
        };
        if let Some(unknown) = names.iter().find(|name| !session.vault.path(name).exists()) {
            return Err(session.unknown(unknown));
        }
        session.each(&names, |session, card| {
            let summary = &card.summary;
            let audience = session.vault.audience(summary.visibility, summary.created_by.as_deref());
            let recipients = Session::recipients(&audience)?;
            Ok(Step::NewKey(recipients))
        })
    }
}

/// What is to be done with a file.
enum Step {
    Nothing,
    /// One recipient more, of the data key that it has.
    Add(Recipient),
    /// A new data key for these recipients.
    NewKey(Vec<Recipient>),
}

impl Session {
    /// Brings every file to encrypt to a member, or not to, as its visibility says; other recipients stay.
    ///
    /// Whoever was meant to read a file may have its data key, whatever the file lists: the labels of what a data key
    /// is encrypted to are only words.
    fn bring(&mut self, member: &Member, was_owner: bool, is_in: bool) -> Result<AccessReport, VaultError> {
        let names = self.vault.names()?;
        self.each(&names, |session, card| {
            let summary = &card.summary;
            let audience = session.vault.audience(summary.visibility, summary.created_by.as_deref());
            let is_of_audience = audience.iter().any(|one| one.recipient == member.recipient);
            let is_meant = is_in && is_of_audience;
            let is_there = summary.recipients.contains(&member.recipient);
            Ok(match (is_meant, is_there || is_of_audience || was_owner) {
                (true, _) if is_there => Step::Nothing,
                (true, _) => Step::Add(recipient(&member.recipient)?),
                (false, true) => {
                    let mut others = Vec::new();
                    for (own, _) in card.stanzas.iter().filter(|(own, _)| *own != member.recipient) {
                        let other = recipient(own)?;
                        if !others.contains(&other) {
                            others.push(other);
                        }
                    }
                    if others.is_empty() {
                        let owners: Vec<_> = session
                            .vault
                            .members
                            .owners()
                            .filter(|owner| owner.name != member.name)
                            .collect();
                        others = Self::recipients(&owners)?;
                    }
                    Step::NewKey(others)
                }
                (false, false) => Step::Nothing,
            })
        })
    }

    /// Does what is to be done with each of these secrets: all files are made first, and then moved into place.
    fn each(
        &mut self,
        names: &[String],
        step: impl Fn(&Self, &Card) -> Result<Step, VaultError> + Sync,
    ) -> Result<AccessReport, VaultError> {
        for name in names {
            // What is wrong is told below, with the file that has it.
            let _ = self.mend(name);
        }
        let session = &*self;
        let done: Vec<_> = names.par_iter().map(|name| session.one(name, &step)).collect();
        let mut report = AccessReport::default();
        let mut replacements = Vec::new();
        for (name, done) in names.iter().zip(done) {
            match done {
                Done::Gone => {}
                Done::Unchanged => report.unchanged.push(name.clone()),
                Done::Left(error) => {
                    report.is_unfinished |= !matches!(error, VaultError::Unreadable { .. });
                    let why = match error {
                        VaultError::Unreadable { readers, .. } => {
                            format!("only {} can read it", readers.join(", "))
                        }
                        error => error.to_string(),
                    };
                    report.left.push((name.clone(), why));
                }
                Done::Changed(replacement, change) => {
                    replacements.push(replacement);
                    report.changed.push(change);
                }
            }
        }
        self.replace(&replacements)?;
        Ok(report)
    }

    /// One file that nothing can be done with must not keep a member in all others.
    fn one(&self, name: &str, step: &(impl Fn(&Self, &Card) -> Result<Step, VaultError> + Sync)) -> Done {
        let done = || {
            let Some(card) = self.vault.card(name)? else { return Ok(Done::Gone) };
            let step = step(self, &card)?;
            if matches!(step, Step::Nothing) {
                return Ok(Done::Unchanged);
            }
            let opened = self.vault.open_card(card)?.checked()?;
            self.vault.must_not_be_older(&opened.card)?;
            self.stepped(name, opened, step)
        };
        done().unwrap_or_else(Done::Left)
    }

    fn stepped(&self, name: &str, opened: Opened, step: Step) -> Result<Done, VaultError> {
        let called = |recipient: &String| self.vault.members.called(recipient);
        let before = opened.file.text().to_owned();
        let old = opened.card.summary.recipients.clone();
        // Ways in beside age know the old data key alone.
        let dropped = opened.file.metadata().foreign.iter().map(|one| one.kind.to_owned());
        let mut dropped: Vec<String> = dropped.collect();
        dropped.dedup();
        let text = self.changed(&opened, self.over(&opened))?;
        let (text, key, new, has_new_key) = match step {
            Step::Nothing => return Ok(Done::Unchanged),
            Step::Add(recipient) => {
                dropped.clear();
                let new = vec![recipient.to_string()];
                let shown = crate::paths::shown(&self.vault.path(name));
                let file = sops::File::parse(&shown, text, sops::Store::Yaml)?;
                let text = file.add_recipients(&opened.key, &[recipient])?;
                (text, opened.key, old.iter().cloned().chain(new).collect::<Vec<_>>(), false)
            }
            Step::NewKey(recipients) => {
                let (text, key) = self.rekeyed(name, text, &opened.key, &recipients)?;
                (text, key, recipients.iter().map(ToString::to_string).collect(), true)
            }
        };
        let after = self.sealed(name, text, key)?;
        let change = AccessChange {
            name: name.to_owned(),
            added: new.iter().filter(|one| !old.contains(one)).map(called).collect(),
            added_recipients: new.iter().filter(|one| !old.contains(one)).cloned().collect(),
            removed: old
                .iter()
                .filter(|one| !new.contains(one) && !dropped.contains(one))
                .map(called)
                .collect(),
            has_new_key,
            dropped,
        };
        Ok(Done::Changed(Replacement { name: name.to_owned(), before: Some(before), after }, change))
    }

    /// Refuses to leave a vault without an owner.
    fn must_not_be_last(&self, member: &Member, role: Role) -> Result<(), VaultError> {
        let mut owners = self.vault.members.owners();
        if role != Role::Owner && member.role == Role::Owner && owners.all(|owner| owner.name == member.name)
        {
            return Err(VaultError::LastOwner { name: member.name.clone() });
        }
        Ok(())
    }
}

/// What came of one secret's file.
enum Done {
    Gone,
    Unchanged,
    Left(VaultError),
    Changed(Replacement, AccessChange),
}
