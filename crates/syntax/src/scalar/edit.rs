//! An edit of what a string says, as an edit of the source that spells it.

use std::borrow::Cow;

use super::{Scalar, Style};
use crate::Span;

impl Scalar {
    /// The edit of `source` that puts `new` in the place of `range` of the scalar's text.
    ///
    /// Parts that stay keep their spelling. `None` if the scalar's style has no spelling for the new text. In a style
    /// without quotes the new text may mean something else to the format: whoever applies the edit reads it again.
    ///
    /// ```
    /// use redeem_syntax::{Dialects, Format, Source, scan};
    ///
    /// let source = Source::new("a.json", r#"{"k": "{secret:x | default(\"y\")}"}"#, Format::Json);
    /// let found = scan(&source, &Dialects::default());
    /// let scalar = &found.strings[0].scalar;
    /// let (span, text) = scalar.edit(source.text(), &(8..8), "a\"").expect("JSON spells any text");
    /// assert_eq!((source.slice(&(span.start - 1..span.start)), text.as_str()), (":", r#"a\""#));
    /// ```
    pub fn edit(&self, source: &str, range: &Span, new: &str) -> Option<(Span, String)> {
        let old = self.decoded.text.get(range.clone())?;
        let span = self.decoded.source_span(range);
        let is_plain = self.spelled(old).is_some_and(|old| source.get(span.clone()) == Some(&*old));
        if is_plain && !old.is_empty() {
            return Some((span, self.spelled(new)?.into_owned()));
        }
        // What is written in another way than ours keeps it as far as it stays.
        let same = |(a, b): &(char, char)| a == b;
        let length = |pairs: Vec<(char, char)>| pairs.iter().map(|(c, _)| c.len_utf8()).sum::<usize>();
        let first = length(old.chars().zip(new.chars()).take_while(same).collect());
        let (old, new) = (&old[first..], &new[first..]);
        let last = length(old.chars().rev().zip(new.chars().rev()).take_while(same).collect());
        let changed = range.start + first..range.end - last;
        let span = self.decoded.source_span(&changed);
        Some((span, self.spelled(&new[..new.len() - last])?.into_owned()))
    }

    /// How the scalar's style spells a text in the middle of it.
    fn spelled<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if self.style != Style::Text && text.contains(|c: char| c.is_control() && c != '\t') {
            return None;
        }
        let without = |sign: char| (!text.contains(sign)).then_some(Cow::Borrowed(text));
        match self.style {
            Style::Json | Style::YamlDouble | Style::TomlBasic | Style::TomlMultiBasic | Style::EnvDouble => {
                if !text.contains(['"', '\\', '\t']) {
                    return Some(text.into());
                }
                Some(text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").into())
            }
            Style::YamlSingle if text.contains('\'') => Some(text.replace('\'', "''").into()),
            Style::TomlLiteral | Style::TomlMultiLiteral | Style::EnvSingle => without('\''),
            Style::EnvBacktick => without('`'),
            // These take blanks for the end of a line, or of the value.
            Style::YamlSingle
            | Style::YamlPlain
            | Style::YamlLiteral
            | Style::YamlFolded
            | Style::TomlBare
            | Style::EnvBare
            | Style::Text => Some(text.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Dialects, Format, Source, scan};

    /// Applies the first fix of the first problem.
    fn fixed(format: Format, text: &str) -> String {
        let source = Source::new("x", text, format);
        let found = scan(&source, &Dialects::default());
        let fix = found.diagnostics.first().and_then(|told| told.fixes.first());
        let fix = fix.unwrap_or_else(|| panic!("{text}: {:?}", found.diagnostics));
        let fixed = [&text[..fix.span.start], &fix.replacement, &text[fix.span.end..]].concat();
        let again = scan(&Source::new("x", fixed.as_str(), format), &Dialects::default());
        assert!(again.is_valid && again.diagnostics.is_empty(), "{fixed}: {:?}", again.diagnostics);
        fixed
    }

    #[test]
    fn what_stays_keeps_its_spelling() {
        for (format, text, expected) in [
            (Format::Json, r#"{"a": "{secret: x}"}"#, r#"{"a": "{secret:x}"}"#),
            (Format::Json, r#"{"a": "\u007bsecret: x}"}"#, r#"{"a": "\u007bsecret:x}"}"#),
            (
                Format::Json,
                r#"{"a": "\u007bsecret: x | default(\"\u0041\")}"}"#,
                r#"{"a": "\u007bsecret:x | default(\"\u0041\")}"}"#,
            ),
            (
                Format::Json,
                r#"{"a": "{secret: x | default(\"y\")}"}"#,
                r#"{"a": "{secret:x | default(\"y\")}"}"#,
            ),
            (Format::Yaml, "a: '{secret: x | default(''y'')}'\n", "a: '{secret:x | default(''y'')}'\n"),
            (Format::Yaml, "a: \"${\\x73ecrets.x}\"\n", "a: \"${\\x73ecret.x}\"\n"),
            (Format::Toml, "a = '${secrets.x}'\n", "a = '${secret.x}'\n"),
            (Format::Toml, "a = \"\"\"\n\\u0024{secrets.x}\"\"\"\n", "a = \"\"\"\n\\u0024{secret.x}\"\"\"\n"),
            (Format::Dotenv, "A=\"x {secrets:y}\"\n", "A=\"x {secret:y}\"\n"),
            (Format::Yaml, "a: |\n  x\n  {SECRET:y}\n", "a: |\n  x\n  {secret:y}\n"),
            (Format::Yaml, "a: >-\n  {secret:y\n", "a: >-\n  {secret:y}\n"),
            (Format::Yaml, "a: ${secret. x }\n", "a: ${secret.x}\n"),
            (Format::Yaml, "a: Bearer $ secrets.x\n", "a: $ f'Bearer {secrets.x}'\n"),
            (Format::Yaml, "a: 'Bearer $ secrets.x'\n", "a: '$ f''Bearer {secrets.x}'''\n"),
            (Format::Toml, "a = \"Bearer $ secrets.x\"\n", "a = \"$ f'Bearer {secrets.x}'\"\n"),
            (Format::Yaml, "a: $\tsecrets.x\n", "a: $ secrets.x\n"),
        ] {
            assert_eq!(fixed(format, text), expected);
        }
    }
}
