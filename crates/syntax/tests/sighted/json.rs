//! JSON as programs and people write it, with odd neighbours now and then.

use crate::chance::Chance;

const STRINGS: &[&str] = &[
    "",
    "x",
    "a b",
    "ü😀",
    "{secret:a}",
    "Bearer ${secret.b}",
    "$ f'{secrets.a}'",
    "secret",
    "secret_name",
    "a\\nb\\t\\\"c\\\\",
    "\\/secret\\/",
    "\\u0073ecret_name",
    "{\\u0073ecret:a}",
    "\\u00fc{secret:a}\\r\\n",
    "\\b\\f{secret:a}",
    "long enough to be read eight bytes at a time, and {secret:x} in it",
    "value of cluster and region",
    "tab\tand\u{1}control",
    "{secret:x}{{y}}",
    "\u{2028}",
];

const FIXED: &[&str] = &["0", "-1", "12.50", "1e9", "-0.1E-7", "true", "false", "null"];

const ODD: &[&str] = &[
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "nul",
    "trueish",
    "NaN",
    "'x'",
    "\"\\x41\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u12\"",
    "/* c */ 1",
    "x",
    "-",
    "\"a\nb\"",
    "\"\\\n\"",
    "\"\\ud800\"",
    "\"\\q\"",
    "",
];

const GAPS: &[&str] = &["", "", " ", "\n  ", "\t", "\r\n"];

/// A document.
pub(crate) fn document(chance: &mut Chance) -> String {
    let mut out = String::new();
    if chance.one_in(20) {
        out.push('\u{FEFF}');
    }
    value(&mut out, chance, 0);
    gap(&mut out, chance);
    out
}

fn gap(out: &mut String, chance: &mut Chance) {
    out.push_str(chance.pick(GAPS));
    if chance.odd(30) {
        out.push_str(chance.pick(&["// c\n", "/* {secret:c} */", "\u{A0}", "\u{B}", ",", "# c\n"]));
    }
}

fn string(out: &mut String, chance: &mut Chance) {
    out.push('"');
    for _ in 0..=chance.below(2) {
        out.push_str(chance.pick(STRINGS));
    }
    out.push('"');
}

fn value(out: &mut String, chance: &mut Chance, depth: usize) {
    gap(out, chance);
    if chance.odd(40) {
        return out.push_str(chance.pick(ODD));
    }
    match chance.below(if depth < 5 { 6 } else { 3 }) {
        0 | 1 => string(out, chance),
        2 => out.push_str(chance.pick(FIXED)),
        kind => {
            let is_list = kind == 3;
            out.push(if is_list { '[' } else { '{' });
            let count = chance.below(5);
            for index in 0..count {
                gap(out, chance);
                if !is_list {
                    if chance.one_in(8) {
                        out.push_str("\"secret_name\"");
                    } else {
                        string(out, chance);
                    }
                    gap(out, chance);
                    out.push(':');
                }
                value(out, chance, depth + 1);
                gap(out, chance);
                if index + 1 < count || chance.odd(20) {
                    out.push(',');
                }
            }
            gap(out, chance);
            out.push(if is_list { ']' } else { '}' });
        }
    }
}
