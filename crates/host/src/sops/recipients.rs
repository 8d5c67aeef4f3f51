//! Who can open a file: recipients added under its data key, or all of it under a new one.

use jiff::Timestamp;

use super::cipher::{Cipher, Sealed};
use super::create::{metadata, wrap};
use super::edit::layout::{line_start, next_line};
use super::edit::{Splice, brackets, keys, spliced};
use super::file::Visit;
use super::node::{Entry, Node};
use super::path::additional_data;
use super::{File, Item, SopsError, Stanza, Store, Stored, Tree, Value, dotenv, flat, yaml};
use crate::identity::{DataKey, Recipient};

impl File {
    /// Encrypts the file's data key to more recipients, and returns the new text. Those that it has are passed over.
    ///
    /// All else keeps its bytes, `lastmodified` and the MAC too: neither covers the stanzas.
    ///
    /// # Errors
    /// A file that does not verify, and a recipient that the key cannot be encrypted to.
    pub fn add_recipients(&self, key: &DataKey, recipients: &[Recipient]) -> Result<String, SopsError> {
        let cipher = Cipher::new(key);
        self.verify_with(&cipher)?;
        let known = self.recipients();
        let new: Vec<_> =
            recipients.iter().filter(|one| !known.contains(&&*one.to_string())).cloned().collect();
        let stanzas = wrap(key, &new)?;
        self.with_stanzas(&cipher, &stanzas)
    }

    fn with_stanzas(&self, cipher: &Cipher, stanzas: &[Stanza]) -> Result<String, SopsError> {
        let mut file = None;
        for (position, stanza) in stanzas.iter().enumerate() {
            let current: &Self = file.as_ref().unwrap_or(self);
            let splices = match self.store {
                Store::Dotenv => current.stanza_line(stanza, self.metadata.age.len() + position),
                Store::Ini => Vec::new(),
                _ => current.stanza_entries(stanza),
            };
            if splices.is_empty() {
                return Err(SopsError::Unwritable {
                    path: "sops.age".to_owned(),
                    store: self.store.name(),
                    message: "its metadata is not written in a way that a stanza can be added to",
                });
            }
            let proof = || SopsError::Proof { shown: self.shown.clone() };
            let next =
                Self::parse(&self.shown, spliced(&current.text, splices), self.store).map_err(|_| proof())?;
            if next.metadata.age.last() != Some(stanza) {
                return Err(proof());
            }
            file = Some(next);
        }
        if let Some(file) = &file {
            file.verify_with(cipher)?;
        }
        Ok(file.map_or_else(|| self.text.clone(), |file| file.text))
    }

    /// Adds a stanza to the `age` list of every document's metadata.
    fn stanza_entries(&self, stanza: &Stanza) -> Vec<Splice> {
        let element = stanza_value(stanza);
        let mut splices = Vec::new();
        for root in self.documents.iter().filter_map(Node::container) {
            let Some(metadata) = root.entry("sops").map(|entry| &entry.value) else { continue };
            let Some(map) = metadata.container() else { continue };
            let list = map.entry("age").map(|entry| &entry.value);
            let (container, item) = match list {
                Some(list) if list.container().is_some_and(|list| list.entries().next().is_some()) => {
                    (list, Item::Element(element.clone()))
                }
                Some(_) => return Vec::new(),
                None => {
                    let value = Value::List(vec![Item::Element(element.clone())]);
                    (metadata, Item::Entry { key: "age".to_owned(), value })
                }
            };
            splices.push(if container.container().is_some_and(|one| one.is_flow) {
                brackets::insertion(self, container, &item)
            } else if list.is_some() {
                keys::stanza(self, container, &element)
            } else {
                keys::insertion(self, container, &item)
            });
        }
        splices
    }

    fn stanza_line(&self, stanza: &Stanza, position: usize) -> Vec<Splice> {
        let Some(root) = self.documents.first().and_then(Node::container) else { return Vec::new() };
        let is_age =
            |entry: &&Entry| entry.key.as_ref().is_some_and(|(key, _)| key.starts_with("sops_age__list_"));
        let is_any = |entry: &&Entry| entry.key.as_ref().is_some_and(|(key, _)| key.starts_with("sops_"));
        let at = match root.entries().rfind(is_age) {
            Some(last) => next_line(&self.text, last.value.span.end),
            None => root.entries().find(is_any).map_or(0, |first| line_start(&self.text, first.start)),
        };
        let prefix = format!("sops_age__list_{position}__map_");
        let Value::Map(items) = stanza_value(stanza) else { return Vec::new() };
        let lines = dotenv::emit(&flat::flatten(&items, &prefix)).unwrap_or_default();
        let lead = if at > 0 && !self.text[..at].ends_with('\n') { "\n" } else { "" };
        vec![Splice { span: at..at, text: format!("{lead}{lines}") }]
    }

    /// Encrypts everything anew under another data key, and that to `recipients` alone. Returns the new text.
    ///
    /// Each value and comment gets a fresh IV; all of the metadata is written anew. Stanzas of other kinds hold the
    /// old key and are dropped: [`Metadata::foreign`](super::Metadata::foreign) names them before.
    ///
    /// # Errors
    /// A file that does not verify, no recipients, and a recipient that the key cannot be encrypted to.
    pub fn rekey(
        &self,
        old: &DataKey,
        new: &DataKey,
        recipients: &[Recipient],
        now: Timestamp,
    ) -> Result<String, SopsError> {
        self.rekey_with(old, new, &wrap(new, recipients)?, now)
    }

    pub(super) fn rekey_with(
        &self,
        old: &DataKey,
        new: &DataKey,
        stanzas: &[Stanza],
        now: Timestamp,
    ) -> Result<String, SopsError> {
        if stanzas.is_empty() {
            return Err(SopsError::NoRecipients);
        }
        let (old, new) = (Cipher::new(old), Cipher::new(new));
        self.verify_with(&old)?;
        let mut splices = Vec::new();
        for leaf in &self.leaves {
            if let (Stored::Sealed(_), Some(plain)) = (&leaf.stored, self.open_with(&old, leaf)?) {
                let sealed = super::create::seal(&new, &plain, &leaf.path.0)?;
                splices.push(Splice { span: leaf.span.clone(), text: self.spelled(&sealed, &leaf.span) });
            }
        }
        self.walk(&mut |visit| {
            if let Visit::Comment { path, comment, is_selected: true } = visit
                && let Some(plain) = Self::open_comment(&old, comment, path)
            {
                let sealed =
                    new.seal(&plain, &additional_data(path.iter())).map_err(|_| SopsError::Random)?;
                splices
                    .push(Splice { span: comment.span.clone(), text: self.comment_text(comment, &sealed) });
            }
            Ok(())
        })?;
        let metadata = metadata(&self.metadata.selection, stanzas, &self.metadata.lastmodified, "ENC");
        splices.extend(self.new_metadata(&metadata));
        let text = spliced(&self.text, splices);
        let file = Self::parse(&self.shown, text, self.store)
            .map_err(|_| SopsError::Proof { shown: self.shown.clone() })?;
        // The digest is one over the values in the clear: it is the same under any key.
        if *file.mac(&new)? != *self.mac(&old)? {
            return Err(SopsError::Proof { shown: self.shown.clone() });
        }
        file.stamped(&new, now)
    }

    /// An encrypted comment in a list is written as a text, quotes and all.
    fn comment_text(&self, comment: &super::node::Comment, sealed: &Sealed) -> String {
        let is_quoted = self.text[comment.span.clone()].starts_with('"');
        if is_quoted { format!("\"{sealed}\"") } else { sealed.to_string() }
    }

    fn new_metadata(&self, metadata: &[Item]) -> Vec<Splice> {
        let mut splices = Vec::new();
        for root in self.documents.iter().filter_map(Node::container) {
            if matches!(self.store, Store::Dotenv | Store::Ini) {
                let of_metadata: Vec<&Entry> = root
                    .entries()
                    .filter(|entry| entry.key.as_ref().is_some_and(|(key, _)| key.starts_with("sops_")))
                    .collect();
                let mut lines = dotenv::emit(&flat::flatten(metadata, "sops_")).unwrap_or_default();
                for entry in of_metadata {
                    let span =
                        line_start(&self.text, entry.start)..next_line(&self.text, entry.value.span.end);
                    splices.push(Splice { span, text: std::mem::take(&mut lines) });
                }
                continue;
            }
            let Some(entry) = root.entry("sops") else { continue };
            let value = Value::Map(metadata.to_vec());
            let is_flow = entry.value.container().is_some_and(|map| map.is_flow);
            splices.push(if root.is_flow || is_flow {
                Splice { span: entry.value.span.clone(), text: brackets::value_in_place(self, entry, &value) }
            } else {
                let tree = Tree { documents: vec![vec![Item::Entry { key: "sops".to_owned(), value }]] };
                let text = yaml::emit(&tree);
                let end = keys::end_of_lines(&self.text, entry);
                Splice { span: entry.start..end, text: text.trim_end_matches('\n').to_owned() }
            });
        }
        splices
    }
}

/// A stanza as it stands in the metadata.
pub(super) fn stanza_value(stanza: &Stanza) -> Value {
    let entry = |key: &str, text: &str| Item::Entry { key: key.to_owned(), value: text.into() };
    Value::Map(vec![entry("enc", &stanza.enc), entry("recipient", &stanza.recipient)])
}
