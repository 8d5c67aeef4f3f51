//! What a file holds, written beside it by the side that made it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use redeem_host::identity::DataKey;
use redeem_host::sops::{self, File, Item, SopsError, Step, Stored, Tree, Value};
use serde::{Deserialize, Serialize};

/// What a file holds.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// The metadata's field and its text.
    pub(crate) selector: (String, String),
    pub(crate) mac_only_encrypted: bool,
    pub(crate) recipients: Vec<String>,
    /// Whether comments are compared: `in order` with the values, `apart` from them, or not at all.
    pub(crate) comments: String,
    /// Whether `sops` would write the very bytes of the file.
    pub(crate) emits: bool,
    pub(crate) leaves: Vec<Leaf>,
}

/// A value or a comment; an empty map or list too.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leaf {
    pub(crate) document: usize,
    /// A comment has the path of what it stands in.
    pub(crate) path: Vec<At>,
    pub(crate) r#type: String,
    /// Base64 of the bytes that are encrypted and hashed.
    pub(crate) bytes: Option<String>,
    /// A comment that `sops` itself does not open any more: it moved when `sops` wrote it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unopened: bool,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum At {
    Index(usize),
    Key(String),
}

/// Where the expected content of a file stands.
pub(crate) fn path_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".expected.json");
    name.into()
}

impl Expected {
    pub(crate) fn read(file: &Path) -> Self {
        serde_json::from_str(&fs::read_to_string(path_of(file)).unwrap()).unwrap()
    }

    pub(crate) fn write(&self, file: &Path) {
        fs::write(path_of(file), serde_json::to_string(self).unwrap()).unwrap();
    }

    /// Compares the values alone.
    pub(crate) fn compare_values(&self, found: &[Leaf]) -> Result<(), String> {
        in_order(self.leaves.iter().filter(|leaf| leaf.is_value()), found.iter())
    }

    /// Compares all that a tree holds.
    pub(crate) fn compare(&self, found: &[Leaf]) -> Result<(), String> {
        match &*self.comments {
            "in order" => in_order(self.leaves.iter(), found.iter()),
            _ => in_order(
                self.leaves.iter().filter(|leaf| leaf.r#type != "comment"),
                found.iter().filter(|leaf| leaf.r#type != "comment" || self.is_empty(&leaf.path)),
            ),
        }
    }

    /// Whether a map or list is expected to hold nothing.
    fn is_empty(&self, path: &[At]) -> bool {
        self.leaves.iter().any(|leaf| matches!(&*leaf.r#type, "map" | "list") && leaf.path == path)
    }

    pub(crate) fn compare_metadata(&self, file: &File) -> Result<(), String> {
        let metadata = file.metadata();
        let rule = metadata.selection.rule();
        if (rule.field(), rule.pattern()) != (&*self.selector.0, &*self.selector.1)
            || metadata.selection.mac_only_encrypted() != self.mac_only_encrypted
            || file.recipients() != self.recipients
        {
            return Err("the metadata is another".to_owned());
        }
        Ok(())
    }
}

fn in_order<'l>(
    wanted: impl Iterator<Item = &'l Leaf>,
    found: impl Iterator<Item = &'l Leaf>,
) -> Result<(), String> {
    let mut found = found.peekable();
    for wanted in wanted {
        let mut is_forgotten = false;
        while matches!(&*wanted.r#type, "map" | "list")
            && found.next_if(|leaf| leaf.r#type == "comment" && leaf.path == wanted.path).is_some()
        {
            // `sops` forgets a comment in brackets that hold nothing else; we keep it.
            is_forgotten = true;
        }
        if is_forgotten {
            continue;
        }
        match found.next() {
            None => return Err(format!("missing: {}", wanted.show())),
            Some(found) if wanted.unopened && found.r#type == "comment" => {}
            Some(found) if wanted != found && !wanted.is_whole(found) => {
                return Err(format!("expected {}, found {}", wanted.show(), found.show()));
            }
            Some(_) => {}
        }
    }
    found.next().map_or(Ok(()), |leaf| Err(format!("not expected: {}", leaf.show())))
}

impl Leaf {
    /// Whether the other is the whole number that this is without a fraction: in the clear `1.0` is written `1`.
    fn is_whole(&self, other: &Self) -> bool {
        self.r#type == "float"
            && other.r#type == "int"
            && (&self.path, &self.bytes) == (&other.path, &other.bytes)
    }

    /// Whether it is a value, and no comment or empty map or list.
    pub(crate) fn is_value(&self) -> bool {
        !matches!(&*self.r#type, "comment" | "map" | "list")
    }

    /// What a file's leaf holds.
    pub(crate) fn open(file: &File, key: &DataKey, leaf: &sops::Leaf) -> Result<Self, SopsError> {
        let path = leaf.path.0.iter().map(At::of).collect();
        let (r#type, bytes) = if leaf.stored == Stored::Null {
            ("null".to_owned(), None)
        } else {
            let plain = file.open(key, leaf)?;
            (plain.r#type.name().to_owned(), Some(BASE64_STANDARD.encode(&plain.bytes)))
        };
        Ok(Self { document: leaf.document, path, r#type, bytes, unopened: false })
    }

    /// Whether it is the text `<<`, which `sops` writes with a tag, and cannot read where it is a key. We write quotes.
    pub(crate) fn is_merge(&self) -> bool {
        self.bytes.as_ref().is_some_and(|text| text == "PDw=")
            || self.path.iter().any(|at| matches!(at, At::Key(key) if key == "<<"))
    }

    pub(crate) fn show(&self) -> String {
        let bytes = self.bytes.as_ref().map(|text| BASE64_STANDARD.decode(text).unwrap()).unwrap_or_default();
        format!("{}:{:?} {} {:?}", self.document, self.path, self.r#type, String::from_utf8_lossy(&bytes))
    }
}

impl At {
    pub(crate) fn of(step: &Step) -> Self {
        match step {
            Step::Key(key) => Self::Key(key.clone()),
            Step::Index(index) => Self::Index(*index),
        }
    }

    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Key(key) => Step::Key(key.clone()),
            Self::Index(index) => Step::Index(*index),
        }
    }
}

/// What a tree holds.
pub(crate) fn leaves_of(tree: &Tree) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for (document, items) in tree.documents.iter().enumerate() {
        collect(document, items, &mut Vec::new(), &mut leaves);
    }
    leaves
}

fn collect(document: usize, items: &[Item], path: &mut Vec<At>, leaves: &mut Vec<Leaf>) {
    let mut index = 0;
    for item in items {
        let mut leaf = |path: &[At], name: &str, bytes: Option<&[u8]>| {
            leaves.push(Leaf {
                document,
                path: path.to_vec(),
                r#type: name.to_owned(),
                bytes: bytes.map(|bytes| BASE64_STANDARD.encode(bytes)),
                unopened: false,
            });
        };
        let (step, value) = match item {
            Item::Comment { text, .. } => {
                leaf(path, "comment", Some(text.as_bytes()));
                continue;
            }
            Item::Entry { key, value } => (At::Key(key.clone()), value),
            Item::Element(value) => {
                index += 1;
                (At::Index(index - 1), value)
            }
        };
        path.push(step);
        match value {
            Value::Map(items) if items.is_empty() => leaf(path, "map", None),
            Value::List(items) if items.is_empty() => leaf(path, "list", None),
            Value::Map(items) | Value::List(items) => collect(document, items, path, leaves),
            Value::Leaf(plain) => leaf(path, plain.r#type.name(), Some(&plain.bytes)),
            Value::Null => leaf(path, "null", None),
        }
        path.pop();
    }
}
