//! References that are told by the nodes around a name: a key, a tag, a map of one pair.

use super::{MarkedString, Scanner};
use crate::dialect::{FROM_SECRET_KEY, SECRET_TAG, names_a_secret, tag_span_before};
use crate::dialects::ByName;
use crate::scalar::Decoded;
use crate::{
    Code, Diagnostic, Event, Format, KeyPath, Mark, Name, Node, Place, Reference, Scalar, Segment, Span,
    Style, Token,
};

/// What the nodes that were read last may be the beginning of.
#[derive(Default)]
pub(super) struct Nodes<'a, 's> {
    /// The last key, if its value names a secret.
    pair: Option<Pair<'a, 's>>,
    /// A map whose values name secrets, and how many collections are open in it, itself included.
    names: Option<(&'a ByName, usize)>,
    /// A map that may have the one key `from_secret`.
    map: Option<MapOfOne<'s>>,
    /// The TOML header that is being read, and whether it is one of `[[…]]`.
    header: Option<bool>,
}

/// A key whose value names a secret, and what is done with it.
#[derive(Clone)]
pub(super) struct Pair<'a, 's> {
    rule: &'a ByName,
    /// The key's token; none for a value in a map of names, whose key stays.
    key: Option<Token<'s>>,
    /// Whether another key stands between that one and the value, as in TOML's `names.alias = "x"`.
    is_dotted: bool,
}

/// Why the value at hand names a secret.
pub(super) enum Named<'a, 's> {
    ByKey(Pair<'a, 's>),
    Tagged,
}

/// A map on its way to be `{ from_secret: NAME }`.
struct MapOfOne<'s> {
    at: usize,
    in_flow: bool,
    has_key: bool,
    value: Option<Token<'s>>,
}

impl<'a, 's> Scanner<'a, 's> {
    /// Takes note of a node that is no string.
    pub(super) fn node(&mut self, event: &Event<'s>) {
        let nodes = &mut self.nodes;
        match event {
            Event::Comment(_) => {}
            Event::Open { is_list, properties, at, .. } => {
                let pair = nodes.pair.take();
                if let Some((_, depth)) = &mut nodes.names {
                    *depth += 1;
                    self.no_name_here(pair.as_ref(), *at..*at + 1);
                } else if let Some(pair) = pair {
                    if pair.rule.takes_maps && !is_list {
                        nodes.names = Some((pair.rule, 1));
                        self.rename(&pair);
                    } else {
                        self.no_name_here(Some(&pair), *at..*at + 1);
                    }
                }
                let may_be = !is_list && properties.tag.is_none() && self.dialects.is_live("from-secret");
                let in_flow = self.walker.is_in_flow();
                self.nodes.map = may_be.then_some(MapOfOne { at: *at, in_flow, has_key: false, value: None });
            }
            Event::Close { end } => {
                nodes.pair = None;
                nodes.names =
                    nodes.names.take().map(|(rule, depth)| (rule, depth - 1)).filter(|(_, depth)| *depth > 0);
                if let Some(MapOfOne { at, in_flow, value: Some(value), .. }) = nodes.map.take() {
                    self.map_of_one(at..end.unwrap_or(value.span.end), in_flow, value);
                }
            }
            // `[secret_names]` opens a map as `secret_names: ` does.
            Event::HeaderEnd => {
                let is_array = nodes.header.take() == Some(true);
                let pair = nodes.pair.take().filter(|pair| pair.rule.takes_maps && !is_array);
                if let Some(pair) = pair {
                    nodes.names = Some((pair.rule, 1));
                    self.rename(&pair);
                }
            }
            Event::Header { is_array } => *nodes = Nodes { header: Some(*is_array), ..Nodes::default() },
            Event::Fixed(written) => {
                let pair = nodes.pair.take();
                nodes.map = None;
                let start = written.as_ptr().addr() - self.source.text().as_ptr().addr();
                self.no_name_here(pair.as_ref(), start..start + written.len());
            }
            _ => *nodes = Nodes { names: nodes.names.take(), ..Nodes::default() },
        }
    }

    /// What is to be rendered under another key has to be a name.
    pub(super) fn no_name_here(&mut self, pair: Option<&Pair<'_, '_>>, span: Span) {
        if pair.is_some_and(|pair| pair.rule.render.is_some()) {
            let problem = Diagnostic::new(Code::InvalidName, "this is no name of a secret")
                .at(self.source, span, "not a name")
                .with_help("write the name of a secret, or `render = \"keep\"` in its rule");
            self.found.diagnostics.push(problem);
        }
    }

    /// Takes note of a string, and says why it names a secret, if it does.
    pub(super) fn scalar_node(&mut self, token: &Token<'s>) -> Option<Named<'a, 's>> {
        let nodes = &mut self.nodes;
        nodes.map = nodes.map.take().and_then(|map| map.with(token));
        let pair = nodes.pair.take();
        let is_tagged = token.properties.tag.as_deref() == Some(SECRET_TAG) && self.dialects.is_live("tag");
        if token.is_key && is_tagged {
            return Some(Named::Tagged);
        }
        if token.is_key {
            if self.is_ignored(token.span.start) {
                return None;
            }
            // `secret_names.alias = "x"`: a key behind a key is one of the map.
            let nodes = &mut self.nodes;
            if let Some(pair) = pair.filter(|pair| pair.rule.takes_maps && nodes.header.is_none()) {
                // What is deeper names nothing.
                let is_second = pair.key.is_some() && !pair.is_dotted;
                nodes.pair = is_second.then_some(Pair { is_dotted: true, ..pair });
                return None;
            }
            nodes.pair = match nodes.names {
                Some((rule, 1)) => Some(Pair { rule, key: None, is_dotted: false }),
                Some(_) => None,
                None => {
                    let rule = self.dialects.by_name(&token.text);
                    rule.map(|rule| Pair { rule, key: Some(token.clone()), is_dotted: false })
                }
            };
            return None;
        }
        let is_rendered = pair.as_ref().is_some_and(|pair| pair.rule.render.is_some());
        if is_tagged && is_rendered && !self.is_ignored(token.span.start) {
            self.two_readings(token.span.clone());
            return None;
        }
        match pair {
            // A value with a tag of its own is no plain name.
            Some(pair) if token.properties.tag.is_none() => Some(Named::ByKey(pair)),
            _ => is_tagged.then_some(Named::Tagged),
        }
    }

    /// Two dialects claim one value, and each would write something else.
    fn two_readings(&mut self, span: Span) {
        let problem = Diagnostic::new(Code::AmbiguousReference, "two dialects take this for a reference")
            .at(self.source, span, "two readings")
            .with_help("leave one of them out, or take its dialect away with `dialects` in redeem.toml");
        self.found.diagnostics.push(problem);
    }

    /// `secret_name: NAME`, kept or with the value under another key.
    pub(super) fn by_name(&mut self, scalar: Scalar, pair: &Pair<'a, 's>) {
        let Some(name) = names_a_secret(&scalar.decoded.text) else {
            // A runtime may know other names; what is to be rendered has to be one.
            if pair.rule.render.is_some() {
                self.no_name(
                    &scalar,
                    "a name in the `by-name` dialect is made of letters, digits, `_`, `-` and `.`",
                );
            }
            return;
        };
        let is_certain = pair.rule.is_certain;
        let place = if pair.rule.render.is_some() { Place::Text } else { Place::Kept { is_certain } };
        self.rename(pair);
        self.whole("by-name", name, scalar, place);
        if let (Some(new), Some(string)) = (&pair.rule.render, self.found.strings.last_mut()) {
            let is_old = |step: &Segment| matches!(step, Segment::Key(key) if *key == pair.rule.key);
            let at = string.scalar.path.0.iter().rposition(is_old);
            string.renamed = at.map(|at| (at, new.clone()));
        }
    }

    /// The key that gets the value in place of the one that names it.
    fn rename(&mut self, pair: &Pair<'a, 's>) {
        let (Some(key), Some(new)) = (&pair.key, &pair.rule.render) else { return };
        if *new == key.text {
            return;
        }
        if let Some(scalar) = self.decoded(key.clone()) {
            let marks = vec![Mark::Escape(0..scalar.decoded.text.len(), new.clone())];
            self.found.strings.push(MarkedString { scalar, marks, expression: None, renamed: None });
        }
    }

    /// `!secret NAME`: the tag goes with the name.
    pub(super) fn tagged(&mut self, scalar: Scalar) {
        let Some(tag) = tag_span_before(self.source.text(), scalar.span.start) else {
            self.found.diagnostics.push(
                Diagnostic::new(Code::NearMiss, "this tag is spelled in another way than `!secret`")
                    .at(self.source, scalar.span, "not resolved")
                    .with_help("write `!secret NAME`"),
            );
            return;
        };
        if self.is_ignored(tag.start) {
            return;
        }
        let Some(name) = self.plain_name("tag", &scalar) else { return };
        let scalar = Scalar { tag: None, node: Node::Tagged(tag), ..scalar };
        self.whole("tag", name, scalar, Place::Text);
    }

    /// `{ from_secret: NAME }`: the map gives way to the value.
    fn map_of_one(&mut self, map: Span, in_flow: bool, value: Token<'s>) {
        if self.is_ignored(map.start) || self.is_ignored(value.span.start) {
            return;
        }
        let style = match self.source.format() {
            Format::Yaml => Style::YamlPlain,
            Format::Toml => Style::TomlBasic,
            Format::Json => Style::Json,
            Format::Dotenv | Format::Text => return,
        };
        if self.found.strings.last().is_some_and(|string| string.scalar.span.end > map.start) {
            return self.two_readings(map);
        }
        let Some(inner) = self.decoded(value) else { return };
        let Some(name) = self.plain_name("from-secret", &inner) else { return };
        let name_span = inner.decoded.source_span(&(0..inner.decoded.text.len()));
        let mut decoded = Decoded::default();
        decoded.push_spelled(&inner.decoded.text, map.clone());
        let path = KeyPath::default();
        let scalar =
            Scalar { span: map, style, decoded, path, is_key: false, in_flow, tag: None, node: Node::Map };
        self.whole("from-secret", name, scalar, Place::Text);
        if let (Some(reference), Some(string)) =
            (self.found.references.last_mut(), self.found.strings.last_mut())
        {
            reference.name_span = name_span;
            // The way to the map is the way to its value without the last step.
            string.scalar.path.0.pop();
        }
    }

    /// The name in a scalar whose host takes any text for one.
    fn plain_name(&mut self, dialect: &str, scalar: &Scalar) -> Option<Name> {
        let text = &scalar.decoded.text;
        let is_name = !text.is_empty()
            && text.len() <= 255
            && !text.contains(|c: char| c.is_control() || c == '{' || c == '}')
            && !text.starts_with('.')
            && text.trim() == text;
        if is_name {
            return Some(Name::split(text));
        }
        let words =
            format!("a name in the `{dialect}` dialect is up to 255 characters on one line, without braces");
        self.no_name(scalar, &words);
        None
    }

    fn no_name(&mut self, scalar: &Scalar, words: &str) {
        let problem = Diagnostic::new(Code::InvalidName, "this is no name of a secret").at(
            self.source,
            scalar.span.clone(),
            "not a name",
        );
        let text = &scalar.decoded.text;
        let trimmed = text.trim();
        let edit = scalar.edit(self.source.text(), &(0..text.len()), trimmed);
        let is_trimmed = trimmed != text && names_a_secret(trimmed).is_some();
        self.found.diagnostics.push(match edit.filter(|_| is_trimmed) {
            Some((span, new)) => {
                problem.with_help(format!("write `{trimmed}`, without blanks around it")).with_fix(span, new)
            }
            None => problem.with_help(words),
        });
    }

    /// A reference that is all of a string.
    fn whole(&mut self, dialect: &'static str, name: Name, mut scalar: Scalar, place: Place) {
        let range = 0..scalar.decoded.text.len();
        let name_span = scalar.decoded.source_span(&range);
        let start = match &scalar.node {
            Node::Tagged(tag) => tag.start,
            Node::Scalar | Node::Map => name_span.start,
        };
        let is_rendered = !matches!(place, Place::Kept { .. });
        let index = self.found.references.len();
        self.found.references.push(Reference {
            dialect: dialect.into(),
            name,
            filters: Vec::new(),
            span: start..name_span.end,
            name_span,
            range,
            string: self.found.strings.len(),
            place,
        });
        // A name that is kept has its place too, and nothing there is written anew.
        let marks = if is_rendered { vec![Mark::Reference(index)] } else { Vec::new() };
        scalar.path = self.walker.path();
        self.found.strings.push(MarkedString { scalar, marks, expression: None, renamed: None });
    }
}

impl<'s> MapOfOne<'s> {
    /// The map with one string more, if it still may be the one.
    fn with(mut self, token: &Token<'s>) -> Option<Self> {
        // Another tag makes something else of the text.
        let is_plain = token.properties.tag.as_deref().is_none_or(|tag| tag == SECRET_TAG);
        match (self.has_key, &self.value) {
            (false, None) if token.is_key && token.text == FROM_SECRET_KEY => self.has_key = true,
            (true, None) if !token.is_key && is_plain => self.value = Some(token.clone()),
            _ => return None,
        }
        Some(self)
    }
}
