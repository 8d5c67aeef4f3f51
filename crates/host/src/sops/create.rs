//! A new SOPS file, byte for byte as `sops` 3.13.2 lays it out.

use jiff::Timestamp;

use super::cipher::Cipher;
use super::mac::Mac;
use super::path::additional_data;
use super::select::Scope;
use super::{
    File, Item, Path, Plain, Selection, SopsError, Stanza, Step, Store, Tree, Type, Value, dotenv, flat,
    json, yaml,
};
use crate::identity::{DataKey, Recipient};

/// The version whose format is written.
pub const VERSION: &str = "3.13.2";

/// Writes a new file under a new data key.
///
/// # Errors
/// No recipients, a tree that the store cannot hold, and a plugin of a recipient that fails.
pub fn create(
    store: Store,
    tree: &Tree,
    selection: &Selection,
    recipients: &[Recipient],
    now: Timestamp,
) -> Result<String, SopsError> {
    let key = DataKey::random().map_err(|_| SopsError::Random)?;
    create_with_key(store, tree, selection, &key, &wrap(&key, recipients)?, now)
}

/// Writes a new file under a data key that is at hand, with the stanzas that open it.
///
/// # Errors
/// As [`create()`].
pub fn create_with_key(
    store: Store,
    tree: &Tree,
    selection: &Selection,
    key: &DataKey,
    stanzas: &[Stanza],
    now: Timestamp,
) -> Result<String, SopsError> {
    if stanzas.is_empty() {
        return Err(SopsError::NoRecipients);
    }
    let cipher = Cipher::new(key);
    let mut sealing =
        Sealing { store, cipher: &cipher, selection, mac: Mac::new(selection.mac_only_encrypted()) };
    let mut documents = tree
        .documents
        .iter()
        .map(|items| sealing.items(items, &mut Vec::new(), Scope::default()))
        .collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        documents.push(Vec::new());
    }
    let lastmodified = seconds(now);
    let mac = Plain::str(&*sealing.mac.finish());
    let mac = cipher.seal(&mac, &lastmodified).map_err(|_| SopsError::Random)?;
    let metadata = metadata(selection, stanzas, &lastmodified, &mac.to_string());
    for document in &mut documents {
        match store {
            Store::Dotenv => document.extend(flat::flatten(&metadata, "sops_")),
            _ => document.push(Item::Entry { key: "sops".to_owned(), value: Value::Map(metadata.clone()) }),
        }
    }
    let tree = Tree { documents };
    // What was written must read back. Some blocks that `sops` writes do not: a text whose first line begins with a
    // blank, in a list, for one. Such a file is written again with quotes in the place of blocks.
    let proved = |text: String| {
        let proof = File::parse("the new file", text, store).ok()?;
        proof.verify_with(&cipher).ok()?;
        Some(proof.text)
    };
    if let Some(text) = proved(emit(store, &tree)?) {
        return Ok(text);
    }
    let careful = if store == Store::Yaml { proved(yaml::emit_carefully(&tree)) } else { None };
    careful.ok_or_else(|| SopsError::Proof { shown: "the new file".to_owned() })
}

/// Writes a tree as it is, the metadata in it or not.
fn emit(store: Store, tree: &Tree) -> Result<String, SopsError> {
    let (first, more) =
        tree.documents.split_first().map_or((&[][..], 0), |(first, more)| (first, more.len()));
    if more > 0 && store != Store::Yaml {
        return Err(unwritable(store, &[], "only YAML has more than one document"));
    }
    match store {
        Store::Yaml => Ok(yaml::emit(tree)),
        Store::Json | Store::Binary => Ok(json::emit(first)),
        Store::Dotenv => dotenv::emit(first)
            .map_err(|key| unwritable(store, &[Step::Key(key)], "dotenv knows neither maps nor lists")),
        Store::Ini => Err(unwritable(store, &[], "INI files are only read")),
    }
}

fn unwritable(store: Store, path: &[Step], message: &'static str) -> SopsError {
    SopsError::Unwritable { path: Path(path.to_vec()).to_string(), store: store.name(), message }
}

/// Encrypts the data key to each recipient.
pub(super) fn wrap(key: &DataKey, recipients: &[Recipient]) -> Result<Vec<Stanza>, SopsError> {
    recipients
        .iter()
        .map(|recipient| match recipient.wrap(key) {
            Ok(enc) => Ok(Stanza { recipient: recipient.to_string(), enc }),
            Err(error) => {
                Err(SopsError::Wrap { recipient: recipient.to_string(), message: error.to_string() })
            }
        })
        .collect()
}

/// A time as `lastmodified` says it.
pub(super) fn seconds(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The metadata in the order of `sops` since 3.13: by the alphabet.
pub(super) fn metadata(
    selection: &Selection,
    stanzas: &[Stanza],
    lastmodified: &str,
    mac: &str,
) -> Vec<Item> {
    let entry = |key: &str, value: Value| Item::Entry { key: key.to_owned(), value };
    let stanza = |stanza: &Stanza| {
        Item::Element(Value::Map(vec![
            entry("enc", stanza.enc.as_str().into()),
            entry("recipient", stanza.recipient.as_str().into()),
        ]))
    };
    let mut fields = vec![
        ("age", Value::List(stanzas.iter().map(stanza).collect())),
        ("lastmodified", lastmodified.into()),
        ("mac", mac.into()),
        (selection.rule().field(), selection.rule().pattern().into()),
        ("version", VERSION.into()),
    ];
    if selection.mac_only_encrypted() {
        fields.push(("mac_only_encrypted", Plain::bool(true).into()));
    }
    fields.sort_by_key(|(key, _)| *key);
    fields.into_iter().map(|(key, value)| entry(key, value)).collect()
}

/// Encrypts a tree and takes its values into the MAC.
struct Sealing<'s> {
    store: Store,
    cipher: &'s Cipher,
    selection: &'s Selection,
    mac: Mac,
}

impl Sealing<'_> {
    fn items(
        &mut self,
        items: &[Item],
        path: &mut Vec<Step>,
        mut scope: Scope,
    ) -> Result<Vec<Item>, SopsError> {
        let mut sealed = Vec::with_capacity(items.len());
        let mut index = 0;
        let is_list = items.iter().any(|item| matches!(item, Item::Element(_)));
        for item in items {
            let (key, value) = match item {
                Item::Comment { text, is_inline } => {
                    let is_selected = scope.comment(self.selection, text);
                    sealed.push(self.comment(text, *is_inline, is_selected, is_list, path)?);
                    continue;
                }
                Item::Entry { key, value } => (Some(key.as_str()), value),
                Item::Element(value) => (None, value),
            };
            if path.is_empty() && key.is_some_and(|key| super::file::is_metadata(self.store, key)) {
                let path = [Step::Key(key.unwrap_or_default().to_owned())];
                return Err(unwritable(self.store, &path, "the key is reserved for the metadata"));
            }
            let inner = scope.entry(self.selection, key);
            path.push(key.map_or(Step::Index(index), |key| Step::Key(key.to_owned())));
            index += 1;
            let value = self.value(value, path, inner)?;
            path.pop();
            sealed.push(match key {
                Some(key) => Item::Entry { key: key.to_owned(), value },
                None => Item::Element(value),
            });
        }
        Ok(sealed)
    }

    fn value(&mut self, value: &Value, path: &mut Vec<Step>, scope: Scope) -> Result<Value, SopsError> {
        Ok(match value {
            Value::Map(items) => Value::Map(self.items(items, path, scope)?),
            Value::List(items) => Value::List(self.items(items, path, scope)?),
            Value::Null => Value::Null,
            Value::Leaf(plain) => {
                self.can_hold(plain, path)?;
                let is_selected = scope.is_encrypted(self.selection);
                self.mac.update(&plain.bytes, is_selected);
                if is_selected {
                    Value::Leaf(seal(self.cipher, plain, path)?)
                } else {
                    Value::Leaf(plain.clone())
                }
            }
        })
    }

    fn can_hold(&self, plain: &Plain, path: &[Step]) -> Result<(), SopsError> {
        let refused = |message| Err(unwritable(self.store, path, message));
        match (self.store, plain.r#type) {
            (_, Type::Bytes | Type::Comment) => refused("no value is of this type"),
            (Store::Dotenv, _) => match path {
                [Step::Key(key)] if !dotenv::is_key(key) => refused("its name is none for dotenv"),
                _ => dotenv::can_hold(plain).or_else(refused),
            },
            (Store::Binary, Type::Str) if path == [Step::Key("data".to_owned())] => Ok(()),
            (Store::Binary, _) => refused("the binary store has one text, in `data`"),
            _ if plain.text().is_none() => refused("the value is not UTF-8"),
            _ => Ok(()),
        }
    }

    fn comment(
        &self,
        text: &str,
        is_inline: bool,
        is_selected: bool,
        is_in_list: bool,
        path: &[Step],
    ) -> Result<Item, SopsError> {
        if text.contains(['\n', '\r']) {
            return Err(unwritable(self.store, path, "a comment has one line"));
        }
        if is_selected && is_in_list && self.store == Store::Yaml {
            // See `node::Item::element`. An empty one becomes an element.
            return Err(unwritable(
                self.store,
                path,
                "`sops` cannot open a file with an encrypted comment in a list",
            ));
        }
        let text = if is_selected && !text.is_empty() {
            let plain = Plain::new(Type::Comment, text);
            let sealed = self.cipher.seal(&plain, &additional_data(path.iter()));
            sealed.map_err(|_| SopsError::Random)?.to_string()
        } else {
            text.to_owned()
        };
        Ok(Item::Comment { text, is_inline })
    }
}

/// Encrypts a value for its place: the empty text stays as it is.
pub(super) fn seal(cipher: &Cipher, plain: &Plain, path: &[Step]) -> Result<Plain, SopsError> {
    if plain.r#type == Type::Str && plain.bytes.is_empty() {
        return Ok(plain.clone());
    }
    match cipher.seal(plain, &additional_data(path.iter())) {
        Ok(sealed) => Ok(Plain::str(sealed.to_string())),
        Err(_) => Err(SopsError::Random),
    }
}
