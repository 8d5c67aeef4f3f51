//! JSON text becomes a tree: strictly, with spans, one pass.

use std::collections::HashSet;
use std::ops::Range;

use crate::sops::node::{Container, Entry, Item, Kind, Node, Trouble};
use crate::sops::{DEEPEST, Plain, number};

/// Reads `text`, whose root is an object and behind which nothing stands.
pub(in crate::sops) fn read(text: &str) -> Result<Vec<Node>, Trouble> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.blanks();
    if reader.peek() != Some(b'{') {
        return Err(reader.trouble("expected an object: `{`"));
    }
    let root = reader.value()?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.trouble("something stands behind the object"));
    }
    Ok(vec![root])
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn trouble(&self, message: &'static str) -> Trouble {
        Trouble { at: self.at, message: message.into() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, Trouble> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{' | b'[') => self.container()?,
            Some(b'"') => Kind::Leaf(Plain::str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn word(&mut self) -> Result<Kind, Trouble> {
        let words = [("true", 4), ("false", 5), ("null", 4)];
        let found = words.into_iter().find(|(word, _)| self.text[self.at..].starts_with(word));
        let Some((word, length)) = found else { return Err(self.trouble("expected a value")) };
        self.at += length;
        Ok(if word == "null" { Kind::Null } else { Kind::Leaf(Plain::bool(word == "true")) })
    }

    fn container(&mut self) -> Result<Kind, Trouble> {
        let is_list = self.peek() == Some(b'[');
        let end = if is_list { b']' } else { b'}' };
        if self.depth >= DEEPEST {
            return Err(self.trouble("objects and arrays are nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        let mut items = Vec::new();
        let mut keys = HashSet::new();
        self.blanks();
        if self.peek() != Some(end) {
            loop {
                self.blanks();
                let start = self.at;
                let key = if is_list { None } else { Some(self.key(&mut keys)?) };
                self.blanks();
                let value = self.value()?;
                items.push(match key {
                    None => Item::element(start, value),
                    key => Item::Entry(Entry { key, start, value }),
                });
                self.blanks();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(byte) if byte == end => break,
                    _ => return Err(self.trouble("expected a comma or the closing bracket")),
                }
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Kind::Container(Container { is_list, is_flow: true, items }))
    }

    fn key(&mut self, keys: &mut HashSet<String>) -> Result<(String, Range<usize>), Trouble> {
        let start = self.at;
        let key = self.string()?;
        if !keys.insert(key.clone()) {
            // Go's reader takes both, and which one a program then sees is anyone's guess.
            return Err(Trouble { at: start, message: "the same key a second time".into() });
        }
        let span = start..self.at;
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.trouble("expected a colon"));
        }
        self.at += 1;
        Ok((key, span))
    }

    fn string(&mut self) -> Result<String, Trouble> {
        if self.peek() != Some(b'"') {
            return Err(self.trouble("expected a string"));
        }
        self.at += 1;
        let mut said = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(stop) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)) else {
                return Err(self.trouble("a string without an end"));
            };
            said.push_str(&self.text[self.at..self.at + stop]);
            self.at += stop;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(said);
                }
                Some(b'\\') => said.push(self.escape()?),
                _ => return Err(self.trouble("a control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Trouble> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let said = match letter {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'u') => return self.unicode(),
            _ => return Err(self.trouble("an unknown escape")),
        };
        self.at += 2;
        Ok(said)
    }

    /// Reads `\uXXXX`, and two of them for what is beyond 16 bits. A half of such a pair is refused: Go would
    /// quietly put U+FFFD in its place.
    fn unicode(&mut self) -> Result<char, Trouble> {
        let first = self.hex(self.at + 2)?;
        if (0xD800..0xDC00).contains(&first) && self.text.as_bytes()[self.at + 6..].starts_with(b"\\u") {
            let second = self.hex(self.at + 8)?;
            if (0xDC00..0xE000).contains(&second) {
                self.at += 12;
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(code).ok_or_else(|| self.trouble("an unknown escape"));
            }
        }
        let said = char::from_u32(first).ok_or_else(|| self.trouble("half a surrogate pair"))?;
        self.at += 6;
        Ok(said)
    }

    fn hex(&self, at: usize) -> Result<u32, Trouble> {
        let digits =
            self.text.as_bytes().get(at..at + 4).filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let text = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        text.and_then(|text| u32::from_str_radix(text, 16).ok())
            .ok_or_else(|| self.trouble("expected four hexadecimal digits"))
    }

    /// Reads a number: `int` where it fits into 64 bits, as since `sops` 3.13.2, and `float` where not.
    fn number(&mut self) -> Result<Kind, Trouble> {
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let text = &rest[..length];
        if !is_number(text) {
            return Err(self.trouble("not a number of JSON"));
        }
        let plain = match number::parse_int(text) {
            Some(whole) => Plain::int(whole),
            None => Plain::float(
                number::parse_float(text).ok_or_else(|| self.trouble("a number beyond all bounds"))?,
            ),
        };
        self.at += length;
        Ok(Kind::Leaf(plain))
    }
}

/// The grammar of RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.starts_with('0')) {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "[]",
            "{",
            "{}x",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":+1}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":1,\"a\":2}",
            "{\"a\" 1}",
            "{\"a\":nul}",
            "// c\n{}",
            "{\"a\":1e999}",
            "{\"a\":\"\\u12",
            "\u{FEFF}{}",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(read(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn values_have_their_types_and_places() {
        let text =
            "{\"a\": [1, 1.50, true, null, \"\\ud83d\\ude00\\n\"], \"b\": 1e2, \"c\": 9223372036854775808}";
        let root = read(text).expect("valid").remove(0);
        let root = root.container().expect("an object");
        let list = root.entry("a").expect("a").value.container().expect("a list");
        let told: Vec<_> = list
            .entries()
            .map(|entry| (&text[entry.value.span.clone()], entry.value.text().unwrap_or("-")))
            .collect();
        assert_eq!(
            told,
            [("1", "1"), ("1.50", "1.5"), ("true", "True"), ("null", "-"), ("\"\\ud83d\\ude00\\n\"", "😀\n")]
        );
        assert_eq!(root.entry("b").expect("b").value.text(), Some("100"));
        assert_eq!(root.entry("c").expect("c").value.text(), Some("9223372036854776000"));
    }
}
