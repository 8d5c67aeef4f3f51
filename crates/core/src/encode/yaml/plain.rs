//! Plain scalars: which texts need no quotes, for readers of YAML 1.1 and of 1.2.

use zeroize::Zeroizing;

use crate::encode::{Spot, is_printable};

/// Splices the pieces without quotes if the whole is the same plain string to every reader.
pub(super) fn encode(spot: &Spot<'_>, expected: &str) -> Option<Zeroizing<String>> {
    let scalar = spot.scalar;
    let is_folded = spot.source[scalar.span.clone()].contains('\n');
    // Pieces of a folded scalar may come to stand at a line's start or end, so only words are safe.
    let pieces_fit = !is_folded || spot.pieces.iter().all(|piece| is_word(&piece.text));
    let text_fits = if is_folded {
        is_plain(&expected.replace('\n', " "), false)
    } else {
        is_plain(expected, scalar.in_flow)
    };
    let is_typed = scalar.tag.as_deref().is_some_and(is_type_tag);
    let fits = pieces_fit
        && text_fits
        && (is_typed || is_string(expected))
        && !(scalar.is_key && spot.pieces.iter().any(|piece| piece.text.contains([':', '?', '#'])));
    fits.then(|| spot.splice(|piece, out| out.push_str(piece)))
}

/// A tag that asks for a type, as `!!int ${secret.PORT}` does: the text is read by it, not guessed at.
fn is_type_tag(tag: &str) -> bool {
    ["int", "float", "bool", "null", "timestamp"]
        .iter()
        .any(|name| tag == format!("tag:yaml.org,2002:{name}"))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./@+=-".contains(c))
}

/// Whether `text` may be written without quotes as far as its characters go (YAML 1.2.2, 7.3.3).
pub(super) fn is_plain(text: &str, in_flow: bool) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().all(is_printable)
        && !text.starts_with(|c: char| "?:,[]{}#&*!|>'\"%@`".contains(c))
        && !(text.starts_with('-')
            && (in_flow || !text[1..].starts_with(|c: char| c.is_ascii_alphanumeric())))
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && !(in_flow && text.contains([',', '[', ']', '{', '}', ':', '?']))
}

/// Whether every reader takes the plain `text` for a string, and for nothing else.
///
/// The words and numbers are those of YAML 1.1's types and of 1.2's core schema. Whatever begins
/// like a number and holds no letter that no number holds is taken for one, to be safe.
pub(crate) fn is_string(text: &str) -> bool {
    const WORDS: &[&str] = &["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<"];
    if WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return false;
    }
    let may_be_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let is_no_number = |c: char| {
        c == '/' || c == '@' || matches!(c.to_ascii_lowercase(), 'g'..='n' | 'p'..='s' | 'u'..='w' | 'y')
    };
    // `.inf`, `-.inf` and `.nan` hold such letters, and are numbers.
    let is_dotted = text.trim_start_matches(['+', '-']).starts_with('.');
    !may_be_number || !is_dotted && text.contains(is_no_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_some_reader_takes_for_something_else_are_no_strings() {
        for text in [
            "",
            "~",
            "null",
            "NULL",
            "yes",
            "No",
            "on",
            "Off",
            "y",
            "N",
            "true",
            "=",
            "<<",
            "1",
            "-1",
            "+1",
            "0x1F",
            "0o17",
            "014",
            "1_000",
            "1e3",
            "1.5e+3",
            ".5",
            ".inf",
            "-.INF",
            ".NaN",
            "1:30",
            "190:20:30",
            "2001-01-01",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10 -5",
            "0b101",
            "12e03",
            "+.inf",
        ] {
            assert!(!is_string(text), "{text}");
        }
        for text in [
            "a",
            "5 apples",
            "10m",
            "sk-123",
            "yes!",
            "v1.2",
            "1password",
            "nope",
            "10.0.0.0/8",
            "inf",
            "nan",
        ] {
            assert!(is_string(text), "{text}");
        }
    }

    #[test]
    fn texts_that_need_quotes_are_told() {
        for text in [
            "",
            " a",
            "a ",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "- a",
            "-",
            "--",
            "---",
            "[a",
            "{a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "'a",
            "\"a",
            "a\tb",
            "a\nb",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{feff}a",
        ] {
            assert!(!is_plain(text, false), "{text:?}");
        }
        for text in ["a", "a:b", "a#b", "a-b", "a, b", "x{y}", "it's", "a\"b", "a\\b", "é😀"] {
            assert!(is_plain(text, false), "{text:?}");
        }
        for text in ["a,b", "a]", "a}", "a:b", "a?b"] {
            assert!(!is_plain(text, true), "{text:?}");
        }
    }
}
