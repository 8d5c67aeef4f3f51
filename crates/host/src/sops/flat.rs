//! Metadata in stores without nesting: keys such as `age__list_0__map_enc`.

use std::collections::BTreeMap;

use super::node::{Container, Entry, Item as NodeItem, Kind, Node};
use super::{DEEPEST, Item, Plain, Value};

const MAP: &str = "__map_";
const LIST: &str = "__list_";

/// A tree in the making.
#[derive(Default)]
struct Branch {
    value: Option<Node>,
    keys: BTreeMap<String, Self>,
    indices: BTreeMap<usize, Self>,
}

/// Collects the entries whose keys begin with `prefix` into the tree that they were.
///
/// # Errors
/// Keys that contradict each other, and a list with gaps.
pub(super) fn unflatten(container: &Container, prefix: &str) -> Result<Container, &'static str> {
    let mut root = Branch::default();
    for entry in container.entries() {
        let Some(path) = entry.key.as_ref().and_then(|(key, _)| key.strip_prefix(prefix)) else { continue };
        let steps = steps(path);
        if steps.len() > DEEPEST {
            return Err("it is nested too deeply");
        }
        let mut branch = &mut root;
        for (is_list, name) in steps {
            branch = if is_list {
                let index = name.parse().map_err(|_| "a position in a list is no number")?;
                branch.indices.entry(index).or_default()
            } else {
                branch.keys.entry(name.to_owned()).or_default()
            };
        }
        let mut value = entry.value.clone();
        if let Kind::Leaf(plain) = &mut value.kind
            && let Some(text) = plain.text().filter(|text| text.contains("\\n"))
        {
            // INI has no escapes of its own; in dotenv they have been read by now.
            *plain = Plain::str(text.replace("\\n", "\n"));
        }
        branch.value = Some(value);
    }
    let keys = std::mem::take(&mut root.keys);
    if root.value.is_some() || !root.indices.is_empty() {
        return Err("a key of it has no name");
    }
    map_of(keys)
}

/// Cuts a key into map keys and list positions.
fn steps(path: &str) -> Vec<(bool, &str)> {
    let mut steps = Vec::new();
    let (mut is_list, mut start, mut at) = (false, 0, 0);
    while at < path.len() {
        let rest = &path.as_bytes()[at..];
        let separator =
            [(false, MAP), (true, LIST)].into_iter().find(|(_, word)| rest.starts_with(word.as_bytes()));
        match separator {
            Some((next_is_list, word)) => {
                steps.push((is_list, &path[start..at]));
                at += word.len();
                (is_list, start) = (next_is_list, at);
            }
            None => at += 1,
        }
    }
    steps.push((is_list, &path[start..]));
    steps
}

fn map_of(keys: BTreeMap<String, Branch>) -> Result<Container, &'static str> {
    let mut items = Vec::with_capacity(keys.len());
    for (key, branch) in keys {
        let value = node_of(branch)?;
        items.push(NodeItem::Entry(Entry { key: Some((key, 0..0)), start: value.span.start, value }));
    }
    Ok(Container { is_list: false, is_flow: false, items })
}

fn node_of(branch: Branch) -> Result<Node, &'static str> {
    let Branch { value, keys, indices } = branch;
    let container = match (value, keys.is_empty(), indices.is_empty()) {
        (Some(node), true, true) => return Ok(node),
        (None, _, true) => map_of(keys)?,
        (None, true, false) => {
            let is_whole = indices.keys().copied().eq(0..indices.len());
            if !is_whole {
                return Err("a list has gaps");
            }
            let elements = indices.into_values().map(|branch| {
                let value = node_of(branch)?;
                Ok(NodeItem::Entry(Entry { key: None, start: value.span.start, value }))
            });
            Container { is_list: true, is_flow: false, items: elements.collect::<Result<_, &'static str>>()? }
        }
        _ => return Err("a key is a value and more"),
    };
    Ok(Node { span: 0..0, kind: Kind::Container(container) })
}

/// Writes a map as entries that are no maps.
pub(super) fn flatten(items: &[Item], prefix: &str) -> Vec<Item> {
    let mut flat = Vec::new();
    descend(items, prefix, &mut flat);
    flat
}

fn descend(items: &[Item], prefix: &str, flat: &mut Vec<Item>) {
    let mut index = 0;
    for item in items {
        let (key, value) = match item {
            Item::Comment { .. } => continue,
            Item::Entry { key, value } => (format!("{prefix}{key}"), value),
            Item::Element(value) => {
                index += 1;
                (format!("{prefix}{}", index - 1), value)
            }
        };
        match value {
            Value::Map(items) => descend(items, &format!("{key}{MAP}"), flat),
            Value::List(items) => descend(items, &format!("{key}{LIST}"), flat),
            Value::Leaf(Plain { .. }) | Value::Null => flat.push(Item::Entry { key, value: value.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cut_where_go_cuts_them() {
        assert_eq!(steps("mac"), [(false, "mac")]);
        assert_eq!(steps("age__list_0__map_enc"), [(false, "age"), (true, "0"), (false, "enc")]);
        assert_eq!(steps("a__b"), [(false, "a__b")]);
    }
}
