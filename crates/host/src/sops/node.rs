//! A store's text as a tree whose nodes know where they stand.

use std::ops::Range;

use super::{Plain, Step, Type};

/// A map or a list.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) is_list: bool,
    /// Whether it is written with brackets; its span then has them.
    pub(super) is_flow: bool,
    /// Entries and comments in file order.
    pub(super) items: Vec<Item>,
}

/// What a container holds.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Comment(Comment),
    Entry(Entry),
}

/// A comment, as `sops` places it in its tree.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    /// What stands behind its sign.
    pub(super) text: String,
    /// The text without its sign.
    pub(super) span: Range<usize>,
    /// Whether it stands behind a value on its line.
    pub(super) is_inline: bool,
}

/// One key and its value, or one element of a list.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// What the key says and where it stands, quotes included; `None` in a list.
    pub(super) key: Option<(String, Range<usize>)>,
    /// Where the entry begins: its key, or its dash.
    pub(super) start: usize,
    pub(super) value: Node,
}

/// A value and where it stands: quotes, block header and brackets included; a tag is not.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Container(Container),
    Leaf(Plain),
    Null,
}

impl Container {
    /// The entries alone.
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(entry),
            Item::Comment(_) => None,
        })
    }

    /// The entry with this key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().find(|entry| entry.key.as_ref().is_some_and(|(found, _)| found == key))
    }

    /// The entry that a step leads to.
    pub(super) fn at(&self, step: &Step) -> Option<&Entry> {
        match step {
            Step::Key(key) if !self.is_list => self.entry(key),
            Step::Index(index) if self.is_list => self.entries().nth(*index),
            _ => None,
        }
    }
}

impl Item {
    /// An element of a list; an encrypted comment is one, as `sops` writes it there.
    ///
    /// Where `sops` encrypts a comment in a list it writes a text in its place, and then takes that text into the
    /// MAC when it reads the file, so that it cannot open it any more. Here it is the comment that it was.
    pub(super) fn element(start: usize, value: Node) -> Self {
        match &value.kind {
            Kind::Leaf(plain) if plain.r#type == Type::Str && is_sealed_comment(&plain.bytes) => {
                let text = plain.text().unwrap_or_default().to_owned();
                Self::Comment(Comment { text, span: value.span, is_inline: false })
            }
            _ => Self::Entry(Entry { key: None, start, value }),
        }
    }
}

fn is_sealed_comment(text: &[u8]) -> bool {
    text.starts_with(b"ENC[AES256_GCM,") && text.ends_with(b",type:comment]")
}

impl Node {
    pub(super) fn container(&self) -> Option<&Container> {
        match &self.kind {
            Kind::Container(container) => Some(container),
            _ => None,
        }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Leaf(plain) => plain.text(),
            _ => None,
        }
    }
}

/// Where a text is not what its store holds, and why.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) at: usize,
    pub(super) message: std::borrow::Cow<'static, str>,
}
