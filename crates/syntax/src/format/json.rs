//! JSON and JSONC: strings with their byte spans, by `jsonc-parser`.

use jsonc_parser::ast::{ObjectPropName, StringLit, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

use super::utf16_escape;
use crate::event::Properties;
use crate::scalar::Decoded;
use crate::{Event, Style, SyntaxError, Token};

mod quick;
pub(super) use quick::sight;

/// Comments and trailing commas are read, as editors and compilers do; nothing else of JSON5 is.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Hands every event of `text` to `sink`. Nesting is limited to 512 by the parser.
pub(super) fn parse<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    // A byte order mark is not JSON, but files have it; spans are moved back behind it.
    let body = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let offset = text.len() - body.len();
    let wants_comments = memchr::memmem::find(body.as_bytes(), crate::event::IGNORE.as_bytes()).is_some();
    let comments =
        if wants_comments { CommentCollectionStrategy::Separate } else { CommentCollectionStrategy::Off };
    let collect = CollectOptions { comments, tokens: false };
    let parsed = parse_to_ast(body, &collect, &OPTIONS).map_err(|error| SyntaxError {
        span: error.range().start + offset..error.range().end + offset,
        message: error.kind().to_string().to_lowercase(),
    })?;
    for comment in parsed.comments.into_iter().flatten().flat_map(|(_, comments)| comments.to_vec()) {
        sink(Event::Comment(comment.range().start + offset..comment.range().end + offset));
    }
    if let Some(value) = parsed.value {
        emit(value, text, offset, sink);
    }
    Ok(())
}

fn emit<'s>(value: Value<'s>, text: &'s str, offset: usize, sink: &mut dyn FnMut(Event<'s>)) {
    match value {
        Value::StringLit(literal) => sink(string(literal, offset, false)),
        Value::Object(object) => {
            sink(open(false, object.range.start + offset));
            for property in object.properties {
                if let ObjectPropName::String(literal) = property.name {
                    sink(string(literal, offset, true));
                }
                emit(property.value, text, offset, sink);
            }
            sink(Event::Close { end: Some(object.range.end + offset) });
        }
        Value::Array(array) => {
            sink(open(true, array.range.start + offset));
            array.elements.into_iter().for_each(|element| emit(element, text, offset, sink));
            sink(Event::Close { end: Some(array.range.end + offset) });
        }
        Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => {
            let range = value.range();
            sink(Event::Fixed(&text[range.start + offset..range.end + offset]));
        }
    }
}

fn open<'s>(is_list: bool, at: usize) -> Event<'s> {
    Event::Open { is_list, is_flow: true, properties: Properties::default(), at }
}

fn string(literal: StringLit<'_>, offset: usize, is_key: bool) -> Event<'_> {
    Event::Scalar(Token {
        span: literal.range.start + offset..literal.range.end + offset,
        style: Style::Json,
        text: literal.value,
        is_key,
        in_flow: true,
        properties: Properties::default(),
    })
}

/// Decodes a string with its quotes (RFC 8259, section 7).
pub(super) fn decode(raw: &str, start: usize) -> Option<Decoded> {
    let mut decoded = Decoded::default();
    let end = raw.len().checked_sub(1).filter(|&end| end >= 1 && raw.is_char_boundary(end))?;
    let mut at = 1;
    while at < end {
        let next = memchr::memchr(b'\\', &raw.as_bytes()[at..end]).map_or(end, |found| at + found);
        decoded.push_verbatim(&raw[at..next], start + at);
        if next == end {
            break;
        }
        let (letter, after) = match raw.as_bytes().get(next + 1)? {
            b'n' => ('\n', next + 2),
            b't' => ('\t', next + 2),
            b'r' => ('\r', next + 2),
            b'b' => ('\u{8}', next + 2),
            b'f' => ('\u{C}', next + 2),
            same @ (b'"' | b'\\' | b'/') => (char::from(*same), next + 2),
            b'u' => utf16_escape(raw, next + 2)?,
            _ => return None,
        };
        decoded.push_spelled(letter.encode_utf8(&mut [0; 4]), start + next..start + after);
        at = after;
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use crate::format::testing::scalars;
    use crate::{Format, Style};

    #[test]
    fn strings_keys_and_escapes() {
        let text = "\u{FEFF}{ // c\n\"a\\u007b\\ud83d\\ude00\": [\"x\\n\", 1, {\"b\": \"\"},], /* d */ }";
        let found = scalars(Format::Json, text);
        let texts: Vec<_> = found.iter().map(|(_, raw, text)| (raw.as_str(), text.as_str())).collect();
        assert_eq!(
            texts,
            [("\"a\\u007b\\ud83d\\ude00\"", "a{😀"), ("\"x\\n\"", "x\n"), ("\"b\"", "b"), ("\"\"", "")]
        );
        assert!(found.iter().all(|(style, ..)| *style == Style::Json));
    }

    #[test]
    fn broken_and_deep_json_is_an_error_with_a_place() {
        let error = Format::Json.parse("{\"a\": }", &mut |_| {}).expect_err("broken");
        assert_eq!(error.span, 6..7);
        Format::Json.parse(&"[".repeat(100_000), &mut |_| {}).expect_err("too deep");
    }
}
