//! How the value of a reference is written, in words.

use redeem_core::Escape;
use redeem_syntax::{Format, Node, Place, Reference, Scalar, Scan, Style};

use crate::run::Found;

/// How the value of a reference is written: `in a YAML string in double quotes`.
pub(super) fn written(reference: &Reference, scan: &Scan, found: &Found) -> String {
    let format = found.source.format();
    match &reference.place {
        Place::Kept { is_certain: true } => {
            "not at all: the program looks the name up itself, as a rule says".into()
        }
        Place::Kept { is_certain: false } => {
            "not at all: the program looks the name up itself, as the key usually says".into()
        }
        Place::Template { .. } => {
            let how =
                if format == Format::Text { String::new() } else { format!(", fit for {}", format.title()) };
            format!("where the template puts it{how}")
        }
        place => {
            let around = match place {
                Place::FString => "as text of an f-string, ",
                Place::PythonText(_) => "as text of a Python string, ",
                Place::Python(_) => "as a Python literal in an expression, ",
                _ => "",
            };
            let Some(string) = scan.strings.get(reference.string) else { return "as text".into() };
            format!("{around}{}{}", node(&string.scalar), style(&string.scalar, found))
        }
    }
}

/// What else than the inside of a string is replaced.
fn node(scalar: &Scalar) -> &'static str {
    match scalar.node {
        Node::Map => "in place of the whole map, ",
        Node::Tagged(_) => "in place of the name and its tag, ",
        Node::Scalar if scalar.is_key => "in a key, ",
        Node::Scalar => "",
    }
}

fn style(scalar: &Scalar, found: &Found) -> String {
    let words = match scalar.style {
        Style::YamlPlain => "in a YAML string without quotes, which gets quotes if the value needs them",
        Style::YamlSingle => "in a YAML string in single quotes",
        Style::YamlDouble => "in a YAML string in double quotes",
        Style::YamlLiteral => "in a YAML block behind `|`",
        Style::YamlFolded => "in a YAML block behind `>`",
        Style::TomlBare => "in a TOML key without quotes, which gets quotes if the value needs them",
        Style::TomlBasic => "in a TOML string in double quotes",
        Style::TomlLiteral => "in a TOML string in single quotes",
        Style::TomlMultiBasic => "in a TOML string in three double quotes",
        Style::TomlMultiLiteral => "in a TOML string in three single quotes",
        Style::Json => "in a JSON string",
        Style::EnvBare => "in a dotenv value without quotes, which gets quotes if the value needs them",
        Style::EnvSingle => "in a dotenv value in single quotes",
        Style::EnvDouble => "in a dotenv value in double quotes",
        Style::EnvBacktick => "in a dotenv value in backticks",
        Style::Text => return text(found),
    };
    words.to_owned()
}

fn text(found: &Found) -> String {
    let escape = found.encoding.escape.filter(|escape| *escape != Escape::None);
    let name = escape.and_then(|escape| Escape::NAMES.iter().find(|(_, known)| *known == escape));
    match (name, found.encoding.escape) {
        (Some((name, _)), _) => format!("as plain text with the escapes of `{name}`"),
        (None, Some(_)) => "as plain text, as it is".to_owned(),
        (None, None) => "as plain text, and a value that may need escapes is refused".to_owned(),
    }
}
