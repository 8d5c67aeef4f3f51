//! A file's values and comments in the clear.

use super::cipher::{Cipher, Sealed};
use super::node::{Comment, Container, Item as NodeItem, Kind, Node};
use super::path::additional_data;
use super::select::Scope;
use super::{File, Item, SopsError, Step, Tree, Value};
use crate::identity::DataKey;

impl File {
    /// Opens every value and every encrypted comment.
    ///
    /// A comment that does not open is taken for one that was never encrypted, as `sops` does. The MAC is not looked
    /// at: see [`File::verify`].
    ///
    /// # Errors
    /// The first value that does not open.
    pub fn tree(&self, key: &DataKey) -> Result<Tree, SopsError> {
        let cipher = Cipher::new(key);
        let mut opening = Opening { file: self, cipher: &cipher, leaf: 0 };
        let documents = self.documents.iter().map(|document| match document.container() {
            Some(root) => opening.items(root, &mut Vec::new(), Scope::default()),
            None => Ok(Vec::new()),
        });
        Ok(Tree { documents: documents.collect::<Result<_, _>>()? })
    }

    /// The text of an encrypted comment; `None` if it is in the clear.
    pub(super) fn open_comment(cipher: &Cipher, comment: &Comment, path: &[Step]) -> Option<super::Plain> {
        let sealed = Sealed::parse(&comment.text)?;
        cipher.open(&sealed, &additional_data(path.iter())).ok()
    }
}

struct Opening<'f> {
    file: &'f File,
    cipher: &'f Cipher,
    /// Which leaf comes next: they are in the order of this walk.
    leaf: usize,
}

impl Opening<'_> {
    fn items(
        &mut self,
        container: &Container,
        path: &mut Vec<Step>,
        mut scope: Scope,
    ) -> Result<Vec<Item>, SopsError> {
        let selection = &self.file.metadata.selection;
        let mut items = Vec::with_capacity(container.items.len());
        let mut index = 0;
        for item in &container.items {
            let entry = match item {
                NodeItem::Comment(comment) => {
                    let opened = scope
                        .comment(selection, &comment.text)
                        .then(|| File::open_comment(self.cipher, comment, path))
                        .flatten();
                    let text = match &opened {
                        Some(plain) => String::from_utf8_lossy(&plain.bytes).into_owned(),
                        None => comment.text.clone(),
                    };
                    items.push(Item::Comment { text, is_inline: comment.is_inline });
                    continue;
                }
                NodeItem::Entry(entry) => entry,
            };
            let key = entry.key.as_ref().map(|(key, _)| key.as_str());
            if path.is_empty() && key.is_some_and(|key| super::file::is_metadata(self.file.store, key)) {
                continue;
            }
            let inner = scope.entry(selection, key);
            path.push(key.map_or(Step::Index(index), |key| Step::Key(key.to_owned())));
            index += 1;
            let value = self.value(&entry.value, path, inner)?;
            path.pop();
            items.push(match key {
                Some(key) => Item::Entry { key: key.to_owned(), value },
                None => Item::Element(value),
            });
        }
        Ok(items)
    }

    fn value(&mut self, node: &Node, path: &mut Vec<Step>, scope: Scope) -> Result<Value, SopsError> {
        if let Kind::Container(container) = &node.kind {
            let items = self.items(container, path, scope)?;
            return Ok(if container.is_list { Value::List(items) } else { Value::Map(items) });
        }
        let leaf = &self.file.leaves[self.leaf];
        self.leaf += 1;
        Ok(self.file.open_with(self.cipher, leaf)?.map_or(Value::Null, Value::Leaf))
    }
}
