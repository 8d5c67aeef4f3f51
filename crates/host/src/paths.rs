//! Paths as people call them.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The path from `/`, without steps up.
///
/// A step up behind a link leads to where the link's folder is, so such a path is asked of the system; what is not there
/// is taken by its letters.
pub(crate) fn whole(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if !whole.components().any(|part| part == Component::ParentDir) {
        return whole;
    }
    whole.canonicalize().unwrap_or_else(|_| {
        let mut plain = PathBuf::new();
        for part in whole.components() {
            if part == Component::ParentDir {
                plain.pop();
            } else {
                plain.push(part);
            }
        }
        plain
    })
}

/// The path as people call it: from the current folder where it is below it.
pub fn shown(path: &Path) -> Arc<str> {
    shown_from(&std::env::current_dir().unwrap_or_default(), path)
}

/// The path as people in the folder `here` call it.
pub(crate) fn shown_from(here: &Path, path: &Path) -> Arc<str> {
    let short = path.strip_prefix(here).unwrap_or(path);
    let short = short.strip_prefix(".").unwrap_or(short);
    if short.as_os_str().is_empty() {
        return ".".into();
    }
    let mut short = short.to_string_lossy();
    // To GitHub Actions a line that begins with two colons is a command.
    if short.starts_with(':') {
        short.to_mut().insert_str(0, "./");
    }
    if !short.contains(char::is_control) {
        return short.into();
    }
    // A name may hold what a terminal obeys, or a line break that forges a line.
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    short.chars().map(escape).collect::<String>().into()
}

/// A path, or a word with one, as a shell reads it: in quotes unless it is plain, and never an option.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    let word: Cow<'_, str> = if word.starts_with('-') { format!("./{word}").into() } else { word.into() };
    if !word.is_empty() && word.chars().all(is_plain) { word } else { in_quotes(&word).into() }
}

/// A word in single quotes, as a shell reads it.
pub fn in_quotes(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The path from `/` without `.` and `..`, by its text alone: where it leads if no part of it is a link.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word_in_a_shell() {
        for (word, expected) in [
            ("config/a-b_1.yaml", "config/a-b_1.yaml"),
            ("a.yaml:1:2", "a.yaml:1:2"),
            ("a b", "'a b'"),
            ("a'; rm -rf x #", r"'a'\''; rm -rf x #'"),
            ("$(id)", "'$(id)'"),
            ("`id`", "'`id`'"),
            ("~", "'~'"),
            ("ö", "'ö'"),
            ("", "''"),
            ("-rf", "./-rf"),
            ("-r f", "'./-r f'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
        assert_eq!(in_quotes("a'b"), r"'a'\''b'");
    }

    #[test]
    fn a_path_is_no_command_of_who_reads_a_log() {
        assert_eq!(&*shown_from(Path::new("/x"), Path::new("/x/::stop-commands::a")), "./::stop-commands::a");
        assert_eq!(&*shown_from(Path::new("/x"), Path::new("./a::b")), "a::b");
    }
}
