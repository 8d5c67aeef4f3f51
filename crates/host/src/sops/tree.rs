//! A file's values and comments without its layout: what is imported, exported, and written anew.

use super::{Path, Plain, Step};

/// Every document of a file. All stores but YAML have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The entries of each document's root, in order.
    pub documents: Vec<Vec<Item>>,
}

/// One thing in a map or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A comment.
    Comment {
        /// What stands behind its sign, blanks included.
        text: String,
        /// Whether it stands behind the value of the entry that follows here.
        is_inline: bool,
    },
    /// A key and its value, in a map.
    Entry {
        /// The key.
        key: String,
        /// The value.
        value: Value,
    },
    /// A value, in a list.
    Element(Value),
}

/// A value of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A map: comments and entries.
    Map(Vec<Item>),
    /// A list: comments and elements.
    List(Vec<Item>),
    /// A value in the clear.
    Leaf(Plain),
    /// Nothing.
    Null,
}

impl Tree {
    /// A tree of one document.
    pub fn of_entries(entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        let items = entries.into_iter().map(|(key, value)| Item::Entry { key, value }).collect();
        Self { documents: vec![items] }
    }

    /// The value at a path, in the first document that has one.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        self.documents.iter().find_map(|items| find(items, &path.0))
    }

    /// Every value that is no map and no list, with its path, in order; `None` for a null.
    pub fn leaves(&self) -> Vec<(Path, Option<&Plain>)> {
        let mut leaves = Vec::new();
        for items in &self.documents {
            collect(items, &mut Vec::new(), &mut leaves);
        }
        leaves
    }
}

impl From<Plain> for Value {
    fn from(plain: Plain) -> Self {
        Self::Leaf(plain)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Leaf(Plain::str(text))
    }
}

fn find<'t>(items: &'t [Item], steps: &[Step]) -> Option<&'t Value> {
    let (first, rest) = steps.split_first()?;
    let value = match first {
        Step::Key(wanted) => items.iter().find_map(|item| match item {
            Item::Entry { key, value } if key == wanted => Some(value),
            _ => None,
        }),
        Step::Index(index) => items
            .iter()
            .filter_map(|item| match item {
                Item::Element(value) => Some(value),
                _ => None,
            })
            .nth(*index),
    }?;
    match (rest, value) {
        ([], value) => Some(value),
        (rest, Value::Map(items) | Value::List(items)) => find(items, rest),
        _ => None,
    }
}

fn collect<'t>(items: &'t [Item], path: &mut Vec<Step>, leaves: &mut Vec<(Path, Option<&'t Plain>)>) {
    let mut index = 0;
    for item in items {
        let (step, value) = match item {
            Item::Comment { .. } => continue,
            Item::Entry { key, value } => (Step::Key(key.clone()), value),
            Item::Element(value) => {
                index += 1;
                (Step::Index(index - 1), value)
            }
        };
        path.push(step);
        match value {
            Value::Map(items) | Value::List(items) => collect(items, path, leaves),
            Value::Leaf(plain) => leaves.push((Path(path.clone()), Some(plain))),
            Value::Null => leaves.push((Path(path.clone()), None)),
        }
        path.pop();
    }
}
