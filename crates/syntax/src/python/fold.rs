//! Computes an expression that says only a text: literals, f-strings of them, and `+`.

use super::fstring::{Field, Part};
use super::grammar::decode;
use super::lexer::{Kind, Token, lex};
use super::{QuoteKind, body};

/// The widest padding that is worked out, in characters.
const WIDEST: usize = 10_000;

/// What an expression string evaluates to, if that is a text and takes no more than joining texts.
///
/// ```
/// # use redeem_syntax::python::constant_text;
/// assert_eq!(constant_text("$ 'Bearer ' + f'{\"K1\":>4}'").as_deref(), Some("Bearer   K1"));
/// assert_eq!(constant_text("$ 'a'.upper()"), None);
/// ```
pub fn constant_text(text: &str) -> Option<String> {
    let lexed = lex(text, body(text)?);
    if lexed.stop.is_some() || !lexed.comments.is_empty() {
        return None;
    }
    sum(text, &lexed.tokens)
}

/// Terms with `+` between them, and nothing behind them.
fn sum(text: &str, tokens: &[Token]) -> Option<String> {
    let mut at = 0;
    let mut said = term(text, tokens, &mut at, 0)?;
    while at < tokens.len() {
        at = plus(text, tokens, at)?;
        said.push_str(&term(text, tokens, &mut at, 0)?);
    }
    Some(said)
}

fn plus(text: &str, tokens: &[Token], at: usize) -> Option<usize> {
    is_sign(text, tokens.get(at)?, "+").then_some(at + 1)
}

fn is_sign(text: &str, token: &Token, sign: &str) -> bool {
    matches!(token.kind, Kind::Operator) && &text[token.span.clone()] == sign
}

/// A bracketed sum, or string literals side by side.
fn term(text: &str, tokens: &[Token], at: &mut usize, depth: usize) -> Option<String> {
    if depth < super::MAX_DEPTH && is_sign(text, tokens.get(*at)?, "(") {
        *at += 1;
        let mut said = term(text, tokens, at, depth + 1)?;
        while !is_sign(text, tokens.get(*at)?, ")") {
            *at = plus(text, tokens, *at)?;
            said.push_str(&term(text, tokens, at, depth + 1)?);
        }
        *at += 1;
        return Some(said);
    }
    let mut said = None;
    while let Some(token) = tokens.get(*at) {
        match &token.kind {
            Kind::Text(quote, inner) if quote.kind == QuoteKind::Plain => {
                let part = literal(&text[inner.clone()], quote.raw)?;
                said.get_or_insert_with(String::new).push_str(&part);
            }
            Kind::Format(format) => {
                let part = parts(text, &format.parts, format.quote.raw)?;
                said.get_or_insert_with(String::new).push_str(&part);
            }
            _ => break,
        }
        *at += 1;
    }
    said
}

/// Python reads each line's end in a literal as one line feed.
fn literal(written: &str, is_raw: bool) -> Option<String> {
    let written = written.replace("\r\n", "\n").replace('\r', "\n");
    if is_raw { Some(written) } else { decode(&written) }
}

fn parts(text: &str, parts: &[Part], is_raw: bool) -> Option<String> {
    let mut said = String::new();
    for part in parts {
        said.push_str(&match part {
            Part::Text(span) => {
                let written = text[span.clone()].replace("{{", "{").replace("}}", "}");
                literal(&written, is_raw)?
            }
            Part::Field(field) => self::field(text, field)?,
        });
    }
    Some(said)
}

fn field(text: &str, field: &Field) -> Option<String> {
    let value = sum(text, &field.tokens)?;
    let conversion = text[field.head_end..].strip_prefix('!').filter(|_| field.conversion);
    let value = match conversion.and_then(|rest| rest.chars().next()) {
        None | Some('s') => value,
        Some(_) => repr(&value)?,
    };
    match field.spec.as_deref() {
        None | Some([]) => Some(value),
        Some([Part::Text(spec)]) => padded(&value, &text[spec.clone()]),
        Some(_) => None,
    }
}

/// `repr` of a text of ASCII characters; what shows as itself among others depends on Python's tables.
fn repr(value: &str) -> Option<String> {
    let quote = if value.contains('\'') && !value.contains('"') { '"' } else { '\'' };
    let mut said = String::from(quote);
    for c in value.chars() {
        match c {
            '\n' => said.push_str("\\n"),
            '\r' => said.push_str("\\r"),
            '\t' => said.push_str("\\t"),
            '\\' => said.push_str("\\\\"),
            c if c == quote => said.extend(['\\', c]),
            ' '..='~' => said.push(c),
            c if c.is_ascii() => said.push_str(&format!("\\x{:02x}", u32::from(c))),
            _ => return None,
        }
    }
    said.push(quote);
    Some(said)
}

/// Pads and cuts a text by a format spec: `[[fill]align][width][.precision][s]`.
fn padded(value: &str, spec: &str) -> Option<String> {
    let is_align = |c: &char| matches!(c, '<' | '>' | '^');
    let mut chars = spec.chars();
    let (first, second) = (chars.next(), chars.next());
    let (fill, align, rest) = match (first, second) {
        (Some(fill), Some(align)) if is_align(&align) => {
            (fill, align, &spec[fill.len_utf8() + align.len_utf8()..])
        }
        (Some(align), _) if is_align(&align) => (' ', align, &spec[1..]),
        _ => (' ', '<', spec),
    };
    let rest = rest.strip_suffix('s').unwrap_or(rest);
    let (width, precision) = rest.split_once('.').map_or((rest, None), |(width, rest)| (width, Some(rest)));
    let number = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse::<usize>().ok().filter(|&number| is_number && number <= WIDEST)
    };
    let width = if width.is_empty() { 0 } else { number(width)? };
    let value: String = match precision {
        Some(precision) => value.chars().take(number(precision)?).collect(),
        None => value.to_owned(),
    };
    let missing = width.saturating_sub(value.chars().count());
    let left = match align {
        '<' => 0,
        '>' => missing,
        _ => missing / 2,
    };
    let pad = |count: usize| std::iter::repeat_n(fill, count);
    Some(pad(left).chain(value.chars()).chain(pad(missing - left)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_text_through_and_through_folds() {
        for (expression, expected) in [
            ("$ 'K1'", Some("K1")),
            ("$ 'a' \"b\" + ('c' + 'd')", Some("abcd")),
            ("$ f'https://x/?k=K1{{}}'", Some("https://x/?k=K1{}")),
            ("$ f'{\"K1\":>6}|{\"K1\":*^5}|{\"K12\":.2}|{\"K\":3s}|'", Some("    K1|*K1**|K1|K  |")),
            ("$ f'{\"it\\'s\"!r}{'a'!s}'", Some("\"it's\"a")),
            ("$ '\\x41\\n' + r'\\n'", Some("A\n\\n")),
            ("$ '''a\r\nb'''", Some("a\nb")),
            ("$ f'{\"a\":=5}'", None),
            ("$ f'{\"a\":05}'", None),
            ("$ f'{\"é\"!r}'", None),
            ("$ f'{1}'", None),
            ("$ b'a'", None),
            ("$ 'a' * 2", None),
            ("$ 'a' +", None),
            ("$ ('a'", None),
            ("$ 'a', 'b'", None),
            ("$ x + 'a'", None),
            ("$ '\\N{DASH}'", None),
            ("$ 5", None),
            ("plain", None),
        ] {
            assert_eq!(constant_text(expression).as_deref(), expected, "{expression}");
        }
    }
}
