//! TOML: strings with their byte spans, by `toml_parser`.

use std::borrow::Cow;

use toml_parser::decoder::Encoding;
use toml_parser::parser::{EventReceiver, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{ErrorSink, Expected, ParseError, Raw, Source, Span as TomlSpan};

use super::hex;
use crate::event::Properties;
use crate::scalar::Decoded;
use crate::{Event, Style, SyntaxError, Token};

/// How deep arrays and inline tables may nest.
const DEEPEST: u32 = 128;

mod quick;
pub(super) use quick::sight;

/// Hands every event of `text` to `sink`.
pub(super) fn parse<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    parse_piece(text, 0, sink)
}

/// Hands every event of a piece of a text to `sink`. It stands at `base`, which all offsets count.
fn parse_piece<'s>(text: &'s str, base: usize, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut error: Option<ParseError> = None;
    let mut receiver = Receiver { source, base, sink };
    let mut guarded = RecursionGuard::new(&mut receiver, DEEPEST);
    parse_document(&tokens, &mut ValidateWhitespace::new(&mut guarded, source), &mut error);
    let Some(error) = error else { return Ok(()) };
    let place = error.unexpected().or(error.context()).unwrap_or(TomlSpan::new_unchecked(0, 0));
    let mut message = error.description().to_owned();
    if let Some(expected) = error.expected().filter(|expected| !expected.is_empty()) {
        let words: Vec<_> = expected.iter().map(expected_words).collect();
        message = format!("{message}, expected {}", words.join(", "));
    }
    Err(SyntaxError { span: base + place.start()..base + place.end(), message })
}

fn expected_words(expected: &Expected) -> String {
    match expected {
        Expected::Literal(text) => format!("`{text}`"),
        Expected::Description(words) => (*words).to_owned(),
        _ => "something else".to_owned(),
    }
}

struct Receiver<'s, 'f> {
    source: Source<'s>,
    base: usize,
    sink: &'f mut dyn FnMut(Event<'s>),
}

impl<'s> Receiver<'s, '_> {
    fn open(&mut self, is_list: bool, span: TomlSpan) {
        (self.sink)(Event::Open {
            is_list,
            is_flow: true,
            properties: Properties::default(),
            at: self.base + span.start(),
        });
    }

    fn string(
        &mut self,
        span: TomlSpan,
        encoding: Option<Encoding>,
        is_key: bool,
        decode: impl FnOnce(&Raw<'s>, &mut Cow<'s, str>),
    ) {
        let raw = Raw::new_unchecked(&self.source.input()[span.start()..span.end()], encoding, span);
        let mut text = Cow::Borrowed("");
        decode(&raw, &mut text);
        let style = match encoding {
            None => Style::TomlBare,
            Some(Encoding::BasicString) => Style::TomlBasic,
            Some(Encoding::LiteralString) => Style::TomlLiteral,
            Some(Encoding::MlBasicString) => Style::TomlMultiBasic,
            Some(Encoding::MlLiteralString) => Style::TomlMultiLiteral,
        };
        (self.sink)(Event::Scalar(Token {
            span: self.base + span.start()..self.base + span.end(),
            style,
            text,
            is_key,
            in_flow: false,
            properties: Properties::default(),
        }));
    }
}

impl EventReceiver for Receiver<'_, '_> {
    fn std_table_open(&mut self, _: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::Header { is_array: false });
    }
    fn std_table_close(&mut self, _: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::HeaderEnd);
    }
    fn array_table_open(&mut self, _: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::Header { is_array: true });
    }
    fn array_table_close(&mut self, _: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::HeaderEnd);
    }
    fn inline_table_open(&mut self, span: TomlSpan, _: &mut dyn ErrorSink) -> bool {
        self.open(false, span);
        true
    }
    fn inline_table_close(&mut self, span: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::Close { end: Some(self.base + span.end()) });
    }
    fn array_open(&mut self, span: TomlSpan, _: &mut dyn ErrorSink) -> bool {
        self.open(true, span);
        true
    }
    fn array_close(&mut self, span: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::Close { end: Some(self.base + span.end()) });
    }
    fn simple_key(&mut self, span: TomlSpan, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        self.string(span, encoding, true, |raw, text| raw.decode_key(text, error));
    }
    fn scalar(&mut self, span: TomlSpan, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        if encoding.is_some() {
            self.string(span, encoding, false, |raw, text| {
                let _ = raw.decode_scalar(text, error);
            });
        } else {
            (self.sink)(Event::Fixed(&self.source.input()[span.start()..span.end()]));
        }
    }
    fn comment(&mut self, span: TomlSpan, _: &mut dyn ErrorSink) {
        (self.sink)(Event::Comment(self.base + span.start()..self.base + span.end()));
    }
}

/// Decodes a string with its quotes (TOML 1.1, sections «String» and «Keys»).
pub(super) fn decode(raw: &str, start: usize, style: Style) -> Option<Decoded> {
    let is_multi = matches!(style, Style::TomlMultiBasic | Style::TomlMultiLiteral);
    let has_escapes = matches!(style, Style::TomlBasic | Style::TomlMultiBasic);
    let quote = if is_multi { 3 } else { 1 };
    // A string of a broken file may lack its closing quotes.
    let end = raw.len().checked_sub(quote).filter(|&end| end >= quote && raw.is_char_boundary(end))?;
    let mut at = quote;
    if is_multi {
        // A line break right after the opening quotes is not part of the string.
        let trimmed = raw[at..].strip_prefix("\r\n").or_else(|| raw[at..].strip_prefix('\n'));
        at = trimmed.map_or(at, |rest| raw.len() - rest.len());
    }
    let mut decoded = Decoded::default();
    while at < end {
        let escape = if has_escapes { memchr::memchr(b'\\', &raw.as_bytes()[at..end]) } else { None };
        let next = escape.map_or(end, |found| at + found);
        decoded.push_verbatim(&raw[at..next], start + at);
        if next == end {
            break;
        }
        let code = |digits: usize| Some((char::from_u32(hex(raw, next + 2, digits)?)?, next + 2 + digits));
        let (letter, after) = match raw.as_bytes().get(next + 1)? {
            b'n' => ('\n', next + 2),
            b't' => ('\t', next + 2),
            b'r' => ('\r', next + 2),
            b'b' => ('\u{8}', next + 2),
            b'f' => ('\u{C}', next + 2),
            b'e' => ('\u{1B}', next + 2),
            same @ (b'"' | b'\\') => (char::from(*same), next + 2),
            b'x' => code(2)?,
            b'u' => code(4)?,
            b'U' => code(8)?,
            _ if is_multi => {
                // A backslash at the line's end swallows all blanks up to the next text.
                let rest = raw[next + 1..end].trim_start_matches([' ', '\t', '\r', '\n']);
                let after = end - rest.len();
                decoded.push_spelled("", start + next..start + after);
                at = after;
                continue;
            }
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
    fn strings_of_all_kinds_and_keys() {
        let text = concat!(
            "\u{FEFF}a.'b c'.\"d\\u0065\" = 'x\\y' # c\r\n",
            "[[t.u]]\r\ne = \"\"\"\r\nq \\\r\n  \\\"r\\U0001F600\"\"\"\"\r\nf = '''\ns't'''\n",
            "g = [1, {h = \"\\e\\x41\"}, 2020-01-01]\n"
        );
        let found: Vec<_> =
            scalars(Format::Toml, text).into_iter().map(|(style, _, text)| (style, text)).collect();
        let expected = [
            (Style::TomlBare, "a"),
            (Style::TomlLiteral, "b c"),
            (Style::TomlBasic, "de"),
            (Style::TomlLiteral, "x\\y"),
            (Style::TomlBare, "t"),
            (Style::TomlBare, "u"),
            (Style::TomlBare, "e"),
            (Style::TomlMultiBasic, "q \"r😀\""),
            (Style::TomlBare, "f"),
            (Style::TomlMultiLiteral, "s't"),
            (Style::TomlBare, "g"),
            (Style::TomlBare, "h"),
            (Style::TomlBasic, "\u{1b}A"),
        ];
        assert_eq!(found, expected.map(|(style, text)| (style, text.to_owned())));
    }

    #[test]
    fn broken_toml_is_an_error_with_a_place() {
        let error = Format::Toml.parse("a = \"x\nb = 1\n", &mut |_| {}).expect_err("unclosed");
        assert!(error.span.start <= 7, "{error:?}");
        Format::Toml.parse(&format!("a = {}", "[".repeat(100_000)), &mut |_| {}).expect_err("too deep");
    }
}
