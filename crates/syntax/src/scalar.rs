//! One string of a file: where it stands, how it is written, and what it says.

use std::fmt;

use crate::Span;

mod edit;

/// A string in a file that may hold references.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The whole token in the source, quotes and block header included; anchors and tags are not.
    pub span: Span,
    /// How it is written.
    pub style: Style,
    /// What it says, and where each part of that stands in the source.
    pub decoded: Decoded,
    /// The keys and indices that lead to it.
    pub path: KeyPath,
    /// Whether it is a key and not a value.
    pub is_key: bool,
    /// Whether it stands in a flow collection (`[…]` or `{…}` in YAML).
    pub in_flow: bool,
    /// YAML: the tag as the parser resolved it.
    pub tag: Option<String>,
    /// What a new text replaces.
    pub node: Node,
}

/// What a new text for a string replaces in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Node {
    /// The string itself.
    #[default]
    Scalar,
    /// The string and its tag, which stands here with the blanks behind it.
    Tagged(Span),
    /// A whole map, at the span of the scalar: a string takes its place.
    Map,
}

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// YAML without quotes.
    YamlPlain,
    /// YAML in `'…'`.
    YamlSingle,
    /// YAML in `"…"`.
    YamlDouble,
    /// A YAML block after `|`.
    YamlLiteral,
    /// A YAML block after `>`.
    YamlFolded,
    /// A TOML key without quotes.
    TomlBare,
    /// TOML in `"…"`.
    TomlBasic,
    /// TOML in `'…'`.
    TomlLiteral,
    /// TOML in `"""…"""`.
    TomlMultiBasic,
    /// TOML in `'''…'''`.
    TomlMultiLiteral,
    /// JSON in `"…"`.
    Json,
    /// A dotenv key, or a value without quotes.
    EnvBare,
    /// A dotenv value in `'…'`.
    EnvSingle,
    /// A dotenv value in `"…"`.
    EnvDouble,
    /// A dotenv value in backticks.
    EnvBacktick,
    /// Text of no known structure.
    Text,
}

/// The text of a scalar with a map back into the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// What the scalar says.
    pub text: String,
    /// YAML: how many blanks stand before each line of a block; 0 if it is none.
    pub block_indent: usize,
    pieces: Vec<Piece>,
}

/// A stretch of decoded text and the stretch of source that spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    text: Span,
    source: Span,
}

impl Piece {
    /// Whether each byte of the text is one byte of the source.
    fn is_verbatim(&self) -> bool {
        self.text.len() == self.source.len()
    }
}

impl Decoded {
    /// A text that the source spells byte for byte, starting at `start`.
    pub fn verbatim(text: &str, start: usize) -> Self {
        let mut decoded = Self::default();
        decoded.push_verbatim(text, start);
        decoded
    }

    /// Appends text that the source spells byte for byte, starting at `start`.
    pub fn push_verbatim(&mut self, text: &str, start: usize) {
        let at = self.text.len();
        self.text.push_str(text);
        match self.pieces.last_mut() {
            Some(last) if last.is_verbatim() && last.source.end == start => {
                last.text.end = self.text.len();
                last.source.end += text.len();
            }
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece { text: at..self.text.len(), source: start..start + text.len() }),
        }
    }

    /// Appends text that the source spells in another way: an escape, a folded line break.
    pub fn push_spelled(&mut self, text: &str, source: Span) {
        let at = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { text: at..self.text.len(), source });
    }

    /// Removes blanks from the end, as line folding does.
    pub fn trim_end_blanks(&mut self, keep: usize) {
        let trimmed = self.text[keep..].trim_end_matches([' ', '\t']).len() + keep;
        self.text.truncate(trimmed);
        while let Some(last) = self.pieces.last_mut() {
            if last.text.start >= trimmed && !last.text.is_empty() {
                self.pieces.pop();
                continue;
            }
            if last.text.end > trimmed {
                last.source.end -= last.text.end - trimmed;
                last.text.end = trimmed;
            }
            break;
        }
    }

    /// The source that spells `range` of the text. An escape that `range` cuts is taken whole.
    pub fn source_span(&self, range: &Span) -> Span {
        let start = self.source_offset(range.start, false);
        let end = if range.is_empty() { start } else { self.source_offset(range.end, true) };
        start..end.max(start)
    }

    fn source_offset(&self, offset: usize, is_end: bool) -> usize {
        let before = |piece: &Piece| if is_end { piece.text.end < offset } else { piece.text.end <= offset };
        match self.pieces.get(self.pieces.partition_point(before)) {
            Some(piece) if piece.is_verbatim() => piece.source.start + (offset - piece.text.start),
            Some(piece) if is_end => piece.source.end,
            Some(piece) => piece.source.start,
            None => self.pieces.last().map_or(0, |last| last.source.end),
        }
    }

    /// The parts of the text in order: what they say and the source that spells them.
    pub fn parts(&self) -> impl Iterator<Item = (Span, Span)> + '_ {
        self.pieces.iter().map(|piece| (piece.text.clone(), piece.source.clone()))
    }
}

/// The way from a document's root to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPath(pub Vec<Segment>);

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A mapping's key.
    Key(String),
    /// A list's position, 0-based.
    Index(usize),
}

/// Dots between keys, `[i]` for positions, quotes around a key that a dot or blank would confuse.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    let plain =
                        !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
                    if plain { f.write_str(key)? } else { write!(f, "{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_decoded_text_lead_back_to_the_source() {
        // Source: `a\u007bsecret:x}` with the escape at 1..7.
        let mut decoded = Decoded::verbatim("a", 0);
        decoded.push_spelled("{", 1..7);
        decoded.push_verbatim("secret:x}", 7);
        assert_eq!(decoded.text, "a{secret:x}");
        assert_eq!(decoded.source_span(&(1..11)), 1..16);
        assert_eq!(decoded.source_span(&(2..8)), 7..13);
        assert_eq!(decoded.source_span(&(0..2)), 0..7);
        assert_eq!(decoded.source_span(&(11..11)), 16..16);
    }

    #[test]
    fn trimming_shortens_the_map_too() {
        let mut decoded = Decoded::verbatim("ab  ", 10);
        decoded.trim_end_blanks(0);
        assert_eq!(decoded.source_span(&(0..2)), 10..12);
        assert_eq!(decoded, Decoded::verbatim("ab", 10));
    }

    #[test]
    fn paths_read_as_people_write_them() {
        let path = KeyPath(vec![
            Segment::Key("a".into()),
            Segment::Index(2),
            Segment::Key("x.y".into()),
            Segment::Key("b-c".into()),
        ]);
        assert_eq!(path.to_string(), "a[2].\"x.y\".b-c");
    }
}
