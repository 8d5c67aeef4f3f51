//! Entries between brackets: JSON, and YAML's flow style.

use super::layout::{is_first_on_line, is_tame, line_break, line_start};
use super::{Entry, File, Item, Node, Splice, Store, Value, last_and_metadata};
use crate::sops::yaml::style::double_quoted;
use crate::sops::{Plain, Type, json};

/// Adds an entry behind its siblings, on a line of its own if they have one.
pub(in crate::sops) fn insertion(file: &File, container: &Node, entry: &Item) -> Splice {
    let text = &file.text;
    let (last, metadata) = last_and_metadata(file, container);
    // The blanks before a sibling that begins its line, with the break before them.
    let lead = |sibling: &Entry| {
        is_first_on_line(text, sibling.start)
            .then(|| format!("{}{}", line_break(text), &text[line_start(text, sibling.start)..sibling.start]))
    };
    match (last, metadata) {
        (Some(last), _) => {
            let lead = lead(last).unwrap_or_else(|| " ".to_owned());
            let at = last.value.span.end;
            Splice { span: at..at, text: format!(",{lead}{}", written(file, entry, &lead)) }
        }
        (None, Some(metadata)) => {
            let lead = lead(metadata).unwrap_or_else(|| " ".to_owned());
            let at = metadata.start;
            Splice { span: at..at, text: format!("{},{lead}", written(file, entry, &lead)) }
        }
        (None, None) => {
            let at = container.span.start + 1;
            Splice { span: at..at, text: written(file, entry, " ") }
        }
    }
}

/// Takes an entry away with one of the commas around it.
pub(super) fn removal(file: &File, container: &Node, entry: &Entry) -> Splice {
    let entries: Vec<&Entry> =
        container.container().into_iter().flat_map(super::Container::entries).collect();
    let position = entries.iter().position(|one| std::ptr::eq(*one, entry)).unwrap_or_default();
    let span =
        match (position.checked_sub(1).and_then(|before| entries.get(before)), entries.get(position + 1)) {
            (_, Some(next)) => entry.start..next.start,
            (Some(before), None) => before.value.span.end..entry.value.span.end,
            (None, None) => {
                container.span.start + 1..container.span.end.saturating_sub(1).max(container.span.start + 1)
            }
        };
    let _ = file;
    Splice { span, text: String::new() }
}

/// An entry, with what is in it on lines of its own if `lead` begins one.
fn written(file: &File, entry: &Item, lead: &str) -> String {
    let unit = unit(file);
    let mut out = String::new();
    item(file, entry, lead, &unit, &mut out);
    out
}

/// A value in the place of an entry's, laid out as if it had been there.
pub(in crate::sops) fn value_in_place(file: &File, entry: &Entry, new: &Value) -> String {
    let text = &file.text;
    let lead = if is_first_on_line(text, entry.start) {
        format!("{}{}", line_break(text), &text[line_start(text, entry.start)..entry.start])
    } else {
        " ".to_owned()
    };
    let mut out = String::new();
    value(file, new, &lead, &unit(file), &mut out);
    out
}

/// What the file indents by: the blanks before the first key.
fn unit(file: &File) -> String {
    let first = file.documents.first().and_then(|root| root.container()?.entries().next());
    first.filter(|first| is_first_on_line(&file.text, first.start)).map_or_else(
        || "\t".to_owned(),
        |first| file.text[line_start(&file.text, first.start)..first.start].to_owned(),
    )
}

fn item(file: &File, entry: &Item, lead: &str, unit: &str, out: &mut String) {
    match entry {
        Item::Entry { key, value: inner } => {
            if file.store == Store::Yaml && is_tame(key) && !needs_quotes(key) {
                out.push_str(key);
            } else if file.store == Store::Yaml {
                out.push_str(&double_quoted(key));
            } else {
                json::string(key, out);
            }
            out.push_str(": ");
            value(file, inner, lead, unit, out);
        }
        Item::Element(inner) => value(file, inner, lead, unit, out),
        Item::Comment { .. } => {}
    }
}

fn needs_quotes(key: &str) -> bool {
    use crate::sops::yaml::style::{Written, of_text};
    of_text(key, true) != Written::Plain
}

fn value(file: &File, inner: &Value, lead: &str, unit: &str, out: &mut String) {
    let (items, open, close) = match inner {
        Value::Map(items) => (items, '{', '}'),
        Value::List(items) => (items, '[', ']'),
        Value::Null => return out.push_str("null"),
        Value::Leaf(plain) => return leaf(file, plain, out),
    };
    out.push(open);
    let is_broken = lead.contains('\n') && file.store != Store::Yaml;
    let inner_lead = if is_broken { format!("{lead}{unit}") } else { " ".to_owned() };
    for (position, one) in items.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        if is_broken || position > 0 {
            out.push_str(&inner_lead);
        }
        item(file, one, &inner_lead, unit, out);
    }
    if is_broken {
        out.push_str(lead);
    }
    out.push(close);
}

fn leaf(file: &File, plain: &Plain, out: &mut String) {
    if file.store == Store::Yaml && plain.r#type == Type::Str {
        out.push_str(&double_quoted(&String::from_utf8_lossy(&plain.bytes)));
    } else if file.store == Store::Yaml {
        out.push_str(&file.spelled(plain, &(0..0)));
    } else {
        json::leaf(plain, out);
    }
}
