//! Small changes to a text that make a neighbour of it: bytes, lines and indentation.

use crate::chance::Chance;

/// What is written into a text; the first are the likeliest to matter.
const PIECES: &[&str] = &[
    ":",
    "-",
    "?",
    "#",
    "&",
    "*",
    "!",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "@",
    ",",
    "[",
    "]",
    "{",
    "}",
    "`",
    "\t",
    " ",
    "\n",
    "\r",
    "\r\n",
    ": ",
    "- ",
    " #",
    " ",
    "  ",
    "\n ",
    "\n  ",
    "\n\n",
    "---",
    "...",
    "--- ",
    "\n---\n",
    "\n...\n",
    "&a ",
    "*a",
    "!t ",
    "? ",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "\0",
    "\u{7F}",
    "\u{1}",
    "x",
    "\\",
    "''",
    "\\\n",
    "|-\n",
    ">+\n",
    "|2\n",
    "ü",
    "%YAML 1.2\n",
    "\n  \t\n",
    "~",
    "<<: *a\n",
    "[a, b]",
    "{a: b}",
    "\"a\": ",
    "a: ",
    "a:\n",
    "-\n",
];

/// One change to `text`.
pub(crate) fn mutated(text: &str, chance: &mut Chance) -> String {
    let place = |chance: &mut Chance| {
        let mut at = chance.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let at = place(chance);
    let next = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    match chance.below(10) {
        0 => format!("{}{}", &text[..at], &text[next..]),
        1 | 2 => format!("{}{}{}", &text[..at], chance.pick(PIECES), &text[at..]),
        3 => format!("{}{}{}", &text[..at], chance.pick(PIECES), &text[next..]),
        4 => {
            let other = place(chance);
            let (start, end) = (at.min(other), at.max(other));
            let end = end.min(start + 12);
            if !text.is_char_boundary(end) {
                return text.to_owned();
            }
            // A stretch is written twice, or left out.
            if chance.one_in(2) {
                format!("{}{}", &text[..end], &text[start..])
            } else {
                format!("{}{}", &text[..start], &text[end..])
            }
        }
        5 => {
            let after = text[next..].chars().next().map_or(next, |c| next + c.len_utf8());
            format!("{}{}{}{}", &text[..at], &text[next..after], &text[at..next], &text[after..])
        }
        _ => with_line_changed(text, chance),
    }
}

fn with_line_changed(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = chance.below(lines.len());
    match chance.below(7) {
        0 => {
            lines.remove(at);
        }
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = chance.below(lines.len());
            lines.swap(at, other);
        }
        3 => lines[at].insert_str(0, chance.pick(&[" ", "  ", "    ", "\t", "- ", "# ", "? "])),
        4 => {
            let cut = lines[at].bytes().take_while(|&byte| byte == b' ').count().min(1 + chance.below(2));
            lines[at].drain(..cut);
        }
        5 => {
            let end = lines[at].trim_end_matches(['\r', '\n']).len();
            lines[at]
                .insert_str(end, chance.pick(&[" ", "\t", " # c", ":", ": ", ",", "  ", " |", "#", "\r"]));
        }
        _ => lines.truncate(at + 1),
    }
    lines.concat()
}

/// Some lines of a long text, so that a change of them is likely to matter.
pub(crate) fn window(text: &str, chance: &mut Chance) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let count = 3 + chance.below(20);
    if lines.len() <= count {
        return text.to_owned();
    }
    let mut start = chance.below(lines.len() - count);
    // Most begin where the outermost collection has an entry.
    while start > 0 && lines[start].starts_with([' ', '#', '\n', '\r']) && !chance.one_in(100) {
        start -= 1;
    }
    lines[start..start + count].concat()
}
