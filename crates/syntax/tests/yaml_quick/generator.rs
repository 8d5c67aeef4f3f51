//! Texts as people write them: every construct the quick scanner knows, and now and then an odd neighbour.

use crate::chance::Chance;

const KEYS: &[&str] = &[
    "a",
    "key",
    "long-key_name.x",
    "\"q\"",
    "'s'",
    "\"e\\tq\"",
    "'it''s'",
    "a b",
    "a:b",
    "ü",
    "1",
    "on",
    "<<",
    "-a",
    "?a",
    ":a",
    "a#b",
    "$x",
    "~",
    "\"\"",
    "''",
    "=",
    "a,b",
    "k[0]",
    "{k}",
    "[k]",
    "@k",
    "a\tb",
];

const PLAIN: &[&str] = &[
    "x",
    "true",
    "12",
    "a b  c",
    "http://h:80/p?q=1#f",
    "a#b",
    "-1",
    "--x",
    ":x",
    "?x",
    "- x",
    "a: b",
    "x:",
    "a, b",
    "{x}",
    "x]",
    "ü😀",
    "~",
    "null",
    "@x",
    "`x`",
    "%x",
    "*x y",
    "a 'b' \"c\"",
    "&",
    "!",
    "x\ty",
    "=",
    "secret:x",
    "{{ x }}",
    "...",
    "---",
    "--- x",
    "$ x",
    "x |",
    "> x",
    "\\n",
    "x\u{a0}",
];

const QUOTED: &[&str] = &[
    "\"x\"",
    "'x'",
    "\"\"",
    "''",
    "\"a\\nb\"",
    "\"\\u00e9\\x41\\U0001F600\"",
    "\"\\uD83D\\uDE00\"",
    "'it''s'",
    "''''",
    "\"a: b # c\"",
    "'- x'",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"\\q\"",
    "\"\\uD83D\"",
    "\"\\uDE00\"",
    "\"ü\"",
    "\" x \"",
    "'  '",
    "\"\\ \"",
    "\"a\"b",
    "'a' b",
    "\"a\"#c",
    "\"\\u12\"",
    "\"\\uD83D\\uE001\"",
    "\"\\uD83D\\u0041\"",
    "\"x\\/y\"",
];

const COMMENTS: &[&str] =
    &["# c", "#", "# a: b", "#- x", "# redeem: ignore", "# it's \"quoted\"", "#ü", "# |"];

/// A whole text, of one document or several.
pub(crate) fn document(chance: &mut Chance) -> String {
    let mut out = String::new();
    if chance.one_in(60) {
        out.push('\u{FEFF}');
    }
    comment_lines(chance, 0, &mut out);
    if chance.one_in(4) {
        out.push_str(chance.pick(&["---\n", "--- # c\n", "---  \n", "...\n", "---\n\n", "--- \n# c\n"]));
    }
    let count = if chance.one_in(8) { 3 } else { 1 };
    for index in 0..count {
        if index > 0 {
            out.push_str(chance.pick(&[
                "---\n",
                "...\n",
                "...\n---\n",
                "--- # c\n",
                "---\n---\n",
                "... # c\n",
            ]));
        }
        root(chance, &mut out);
    }
    if chance.one_in(8) {
        out.push_str(chance.pick(&["---\n", "...\n", "---", "...", "# c", "  ", "\n\n"]));
    }
    if chance.one_in(10) {
        out.truncate(out.trim_end().len());
    }
    if chance.one_in(10) { out.replace('\n', "\r\n") } else { out }
}

fn root(chance: &mut Chance, out: &mut String) {
    let indent = if chance.one_in(10) { 2 } else { 0 };
    match chance.below(20) {
        0 => {
            flow(chance, 0, 0, out);
            end_line(chance, out);
        }
        1 if chance.odd(1) => scalar(chance, 0, out),
        2..6 => list(chance, indent, 0, out),
        _ => map(chance, indent, 0, out),
    }
}

fn map(chance: &mut Chance, indent: usize, depth: usize, out: &mut String) {
    for index in 0..=chance.below(4) {
        if index > 0 {
            comment_lines(chance, indent, out);
            blanks(indent, out);
        } else if !out.is_empty() && !out.ends_with('\n') {
            // The first key stands behind a dash.
        } else {
            blanks(indent, out);
        }
        if chance.one_in(25) {
            let end = if chance.odd(2) { 6 } else { 4 };
            out.push_str(chance.pick(&["&k ", "!t ", "!!str ", "&k !t ", "? ", "*x : "][..end]));
        }
        if chance.odd(100) {
            out.push_str(&"k".repeat(980 + chance.below(60)));
        }
        out.push_str(if chance.odd(6) { chance.pick(KEYS) } else { chance.pick(&KEYS[..20]) });
        out.push_str(if chance.odd(40) { chance.pick(&[" :", ":x", "", ": :", ":\t"]) } else { ":" });
        value(chance, indent, depth, true, out);
    }
}

fn list(chance: &mut Chance, indent: usize, depth: usize, out: &mut String) {
    for index in 0..=chance.below(4) {
        if index > 0 {
            comment_lines(chance, indent, out);
            blanks(indent, out);
        } else if out.is_empty() || out.ends_with('\n') {
            blanks(indent, out);
        }
        out.push('-');
        match chance.below(8) {
            0 if depth < 5 => {
                let spaces = 1 + if chance.one_in(4) { chance.below(3) } else { 0 };
                blanks(spaces, out);
                list(chance, indent + 1 + spaces, depth + 1, out);
            }
            1..4 if depth < 5 => {
                let spaces = 1 + if chance.one_in(4) { chance.below(3) } else { 0 };
                blanks(spaces, out);
                map(chance, indent + 1 + spaces, depth + 1, out);
            }
            _ => value(chance, indent, depth, false, out),
        }
    }
}

/// What follows a key's colon or a dash, its line's end included.
fn value(chance: &mut Chance, indent: usize, depth: usize, is_in_map: bool, out: &mut String) {
    let properties = if chance.one_in(8) {
        let all = ["&a ", "!t ", "!!str ", "&b !x/y ", "!t &c ", "! ", "&a &b ", "!a!b ", "!<x> ", "&a"];
        if chance.odd(2) { chance.pick(&all) } else { chance.pick(&all[..6]) }
    } else {
        ""
    };
    let step = chance.pick(&[2, 2, 2, 2, 4, 1, 3]);
    match chance.below(if depth < 5 { 16 } else { 9 }) {
        0 => {
            out.push_str(chance.pick(&["", " ", "  "]));
            end_line(chance, out);
        }
        9..12 => {
            nest(properties, chance, out);
            comment_lines(chance, indent + step, out);
            map(chance, indent + step, depth + 1, out);
        }
        12..14 => {
            nest(properties, chance, out);
            comment_lines(chance, indent, out);
            let step = if is_in_map && chance.one_in(2) { 0 } else { step };
            list(chance, indent + step, depth + 1, out);
        }
        14 => {
            nest(properties, chance, out);
            blanks(indent + step, out);
            if chance.one_in(4) {
                out.push_str(chance.pick(&["&x ", "!u ", "!!int "]));
            }
            scalar(chance, indent, out);
        }
        _ => {
            out.push_str(if chance.odd(30) { chance.pick(&["\t", " \t", "  ", ""]) } else { " " });
            out.push_str(properties);
            scalar(chance, indent, out);
        }
    }
}

/// Ends the line of a key or dash whose node comes below.
fn nest(properties: &str, chance: &mut Chance, out: &mut String) {
    if !properties.is_empty() {
        out.push(' ');
        out.push_str(properties.trim_end());
    }
    end_line(chance, out);
}

fn scalar(chance: &mut Chance, indent: usize, out: &mut String) {
    match chance.below(24) {
        0..8 => out.push_str(if chance.odd(3) { chance.pick(PLAIN) } else { chance.pick(&PLAIN[..10]) }),
        8..13 => out.push_str(if chance.odd(3) { chance.pick(QUOTED) } else { chance.pick(&QUOTED[..13]) }),
        13..16 => flow(chance, indent, 0, out),
        16 if chance.odd(2) || out.contains("&a ") => {
            out.push_str(chance.pick(&["*a", "*b", "*x", "*a ", "*a:", "*c # c"]));
        }
        16..19 => return lines(chance, indent, out),
        _ => return block(chance, indent, out),
    }
    end_line(chance, out);
}

/// A scalar of several lines, plain or in quotes.
fn lines(chance: &mut Chance, indent: usize, out: &mut String) {
    let quote = chance.pick(&["", "\"", "'"]);
    out.push_str(quote);
    for index in 0..=chance.below(4) {
        if index > 0 {
            let breaks = ["\n", "\n", "\n", "\n\n", "  \n", "\n \n", "\\\n", " # c\n", "\n  \t\n", "\n\t"];
            out.push_str(if chance.odd(3) { chance.pick(&breaks) } else { chance.pick(&breaks[..6]) });
            let deeper = if chance.odd(12) { 0 } else { 1 + chance.below(3) };
            blanks(indent + deeper, out);
        }
        let words = ["x", "y z", "- x", "a: b", "it''s", "\\t", "é", "# c", "--- x", "", "\\", "x ", "[x"];
        out.push_str(if chance.odd(3) { chance.pick(&words) } else { chance.pick(&words[..2]) });
    }
    out.push_str(quote);
    end_line(chance, out);
}

fn block(chance: &mut Chance, indent: usize, out: &mut String) {
    out.push_str(chance.pick(&["|", ">"]));
    if chance.one_in(2) {
        let all = ["-", "+", "-", "-", "2", "1", "-2", "2-", "+1", "3+", "0", "--", "12", "x"];
        out.push_str(if chance.odd(2) { chance.pick(&all) } else { chance.pick(&all[..5]) });
    }
    end_line(chance, out);
    let step = chance.pick(&[2, 2, 2, 4, 1]);
    let words = ["x", "y z", "# c", "a: b", "- x", "\tx", "", "x  ", "é |", "'", "---", "x\ty"];
    for _ in 0..=chance.below(5) {
        match chance.below(12) {
            0 => out.push('\n'),
            1 if chance.odd(2) => {
                let column = chance.below(indent + step + 3);
                blanks(column, out);
                out.push('\n');
            }
            2 => {
                let deeper = 1 + chance.below(3);
                blanks(indent + step + deeper, out);
                out.push_str(chance.pick(&words));
                out.push('\n');
            }
            3 if chance.odd(4) => {
                let column = chance.below(indent + step + 1);
                blanks(column, out);
                out.push_str(chance.pick(&words));
                out.push('\n');
            }
            _ => {
                blanks(indent + step, out);
                out.push_str(chance.pick(&words));
                out.push('\n');
            }
        }
    }
}

fn flow(chance: &mut Chance, indent: usize, depth: usize, out: &mut String) {
    let is_list = chance.one_in(2);
    out.push(if is_list { '[' } else { '{' });
    let gap = |chance: &mut Chance, out: &mut String| {
        if chance.one_in(10) {
            let breaks = ["\n", "\n", " # c\n", "\n\n", "\n# c\n", " \n", "\n\t"];
            out.push_str(if chance.odd(2) { chance.pick(&breaks) } else { chance.pick(&breaks[..6]) });
            let deeper = if chance.odd(8) { 0 } else { 1 + chance.below(4) };
            blanks(indent + deeper, out);
        } else {
            out.push_str(chance.pick(&["", " ", " ", "  "]));
        }
    };
    let atoms = [
        "x",
        "a b",
        "\"q\"",
        "'s'",
        "1",
        "-1",
        "\"a\\nb\"",
        "http://x",
        "a:b",
        "*a",
        "ü",
        "?x",
        "#x",
        "-",
        ":x",
        "&a x",
        "!t x",
        "!t",
        "a: b",
        "- x",
        "'a\n   b'",
        "x\n   y",
        "|",
        "@",
        "\"x\" y",
        "a#b",
        "x #c",
        "",
        "~",
    ];
    for index in 0..chance.below(4) {
        if index > 0 {
            out.push_str(if chance.odd(30) { chance.pick(&[",,", "", ";", " "]) } else { "," });
        }
        gap(chance, out);
        if !is_list {
            if chance.odd(200) {
                out.push_str(&"k".repeat(980 + chance.below(60)));
            }
            let keys =
                ["k", "\"k\"", "'k'", "a b", "k:", "&a k", "[k]", "\"k\\t\"", "<<", "\"a\n   b\"", "-"];
            out.push_str(if chance.odd(8) { chance.pick(&keys) } else { chance.pick(&keys[..4]) });
            match chance.below(16) {
                0 => {
                    gap(chance, out);
                    continue;
                }
                1 if chance.odd(1) => {
                    out.push_str(chance.pick(&[":", " :", ":\n   ", "\n   :", ": # c\n  ", " : "]));
                }
                _ => out.push_str(": "),
            }
            if chance.one_in(12) {
                continue;
            }
        }
        if depth < 3 && chance.one_in(5) {
            flow(chance, indent, depth + 1, out);
        } else {
            out.push_str(if chance.odd(4) { chance.pick(&atoms) } else { chance.pick(&atoms[..8]) });
        }
        gap(chance, out);
    }
    if chance.one_in(12) {
        out.push(',');
        gap(chance, out);
    }
    let closing = if is_list { ']' } else { '}' };
    out.push(if chance.odd(80) { chance.pick(&[']', '}', ',', ' ']) } else { closing });
}

/// Ends a line, at times with a comment.
fn end_line(chance: &mut Chance, out: &mut String) {
    if chance.one_in(8) {
        out.push_str(if chance.odd(4) { chance.pick(&["\t", ""]) } else { " " });
        out.push_str(chance.pick(COMMENTS));
    } else if chance.one_in(20) {
        out.push_str(chance.pick(&[" ", "  ", "\t"]));
    }
    out.push('\n');
}

fn comment_lines(chance: &mut Chance, indent: usize, out: &mut String) {
    if !chance.one_in(8) {
        return;
    }
    for _ in 0..=chance.below(3) {
        if !chance.one_in(3) {
            let column = if chance.one_in(3) { chance.below(indent + 4) } else { indent };
            blanks(column, out);
            out.push_str(if chance.one_in(4) { "" } else { chance.pick(COMMENTS) });
        }
        out.push('\n');
    }
}

fn blanks(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}
