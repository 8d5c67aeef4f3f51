//! Regular expressions of Go in the words of the `regex` crate.
//!
//! The two descend from RE2 and read nearly the same syntax. These differ: `\d`, `\w`, `\s` and `\b` know ASCII alone
//! in Go; `\Q…\E` quotes; and in a class brackets, `&&`, `--` and `~~` are letters.

/// Rewrites an expression of Go.
pub(super) fn translated(go: &str) -> String {
    let mut out = String::with_capacity(go.len() + 8);
    let mut rest = go;
    let mut class = Class::Outside;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        rest = after;
        match letter {
            '\\' => rest = escape(after, class != Class::Outside, &mut out),
            '[' if class == Class::Outside => {
                out.push('[');
                if let Some(negated) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = negated;
                }
                // A bracket that closes nothing yet is a letter.
                if let Some(closing) = rest.strip_prefix(']') {
                    out.push_str("\\]");
                    rest = closing;
                }
                class = Class::Inside;
            }
            '[' => match rest.strip_prefix(':').and_then(|named| named.find(":]")) {
                Some(end) => {
                    let end = end + 3;
                    out.push('[');
                    out.push_str(&rest[..end]);
                    rest = &rest[end..];
                }
                None => out.push_str("\\["),
            },
            ']' if class == Class::Inside => {
                out.push(']');
                class = Class::Outside;
            }
            '&' | '~' if class == Class::Inside => {
                out.push('\\');
                out.push(letter);
            }
            // `a--z` would take a set away; Go reads a range from `a` to `-`, or a letter.
            '-' if class == Class::Inside && rest.starts_with('-') => {
                out.push_str("-\\-");
                rest = &rest[1..];
            }
            letter => out.push(letter),
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    Inside,
}

/// Rewrites what stands behind a backslash, and returns what is behind that.
fn escape<'g>(rest: &'g str, is_in_class: bool, out: &mut String) -> &'g str {
    let Some(letter) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let after = &rest[letter.len_utf8()..];
    let ascii = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => "[\\t\\n\\x0C\\r ]",
        'S' => "[^\\t\\n\\x0C\\r ]",
        'b' if !is_in_class => "(?-u:\\b)",
        'B' if !is_in_class => "(?-u:\\B)",
        'Q' => {
            let (quoted, behind) = after.split_once("\\E").unwrap_or((after, ""));
            out.push_str(&regex::escape(quoted));
            return behind;
        }
        letter => {
            out.push('\\');
            out.push(letter);
            return after;
        }
    };
    out.push_str(ascii);
    after
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

    use super::*;

    fn check(go: &str, matching: &[&str], others: &[&str]) {
        let regex = Regex::new(&translated(go)).unwrap_or_else(|error| panic!("{go}: {error}"));
        for text in matching {
            assert!(regex.is_match(text.as_bytes()), "{go} on {text}");
        }
        for text in others {
            assert!(!regex.is_match(text.as_bytes()), "{go} on {text}");
        }
    }

    #[test]
    fn classes_are_of_ascii() {
        check(r"^\w+$", &["a_1"], &["ñ", "a b"]);
        check(r"[^\w]", &["ñ", "a b"], &["a_1"]);
        check(r"^\d$", &["7"], &["٧"]);
        check(r"\bx", &["ñx", "x"], &["ax"]);
        check(r"[\s\d]", &["a b", "a1"], &["a\u{A0}b", "a\u{B}b"]);
        check(r"(?i)^É$", &["é"], &["e"]);
        check(r"^\pL$", &["ñ"], &["1"]);
        check(r"^.$", &["ñ", "😀"], &["ab"]);
    }

    #[test]
    fn brackets_in_classes_are_letters() {
        check(r"^[[a]$", &["[", "a"], &["]", "b"]);
        check(r"^[]a]$", &["]", "a"], &["["]);
        check(r"^[^]a]$", &["b"], &["]", "a"]);
        check(r"^[a&&b]$", &["a", "&", "b"], &["c"]);
        check(r"^[[:alpha:]~~1]$", &["x", "~", "1"], &["2", ":"]);
        check(r"^[+--]$", &["+", ",", "-"], &["."]);
        check(r"\Qa.b[\E$", &["a.b["], &["axb["]);
        check(r"^\Q.", &["."], &["a"]);
    }
}
