//! The proof of a render: parsed again, the text is the same tree with the values in place.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use redeem_syntax::event::Properties;
use redeem_syntax::{Event, Format, Node, Style, Token};

use crate::encode::yaml::plain_is_string;

/// What a touched scalar says afterwards.
pub(crate) enum Expected<'a> {
    /// A string.
    Text(&'a str),
    /// A number or a truth value.
    Bare(&'a str),
}

/// A string that was written anew.
pub(crate) struct Touched<'a> {
    /// What it says afterwards.
    pub(crate) says: Expected<'a>,
    /// What it took the place of.
    pub(crate) node: &'a Node,
}

/// Whether `rendered` is `source` with the scalars at the keys of `touched` (their start) saying what they should.
///
/// Every node is compared in order: its kind, its anchor and tag, what it says, and for an untouched
/// plain YAML scalar that it still is plain. Two equal keys in one mapping fail if one was touched.
pub(crate) fn holds(
    format: Format,
    source: &str,
    rendered: &str,
    touched: &BTreeMap<usize, Touched<'_>>,
) -> bool {
    let keys = RandomState::new();
    let mut before = Fingerprint::new(&keys);
    let mut ordinals = BTreeMap::new();
    let mut ordinal = 0;
    // How many collections are open in a map that a string has replaced, itself included.
    let mut inside = 0;
    let parsed = format.parse(source, &mut |event| {
        if inside > 0 {
            match event {
                Event::Open { .. } => inside += 1,
                Event::Close { .. } => inside -= 1,
                _ => {}
            }
            return;
        }
        ordinal += usize::from(is_leaf(&event));
        match &event {
            Event::Open { at, properties, .. } => {
                if let Some(map) = touched.get(at).filter(|touched| *touched.node == Node::Map) {
                    ordinal += 1;
                    inside = 1;
                    ordinals.insert(ordinal, &map.says);
                    return before.expected(false, properties, &map.says);
                }
            }
            Event::Scalar(token) => {
                if let Some(touched) = touched.get(&token.span.start) {
                    ordinals.insert(ordinal, &touched.says);
                    let is_untagged = matches!(touched.node, Node::Tagged(_));
                    let mut properties = token.properties.clone();
                    properties.tag = properties.tag.filter(|_| !is_untagged);
                    return before.expected(token.is_key, &properties, &touched.says);
                }
            }
            _ => {}
        }
        before.event(&event);
    });
    if parsed.is_err() || ordinals.len() != touched.len() {
        return false;
    }
    let mut after = Fingerprint::new(&keys);
    let mut unique = UniqueKeys::default();
    let mut ordinal = 0;
    let mut is_right = true;
    let parsed = format.parse(rendered, &mut |event| {
        ordinal += usize::from(is_leaf(&event));
        let expected = ordinals.get(&ordinal).filter(|_| is_leaf(&event));
        unique.event(&event, expected.is_some());
        match (&event, expected) {
            (Event::Scalar(token), Some(Expected::Text(text))) => {
                is_right &= token.text == *text && is_text(token);
                after.expected(token.is_key, &token.properties, &Expected::Text(text));
            }
            (Event::Scalar(token), Some(Expected::Bare(text))) => {
                is_right &= token.text == *text && token.style == Style::YamlPlain;
                after.expected(token.is_key, &token.properties, &Expected::Bare(text));
            }
            (Event::Fixed(written), Some(Expected::Bare(text))) => {
                is_right &= written == text;
                after.bare(text);
            }
            _ => after.event(&event),
        }
    });
    parsed.is_ok() && is_right && !unique.is_broken && before.finish() == after.finish()
}

/// Whether an event is a node without others in it; a number may stand where a string was.
fn is_leaf(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(_) | Event::Fixed(_))
}

/// Whether `rendered` has the keys and the values of `source` in their order, as far as quotes tell them apart.
pub(crate) fn keeps_structure(
    format: Format,
    source: &str,
    rendered: &str,
    touched: &BTreeMap<usize, Touched<'_>>,
) -> bool {
    let outline = |text: &str, is_source: bool| {
        let mut nodes = Vec::new();
        let parsed = format.parse(text, &mut |event| match event {
            Event::Scalar(token) => {
                let is_touched = is_source && touched.contains_key(&token.span.start);
                nodes.push((token.is_key, is_touched, token.text.into_owned()));
            }
            Event::Fixed(line) => nodes.push((false, false, line.to_owned())),
            _ => {}
        });
        parsed.ok().map(|()| nodes)
    };
    let (Some(before), Some(after)) = (outline(source, true), outline(rendered, false)) else { return false };
    before.len() == after.len()
        && before.iter().zip(&after).all(|((was_key, is_touched, said), (is_key, _, says))| {
            was_key == is_key && (*is_touched || said == says)
        })
}

/// Whether a touched scalar is read as a string: quotes make it one, and so do words that are no other type.
fn is_text(token: &Token<'_>) -> bool {
    token.style != Style::YamlPlain || token.properties.tag.is_some() || plain_is_string(&token.text)
}

/// A digest of a document's nodes. The hash is keyed anew each time, so no value can aim at it.
struct Fingerprint<H: Hasher>(H);

impl<H: Hasher> Fingerprint<H> {
    fn new(keys: &impl BuildHasher<Hasher = H>) -> Self {
        Self(keys.build_hasher())
    }

    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Document => self.part(b"document", ""),
            Event::Open { is_list, is_flow, properties, .. } => {
                self.part(
                    if *is_list { b"list" } else { b"map" },
                    properties.tag.as_deref().unwrap_or_default(),
                );
                self.0.write_usize(properties.anchor);
                self.0.write_u8(u8::from(*is_flow));
            }
            Event::Close { .. } => self.part(b"close", ""),
            Event::Scalar(token) => {
                self.part(if token.is_key { b"key" } else { b"scalar" }, &token.text);
                self.properties(&token.properties);
                self.0.write_u8(u8::from(token.style == Style::YamlPlain));
            }
            Event::Fixed(text) => self.part(b"fixed", text),
            Event::Header { is_array } => self.part(if *is_array { b"tables" } else { b"table" }, ""),
            Event::HeaderEnd => self.part(b"header end", ""),
            Event::Comment(_) => {}
        }
    }

    fn expected(&mut self, is_key: bool, properties: &Properties, expected: &Expected<'_>) {
        match expected {
            Expected::Text(text) => {
                self.part(if is_key { b"new key" } else { b"new scalar" }, text);
                self.properties(properties);
            }
            Expected::Bare(text) => self.bare(text),
        }
    }

    fn bare(&mut self, text: &str) {
        self.part(b"bare", text);
    }

    fn properties(&mut self, properties: &Properties) {
        self.0.write_usize(properties.anchor);
        self.part(b"tag", properties.tag.as_deref().unwrap_or_default());
    }

    /// Lengths keep neighbours apart.
    fn part(&mut self, kind: &[u8], text: &str) {
        self.0.write_usize(kind.len());
        self.0.write(kind);
        self.0.write_usize(text.len());
        self.0.write(text.as_bytes());
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// Watches for a touched key that another key of its mapping equals.
#[derive(Default)]
struct UniqueKeys {
    levels: Vec<BTreeMap<String, bool>>,
    root: BTreeMap<String, bool>,
    is_broken: bool,
}

impl UniqueKeys {
    fn event(&mut self, event: &Event<'_>, is_touched: bool) {
        match event {
            Event::Open { .. } => self.levels.push(BTreeMap::new()),
            Event::Close { .. } => {
                self.levels.pop();
            }
            Event::Header { .. } => self.root.clear(),
            Event::Scalar(token) if token.is_key => {
                let level = self.levels.last_mut().unwrap_or(&mut self.root);
                match level.get(token.text.as_ref()) {
                    Some(was_touched) if *was_touched || is_touched => self.is_broken = true,
                    _ => {
                        level.insert(token.text.clone().into_owned(), is_touched);
                    }
                }
            }
            _ => {}
        }
    }
}
