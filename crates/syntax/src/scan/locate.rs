//! Finds what stands at a key path.

use super::walker::Walker;
use crate::format::decode;
use crate::{Event, KeyPath, Scalar, Segment, Source, Span, SyntaxError, Token};

/// What stands at a key path of a text.
#[derive(Clone, Debug)]
pub enum Located {
    /// Nothing does.
    Nothing,
    /// Several things do: one in each of several documents.
    Several,
    /// A map or a list.
    Collection,
    /// A string, a number of YAML included.
    Scalar(Box<Scalar>),
    /// A string that is written in a way that cannot be edited safely.
    Odd(Span),
    /// A number, a truth value, a date, or an alias, by its text in the source.
    Fixed(Span),
}

/// Finds what stands at `path`, in which a number may be a list's position or a key.
///
/// ```
/// use redeem_syntax::{Format, KeyPath, Located, Source, locate};
///
/// let source = Source::new("a.yaml", "servers:\n- {name: a, key: 'x'}\n", Format::Yaml);
/// let path = KeyPath::parse("servers[0].key").expect("a path");
/// let Ok(Located::Scalar(found)) = locate(&source, &path) else { panic!("it is there") };
/// assert_eq!(source.slice(&found.span), "'x'");
/// ```
///
/// # Errors
/// The first place where the text is not valid.
pub fn locate(source: &Source, path: &KeyPath) -> Result<Located, SyntaxError> {
    let mut walker = Walker::default();
    let mut found = Located::Nothing;
    let text = source.text();
    let mut see = |located: Located| {
        found = if matches!(found, Located::Nothing) { located } else { Located::Several };
    };
    source.format().parse(text, &mut |event| match event {
        Event::Scalar(token) => {
            walker.scalar(token.is_key, || token.text.clone());
            if !token.is_key && path.leads_to(&walker.path()) {
                let span = token.span.clone();
                see(match decode(text, &token) {
                    Some(decoded) => Located::Scalar(Box::new(token.into_scalar(decoded))),
                    None => Located::Odd(span),
                });
            }
        }
        event => {
            walker.take(&event);
            match event {
                Event::Open { .. } | Event::HeaderEnd if path.leads_to(&walker.path()) => {
                    see(Located::Collection);
                }
                Event::Fixed(fixed) if path.leads_to(&walker.path()) => {
                    let start = fixed.as_ptr().addr() - text.as_ptr().addr();
                    see(Located::Fixed(start..start + fixed.len()));
                }
                _ => {}
            }
        }
    })?;
    Ok(found)
}

/// Hands over each value that is a string, with the number of its document, 0-based, and its path.
///
/// An error in the text ends it.
pub fn strings<'s>(source: &'s Source, sink: &mut dyn FnMut(usize, &Token<'s>, KeyPath)) {
    let mut walker = Walker::default();
    let mut documents = 0_usize;
    // What stands before an error is told; the error itself is told by a scan.
    let _ = source.format().parse(source.text(), &mut |event| match event {
        Event::Scalar(token) => {
            walker.scalar(token.is_key, || token.text.clone());
            if !token.is_key {
                sink(documents.saturating_sub(1), &token, walker.path());
            }
        }
        event => {
            documents += usize::from(matches!(event, Event::Document));
            walker.take(&event);
        }
    });
}

impl KeyPath {
    /// Reads a path as people write it: `a.b`, `list[0].c`, `list.0.c`, `"a key.with dots".c`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (index, after) = inside.split_once(']').ok_or("a `[` is not closed")?;
                segments
                    .push(Segment::Index(index.parse().map_err(|_| "between `[` and `]` stands no number")?));
                rest = after;
            } else {
                let (key, after) = if let Some(inside) = rest.strip_prefix('"') {
                    quoted_key(inside)?
                } else {
                    let end = rest.find(['.', '[']).unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                };
                if key.is_empty() && !rest.starts_with('"') {
                    return Err("a key is empty");
                }
                segments.push(Segment::Key(key));
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some("") => return Err("it ends in a dot"),
                Some(after) => rest = after,
                None if rest.is_empty() || rest.starts_with('[') => {}
                None => return Err("a dot is missing between two keys"),
            }
        }
        if segments.is_empty() { Err("it is empty") } else { Ok(Self(segments)) }
    }

    /// Whether this path, as somebody wrote it, is the way to a place.
    fn leads_to(&self, place: &Self) -> bool {
        let is_same = |(own, other): (&Segment, &Segment)| match (own, other) {
            (Segment::Key(key), Segment::Index(index)) => *key == index.to_string(),
            (own, other) => own == other,
        };
        self.0.len() == place.0.len() && self.0.iter().zip(&place.0).all(is_same)
    }
}

/// Reads a key in quotes, of which the opening one has been read: the key, and what stands behind the closing one.
///
/// A key is written as Rust writes a text: `\n`, `\t`, `\u{7f}`; any other sign behind a backslash is itself.
///
/// # Errors
/// When no quote closes it.
pub fn quoted_key(inside: &str) -> Result<(String, &str), &'static str> {
    let mut key = String::new();
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok((key, rest.as_str())),
            '\\' => match rest.next() {
                Some('n') => key.push('\n'),
                Some('r') => key.push('\r'),
                Some('t') => key.push('\t'),
                Some('0') => key.push('\0'),
                Some('u') => {
                    let (digits, after) = rest
                        .as_str()
                        .strip_prefix('{')
                        .and_then(|digits| digits.split_once('}'))
                        .ok_or("behind `\\u` stands no number in braces")?;
                    let number = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                    key.push(number.ok_or("behind `\\u` stands no character")?);
                    rest = after.chars();
                }
                other => key.extend(other),
            },
            c => key.push(c),
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    fn at(format: Format, text: &str, path: &str) -> String {
        let source = Source::new("x", text, format);
        match locate(&source, &KeyPath::parse(path).expect(path)).expect("valid") {
            Located::Scalar(scalar) => scalar.decoded.text,
            Located::Fixed(span) => format!("fixed {}", source.slice(&span)),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn paths_lead_to_their_places() {
        let yaml = "a: 1\nb:\n  - c: x\n  - [y, z]\n'd.e': {f: q}\n";
        let toml = "a = 1\nx.y = 's'\n[t]\nk = \"v\"\n[[l]]\nk = 'm'\n[[l]]\nk = 'n'\n";
        for (format, text, path, expected) in [
            (Format::Yaml, yaml, "a", "1"),
            (Format::Yaml, yaml, "b[0].c", "x"),
            (Format::Yaml, yaml, "b.1.1", "z"),
            (Format::Yaml, yaml, "\"d.e\".f", "q"),
            (Format::Yaml, yaml, "b", "Collection"),
            (Format::Yaml, yaml, "b[2]", "Nothing"),
            (Format::Yaml, "a: 1\n---\na: 2\n", "a", "Several"),
            (Format::Toml, toml, "a", "fixed 1"),
            (Format::Toml, toml, "x.y", "s"),
            (Format::Toml, toml, "t.k", "v"),
            (Format::Toml, toml, "l[1].k", "n"),
            (Format::Json, "{\"a\": [true, \"x\"]}", "a[0]", "fixed true"),
            (Format::Json, "{\"a\": [true, \"x\"]}", "a.1", "x"),
            (Format::Dotenv, "export A='x' # c\n", "A", "x"),
        ] {
            assert_eq!(at(format, text, path), expected, "{path} in {text}");
        }
    }

    #[test]
    fn what_is_no_path_is_told() {
        for text in ["", "a.", ".a", "a..b", "a[x]", "a[0", "\"a", "a[0]b", "\"a\"b"] {
            assert!(KeyPath::parse(text).is_err(), "{text}");
        }
        for text in ["a.b", "a[2].\"x.y\".b-c", "[0].a"] {
            assert_eq!(KeyPath::parse(text).expect(text).to_string(), text);
        }
    }
}
