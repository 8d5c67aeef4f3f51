//! Entries on lines of their own: YAML's block style.

use super::layout::{is_first_on_line, line_break, line_end, line_start, next_line};
use super::{Entry, File, Item, Kind, Node, NodeItem, Splice, Value, last_and_metadata};
use crate::sops::{Tree, yaml};

/// Adds an entry behind its siblings, in their column.
pub(in crate::sops) fn insertion(file: &File, container: &Node, entry: &Item) -> Splice {
    let text = &file.text;
    let line_break = line_break(text);
    let (last, metadata) = last_and_metadata(file, container);
    match (last, metadata) {
        (Some(last), _) => {
            let at = end_of_lines(text, last);
            let column = last.start - line_start(text, last.start);
            Splice { span: at..at, text: format!("{line_break}{}", written(entry, column, line_break)) }
        }
        (None, Some(metadata)) => {
            let column = metadata.start - line_start(text, metadata.start);
            let written = written(entry, column, line_break);
            // What stands before the key's column is there already.
            let at = metadata.start;
            let text = format!("{}{line_break}{}", written.trim_start_matches(' '), " ".repeat(column));
            Splice { span: at..at, text }
        }
        (None, None) => {
            let at = container.span.start;
            Splice { span: at..at, text: format!("{}{line_break}", written(entry, 0, line_break)) }
        }
    }
}

/// Adds a stanza to a list of them, laid out as `sops` does in the column of the others.
pub(in crate::sops) fn stanza(file: &File, stanzas: &Node, new: &Value) -> Splice {
    let text = &file.text;
    let line_break = line_break(text);
    let Some(last) = stanzas.container().and_then(|list| list.entries().last()) else {
        return Splice { span: stanzas.span.end..stanzas.span.end, text: String::new() };
    };
    let column = last.start - line_start(text, last.start);
    let entry = |key: &str, value| vec![Item::Entry { key: key.to_owned(), value }];
    let age = entry("age", Value::List(vec![Item::Element(new.clone())]));
    let block = yaml::emit(&Tree { documents: vec![entry("sops", Value::Map(age))] });
    // Two keys stand above the list, which `sops` indents by eight.
    let lines = block.lines().skip(2).map(|line| line.get(8..).unwrap_or_default());
    let new: String = lines.map(|line| format!("{line_break}{}{line}", " ".repeat(column))).collect();
    let at = end_of_lines(text, last);
    Splice { span: at..at, text: new }
}

/// Lines for an entry, as `sops` would write it, moved into a column. No line break at the end.
fn written(entry: &Item, column: usize, line_break: &str) -> String {
    let (items, dash) = match entry {
        Item::Element(Value::Map(items)) => (items.clone(), "- "),
        Item::Element(value) => (vec![Item::Entry { key: "-".to_owned(), value: value.clone() }], ""),
        entry => (vec![entry.clone()], ""),
    };
    let block = yaml::emit_carefully(&Tree { documents: vec![items] });
    let blanks = " ".repeat(column);
    let mut out = String::new();
    for (position, line) in block.trim_end_matches('\n').split('\n').enumerate() {
        if position > 0 {
            out.push_str(line_break);
        }
        if line.is_empty() {
            continue;
        }
        out.push_str(&blanks);
        match (position, entry) {
            // The emitter was given a key in the place of the dash.
            (0, Item::Element(Value::Map(_))) => out.push_str(dash),
            (0, Item::Element(_)) => {
                out.push_str("- ");
                out.push_str(line.split_once(": ").map_or("", |(_, value)| value));
                continue;
            }
            (_, Item::Element(Value::Map(_))) => out.push_str("  "),
            _ => {}
        }
        out.push_str(line);
    }
    out
}

/// Where the lines of an entry end, those of comments inside of it included; the last line's break is not.
pub(in crate::sops) fn end_of_lines(text: &str, entry: &Entry) -> usize {
    let end =
        line_end(text, last_place(&entry.value).max(entry.key.as_ref().map_or(0, |(_, span)| span.end)));
    let last = last_value(&entry.value);
    let header = text[last.span.clone()].lines().next().unwrap_or_default();
    let indicators = header.split([' ', '\t']).next().unwrap_or_default();
    let is_kept_block = indicators.starts_with(['|', '>']) && indicators.contains('+');
    if !is_kept_block {
        return end;
    }
    // The empty lines behind such a block are part of it.
    let mut end = end;
    loop {
        let next = next_line(text, end);
        if next >= text.len() || !text[next..line_end(text, next)].trim_matches(' ').is_empty() {
            return end;
        }
        end = line_end(text, next);
    }
}

/// The last value in a value, or itself.
fn last_value(node: &Node) -> &Node {
    let last = node.container().and_then(|container| container.entries().last());
    last.map_or(node, |last| last_value(&last.value))
}

/// The last place that a value, or a comment in it, takes.
fn last_place(node: &Node) -> usize {
    let Kind::Container(container) = &node.kind else { return node.span.end };
    let items = container.items.iter().map(|item| match item {
        NodeItem::Comment(comment) => comment.span.end,
        NodeItem::Entry(entry) => last_place(&entry.value),
    });
    items.max().unwrap_or(node.span.end).max(node.span.end)
}

/// Takes an entry away with its lines.
pub(super) fn removal(file: &File, parents: &[(&Node, &Entry)]) -> Option<Vec<Splice>> {
    let text = &file.text;
    let (&(container, entry), above) = parents.split_last()?;
    let inner = container.container()?;
    let entries: Vec<&Entry> = inner.entries().collect();
    let position = entries.iter().position(|one| std::ptr::eq(*one, entry))?;
    if entries.len() == 1 {
        let &(_, parent) = above.last()?;
        return Some(vec![emptied(text, container, parent, inner.is_list)]);
    }
    let mut start = entry.start;
    if file.metadata.selection.rule().is_of_comments() {
        // A comment that decides what is encrypted goes with what it was written for.
        start = first_comment(&inner.items, entry).unwrap_or(start);
    }
    if is_first_on_line(text, start) {
        let end = next_line(text, end_of_lines(text, entry));
        return Some(vec![Splice { span: line_start(text, start)..end, text: String::new() }]);
    }
    // It shares its line with the dash of the list that it is in: the next entry takes its place.
    let next = entries.get(position + 1)?;
    Some(vec![Splice { span: start..next.start, text: String::new() }])
}

/// Where the comments directly before an entry begin, on lines of their own.
fn first_comment(items: &[NodeItem], entry: &Entry) -> Option<usize> {
    let mut first = None;
    for item in items {
        match item {
            NodeItem::Comment(comment) if !comment.is_inline => {
                first.get_or_insert(comment.span.start - 1);
            }
            NodeItem::Comment(_) => {}
            NodeItem::Entry(one) if std::ptr::eq(one, entry) => return first,
            NodeItem::Entry(_) => first = None,
        }
    }
    None
}

/// Puts `{}` or `[]` in the place of a container's only entry.
fn emptied(text: &str, container: &Node, parent: &Entry, is_list: bool) -> Splice {
    let brackets = if is_list { "[]" } else { "{}" };
    let end = line_end(text, last_place(container));
    let after_key = parent.key.as_ref().and_then(|(_, span)| {
        let colon = memchr::memchr(b':', &text.as_bytes()[span.end..])?;
        Some(span.end + colon + 1)
    });
    let start = after_key.unwrap_or(parent.start + 1);
    Splice { span: start..end, text: format!(" {brackets}") }
}
