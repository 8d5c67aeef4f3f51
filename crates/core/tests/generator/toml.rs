//! TOML 1.0 documents: the four kinds of strings, keys of all kinds, tables and inline tables.

use super::{Draft, Taste};

const WORDS: &[&str] = &["alpha", "a b", "ü–é😀", "100%", "# none", "k = v", "[x]", "b,c", "/path"];
const ESCAPED: &[&str] = &["say \"hi\"", "\\d+", "it's", "\t", "\u{7F}", "a\nb", "\u{8}"];
const FIXED: &[&str] = &[
    "1",
    "-17",
    "0x1F",
    "1_000",
    "1.5",
    "-1e3",
    "true",
    "false",
    "[]",
    "{}",
    "[1, 2]",
    "\"\"",
    "''",
    "\"\"\"\"\"\"",
];
const COMMENTS: &[&str] = &["# note", "#", "# a = 'b", "# {secret:commented}", "# ü", "#\tx"];

/// Appends pairs, then tables of both kinds with pairs of their own.
pub(super) fn document(draft: &mut Draft<'_>) {
    if draft.rng.chance(5) {
        draft.push("\u{FEFF}");
    }
    pairs(draft);
    for _ in 0..draft.rng.below(3) {
        let brackets = if draft.rng.chance(40) { ("[[", "]]") } else { ("[", "]") };
        draft.push(brackets.0);
        key(draft, true);
        draft.push(brackets.1);
        line_end(draft);
        pairs(draft);
    }
    if draft.rng.chance(10) && draft.text.ends_with(draft.newline) {
        draft.text.truncate(draft.text.len() - draft.newline.len());
    }
}

fn pairs(draft: &mut Draft<'_>) {
    for _ in 0..draft.rng.between(1, 3) {
        match draft.rng.below(10) {
            0 => draft.newline(),
            1 => {
                let comment = draft.rng.pick(COMMENTS);
                draft.push(comment);
                draft.newline();
            }
            _ => {}
        }
        key(draft, true);
        let equals = draft.rng.pick(&[" = ", "=", " =\t"]);
        draft.push(equals);
        value(draft, 0, true);
        line_end(draft);
    }
}

fn line_end(draft: &mut Draft<'_>) {
    if draft.rng.chance(15) {
        let comment = draft.rng.pick(COMMENTS);
        draft.push(&format!(" {comment}"));
    }
    draft.newline();
}

/// A key, dotted at times; each has a part that no other has.
fn key(draft: &mut Draft<'_>, may_be_dotted: bool) {
    let name = draft.name("k");
    if draft.rng.chance(20) && draft.touches() {
        draft.has_touched_key = true;
        let is_literal = draft.rng.chance(50);
        let style = if is_literal { "literal key" } else { "basic key" };
        let own: &[&str] = &[&name];
        string(draft, style, true, if is_literal { own } else { ESCAPED }, is_literal, false);
    } else if draft.rng.chance(10) {
        draft.push(&format!("\"{name} \\\"q\\\"\""));
    } else {
        draft.push(&name);
    }
    if may_be_dotted && draft.rng.chance(20) {
        draft.push(".");
        key(draft, false);
    }
}

fn value(draft: &mut Draft<'_>, depth: usize, may_break: bool) {
    match draft.rng.below(20) {
        0..=13 => {
            let is_touched = draft.touches();
            if is_touched && draft.rng.chance(4) {
                let text = draft.typed();
                let quote = draft.rng.pick(&["'", "\"", "'''", "\"\"\""]);
                return draft.touch("typed", &format!("{quote}{text}{quote}"));
            }
            let is_literal = draft.rng.chance(50);
            let is_multi = may_break && draft.rng.chance(45);
            let style = match (is_literal, is_multi) {
                (false, false) => "basic",
                (true, false) => "literal",
                (false, true) => "multi basic",
                (true, true) => "multi literal",
            };
            let words = if !is_literal && draft.rng.chance(50) { ESCAPED } else { WORDS };
            string(draft, style, is_touched, words, is_literal, is_multi);
        }
        14 | 15 if depth < 3 => array(draft, depth, may_break),
        16 if depth < 3 => {
            draft.push("{ ");
            let count = draft.rng.between(1, 2);
            for position in 0..count {
                key(draft, true);
                draft.push(" = ");
                // An inline table stands on one line, as TOML 1.0 wants it.
                value(draft, depth + 1, false);
                draft.push(if position + 1 < count { ", " } else { " }" });
            }
        }
        _ => {
            let fixed = draft.rng.pick(FIXED);
            draft.push(fixed);
        }
    }
}

fn array(draft: &mut Draft<'_>, depth: usize, may_break: bool) {
    let breaks = may_break && draft.rng.chance(40);
    draft.push("[");
    let count = draft.rng.between(1, 3);
    for position in 0..count {
        if breaks {
            line_end(draft);
            draft.push("  ");
        }
        value(draft, depth + 1, may_break);
        if position + 1 < count || draft.rng.chance(30) {
            draft.push(if breaks { "," } else { ", " });
        }
    }
    if breaks {
        line_end(draft);
    }
    draft.push("]");
}

fn string(
    draft: &mut Draft<'_>,
    style: &'static str,
    is_touched: bool,
    words: &[&str],
    is_literal: bool,
    is_multi: bool,
) {
    // A literal string cannot hold the quotes of a filter's argument; one of several lines can.
    let taste = if is_literal && !is_multi { Taste::Word } else { Taste::Any };
    let mut text = if is_touched { draft.wording(taste, words) } else { draft.rng.pick(words).to_owned() };
    if is_multi && draft.rng.chance(60) {
        let other = draft.rng.pick(WORDS);
        text = if draft.rng.chance(50) { format!("{other}\n{text}") } else { format!("{text}\n{other}\n") };
    }
    let quote = match (is_literal, is_multi) {
        (true, false) => "'",
        (true, true) => "'''",
        (false, false) => "\"",
        (false, true) => "\"\"\"",
    };
    let mut written = String::from(quote);
    if is_multi && draft.rng.chance(50) {
        written.push_str(draft.newline);
    }
    let percent = draft.rng.pick(&[0, 0, 4]);
    for c in text.chars() {
        match c {
            '\n' if is_multi => written.push_str(draft.newline),
            c if is_literal => written.push(c),
            '"' if is_multi && draft.rng.chance(50) && !written.ends_with('"') => written.push(c),
            '"' | '\\' => written.extend(['\\', c]),
            c if c.is_control() || draft.rng.chance(percent) => match c {
                '\n' => written.push_str("\\n"),
                c if u32::from(c) < 0x1_0000 => written.push_str(&format!("\\u{:04X}", u32::from(c))),
                c => written.push_str(&format!("\\U{:08x}", u32::from(c))),
            },
            ' ' if is_multi && draft.rng.chance(10) => {
                written.push_str(" \\");
                written.push_str(draft.newline);
                written.push_str("    ");
            }
            c => written.push(c),
        }
    }
    if is_multi && !is_literal && written.ends_with('"') && written.len() > quote.len() {
        written.insert(written.len() - 1, '\\');
        if written.ends_with("\\\\\"") {
            written.remove(written.len() - 2);
        }
    }
    written.push_str(quote);
    if is_touched { draft.touch(style, &written) } else { draft.push(&written) }
}
