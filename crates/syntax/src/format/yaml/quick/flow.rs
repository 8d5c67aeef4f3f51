//! Collections in brackets.

use std::borrow::Cow;

use super::{MAX_DEPTH, MAX_KEY, Marks, Role, Scanner, Tell, Written, is_apart, is_blank};

const KEY: Role = Role { is_key: true, in_flow: true };
const VALUE: Role = Role { is_key: false, in_flow: true };

impl<'s, T: Tell<'s>> Scanner<'s, T> {
    /// Takes the collection whose bracket stands at `at` and returns where it ends.
    pub(super) fn flow(&mut self, at: usize, properties: Marks) -> Option<usize> {
        self.flow_collection(at, properties, self.levels.len())
    }

    fn flow_collection(&mut self, at: usize, properties: Marks, depth: usize) -> Option<usize> {
        if depth >= MAX_DEPTH {
            return None;
        }
        let is_list = self.byte(at) == b'[';
        let closing = if is_list { b']' } else { b'}' };
        self.tell_open(is_list, true, at, properties);
        let mut next = self.gap(at + 1)?;
        while self.byte(next) != closing {
            next = if is_list { self.flow_item(next, depth)? } else { self.flow_pair(next, depth)? };
            next = self.gap(next)?;
            match self.byte(next) {
                b',' => next = self.gap(next + 1)?,
                byte if byte == closing => {}
                _ => return None,
            }
        }
        self.tell_close(Some(next + 1));
        Some(next + 1)
    }

    /// Skips blanks, comments and line breaks between two tokens. A line stands deeper than the collection
    /// around the brackets, or begins with a bracket that closes.
    fn gap(&mut self, mut at: usize) -> Option<usize> {
        loop {
            at = self.skip_blanks(at);
            match self.byte(at) {
                b'#' if is_blank(self.bytes[at - 1]) => {
                    self.comment(at);
                    at = self.flow_line(self.at)?;
                }
                b'#' | 0 => return None,
                b'\n' => at = self.flow_line(at + 1)?,
                b'\r' => at = self.flow_line(at + 2)?,
                _ => return Some(at),
            }
        }
    }

    fn flow_line(&mut self, mut start: usize) -> Option<usize> {
        loop {
            let content = self.skip_spaces(start);
            match self.byte(content) {
                b'\n' => start = content + 1,
                b'\r' => start = content + 2,
                b'#' => {
                    self.comment(content);
                    start = self.at;
                }
                0 | b'\t' => return None,
                b']' | b'}' => return Some(content),
                _ => {
                    let least = self.levels.last().map_or(0, |level| level.column);
                    return (content - start > least).then_some(content);
                }
            }
        }
    }

    /// Takes an item of a list. `[a: b]` has a mapping of one pair, which begins and ends without brackets.
    fn flow_item(&mut self, at: usize, depth: usize) -> Option<usize> {
        let end = match self.byte(at) {
            b'[' | b'{' | b'*' | b'&' | b'!' => return self.flow_node(at, depth),
            b'"' | b'\'' => {
                let found = self.quoted(at)?;
                if found.is_multiline { None } else { Some(found.end) }
            }
            _ => Some(self.flow_plain(at)?),
        };
        let is_pair = end.is_some_and(|end| {
            let colon = self.skip_blanks(end);
            self.byte(colon) == b':' && is_apart(self.byte(colon + 1))
        });
        if !is_pair {
            return self.flow_node(at, depth);
        }
        self.tell_open(false, true, at, Marks::default());
        let end = self.flow_pair(at, depth)?;
        let next = self.gap(end)?;
        self.tell_close(Some(next));
        Some(next)
    }

    fn flow_node(&mut self, at: usize, depth: usize) -> Option<usize> {
        match self.byte(at) {
            b'&' | b'!' => {
                let (properties, behind) = self.properties(at)?;
                if matches!(self.byte(behind), b',' | b']' | b'}') {
                    self.empty(properties.end, VALUE, properties);
                    return Some(behind);
                }
                self.flow_content(behind, properties, depth)
            }
            _ => self.flow_content(at, Marks::default(), depth),
        }
    }

    fn flow_content(&mut self, at: usize, properties: Marks, depth: usize) -> Option<usize> {
        match self.byte(at) {
            b'[' | b'{' => self.flow_collection(at, properties, depth + 1),
            b'*' => self.alias(at, properties),
            b'"' | b'\'' => {
                let found = self.quoted(at)?;
                self.tell(at, &found, VALUE, properties);
                Some(found.end)
            }
            _ => {
                let end = self.flow_plain(at)?;
                self.scalar(Written::plain(at..end, VALUE), properties, Cow::Borrowed);
                Some(end)
            }
        }
    }

    /// Takes a key with its value, if it has one.
    fn flow_pair(&mut self, at: usize, depth: usize) -> Option<usize> {
        let is_quoted = matches!(self.byte(at), b'"' | b'\'');
        let end = if is_quoted {
            let found = self.quoted(at)?;
            if found.is_multiline {
                return None;
            }
            self.tell(at, &found, KEY, Marks::default());
            found.end
        } else {
            let end = self.flow_plain(at)?;
            self.scalar(Written::plain(at..end, KEY), Marks::default(), Cow::Borrowed);
            end
        };
        let colon = self.skip_blanks(end);
        if self.byte(colon) != b':' {
            let next = self.gap(end)?;
            self.empty(next, VALUE, Marks::default());
            return Some(next);
        }
        let behind = self.byte(colon + 1);
        // After a key in quotes the value may follow at once, as in JSON (YAML 1.2.2, 7.4.2).
        let is_adjacent = is_quoted
            && colon == end
            && (behind.is_ascii_alphanumeric() || matches!(behind, b'"' | b'\'' | b'[' | b'{' | b'-'));
        if colon - at > MAX_KEY || !(is_apart(behind) || is_adjacent) {
            return None;
        }
        let next = self.gap(colon + 1)?;
        if matches!(self.byte(next), b',' | b'}') {
            self.empty(colon, VALUE, Marks::default());
            return Some(next);
        }
        self.flow_node(next, depth)
    }

    /// Reads a plain scalar of one line and returns where it ends.
    fn flow_plain(&self, at: usize) -> Option<usize> {
        let is_bracket = |byte: u8| matches!(byte, b',' | b'[' | b']' | b'{' | b'}');
        let next = self.byte(at + 1);
        match self.byte(at) {
            b'-' | b'?' | b':' if is_apart(next) || is_bracket(next) => return None,
            b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => {
                return None;
            }
            _ => {}
        }
        let mut stop = at;
        loop {
            let byte = self.byte(stop);
            let ends = match byte {
                b':' => is_apart(self.byte(stop + 1)) || is_bracket(self.byte(stop + 1)),
                b'#' => is_blank(self.bytes[stop - 1]),
                b'\n' | b'\r' | 0 => true,
                _ => is_bracket(byte),
            };
            if ends {
                break;
            }
            stop += 1;
        }
        while stop > at && is_blank(self.bytes[stop - 1]) {
            stop -= 1;
        }
        (stop > at).then_some(stop)
    }
}
