//! JSON by `serde_json`, which takes nothing but RFC 8259.

use serde_json::Value;

use super::Node;

pub(super) fn read(text: &str) -> Result<Vec<Node>, String> {
    let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut nodes = Vec::new();
    push(value, &mut nodes);
    Ok(nodes)
}

fn push(value: Value, nodes: &mut Vec<Node>) {
    match value {
        Value::String(text) => nodes.push(Node::Text(text)),
        Value::Array(items) => {
            nodes.push(Node::Mark("array".to_owned()));
            items.into_iter().for_each(|item| push(item, nodes));
            nodes.push(Node::Mark("end".to_owned()));
        }
        Value::Object(pairs) => {
            nodes.push(Node::Mark("object".to_owned()));
            for (key, value) in pairs {
                nodes.push(Node::Text(key));
                push(value, nodes);
            }
            nodes.push(Node::Mark("end".to_owned()));
        }
        other => nodes.push(Node::Other("fixed", other.to_string())),
    }
}
