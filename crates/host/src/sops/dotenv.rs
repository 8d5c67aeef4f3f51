//! The dotenv store: `KEY=value` lines, the metadata flat in keys that begin with `sops_`.

use std::collections::HashSet;

use super::node::{Comment, Container, Entry, Item as NodeItem, Kind, Node, Trouble};
use super::{Item, Plain, Type, Value, number};

/// Reads `text`. The value is every byte behind the first `=`, and `\n` in it stands for a line break.
pub(super) fn read(text: &str) -> Result<Vec<Node>, Trouble> {
    let mut items = Vec::new();
    let mut keys = HashSet::new();
    let mut at = 0;
    for line in text.split('\n') {
        let start = at;
        at += line.len() + 1;
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('#') {
            let span = start + 1..start + line.len();
            items.push(NodeItem::Comment(Comment { text: comment.to_owned(), span, is_inline: false }));
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(Trouble { at: start, message: "a line that is no `KEY=value`".into() });
        };
        if !keys.insert(key) {
            return Err(Trouble { at: start, message: "the same key a second time".into() });
        }
        let key_end = start + key.len();
        items.push(NodeItem::Entry(Entry {
            key: Some((key.to_owned(), start..key_end)),
            start,
            value: Node {
                span: key_end + 1..start + line.len(),
                kind: Kind::Leaf(Plain::str(value.replace("\\n", "\n"))),
            },
        }));
    }
    let root = Container { is_list: false, is_flow: false, items };
    Ok(vec![Node { span: 0..text.len(), kind: Kind::Container(root) }])
}

/// A value as it stands behind `=`.
pub(super) fn spelled(plain: &Plain) -> String {
    let text = String::from_utf8_lossy(&plain.bytes);
    match plain.r#type {
        Type::Str | Type::Bytes | Type::Comment => text.replace('\n', "\\n"),
        Type::Int => text.into_owned(),
        Type::Bool => text.to_ascii_lowercase(),
        Type::Float => general(&text),
        Type::Time => super::time::seconds(&text).unwrap_or_default(),
    }
}

/// `ValToString` of `sops`: `G`, with a decimal point where it would look like a whole number.
fn general(canonical: &str) -> String {
    let Some(number) = number::parse_float(canonical).filter(|number| number.is_finite()) else {
        return canonical.to_owned();
    };
    let text = number::float_general(number, 'E');
    if text.contains(['.', 'E']) { text } else { format!("{number:.1}") }
}

/// Writes the entries of the root; `Err` names the key whose value is a map or a list.
pub(super) fn emit(items: &[Item]) -> Result<String, String> {
    let mut out = String::new();
    for item in items {
        match item {
            Item::Comment { text, .. } => {
                out.push('#');
                out.push_str(text);
            }
            Item::Entry { key, value } => {
                out.push_str(key);
                out.push('=');
                match value {
                    Value::Leaf(plain) => out.push_str(&spelled(plain)),
                    // Go writes its word for nothing.
                    Value::Null => out.push_str("<nil>"),
                    Value::Map(_) | Value::List(_) => return Err(key.clone()),
                }
            }
            Item::Element(_) => continue,
        }
        out.push('\n');
    }
    Ok(out)
}

/// Whether a key can stand at the beginning of a line.
pub(super) fn is_key(key: &str) -> bool {
    !key.is_empty() && !key.starts_with('#') && !key.contains(['=', '\n', '\r'])
}

/// Whether a value comes back as it was.
pub(super) fn can_hold(plain: &Plain) -> Result<(), &'static str> {
    if plain.r#type != Type::Str {
        return Err("dotenv knows texts alone");
    }
    match plain.text() {
        None => Err("the value is not UTF-8"),
        // Only `\n` stands for a line break there, and nothing for a backslash before an `n`.
        Some(text) if text.contains("\\n") => {
            Err("it holds a backslash and an `n`, which would read as a line break")
        }
        Some(_) => Ok(()),
    }
}
