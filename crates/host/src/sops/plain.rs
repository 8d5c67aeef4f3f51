//! Files in the clear become trees: what is imported.

use super::file::read;
use super::node::{Container, Item as NodeItem, Kind, Node};
use super::{Item, Plain, SopsError, Store, Tree, Value};

impl Tree {
    /// Reads a file in the clear, with the types that `sops` would give its values. `shown` is what messages call it.
    ///
    /// Metadata of SOPS in it is an entry as any other.
    ///
    /// # Errors
    /// A text that is not valid in its store.
    pub fn parse_plain(shown: &str, text: &str, store: Store) -> Result<Self, SopsError> {
        if store == Store::Binary {
            return Ok(Self::of_entries([("data".to_owned(), Value::Leaf(Plain::str(text)))]));
        }
        let documents = read(shown, text, store)?;
        Ok(Self { documents: documents.iter().filter_map(Node::container).map(items_of).collect() })
    }
}

fn items_of(container: &Container) -> Vec<Item> {
    let item = |item: &NodeItem| match item {
        NodeItem::Comment(comment) => {
            Item::Comment { text: comment.text.clone(), is_inline: comment.is_inline }
        }
        NodeItem::Entry(entry) => {
            let value = match &entry.value.kind {
                Kind::Container(inner) if inner.is_list => Value::List(items_of(inner)),
                Kind::Container(inner) => Value::Map(items_of(inner)),
                Kind::Leaf(plain) => Value::Leaf(plain.clone()),
                Kind::Null => Value::Null,
            };
            match &entry.key {
                Some((key, _)) => Item::Entry { key: key.clone(), value },
                None => Item::Element(value),
            }
        }
    };
    container.items.iter().map(item).collect()
}
