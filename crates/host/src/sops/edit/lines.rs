//! Entries that are one line each: dotenv.

use super::layout::{line_start, next_line};
use super::{Entry, File, Item, Node, Plain, Splice, Value, last_and_metadata};
use crate::sops::dotenv;

pub(super) fn spelled(plain: &Plain) -> String {
    dotenv::spelled(plain)
}

/// Adds a line behind the last variable, before the metadata.
pub(super) fn insertion(file: &File, container: &Node, entry: &Item) -> Option<Splice> {
    let Item::Entry { key, value: Value::Leaf(plain) } = entry else { return None };
    let line = format!("{key}={}", dotenv::spelled(plain));
    let text = &file.text;
    Some(match last_and_metadata(file, container) {
        (Some(last), _) => {
            // A carriage return is a part of the value, and no part of the line's end.
            let at = last.value.span.end;
            Splice { span: at..at, text: format!("\n{line}") }
        }
        (None, metadata) => {
            let at = metadata.map_or(0, |metadata| line_start(text, metadata.start));
            Splice { span: at..at, text: format!("{line}\n") }
        }
    })
}

/// Takes a line away.
pub(super) fn removal(file: &File, entry: &Entry) -> Splice {
    let text = &file.text;
    Splice { span: line_start(text, entry.start)..next_line(text, entry.value.span.end), text: String::new() }
}
