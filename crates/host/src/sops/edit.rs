//! Changes to a file by span: what did not change keeps its bytes.

use std::collections::HashSet;
use std::ops::Range;

use jiff::Timestamp;

use super::cipher::Cipher;
use super::create::{seal, seconds};
use super::node::{Container, Entry, Item as NodeItem, Kind, Node};
use super::select::Scope;
use super::{File, Item, Leaf, Path, Plain, SopsError, Step, Store, Stored, Type, Value};
use crate::identity::DataKey;

pub(super) mod brackets;
pub(super) mod keys;
pub(super) mod layout;
mod lines;
#[cfg(test)]
mod tests;

/// One change to a file.
#[derive(Clone, Debug)]
pub enum Change {
    /// Sets a value. Where the path is new, its key is added, and so are maps that are missing on the way.
    ///
    /// Whether the value is encrypted is decided by the file's selection.
    Set(Path, Plain),
    /// Sets nothing, which is never encrypted.
    Null(Path),
    /// Takes an entry away: a value, or a map or list with all that is in it.
    Remove(Path),
}

impl Change {
    /// The path that it changes.
    pub fn path(&self) -> &Path {
        match self {
            Self::Set(path, _) | Self::Null(path) | Self::Remove(path) => path,
        }
    }
}

/// A new text for a span.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

impl File {
    /// Makes changes and returns the new text, with a new `lastmodified` and MAC.
    ///
    /// The file is verified first, so that a MAC is never written over what was tampered with; and the new text is
    /// read and verified before it is handed out. A value that is set to what it is keeps its ciphertext; every
    /// other one gets a fresh IV.
    ///
    /// # Errors
    /// A file that does not verify, a path that cannot be set or is not there, a value that the store cannot hold.
    pub fn edit(&self, key: &DataKey, changes: &[Change], now: Timestamp) -> Result<String, SopsError> {
        self.edit_with(key, changes, now, |_| Ok(Vec::new()))
    }

    /// As [`File::edit`], with changes that depend on the others.
    ///
    /// `finish` is given the changed file, whose MAC is still the old one, and returns what else is to be set, such
    /// as a digest over the file. All of it goes into the new MAC.
    ///
    /// # Errors
    /// As [`File::edit`], and those of `finish`.
    pub fn edit_with(
        &self,
        key: &DataKey,
        changes: &[Change],
        now: Timestamp,
        finish: impl FnOnce(&Self) -> Result<Vec<Change>, SopsError>,
    ) -> Result<String, SopsError> {
        let cipher = Cipher::new(key);
        self.verify_with(&cipher)?;
        let mut file = self.changed(&cipher, changes)?;
        let rest = finish(file.as_ref().unwrap_or(self))?;
        if let Some(finished) = file.as_ref().unwrap_or(self).changed(&cipher, &rest)? {
            file = Some(finished);
        }
        file.as_ref().unwrap_or(self).stamped(&cipher, now)
    }

    /// Writes `lastmodified` and the MAC anew and proves the result.
    pub(super) fn stamped(&self, cipher: &Cipher, now: Timestamp) -> Result<String, SopsError> {
        let lastmodified = seconds(now);
        let mac = Plain::str(&*self.mac(cipher)?);
        let mac = cipher.seal(&mac, &lastmodified).map_err(|_| SopsError::Random)?.to_string();
        let mut splices = Vec::new();
        for places in &self.metadata.places {
            for (place, text) in [(&places.lastmodified, &lastmodified), (&places.mac, &mac)] {
                if let Some(span) = place {
                    splices
                        .push(Splice { span: span.clone(), text: self.spelled(&Plain::str(&**text), span) });
                }
            }
        }
        let text = spliced(&self.text, splices);
        let proof = Self::parse(&self.shown, text, self.store).map_err(|_| self.unproved())?;
        proof.verify_with(cipher).map_err(|_| self.unproved())?;
        Ok(proof.text)
    }

    fn unproved(&self) -> SopsError {
        SopsError::Proof { shown: self.shown.clone() }
    }

    /// Makes changes without a word about the MAC; `None` if there is nothing to change.
    fn changed(&self, cipher: &Cipher, changes: &[Change]) -> Result<Option<Self>, SopsError> {
        let mut current: Option<Self> = None;
        let mut rest = changes;
        while !rest.is_empty() {
            let file = current.as_ref().unwrap_or(self);
            let mut batch = Batch::default();
            let mut taken = 0;
            for change in rest {
                if !batch.takes(file, change) {
                    break;
                }
                file.splice(cipher, change, &mut batch)?;
                taken += 1;
                if batch.is_full {
                    break;
                }
            }
            let rest_before = rest;
            rest = &rest[taken..];
            if batch.splices.is_empty() {
                continue;
            }
            let text = spliced(&file.text, batch.splices);
            let next = Self::parse(&self.shown, text, self.store).map_err(|_| self.unproved())?;
            next.holds(cipher, &batch.expected)?;
            let set =
                batch.expected.iter().filter(|(path, ..)| next.leaf(path).is_some_and(Leaf::is_disguised));
            // A comment that says what is encrypted would stand before another entry now.
            let is_disguised = next.disguised() > file.disguised() + set.count();
            if is_disguised || !file.rest_stays(&next, &rest_before[..taken]) {
                return Err(self.unproved());
            }
            current = Some(next);
        }
        Ok(current)
    }

    /// How many values are in the clear and look encrypted.
    fn disguised(&self) -> usize {
        self.leaves.iter().filter(|leaf| leaf.is_disguised()).count()
    }

    /// Compares what was to be set with what is read.
    fn holds(&self, cipher: &Cipher, expected: &[(Path, bool, Option<Plain>)]) -> Result<(), SopsError> {
        for (path, is_selected, plain) in expected {
            let leaf = self.leaf(path).ok_or_else(|| self.unproved())?;
            let found = self.open_with(cipher, leaf)?;
            let is_same = match (&found, plain) {
                // In the clear `1.0` is written `1`, as `sops` does; the MAC is that of both.
                (Some(found), Some(plain)) if !is_selected && plain.r#type == Type::Float => {
                    matches!(found.r#type, Type::Float | Type::Int) && found.bytes == plain.bytes
                }
                (found, plain) => found == plain,
            };
            if leaf.is_selected != *is_selected || !is_same {
                return Err(self.unproved());
            }
        }
        Ok(())
    }

    /// Whether all values but those of `changes` are what they were, in the same order.
    ///
    /// The new MAC is made over whatever stands there, so that it could not tell.
    fn rest_stays(&self, next: &Self, changes: &[Change]) -> bool {
        let set: HashSet<&Path> =
            changes.iter().filter(|one| !matches!(one, Change::Remove(_))).map(Change::path).collect();
        // What is taken away stands in the first document that has it.
        let taken = |path: &Path| {
            let is_there = |root: &Node| matches!(self.spot_in(root, path), Spot::Found { .. });
            self.documents.iter().position(is_there)
        };
        let removed: Vec<_> = changes
            .iter()
            .filter_map(|one| match one {
                Change::Remove(path) => Some((taken(path)?, path)),
                _ => None,
            })
            .collect();
        let stays = |leaf: &&Leaf| {
            let is_removed = |(document, path): &(usize, &Path)| {
                leaf.document == *document && leaf.path.0.starts_with(&path.0)
            };
            !set.contains(&leaf.path) && !removed.iter().any(is_removed)
        };
        let before: Vec<_> = self.leaves.iter().filter(stays).collect();
        let after: Vec<_> = next.leaves.iter().filter(|leaf| !set.contains(&leaf.path)).collect();
        // Positions in a list move up where an element is taken away: the keys alone are compared.
        let is_same = |(one, other): (&&Leaf, &&Leaf)| {
            one.stored == other.stored
                && one.document == other.document
                && one.path.additional_data() == other.path.additional_data()
        };
        before.len() == after.len() && before.iter().zip(&after).all(is_same)
    }

    fn refused(&self, path: &Path, message: &'static str) -> SopsError {
        SopsError::Change { shown: self.shown.clone(), path: path.to_string(), message }
    }

    fn splice(&self, cipher: &Cipher, change: &Change, batch: &mut Batch) -> Result<(), SopsError> {
        if self.store == Store::Ini {
            return Err(self.refused(change.path(), "INI files are only read"));
        }
        let spot = self.spot(change.path());
        if let Some(Step::Key(first)) = change.path().0.first()
            && super::file::is_metadata(self.store, first)
        {
            return Err(self.refused(change.path(), "the key is reserved for the metadata"));
        }
        match change {
            Change::Remove(path) => {
                batch.is_full = true;
                let Spot::Found { parents, .. } = spot else {
                    return Err(SopsError::NoValue { shown: self.shown.clone(), path: path.to_string() });
                };
                batch.splices.extend(self.removal(path, &parents)?);
                Ok(())
            }
            Change::Set(path, plain) => {
                if matches!(plain.r#type, Type::Bytes | Type::Comment) {
                    return Err(self.refused(path, "no value is of this type"));
                }
                self.set(cipher, path, Some(plain), &spot, batch)
            }
            Change::Null(path) => self.set(cipher, path, None, &spot, batch),
        }
    }

    fn set(
        &self,
        cipher: &Cipher,
        path: &Path,
        plain: Option<&Plain>,
        spot: &Spot<'_>,
        batch: &mut Batch,
    ) -> Result<(), SopsError> {
        if let Some(plain) = plain {
            self.can_hold(path, plain)?;
        } else if matches!(self.store, Store::Dotenv | Store::Binary) {
            return Err(self.refused(path, "the store knows no null"));
        }
        match spot {
            Spot::Found { entry, .. } => {
                if matches!(entry.value.kind, Kind::Container(_)) {
                    return Err(self.refused(path, "it is a map or a list"));
                }
                let leaf = self.leaf(path).ok_or_else(|| self.unproved())?;
                let is_same = match (&leaf.stored, plain) {
                    (Stored::Null, None) => true,
                    (Stored::Null, Some(_)) | (_, None) => false,
                    (_, Some(plain)) => self.open_with(cipher, leaf)?.as_ref() == Some(plain),
                };
                if is_same {
                    return Ok(());
                }
                let text = match plain {
                    None => "null".to_owned(),
                    Some(plain) if leaf.is_selected => {
                        self.spelled(&seal(cipher, plain, &path.0)?, &leaf.span)
                    }
                    Some(plain) => self.spelled(plain, &leaf.span),
                };
                batch.splices.push(self.replacement(path, entry, text)?);
                batch.expected.push((path.clone(), leaf.is_selected, plain.cloned()));
            }
            Spot::Missing { container, known, scope } => {
                let (is_selected, entry) = self.new_entry(cipher, path, plain, *known, *scope)?;
                batch.splices.push(self.insertion(path, container, &entry)?);
                batch.expected.push((path.clone(), is_selected, plain.cloned()));
            }
            Spot::Blocked => return Err(self.refused(path, "a value stands on the way to it")),
        }
        Ok(())
    }

    /// The entry that is added to the innermost container that exists: the value with the maps that are missing.
    fn new_entry(
        &self,
        cipher: &Cipher,
        path: &Path,
        plain: Option<&Plain>,
        known: usize,
        mut scope: Scope,
    ) -> Result<(bool, Item), SopsError> {
        let selection = &self.metadata.selection;
        for step in &path.0[known..] {
            let key = match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            };
            scope = scope.entry(selection, key);
        }
        let is_selected = scope.is_encrypted(selection);
        let mut value = match plain {
            None => Value::Null,
            Some(plain) if is_selected => Value::Leaf(seal(cipher, plain, &path.0)?),
            Some(plain) => Value::Leaf(plain.clone()),
        };
        let mut steps = path.0[known..].iter().rev().peekable();
        loop {
            let step = steps.next().ok_or_else(|| self.refused(path, "it is no path"))?;
            let item = match step {
                Step::Key(key) => Item::Entry { key: key.clone(), value },
                Step::Index(_) => Item::Element(value),
            };
            if steps.peek().is_none() {
                return Ok((is_selected, item));
            }
            value = match step {
                Step::Key(_) => Value::Map(vec![item]),
                Step::Index(0) => Value::List(vec![item]),
                Step::Index(_) => return Err(self.refused(path, "a new list begins with its first element")),
            };
        }
    }

    /// Where a path leads, or as far as it does.
    fn spot(&self, path: &Path) -> Spot<'_> {
        let mut first = None;
        for document in &self.documents {
            match self.spot_in(document, path) {
                found @ Spot::Found { .. } => return found,
                other => {
                    first.get_or_insert(other);
                }
            }
        }
        first.unwrap_or(Spot::Blocked)
    }

    fn spot_in<'n>(&self, document: &'n Node, path: &Path) -> Spot<'n> {
        let selection = &self.metadata.selection;
        let mut scope = Scope::default();
        let mut parents = Vec::new();
        let mut node = document;
        for (known, step) in path.0.iter().enumerate() {
            let Some(container) = node.container() else { return Spot::Blocked };
            let Some(entry) = container.at(step) else {
                let fits = match step {
                    Step::Key(_) => !container.is_list,
                    Step::Index(index) => container.is_list && *index == container.entries().count(),
                };
                if !fits {
                    return Spot::Blocked;
                }
                if container.entries().next().is_none() {
                    for item in &container.items {
                        if let NodeItem::Comment(comment) = item {
                            scope.comment(selection, &comment.text);
                        }
                    }
                }
                return Spot::Missing { container: node, known, scope };
            };
            for item in &container.items {
                match item {
                    NodeItem::Comment(comment) => {
                        scope.comment(selection, &comment.text);
                    }
                    NodeItem::Entry(one) => {
                        let key = one.key.as_ref().map(|(key, _)| key.as_str());
                        let inner = scope.entry(selection, key);
                        if std::ptr::eq(one, entry) {
                            scope = inner;
                            break;
                        }
                    }
                }
            }
            parents.push((node, entry));
            node = &entry.value;
        }
        match parents.last() {
            Some(&(_, entry)) => Spot::Found { entry, parents },
            None => Spot::Blocked,
        }
    }
}

/// Where a path leads.
enum Spot<'n> {
    /// To an entry; with each container on the way and the entry taken in it.
    Found { entry: &'n Entry, parents: Vec<(&'n Node, &'n Entry)> },
    /// As far as a container in which the step at `known` can be added.
    Missing { container: &'n Node, known: usize, scope: Scope },
    /// To something that is no container, or none of that kind.
    Blocked,
}

/// Changes that can be made to a text at once, because none of them looks at what another one changes.
#[derive(Default)]
struct Batch {
    splices: Vec<Splice>,
    expected: Vec<(Path, bool, Option<Plain>)>,
    paths: HashSet<Path>,
    /// Prefixes of new paths, which a second new path must not add again.
    added: HashSet<Path>,
    /// The container that new entries go into.
    adds_to: Option<Path>,
    is_full: bool,
}

impl Batch {
    /// Whether a change can go with those before it; if so it is noted.
    fn takes(&mut self, file: &File, change: &Change) -> bool {
        if matches!(change, Change::Remove(_)) {
            return self.paths.is_empty();
        }
        let path = change.path();
        if self.paths.contains(path) {
            return false;
        }
        if let Spot::Missing { container, known, .. } = file.spot(path) {
            // A second entry of an empty container, or of a list, needs to see the first.
            let needs_place =
                container.container().is_some_and(|one| one.is_list || one.entries().next().is_none());
            let added = Path(path.0[..=known].to_vec());
            let container = Path(path.0[..known].to_vec());
            // Two containers may end at the same place, and then it would matter which one is added to first.
            if self.adds_to.as_ref().is_some_and(|other| *other != container) {
                return false;
            }
            self.adds_to = Some(container.clone());
            if self.added.contains(&added) || (needs_place && !self.paths.is_empty()) {
                return false;
            }
            self.is_full |= needs_place;
            self.added.insert(added);
            // An insertion behind a value and a new text for that value would meet in one place.
            if !container.0.is_empty() && self.paths.contains(&container) {
                return false;
            }
        }
        self.paths.insert(path.clone());
        true
    }
}

/// Puts new texts in the place of spans. Those at the same place keep their order.
pub(super) fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
    let grown: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut at = 0;
    for splice in splices {
        out.push_str(&text[at..splice.span.start.max(at)]);
        out.push_str(&splice.text);
        at = splice.span.end.max(at);
    }
    out.push_str(&text[at..]);
    out
}

/// The last entry of a container that is not the metadata, and the first that is.
fn last_and_metadata<'n>(file: &File, container: &'n Node) -> (Option<&'n Entry>, Option<&'n Entry>) {
    let is_root = file.documents.iter().any(|document| std::ptr::eq(document, container));
    let is_metadata = |entry: &Entry| {
        is_root && entry.key.as_ref().is_some_and(|(key, _)| super::file::is_metadata(file.store, key))
    };
    let entries = || container.container().into_iter().flat_map(Container::entries);
    (entries().rfind(|entry| !is_metadata(entry)), entries().find(|entry| is_metadata(entry)))
}
