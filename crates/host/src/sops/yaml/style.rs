//! How `yaml.v3` of Go writes a scalar: without quotes, in one kind of them, or as a block.

use super::resolve::{Resolved, resolve};
use crate::sops::Type;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sops) enum Written {
    Plain,
    Single,
    Double,
    Literal,
}

/// What a text holds that decides how it can be written (`yaml_emitter_analyze_scalar`).
#[expect(clippy::struct_excessive_bools, reason = "they are the analysis of the emitter that this follows")]
pub(super) struct Analysis {
    pub(super) is_multiline: bool,
    block_plain: bool,
    single_quoted: bool,
    block: bool,
}

/// How a text is written as a value in block style, or as a key.
pub(in crate::sops) fn of_text(text: &str, is_key: bool) -> Written {
    let analysis = analyse(text);
    // `stringv` of `encode.go`, and what the emitter then allows.
    let wanted = if text.contains('\n') {
        Written::Literal
    } else if is_plainly_text(text) {
        Written::Plain
    } else {
        Written::Double
    };
    let wanted = if is_key && analysis.is_multiline { Written::Double } else { wanted };
    match wanted {
        Written::Plain if analysis.block_plain => Written::Plain,
        Written::Plain if analysis.single_quoted => Written::Single,
        // A block whose first line begins with a tab is what `yaml.v3` writes and cannot read.
        Written::Literal if analysis.block && !is_key && !text.starts_with('\t') => Written::Literal,
        _ => Written::Double,
    }
}

/// Whether a text without quotes is a text and nothing else, for readers of YAML 1.1 too.
fn is_plainly_text(text: &str) -> bool {
    let is_text = matches!(resolve(text), Ok(Resolved::Plain(plain)) if plain.r#type == Type::Str);
    // `<<` has a tag of its own.
    is_text && text != "<<" && !is_old_bool(text) && !is_base_60(text)
}

fn is_old_bool(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<_> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && !rest.is_empty()
        && rest.iter().all(|part| match part.as_bytes() {
            [one] => one.is_ascii_digit(),
            [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
            _ => false,
        })
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// A line break of YAML 1.1.
pub(super) fn is_break(letter: char) -> bool {
    matches!(letter, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the emitter takes for printable; what is beyond 16 bits is not.
pub(super) fn is_printable(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
        && letter != '\u{FEFF}'
}

pub(super) fn analyse(text: &str) -> Analysis {
    let mut found = Found::default();
    let letters: Vec<char> = text.chars().collect();
    let mut block_indicators = text.starts_with("---") || text.starts_with("...");
    let mut is_after_blank = true;
    let (mut previous_space, mut previous_break) = (false, false);
    for (position, &letter) in letters.iter().enumerate() {
        let next = letters.get(position + 1).copied();
        let is_before_blank = next.is_none_or(|next| matches!(next, ' ' | '\t'));
        block_indicators |= match letter {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if position == 0 =>
            {
                true
            }
            '?' | '-' if position == 0 => is_before_blank,
            ':' => is_before_blank,
            '#' => is_after_blank,
            _ => false,
        };
        if letter == '\t' {
            found.tab = true;
        } else if !is_printable(letter) {
            found.special = true;
        }
        let is_last = next.is_none();
        if letter == ' ' {
            found.edge_blank |= position == 0 || is_last;
            found.trailing_space |= is_last;
            found.break_space |= previous_break;
        } else if is_break(letter) {
            found.line_break = true;
            found.edge_blank |= position == 0 || is_last;
            found.space_break |= previous_space;
        }
        previous_space = letter == ' ';
        previous_break = is_break(letter);
        is_after_blank = matches!(letter, ' ' | '\t' | '\0') || is_break(letter);
    }
    let quotable = !found.break_space && !found.space_break && !found.tab && !found.special;
    Analysis {
        is_multiline: found.line_break,
        block_plain: quotable && !found.edge_blank && !found.line_break && !block_indicators,
        single_quoted: quotable,
        block: !letters.is_empty() && !found.trailing_space && !found.space_break && !found.special,
    }
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the analysis of the emitter that this follows")]
struct Found {
    tab: bool,
    special: bool,
    line_break: bool,
    edge_blank: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

/// Writes a text in double quotes (`yaml_emitter_write_double_quoted_scalar`).
pub(in crate::sops) fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        if is_printable(letter) && !is_break(letter) && !matches!(letter, '"' | '\\') {
            out.push(letter);
            continue;
        }
        let code = u32::from(letter);
        let short = match letter {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{B}' => 'v',
            '\u{C}' => 'f',
            '\r' => 'r',
            '\u{1B}' => 'e',
            '"' | '\\' => letter,
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                out.push_str(&match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
    out.push('"');
    out
}

/// Writes a text that has no line break in single quotes.
pub(in crate::sops) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_go_writes_them() {
        use Written::{Double, Literal, Plain, Single};
        for (text, expected) in [
            ("abc", Plain),
            ("ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]", Plain),
            ("", Double),
            ("yes", Double),
            ("null", Double),
            ("12", Double),
            ("1:30", Double),
            ("2026-11-21", Double),
            ("a: b", Single),
            ("a:b", Plain),
            ("a #b", Single),
            ("- x", Single),
            ("-x", Plain),
            ("[x]", Single),
            (" x", Single),
            ("a\tb", Double),
            ("a\nb", Literal),
            ("a \nb", Double),
            ("a\nb ", Double),
            ("😀", Double),
            ("ñ", Plain),
            ("---x", Single),
            ("<<", Double),
        ] {
            assert_eq!(of_text(text, false), expected, "{text:?}");
        }
        assert_eq!(of_text("a\nb", true), Double);
        assert_eq!(double_quoted("a\"\\\n\u{1}é😀"), "\"a\\\"\\\\\\n\\x01é\\U0001F600\"");
    }
}
