//! TOML by `toml-span`, which has a parser of its own.

use toml_span::value::{Table, ValueInner};

use super::Node;

pub(super) fn read(text: &str) -> Result<Vec<Node>, String> {
    // It takes no byte order mark, which TOML 1.0 files may have.
    let mut value =
        toml_span::parse(text.trim_start_matches('\u{FEFF}')).map_err(|error| error.to_string())?;
    let mut nodes = Vec::new();
    push(value.take(), &mut nodes);
    Ok(nodes)
}

fn push(value: ValueInner<'_>, nodes: &mut Vec<Node>) {
    match value {
        ValueInner::String(text) => nodes.push(Node::Text(text.into_owned())),
        ValueInner::Integer(number) => nodes.push(Node::Other("integer", number.to_string())),
        ValueInner::Float(number) => nodes.push(Node::Other("float", number.to_string())),
        ValueInner::Boolean(truth) => nodes.push(Node::Other("boolean", truth.to_string())),
        ValueInner::Array(items) => {
            nodes.push(Node::Mark("array".to_owned()));
            items.into_iter().for_each(|mut item| push(item.take(), nodes));
            nodes.push(Node::Mark("end".to_owned()));
        }
        ValueInner::Table(table) => push_table(table, nodes),
    }
}

/// Tables come sorted by their keys, and a key that changes moves: by its place in the file, it does not.
fn push_table(table: Table<'_>, nodes: &mut Vec<Node>) {
    let mut pairs: Vec<_> = table.into_iter().collect();
    pairs.sort_by_key(|(key, _)| key.span.start);
    nodes.push(Node::Mark("table".to_owned()));
    for (key, mut value) in pairs {
        nodes.push(Node::Text(key.name.into_owned()));
        push(value.take(), nodes);
    }
    nodes.push(Node::Mark("end".to_owned()));
}
