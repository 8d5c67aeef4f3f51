//! Whether a text has no character that YAML forbids or that parsers read in different ways.

/// Whether `text` has only printable characters, tabs and line breaks that all parsers read alike.
///
/// A byte order mark may stand at the start. NEL, LS and PS are line breaks to YAML 1.1.
pub(super) fn are_usual(text: &str) -> bool {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let bytes = text.as_bytes();
    let mut has_return = false;
    let mut start = 0;
    for chunk in bytes.chunks(256) {
        // Without a branch in it, this loop is one over vectors.
        let mut odd = 0;
        for &byte in chunk {
            odd |= u8::from(byte < b' ') & u8::from(byte != b'\n') | u8::from(byte >= 0x7F);
        }
        if odd != 0 {
            // A sequence that the chunk cuts is looked at from its first byte.
            for at in start..start + chunk.len() {
                match bytes[at] {
                    b'\r' => has_return = true,
                    b'\t' | b'\n' => {}
                    0..b' ' | 0x7F => return false,
                    0xC2 | 0xE2 | 0xEF if is_odd(&bytes[at..]) => return false,
                    _ => {}
                }
            }
        }
        start += chunk.len();
    }
    !has_return || memchr::memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n'))
}

/// Whether the character at the start is a control, a line break of YAML 1.1, or no character at all.
fn is_odd(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xC2, 0x80..=0x9F, ..]
            | [0xE2, 0x80, 0xA8 | 0xA9, ..]
            | [0xEF, 0xBB, 0xBF, ..]
            | [0xEF, 0xBF, 0xBE | 0xBF, ..]
    )
}

#[cfg(test)]
mod tests {
    use super::are_usual;

    #[test]
    fn odd_characters_are_told_wherever_they_stand() {
        for odd in ["\0", "\u{1}", "\u{7F}", "\u{80}", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{FFFF}", "\r"] {
            for before in [1, 31, 254, 255, 256, 300] {
                let text = format!("{}{odd}x", "x".repeat(before));
                assert!(!are_usual(&text), "{odd:?} behind {before}");
            }
        }
        for usual in ["", "\u{FEFF}a: ü\r\n", "\t~\u{A0}\u{2027}\u{FFFD}😀"] {
            assert!(are_usual(usual), "{usual:?}");
        }
    }
}
