//! Shows lines of an old output without any byte that is not in the source at the same place.
//!
//! An old output may hold any value that a secret ever had. So nothing of it is shown: where it agrees with a line
//! of the source, that part of the source is shown, and all else becomes a tag. How many lines or bytes a tag stands
//! for is not told.

use std::collections::HashMap;
use std::ops::Range;

use redeem_syntax::Span;
use zeroize::Zeroizing;

use super::tags::Tags;
use super::template::{Filled, Part, Template, without_break};

/// How many of the lines beside are looked at for each removed one: two large files that have nothing in common
/// would take forever.
const MOST_TRIED: usize = 50;

/// A place that a value goes to.
pub(super) struct Hole {
    pub(super) span: Span,
    /// The secret's name.
    pub(super) name: String,
    /// The tag of its value now.
    pub(super) tag: String,
}

/// A part of a line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// This part of the source.
    Text(Span),
    /// `‹name:3f9a›`
    Tag(String),
}

/// A line as it is shown, and what cannot be seen in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Masked {
    pub(super) pieces: Vec<Piece>,
    pub(super) note: Option<&'static str>,
}

/// What is known of a source's lines and values.
pub(super) struct Mask<'a> {
    template: &'a Template<'a>,
    holes: &'a [Hole],
    tags: &'a Tags,
    /// Values of today as they may stand in a file, with their holes.
    known: HashMap<&'a [u8], usize>,
    /// The lines without a hole, by their content.
    fixed: HashMap<&'a [u8], usize>,
    /// The first line that begins with a key, by all up to its value.
    keyed: HashMap<&'a [u8], usize>,
}

/// What a line of the old output is.
enum Reading {
    /// A line of the source that has no value.
    Fixed(usize),
    /// A line of the source with something in its holes.
    Filled(usize, Filled),
    /// The key of a line of the source, with something else behind it.
    Keyed(usize, usize),
    /// Nothing that is known.
    Unknown,
}

/// A tag to be, which further lines may join.
struct Open {
    hole: Option<usize>,
    line: Option<usize>,
    bytes: Zeroizing<Vec<u8>>,
}

impl<'a> Mask<'a> {
    pub(super) fn new(
        template: &'a Template<'a>,
        holes: &'a [Hole],
        tags: &'a Tags,
        known: HashMap<&'a [u8], usize>,
    ) -> Self {
        let (mut fixed, mut keyed) = (HashMap::new(), HashMap::new());
        for line in 0..template.lines.len() {
            let content = template.content(line).as_bytes();
            if template.is_fixed(line) {
                fixed.entry(content).or_insert(line);
            }
            let first = template.lines[line].iter().find_map(|part| match part {
                Part::Text(span) => Some(span.len().min(content.len())),
                Part::Hole(_) => None,
            });
            if let Some(key) = key(content).filter(|key| Some(*key) <= first) {
                keyed.entry(&content[..key]).or_insert(line);
            }
        }
        Self { template, holes, tags, known, fixed, keyed }
    }

    /// The lines of a removed part, beside the lines of the source that come in its place.
    pub(super) fn removed(&self, old: &[&[u8]], beside: &[usize]) -> Vec<Masked> {
        self.as_a_whole(old, beside).unwrap_or_else(|| self.line_by_line(old, beside))
    }

    /// If the part is the lines beside it with other values: those lines, with the tags of the old values.
    fn as_a_whole(&self, old: &[&[u8]], beside: &[usize]) -> Option<Vec<Masked>> {
        let (first, last) = (*beside.first()?, *beside.last()?);
        let range: Range<usize> = first..last + 1;
        let text = Zeroizing::new(old.concat());
        let filled = self.template.align(range.clone(), &text, false)?;
        let is_sure = filled.is_sure;
        let mut found = filled.holes.into_iter().peekable();
        let mut masked = Vec::new();
        for line in range {
            let mut pieces = Vec::new();
            for part in &self.template.lines[line] {
                match part {
                    Part::Text(span) => pieces.push(Piece::Text(span.clone())),
                    Part::Hole(hole) => {
                        let bytes = &text[found.next_if(|(next, _)| next == hole)?.1];
                        // Other lines than the value's could be in there, and would go by unseen.
                        if bytes.contains(&b'\n') && !self.is_indented(line, *hole) {
                            return None;
                        }
                        pieces.push(Piece::Tag(self.tag(Some(*hole), bytes, is_sure)));
                    }
                }
            }
            masked.push(Masked { pieces, note: None });
        }
        Some(masked)
    }

    /// Whether only blanks stand before a hole, as in a block of YAML or a string of several lines.
    fn is_indented(&self, line: usize, hole: usize) -> bool {
        let start = self.template.span(line).start;
        self.template.text[start..self.holes[hole].span.start].trim().is_empty()
    }

    fn line_by_line(&self, old: &[&[u8]], beside: &[usize]) -> Vec<Masked> {
        let mut masked: Vec<Masked> = Vec::new();
        let mut open: Option<Open> = None;
        let mut cursor = 0;
        for line in old {
            let content = content_of(line);
            let reading = self.read(content, beside, &mut cursor);
            let joins = open.as_ref().is_some_and(|open| match &reading {
                Reading::Unknown => open.line.is_none(),
                Reading::Filled(line, _) => open.line == Some(*line),
                _ => false,
            });
            if joins && let Some(open) = &mut open {
                open.bytes.push(b'\n');
                open.bytes.extend_from_slice(content);
                continue;
            }
            self.close(open.take(), &mut masked);
            let mut note = None;
            let mut pieces = Vec::new();
            match reading {
                Reading::Fixed(own) => {
                    let own = self.template.span(own);
                    let own_break = &self.template.text[own.clone()][self.content_length(&own)..];
                    let its_break = &line[content.len()..];
                    note = match (own_break.as_bytes(), its_break) {
                        (own, its) if own == its => None,
                        (_, []) => Some("no line break at the end"),
                        ([], _) => None,
                        _ => Some("another line break"),
                    };
                    pieces.push(Piece::Text(own));
                }
                Reading::Filled(own, found) => {
                    let mut spans = found.holes.iter().map(|(_, span)| span.clone());
                    for part in &self.template.lines[own] {
                        match part {
                            Part::Text(span) => pieces.push(Piece::Text(span.clone())),
                            Part::Hole(hole) => {
                                let bytes = spans.next().map_or(&content[..0], |span| &content[span]);
                                pieces.push(Piece::Tag(self.tag(Some(*hole), bytes, found.is_sure)));
                            }
                        }
                    }
                    // A line of nothing but its value may go on in the next one.
                    if let ([Part::Text(_), Part::Hole(hole), Part::Text(rest)], [(_, filled)]) =
                        (&self.template.lines[own][..], found.holes.as_slice())
                        && self.template.text[rest.clone()].trim().is_empty()
                        && self.is_indented(own, *hole)
                    {
                        pieces.truncate(1);
                        let bytes = Zeroizing::new(content[filled.clone()].to_vec());
                        open = Some(Open { hole: Some(*hole), line: Some(own), bytes });
                    }
                }
                Reading::Keyed(own, key) => {
                    let start = self.template.span(own).start;
                    let holes: Vec<usize> = self.template.lines[own]
                        .iter()
                        .filter_map(|part| match part {
                            Part::Hole(hole) => Some(*hole),
                            Part::Text(_) => None,
                        })
                        .collect();
                    let hole = if let [only] = holes[..] { Some(only) } else { None };
                    pieces.push(Piece::Text(start..start + key));
                    pieces.push(Piece::Tag(self.tag(hole, &content[key..], true)));
                }
                Reading::Unknown => {
                    open = Some(Open { hole: None, line: None, bytes: Zeroizing::new(content.to_vec()) });
                }
            }
            masked.push(Masked { pieces, note });
        }
        self.close(open, &mut masked);
        masked
    }

    /// Puts the tag of all that joined to the last line.
    fn close(&self, open: Option<Open>, masked: &mut [Masked]) {
        if let (Some(open), Some(last)) = (open, masked.last_mut()) {
            let bytes = open.bytes.trim_ascii();
            last.pieces.push(Piece::Tag(self.tag(open.hole, bytes, true)));
        }
    }

    fn content_length(&self, span: &Span) -> usize {
        without_break(&self.template.text[span.clone()]).len()
    }

    fn read(&self, content: &[u8], beside: &[usize], cursor: &mut usize) -> Reading {
        if let Some(line) = self.fixed.get(content) {
            return Reading::Fixed(*line);
        }
        // The same line again first if it may go on, then those behind it.
        let again = cursor.checked_sub(1).into_iter();
        let order = (*cursor..beside.len()).take(MOST_TRIED).chain(again);
        for at in order {
            let line = beside[at];
            if self.template.is_fixed(line) {
                continue;
            }
            if let Some(found) = self.template.align(line..line + 1, content, true) {
                *cursor = at + 1;
                return Reading::Filled(line, found);
            }
        }
        let Some(key) = key(content) else { return Reading::Unknown };
        let Some(&line) = self.keyed.get(&content[..key]) else { return Reading::Unknown };
        match self.template.align(line..line + 1, content, true) {
            Some(found) if !found.holes.is_empty() => Reading::Filled(line, found),
            _ => Reading::Keyed(line, key),
        }
    }

    /// The tag of what stands at a place: that of a value of today if it is one.
    ///
    /// Where it is not sure that the bytes are all of a value, they are never said to be the same as another.
    fn tag(&self, hole: Option<usize>, bytes: &[u8], is_sure: bool) -> String {
        let own = hole.map(|hole| &self.holes[hole]);
        if !is_sure {
            let place = own.map_or(0, |own| own.span.start);
            let marked = Zeroizing::new([b"unsure ", place.to_string().as_bytes(), b" ", bytes].concat());
            return shown(own.map_or("…", |own| &own.name), &self.tags.of(&marked));
        }
        let bare = unquoted(bytes);
        let known = self.known.get(bytes).or_else(|| self.known.get(bare)).map(|hole| &self.holes[*hole]);
        match (known, own) {
            (Some(known), Some(own)) if known.tag == own.tag => shown(&own.name, &own.tag),
            (Some(known), _) => shown(&known.name, &known.tag),
            (None, own) => shown(own.map_or("…", |own| &own.name), &self.tags.of(bare)),
        }
    }
}

/// `‹db-password:3f9a›`
pub(super) fn shown(name: &str, tag: &str) -> String {
    format!("‹{name}:{tag}›")
}

/// How long the part of a line up to its value is: `key: `, `KEY=`, `"key": `.
fn key(content: &[u8]) -> Option<usize> {
    let sign = content.iter().position(|byte| matches!(byte, b':' | b'='))?;
    if content[..sign].trim_ascii().is_empty() {
        return None;
    }
    let blanks = content[sign + 1..].iter().take_while(|byte| **byte == b' ').count();
    Some(sign + 1 + blanks)
}

/// A text without the quotes around it, if it has any.
fn unquoted(bytes: &[u8]) -> &[u8] {
    match bytes {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        _ => bytes,
    }
}

/// A line without its line break.
fn content_of(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    &line[..end]
}
