//! A YAML or JSON text as a tree of texts, read by the parsers that find references.

use std::collections::HashSet;

use redeem_syntax::{Event, Format, Style, SyntaxError};
use zeroize::Zeroizing;

/// A node.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Keys and what is below them, in the order of the text.
    Map(Vec<(String, Tree)>),
    /// A list.
    List(Vec<Tree>),
    /// A string; in YAML also a number or a truth value, as it is written.
    Text(Zeroizing<String>),
    /// JSON: a number or a truth value, as it is written.
    Bare(String),
    /// Nothing.
    Null,
}

impl Tree {
    /// What is below a key of a map.
    pub(crate) fn below(&self, key: &str) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// The text that it is.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bare(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads all documents of a text.
///
/// # Errors
/// Where it is not valid, holds an alias, or holds a key twice: a value that only some readers see is none.
pub(crate) fn read(text: &str, format: Format) -> Result<Vec<Tree>, SyntaxError> {
    let mut builder = Builder { text, ..Builder::default() };
    format.parse(text, &mut |event| builder.take(event, format))?;
    match builder.problem {
        Some(problem) => Err(problem),
        None => Ok(builder.documents),
    }
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    documents: Vec<Tree>,
    /// The open collections, each with the key whose value comes next.
    open: Vec<(Tree, Option<String>)>,
    /// The keys of each of them.
    keys: Vec<HashSet<String>>,
    problem: Option<SyntaxError>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, format: Format) {
        match event {
            Event::Open { is_list, .. } => {
                let node = if is_list { Tree::List(Vec::new()) } else { Tree::Map(Vec::new()) };
                self.open.push((node, None));
                self.keys.push(HashSet::new());
            }
            Event::Close { .. } => {
                self.keys.pop();
                if let Some((node, _)) = self.open.pop() {
                    self.add(node);
                }
            }
            Event::Scalar(token) if token.is_key => {
                if self.keys.last_mut().is_some_and(|keys| !keys.insert(token.text.to_string())) {
                    self.refuse(token.span.clone(), "a key is there twice");
                }
                if let Some((_, key)) = self.open.last_mut() {
                    *key = Some(token.text.into_owned());
                }
            }
            Event::Scalar(token) => {
                let is_null = token.style == Style::YamlPlain
                    && matches!(&*token.text, "" | "~" | "null" | "Null" | "NULL");
                let text = Zeroizing::new(token.text.into_owned());
                self.add(if is_null { Tree::Null } else { Tree::Text(text) });
            }
            Event::Fixed("null") if format == Format::Json => self.add(Tree::Null),
            Event::Fixed(text) if format == Format::Json => self.add(Tree::Bare(text.to_owned())),
            Event::Fixed(alias) => {
                let start = alias.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
                self.refuse(start..start + alias.len(), "an alias cannot be followed here: write its value");
                self.add(Tree::Null);
            }
            _ => {}
        }
    }

    fn add(&mut self, node: Tree) {
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some((Tree::List(nodes), _)) => nodes.push(node),
            Some((Tree::Map(pairs), key)) => pairs.push((key.take().unwrap_or_default(), node)),
            Some(_) => {}
        }
    }

    fn refuse(&mut self, span: redeem_syntax::Span, message: &str) {
        self.problem.get_or_insert_with(|| SyntaxError { span, message: message.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Tree {
        Tree::Text(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn yaml_and_json_make_the_same_tree() {
        let expected = || {
            Tree::Map(vec![
                ("a".into(), text("x y")),
                ("b".into(), Tree::List(vec![text("1\n2"), Tree::Null, Tree::Map(Vec::new())])),
            ])
        };
        for (format, source) in [
            (Format::Yaml, "a: 'x y'\nb:\n- \"1\\n2\"\n- ~\n- {}\n"),
            (Format::Json, "{\"a\": \"x y\", \"b\": [\"1\\n2\", null, {}]}"),
        ] {
            assert_eq!(read(source, format), Ok(vec![expected()]), "{source}");
        }
        let two = read("a: 1\n---\nb: 2\n", Format::Yaml).expect("two documents");
        assert_eq!(two.len(), 2);
    }

    #[test]
    fn what_readers_may_see_in_two_ways_is_refused() {
        for (format, source) in [
            (Format::Yaml, "a: &x 1\nb: *x\n"),
            (Format::Yaml, "a: 1\na: 2\n"),
            (Format::Json, "{\"a\": 1, \"a\": 2}"),
            (Format::Json, "{"),
        ] {
            assert!(read(source, format).is_err(), "{source}");
        }
    }
}
