//! Which place `redeem explain` is asked about: `FILE:LINE` or `FILE:LINE:COL`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use redeem_host::Code;
use redeem_host::core::nearest;
use redeem_host::paths::{quoted, shown};

use crate::exit::Stop;

/// A place in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) file: PathBuf,
    /// 1-based.
    pub(super) line: usize,
    /// 1-based; none is all of the line.
    pub(super) column: Option<usize>,
}

impl Target {
    /// Reads what was typed. It is split from the right, since a name may hold colons.
    pub(super) fn read(what: &OsStr) -> Result<Self, Stop> {
        // Compilers, and `redeem check --format short`, write a colon behind a place.
        let what = what.as_bytes().strip_suffix(b":").map_or(what, OsStr::from_bytes);
        let readings = readings(what);
        let is_there = |target: &&Reading| target.file.is_file();
        let Some(reading) = readings.iter().find(is_there).or(readings.first()) else {
            return Err(no_place(what));
        };
        let file = shown(&reading.file);
        if reading.file.is_dir() {
            let help = format!("`redeem refs {}` lists the references in it", quoted(&file));
            return Err(Stop::usage(format!("{file} is a folder, and a place is in a file"), help));
        }
        // What is no regular file may still be read: a pipe of the shell.
        if !reading.file.exists() {
            return Err(Stop::usage(format!("there is no file {file}"), "write FILE:LINE or FILE:LINE:COL"));
        }
        let number = |digits: &[u8]| {
            let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            number.filter(|number| *number > 0).ok_or_else(|| not_a_number(&file, digits))
        };
        let column = reading.column.as_deref().map(number).transpose()?;
        Ok(Self { line: number(&reading.line)?, column, file: reading.file.clone() })
    }
}

/// One way to read a place.
struct Reading {
    file: PathBuf,
    line: Vec<u8>,
    column: Option<Vec<u8>>,
}

/// The ways to read a place, the one with more numbers first.
fn readings(what: &OsStr) -> Vec<Reading> {
    let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
    let Some((before, last)) = last_number(what.as_bytes()) else { return Vec::new() };
    let mut readings = Vec::new();
    if let Some((file, line)) = last_number(before) {
        readings.push(Reading { file: path(file), line: line.to_vec(), column: Some(last.to_vec()) });
    }
    readings.push(Reading { file: path(before), line: last.to_vec(), column: None });
    readings
}

/// What stands before the last colon, if only digits stand behind it.
fn last_number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = text.iter().rposition(|byte| *byte == b':')?;
    let (before, digits) = (&text[..colon], &text[colon + 1..]);
    (!before.is_empty() && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
        .then_some((before, digits))
}

fn not_a_number(file: &str, digits: &[u8]) -> Stop {
    let digits = String::from_utf8_lossy(digits);
    Stop::usage(
        format!("{file} has no line or column {digits}"),
        format!("they count from 1: `redeem explain {}`", quoted(&format!("{file}:1"))),
    )
}

/// What was typed is neither a place nor a code.
fn no_place(what: &OsStr) -> Stop {
    let path = Path::new(what);
    if path.is_file() {
        let file = shown(path);
        return Stop::usage(
            format!("which line of {file}?"),
            format!(
                "write `redeem explain {}`, or `{}`; `redeem refs {}` lists its references",
                quoted(&format!("{file}:LINE")),
                quoted(&format!("{file}:LINE:COL")),
                quoted(&file)
            ),
        );
    }
    let text = what.to_string_lossy();
    if let Some((file, line)) = text.rsplit_once(':')
        && Path::new(file).is_file()
    {
        return Stop::usage(
            format!("`{line}` is no line of {file}"),
            format!(
                "lines and columns are numbers that count from 1: `redeem explain {}`",
                quoted(&format!("{file}:1"))
            ),
        );
    }
    if text.contains(['/', ':', '.']) {
        let help = "a place is FILE:LINE or FILE:LINE:COL, and `redeem explain` lists all codes";
        return Stop::usage(format!("`{text}` is no code, and no place in a file"), help);
    }
    let help = match nearest(&text, Code::ALL.iter().map(|code| code.name())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`redeem explain` lists all codes".to_owned(),
    };
    Stop::usage(format!("there is no code `{text}`"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_from_the_right() {
        for (text, expected) in [
            ("a.yaml:3", &["a.yaml|3|"][..]),
            ("a.yaml:3:14", &["a.yaml|3|14", "a.yaml:3|14|"]),
            ("a:1:2:3", &["a:1|2|3", "a:1:2|3|"]),
            ("C:\\x:7", &["C:\\x|7|"]),
            (":3", &[]),
            ("a:", &[]),
            ("a:x", &[]),
            ("a:-1", &[]),
            ("a.yaml", &[]),
        ] {
            let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let told: Vec<String> = readings(OsStr::new(text))
                .iter()
                .map(|one| {
                    let column = one.column.as_deref().map_or_else(String::new, text_of);
                    format!("{}|{}|{column}", one.file.display(), text_of(&one.line))
                })
                .collect();
            assert_eq!(told, expected, "{text}");
        }
    }
}
