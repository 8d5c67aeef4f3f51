//! YAML by libyaml's port and by yaml-rust2, with the types of both versions.

use std::sync::LazyLock;

use libyaml_safer::{EventData, Parser, ScalarStyle};
use regex_lite::Regex;
use yaml_rust2::parser::{Event, Parser as Rust2, Tag};
use yaml_rust2::scanner::TScalarStyle;

use super::Node;

/// The types of YAML 1.1, as <https://yaml.org/type/> has them.
static TYPES_1_1: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    types(&[
        ("null", "~|null|Null|NULL|"),
        ("bool", "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"),
        (
            "int",
            r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
        ),
        (
            "float",
            r"[-+]?([0-9][0-9_]*)?\.[0-9.]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        ),
        (
            "timestamp",
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?",
        ),
        ("merge", "<<"),
        ("value", "="),
    ])
});

/// The core schema of YAML 1.2.2, 10.3.2.
static TYPES_1_2: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    types(&[
        ("null", "null|Null|NULL|~|"),
        ("bool", "true|True|TRUE|false|False|FALSE"),
        ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
        (
            "float",
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        ),
    ])
});

fn types(table: &[(&'static str, &str)]) -> Vec<(&'static str, Regex)> {
    table.iter().map(|(name, pattern)| (*name, Regex::new(&format!("^({pattern})$")).expect(name))).collect()
}

fn scalar(text: String, is_plain: bool, tag: Option<String>, types: &[(&'static str, Regex)]) -> Node {
    let kind = types.iter().find(|(_, pattern)| is_plain && tag.is_none() && pattern.is_match(&text));
    match (kind, tag) {
        (Some((kind, _)), _) => Node::Other(kind, text),
        // Tags stay, so a text with one is told from a text without by what stands before it.
        (None, _) => Node::Text(text),
    }
}

/// YAML 1.1.
pub(super) fn libyaml(text: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    // It panics where the end of the file ends a block, so the line break that is missing there is added.
    let whole = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let mut input = whole.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut input);
    loop {
        let event = parser.parse().map_err(|error| error.to_string())?;
        match event.data {
            EventData::StreamEnd => return Ok(nodes),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                nodes.push(Node::Mark(format!("scalar {anchor:?} {tag:?}")));
                let is_plain = style == ScalarStyle::Plain;
                nodes.push(scalar(value, is_plain, tag.filter(|tag| tag != "!"), &TYPES_1_1));
            }
            other => nodes.push(Node::Mark(format!("{other:?}"))),
        }
    }
}

/// YAML 1.2.
pub(super) fn rust2(text: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    // It takes a byte order mark for text.
    let mut parser = Rust2::new_from_str(text.trim_start_matches('\u{FEFF}'));
    loop {
        let (event, _) = parser.next_token().map_err(|error| error.to_string())?;
        match event {
            Event::StreamEnd => return Ok(nodes),
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|Tag { handle, suffix }| format!("{handle}{suffix}"));
                nodes.push(Node::Mark(format!("scalar {anchor} {tag:?}")));
                nodes.push(scalar(text, style == TScalarStyle::Plain, tag, &TYPES_1_2));
            }
            other => nodes.push(Node::Mark(format!("{other:?}"))),
        }
    }
}
