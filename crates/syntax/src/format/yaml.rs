//! YAML: events with exact byte spans, by our own quick scanner or by `granit-parser`, which stays behind this file.

use std::borrow::Cow;

use granit_parser::{Event as Granit, Parser, ScalarStyle, StructureStyle, Tag, options};

use crate::event::Properties;
use crate::{Event, Span, Style, SyntaxError, Token};

mod decode;
mod quick;
pub(super) use decode::{decode_block, decode_flow};
pub(crate) use quick::parse as parse_quickly;
pub(super) use quick::sight;

/// Hands every event of `text` to `sink`.
///
/// The quick scanner reads what it is sure of; `granit-parser` decides about every other text.
pub(super) fn parse<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    if parse_quickly(text, sink) { Ok(()) } else { parse_fully(text, sink) }
}

/// Whether a comment may say something: nobody asks for the others.
fn tells_comments(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), crate::event::IGNORE.as_bytes()).is_some()
}

/// Hands every event of `text` to `sink` as `granit-parser` sees it.
///
/// Nesting is limited to 255 by the parser, and a simple key to 1,024 characters (YAML 1.2.2, 7.4).
pub(crate) fn parse_fully<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    let options = options! { emit_comments: tells_comments(text), max_buffered_comment_events: usize::MAX };
    let mut nesting = Nesting::default();
    let mut previous_end = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| syntax_error(text, &error))?;
        let span = span.byte_range().unwrap_or(previous_end..previous_end);
        match event {
            Granit::DocumentStart(is_explicit, _) => {
                nesting = Nesting::default();
                sink(Event::Document);
                if !is_explicit {
                    // It is told at the first token, which for a block is its content.
                    continue;
                }
            }
            Granit::SequenceStart(style, anchor, tag) => {
                nesting.open(true, style);
                sink(open(true, style, anchor, tag.as_deref(), span.start));
            }
            Granit::MappingStart(style, anchor, tag) => {
                nesting.open(false, style);
                sink(open(false, style, anchor, tag.as_deref(), span.start));
            }
            Granit::SequenceEnd | Granit::MappingEnd => {
                let is_flow = nesting.close();
                sink(Event::Close { end: is_flow.then_some(span.end) });
            }
            Granit::Scalar(value, style, anchor, tag) => {
                let is_key = nesting.next_is_key();
                let (style, whole) = match style {
                    ScalarStyle::Plain => (Style::YamlPlain, span.clone()),
                    ScalarStyle::SingleQuoted => (Style::YamlSingle, span.clone()),
                    ScalarStyle::DoubleQuoted => (Style::YamlDouble, span.clone()),
                    ScalarStyle::Literal => (Style::YamlLiteral, block_span(text, previous_end, &span)),
                    ScalarStyle::Folded => (Style::YamlFolded, block_span(text, previous_end, &span)),
                };
                let is_block = matches!(style, Style::YamlLiteral | Style::YamlFolded);
                let value = if is_block { without_implied_break(text, &whole, value) } else { value };
                sink(Event::Scalar(Token {
                    span: whole,
                    style,
                    text: value,
                    is_key,
                    in_flow: nesting.in_flow(),
                    properties: properties(anchor, tag.as_deref()),
                }));
            }
            Granit::Alias(_) => {
                nesting.next_is_key();
                sink(Event::Fixed(&text[span.clone()]));
            }
            Granit::Comment(..) => {
                sink(Event::Comment(span));
                // A comment beside a block's header is told after the block: it moves nothing.
                continue;
            }
            _ => {}
        }
        previous_end = previous_end.max(span.end.min(text.len()));
    }
    Ok(())
}

fn syntax_error(text: &str, error: &granit_parser::ScanError) -> SyntaxError {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    SyntaxError { span: at..end, message: error.info().to_lowercase() }
}

fn open<'s>(is_list: bool, style: StructureStyle, anchor: usize, tag: Option<&Tag>, at: usize) -> Event<'s> {
    Event::Open { is_list, is_flow: style == StructureStyle::Flow, properties: properties(anchor, tag), at }
}

fn properties(anchor: usize, tag: Option<&Tag>) -> Properties {
    Properties { anchor, tag: tag.map(Tag::to_string) }
}

/// Which collections are open, and whether the next node in them is a key.
#[derive(Default)]
struct Nesting(Vec<Level>);

struct Level {
    is_list: bool,
    is_flow: bool,
    key_is_next: bool,
}

impl Nesting {
    fn open(&mut self, is_list: bool, style: StructureStyle) {
        self.next_is_key();
        self.0.push(Level { is_list, is_flow: style == StructureStyle::Flow, key_is_next: true });
    }

    /// Leaves the innermost collection and says whether it is written with brackets.
    fn close(&mut self) -> bool {
        self.0.pop().is_some_and(|level| level.is_flow)
    }

    /// Takes the next node of the innermost collection and says whether it is a key.
    fn next_is_key(&mut self) -> bool {
        let Some(level) = self.0.last_mut().filter(|level| !level.is_list) else { return false };
        level.key_is_next = !level.key_is_next;
        !level.key_is_next
    }

    fn in_flow(&self) -> bool {
        self.0.last().is_some_and(|level| level.is_flow)
    }
}

/// The span of a block scalar from its header to the end of its last line with text.
///
/// The parser tells the content from behind its first indentation up to the next token;
/// the header stands on the last line with text before it, and not before the previous token.
fn block_span(text: &str, previous_end: usize, content: &Span) -> Span {
    let end = {
        let body = text[content.clone()].trim_end_matches([' ', '\t', '\r', '\n']);
        let from = content.start + body.len();
        let rest = &text[from..content.end];
        from + rest.find(['\n', '\r']).unwrap_or(rest.len())
    };
    let before =
        text[previous_end.min(content.start)..content.start].trim_end_matches([' ', '\t', '\r', '\n']);
    let line = previous_end + before.rfind('\n').map_or(0, |at| at + 1);
    let header_line = &text[line..previous_end + before.len()];
    let start = header_line
        .match_indices(['|', '>'])
        .find(|&(at, _)| is_header(&header_line[at..]) && is_apart(text, line + at))
        .map_or(content.start, |(at, _)| line + at);
    start..end
}

/// A block that the end of the file ends has no line break there, though some readers imply one.
fn without_implied_break<'s>(text: &str, span: &Span, value: Cow<'s, str>) -> Cow<'s, str> {
    if text[span.end..].contains('\n') || !value.ends_with('\n') {
        return value;
    }
    let kept = value.trim_end_matches('\n').len();
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(&value[..kept]),
        Cow::Owned(mut value) => {
            value.truncate(kept);
            Cow::Owned(value)
        }
    }
}

/// Whether `text` is a block header: indicators, then nothing or a comment (YAML 1.2.2, 8.1.1).
fn is_header(text: &str) -> bool {
    let rest = text[1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    text.len() - rest.len() <= 3
        && (rest.is_empty() || rest.starts_with([' ', '\t']) && rest.trim_start().starts_with(['#']))
        || rest.trim_matches([' ', '\t']).is_empty()
}

fn is_apart(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || before == '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use crate::format::testing::scalars;
    use crate::{Event, Format, Style};

    fn check(text: &str, expected: &[(Style, &str, &str)]) {
        let found = scalars(Format::Yaml, text);
        let found: Vec<_> =
            found.iter().map(|(style, raw, text)| (*style, raw.as_str(), text.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn plain_and_quoted_scalars_on_one_line_and_on_several() {
        use Style::{YamlDouble as D, YamlPlain as P, YamlSingle as S};
        check("a: b # c", &[(P, "a", "a"), (P, "b", "b")]);
        check("a: b\n  c\n\n  d\n", &[(P, "a", "a"), (P, "b\n  c\n\n  d", "b c\nd")]);
        check("- 'it''s'\n- 'a \n\n  b '\n", &[(S, "'it''s'", "it's"), (S, "'a \n\n  b '", "a\nb ")]);
        check(
            "- \"\\u007b\\x41\\t \\\n   x\\ \n  y \\N\"\r\n",
            &[(D, "\"\\u007b\\x41\\t \\\n   x\\ \n  y \\N\"", "{A\t x  y \u{85}")],
        );
        check("\u{FEFF}- \"\\uD83D\\uDE00\"\n", &[(D, "\"\\uD83D\\uDE00\"", "😀")]);
    }

    #[test]
    fn block_scalars_span_from_their_header_to_their_last_line() {
        use Style::{YamlFolded as F, YamlLiteral as L, YamlPlain as P};
        check("a: |\n  x\n  y\n", &[(P, "a", "a"), (L, "|\n  x\n  y", "x\ny\n")]);
        check(
            "- &b !t |-  # c | d\n\n    x\n   \n- z\n",
            &[(L, "|-  # c | d\n\n    x", "\nx"), (P, "z", "z")],
        );
        check(
            "'|': |+\r\n  x\r\n\r\nb: c",
            &[(Style::YamlSingle, "'|'", "|"), (L, "|+\r\n  x", "x\n\n"), (P, "b", "b"), (P, "c", "c")],
        );
        check(
            "a: >\n  x\n  y\n\n  z\n   more\n  w\n",
            &[(P, "a", "a"), (F, ">\n  x\n  y\n\n  z\n   more\n  w", "x y\nz\n more\nw\n")],
        );
        check(
            "a: |2\n    x\n   y\nb: c",
            &[(P, "a", "a"), (L, "|2\n    x\n   y", "  x\n y\n"), (P, "b", "b"), (P, "c", "c")],
        );
        check("|\n x", &[(L, "|\n x", "x")]);
        check("\u{FEFF}|-\nü\n", &[(L, "|-\nü", "ü")]);
    }

    #[test]
    fn keys_flow_and_tags_are_told() {
        let mut told = Vec::new();
        let parsed = Format::Yaml.parse("? [k]\n: v\na: {b: !!int 1, c: [*x, d]}\n", &mut |event| {
            if let Event::Scalar(token) = event {
                told.push((token.text.into_owned(), token.is_key, token.in_flow, token.properties.tag));
            }
        });
        let error = parsed.expect_err("*x is not defined");
        assert!(error.message.contains("anchor"), "{error:?}");
        let tag = Some("tag:yaml.org,2002:int".to_owned());
        assert_eq!(
            told[..6],
            [
                ("k".into(), false, true, None),
                ("v".into(), false, false, None),
                ("a".into(), true, false, None),
                ("b".into(), true, true, None),
                ("1".into(), false, true, tag),
                ("c".into(), true, true, None),
            ]
        );
    }

    #[test]
    fn a_block_without_its_header_is_not_decoded() {
        for text in ["😀\n x\n", "x", ""] {
            let decoded = crate::format::decode_raw(text, &(0..text.len()), Style::YamlLiteral, None);
            assert_eq!(decoded, None, "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            Format::Yaml.parse(&text, &mut |_| {}).expect_err("too deep");
        }
    }
}
