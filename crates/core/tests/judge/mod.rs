//! What parsers that do not scan for Redeem read in a text, as flat lists of nodes that can be compared.

use std::ops::Range;

use crate::generator::Case;

mod dotenv;
mod json;
mod toml;
mod yaml;

pub(crate) use dotenv::sourced;

/// One part of a tree, in document order.
#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    /// A mapping, a list, the end of one, an anchor, an alias.
    Mark(String),
    /// A string.
    Text(String),
    /// Anything that is no string: its type, and how it is written.
    Other(&'static str, String),
}

/// Reads a text, or says why it cannot.
type Read = fn(&str) -> Result<Vec<Node>, String>;

/// The parsers that judge a format, by name.
fn judges(format: redeem_syntax::Format) -> &'static [(&'static str, Read)] {
    match format {
        redeem_syntax::Format::Yaml => {
            &[("libyaml-safer, YAML 1.1", yaml::libyaml), ("yaml-rust2, YAML 1.2", yaml::rust2)]
        }
        redeem_syntax::Format::Toml => &[("toml-span", toml::read)],
        redeem_syntax::Format::Json => &[("serde_json", json::read)],
        _ => &[("dotenvy", dotenv::read)],
    }
}

/// How many judges read a case.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) read: usize,
    /// The judge does not take the text before.
    pub(crate) skipped: usize,
}

/// Compares what each judge reads after the render with what it read before, the values in their places.
pub(crate) fn compare(case: &Case, rendered: &str, now: &[Range<usize>], tally: &mut Tally) {
    let (before, after, told) = match case.format {
        redeem_syntax::Format::Json => (case.strict(), case.strict_rendered(rendered, now), None),
        redeem_syntax::Format::Dotenv => {
            let plain = case.with_plain_words();
            (plain.text.clone(), rendered.to_owned(), Some(plain))
        }
        _ => (case.text.clone(), rendered.to_owned(), None),
    };
    let told = told.as_ref().unwrap_or(case);
    // What is written for one program, no other has to read.
    if case.reader.is_some() {
        return;
    }
    for (name, read) in judges(case.format) {
        let Ok(before) = read(&before) else {
            tally.skipped += 1;
            continue;
        };
        tally.read += 1;
        let expected: Vec<_> = before
            .into_iter()
            .map(|node| match node {
                Node::Text(text) if case.typed.contains(&text) => {
                    typed(case.format, *read, &substitute(case, &text))
                }
                Node::Text(text) => Node::Text(substitute(told, &text)),
                other => other,
            })
            .collect();
        let found = read(&after);
        assert_eq!(found.as_ref(), Ok(&expected), "{name} reads\n{rendered}\nwhich was\n{}", case.text);
    }
}

/// What a judge makes of a number or a truth value.
fn typed(format: redeem_syntax::Format, read: Read, value: &str) -> Node {
    let document = match format {
        redeem_syntax::Format::Toml => format!("k = {value}\n"),
        _ => format!("[{value}]\n"),
    };
    let nodes = read(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
    let is_typed = |node: &Node| matches!(node, Node::Other(..));
    nodes.into_iter().find(is_typed).unwrap_or_else(|| panic!("{value} is a string to a judge"))
}

/// What a string says with the values in the places of its references.
fn substitute(case: &Case, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut references = case.references.iter();
        if let Some((reference, value)) =
            references.find(|(reference, _)| rest.starts_with(reference.as_str()))
        {
            out.push_str(value);
            rest = &rest[reference.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}
