//! YAML events, and the comments between them, become a tree.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use redeem_syntax::{Event, Format, Style, Token};

use super::comments::{Found, in_gap};
use super::resolve::{Resolved, resolve};
use crate::distinct::Distinct;
use crate::sops::node::{Comment, Container, Entry, Item, Kind, Node, Trouble};
use crate::sops::{DEEPEST, Plain};

/// Reads every document of `text`. A document's root is a map.
pub(in crate::sops) fn read(text: &str) -> Result<Vec<Node>, Trouble> {
    let mut builder = Builder { text, ..Builder::default() };
    let parsed = Format::Yaml.parse(text, &mut |event| builder.event(event));
    if let Some(trouble) = builder.trouble {
        return Err(trouble);
    }
    parsed.map_err(|error| Trouble { at: error.span.start, message: error.message.into() })?;
    builder.comments_before(text.len());
    builder.end_document();
    match builder.trouble {
        Some(trouble) => Err(trouble),
        None => Ok(builder.documents),
    }
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    documents: Vec<Node>,
    /// Whether a document has begun whose root has not been closed or told.
    is_open: bool,
    levels: Vec<Level<'t>>,
    /// Block collections whose end has been told, and whose last comments may still come.
    closing: usize,
    /// Where the last token ended.
    end: usize,
    root: Option<Node>,
    /// Comments before the root of the document.
    head: Vec<Item>,
    /// Comments between a key and its value.
    held: Vec<Item>,
    trouble: Option<Trouble>,
    gap: Vec<Found>,
}

struct Level<'t> {
    container: Container,
    start: usize,
    /// The column of a block collection's entries, once one has been seen.
    column: Option<usize>,
    key: Option<(String, Range<usize>)>,
    keys: Distinct<'t>,
    /// Where the list's next dash stands.
    dash: usize,
}

impl<'t> Builder<'t> {
    fn event(&mut self, event: Event<'t>) {
        if self.trouble.is_some() {
            return;
        }
        match event {
            Event::Document => self.document(),
            Event::Open { is_list, is_flow, at, properties } => {
                self.comments_before(at);
                self.end = self.end.max(if is_flow { at + 1 } else { at });
                if properties.anchor > 0 {
                    self.fail(at, "an anchor: `sops` writes out what an alias stands for");
                }
                self.open(is_list, is_flow, at);
            }
            Event::Close { end: Some(end) } => {
                self.comments_before(end.saturating_sub(1));
                self.end = self.end.max(end);
                self.close(Some(end));
            }
            Event::Close { end: None } => self.closing += 1,
            Event::Scalar(token) => {
                self.comments_before(token.span.start);
                self.end = self.end.max(token.span.end);
                self.scalar(&token);
            }
            Event::Fixed(alias) => {
                let at = (alias.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
                self.fail(at, "an alias: `sops` writes out what it stands for");
            }
            Event::Header { .. } | Event::HeaderEnd | Event::Comment(_) => {}
        }
    }

    fn fail(&mut self, at: usize, message: impl Into<Cow<'static, str>>) {
        self.trouble.get_or_insert(Trouble { at, message: message.into() });
    }

    /// A document begins; where is told by its first token.
    fn document(&mut self) {
        if self.is_open {
            // What stands before the marker belongs to the document before it.
            let next = self.marker_behind(self.end);
            self.comments_before(next);
            self.end = next;
            self.end_document();
        }
        self.is_open = true;
    }

    /// Where the next document marker stands.
    fn marker_behind(&self, end: usize) -> usize {
        let mut at = end;
        while at < self.text.len() {
            if at == 0 || self.text.as_bytes()[at - 1] == b'\n' {
                let line = &self.text.as_bytes()[at..];
                if line.starts_with(b"---") || line.starts_with(b"...") {
                    return at;
                }
            }
            at = memchr::memchr(b'\n', &self.text.as_bytes()[at..])
                .map_or(self.text.len(), |found| at + found + 1);
        }
        self.text.len()
    }

    fn end_document(&mut self) {
        while self.closing > 0 {
            self.close(None);
        }
        if !self.is_open && self.root.is_none() {
            // A text of comments alone has no document; `sops` does not see one either.
            return;
        }
        self.is_open = false;
        let head = std::mem::take(&mut self.head);
        let at = self.end;
        match self.root.take() {
            Some(Node { kind: Kind::Container(mut container), span }) if !container.is_list => {
                container.items.splice(0..0, head);
                self.documents.push(Node { span, kind: Kind::Container(container) });
            }
            None | Some(Node { kind: Kind::Null, .. }) => {
                let container = Container { is_list: false, is_flow: false, items: head };
                self.documents.push(Node { span: at..at, kind: Kind::Container(container) });
            }
            Some(node) => self.fail(node.span.start, "a document that is not a map"),
        }
    }

    /// Takes the comments between the last token and the next, each to the collection that its column says.
    fn comments_before(&mut self, next: usize) {
        let mut found = std::mem::take(&mut self.gap);
        if next > self.end {
            in_gap(self.text, self.end..next, &mut found);
        }
        for comment in found.drain(..) {
            self.comment(&comment);
        }
        self.gap = found;
        while self.closing > 0 {
            self.close(None);
        }
        self.note_dash(next);
    }

    fn comment(&mut self, found: &Found) {
        let item = Comment {
            text: self.text[found.span.clone()].to_owned(),
            span: found.span.clone(),
            is_inline: found.is_inline,
        };
        if found.is_inline && !found.is_behind_marker {
            return self.inline_comment(item);
        }
        while self.closing > 0 && self.ends_before(found.column) {
            self.close(None);
        }
        self.place(item);
    }

    /// Whether a comment in this column is behind the innermost collection, which has ended.
    fn ends_before(&self, comment: usize) -> bool {
        let mut levels = self.levels.iter().rev();
        let Some(column) = levels.next().and_then(|level| level.column) else { return false };
        // A list may have the column of its key, and then the comment stands before the next key.
        column > comment
            || (column == comment && levels.next().is_some_and(|parent| parent.column == Some(column)))
    }

    fn place(&mut self, comment: Comment) {
        let comment = Item::Comment(Comment { is_inline: false, ..comment });
        if self.levels.last().is_some_and(|level| level.key.is_some()) {
            // Between a key and its value: in the map or list that is the value, or before the entry.
            return self.held.push(comment);
        }
        match (self.levels.last_mut(), &mut self.root) {
            (Some(level), _) => level.container.items.push(comment),
            (None, Some(Node { kind: Kind::Container(root), .. })) => root.items.push(comment),
            _ => self.head.push(comment),
        }
    }

    /// A comment behind a value goes before that value's entry, as `sops` has it.
    fn inline_comment(&mut self, comment: Comment) {
        let Some(level) = self.levels.last_mut().filter(|level| level.key.is_none()) else {
            // Behind a key whose value begins on a later line.
            let comment = Item::Comment(Comment { is_inline: false, ..comment });
            match self.levels.last_mut() {
                Some(level) => level.container.items.push(comment),
                None => self.head.push(comment),
            }
            return;
        };
        match level.container.items.last_mut() {
            Some(Item::Entry(Entry { value: Node { kind: Kind::Container(inner), .. }, .. })) => {
                inner.items.insert(0, Item::Comment(Comment { is_inline: false, ..comment }));
            }
            Some(Item::Entry(_)) => {
                let before = level.container.items.len() - 1;
                level.container.items.insert(before, Item::Comment(comment));
            }
            _ => self.place(comment),
        }
    }

    /// Remembers the dash of a list's entry that begins in the gap before `next`.
    fn note_dash(&mut self, next: usize) {
        let Some(level) = self.levels.last_mut().filter(|level| level.container.is_list) else { return };
        let Some(column) = level.column else { return };
        let bytes = self.text.as_bytes();
        let mut at = self.end.min(next);
        while let Some(found) = memchr::memchr2(b'-', b'#', &bytes[at..next]).map(|found| at + found) {
            let line = memchr::memrchr(b'\n', &bytes[..found]).map_or(0, |found| found + 1);
            if bytes[found] == b'#' {
                at = memchr::memchr(b'\n', &bytes[found..next]).map_or(next, |end| found + end);
                continue;
            }
            if found - line == column {
                level.dash = found;
                return;
            }
            at = found + 1;
        }
    }

    fn open(&mut self, is_list: bool, is_flow: bool, at: usize) {
        if self.levels.len() >= DEEPEST {
            return self.fail(at, "maps and lists are nested too deeply");
        }
        if self.levels.last().is_some_and(|level| !level.container.is_list && level.key.is_none()) {
            return self.fail(at, "a key that is a map or a list");
        }
        // A list in the column of its key is told to begin behind its dash; every other one at it.
        let is_value = self.levels.last().is_some_and(|level| !level.container.is_list);
        let before = self.text[..at].trim_end_matches([' ', '\t']);
        let at = if is_list && !is_flow && is_value && before.ends_with('-') { before.len() - 1 } else { at };
        let column = (!is_flow && is_list).then(|| self.column(at));
        self.levels.push(Level {
            container: Container { is_list, is_flow, items: std::mem::take(&mut self.held) },
            start: at,
            column,
            key: None,
            keys: Distinct::default(),
            dash: at,
        });
    }

    fn column(&self, at: usize) -> usize {
        at - memchr::memrchr(b'\n', &self.text.as_bytes()[..at]).map_or(0, |found| found + 1)
    }

    fn close(&mut self, end: Option<usize>) {
        self.closing = self.closing.saturating_sub(usize::from(end.is_none()));
        let Some(level) = self.levels.pop() else { return };
        // A block collection ends where its last entry does.
        let end = end.or_else(|| level.container.entries().last().map(|last| last.value.span.end));
        let span = level.start..end.unwrap_or(level.start).max(level.start);
        self.value(Node { span, kind: Kind::Container(level.container) });
    }

    fn scalar(&mut self, token: &Token<'t>) {
        if token.properties.anchor > 0 {
            return self.fail(token.span.start, "an anchor: `sops` writes out what an alias stands for");
        }
        let is_key = self.levels.last().is_some_and(|level| !level.container.is_list && level.key.is_none());
        let kind = match kind_of(token) {
            Ok(kind) => kind,
            Err(message) => return self.fail(token.span.start, message),
        };
        if !is_key {
            self.value(Node { span: token.span.clone(), kind });
            return self.header_comment(token);
        }
        let Kind::Leaf(Plain { r#type: crate::sops::Type::Str, bytes }) = kind else {
            return self.fail(token.span.start, "a key that is not text");
        };
        let Ok(key) = String::from_utf8(bytes.to_vec()) else {
            return self.fail(token.span.start, "a key that is not text");
        };
        // The line of a flow may be as long as the file, so that its start is not looked for.
        let is_first = |level: &Level<'_>| !level.container.is_flow && level.column.is_none();
        let column = self.levels.last().is_some_and(is_first).then(|| self.column(token.span.start));
        let Some(level) = self.levels.last_mut() else { return };
        let said = if *token.text == key { token.text.clone() } else { Cow::Owned(key.clone()) };
        if !level.keys.insert(said) {
            return self.fail(token.span.start, "the same key a second time");
        }
        level.column = level.column.or(column);
        level.key = Some((key, token.span.clone()));
    }

    /// A block's header may have a comment behind it.
    fn header_comment(&mut self, token: &Token<'t>) {
        if !matches!(token.style, Style::YamlLiteral | Style::YamlFolded) {
            return;
        }
        let header = self.text[token.span.clone()].split(['\n', '\r']).next().unwrap_or_default();
        if let Some(at) = header.find([' ', '\t']).and_then(|blank| Some(blank + header[blank..].find('#')?))
        {
            let span = token.span.start + at + 1..token.span.start + header.len();
            let text = self.text[span.clone()].to_owned();
            self.inline_comment(Comment { text, span, is_inline: true });
        }
    }

    /// Takes a complete value.
    fn value(&mut self, node: Node) {
        let Some(level) = self.levels.last_mut() else {
            self.root = Some(node);
            return;
        };
        let key = level.key.take();
        level.container.items.append(&mut self.held);
        let start = match &key {
            Some((_, span)) => span.start,
            None if level.container.is_flow => node.span.start,
            None => level.dash,
        };
        let item = match key {
            None => Item::element(start, node),
            key => Item::Entry(Entry { key, start, value: node }),
        };
        level.container.items.push(item);
    }
}

/// What a scalar says to a reader of YAML 1.1, which `sops` is: U+2028 and U+2029 are line breaks there.
///
/// Blanks around them are folded away, or are a block's indentation; they themselves stay.
fn with_breaks_of_1_1<'t>(token: &'t Token<'_>) -> Cow<'t, str> {
    const BREAKS: [char; 2] = ['\u{2028}', '\u{2029}'];
    let text = &*token.text;
    // Where they are written as escapes nothing is folded.
    if token.style == Style::YamlDouble || !text.contains(BREAKS) {
        return Cow::Borrowed(text);
    }
    let is_block = matches!(token.style, Style::YamlLiteral | Style::YamlFolded);
    let mut out = String::with_capacity(text.len());
    for (position, piece) in text.split_inclusive(BREAKS).enumerate() {
        let piece = if position > 0 { piece.trim_start_matches([' ', '\t']) } else { piece };
        match piece.chars().next_back().filter(|last| BREAKS.contains(last) && !is_block) {
            Some(last) => {
                out.push_str(piece[..piece.len() - last.len_utf8()].trim_end_matches([' ', '\t']));
                out.push(last);
            }
            None => out.push_str(piece),
        }
    }
    Cow::Owned(out)
}

/// What a scalar is, by its style and tag.
fn kind_of(token: &Token<'_>) -> Result<Kind, &'static str> {
    let text = &*with_breaks_of_1_1(token);
    let string = || Kind::Leaf(Plain::str(text));
    let resolved = |text: &str| {
        Ok(match resolve(text)? {
            Resolved::Null => Kind::Null,
            Resolved::Plain(plain) => Kind::Leaf(plain),
        })
    };
    let is_plain = token.style == Style::YamlPlain;
    let tag =
        token.properties.tag.as_deref().map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag));
    match tag {
        None if is_plain && token.span.is_empty() => Ok(Kind::Null),
        None if is_plain => resolved(text),
        None | Some("str") => Ok(string()),
        Some("!") if !is_plain => Ok(string()),
        // The text `<<`, as `yaml.v3` writes it.
        Some("merge") if text == "<<" => Ok(string()),
        Some("binary") => {
            let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(packed)
                .map_err(|_| "a `!!binary` that is not base64")?;
            Ok(Kind::Leaf(Plain::new(crate::sops::Type::Str, bytes)))
        }
        Some(tag @ ("int" | "float" | "bool" | "null" | "timestamp")) => {
            let kind = resolved(text)?;
            let name = match &kind {
                Kind::Leaf(plain) => plain.r#type.name(),
                _ => "null",
            };
            let fits = matches!(
                (tag, name),
                ("int", "int")
                    | ("float", "float")
                    | ("bool", "bool")
                    | ("null", "null")
                    | ("timestamp", "time")
            );
            match kind {
                kind if fits => Ok(kind),
                Kind::Leaf(plain) if tag == "float" && name == "int" => {
                    let number = plain.text().and_then(crate::sops::number::parse_float);
                    Ok(Kind::Leaf(Plain::float(number.ok_or("a value that is not what its tag says")?)))
                }
                _ => Err("a value that is not what its tag says"),
            }
        }
        Some(_) => Err("a tag that `sops` does not keep"),
    }
}
