//! The YAML of a secret's file as a small tree with places, strict where programs differ in what they read.

use std::borrow::Cow;

use redeem_syntax::{Event, Format, Span, Style, Token};

use crate::distinct::Distinct;

/// A node of the file.
#[derive(Debug)]
pub(super) enum Node<'s> {
    /// A scalar.
    Text(Text<'s>),
    /// A mapping, in the order of the file.
    Map(Vec<(Text<'s>, Node<'s>)>),
    /// A list.
    List(Vec<Node<'s>>),
}

/// A scalar: what it says, and where it stands.
#[derive(Debug)]
pub(super) struct Text<'s> {
    pub(super) says: Cow<'s, str>,
    /// Byte offsets of the whole token, quotes included.
    pub(super) span: Span,
    /// Whether it stands without quotes, so that it may be a number, a date or null.
    pub(super) is_plain: bool,
}

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(super) struct TreeError {
    pub(super) span: Span,
    pub(super) message: String,
}

impl TreeError {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// Reads one document with a mapping at its root.
///
/// Anchors, aliases and tags say the same thing in two ways, and a key that stands twice says two things: all are
/// refused.
pub(super) fn read(text: &str) -> Result<Vec<(Text<'_>, Node<'_>)>, TreeError> {
    let mut reader = Reader::default();
    Format::Yaml
        .parse(text, &mut |event| reader.take(text, event))
        .map_err(|error| TreeError::new(error.span, error.message))?;
    if let Some(error) = reader.error {
        return Err(error);
    }
    match reader.root {
        Some(Node::Map(entries)) => Ok(entries),
        _ => Err(TreeError::new(0..0, "a secret's file is a mapping")),
    }
}

impl<'s> Node<'s> {
    /// Where it begins, for messages.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Self::Text(text) => Some(text.span.clone()),
            Self::Map(entries) => entries.first().map(|(key, _)| key.span.clone()),
            Self::List(nodes) => nodes.first().and_then(Self::span),
        }
    }

    /// The node of a key, if it is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Node<'s>> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(own, _)| own.says == key).map(|(_, node)| node)
    }

    /// What it says, if it is a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(&text.says)
    }
}

/// A tree on its way.
#[derive(Default)]
struct Reader<'s> {
    /// The collections that are open, each mapping with the key that waits for its node.
    open: Vec<(Node<'s>, Option<Text<'s>>)>,
    /// The keys of each of them.
    keys: Vec<Distinct<'s>>,
    documents: usize,
    root: Option<Node<'s>>,
    error: Option<TreeError>,
}

impl<'s> Reader<'s> {
    fn take(&mut self, text: &'s str, event: Event<'s>) {
        if self.error.is_some() {
            return;
        }
        match event {
            Event::Document => {
                self.documents += 1;
                if self.documents > 1 {
                    self.fail(text.len()..text.len(), "a secret's file has one document");
                }
            }
            Event::Open { is_list, properties, at, .. } => {
                if properties != redeem_syntax::Properties::default() {
                    return self.fail(at..at + 1, "a secret's file has no anchors and no tags");
                }
                let node = if is_list { Node::List(Vec::new()) } else { Node::Map(Vec::new()) };
                if matches!(self.open.last(), Some((Node::Map(_), None))) {
                    return self.fail(at..at + 1, "a key is a text");
                }
                self.open.push((node, None));
                self.keys.push(Distinct::default());
            }
            Event::Close { .. } => {
                self.keys.pop();
                if let Some((node, _)) = self.open.pop() {
                    self.put(node);
                }
            }
            Event::Scalar(token) => self.scalar(token),
            Event::Fixed(alias) => {
                let at = alias.as_ptr().addr().saturating_sub(text.as_ptr().addr()).min(text.len());
                self.fail(at..(at + alias.len()).min(text.len()), "a secret's file has no aliases");
            }
            Event::Comment(_) | Event::Header { .. } | Event::HeaderEnd => {}
        }
    }

    fn scalar(&mut self, token: Token<'s>) {
        if token.properties != redeem_syntax::Properties::default() {
            return self.fail(token.span, "a secret's file has no anchors and no tags");
        }
        let is_plain = token.style == Style::YamlPlain;
        let text = Text { says: token.text, span: token.span, is_plain };
        match self.open.last_mut() {
            Some((Node::Map(_), key @ None)) => {
                let is_new = self.keys.last_mut().is_some_and(|keys| keys.insert(text.says.clone()));
                // The key of a merge says that other keys are here too.
                if !is_new || text.says == "<<" {
                    let message = "this key stands here twice, or merges others";
                    self.error = Some(TreeError::new(text.span, message));
                } else {
                    *key = Some(text);
                }
            }
            _ => self.put(Node::Text(text)),
        }
    }

    /// Puts a node that is whole where it belongs.
    fn put(&mut self, node: Node<'s>) {
        match self.open.last_mut() {
            Some((Node::Map(entries), key)) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                }
            }
            Some((Node::List(nodes), _)) => nodes.push(node),
            _ => self.root = Some(node),
        }
    }

    fn fail(&mut self, span: Span, message: &str) {
        self.error = Some(TreeError::new(span, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_its_order_and_its_places() {
        let text = "b: 1\na: {x: 'y', z: [p, \"q\"]}\n";
        let tree = Node::Map(read(text).expect("a tree"));
        let x = tree.entry("a").and_then(|a| a.entry("x")).expect("x");
        assert_eq!((x.text(), x.span().map(|span| &text[span])), (Some("y"), Some("'y'")));
        let Node::Map(entries) = &tree else { panic!("a mapping") };
        assert_eq!(entries.iter().map(|(key, _)| &*key.says).collect::<Vec<_>>(), ["b", "a"]);
        assert!(matches!(tree.entry("b"), Some(Node::Text(Text { is_plain: true, .. }))));
    }

    #[test]
    fn many_keys_take_no_longer_than_they_have_to() {
        let keys: String = (0..300_000).map(|number| format!("k{number}: x\n")).collect();
        assert_eq!(read(&keys).expect("a tree").len(), 300_000);
        assert!(read(&format!("{keys}k7: y\n")).is_err());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for text in [
            "a: 1\na: 2\n",
            "a: &x 1\nb: *x\n",
            "a: *x\n",
            "a: !!str 1\n",
            "a: {b: 1}\n<<: {c: 1}\n",
            "a: 1\n---\nb: 2\n",
            "- a\n",
            "text\n",
            "",
            "? {a: 1}\n: b\n",
            "a: [\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
