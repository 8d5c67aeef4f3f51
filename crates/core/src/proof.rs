//! The proof of a render: parsed again, the text is the same tree with the values in place.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher, Hasher, RandomState};

use redeem_syntax::event::Properties;
use redeem_syntax::{Event, Format, Node, Span, Style, Token};
use zeroize::Zeroizing;

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
    let mut has_touched_key = false;
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
            Event::Open { at, properties, is_list: false, .. } => {
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
                    has_touched_key |= token.is_key;
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
    let mut unique = UniqueKeys::new(has_touched_key);
    let mut ordinal = 0;
    let mut is_right = true;
    let parsed = format.parse_again(rendered, &mut |event| {
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
    parsed.is_ok()
        && is_right
        && !unique.is_broken
        && before.finish() == after.finish()
        && (format != Format::Toml || toml_error(rendered).is_none())
}

/// What is wrong with a TOML document besides its grammar: a key or a table that stands twice, a date that is none.
///
/// No event tells of that, so the whole document is read once more, by what programs read it with.
pub(crate) fn toml_error(text: &str) -> Option<(Span, String)> {
    let body = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let before = text.len() - body.len();
    let error = toml::de::DeTable::parse(body).err()?;
    let span = error.span().unwrap_or(0..0);
    Some((span.start + before..span.end + before, error.message().to_owned()))
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

/// What a part of a [`Fingerprint`] is about.
#[derive(Clone, Copy)]
enum Kind {
    Document,
    List,
    Map,
    Close,
    Key,
    Scalar,
    NewKey,
    NewScalar,
    Bare,
    Fixed,
    Table,
    HeaderEnd,
    Properties,
}

/// A digest of a document's nodes. The hash is keyed anew each time, so no value can aim at it.
struct Fingerprint<H: Hasher> {
    hasher: H,
    /// What is hashed next: the hash takes long to begin, so small parts go together.
    waiting: Zeroizing<Vec<u8>>,
}

/// How many bytes are hashed together; a text of more goes alone.
const TOGETHER: usize = 4096;

impl<H: Hasher> Fingerprint<H> {
    fn new(keys: &impl BuildHasher<Hasher = H>) -> Self {
        // It never grows, for that would leave copies of values behind.
        Self { hasher: keys.build_hasher(), waiting: Zeroizing::new(Vec::with_capacity(TOGETHER)) }
    }

    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Document => self.part(Kind::Document, false, ""),
            Event::Open { is_list, is_flow, properties, .. } => {
                self.part(if *is_list { Kind::List } else { Kind::Map }, *is_flow, "");
                self.properties(properties);
            }
            Event::Close { .. } => self.part(Kind::Close, false, ""),
            Event::Scalar(token) => {
                let kind = if token.is_key { Kind::Key } else { Kind::Scalar };
                self.part(kind, token.style == Style::YamlPlain, &token.text);
                self.properties(&token.properties);
            }
            Event::Fixed(text) => self.part(Kind::Fixed, false, text),
            Event::Header { is_array } => self.part(Kind::Table, *is_array, ""),
            Event::HeaderEnd => self.part(Kind::HeaderEnd, false, ""),
            Event::Comment(_) => {}
        }
    }

    fn expected(&mut self, is_key: bool, properties: &Properties, expected: &Expected<'_>) {
        match expected {
            Expected::Text(text) => {
                self.part(if is_key { Kind::NewKey } else { Kind::NewScalar }, false, text);
                self.properties(properties);
            }
            Expected::Bare(text) => self.bare(text),
        }
    }

    fn bare(&mut self, text: &str) {
        self.part(Kind::Bare, false, text);
    }

    /// Most nodes have none: then nothing is hashed, which no other part of a text looks like.
    fn properties(&mut self, properties: &Properties) {
        if *properties == Properties::default() {
            return;
        }
        let tag = properties.tag.as_deref();
        self.part(Kind::Properties, tag.is_some(), tag.unwrap_or_default());
        self.bytes(&properties.anchor.to_ne_bytes());
    }

    /// A length of its own keeps each text apart from its neighbours.
    fn part(&mut self, kind: Kind, flag: bool, text: &str) {
        let header = text.len() << 8 | usize::from(kind as u8) << 1 | usize::from(flag);
        self.bytes(&header.to_ne_bytes());
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.waiting.len() + bytes.len() > TOGETHER {
            self.hasher.write(&self.waiting);
            self.waiting.clear();
        }
        if bytes.len() > TOGETHER {
            self.hasher.write(bytes);
        } else {
            self.waiting.extend_from_slice(bytes);
        }
    }

    fn finish(&mut self) -> u64 {
        self.hasher.write(&self.waiting);
        self.waiting.clear();
        self.hasher.finish()
    }
}

/// Watches for a touched key that another key of its mapping equals, if any key is touched.
///
/// Keys are known by their hashes, so that none is copied. The hash is keyed anew each time.
struct UniqueKeys {
    hashes: Option<RandomState>,
    levels: Vec<Keys>,
    root: Keys,
    is_broken: bool,
}

/// The keys of one mapping, each with whether it was touched.
#[derive(Default)]
struct Keys {
    known: BTreeMap<u64, bool>,
    /// How many nodes stand in it so far: in YAML each second one is a value.
    nodes: usize,
    has_touched: bool,
    /// Whether an alias is a key: what it says is not looked up, so no touched key can stand beside it.
    has_alias: bool,
}

impl UniqueKeys {
    fn new(has_touched_key: bool) -> Self {
        let hashes = has_touched_key.then(RandomState::new);
        Self { hashes, levels: Vec::new(), root: Keys::default(), is_broken: false }
    }

    fn event(&mut self, event: &Event<'_>, is_touched: bool) {
        let Some(hashes) = &self.hashes else { return };
        match event {
            Event::Open { .. } => {
                self.levels.last_mut().unwrap_or(&mut self.root).nodes += 1;
                self.levels.push(Keys::default());
            }
            Event::Close { .. } => {
                self.levels.pop();
            }
            Event::Header { .. } => self.root = Keys::default(),
            Event::Scalar(token) if token.is_key => {
                let level = self.levels.last_mut().unwrap_or(&mut self.root);
                level.nodes += 1;
                level.has_touched |= is_touched;
                self.is_broken |= level.has_touched && level.has_alias;
                match level.known.entry(hashes.hash_one(&token.text)) {
                    Entry::Occupied(was_touched) => self.is_broken |= *was_touched.get() || is_touched,
                    Entry::Vacant(place) => {
                        place.insert(is_touched);
                    }
                }
            }
            Event::Scalar(_) => self.levels.last_mut().unwrap_or(&mut self.root).nodes += 1,
            Event::Fixed(written) => {
                let level = self.levels.last_mut().unwrap_or(&mut self.root);
                level.has_alias |= written.starts_with('*') && level.nodes.is_multiple_of(2);
                level.nodes += 1;
                self.is_broken |= level.has_touched && level.has_alias;
            }
            _ => {}
        }
    }
}
