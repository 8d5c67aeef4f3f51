//! Reads a source file whole, as one version of it, and says whether it is text.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use memchr::memmem;
use redeem_syntax::{Code, Diagnostic};

use crate::inputs::unreadable;

/// A live file larger than this is refused: 1 GiB.
const LARGEST: u64 = 1 << 30;

/// How often a file that changes while it is read is read again.
const TRIES: usize = 3;

/// What is in a file.
pub(crate) enum Content {
    /// UTF-8 text.
    Text(String),
    /// Bytes that hold no reference: no sigil is in them, or they are no text.
    Opaque(Vec<u8>),
}

/// Whether bytes may hold a reference; where they may not, nobody has to know whether they are text.
pub(crate) type MayHold<'a> = &'a dyn Fn(&[u8]) -> bool;

/// A text to render, read from outside.
pub enum TextInput {
    /// Text.
    Text(String),
    /// Bytes that are copied as they are.
    Opaque(Vec<u8>),
}

impl TextInput {
    /// Reads a file that was named.
    ///
    /// # Errors
    /// Why it is no text that could be rendered.
    pub fn read(path: &Path) -> Result<Self, Box<Diagnostic>> {
        read(path, true, &|_| true).map(|file| file.content.into())
    }

    /// Takes bytes that came another way; `shown` is what people call them.
    ///
    /// # Errors
    /// Why they are no text that could be rendered.
    pub fn from_bytes(bytes: Vec<u8>, shown: &str) -> Result<Self, Box<Diagnostic>> {
        let refused = |(why, help): (String, &str)| {
            Box::new(Diagnostic::new(Code::UnreadableFile, why).in_origin(shown).with_help(help))
        };
        classify(bytes, &|_| true).map(Self::from).map_err(refused)
    }
}

impl From<Content> for TextInput {
    fn from(content: Content) -> Self {
        match content {
            Content::Text(text) => Self::Text(text),
            Content::Opaque(bytes) => Self::Opaque(bytes),
        }
    }
}

/// A file's content with its permission bits.
pub(crate) struct ReadFile {
    pub(crate) content: Content,
    pub(crate) mode: u32,
    /// Whether it was a pipe or a device, which cannot be read again.
    pub(crate) comes_once: bool,
}

/// Reads a live file. A path that was named may be a link or a pipe; one that a walk found is neither.
pub(crate) fn read(path: &Path, is_named: bool, may_hold: MayHold<'_>) -> Result<ReadFile, Box<Diagnostic>> {
    let refuse = |why: &str, help: &str| Box::new(unreadable(path, why).with_help(help.to_owned()));
    let told = |error: io::Error| Box::new(unreadable(path, &format!("cannot be read: {error}")));
    for _ in 0..TRIES {
        let file = open(path, is_named).map_err(told)?;
        let before = file.metadata().map_err(told)?;
        if before.is_dir() {
            return Err(refuse("this is a folder", "render it with `-o FOLDER`"));
        }
        let too_large = || {
            refuse(
                "this file is larger than 1 GiB",
                "leave it out with `exclude`, or say `format = \"copy\"` for it in redeem.toml",
            )
        };
        if before.len() > LARGEST {
            return Err(too_large());
        }
        let bytes =
            if before.is_file() { whole(&file, before.len()) } else { until_end(&file) }.map_err(told)?;
        if bytes.len() as u64 > LARGEST {
            return Err(too_large());
        }
        let after = file.metadata().map_err(told)?;
        // An output belongs to one version of its source; what comes through a pipe comes once.
        let is_same = !before.is_file()
            || before.mtime() == after.mtime()
                && before.mtime_nsec() == after.mtime_nsec()
                && after.len() == bytes.len() as u64;
        if is_same {
            let mode = if before.is_file() { before.mode() & 0o7777 } else { 0o600 };
            return classify(bytes, may_hold)
                .map(|content| ReadFile { content, mode, comes_once: !before.is_file() })
                .map_err(|(why, help)| refuse(&why, help));
        }
    }
    Err(refuse("this file changes while it is read", "wait until its writer is done, and run again"))
}

/// Takes the bytes of a file that are not on the disk, as its owner's.
pub(crate) fn of_bytes(
    path: &Path,
    bytes: Vec<u8>,
    mode: u32,
    may_hold: MayHold<'_>,
) -> Result<ReadFile, Box<Diagnostic>> {
    classify(bytes, may_hold)
        .map(|content| ReadFile { content, mode, comes_once: false })
        .map_err(|(why, help)| Box::new(unreadable(path, &why).with_help(help)))
}

/// Reads a regular file in as few calls as it takes. One that has grown meanwhile has another length by now,
/// and one that seems empty, as those of `/proc` do, may not be.
fn whole(mut file: &File, length: u64) -> io::Result<Vec<u8>> {
    if length == 0 {
        return until_end(file);
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn until_end(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens without waiting for a pipe's writer and without following a link, unless the path was named.
pub(crate) fn open(path: &Path, is_named: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    if !is_named {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// Tells text from what is copied as it is, and refuses what may hide a reference.
fn classify(bytes: Vec<u8>, may_hold: MayHold<'_>) -> Result<Content, (String, &'static str)> {
    const CONVERT: &str = "convert it to UTF-8, or say `format = \"copy\"` for it in redeem.toml";
    let named_encoding = match bytes.as_slice() {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        _ => None,
    };
    if let Some(encoding) = named_encoding {
        return Err((format!("this file is {encoding}, not UTF-8"), CONVERT));
    }
    if memchr::memchr(0, &bytes[..bytes.len().min(8 << 10)]).is_some() {
        // The same word in two-byte characters, in either order.
        if memmem::find(&bytes, b"s\0e\0c\0r\0e\0t\0").is_some() {
            return Err(("this file looks like UTF-16 text, not UTF-8".to_owned(), CONVERT));
        }
        return Ok(Content::Opaque(bytes));
    }
    if !may_hold(&bytes) {
        return Ok(Content::Opaque(bytes));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Content::Text(text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err((format!("this file is not UTF-8: byte {at} is in no character"), CONVERT))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        let dialects = redeem_syntax::Dialects::default();
        match classify(bytes.to_vec(), &|bytes| dialects.may_stand_in(bytes, redeem_syntax::Format::Text)) {
            Ok(Content::Text(_)) => "text".to_owned(),
            Ok(Content::Opaque(_)) => "opaque".to_owned(),
            Err((why, _)) => why,
        }
    }

    #[test]
    fn encodings_that_may_hide_a_reference_are_refused_by_name() {
        assert_eq!(told(b"{secret:a} \xc3\xa9"), "text");
        assert_eq!(told(b"\xff\xfea\0"), "this file is UTF-16, not UTF-8");
        assert_eq!(told(b"\0\0\xfe\xff\0\0\0a"), "this file is UTF-32, not UTF-8");
        assert_eq!(told(b"{\0s\0e\0c\0r\0e\0t\0:\0"), "this file looks like UTF-16 text, not UTF-8");
        assert_eq!(told(b"\x89PNG\0 secret"), "opaque");
        assert_eq!(told(b"caf\xe9"), "opaque");
        assert_eq!(told(b"caf\xe9 Secret"), "this file is not UTF-8: byte 3 is in no character");
    }

    #[test]
    fn a_pipe_that_a_walk_finds_does_not_hang_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        assert!(
            read(&path, false, &|_| true)
                .is_ok_and(|file| matches!(file.content, Content::Text(text) if text.is_empty()))
        );
    }
}
