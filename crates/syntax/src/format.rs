//! The formats that Redeem reads, one file each, and the table of their names.

use std::fmt;

use crate::sigil::Sightings;
use crate::{Event, Style, SyntaxError, Token, scalar::Decoded};

mod dotenv;
mod json;
mod lookout;
mod next_of;
mod text;
mod toml;
pub(crate) mod yaml;

pub(crate) use lookout::{Sight, Sighted};

/// How a text is read, and so how a value is written into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// YAML 1.2, read also by 1.1 parsers.
    Yaml,
    /// TOML 1.0 and 1.1.
    Toml,
    /// JSON; comments and trailing commas are tolerated, as many tools do.
    Json,
    /// `KEY=value` lines as shells and dotenv libraries read them.
    Dotenv,
    /// Any other text.
    #[default]
    Text,
}

/// One row of the table of formats.
pub struct FormatInfo {
    /// The format.
    pub format: Format,
    /// What people type: `--as yaml`, `format = "yaml"`.
    pub name: &'static str,
    /// The endings of file names it is known by, without the dot.
    pub extensions: &'static [&'static str],
}

/// Every format, with the names and endings it is known by.
pub const FORMATS: &[FormatInfo] = &[
    FormatInfo { format: Format::Yaml, name: "yaml", extensions: &["yaml", "yml"] },
    FormatInfo { format: Format::Toml, name: "toml", extensions: &["toml"] },
    FormatInfo { format: Format::Json, name: "json", extensions: &["json", "jsonc", "json5", "webmanifest"] },
    FormatInfo { format: Format::Dotenv, name: "dotenv", extensions: &["env"] },
    FormatInfo {
        format: Format::Text,
        name: "text",
        extensions: &["conf", "ini", "properties", "cfg", "cnf", "xml", "service", "tf", "tfvars", "txt"],
    },
];

/// Up to this many bytes a YAML text is proved by the library's parser, which takes its time: 64 KiB.
const LONGEST_READ_FULLY: usize = 64 << 10;

impl Format {
    /// The format of a name such as `yaml`; `jsonc` is `json`, `env` is `dotenv`.
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|info| info.name == name || info.extensions.contains(&name))
            .map(|info| info.format)
    }

    /// The format that a file of this name has, if references are live in such files.
    ///
    /// A file without an ending is text. `None` means that the file is copied as it is:
    /// source code, Markdown, an ending that nobody knows.
    pub fn of_file_name(name: &str) -> Option<Self> {
        if name == ".env" || name.starts_with(".env.") {
            return Some(Self::Dotenv);
        }
        let stem = name.strip_prefix('.').unwrap_or(name);
        let Some((_, extension)) = stem.rsplit_once('.') else { return Some(Self::Text) };
        let extension = extension.to_ascii_lowercase();
        FORMATS.iter().find(|info| info.extensions.contains(&&*extension)).map(|info| info.format)
    }

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|info| info.format == self).map_or("text", |info| info.name)
    }

    /// What people call it in a sentence: `YAML`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
            Self::Json => "JSON",
            Self::Dotenv => "dotenv",
            Self::Text => "text",
        }
    }

    /// Hands every event of `text` to `sink`, in file order.
    ///
    /// # Errors
    /// The first place where `text` is not valid; the events before it have been handed over.
    pub fn parse<'s>(self, text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
        match self {
            Self::Yaml => yaml::parse(text, sink),
            Self::Toml => toml::parse(text, sink),
            Self::Json => json::parse(text, sink),
            Self::Dotenv => dotenv::parse(text, sink),
            Self::Text => text::parse(text, sink),
        }
    }

    /// Hands over what is worth a look, and returns whether `text` is valid for sure.
    ///
    /// If it is not sure, what has been handed over is void and [`Format::parse`] decides.
    pub(crate) fn sight<'s>(
        self,
        text: &'s str,
        sigils: Sightings<'_>,
        sink: &mut dyn FnMut(Sight<'s>),
    ) -> bool {
        match self {
            Self::Yaml => yaml::sight(text, sigils, &mut |string| sink(Sight::String(string))),
            Self::Json => json::sight(text, sigils, &mut |string| sink(Sight::String(string))),
            Self::Toml => toml::sight(text, sigils, &mut |event| sink(Sight::Event(event))),
            Self::Dotenv => dotenv::sight(text, sigils, &mut |event| sink(Sight::Event(event))),
            Self::Text => false,
        }
    }

    /// Hands over the same events, read by another parser than [`Format::parse`] takes, as far as that costs little.
    ///
    /// A proof is worth more if what it reads a text with is not what the text was found and written with.
    ///
    /// # Errors
    /// As [`Format::parse`].
    pub fn parse_again<'s>(self, text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
        match self {
            Self::Yaml if text.len() <= LONGEST_READ_FULLY => yaml::parse_fully(text, sink),
            _ => self.parse(text, sink),
        }
    }

    /// Whether a string can spell a letter in another way than by itself.
    pub(crate) fn has_escapes(self) -> bool {
        matches!(self, Self::Yaml | Self::Toml | Self::Json)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Decodes the string that stands at `token.span` of `text`, with the map back into the source.
///
/// `None` if this crate's own decoder and the format's parser disagree about what it says;
/// such a scalar is not safe to splice into.
pub fn decode(text: &str, token: &Token<'_>) -> Option<Decoded> {
    let agrees = |decoded: &Decoded| decoded.text == token.text;
    let decoded = decode_raw(text, &token.span, token.style, None)?;
    if agrees(&decoded) || decoded.block_indent == 0 {
        return Some(decoded).filter(agrees);
    }
    // A block with an indentation indicator may begin each line with blanks of its own.
    (1..decoded.block_indent)
        .rev()
        .filter_map(|indent| decode_raw(text, &token.span, token.style, Some(indent)))
        .find(agrees)
}

/// Decodes the string of this style that stands at `span` of `text`.
///
/// For a YAML block, `indent` says how many blanks stand before its text; by default the block itself tells.
pub fn decode_raw(text: &str, span: &crate::Span, style: Style, indent: Option<usize>) -> Option<Decoded> {
    let raw = text.get(span.clone())?;
    match style {
        Style::YamlPlain | Style::YamlSingle | Style::YamlDouble => yaml::decode_flow(raw, span.start, style),
        Style::YamlLiteral | Style::YamlFolded => yaml::decode_block(text, span, indent),
        Style::TomlBare | Style::EnvBare | Style::Text => Some(Decoded::verbatim(raw, span.start)),
        Style::TomlBasic | Style::TomlLiteral | Style::TomlMultiBasic | Style::TomlMultiLiteral => {
            toml::decode(raw, span.start, style)
        }
        Style::Json => json::decode(raw, span.start),
        Style::EnvSingle | Style::EnvDouble | Style::EnvBacktick => {
            let inner = raw.get(1..raw.len().checked_sub(1)?)?;
            Some(Decoded::verbatim(inner, span.start + 1))
        }
    }
}

/// Reads `digits` hexadecimal digits at `at` of `raw`.
fn hex(raw: &str, at: usize, digits: usize) -> Option<u32> {
    let text = raw.get(at..at + digits)?;
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
}

/// Reads the code behind `\u` at `at`, a surrogate pair included: the character and where it ends.
fn utf16_escape(raw: &str, at: usize) -> Option<(char, usize)> {
    let first = hex(raw, at, 4)?;
    if (0xD800..0xDC00).contains(&first) && raw.get(at + 4..at + 6) == Some("\\u") {
        let second = hex(raw, at + 6, 4)?;
        let code = 0x1_0000 + ((first - 0xD800) << 10) + second.checked_sub(0xDC00)?;
        return Some((char::from_u32(code)?, at + 10));
    }
    Some((char::from_u32(first)?, at + 4))
}

#[cfg(test)]
pub(crate) mod testing {
    //! One check for every format: spans, styles, and the decoder against the parser.

    use super::*;

    /// Parses `text` and describes its scalars, checking each one's span and decoder.
    pub(crate) fn scalars(format: Format, text: &str) -> Vec<(Style, String, String)> {
        let mut found = Vec::new();
        let result = format.parse(text, &mut |event| {
            if let Event::Scalar(token) = event {
                let decoded = decode(text, &token).unwrap_or_else(|| {
                    panic!("decoder and parser disagree on {:?}: {:?}", &text[token.span.clone()], token.text)
                });
                for (part, source) in decoded.parts() {
                    assert!(text.is_char_boundary(source.start) && text.is_char_boundary(source.end));
                    if !part.is_empty() {
                        assert_eq!(decoded.source_span(&part), source, "the map leads back");
                    }
                    let (says, spells) = (&decoded.text[part.clone()], &text[source.clone()]);
                    // A part is spelled by itself, by an escape or a doubled quote, or by a line break.
                    assert!(
                        says == spells
                            || spells.starts_with(['\\', '\n', '\r', '\'', ' ', '\t'])
                            || spells.is_empty(),
                        "{says:?} by {spells:?}"
                    );
                }
                found.push((token.style, text[token.span.clone()].to_owned(), decoded.text));
            }
        });
        result.unwrap_or_else(|error| panic!("{format} does not parse {text:?}: {error:?}"));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_say_the_format() {
        for (name, format) in [
            ("app.yaml", Some(Format::Yaml)),
            ("APP.YML", Some(Format::Yaml)),
            ("Cargo.toml", Some(Format::Toml)),
            ("settings.jsonc", Some(Format::Json)),
            (".env", Some(Format::Dotenv)),
            (".env.production", Some(Format::Dotenv)),
            ("prod.env", Some(Format::Dotenv)),
            ("nginx.conf", Some(Format::Text)),
            ("Dockerfile", Some(Format::Text)),
            (".npmrc", Some(Format::Text)),
            ("main.rs", None),
            ("README.md", None),
            ("logo.png", None),
        ] {
            assert_eq!(Format::of_file_name(name), format, "{name}");
        }
    }
}
