//! Block scalars: `|` and `>` with the lines below them.

use std::borrow::Cow;

use super::{Marks, Scanner, Tell, VALUE, Written, is_blank, is_end};
use crate::Style;

/// What stands behind `|` or `>` (YAML 1.2.2, 8.1.1).
#[derive(Clone, Copy)]
struct Header {
    is_literal: bool,
    /// `-`, `+`, or 0 for neither.
    chomping: u8,
    /// How much deeper than the collection the text stands; 0 if its first line tells.
    increment: usize,
}

/// One line of a block.
enum Line {
    /// Nothing but blanks up to the block's indentation.
    Empty,
    /// Text from here on.
    Text(usize),
    /// The block has ended before.
    Outside,
}

impl<'s, T: Tell<'s>> Scanner<'s, T> {
    /// Takes the block whose header begins at `at`.
    pub(super) fn block(&mut self, at: usize, properties: Marks) -> Option<()> {
        let column = self.levels.last()?.column;
        let (header, behind) = self.header(at)?;
        self.rest_of_line(behind)?;
        let body = self.at;
        let first = self.first_text(body)?;
        let indent = if header.increment > 0 { column + header.increment } else { first };
        if first < indent || indent <= column {
            return None;
        }
        let mut start = body;
        let mut end = body;
        while start < self.bytes.len() {
            let line_end = self.line_end(start);
            match self.block_line(start, line_end, indent) {
                Line::Outside => break,
                Line::Empty if line_end == self.bytes.len() => return None,
                Line::Empty => {}
                Line::Text(text) if self.bytes[text..line_end].iter().all(|&byte| is_blank(byte)) => {
                    if line_end == self.bytes.len() {
                        return None;
                    }
                }
                Line::Text(_) => end = line_end,
            }
            self.go_behind(line_end);
            start = self.at;
        }
        self.at = start;
        let style = if header.is_literal { Style::YamlLiteral } else { Style::YamlFolded };
        let written = Written { span: at..end, style, role: VALUE, is_verbatim: false };
        if self.tell.wants(&written) {
            let text = self.block_text(header, indent, body, start);
            self.token(written, properties, Cow::Owned(text));
        }
        Some(())
    }

    fn header(&self, at: usize) -> Option<(Header, usize)> {
        let mut header = Header { is_literal: self.byte(at) == b'|', chomping: 0, increment: 0 };
        let mut next = at + 1;
        loop {
            match self.byte(next) {
                byte @ (b'-' | b'+') if header.chomping == 0 => header.chomping = byte,
                byte @ b'1'..=b'9' if header.increment == 0 => header.increment = usize::from(byte - b'0'),
                byte if is_blank(byte) || is_end(byte) => return Some((header, next)),
                _ => return None,
            }
            next += 1;
        }
    }

    /// How many spaces stand before the first line with text. Empty lines before it have no more.
    fn first_text(&self, mut start: usize) -> Option<usize> {
        let mut widest = 0;
        loop {
            let content = self.skip_spaces(start);
            let spaces = content - start;
            match self.byte(content) {
                b'\n' => start = content + 1,
                b'\r' => start = content + 2,
                0 | b'\t' => return None,
                _ => return (spaces >= widest).then_some(spaces),
            }
            widest = widest.max(spaces);
        }
    }

    fn block_line(&self, start: usize, end: usize, indent: usize) -> Line {
        let spaces = self.bytes[start..end].iter().take(indent).take_while(|&&byte| byte == b' ').count();
        if start + spaces == end {
            Line::Empty
        } else if spaces == indent {
            Line::Text(start + spaces)
        } else {
            Line::Outside
        }
    }

    /// What the lines of a block say, folded and chomped (YAML 1.2.2, 8.1.1.2 and 8.1.3).
    fn block_text(&self, header: Header, indent: usize, body: usize, end: usize) -> String {
        let mut out = String::with_capacity(end - body);
        let mut is_first = true;
        let mut was_deeper = false;
        let mut empty_lines = 0;
        let mut ends_with_break = false;
        let mut start = body;
        while start < end {
            let line_end = self.line_end(start);
            match self.block_line(start, line_end, indent) {
                Line::Outside => break,
                Line::Empty => empty_lines += 1,
                Line::Text(text) => {
                    let is_deeper = is_blank(self.bytes[text]);
                    let folds = !header.is_literal && !is_first && !was_deeper && !is_deeper;
                    if folds && empty_lines == 0 {
                        out.push(' ');
                    } else if !folds && !is_first {
                        out.push('\n');
                    }
                    out.extend(std::iter::repeat_n('\n', empty_lines));
                    out.push_str(&self.text[text..line_end]);
                    empty_lines = 0;
                    is_first = false;
                    was_deeper = is_deeper;
                }
            }
            ends_with_break = line_end < self.bytes.len();
            start = line_end + if self.byte(line_end) == b'\r' { 2 } else { 1 };
        }
        if ends_with_break && header.chomping != b'-' {
            out.push('\n');
        }
        if header.chomping == b'+' {
            out.extend(std::iter::repeat_n('\n', empty_lines));
        }
        out
    }
}
