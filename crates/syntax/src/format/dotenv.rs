//! dotenv: `KEY=value` lines, as `sh`, python-dotenv and Node's dotenv read them.
//!
//! The readers differ in what they make of escapes, so the text between quotes
//! is taken as it stands; the encoder sees to it that all of them agree.

use std::borrow::Cow;

use super::next_of::next_of;
use crate::event::Properties;
use crate::sigil::Sightings;
use crate::{Event, Span, Style, SyntaxError, Token};

/// Hands every event of `text` to `sink`. Lines of no known form are handed over as they are.
#[expect(clippy::unnecessary_wraps, reason = "all formats share one signature")]
pub(super) fn parse<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    sink(Event::Open { is_list: false, is_flow: false, properties: Properties::default(), at: 0 });
    let mut at = text.len() - text.trim_start_matches('\u{FEFF}').len();
    while at < text.len() {
        at = entry(text, at, sink);
    }
    sink(Event::Close { end: None });
    Ok(())
}

/// Hands over the events of the entries that hold a sigil, and of those that are not surely one line.
pub(super) fn sight<'s>(text: &'s str, mut sigils: Sightings<'_>, sink: &mut dyn FnMut(Event<'s>)) -> bool {
    let bytes = text.as_bytes();
    sink(Event::Open { is_list: false, is_flow: false, properties: Properties::default(), at: 0 });
    let mut at = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let mut next = sigils.next(at);
    while let Some(sigil) = next {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found);
        at = if sigil >= end && is_simple(&bytes[at..end]) {
            (end + 1).min(bytes.len())
        } else {
            entry(text, at, sink)
        };
        if at > sigil {
            next = sigils.next(at);
        }
    }
    sink(Event::Close { end: None });
    true
}

/// Whether a line is an entry of its own: it has no quotes, or a text in them that takes all of the value.
fn is_simple(line: &[u8]) -> bool {
    let key = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let [b'=', quote @ (b'"' | b'\'' | b'`'), rest @ ..] = &line[key..] else {
        return memchr::memchr3(b'"', b'\'', b'`', line).is_none();
    };
    let end = next_of(rest, 0, [*quote, b'\\']);
    key > 0 && rest.get(end) == Some(quote) && matches!(&rest[end + 1..], [] | [b'\r'])
}

/// Reads one entry at `at`, which may span several lines, and returns where the next begins.
fn entry<'s>(text: &'s str, at: usize, sink: &mut dyn FnMut(Event<'s>)) -> usize {
    let line_end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |found| at + found);
    let next_line = (line_end + 1).min(text.len());
    let line = text[at..line_end].trim_end_matches('\r');
    let indented = line.trim_start_matches([' ', '\t']);
    let start = at + line.len() - indented.len();
    if indented.is_empty() {
        return next_line;
    }
    if indented.starts_with('#') {
        sink(Event::Comment(start..at + line.len()));
        return next_line;
    }
    let body = indented
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map_or(indented, |rest| rest.trim_start_matches([' ', '\t']));
    let key_start = at + line.len() - body.len();
    let Some(equals) = body.find('=').filter(|&equals| is_key(body[..equals].trim_end())) else {
        sink(Event::Fixed(line));
        return next_line;
    };
    let key = body[..equals].trim_end();
    sink(token(text, key_start..key_start + key.len(), Style::EnvBare, true));
    let value = body[equals + 1..].trim_start_matches([' ', '\t']);
    let value_start = at + line.len() - value.len();
    let quoted = match value.as_bytes().first() {
        Some(b'\'') => closing(text, value_start, b'\'').map(|end| (end, Style::EnvSingle)),
        Some(b'"') => closing(text, value_start, b'"').map(|end| (end, Style::EnvDouble)),
        Some(b'`') => closing(text, value_start, b'`').map(|end| (end, Style::EnvBacktick)),
        _ => None,
    };
    let (end, style) = quoted.unwrap_or_else(|| {
        (value_start + bare_value(value, value.len() < body.len() - equals - 1).len(), Style::EnvBare)
    });
    sink(token(text, value_start..end, style, false));
    let line_end = memchr::memchr(b'\n', &text.as_bytes()[end..]).map_or(text.len(), |found| end + found);
    let rest = text[end..line_end].trim_end_matches('\r');
    let comment = rest.trim_start_matches([' ', '\t']);
    if comment.starts_with('#') {
        sink(Event::Comment(end + rest.len() - comment.len()..end + rest.len()));
    }
    (line_end + 1).min(text.len())
}

/// A key is a word; a reference in it may hold braces, dots and colons.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.{}:$".contains(c))
}

/// The end of the quoted text that opens at `start`, its closing quote included.
///
/// The line's end or a comment has to follow it. Text that goes on behind its quotes, as a shell allows, is
/// no quoted text here, but for `'it'\''s'`, a shell's way to write a quote.
fn closing(text: &str, start: usize, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote != b'\'' => at += 2,
            b'\'' if quote == b'\'' && text[at + 1..].starts_with("\\''") => at += 4,
            byte if byte == quote => return ends_value(&text[at + 1..]).then_some(at + 1),
            _ => at += 1,
        }
    }
}

fn ends_value(rest: &str) -> bool {
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let after = line.trim_start_matches([' ', '\t']);
    after.is_empty() || after.starts_with('#')
}

/// A value without quotes ends at the line's end, or at a blank before `#`.
fn bare_value(value: &str, follows_blank: bool) -> &str {
    let comment = value
        .match_indices('#')
        .find(|(at, _)| *at == 0 && follows_blank || value[..*at].ends_with([' ', '\t']));
    value[..comment.map_or(value.len(), |(at, _)| at)].trim_end_matches([' ', '\t'])
}

fn token(text: &str, span: Span, style: Style, is_key: bool) -> Event<'_> {
    let is_quoted = style != Style::EnvBare;
    let inner = if is_quoted { span.start + 1..span.end - 1 } else { span.clone() };
    Event::Scalar(Token {
        text: Cow::Borrowed(&text[inner]),
        span,
        style,
        is_key,
        in_flow: false,
        properties: Properties::default(),
    })
}

#[cfg(test)]
mod tests {
    use crate::format::testing::scalars;
    use crate::{Event, Format, Style};

    #[test]
    fn lines_of_all_kinds() {
        let text = concat!(
            "\u{FEFF}# c\r\nA=b c # d\r\nexport B='x # y' # z\nC=\"m\nn\\\"\"\nD=`q`\nE=\n",
            "no key here\nF=a#b\n  G = 'it\\'s'\nexport=1\nH='a' b\n"
        );
        let values: Vec<_> = scalars(Format::Dotenv, text)
            .chunks(2)
            .map(|pair| (pair[0].2.clone(), pair[1].0, pair[1].2.clone()))
            .collect();
        let expected = [
            ("A", Style::EnvBare, "b c"),
            ("B", Style::EnvSingle, "x # y"),
            ("C", Style::EnvDouble, "m\nn\\\""),
            ("D", Style::EnvBacktick, "q"),
            ("E", Style::EnvBare, ""),
            ("F", Style::EnvBare, "a#b"),
            ("G", Style::EnvBare, "'it\\'s'"),
            ("export", Style::EnvBare, "1"),
            ("H", Style::EnvBare, "'a' b"),
        ];
        assert_eq!(values, expected.map(|(key, style, value)| (key.to_owned(), style, value.to_owned())));
        let mut comments = Vec::new();
        let parsed = Format::Dotenv.parse(text, &mut |event| {
            if let Event::Comment(span) = event {
                comments.push(&text[span]);
            }
        });
        parsed.expect("dotenv always parses");
        assert_eq!(comments, ["# c", "# d", "# z"]);
    }
}
