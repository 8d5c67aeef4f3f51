//! Words as a terminal may have them: nothing that it obeys, and lines that fit.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// What stands in backquotes and is no longer than this, in columns, stays on one line: it is there to be typed.
const TYPED: usize = 48;

/// The text without what a terminal obeys: a file that others write may hold it. Line breaks and tabs stay.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    without(text, |c| is_unseen(c) && !matches!(c, '\n' | '\t'))
}

/// The same on one line.
pub(crate) fn on_one_line(text: &str) -> Cow<'_, str> {
    without(text, is_unseen)
}

/// Whether a character does something else than to be seen: it moves, colours, reorders or takes no room.
pub(crate) fn is_unseen(c: char) -> bool {
    let is_bidi =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control()
        || is_bidi
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}')
}

fn without(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return text.into();
    }
    let escape = |c: char| if is_bad(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect::<String>().into()
}

/// The text in lines of at most `width` columns, broken at blanks; a word that is longer stays whole.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| wrapped_line(line, width)).collect();
    lines.join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    let words_of = line.trim_start_matches(' ');
    let indent = &line[..line.len() - words_of.len()];
    let width = width.saturating_sub(indent.len());
    let mut lines: Vec<String> = vec![String::new()];
    for word in words(words_of) {
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            last.push_str(&word);
        // A line that begins with two colons is a command to GitHub Actions, wherever it begins.
        } else if last.width() + 1 + word.width() <= width || word.starts_with("::") {
            last.push(' ');
            last.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

/// The words of a line; blanks in short backquoted stretches do not part them.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    // A word that opened a backquote and waits for its end.
    let mut open: Option<String> = None;
    for word in line.split(' ') {
        let is_odd = word.matches('`').count() % 2 == 1;
        match open.take() {
            None if is_odd => open = Some(word.to_owned()),
            None => words.push(word.to_owned()),
            Some(begun) => {
                let joined = format!("{begun} {word}");
                if is_odd {
                    words.push(joined);
                } else if joined.width() <= TYPED {
                    open = Some(joined);
                } else {
                    words.extend(joined.split(' ').map(str::to_owned));
                }
            }
        }
    }
    // A backquote that is never closed was none.
    words.extend(open.iter().flat_map(|rest| rest.split(' ')).map(str::to_owned));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(escaped("a\n\tb\u{7}\u{9b}"), "a\n\tb\\u{7}\\u{9b}");
        assert_eq!(on_one_line("a\n\u{202e}b\u{200b}é"), "a\\n\\u{202e}b\\u{200b}é");
    }

    #[test]
    fn lines_break_at_blanks_and_not_in_what_is_typed() {
        for (text, width, expected) in [
            ("one two three", 7, "one two\nthree"),
            ("use `a b c` now", 8, "use\n`a b c`\nnow"),
            ("a-very-long-word x", 4, "a-very-long-word\nx"),
            ("never `closed here", 8, "never\n`closed\nhere"),
            ("line ::error::x y", 6, "line ::error::x\ny"),
            ("日本 語", 4, "日本\n語"),
            ("kept\n  as it is", 8, "kept\n  as it\n  is"),
            ("", 5, ""),
        ] {
            assert_eq!(wrapped(text, width), expected, "{text:?}");
        }
    }
}
