//! Writes values into Python source: as string literals, and as text of literals that are already there.

use std::ops::Range;

use redeem_syntax::python::{
    Constant, DebugField, Delimiters, Expression, Literal, Place, Quote, QuoteKind, Use,
};

/// A replacement in the scanned text. It holds a secret, so it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// What is replaced; empty for an insertion.
    pub(crate) span: Range<usize>,
    /// What stands there afterwards.
    pub(crate) text: String,
}

/// Writes `value` as a Python string literal, in single quotes unless that costs a backslash double ones save.
pub(crate) fn literal(value: &str) -> String {
    quoted(value, if value.contains('\'') && !value.contains('"') { '"' } else { '\'' })
}

/// Writes `value` as text of a literal with this `quote`; `None` if no spelling of it can stand there.
///
/// What stands beside the text is not known here: [`text_in_literal`] looks at that too.
pub(crate) fn literal_text(quote: Quote, value: &str) -> Option<String> {
    if quote.kind == QuoteKind::Bytes {
        return None;
    }
    // A raw literal has no escapes, so what needs one has no spelling.
    if quote.raw && value.contains(|c| c == '\\' || c == quote.delimiter || !is_printable(c)) {
        return None;
    }
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if quote.kind == QuoteKind::Format && matches!(c, '{' | '}') {
            text.extend([c, c]);
        } else {
            push_escaped(&mut text, c, quote.delimiter);
        }
    }
    Some(text)
}

/// Writes `value` for the `span` of `text` inside `literal`: as [`literal_text`], and fit for its neighbours.
pub(crate) fn text_in_literal(
    text: &str,
    literal: &Literal,
    span: Range<usize>,
    value: &str,
) -> Option<String> {
    fitting_text(literal.quote, &text[literal.span.start..span.start], &text[span.end..], value)
}

/// Writes `value` between two parts of a text that is the inside of `f'''…'''`, as Julep takes a whole string.
///
/// Julep trims the string first, makes single braces of double ones, and takes some shapes for expressions;
/// so nothing is written that could change any of that.
pub(crate) fn bare_fstring_text(before: &str, after: &str, value: &str) -> Option<String> {
    if ends_in_open_escape(before) {
        return None;
    }
    // Where nothing stands at an end, what is behind it would be trimmed, or begin the string.
    if value.is_empty() && (before.trim().is_empty() || after.trim().is_empty()) {
        return Some("{\"\"}".to_owned());
    }
    let is_first = before.trim().is_empty() || before.ends_with('$');
    let lead = value.len() - value.trim_start_matches(' ').len();
    let tail = value.trim_end_matches(' ').len();
    let mut text = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let is_end = at + c.len_utf8() == value.len();
        let is_special = matches!(c, '{' | '}' | '[' | ']')
            || c == ' ' && (is_first && at < lead || after.trim().is_empty() && at >= tail)
            || at == 0 && (is_first && matches!(c, '$' | '_') || c == '.' && before.trim() == "_")
            || at == 0 && joins_octal(before, c)
            || is_end && after.starts_with('[');
        if is_special && c.is_ascii() {
            text.push_str(&format!("\\x{:02x}", u32::from(c)));
        } else {
            push_escaped(&mut text, c, '\'');
        }
    }
    Some(text)
}

/// Whether a digit would be taken into an octal escape of up to three digits that ends just before it.
fn joins_octal(before: &str, first: char) -> bool {
    let is_octal = |c: char| ('0'..='7').contains(&c);
    let digits = before.bytes().rev().take(2).take_while(|&byte| is_octal(char::from(byte))).count();
    is_octal(first) && (1..=digits).any(|digits| ends_in_open_escape(&before[..before.len() - digits]))
}

/// Writes `value` for the span of `use_`.
///
/// Text that cannot stand in the f-string (a quote in a raw one) is written as a field with a literal.
pub(crate) fn replace(use_: &Use, text: &str, value: &str) -> String {
    match &use_.place {
        Place::Code => literal(value),
        Place::Nested { enclosing } => nested_literal(value, *enclosing),
        Place::Field { quote, enclosing } => {
            fitting_text(*quote, &text[..use_.span.start], &text[use_.span.end..], value)
                .unwrap_or_else(|| format!("{{{}}}", nested_literal(value, *enclosing)))
        }
    }
}

/// Puts the default where an optional `use_` stands; none if it is not optional.
///
/// The default itself is kept, so edits for references in it may stand beside these.
pub(crate) fn replace_missing(use_: &Use, text: &str) -> Vec<Edit> {
    let Some(default) = &use_.default else {
        return Vec::new();
    };
    let (open, close) = if matches!(use_.place, Place::Field { .. }) { ("{", "}") } else { ("", "") };
    let Some(kept) = &default.span else {
        return vec![Edit { span: use_.span.clone(), text: format!("{open}None{close}") }];
    };
    // Brackets keep the default one value for the code around it, and a dict from doubling a field's brace.
    let bare = matches!(default.constant, Some(Constant::Text(_) | Constant::None))
        && !text[kept.clone()].contains(['\n', '\r']);
    let (left, right) = if bare { ("", "") } else { ("(", ")") };
    vec![
        Edit { span: use_.span.start..kept.start, text: format!("{open}{left}") },
        Edit { span: kept.end..use_.span.end, text: format!("{right}{close}") },
    ]
}

/// Writes the source that a `{…=}` field prints as plain text and turns the field into one that prints the value.
pub(crate) fn replace_debug(debug: &DebugField, text: &str) -> [Edit; 2] {
    let open = debug.text.start - 1;
    let printed = Some(())
        .filter(|()| !debug.in_spec)
        .and_then(|()| fitting_text(debug.quote, &text[..open], &text[open..], &debug.printed))
        .unwrap_or_else(|| format!("{{{}}}", nested_literal(&debug.printed, debug.enclosing)));
    let conversion = if debug.repr { "!r" } else { "" };
    [
        Edit { span: open..open, text: printed },
        Edit { span: debug.equals.clone(), text: conversion.to_owned() },
    ]
}

/// Writes all values into an expression: edits by start, none overlapping another.
///
/// `value` yields the secret's value or `None` if it is missing; then an optional reference yields to its default
/// and any other is left as it is.
pub(crate) fn edits(
    text: &str,
    expression: &Expression,
    mut value: impl FnMut(&Use) -> Option<String>,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    // The end of the last reference that went as a whole, defaults and all.
    let mut gone = 0;
    let mut debugs = expression.debugs.iter().peekable();
    for use_ in &expression.uses {
        while let Some(debug) = debugs.next_if(|debug| debug.text.start <= use_.span.start) {
            if debug.text.start >= gone {
                edits.extend(replace_debug(debug, text));
            }
        }
        if use_.span.start < gone {
            continue;
        }
        if let Some(value) = value(use_) {
            edits.push(Edit { span: use_.span.clone(), text: replace(use_, text, &value) });
            gone = use_.span.end;
        } else {
            edits.extend(replace_missing(use_, text));
        }
    }
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    edits
}

/// Text for a place between `before` and `after`, or `None` if it would become part of what stands there.
fn fitting_text(quote: Quote, before: &str, after: &str, value: &str) -> Option<String> {
    let mut text = literal_text(quote, value)?;
    // A backslash before a brace or a dollar stands for itself, but not before a letter or a quote.
    if ends_in_open_escape(before) {
        return None;
    }
    // An octal escape takes up to three digits, so one of fewer would take the value's first.
    if !quote.raw {
        let first = value.chars().next().or_else(|| after.chars().next());
        match (first.filter(|&first| joins_octal(before, first)), value.is_empty()) {
            (Some(_), true) => return None,
            (Some(first), false) => text.replace_range(..1, &format!("\\x{:02x}", u32::from(first))),
            (None, _) => {}
        }
    }
    // Where nothing is left between two quotes they may run together into three.
    if value.is_empty() {
        let mut run = String::from(quote.delimiter);
        let starts_literal = before.is_empty() || before.ends_with(quote.delimiter);
        let joins = if quote.triple {
            before.ends_with(quote.delimiter)
        } else {
            run.push(quote.delimiter);
            starts_literal
        };
        if joins && after.starts_with(&run) {
            return None;
        }
    }
    Some(text)
}

/// Whether the last character is a backslash that escapes what comes next.
fn ends_in_open_escape(before: &str) -> bool {
    before.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

/// A literal for code inside f-strings: Python before 3.12 allows it no quote of theirs and no backslash.
fn nested_literal(value: &str, enclosing: Delimiters) -> String {
    match enclosing {
        Delimiters { single: true, double: false } => quoted(value, '"'),
        Delimiters { single: false, double: true } => quoted(value, '\''),
        _ => literal(value),
    }
}

fn quoted(value: &str, delimiter: char) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push(delimiter);
    for c in value.chars() {
        push_escaped(&mut text, c, delimiter);
    }
    text.push(delimiter);
    text
}

/// Appends one character of a literal that is not raw. All escapes are of fixed length, so a digit may follow.
fn push_escaped(text: &mut String, c: char, delimiter: char) {
    match c {
        '\\' => text.push_str("\\\\"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        _ if c == delimiter => text.extend(['\\', c]),
        _ if is_printable(c) => text.push(c),
        _ => {
            let code = u32::from(c);
            let (letter, digits) = match code {
                0..=0xff => ('x', 2),
                0x100..=0xffff => ('u', 4),
                _ => ('U', 8),
            };
            text.extend(['\\', letter]);
            text.extend(
                (0..digits).rev().filter_map(|digit| char::from_digit(code >> (4 * digit) & 0xf, 16)),
            );
        }
    }
}

/// Whether a character shows as itself in source: no control, no format character, no blank but the space.
fn is_printable(c: char) -> bool {
    let hidden = c.is_control() || (c.is_whitespace() && c != ' ');
    let format = matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    let private = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    !(hidden || format || private)
}

#[cfg(test)]
mod tests {

    use super::*;
    use redeem_syntax::python::scan;

    /// Renders `text` with the secret `a` set to `value`; all others are missing.
    #[track_caller]
    fn check(text: &str, value: &str, expected: &str) {
        let found = scan(text).expect("an expression string");
        let edits = edits(text, &found, |use_| (use_.name == "a").then(|| value.to_owned()));
        assert!(
            edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start),
            "edits overlap in {text}"
        );
        let after = apply(text, &edits);
        assert_eq!(after, expected);
        assert_eq!(scan(&after).map(|again| again.uses), Some(Vec::new()), "{after}");
    }

    #[test]
    fn text_of_a_bare_f_string_keeps_its_shape() {
        for (before, after, value, expected) in [
            ("Bearer ", "", "K1", "K1"),
            ("", "", " $ x ", "\\x20$ x\\x20"),
            ("", "", "$ x", "\\x24 x"),
            ("$", "", " x", "\\x20x"),
            ("", "", "_", "\\x5f"),
            ("a", "", "it's {{x}} [1]", "it\\'s \\x7b\\x7bx\\x7d\\x7d \\x5b1\\x5d"),
            ("", "[0]", "outputs", "output\\x73"),
            ("\\1", "", "23", "\\x323"),
            ("_", "]", "...", "\\x2e.."),
            ("it's ", "", "", "{\"\"}"),
            ("a", "b", "", ""),
        ] {
            assert_eq!(bare_fstring_text(before, after, value).as_deref(), Some(expected), "{value:?}");
        }
        assert_eq!(bare_fstring_text("\\", "", "n"), None);
    }

    #[test]
    fn a_literal_is_what_python_reads_back() {
        for (value, expected) in [
            ("", "''"),
            ("K1", "'K1'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("a\\", "'a\\\\'"),
            ("\n\r\t\0\x7f\u{85}", "'\\n\\r\\t\\x00\\x7f\\x85'"),
            ("\u{2028}\u{feff}\u{10ffff}é😀", "'\\u2028\\ufeff\\U0010ffffé😀'"),
            ("{x}", "'{x}'"),
        ] {
            assert_eq!(literal(value), expected);
        }
    }

    #[test]
    fn text_in_an_f_string_is_escaped_and_doubled() {
        check("$ f'k={secrets.a}'", "K1", "$ f'k=K1'");
        check("$ f'{secrets.a}'", "it's {\"a\\n\"}\n", "$ f'it\\'s {{\"a\\\\n\"}}\\n'");
        check("$ f\"\"\"{secrets.a}\"\"\"", "\"\"\"", "$ f\"\"\"\\\"\\\"\\\"\"\"\"");
        check("$ f'{secrets.a}'", "\\N{DASH}", "$ f'\\\\N{{DASH}}'");
    }

    #[test]
    fn text_never_joins_its_neighbours() {
        check("$ f'\\1{secrets.a}'", "23", "$ f'\\1\\x323'");
        check("$ f'\\001{secrets.a}\\\\1{secrets.a}'", "23", "$ f'\\00123\\\\123'");
        check("$ f'\\1{secrets.a}2'", "", "$ f'\\1{\"\"}2'");
        check("$ f'\\{secrets.a}'", "n", "$ f'\\{\"n\"}'");
        check("$ f'{secrets.a}''b'", "", "$ f'{\"\"}''b'");
        check("$ f'{secrets.a}' 'b'", "", "$ f'' 'b'");
        check("$ f'''''{secrets.a}'b'''", "", "$ f'''''{\"\"}'b'''");
    }

    #[test]
    fn a_raw_f_string_takes_only_what_needs_no_escape() {
        check("$ rf'{secrets.a}'", "a\"{b}", "$ rf'a\"{{b}}'");
        check("$ rf'{secrets.a}'", "a\\b", "$ rf'{\"a\\\\b\"}'");
        check("$ rf\"{secrets.a}\"", "a\"b", "$ rf\"{'a\"b'}\"");
    }

    #[test]
    fn code_in_a_field_takes_the_other_quote() {
        check("$ f'{secrets.a:>6}'", "K1", "$ f'{\"K1\":>6}'");
        check("$ f\"{secrets.a!r}\"", "it's", "$ f\"{'it\\'s'!r}\"");
        check("$ f'{x:0{secrets.a}d}'", "5", "$ f'{x:0{\"5\"}d}'");
        check("$ f'{secrets.a=}'", "K1", "$ f'secrets.a={\"K1\"!r}'");
        check(
            "$ f'{ secrets['a'] = :>5}'",
            "K1",
            "$ f' secrets[\\'a\\'] = {\"K1\":>5}'".replace("{\"", "{ \"").as_str(),
        );
        check(
            "$ rf'{secrets['a']=}'",
            "K1",
            "$ rf'{\"secrets[\\'a\\']=\"}{\"K1\"!r}'".replace("\\'", "'").as_str(),
        );
        check("$ f'{ {1: secrets.a}=}'", "K1", "$ f' {{1: secrets.a}}={ {1: \"K1\"}!r}'");
        check("$ f'{x:{secrets.a=}}'", "5", "$ f'{x:{\"secrets.a=\"}{\"5\"!r}}'");
    }

    #[test]
    fn a_missing_secret_yields_to_its_default() {
        check("$ secrets.get('b', 'd').upper()", "", "$ 'd'.upper()");
        check("$ secrets.get('b', 5).real", "", "$ (5).real");
        check("$ secrets.get('b') or 1", "", "$ None or 1");
        check("$ secrets.get('b', secrets.get('c', secrets.a))", "K1", "$ (('K1'))");
        check("$ secrets.get('a', secrets.a)", "K1", "$ 'K1'");
        check("$ f'{secrets.get(\"b\", {1: secrets.a})}'", "K1", "$ f'{({1: \"K1\"})}'");
        check("$ f'{secrets.get(\"b\")}'", "K1", "$ f'{None}'");
        check("$ f'{secrets.get(\"b\", 1)=}'", "K1", "$ f'secrets.get(\"b\", 1)={(1)!r}'");
    }

    #[test]
    fn other_dialects_land_in_literals() {
        let place = |text: &str, value: &str| {
            let found = scan(text).expect("an expression string");
            let start = text.find("${").expect("a reference");
            let span = start..start + "${secret.x}".len();
            let literal =
                found.literals.iter().find(|literal| literal.span.contains(&span.start)).expect("a literal");
            text_in_literal(text, literal, span, value)
        };
        assert_eq!(place("$ 'a${secret.x}'", "it's {"), Some("it\\'s {".to_owned()));
        assert_eq!(place("$ '${secret.x}'", ""), Some(String::new()));
        assert_eq!(place("$ '''${secret.x}'''", ""), Some(String::new()));
        assert_eq!(place("$ '${secret.x}''b'", ""), None);
        assert_eq!(place("$ '''x'${secret.x}'''", ""), None);
        assert_eq!(place("$ r'${secret.x}'", "a\\b"), None);
        assert_eq!(place("$ '\\${secret.x}'", "n"), None);
        assert_eq!(place("$ '\\0${secret.x}'", "12"), Some("\\x312".to_owned()));
    }

    /// Applies edits, which are by start and do not overlap.
    fn apply(text: &str, edits: &[Edit]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in edits {
            out.push_str(&text[at..edit.span.start]);
            out.push_str(&edit.text);
            at = edit.span.end;
        }
        out.push_str(&text[at..]);
        out
    }
}
