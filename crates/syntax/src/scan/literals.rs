//! Finds the values that stand in the clear at some places.

use super::walker::Walker;
use super::{ignored_lines, is_in_line};
use crate::{Code, Event, KeyPath, Scan, Source, Span};

/// A value that stands, or may stand in part, in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The value with its quotes. Nothing of it may be shown, nor its length.
    pub span: Span,
    /// The key that it stands behind; none for an element of a list.
    pub key: Option<Span>,
    /// The way to it.
    pub path: KeyPath,
    /// What is a reference in it, or has been told of, in order. A value without any is all in the clear.
    pub inside: Vec<Span>,
}

/// Finds the strings and numbers at the places that `is_wanted` names.
///
/// What is empty is no secret, and neither is what another program replaces: a variable, an expression of a template, a
/// value with a tag of its own. A text that is not valid in its format has none.
pub fn literals(source: &Source, scan: &Scan, is_wanted: &dyn Fn(&KeyPath) -> bool) -> Vec<Literal> {
    let text = source.text();
    let ignored = ignored_lines(source);
    let references = scan.references.iter().map(|reference| &reference.span);
    // A reference without quotes is told with all of its value, which may be more.
    let problems = scan.diagnostics.iter().filter_map(|told| Some((told.code, &told.label.as_ref()?.span)));
    let is_known = |(code, span): &(Code, &Span)| {
        *code != Code::UnquotedReference || is_one_reference(source.slice(span))
    };
    let problems = problems.filter(is_known).map(|(_, span)| span);
    let mut known: Vec<&Span> = references.chain(problems).collect();
    known.sort_by_key(|span| span.start);
    let inside = |span: &Span| -> Vec<Span> {
        // A reference may begin before its name: with a tag, or as a map of one pair.
        let first = known.partition_point(|other| other.end <= span.start);
        let mut inside: Vec<Span> = Vec::new();
        for other in known[first..].iter().take_while(|other| other.start < span.end) {
            match inside.last_mut() {
                // A filter that does not exist lies in its reference.
                Some(last) if other.start <= last.end => last.end = last.end.max(other.end.min(span.end)),
                _ => inside.push(other.start.max(span.start)..other.end.min(span.end)),
            }
        }
        inside
    };
    let mut walker = Walker::default();
    let mut key: Option<Span> = None;
    let mut found = Vec::new();
    let mut see = |span: Span, key: Option<Span>, path: KeyPath, is_value: bool| {
        if is_wanted(&path) && !is_in_line(source, &ignored, span.start) {
            let inside = inside(&span);
            if is_value || !inside.is_empty() {
                found.push(Literal { span, key, path, inside });
            }
        }
    };
    let parsed = source.format().parse(text, &mut |event| match event {
        Event::Scalar(token) => {
            walker.scalar(token.is_key, || token.text.clone());
            if token.is_key {
                key = Some(token.span.clone());
            } else {
                let has_own_tag =
                    token.properties.tag.as_deref().is_some_and(|tag| !tag.starts_with(CORE_TAGS));
                let key = key.take();
                if !has_own_tag {
                    let is_value = is_value(&token.text);
                    see(token.span, key, walker.path(), is_value);
                }
            }
        }
        event => {
            walker.take(&event);
            let key = key.take();
            if let Event::Fixed(fixed) = event
                && fixed.bytes().any(|byte| byte.is_ascii_digit())
                && !fixed.starts_with(['*', '&'])
            {
                let start = fixed.as_ptr().addr() - text.as_ptr().addr();
                see(start..start + fixed.len(), key, walker.path(), true);
            }
        }
    });
    if parsed.is_ok() { found } else { Vec::new() }
}

/// Whether an unquoted value is no more than a reference, in brackets of a list or not.
pub fn is_one_reference(written: &str) -> bool {
    let opens = written.starts_with(['{', '$', '[']);
    opens
        && written.split_once('}').is_some_and(|(_, behind)| behind.trim_matches(['}', ']', ' ']).is_empty())
}

/// The tags that say no more than what kind of value it is.
const CORE_TAGS: &str = "tag:yaml.org,2002:";

/// Whether a text is a value, and not a place for one that another program fills in.
fn is_value(text: &str) -> bool {
    let text = text.trim();
    let is_plain_word = matches!(text, "" | "~" | "null" | "Null" | "NULL" | "true" | "false");
    let opens = ["${", "$(", "{{", "<%", "ENC[", "op://", "ref+", "!", "$ANSIBLE_VAULT", "secret://"];
    let is_variable = text
        .strip_prefix('$')
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let is_angled = text.starts_with('<') && text.ends_with('>');
    !is_plain_word && !is_variable && !is_angled && !opens.iter().any(|open| text.starts_with(open))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialects, Format, scan};

    fn check(format: Format, text: &str, expected: &[&str]) {
        let source = Source::new("x", text, format);
        let found = scan(&source, &Dialects::default());
        let wanted = |path: &KeyPath| path.to_string().contains("key");
        let literals = literals(&source, &found, &wanted);
        let told: Vec<String> = literals
            .iter()
            .filter(|one| one.inside.is_empty())
            .map(|one| {
                let key = one.key.as_ref().map_or("", |key| source.slice(key));
                format!("{key}={}", source.slice(&one.span))
            })
            .collect();
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn values_in_the_clear_are_found_and_nothing_else() {
        check(
            Format::Yaml,
            "key: abc\nother: x\na: {key: 'q', n: 1}\nl:\n- key: 12\n",
            &["key=abc", "key='q'", "key=12"],
        );
        check(Format::Yaml, "key: |\n  a\n  b\nz: 1\n", &["key=|\n  a\n  b"]);
        check(Format::Yaml, "keys:\n- abc\n- '{secret:x}'\n- \"{secret: y}\"\n", &["=abc"]);
        check(Format::Yaml, "key: abc # redeem: ignore\n# redeem: ignore\nkey2: x\n", &[]);
        for text in ["", "''", "null", "true", "~", "${X}", "$X", "{{ x }}", "!vault abc", "<your key>", "*a"]
        {
            check(Format::Yaml, &format!("a: &a 1\nkey: {text:?}\n").replace('"', ""), &[]);
        }
        check(Format::Yaml, "key: [\n", &[]);
        let (text, dialects) =
            ("key: {from_secret: x}\n", Dialects::from_words(["+from-secret"]).expect("a dialect"));
        let source = Source::new("x", text, Format::Yaml);
        let literals = literals(&source, &scan(&source, &dialects), &|_| true);
        assert!(matches!(&literals[..], [one] if !one.inside.is_empty()), "{literals:?}");
        check(Format::Toml, "[t]\nkey = \"a\"\nkey2 = 5\nkey3 = true\n", &["key=\"a\"", "key2=5"]);
        check(
            Format::Json,
            "{\"key\": \"a\", \"x\": {\"key\": [1, \"b\"]}}",
            &["\"key\"=\"a\"", "=1", "=\"b\""],
        );
        check(Format::Dotenv, "key=abc\nexport key2='x'\nkey3=\n", &["key=abc", "key2='x'"]);
    }
}
