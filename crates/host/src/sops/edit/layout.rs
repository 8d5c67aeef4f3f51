//! Where an entry is added or taken away, by the way that its container is written.

use super::{File, Item, Node, Path, Plain, SopsError, Splice, Store, brackets, keys, lines};
use crate::sops::node::Entry;
use crate::sops::yaml::style::{self, Written};
use crate::sops::{Type, dotenv, json, yaml};

impl File {
    /// Whether the store can hold a value.
    pub(super) fn can_hold(&self, path: &Path, plain: &Plain) -> Result<(), SopsError> {
        match self.store {
            Store::Dotenv => dotenv::can_hold(plain).map_err(|message| self.refused(path, message)),
            // A text that is no text goes into no store but the binary one, whose value is encrypted.
            _ if plain.text().is_none() && self.store != Store::Binary => {
                Err(self.refused(path, "the value is not UTF-8"))
            }
            _ => Ok(()),
        }
    }

    /// A value as it is written in the place of what stands at `span`.
    pub(in crate::sops) fn spelled(&self, plain: &Plain, span: &std::ops::Range<usize>) -> String {
        match self.store {
            Store::Yaml => yaml_spelled(plain, &self.text[span.clone()], self.is_in_flow(span.start)),
            Store::Json | Store::Binary => {
                let mut out = String::new();
                json::leaf(plain, &mut out);
                out
            }
            Store::Dotenv | Store::Ini => lines::spelled(plain),
        }
    }

    /// Whether a place of a YAML text lies in brackets.
    fn is_in_flow(&self, at: usize) -> bool {
        let mut node = self.documents.iter().rfind(|document| document.span.start <= at);
        while let Some(container) = node.and_then(Node::container) {
            if container.is_flow {
                return true;
            }
            node = container.entries().map(|entry| &entry.value).find(|value| value.span.contains(&at));
        }
        false
    }

    /// The text that takes the place of an entry's value. Where nothing is written it goes behind the colon or dash.
    pub(super) fn replacement(&self, path: &Path, entry: &Entry, text: String) -> Result<Splice, SopsError> {
        let span = entry.value.span.clone();
        if self.store != Store::Yaml {
            return Ok(Splice { span, text });
        }
        if !span.is_empty() {
            // A block's comment stands in its header.
            let old = &self.text[span.clone()];
            let header = old.lines().next().filter(|_| old.starts_with(['|', '>'])).unwrap_or_default();
            let comment = header.find('#').map_or_else(String::new, |at| format!(" {}", &header[at..]));
            return Ok(Splice { span, text: format!("{text}{comment}") });
        }
        let sign = match &entry.key {
            None => Some(entry.start).filter(|&at| self.text[at..].starts_with('-')),
            Some((_, key)) => {
                let blanks =
                    self.text[key.end..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                Some(key.end + blanks).filter(|&at| self.text[at..].starts_with(':'))
            }
        };
        let at = sign.ok_or_else(|| self.refused(path, "nothing is written there: write `null` first"))? + 1;
        Ok(Splice { span: at..at, text: format!(" {text}") })
    }

    /// The text that adds an entry to a container.
    pub(super) fn insertion(&self, path: &Path, container: &Node, entry: &Item) -> Result<Splice, SopsError> {
        let Some(inner) = container.container() else { return Err(self.unproved()) };
        match self.store {
            Store::Dotenv => lines::insertion(self, container, entry)
                .ok_or_else(|| self.refused(path, "a map has no place in dotenv")),
            Store::Json | Store::Binary => Ok(brackets::insertion(self, container, entry)),
            Store::Yaml if inner.is_flow => Ok(brackets::insertion(self, container, entry)),
            Store::Yaml | Store::Ini => Ok(keys::insertion(self, container, entry)),
        }
    }

    /// The texts that take an entry away, the last of `parents`.
    pub(super) fn removal(&self, path: &Path, parents: &[(&Node, &Entry)]) -> Result<Vec<Splice>, SopsError> {
        let Some(&(container, entry)) = parents.last() else { return Err(self.unproved()) };
        let is_flow = container.container().is_some_and(|inner| inner.is_flow);
        match self.store {
            Store::Dotenv => Ok(vec![lines::removal(self, entry)]),
            _ if is_flow => Ok(vec![brackets::removal(self, container, entry)]),
            Store::Yaml => {
                keys::removal(self, parents).ok_or_else(|| self.refused(path, "nothing would be left"))
            }
            _ => Err(self.unproved()),
        }
    }
}

/// A YAML value on one line, in the quotes that stand there already.
fn yaml_spelled(plain: &Plain, old: &str, is_flow: bool) -> String {
    let text = String::from_utf8_lossy(&plain.bytes);
    match plain.r#type {
        Type::Str | Type::Bytes | Type::Comment => {}
        Type::Int | Type::Time => return text.into_owned(),
        Type::Bool => return text.to_ascii_lowercase(),
        Type::Float => {
            let number = yaml::yaml_float(&text);
            // `1` would read back as a whole number.
            let is_whole = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            return if is_whole { format!("{number}.0") } else { number };
        }
    }
    let written = style::of_text(&text, false);
    match old.as_bytes().first() {
        Some(b'"') => style::double_quoted(&text),
        Some(b'\'') if matches!(written, Written::Plain | Written::Single) => style::single_quoted(&text),
        _ => match written {
            // In brackets commas and brackets end a text without quotes.
            Written::Plain if !is_flow || is_tame(&text) => text.into_owned(),
            Written::Single if !text.contains('\n') => style::single_quoted(&text),
            _ => style::double_quoted(&text),
        },
    }
}

/// Whether a text without quotes is safe in brackets.
pub(super) fn is_tame(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The line break that a text uses.
pub(super) fn line_break(text: &str) -> &'static str {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}

/// Where the line of a place begins.
pub(in crate::sops) fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |found| found + 1)
}

/// Where the line of a place ends, its break excluded.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |found| at + found);
    if end > at && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
}

/// Where the line behind that of a place begins.
pub(in crate::sops) fn next_line(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |found| at + found + 1)
}

/// Whether nothing but blanks stands before a place on its line.
pub(super) fn is_first_on_line(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}
