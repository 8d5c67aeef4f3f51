//! Writing secrets: made, changed, rotated, removed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use redeem_core::Secret;

use super::names::{check_key, check_metadata_key, check_name, check_scope};
use super::secret::Opened;
use super::session::{Replacement, Session, stamp};
use super::{Content, Draft, Expiry, GLOBAL, Role, SELECTED, Update, Vault, VaultError, Visibility, Written};
use crate::identity::{DataKey, Recipient, WrapError};
use crate::sops::{self, Change, Item, Path, Plain, Rule, Selection, Stanza, Step, Store, Tree, Value};

impl Vault {
    /// Makes a secret, encrypted to the members that its visibility names.
    ///
    /// # Errors
    /// When there is one, when the name or anything beside it cannot be used, or when this member may not write.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the value is handed over, and wiped when it is written"
    )]
    pub fn create_secret(&self, name: &str, draft: Draft) -> Result<Written, VaultError> {
        check_name(name)?;
        let mut session = self.session("write secrets")?;
        session.mend(name)?;
        session.create(name, &draft)
    }

    /// Changes a secret, or makes it if it is not there and the update has content.
    ///
    /// It stays encrypted to the recipients that it has; an update that makes it private drops some of them.
    ///
    /// # Errors
    /// When it cannot be decrypted, is not as the vault wrote it, or this member may not write it.
    pub fn set(&self, name: &str, update: Update) -> Result<Written, VaultError> {
        check_name(name)?;
        let mut session = self.session("write secrets")?;
        session.mend(name)?;
        match session.opened(name)? {
            Some(opened) => {
                let changes = session.changes(&opened, &update)?;
                let visibility = update.visibility.filter(|new| *new != opened.card.summary.visibility);
                session.change(opened, changes, visibility)
            }
            None => match update.into_draft() {
                Some(draft) => session.create(name, &draft),
                None => Err(session.unknown(name)),
            },
        }
    }

    /// Gives a secret, or one key of a bundle, a new value, and keeps the one before for `grace`.
    ///
    /// # Errors
    /// As [`Vault::set`]; when the secret or the key is not there.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the value is handed over, and wiped when it is written"
    )]
    pub fn rotate(
        &self,
        name: &str,
        key: Option<&str>,
        value: Secret,
        grace: Option<Duration>,
    ) -> Result<Written, VaultError> {
        check_name(name)?;
        let mut session = self.session("write secrets")?;
        session.mend(name)?;
        let Some(opened) = session.opened(name)? else { return Err(session.unknown(name)) };
        let path = path_of(&opened, key)?;
        let old = opened.plain(&path)?;
        let mut changes = session.over(&opened);
        if let (Some(grace), Some(old)) = (grace, old) {
            let own = key.unwrap_or("value");
            let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
            let until = stamp(session.now.checked_add(grace).unwrap_or(Timestamp::MAX));
            // A longer grace of another key is not cut short; what is over goes, but for the place of this key.
            let others = previous_keys(&opened).into_iter().filter(|key| key != own);
            let until = if is_over(&opened, session.now) {
                changes.retain(|change| !matches!(change, Change::Remove(path) if is_previous(path)));
                changes.extend(others.map(|key| Change::Remove(Path::key("previous").then(key))));
                until
            } else {
                let later = |set: &String| instant(set) > instant(&until);
                opened.card.summary.previous_until.clone().filter(later).unwrap_or(until)
            };
            changes.push(Change::Set(Path::key("previous_until"), Plain::str(until)));
            changes.push(Change::Set(Path::key("previous").then(own), old));
        }
        let label = opened.card.summary.label(key);
        changes.push(Change::Set(path, plain(&label, &value)?));
        session.change(opened, changes, None)
    }

    /// Removes a secret, or one key of a bundle. Its history stays in git. A file that is damaged only an owner removes.
    ///
    /// # Errors
    /// When it is not there, it is the bundle's last key, or this member may not write it.
    pub fn delete(&self, name: &str, key: Option<&str>) -> Result<(), VaultError> {
        check_name(name)?;
        let mut session = self.session("delete secrets")?;
        let Some(key) = key else {
            return match session.vault.raw_card(name) {
                Ok(None) => Err(session.unknown(name)),
                Ok(Some(card)) => {
                    session.may_write(&card)?;
                    let mended = session.mend(name);
                    if session.me.role != Role::Owner {
                        mended?;
                    }
                    session.remove(name)
                }
                // A file that nobody can read any more is not there to stay; nor does it say whose it is.
                Err(_) if session.me.role == Role::Owner => session.remove(name),
                Err(VaultError::Integrity(_) | VaultError::System { .. }) => Err(VaultError::NotAllowed {
                    member: session.me.name.clone(),
                    role: session.me.role.with_article(),
                    action: format!("delete `{name}`, whose file is damaged"),
                    who: session.vault.members.owners().map(|owner| owner.name.clone()).collect(),
                }),
                Err(error) => Err(error),
            };
        };
        session.mend(name)?;
        let Some(opened) = session.opened(name)? else { return Err(session.unknown(name)) };
        let path = path_of(&opened, Some(key))?;
        if opened.card.summary.keys.as_ref().is_some_and(|keys| keys.len() == 1) {
            return Err(VaultError::Empty { name: name.to_owned() });
        }
        let mut changes = session.over(&opened);
        changes.push(Change::Remove(path));
        let previous = previous_keys(&opened);
        if !is_over(&opened, session.now) && previous.iter().any(|own| own == key) {
            if previous.len() == 1 {
                changes.extend(WITHOUT_PREVIOUS.map(|key| Change::Remove(Path::key(key))));
            } else {
                changes.push(Change::Remove(Path::key("previous").then(key)));
            }
        }
        session.change(opened, changes, None)?;
        Ok(())
    }
}

impl Session {
    /// Makes a secret that is not there.
    fn create(&mut self, name: &str, draft: &Draft) -> Result<Written, VaultError> {
        self.must_be_free(name)?;
        let visibility = draft.visibility.unwrap_or(self.vault.default_visibility());
        let audience = self.vault.audience(visibility, Some(&self.me.name));
        let readers = audience.iter().map(|member| member.name.clone()).collect();
        let recipients = Self::recipients(&audience)?;
        let tree = self.tree(name, draft, visibility)?;
        let key = DataKey::random().map_err(|_| VaultError::Sops(sops::SopsError::Random))?;
        let stanzas = wrapped(&key, &recipients)?;
        let text = sops::create_with_key(Store::Yaml, &tree, &selection()?, &key, &stanzas, self.now)?;
        let after = self.sealed(name, text, key)?;
        self.replace(&[Replacement { name: name.to_owned(), before: None, after }])?;
        Ok(Written { name: name.to_owned(), version: 1, is_new: true, is_changed: true, readers })
    }

    /// A new secret as it stands in its file.
    fn tree(&self, name: &str, draft: &Draft, visibility: Visibility) -> Result<Tree, VaultError> {
        let mut entries = Vec::new();
        let mut put = |key: &str, value: Value| entries.push((key.to_owned(), value));
        let text = |text: &str| Value::from(Plain::str(text));
        let scope = draft.scope.as_deref().unwrap_or(GLOBAL);
        check_scope(scope)?;
        put("name", text(name));
        put("scope", text(scope));
        if let Some(description) = draft.description.as_deref().filter(|text| !text.is_empty()) {
            put("description", text(description));
        }
        put("visibility", text(visibility.name()));
        if !draft.metadata.is_empty() {
            let mut metadata = Vec::new();
            for (key, value) in &draft.metadata {
                check_metadata_key(key)?;
                metadata.push(Item::Entry { key: key.clone(), value: text(value) });
            }
            put("metadata", Value::Map(metadata));
        }
        let stamp = stamp(self.now);
        put("created_at", text(&stamp));
        put("created_by", text(&self.me.name));
        put("updated_at", text(&stamp));
        put("updated_by", text(&self.me.name));
        if let Some(expiry) = &draft.expires_at {
            put("expires_at", text(&expiry.to_string()));
        }
        put("version", Value::from(Plain::int(1)));
        match &draft.content {
            Content::Value(value) => put("value", Value::from(plain(name, value)?)),
            Content::Bundle(values) => {
                let mut bundle = Vec::new();
                for (key, value) in values {
                    check_key(key)?;
                    let value = plain(&format!("{name}.{key}"), value)?;
                    bundle.push(Item::Entry { key: key.clone(), value: value.into() });
                }
                if bundle.is_empty() {
                    return Err(VaultError::Empty { name: name.to_owned() });
                }
                put("values", Value::Map(bundle));
            }
        }
        put("seal", text("-"));
        Ok(Tree::of_entries(entries))
    }

    /// What an update changes in a file; nothing that says the same already.
    fn changes(&self, opened: &Opened, update: &Update) -> Result<Vec<Change>, VaultError> {
        let summary = &opened.card.summary;
        let mut changes = self.over(opened);
        let mut set = |path: Path, new: Plain| -> Result<(), VaultError> {
            if opened.plain(&path)?.is_none_or(|old| old != new) {
                changes.push(Change::Set(path, new));
            }
            Ok(())
        };
        match (&update.content, &summary.keys) {
            (None, _) => {}
            (Some(Content::Value(value)), None) => set(Path::key("value"), plain(&summary.name, value)?)?,
            (Some(Content::Bundle(values)), Some(_)) => {
                for (key, value) in values {
                    check_key(key)?;
                    set(Path::key("values").then(key), plain(&summary.label(Some(key)), value)?)?;
                }
            }
            (Some(Content::Value(_)), Some(keys)) => {
                let (name, keys) = (summary.name.clone(), keys.clone());
                return Err(VaultError::BundleWithoutKey { name, keys });
            }
            (Some(Content::Bundle(values)), None) => {
                let key = values.first().map(|(key, _)| key.clone()).unwrap_or_default();
                return Err(VaultError::UnknownKey { name: summary.name.clone(), key, keys: Vec::new() });
            }
        }
        if let Some(scope) = &update.scope {
            check_scope(scope)?;
            set(Path::key("scope"), Plain::str(scope))?;
        }
        let mut removed = Vec::new();
        match update.description.as_deref() {
            Some("") if summary.description.is_some() => removed.push(Path::key("description")),
            Some("") | None => {}
            Some(description) => set(Path::key("description"), Plain::str(description))?,
        }
        for (key, value) in &update.metadata {
            check_metadata_key(key)?;
            let path = Path::key("metadata").then(key);
            match value {
                Some(value) => set(path, Plain::str(value))?,
                None if summary.metadata.contains_key(key) => removed.push(path),
                None => {}
            }
        }
        match &update.expires_at {
            Some(Some(expiry)) => set(Path::key("expires_at"), Plain::str(expiry.to_string()))?,
            Some(None) if summary.expires_at.is_some() => removed.push(Path::key("expires_at")),
            Some(None) | None => {}
        }
        if let Some(visibility) = update.visibility {
            set(Path::key("visibility"), Plain::str(visibility.name()))?;
        }
        changes.extend(removed.into_iter().map(Change::Remove));
        Ok(changes)
    }

    /// What any writing tidies up: a value whose grace is over, the mark of a rename that never came about.
    pub(super) fn over(&self, opened: &Opened) -> Vec<Change> {
        let mut changes = Vec::new();
        if is_over(opened, self.now) {
            changes.extend(WITHOUT_PREVIOUS.map(|key| Change::Remove(Path::key(key))));
        }
        if opened.card.renamed_to.is_some() {
            changes.push(Change::Remove(Path::key("renamed_to")));
        }
        changes
    }

    /// Writes a changed secret; `visibility` is the new one if that changes too.
    pub(super) fn change(
        &mut self,
        opened: Opened,
        changes: Vec<Change>,
        visibility: Option<Visibility>,
    ) -> Result<Written, VaultError> {
        let summary = &opened.card.summary;
        let (name, version) = (summary.name.clone(), summary.version);
        if changes.is_empty() {
            let readers = summary.readers.clone();
            return Ok(Written { name, version, is_new: false, is_changed: false, readers });
        }
        let creator = summary.created_by.clone();
        let before = opened.file.text().to_owned();
        let mut readers = summary.readers.clone();
        let mut text = self.changed(&opened, changes)?;
        let mut key = opened.key;
        if let Some(visibility) = visibility {
            // Nobody is let in by the way: that is for `grant` and `rekey` alone.
            let mut audience = self.vault.audience(visibility, creator.as_deref());
            audience.retain(|member| summary.recipients.contains(&member.recipient));
            readers = audience.iter().map(|member| member.name.clone()).collect();
            (text, key) = self.rekeyed(&name, text, &key, &Self::recipients(&audience)?)?;
        }
        let after = self.sealed(&name, text, key)?;
        self.replace(&[Replacement { name: name.clone(), before: Some(before), after }])?;
        Ok(Written { name, version: version + 1, is_new: false, is_changed: true, readers })
    }

    /// The text of a secret with these changes and a note of who made them, all but the seal.
    pub(super) fn changed(&self, opened: &Opened, changes: Vec<Change>) -> Result<String, VaultError> {
        self.changed_to(opened, changes, opened.card.summary.version.saturating_add(1))
    }

    /// The same, with this version.
    pub(super) fn changed_to(
        &self,
        opened: &Opened,
        mut changes: Vec<Change>,
        version: u64,
    ) -> Result<String, VaultError> {
        let version = i64::try_from(version).unwrap_or(i64::MAX);
        changes.push(Change::Set(Path::key("updated_at"), Plain::str(stamp(self.now))));
        changes.push(Change::Set(Path::key("updated_by"), Plain::str(&self.me.name)));
        changes.push(Change::Set(Path::key("version"), Plain::int(version)));
        opened.file.edit(&opened.key, &changes, self.now).map_err(VaultError::Sops)
    }

    /// The text with a new data key, for these recipients alone; all but the seal.
    pub(super) fn rekeyed(
        &self,
        name: &str,
        text: String,
        key: &DataKey,
        recipients: &[Recipient],
    ) -> Result<(String, DataKey), VaultError> {
        let new = DataKey::random().map_err(|_| VaultError::Sops(sops::SopsError::Random))?;
        let shown = crate::paths::shown(&self.vault.path(name));
        let file = sops::File::parse(&shown, text, Store::Yaml).map_err(VaultError::Sops)?;
        let text = file.rekey(key, &new, recipients, self.now).map_err(VaultError::Sops)?;
        Ok((text, new))
    }
}

impl Update {
    /// The secret that this makes if there is none.
    fn into_draft(self) -> Option<Draft> {
        let expires_at: Option<Expiry> = self.expires_at.flatten();
        Some(Draft {
            content: self.content?,
            scope: self.scope,
            description: self.description,
            visibility: self.visibility,
            metadata: self.metadata.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
            expires_at,
        })
    }
}

/// Where a value stands in the file of a secret.
fn path_of(opened: &Opened, key: Option<&str>) -> Result<Path, VaultError> {
    let summary = &opened.card.summary;
    match (key, &summary.keys) {
        (None, None) => Ok(Path::key("value")),
        (Some(key), Some(keys)) if keys.iter().any(|own| own == key) => Ok(Path::key("values").then(key)),
        (Some(key), keys) => Err(VaultError::UnknownKey {
            name: summary.name.clone(),
            key: key.to_owned(),
            keys: keys.clone().unwrap_or_default(),
        }),
        (None, Some(keys)) => {
            Err(VaultError::BundleWithoutKey { name: summary.name.clone(), keys: keys.clone() })
        }
    }
}

/// The keys that go with the last value that a rotation kept.
const WITHOUT_PREVIOUS: [&str; 2] = ["previous_until", "previous"];

fn is_previous(path: &Path) -> bool {
    WITHOUT_PREVIOUS.iter().any(|key| *path == Path::key(*key))
}

/// The keys whose values a rotation has kept; `value` for a plain one.
fn previous_keys(opened: &Opened) -> Vec<String> {
    let key = |path: &Path| match &path.0[..] {
        [Step::Key(top), Step::Key(key)] if top == "previous" => Some(key.clone()),
        _ => None,
    };
    opened.file.leaves().iter().filter_map(|leaf| key(&leaf.path)).collect()
}

/// Whether the grace of what a rotation has kept is over.
fn is_over(opened: &Opened, now: Timestamp) -> bool {
    opened.card.summary.previous_until.as_ref().is_some_and(|until| instant(until) <= Some(now))
}

/// A time of a file.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A value as SOPS takes it. It has no bytes that are no text.
fn plain(name: &str, value: &Secret) -> Result<Plain, VaultError> {
    match std::str::from_utf8(value.expose()) {
        Ok(text) => Ok(Plain::str(text)),
        Err(_) => Err(VaultError::NotText { name: name.to_owned() }),
    }
}

/// A data key, encrypted to each of these.
fn wrapped(key: &DataKey, recipients: &[Recipient]) -> Result<Vec<Stanza>, VaultError> {
    let stanza = |recipient: &Recipient| {
        let failed = |error: WrapError| VaultError::Recipient { why: error.to_string() };
        Ok(Stanza { recipient: recipient.to_string(), enc: recipient.wrap(key).map_err(failed)? })
    };
    recipients.iter().map(stanza).collect()
}

/// What is encrypted in a secret's file.
fn selection() -> Result<Selection, VaultError> {
    Selection::new("", Rule::EncryptedRegex(SELECTED.to_owned())).map_err(VaultError::Sops)
}
