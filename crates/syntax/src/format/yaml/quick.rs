//! The YAML that most files are written in, read line by line; what is unusual is left to the other parser.
//!
//! [`parse`] is either sure or hands nothing over. It reads a text twice with the same code: once to
//! see that every line is one it knows, once to hand the events over. So it needs no memory that grows
//! with the text. [`sight`] reads it once: what it hands over is void if it ends unsure.
//! The rules are those of YAML 1.2.2 as `granit-parser` reads them, and
//! `crates/syntax/tests/yaml_quick/main.rs` holds the two to the same events.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Properties;
use crate::format::lookout::{Lookout, Sighted};
use crate::sigil::Sightings;
use crate::{Event, Token};

mod block;
mod characters;
mod flow;
mod node;
mod quoted;
mod tell;

use tell::{Events, Nothing, Tell, Written};

/// How many collections may be open: the other parser's limit is 255.
const MAX_DEPTH: usize = 100;
/// How many bytes a key and the blanks behind it may have: the rule is 1,024 characters (YAML 1.2.2, 7.4).
const MAX_KEY: usize = 1_000;

/// Hands every event of `text` to `sink` and returns whether it did; if not, none has been handed over.
///
/// Comments are told where they stand, which can be before the node that they follow.
pub(crate) fn parse<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> bool {
    if !characters::are_usual(text) || Scanner::new(text, Nothing).run().is_none() {
        return false;
    }
    let mut scanner = Scanner::new(text, Events(sink));
    scanner.tells_comments = super::tells_comments(text);
    scanner.run().is_some()
}

/// Hands over the strings that are worth a look, and returns whether the text is valid for sure.
///
/// One pass is enough for that: if it is not sure, what has been handed over is void.
pub(crate) fn sight<'s>(text: &'s str, sigils: Sightings<'_>, sink: &mut dyn FnMut(Sighted<'s>)) -> bool {
    characters::are_usual(text)
        && Scanner::new(text, Lookout::new(text, sigils, quoted::key_says, sink)).run().is_some()
}

/// A place in a text, and what is open there.
///
/// Each step returns `None` where it is not sure.
struct Scanner<'s, T> {
    text: &'s str,
    bytes: &'s [u8],
    tell: T,
    tells_comments: bool,
    /// Where the next line begins.
    at: usize,
    /// Where that line's first character stands that is no blank, if it has been looked for.
    content: usize,
    levels: Vec<Level>,
    /// The node that the innermost collection, or the document, waits for.
    pending: Option<Pending>,
    is_in_document: bool,
    /// The anchors of the document. Their numbers go on in the next one.
    anchors: HashSet<&'s str>,
    anchor_count: usize,
}

/// A block collection that is open.
#[derive(Clone, Copy)]
struct Level {
    column: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Map,
    List,
    /// A list in the column of the key that it belongs to.
    ListAtKey,
}

/// A node whose line has not come yet.
#[derive(Clone, Copy, Default)]
struct Pending {
    /// Where the node stands if there is none: such a node is empty.
    empty_at: usize,
    properties: Marks,
}

/// An anchor's number and where a tag stands; 0 and an empty span for none.
#[derive(Clone, Copy, Default)]
struct Marks {
    anchor: usize,
    tag: (usize, usize),
    /// Where they end.
    end: usize,
}

impl Marks {
    fn are_none(self) -> bool {
        self.anchor == 0 && self.tag.1 == 0
    }
}

/// What stands around a scalar.
#[derive(Clone, Copy)]
struct Role {
    is_key: bool,
    in_flow: bool,
}

const KEY: Role = Role { is_key: true, in_flow: false };
const VALUE: Role = Role { is_key: false, in_flow: false };

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a line ends here. The end of the text reads as 0, and no other byte is 0.
fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0)
}

fn is_apart(byte: u8) -> bool {
    is_blank(byte) || is_end(byte)
}

impl<'s, T: Tell<'s>> Scanner<'s, T> {
    fn new(text: &'s str, tell: T) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            tell,
            tells_comments: false,
            at: if text.starts_with('\u{FEFF}') { 3 } else { 0 },
            content: 0,
            levels: Vec::new(),
            pending: None,
            is_in_document: false,
            anchors: HashSet::new(),
            anchor_count: 0,
        }
    }

    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn run(&mut self) -> Option<()> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let content = if self.content > start { self.content } else { self.skip_spaces(start) };
            match self.byte(content) {
                b'\n' => self.at = content + 1,
                b'\r' => self.at = content + 2,
                b'#' => self.comment(content),
                0 => break,
                b'\t' => return None,
                _ if content == start && self.marker()? => {}
                _ => self.line(content, content - start)?,
            }
        }
        self.end_document();
        Some(())
    }

    #[inline]
    fn skip_spaces(&self, mut at: usize) -> usize {
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    #[inline]
    fn skip_blanks(&self, mut at: usize) -> usize {
        while is_blank(self.byte(at)) {
            at += 1;
        }
        at
    }

    /// Where the line's break, or the text's end, stands behind `at`.
    fn line_end(&self, at: usize) -> usize {
        let end = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |found| at + found);
        if end > at && self.bytes[end - 1] == b'\r' { end - 1 } else { end }
    }

    /// Goes to the line behind the break at `end`.
    #[inline]
    fn go_behind(&mut self, end: usize) {
        self.at = match self.byte(end) {
            b'\n' => end + 1,
            b'\r' => end + 2,
            _ => end,
        };
    }

    /// Takes the comment at `at`, which ends its line.
    fn comment(&mut self, at: usize) {
        let end = self.line_end(at);
        if T::EVENTS && self.tells_comments {
            self.tell.event(Event::Comment(at..end));
        }
        self.go_behind(end);
    }

    /// Takes what may follow a node on its line: blanks, and a comment apart from it. Returns where both end.
    fn rest_of_line(&mut self, end: usize) -> Option<usize> {
        let at = self.skip_blanks(end);
        match self.byte(at) {
            b'#' if at > end => {
                let end = self.line_end(at);
                self.comment(at);
                Some(end)
            }
            byte if is_end(byte) => {
                self.go_behind(at);
                Some(at)
            }
            _ => None,
        }
    }

    /// Takes `---` or `...` at a line's start, with nothing but a comment behind it.
    fn marker(&mut self) -> Option<bool> {
        let start = self.at;
        let mark = self.bytes.get(start..start + 3);
        let is_start = mark == Some(b"---");
        if !(is_start || mark == Some(b"...")) || !is_apart(self.byte(start + 3)) {
            return Some(false);
        }
        self.end_document();
        if is_start {
            self.start_document(start + 3);
        }
        self.rest_of_line(start + 3)?;
        Some(true)
    }

    fn start_document(&mut self, empty_at: usize) {
        self.is_in_document = true;
        self.pending = Some(Pending { empty_at, properties: Marks::default() });
        if T::EVENTS {
            self.tell.event(Event::Document);
        }
    }

    fn end_document(&mut self) {
        while !self.levels.is_empty() {
            self.close();
        }
        self.settle();
        self.anchors.clear();
        self.is_in_document = false;
    }

    /// Takes the line whose first character stands at `at` in `column`.
    fn line(&mut self, at: usize, column: usize) -> Option<()> {
        if !self.is_in_document {
            // A document that follows another without a marker between them is an error, unless `...` ended it.
            self.start_document(at);
        }
        let is_entry = self.is_entry(at);
        while let Some(level) = self.levels.last() {
            let ends_list = level.kind == Kind::ListAtKey && level.column == column && !is_entry;
            if level.column <= column && !ends_list {
                break;
            }
            self.close();
        }
        match self.levels.last().copied() {
            Some(level) if level.column == column => match (level.kind, is_entry) {
                (Kind::Map, false) => {
                    self.settle();
                    self.node(at, column, None)
                }
                (Kind::Map, true) => {
                    let pending = self.pending.take()?;
                    let mark = self.entry_mark(at);
                    self.open(Kind::ListAtKey, column, mark, pending.properties)?;
                    self.entry(at, column)
                }
                (_, true) => {
                    self.settle();
                    self.entry(at, column)
                }
                (_, false) => None,
            },
            _ => {
                let pending = self.pending.take()?;
                self.node(at, column, Some(pending.properties))
            }
        }
    }

    fn is_entry(&self, at: usize) -> bool {
        self.byte(at) == b'-' && is_apart(self.byte(at + 1))
    }

    /// Tells the empty node that is still waited for.
    fn settle(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.empty(pending.empty_at, VALUE, pending.properties);
        }
    }

    fn open(&mut self, kind: Kind, column: usize, at: usize, properties: Marks) -> Option<()> {
        if self.levels.len() >= MAX_DEPTH {
            return None;
        }
        self.levels.push(Level { column, kind });
        self.tell_open(kind != Kind::Map, false, at, properties);
        Some(())
    }

    fn close(&mut self) {
        self.settle();
        self.levels.pop();
        self.tell_close(None);
    }

    fn tell_open(&mut self, is_list: bool, is_flow: bool, at: usize, properties: Marks) {
        self.tell.open(is_list);
        if T::EVENTS {
            let properties = self.properties_of(properties);
            self.tell.event(Event::Open { is_list, is_flow, properties, at });
        }
    }

    fn tell_close(&mut self, end: Option<usize>) {
        self.tell.close();
        if T::EVENTS {
            self.tell.event(Event::Close { end });
        }
    }

    fn properties_of(&self, marks: Marks) -> Properties {
        let raw = &self.text[marks.tag.0..marks.tag.1];
        let tag = (!raw.is_empty()).then(|| match raw.strip_prefix("!!") {
            Some(name) => format!("tag:yaml.org,2002:{name}"),
            None => raw.to_owned(),
        });
        Properties { anchor: marks.anchor, tag }
    }

    /// Tells an empty node. The other parser says `~` for it, or nothing if it has a tag.
    fn empty(&mut self, at: usize, role: Role, properties: Marks) {
        let says = if properties.tag.1 > 0 { "" } else { "~" };
        self.scalar(Written::plain(at..at, role), properties, |_| Cow::Borrowed(says));
    }

    #[inline]
    fn scalar(&mut self, written: Written, properties: Marks, says: impl FnOnce(&'s str) -> Cow<'s, str>) {
        if self.tell.wants(&written) {
            let text = says(&self.text[written.span.clone()]);
            self.token(written, properties, text);
        }
    }

    fn token(&mut self, written: Written, properties: Marks, text: Cow<'s, str>) {
        let properties =
            if properties.are_none() { Properties::default() } else { self.properties_of(properties) };
        self.tell.token(Token {
            span: written.span,
            style: written.style,
            text,
            is_key: written.role.is_key,
            in_flow: written.role.in_flow,
            properties,
        });
    }
}
