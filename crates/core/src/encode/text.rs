//! Text of no known structure: the user says how values are escaped, or plain ones are taken.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::{Escape, Spot, Unencodable, common_escape};

/// Splices each piece, escaped as the configuration says.
pub(super) fn encode(spot: &Spot<'_>, escape: Option<Escape>) -> Result<Zeroizing<String>, Unencodable> {
    let mut place = Place::default();
    for (before, piece) in spot.untouched().zip(spot.pieces) {
        check(&piece.text, escape).map_err(|problem| problem.of(piece))?;
        if let Some(escape) = escape {
            place.read(before, escape);
            place.check(escape).map_err(|problem| problem.of(piece))?;
        }
    }
    Ok(spot.splice(|piece, out| write(piece, escape, out)))
}

fn check(value: &str, escape: Option<Escape>) -> Result<(), Unencodable> {
    match escape {
        None if value
            .chars()
            .any(|c| c.is_control() || matches!(c, '"' | '\'' | '`' | '\u{2028}' | '\u{2029}')) =>
        {
            Err(Unencodable::new(
                "the value holds a quote, a line break or a control character, and this text has no known rules for them",
                "say `escape = \"none\"`, `\"xml\"`, `\"ini\"`, `\"shell\"`, `\"properties\"` or `\"hcl\"` for the file in `redeem.toml`, or add a filter such as `| base64`",
            ))
        }
        Some(Escape::Ini)
            if value.contains(|c: char| c.is_control() || matches!(c, '"' | ';' | '#'))
                || value.trim() != value =>
        {
            Err(Unencodable::new(
                "the value holds what an INI file cannot: a line break, a control character, `\"`, `;`, `#`, or blanks at an end",
                "add a filter such as `| base64`",
            ))
        }
        Some(Escape::Xml)
            if value.contains(|c: char| {
                c.is_control() && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{FFFE}' | '\u{FFFF}')
            }) =>
        {
            Err(Unencodable::new(
                "the value holds a control character, which XML 1.0 cannot",
                "add a filter such as `| base64`",
            ))
        }
        Some(Escape::Shell) if value.contains('\0') => Err(Unencodable::new(
            "the value holds a NUL, which no shell variable can",
            "add a filter such as `| base64`",
        )),
        _ => Ok(()),
    }
}

/// What the text before a reference means for it: read once, from one reference to the next.
#[derive(Default)]
struct Place {
    /// The quote that is open on the line.
    quote: Option<char>,
    /// Whether the line has a `=` or `:`.
    has_separator: bool,
    /// What ends the CDATA section or the comment that is open.
    closes: Option<&'static str>,
}

impl Place {
    /// Goes on over `text`, with the quotes that count for `escape`.
    fn read(&mut self, text: &str, escape: Escape) {
        if escape == Escape::Xml {
            return self.read_xml(text);
        }
        let quotes: &[char] = if escape == Escape::Shell { &['\'', '"'] } else { &['"'] };
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            match self.quote {
                _ if c == '\n' => *self = Self::default(),
                _ if c == '\\' && self.quote != Some('\'') => {
                    characters.next();
                }
                None if quotes.contains(&c) => self.quote = Some(c),
                Some(quote) if quote == c => self.quote = None,
                _ => self.has_separator |= c == '=' || c == ':',
            }
        }
    }

    fn read_xml(&mut self, text: &str) {
        let mut rest = text;
        loop {
            if let Some(close) = self.closes {
                let Some(at) = rest.find(close) else { return };
                rest = &rest[at + close.len()..];
                self.closes = None;
            }
            let opens = [("<![CDATA[", "]]>"), ("<!--", "-->")];
            let found =
                opens.iter().filter_map(|(open, close)| Some((rest.find(open)? + open.len(), *close)));
            let Some((at, close)) = found.min() else { return };
            rest = &rest[at..];
            self.closes = Some(close);
        }
    }

    /// Whether the escape is right here.
    fn check(&self, escape: Escape) -> Result<(), Unencodable> {
        match escape {
            Escape::Shell if self.quote.is_some() => Err(Unencodable::new(
                "this stands between quotes, and `escape = \"shell\"` brings its own",
                "leave out the quotes around the reference",
            )),
            Escape::Hcl if self.quote.is_none() => Err(Unencodable::new(
                "`escape = \"hcl\"` is for the inside of a string, and this stands outside of one",
                "put the reference between double quotes",
            )),
            Escape::Properties if !self.has_separator => Err(Unencodable::new(
                "`escape = \"properties\"` is for values, and this stands in a key",
                "write the key out",
            )),
            Escape::Xml if self.closes.is_some() => Err(Unencodable::new(
                "nothing can be escaped in a CDATA section or a comment of XML",
                "move the reference to ordinary text or an attribute",
            )),
            _ => Ok(()),
        }
    }
}

fn write(value: &str, escape: Option<Escape>, out: &mut String) {
    match escape {
        None | Some(Escape::None | Escape::Ini) => out.push_str(value),
        Some(Escape::Xml) => value.chars().for_each(|c| match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => push_code(out, format_args!("&#{};", u32::from(c))),
            c => out.push(c),
        }),
        Some(Escape::Shell) => {
            out.push('\'');
            out.push_str(&value.replace('\'', "'\\''"));
            out.push('\'');
        }
        Some(Escape::Properties) => {
            for (position, c) in value.chars().enumerate() {
                match c {
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    '\u{C}' => out.push_str("\\f"),
                    ' ' if position == 0 => out.push_str("\\ "),
                    ' '..='~' => out.push(c),
                    c => c
                        .encode_utf16(&mut [0; 2])
                        .iter()
                        .for_each(|unit| push_code(out, format_args!("\\u{unit:04x}"))),
                }
            }
        }
        Some(Escape::Hcl) => hcl(value, out),
    }
}

/// The inside of a quoted HCL template: `${` and `%{` open interpolations, doubled they do not.
fn hcl(value: &str, out: &mut String) {
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if common_escape(c).is_some() => out.push_str(common_escape(c).unwrap_or_default()),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => push_code(out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

fn push_code(out: &mut String, code: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(code);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_for_its_place() {
        for (escape, before, fits) in [
            (Escape::Shell, "c=", true),
            (Escape::Shell, "d='x' c=", true),
            (Escape::Shell, "c='", false),
            (Escape::Shell, "c=\"$(x) ", false),
            (Escape::Hcl, "c = \"a ", true),
            (Escape::Hcl, "c = <<EOT\n", false),
            (Escape::Properties, "a.b = ", true),
            (Escape::Properties, "x=1\n", false),
            (Escape::Xml, "<a><![CDATA[x]]></a><b>", true),
            (Escape::Xml, "<a><![CDATA[", false),
            (Escape::Xml, "<!-- a", false),
            (Escape::Xml, "<!-- a --> <![CDATA[ <!-- ]]> b", true),
        ] {
            let mut place = Place::default();
            place.read(before, escape);
            assert_eq!(place.check(escape).is_ok(), fits, "{escape:?} {before:?}");
        }
    }

    #[test]
    fn each_escape_writes_its_own_rules() {
        for (escape, value, expected) in [
            (None, "a b", Some("a b")),
            (None, "a\nb", None),
            (None, "it's", None),
            (Some(Escape::None), "a\n\"b", Some("a\n\"b")),
            (Some(Escape::Xml), "<&>'\"\n", Some("&lt;&amp;&gt;&apos;&quot;&#10;")),
            (Some(Escape::Xml), "\u{1}", None),
            (Some(Escape::Ini), "a=b", Some("a=b")),
            (Some(Escape::Ini), "a;b", None),
            (Some(Escape::Shell), "it's", Some("'it'\\''s'")),
            (Some(Escape::Properties), " a\\é😀\n", Some("\\ a\\\\\\u00e9\\ud83d\\ude00\\n")),
            (Some(Escape::Hcl), "${a}$$%{\"", Some("$${a}$$%%{\\\"")),
        ] {
            let written = check(value, escape).ok().map(|()| {
                let mut out = String::new();
                write(value, escape, &mut out);
                out
            });
            assert_eq!(written.as_deref(), expected, "{escape:?} {value:?}");
        }
    }
}
