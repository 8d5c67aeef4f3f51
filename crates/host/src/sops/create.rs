//! A new SOPS file, byte for byte as `sops` 3.13.2 lays it out.

use jiff::Timestamp;

use super::cipher::{Cipher, CipherError};
use super::mac::Mac;
use super::path::additional_data;
use super::select::Scope;
use super::{
    File, Item, Path, Plain, Selection, SopsError, Stanza, Step, Store, Tree, Type, Value, json, yaml,
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
        document.push(Item::Entry { key: "sops".to_owned(), value: Value::Map(metadata.clone()) });
    }
    let text = emit_plain(store, &Tree { documents })?;
    // What was written must read back: a layout that would say something else is not handed out.
    let proof = File::parse("the new file", text, store)?;
    proof.verify_with(&cipher)?;
    Ok(proof.text)
}

/// Writes a tree in the clear, as `sops --decrypt` prints it.
///
/// # Errors
/// A tree that the store cannot hold.
pub fn emit_plain(store: Store, tree: &Tree) -> Result<String, SopsError> {
    let one = || tree.documents.first().map_or(&[][..], Vec::as_slice);
    match store {
        Store::Yaml => Ok(yaml::emit(tree)),
        Store::Json | Store::Binary => Ok(json::emit(one())),
        Store::Dotenv | Store::Ini => Err(SopsError::Unwritable {
            path: String::new(),
            store: store.name(),
            message: "the store is not supported yet",
        }),
    }
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
fn metadata(selection: &Selection, stanzas: &[Stanza], lastmodified: &str, mac: &str) -> Vec<Item> {
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
        for item in items {
            let (key, value) = match item {
                Item::Comment { text, is_inline } => {
                    let is_selected = scope.comment(self.selection, text);
                    sealed.push(self.comment(text, *is_inline, is_selected, path)?);
                    continue;
                }
                Item::Entry { key, value } => (Some(key.as_str()), value),
                Item::Element(value) => (None, value),
            };
            if path.is_empty() && key.is_some_and(|key| super::file::is_metadata(self.store, key)) {
                return Err(self.unwritable(
                    &[Step::Key(key.unwrap_or_default().to_owned())],
                    "the key is reserved for the metadata",
                ));
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

    fn comment(
        &self,
        text: &str,
        is_inline: bool,
        is_selected: bool,
        path: &[Step],
    ) -> Result<Item, SopsError> {
        let text = if is_selected && !text.is_empty() {
            let plain = Plain::new(Type::Comment, text);
            let sealed = self.cipher.seal(&plain, &additional_data(path.iter()));
            sealed.map_err(|_| SopsError::Random)?.to_string()
        } else {
            text.to_owned()
        };
        Ok(Item::Comment { text, is_inline })
    }

    fn unwritable(&self, path: &[Step], message: &'static str) -> SopsError {
        SopsError::Unwritable { path: Path(path.to_vec()).to_string(), store: self.store.name(), message }
    }
}

/// Encrypts a value for its place: the empty text stays as it is.
pub(super) fn seal(cipher: &Cipher, plain: &Plain, path: &[Step]) -> Result<Plain, SopsError> {
    if plain.r#type == Type::Str && plain.bytes.is_empty() {
        return Ok(plain.clone());
    }
    match cipher.seal(plain, &additional_data(path.iter())) {
        Ok(sealed) => Ok(Plain::str(sealed.to_string())),
        Err(CipherError::Random | _) => Err(SopsError::Random),
    }
}
