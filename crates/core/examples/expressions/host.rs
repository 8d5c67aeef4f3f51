//! Puts an expression into a document of JSON or YAML: `e` holds it.

use std::fmt::Write;

use redeem_syntax::{Format, Source};

use super::rng::Rng;

/// A document with this expression, in one of the styles that can hold it.
pub(crate) fn document(rng: &mut Rng, expression: &str) -> Source {
    let (text, format) = match rng.below(10) {
        0..=4 => (format!("{{\"e\": {}}}", json(rng, expression)), Format::Json),
        5 if fits_plain(expression) => (format!("e: {expression}\nnext: 1\n"), Format::Yaml),
        6 if fits_line(expression) => (format!("e: '{}'\n", expression.replace('\'', "''")), Format::Yaml),
        // A carriage return ends a line in YAML, so no block can hold one as text.
        7 | 8 if !expression.contains('\r') => (block(expression), Format::Yaml),
        _ => (format!("e: {} # it\n", json(rng, expression)), Format::Yaml),
    };
    Source::new("expression", text, format)
}

/// A string of JSON, which is one of YAML too; now and then a character is written as an escape.
fn json(rng: &mut Rng, expression: &str) -> String {
    let mut out = String::from("\"");
    for c in expression.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || (c.is_ascii() && rng.chance(2)) => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes it");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A literal block. The indentation is written down, since the text may begin with a blank.
fn block(expression: &str) -> String {
    let (text, chomping) = match expression.strip_suffix('\n') {
        Some(text) if text.ends_with('\n') => (text, "+"),
        Some(text) => (text, ""),
        None => (expression, "-"),
    };
    let mut out = format!("e: |2{chomping}\n");
    for line in text.split('\n') {
        out.push_str(if line.is_empty() { "" } else { "  " });
        out.push_str(line);
        out.push('\n');
    }
    out + "next: 1\n"
}

/// Whether a plain scalar reads as this text.
fn fits_plain(expression: &str) -> bool {
    let ends_it = [": ", ":\t", " #", "\t#"].iter().any(|sign| expression.contains(sign));
    fits_line(expression) && expression.trim() == expression && !ends_it && !expression.ends_with(':')
}

fn fits_line(expression: &str) -> bool {
    !expression.contains(['\n', '\r'])
}
