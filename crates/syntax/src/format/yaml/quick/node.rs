//! The nodes of a line outside of brackets: entries, keys, values, anchors and tags, plain scalars.

use super::quoted::Found;
use super::{KEY, Kind, MAX_KEY, Marks, Pending, Scanner, Tell, VALUE, is_apart, is_blank, is_end};
use crate::Event;
use crate::format::next_of::next_of;

/// Where a plain scalar ends, and where the reason stands: `:`, `#`, a line break or the text's end.
pub(super) struct Plain {
    end: usize,
    stop: usize,
}

impl<'s, T: Tell<'s>> Scanner<'s, T> {
    /// Where a list's entry is told to be: at its node, or behind all of its line.
    pub(super) fn entry_mark(&self, dash: usize) -> usize {
        let at = self.skip_blanks(dash + 1);
        if self.byte(at) == b'#' { self.line_end(at) } else { at }
    }

    /// Takes the entry whose dash stands at `dash` in `column`.
    pub(super) fn entry(&mut self, dash: usize, column: usize) -> Option<()> {
        let at = self.skip_spaces(dash + 1);
        if self.is_rest(at) {
            self.wait(at, self.entry_mark(dash), Marks::default());
            return Some(());
        }
        if self.byte(at) == b'\t' {
            return None;
        }
        self.inline_node(at, column + (at - dash))
    }

    /// Takes the node that follows a dash on its line.
    fn inline_node(&mut self, at: usize, column: usize) -> Option<()> {
        match self.byte(at) {
            b'|' | b'>' => self.block(at, Marks::default()),
            b'&' | b'!' => {
                let (properties, behind) = self.properties(at)?;
                match self.byte(behind) {
                    b'|' | b'>' => self.block(behind, properties),
                    _ => self.keyed(at, behind, column, Some(Marks::default()), properties),
                }
            }
            _ => self.node(at, column, Some(Marks::default())),
        }
    }

    /// Lets a node come on a later line. `at` is where this one ends, or its comment begins.
    fn wait(&mut self, at: usize, empty_at: usize, properties: Marks) {
        self.pending = Some(Pending { empty_at, properties });
        if self.byte(at) == b'#' {
            self.comment(at);
        } else {
            self.go_behind(at);
        }
    }

    /// Whether a line has no more nodes from `at` on, which stands behind blanks.
    fn is_rest(&self, at: usize) -> bool {
        let byte = self.byte(at);
        byte == b'#' || is_end(byte)
    }

    /// Takes the node at `at`. Without `outer` it must be a key of the innermost mapping; with it, it is a
    /// new node, which has these properties.
    pub(super) fn node(&mut self, at: usize, column: usize, outer: Option<Marks>) -> Option<()> {
        match self.byte(at) {
            b'-' if self.is_entry(at) => {
                self.open(Kind::List, column, at, outer?)?;
                self.entry(at, column)
            }
            b'&' | b'!' => {
                let (own, behind) = self.properties(at)?;
                self.keyed(at, behind, column, outer, own)
            }
            _ => self.keyed(at, at, column, outer, Marks::default()),
        }
    }

    /// Takes a key with its value, or a value. It begins at `start` with its own properties.
    fn keyed(
        &mut self,
        start: usize,
        at: usize,
        column: usize,
        outer: Option<Marks>,
        own: Marks,
    ) -> Option<()> {
        if !own.are_none() && self.is_rest(at) {
            return outer?.are_none().then(|| self.wait(at, own.end, own));
        }
        let (found, colon) = match self.byte(at) {
            b'[' | b'{' | b'*' => return self.value_node(at, joined(outer?, own)?),
            b'"' | b'\'' => {
                let found = self.quoted(at)?;
                let colon = self.skip_blanks(found.end);
                if found.is_multiline || self.byte(colon) != b':' || !is_apart(self.byte(colon + 1)) {
                    return self.quoted_value(at, &found, joined(outer?, own)?);
                }
                (found, colon)
            }
            _ => {
                let plain = self.plain(at)?;
                if self.byte(plain.stop) != b':' {
                    return self.plain_value(at, &plain, joined(outer?, own)?);
                }
                (Found { end: plain.end, is_multiline: false, is_verbatim: true }, plain.stop)
            }
        };
        if colon - start > MAX_KEY {
            return None;
        }
        if let Some(properties) = outer {
            self.open(Kind::Map, column, start, properties)?;
        }
        self.tell(at, &found, KEY, own);
        self.value(colon)
    }

    /// Takes what follows the colon of a key.
    fn value(&mut self, colon: usize) -> Option<()> {
        let at = self.skip_blanks(colon + 1);
        if self.is_rest(at) {
            self.wait(at, colon, Marks::default());
            return Some(());
        }
        match self.byte(at) {
            b'&' | b'!' => {
                let (properties, behind) = self.properties(at)?;
                if self.is_rest(behind) {
                    self.wait(behind, properties.end, properties);
                    return Some(());
                }
                self.value_node(behind, properties)
            }
            _ => self.value_node(at, Marks::default()),
        }
    }

    /// Takes a value that stands on its key's line, or that is no key for sure.
    fn value_node(&mut self, at: usize, properties: Marks) -> Option<()> {
        match self.byte(at) {
            b'|' | b'>' => self.block(at, properties),
            b'[' | b'{' => {
                let end = self.flow(at, properties)?;
                self.rest_of_line(end).map(drop)
            }
            b'*' => {
                let end = self.alias(at, properties)?;
                self.rest_of_line(end).map(drop)
            }
            b'"' | b'\'' => {
                let found = self.quoted(at)?;
                self.quoted_value(at, &found, properties)
            }
            _ => {
                let plain = self.plain(at)?;
                if self.byte(plain.stop) == b':' {
                    return None;
                }
                self.plain_value(at, &plain, properties)
            }
        }
    }

    fn quoted_value(&mut self, at: usize, found: &Found, properties: Marks) -> Option<()> {
        self.levels.last()?;
        self.tell(at, found, VALUE, properties);
        self.rest_of_line(found.end).map(drop)
    }

    /// Takes a plain scalar, and the lines that go on with it.
    fn plain_value(&mut self, at: usize, first: &Plain, properties: Marks) -> Option<()> {
        let column = self.levels.last()?.column;
        let mut found = Found { end: first.end, is_multiline: false, is_verbatim: true };
        let mut stop = first.stop;
        while self.byte(stop) != b'#' {
            // Lines without text between two lines of a scalar are part of it; behind it they are nothing.
            let mut start = stop + 1;
            let mut content = self.skip_spaces(start);
            while matches!(self.byte(content), b'\n' | b'\r') {
                start = content + if self.byte(content) == b'\r' { 2 } else { 1 };
                content = self.skip_spaces(start);
            }
            let byte = self.byte(content);
            if byte == b'\t' {
                return None;
            }
            if byte == 0 || byte == b'#' || content - start <= column {
                self.tell(at, &found, VALUE, properties);
                self.at = start.min(self.bytes.len());
                self.content = content;
                return Some(());
            }
            let line = self.plain_line(content);
            if self.byte(line.stop) == b':' {
                return None;
            }
            stop = line.stop;
            found = Found { end: line.end, is_multiline: true, is_verbatim: false };
        }
        self.tell(at, &found, VALUE, properties);
        self.comment(stop);
        Some(())
    }

    /// Reads a plain scalar of this line (YAML 1.2.2, 7.3.3).
    fn plain(&self, at: usize) -> Option<Plain> {
        match self.byte(at) {
            b'-' | b'?' | b':' if is_apart(self.byte(at + 1)) => return None,
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => return None,
            byte if is_end(byte) => return None,
            _ => {}
        }
        Some(self.plain_line(at))
    }

    #[inline]
    fn plain_line(&self, at: usize) -> Plain {
        let mut stop = at;
        loop {
            stop = next_of(self.bytes, stop, [b':', b'#', b'\n']);
            match self.byte(stop) {
                b':' if !is_apart(self.byte(stop + 1)) => stop += 1,
                b'#' if !is_blank(self.bytes[stop - 1]) => stop += 1,
                _ => break,
            }
        }
        let mut end = stop;
        while end > at && is_apart(self.bytes[end - 1]) {
            end -= 1;
        }
        Plain { end, stop }
    }

    /// Takes an alias: its anchor must stand before it in the document.
    pub(super) fn alias(&mut self, at: usize, properties: Marks) -> Option<usize> {
        let end = self.word(at + 1);
        if !properties.are_none() || !self.anchors.contains(&self.text[at + 1..end]) {
            return None;
        }
        self.tell.value();
        if T::EVENTS {
            self.tell.event(Event::Fixed(&self.text[at..end]));
        }
        Some(end)
    }

    /// Takes an anchor and a tag, in either order, and the blanks behind them.
    pub(super) fn properties(&mut self, mut at: usize) -> Option<(Marks, usize)> {
        let mut marks = Marks::default();
        loop {
            let end = match self.byte(at) {
                b'&' if marks.anchor == 0 => {
                    let end = self.word(at + 1);
                    if end == at + 1 {
                        return None;
                    }
                    self.anchor_count += 1;
                    marks.anchor = self.anchor_count;
                    self.anchors.insert(&self.text[at + 1..end]);
                    end
                }
                b'!' if marks.tag.1 == 0 => {
                    let is_secondary = self.byte(at + 1) == b'!';
                    let name = at + 1 + usize::from(is_secondary);
                    let end = self.word(name);
                    if is_secondary && end == name {
                        return None;
                    }
                    marks.tag = (at, end);
                    end
                }
                b'&' | b'!' => return None,
                _ => return Some((marks, at)),
            };
            if !is_apart(self.byte(end)) {
                return None;
            }
            marks.end = end;
            at = self.skip_blanks(end);
        }
    }

    /// Where a name of usual letters ends.
    fn word(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'/' | b':')
        {
            at += 1;
        }
        at
    }
}

/// The properties of a node that may have some on the line before and some on its own, but not both.
fn joined(outer: Marks, own: Marks) -> Option<Marks> {
    match (outer.are_none(), own.are_none()) {
        (_, true) => Some(outer),
        (true, false) => Some(own),
        (false, false) => None,
    }
}
