//! A store's text as a tree whose nodes know where they stand.

use std::ops::Range;

use super::{Plain, Step};

/// A map or a list.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) is_list: bool,
    /// Whether it is written with brackets; its span then has them.
    pub(super) is_flow: bool,
    /// Entries and comments in file order.
    pub(super) items: Vec<Item>,
}

/// What a container holds.
#[derive(Debug)]
pub(super) enum Item {
    Comment(Comment),
    Entry(Entry),
}

/// A comment, as `sops` places it in its tree.
#[derive(Debug)]
pub(super) struct Comment {
    /// What stands behind its sign.
    pub(super) text: String,
    /// The text without its sign.
    pub(super) span: Range<usize>,
    /// Whether it stands behind a value on its line.
    pub(super) is_inline: bool,
}

/// One key and its value, or one element of a list.
#[derive(Debug)]
pub(super) struct Entry {
    /// What the key says and where it stands, quotes included; `None` in a list.
    pub(super) key: Option<(String, Range<usize>)>,
    /// Where the entry begins: its key, or its dash.
    pub(super) start: usize,
    pub(super) value: Node,
}

/// A value and where it stands: quotes, block header and brackets included; a tag is not.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Container(Container),
    /// A value, and whether it is written in a way that a new text cannot take the place of alone: a tag before it.
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
