//! The ASCII armour of age files, read strictly.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::file::FileError;

/// The first line.
pub(super) const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
/// The last line.
const END: &str = "-----END AGE ENCRYPTED FILE-----";
/// Letters in each line but the last.
const COLUMNS: usize = 64;
/// Bytes of white space before the first line, and after the last, that are passed over.
const MAX_BLANK: usize = 1024;

/// Armours a file: lines of 64 letters, and a line break at the end.
pub(super) fn encode(file: &[u8]) -> String {
    let mut text = format!("{BEGIN}\n");
    for line in file.chunks(COLUMNS / 4 * 3) {
        BASE64_STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// Takes the armour off (<https://c2sp.org/age#ascii-armor>): white space may stand around it, lines may end in CRLF,
/// and all else is as it would be written.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, FileError> {
    let text = without_blanks_before(text)?;
    let mut rest = text;
    let mut line = || -> Option<&[u8]> {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest);
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    };
    if line() != Some(BEGIN.as_bytes()) {
        return Err(FileError::Armor("its first line is not that of an age file"));
    }
    let mut file = Vec::with_capacity(text.len() / 4 * 3);
    loop {
        let found = line().ok_or(FileError::Armor("it has no last line"))?;
        if found == END.as_bytes() {
            break;
        }
        if found.is_empty() || found.len() > COLUMNS {
            return Err(FileError::Armor("a line of it is empty or too long"));
        }
        let before = file.len();
        let wrong = FileError::Armor("it holds what is not strict base64");
        BASE64_STANDARD.decode_vec(found, &mut file).map_err(|_| wrong)?;
        if file.len() - before < COLUMNS / 4 * 3 {
            // Only the last line may be short.
            match line() {
                Some(last) if last == END.as_bytes() => break,
                _ => return Err(FileError::Armor("a line of it is short")),
            }
        }
    }
    if rest.len() >= MAX_BLANK || !rest.trim_ascii().is_empty() {
        return Err(FileError::Armor("something follows its last line"));
    }
    Ok(file)
}

/// The text from its first line that is not blank.
fn without_blanks_before(text: &[u8]) -> Result<&[u8], FileError> {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if blanks > MAX_BLANK {
        return Err(FileError::Armor("too much white space is before it"));
    }
    // White space on the first line itself is part of that line.
    let line = memchr::memrchr(b'\n', &text[..blanks]).map_or(0, |end| end + 1);
    Ok(&text[line..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_comes_back() {
        for length in 0..200 {
            let file = vec![b'a'; length];
            let text = encode(&file);
            assert_eq!(decode(text.as_bytes()).expect("our own"), file);
            assert_eq!(decode(format!(" \n\r\n{text} \n").as_bytes()).expect("white space"), file);
            assert_eq!(decode(text.replace('\n', "\r\n").as_bytes()).expect("CRLF"), file);
            assert!(decode(format!("{text}x").as_bytes()).is_err());
            assert!(decode(format!(" {text}").as_bytes()).is_err());
        }
    }
}
