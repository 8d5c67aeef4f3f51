//! A parsed SOPS file: its text, its values in file order, its metadata.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::cipher::{Cipher, CipherError, Sealed};
use super::mac::{Mac, are_equal};
use super::metadata::Metadata;
use super::node::{Comment, Container, Item, Kind, Node, Trouble};
use super::select::Scope;
use super::{
    LARGEST_FILE, Path, Plain, Selection, SopsError, Step, Store, Type, dotenv, flat, ini, json, yaml,
};
use crate::identity::{DataKey, Identities, UnwrapError};

/// A value as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Encrypted.
    Sealed(Sealed),
    /// In the clear: what the selection leaves out, and the empty text, which is never encrypted.
    Clear(Plain),
    /// Nothing, which is never encrypted and is no part of the MAC.
    Null,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Which document it is in, 0-based. Only YAML has more than one.
    pub document: usize,
    /// The way to it.
    pub path: Path,
    /// Where it stands, its quotes or block header included: byte offsets, 0-based, end exclusive.
    pub span: Range<usize>,
    /// The value.
    pub stored: Stored,
    /// Whether the selection wants it encrypted.
    pub is_selected: bool,
}

impl Leaf {
    /// Whether it is in the clear, and looks as if it were encrypted.
    pub(super) fn is_disguised(&self) -> bool {
        matches!(&self.stored, Stored::Clear(plain) if plain.text().is_some_and(Sealed::is_likely))
    }
}

/// A SOPS file whose values have been found, and not opened.
#[derive(Debug)]
pub struct File {
    pub(super) shown: String,
    pub(super) text: String,
    pub(super) store: Store,
    pub(super) documents: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) metadata: Metadata,
    by_path: OnceLock<HashMap<Path, usize>>,
}

/// What a walk through a file's documents comes by.
pub(super) enum Visit<'n> {
    Leaf { document: usize, path: &'n [Step], node: &'n Node, is_selected: bool },
    Comment { path: &'n [Step], comment: &'n Comment, is_selected: bool },
}

impl File {
    /// Reads a file. `shown` is what messages call it.
    ///
    /// # Errors
    /// A text that is not valid in its store or is no SOPS file, metadata that cannot be, and a value that is to be
    /// encrypted and is not, or not in the one spelling that it may have.
    pub fn parse(shown: &str, text: String, store: Store) -> Result<Self, SopsError> {
        let documents = read(shown, &text, store)?;
        let metadata = Metadata::read(shown, &metadata_of(shown, store, &documents)?)?;
        let mut file = Self {
            shown: shown.to_owned(),
            text,
            store,
            documents,
            leaves: Vec::new(),
            metadata,
            by_path: OnceLock::new(),
        };
        let mut leaves = Vec::new();
        file.walk(&mut |visit| {
            if let Visit::Leaf { document, path, node, is_selected } = visit {
                leaves.push(file.leaf_of(document, path, node, is_selected)?);
            }
            Ok(())
        })?;
        file.leaves = leaves;
        Ok(file)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it is laid out.
    pub fn store(&self) -> Store {
        self.store
    }

    /// What the file says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Every value, in file order; nulls too, comments and the metadata not.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The value at a path; with several documents the first that has one.
    pub fn leaf(&self, path: &Path) -> Option<&Leaf> {
        let by_path = self.by_path.get_or_init(|| {
            let mut by_path = HashMap::with_capacity(self.leaves.len());
            for (position, leaf) in self.leaves.iter().enumerate() {
                by_path.entry(leaf.path.clone()).or_insert(position);
            }
            by_path
        });
        by_path.get(path).map(|&position| &self.leaves[position])
    }

    /// The age recipients, as the stanzas name them.
    pub fn recipients(&self) -> Vec<&str> {
        self.metadata.age.iter().map(|stanza| stanza.recipient.as_str()).collect()
    }

    /// Opens the data key with the first identity that fits.
    ///
    /// # Errors
    /// [`UnwrapError`] says what was tried.
    pub fn data_key(&self, identities: &Identities) -> Result<DataKey, UnwrapError> {
        if self.metadata.age.is_empty() && !self.metadata.foreign.is_empty() {
            let keys = self.metadata.foreign.iter().map(ToString::to_string).collect();
            return Err(UnwrapError::Foreign { keys });
        }
        identities.unwrap(self.metadata.age.iter().map(|one| (one.recipient.as_str(), one.enc.as_str())))
    }

    /// Opens one value. A null has none.
    ///
    /// # Errors
    /// A value that is not authentic at its place, or is a null.
    pub fn open(&self, key: &DataKey, leaf: &Leaf) -> Result<Plain, SopsError> {
        self.open_with(&Cipher::new(key), leaf)?
            .ok_or_else(|| SopsError::NoValue { shown: self.shown.clone(), path: leaf.path.to_string() })
    }

    /// Opens every value and compares the MAC.
    ///
    /// # Errors
    /// The first value that does not open, or the MAC if it is missing or another.
    pub fn verify(&self, key: &DataKey) -> Result<(), SopsError> {
        let cipher = Cipher::new(key);
        self.verify_with(&cipher)
    }

    pub(super) fn verify_with(&self, cipher: &Cipher) -> Result<(), SopsError> {
        let shown = || self.shown.clone();
        if self.metadata.mac.is_empty() {
            return Err(SopsError::MacMissing { shown: shown() });
        }
        let sealed = Sealed::parse(&self.metadata.mac).filter(|mac| mac.r#type() == Type::Str);
        let stored = sealed
            .and_then(|mac| cipher.open(&mac, &self.metadata.bound_to).ok())
            .ok_or_else(|| SopsError::MacUnauthentic { shown: shown() })?;
        let computed = self.mac(cipher)?;
        if are_equal(&stored.bytes, computed.as_bytes()) {
            Ok(())
        } else {
            Err(SopsError::MacMismatch { shown: shown() })
        }
    }

    /// The MAC over the values as they are.
    pub(super) fn mac(&self, cipher: &Cipher) -> Result<zeroize::Zeroizing<String>, SopsError> {
        let mut mac = Mac::new(self.metadata.selection.mac_only_encrypted());
        for leaf in &self.leaves {
            match &leaf.stored {
                // The bytes are hashed where they are: a large clear value is not copied.
                Stored::Clear(plain) => mac.update(&plain.bytes, leaf.is_selected),
                Stored::Sealed(_) => {
                    if let Some(plain) = self.open_with(cipher, leaf)? {
                        mac.update(&plain.bytes, true);
                    }
                }
                Stored::Null => {}
            }
        }
        Ok(mac.finish())
    }

    pub(super) fn open_with(&self, cipher: &Cipher, leaf: &Leaf) -> Result<Option<Plain>, SopsError> {
        match &leaf.stored {
            Stored::Null => Ok(None),
            Stored::Clear(plain) => Ok(Some(plain.clone())),
            Stored::Sealed(sealed) => cipher
                .open(sealed, &leaf.path.additional_data())
                .map(Some)
                .map_err(|error| self.not_opened(error, &leaf.path, leaf.span.start)),
        }
    }

    fn not_opened(&self, error: CipherError, path: &Path, at: usize) -> SopsError {
        let (shown, line, path) = (self.shown.clone(), line_of(&self.text, at), path.to_string());
        match error {
            CipherError::Unauthentic => SopsError::Unauthentic { shown, line, path },
            CipherError::NotOfItsType => SopsError::NotOfItsType { shown, line, path },
            CipherError::NonceLength(length) => SopsError::NonceLength { shown, line, path, length },
            CipherError::Random => SopsError::Random,
        }
    }

    fn leaf_of(
        &self,
        document: usize,
        path: &[Step],
        node: &Node,
        is_selected: bool,
    ) -> Result<Leaf, SopsError> {
        let not_sealed = |found| SopsError::NotSealed {
            shown: self.shown.clone(),
            line: line_of(&self.text, node.span.start),
            path: Path(path.to_vec()).to_string(),
            found,
        };
        let stored = match &node.kind {
            Kind::Leaf(plain) if !is_selected => Stored::Clear(plain.clone()),
            Kind::Leaf(plain) if plain.r#type != Type::Str => {
                return Err(not_sealed("it is a number, a date or a truth value"));
            }
            Kind::Leaf(plain) if plain.bytes.is_empty() => Stored::Clear(plain.clone()),
            Kind::Leaf(plain) => match plain.text().and_then(Sealed::parse) {
                // A value is never a comment; a comment's text that was moved here would be.
                Some(sealed) if sealed.r#type() != Type::Comment => Stored::Sealed(sealed),
                Some(_) => return Err(not_sealed("it is a comment")),
                None if plain.text().is_some_and(Sealed::is_likely) => {
                    return Err(not_sealed("its `ENC[…]` is damaged"));
                }
                None => return Err(not_sealed("it is in the clear")),
            },
            Kind::Null | Kind::Container(_) => Stored::Null,
        };
        Ok(Leaf { document, path: Path(path.to_vec()), span: node.span.clone(), stored, is_selected })
    }

    /// Comes by every value and comment in file order, the metadata excepted.
    pub(super) fn walk(
        &self,
        visit: &mut dyn FnMut(Visit<'_>) -> Result<(), SopsError>,
    ) -> Result<(), SopsError> {
        for (document, node) in self.documents.iter().enumerate() {
            if let Some(root) = node.container() {
                let mut walk =
                    Walk { store: self.store, selection: &self.metadata.selection, document, visit };
                walk.container(root, &mut Vec::new(), Scope::default())?;
            }
        }
        Ok(())
    }
}

struct Walk<'w> {
    store: Store,
    selection: &'w Selection,
    document: usize,
    visit: &'w mut dyn FnMut(Visit<'_>) -> Result<(), SopsError>,
}

impl Walk<'_> {
    fn container(
        &mut self,
        container: &Container,
        path: &mut Vec<Step>,
        mut scope: Scope,
    ) -> Result<(), SopsError> {
        let document = self.document;
        let mut index = 0;
        for item in &container.items {
            let entry = match item {
                Item::Comment(comment) => {
                    let is_selected = scope.comment(self.selection, &comment.text);
                    (self.visit)(Visit::Comment { path, comment, is_selected })?;
                    continue;
                }
                Item::Entry(entry) => entry,
            };
            let key = entry.key.as_ref().map(|(key, _)| key.as_str());
            if path.is_empty() && key.is_some_and(|key| is_metadata(self.store, key)) {
                continue;
            }
            let inner = scope.entry(self.selection, key);
            path.push(match key {
                Some(key) => Step::Key(key.to_owned()),
                None => Step::Index(index),
            });
            index += 1;
            if let Kind::Container(container) = &entry.value.kind {
                self.container(container, path, inner)?;
            } else {
                let is_selected = inner.is_encrypted(self.selection);
                (self.visit)(Visit::Leaf { document, path, node: &entry.value, is_selected })?;
            }
            path.pop();
        }
        Ok(())
    }
}

/// Whether a key at the root is the metadata's.
pub(super) fn is_metadata(store: Store, key: &str) -> bool {
    match store {
        Store::Dotenv => key.starts_with("sops_"),
        _ => key == "sops",
    }
}

/// The 1-based line of a byte offset.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count()
}

/// Reads a text as its store lays it out.
pub(super) fn read(shown: &str, text: &str, store: Store) -> Result<Vec<Node>, SopsError> {
    if text.len() > LARGEST_FILE {
        return Err(SopsError::TooLarge { shown: shown.to_owned() });
    }
    let read = match store {
        Store::Yaml => yaml::read(text),
        Store::Json | Store::Binary => json::read(text),
        Store::Dotenv => dotenv::read(text),
        Store::Ini => ini::read(text),
    };
    read.map_err(|Trouble { at, message }| SopsError::Syntax {
        shown: shown.to_owned(),
        line: line_of(text, at),
        message: message.into_owned(),
    })
}

/// The metadata of each document that has some; the first is that of the first document.
fn metadata_of<'n>(
    shown: &str,
    store: Store,
    documents: &'n [Node],
) -> Result<Vec<Cow<'n, Container>>, SopsError> {
    let none = || SopsError::NotEncrypted { shown: shown.to_owned() };
    let damaged =
        |message: &str| SopsError::Metadata { shown: shown.to_owned(), message: message.to_owned() };
    let roots: Vec<_> = documents.iter().filter_map(Node::container).collect();
    let first = roots.first().ok_or_else(none)?;
    let flat = match store {
        Store::Yaml | Store::Json | Store::Binary => {
            first.entry("sops").ok_or_else(none)?;
            let maps = roots.iter().filter_map(|root| root.entry("sops")?.value.container());
            let maps: Vec<_> = maps.filter(|map| !map.is_list).map(Cow::Borrowed).collect();
            let is_map = first
                .entry("sops")
                .is_some_and(|entry| entry.value.container().is_some_and(|map| !map.is_list));
            return if is_map { Ok(maps) } else { Err(damaged("`sops` is not a map")) };
        }
        Store::Dotenv => flat::unflatten(first, "sops_"),
        Store::Ini => {
            let section = first.entry("sops").and_then(|entry| entry.value.container()).ok_or_else(none)?;
            flat::unflatten(section, "")
        }
    };
    match flat {
        Ok(container) if container.items.is_empty() => Err(none()),
        Ok(container) => Ok(vec![Cow::Owned(container)]),
        Err(message) => Err(damaged(message)),
    }
}
