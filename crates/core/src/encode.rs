//! Writes values into a scalar so that a parser reads exactly them, one file a format.

use redeem_syntax::{Node, Scalar, Span, Style};
use zeroize::Zeroizing;

use crate::edit::Edit;

mod dotenv;
pub(crate) mod json;
pub(crate) mod python;
mod text;
mod toml;
pub(crate) mod yaml;

/// What a configuration says about writing into formats that leave room for doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// How values are escaped in plain text; by default a value that needs it is refused.
    pub escape: Option<Escape>,
    /// Who reads dotenv files; by default `sh`, python-dotenv and Node's dotenv all have to agree.
    pub reader: Option<Reader>,
    /// Whether an expression that says only a text is written as that text.
    pub expressions: Expressions,
    /// Whether the host runs a text that begins with `$ `, as Julep does: then no value may make one.
    pub runs_expressions: bool,
}

/// What becomes of an expression whose secrets have been written into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expressions {
    /// It stays an expression.
    #[default]
    Keep,
    /// If nothing but a text is left of it, it becomes that text.
    Fold,
}

/// How a value is escaped in plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    None,
    /// For XML text and attributes.
    Xml,
    /// For an INI value; what INI cannot hold is refused.
    Ini,
    /// As one word of a POSIX shell.
    Shell,
    /// For a Java properties value.
    Properties,
    /// For the inside of an HCL string.
    Hcl,
}

/// A program that reads dotenv files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A POSIX shell that sources the file.
    Sh,
    /// python-dotenv.
    Python,
    /// Node's dotenv.
    Node,
    /// `docker run --env-file`.
    Docker,
}

impl Expressions {
    /// The names that `redeem.toml` knows.
    pub const NAMES: &'static [(&'static str, Self)] = &[("keep", Self::Keep), ("fold", Self::Fold)];
}

impl Escape {
    /// The names that `redeem.toml` knows.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("xml", Self::Xml),
        ("ini", Self::Ini),
        ("shell", Self::Shell),
        ("properties", Self::Properties),
        ("hcl", Self::Hcl),
    ];
}

impl Reader {
    /// The names that `redeem.toml` knows.
    pub const NAMES: &'static [(&'static str, Self)] =
        &[("sh", Self::Sh), ("python", Self::Python), ("node", Self::Node), ("docker", Self::Docker)];
}

/// A part of a scalar's text and the text that replaces it, before the format's encoding.
pub(crate) struct Piece {
    pub(crate) range: Span,
    pub(crate) text: Zeroizing<String>,
}

/// Why no spelling of a value can stand at a place. It tells nothing of the value but its problem.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unencodable {
    pub(crate) message: String,
    pub(crate) help: String,
    /// The piece that is to blame, by its place in the scalar's text; none if it may be any of them.
    pub(crate) piece: Option<Span>,
}

impl Unencodable {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), piece: None }
    }

    /// Blames a piece.
    fn of(self, piece: &Piece) -> Self {
        Self { piece: Some(piece.range.clone()), ..self }
    }
}

/// A scalar with what is to be written into it.
pub(crate) struct Spot<'a> {
    /// The text that the scalar stands in.
    pub(crate) source: &'a str,
    pub(crate) scalar: &'a Scalar,
    /// In order, without overlap.
    pub(crate) pieces: &'a [Piece],
}

impl Spot<'_> {
    /// What the scalar says afterwards.
    pub(crate) fn new_text(&self) -> Zeroizing<String> {
        let text = &self.scalar.decoded.text;
        let grown: usize = self.pieces.iter().map(|piece| piece.text.len()).sum();
        let mut out = Zeroizing::new(String::with_capacity(text.len() + grown));
        let mut at = 0;
        for piece in self.pieces {
            out.push_str(&text[at..piece.range.start]);
            out.push_str(&piece.text);
            at = piece.range.end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// The scalar as it is written, with each piece replaced by what `encode` makes of it.
    fn splice(&self, mut encode: impl FnMut(&str, &mut String)) -> Zeroizing<String> {
        let span = &self.scalar.span;
        let grown: usize = self.pieces.iter().map(|piece| 2 * piece.text.len()).sum();
        let mut out = Zeroizing::new(String::with_capacity(span.len() + grown));
        let mut at = span.start;
        for piece in self.pieces {
            let source = self.scalar.decoded.source_span(&piece.range);
            out.push_str(&self.source[at..source.start]);
            encode(&piece.text, &mut out);
            at = source.end.max(at);
        }
        out.push_str(&self.source[at..span.end]);
        out
    }

    /// The scalar as it is written, outside its pieces.
    fn untouched(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.pieces.iter().map(|piece| piece.range.end));
        let ends = self.pieces.iter().map(|piece| piece.range.start).chain([self.scalar.decoded.text.len()]);
        starts.zip(ends).map(|(start, end)| &self.scalar.decoded.text[start..end])
    }
}

/// Encodes the pieces of a scalar for its style, or turns it to a style that can hold them.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "what a configuration says of a file will be more")]
pub(crate) fn encode(spot: &Spot<'_>, encoding: &Encoding) -> Result<Edit, Unencodable> {
    if spot.scalar.node == Node::Map {
        return Ok(Edit { span: spot.scalar.span.clone(), text: instead_of_a_map(spot) });
    }
    let text = match spot.scalar.style {
        Style::YamlPlain | Style::YamlSingle | Style::YamlDouble | Style::YamlLiteral | Style::YamlFolded => {
            yaml::encode(spot)
        }
        Style::TomlBare
        | Style::TomlBasic
        | Style::TomlLiteral
        | Style::TomlMultiBasic
        | Style::TomlMultiLiteral => toml::encode(spot),
        Style::Json => Ok(json::encode(spot)),
        Style::EnvBare | Style::EnvSingle | Style::EnvDouble | Style::EnvBacktick => {
            dotenv::encode(spot, encoding.reader)
        }
        Style::Text => {
            return Ok(Edit { span: spot.scalar.span.clone(), text: text::encode(spot, encoding.escape)? });
        }
    }?;
    Ok(Edit { span: spot.scalar.span.clone(), text })
}

/// A new string where a map stood.
fn instead_of_a_map(spot: &Spot<'_>) -> Zeroizing<String> {
    let text = spot.new_text();
    match spot.scalar.style {
        Style::Json => json::string(&text),
        Style::TomlBasic => toml::basic(&text),
        _ => yaml::string(&text, spot.scalar.in_flow),
    }
}

/// Replaces the whole scalar by a number or a truth value, where the format has such.
pub(crate) fn bare(spot: &Spot<'_>, text: &str) -> Edit {
    let text = yaml::with_header_comment(spot, Zeroizing::new(text.to_owned()));
    Edit { span: spot.scalar.span.clone(), text }
}

/// Whether the format can write a number where this scalar stands.
pub(crate) fn has_types(scalar: &Scalar) -> bool {
    use Style::{EnvBacktick, EnvBare, EnvDouble, EnvSingle, Text};
    !scalar.is_key && !matches!(scalar.style, EnvBare | EnvSingle | EnvDouble | EnvBacktick | Text)
}

/// The escapes that strings of JSON, TOML, YAML, HCL and Java share, but for the quote.
fn common_escape(c: char) -> Option<&'static str> {
    match c {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        '\t' => Some("\\t"),
        _ => None,
    }
}

/// Whether a character shows as itself in a YAML or TOML file: no control, no mark of byte order,
/// no line break that only some readers know.
fn is_printable(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'))
}

#[cfg(test)]
mod tests;
