//! A tree becomes JSON as `sops` writes it: Go's `encoding/json`, indented by tabs; comments are left out.

use crate::sops::{Item, Plain, Type, Value, number};

/// Writes the entries of the root, with a line break behind the object.
pub(in crate::sops) fn emit(items: &[Item]) -> String {
    let mut out = String::new();
    container(items, false, 0, &mut out);
    out.push('\n');
    out
}

/// Writes one value whose inner lines are indented by this many levels.
fn value(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Map(items) => container(items, false, depth, out),
        Value::List(items) => container(items, true, depth, out),
        Value::Leaf(plain) => leaf(plain, out),
        Value::Null => out.push_str("null"),
    }
}

fn container(items: &[Item], is_list: bool, depth: usize, out: &mut String) {
    out.push(if is_list { '[' } else { '{' });
    let mut is_empty = true;
    for item in items {
        let inner = match item {
            Item::Comment { .. } => continue,
            Item::Entry { value, .. } | Item::Element(value) => value,
        };
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        line(depth + 1, out);
        if let Item::Entry { key, .. } = item {
            string(key, out);
            out.push_str(": ");
        }
        value(inner, depth + 1, out);
    }
    if !is_empty {
        line(depth, out);
    }
    out.push(if is_list { ']' } else { '}' });
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n('\t', depth));
}

/// Writes one value of a type.
pub(in crate::sops) fn leaf(plain: &Plain, out: &mut String) {
    let text = String::from_utf8_lossy(&plain.bytes);
    match plain.r#type {
        Type::Str | Type::Bytes | Type::Comment | Type::Time => string(&text, out),
        Type::Int => out.push_str(&text),
        Type::Bool => out.push_str(&text.to_ascii_lowercase()),
        Type::Float => out.push_str(&float(&text)),
    }
}

/// Go's `floatEncoder`: an exponent only for the very small and the very large, and no zero before it.
fn float(canonical: &str) -> String {
    let Some(number) = number::parse_float(canonical) else { return "null".to_owned() };
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let scientific = format!("{number:e}");
        return match scientific.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent}"),
            _ => scientific,
        };
    }
    number.to_string()
}

/// Writes a string as Go does: `<`, `>`, `&` and the line separators of Unicode are escaped.
pub(in crate::sops) fn string(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\0'..='\u{1F}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_go_writes_them() {
        for (plain, expected) in [
            (
                Plain::str("a<b>&\"\\\n\u{1}\u{7f}é😀\u{2028}"),
                "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\u0001\u{7f}é😀\\u2028\"",
            ),
            (Plain::int(-7), "-7"),
            (Plain::bool(true), "true"),
            (Plain::float(1.5e-7), "1.5e-7"),
            (Plain::float(1e21), "1e+21"),
            (Plain::float(1e20), "100000000000000000000"),
            (Plain::float(0.0), "0"),
        ] {
            let mut out = String::new();
            leaf(&plain, &mut out);
            assert_eq!(out, expected);
        }
    }
}
