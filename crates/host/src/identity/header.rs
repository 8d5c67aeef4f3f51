//! The header of an age file: who may open it, and the code that holds it together.

use age_core::format::{FileKey, Stanza};
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::file::FileError;

const INTRO: &[u8] = b"age-encryption.org/v1\n";
/// Letters in each line of a stanza's body but the last.
const COLUMNS: usize = 64;
/// The limits of the `age` program since 1.3.2: what is past them was made to cost, not to be opened.
const MAX_STANZAS: usize = 1024;
const MAX_ARGUMENTS: usize = 128;

/// A header that was read.
pub(super) struct Header {
    pub(super) stanzas: Vec<Stanza>,
    /// Bytes that it takes; the payload follows.
    pub(super) length: usize,
    /// Bytes that the code is of: all up to its line's `---`.
    signed: usize,
    mac: [u8; 32],
}

impl Header {
    /// Reads the header at the start of a file (<https://c2sp.org/age#header>).
    pub(super) fn parse(file: &[u8]) -> Result<Self, FileError> {
        if !file.starts_with(INTRO) {
            let is_age = file.starts_with(b"age-encryption.org/");
            let why = if is_age { "its version is unknown" } else { "it does not begin as an age file" };
            return Err(FileError::Header(why));
        }
        let mut lines = Lines { file, at: INTRO.len() };
        let mut stanzas = Vec::new();
        loop {
            let start = lines.at;
            let line = lines.next()?;
            if let Some(mac) = line.strip_prefix(b"--- ") {
                let mac = decode(mac).and_then(|mac| <[u8; 32]>::try_from(mac).ok());
                let mac =
                    mac.ok_or(FileError::Header("the code at its end is not 32 bytes of strict base64"))?;
                if stanzas.is_empty() {
                    return Err(FileError::Header("it is for nobody"));
                }
                check_scrypt(&stanzas)?;
                return Ok(Self { stanzas, length: lines.at, signed: start + 3, mac });
            }
            if stanzas.len() == MAX_STANZAS {
                return Err(FileError::Header("it has more than 1024 stanzas"));
            }
            stanzas.push(stanza(line, &mut lines)?);
        }
    }

    /// Checks the code of the header, which is at the start of `file`, with the file's key.
    pub(super) fn verify(&self, file: &[u8], key: &FileKey) -> Result<(), FileError> {
        code(key, &file[..self.signed]).verify_slice(&self.mac).map_err(|_| FileError::Mac)
    }
}

/// Writes the header of a file for the given stanzas.
pub(super) fn write(stanzas: &[Stanza], key: &FileKey) -> Vec<u8> {
    let mut header = INTRO.to_vec();
    for Stanza { tag, args, body } in stanzas {
        header
            .extend_from_slice(format!("-> {}\n", [&[tag.clone()][..], args].concat().join(" ")).as_bytes());
        let body = BASE64_STANDARD_NO_PAD.encode(body);
        // The last line is always short, and empty if need be.
        let mut rest = body.as_bytes();
        while rest.len() >= COLUMNS {
            header.extend_from_slice(&rest[..COLUMNS]);
            header.push(b'\n');
            rest = &rest[COLUMNS..];
        }
        header.extend_from_slice(rest);
        header.push(b'\n');
    }
    header.extend_from_slice(b"---");
    let mac = code(key, &header).finalize().into_bytes();
    header.extend_from_slice(format!(" {}\n", BASE64_STANDARD_NO_PAD.encode(mac)).as_bytes());
    header
}

fn code(key: &FileKey, signed: &[u8]) -> Hmac<Sha256> {
    let key = Zeroizing::new(hkdf(&[], b"header", key.expose_secret()));
    Hmac::<Sha256>::new_from_slice(&*key).expect("HMAC takes a key of any length").chain_update(signed)
}

/// The lines of a header, each of which ends in a line feed.
struct Lines<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a [u8], FileError> {
        let rest = &self.file[self.at..];
        let end = memchr::memchr(b'\n', rest).ok_or(FileError::Header("it ends too early"))?;
        self.at += end + 1;
        Ok(&rest[..end])
    }
}

/// Reads a stanza from its first line on (<https://c2sp.org/age#recipient-stanza>).
fn stanza(line: &[u8], lines: &mut Lines<'_>) -> Result<Stanza, FileError> {
    let wrong = FileError::Header("a stanza does not begin with `->` and its words");
    let words = line.strip_prefix(b"-> ").and_then(|words| std::str::from_utf8(words).ok());
    let words: Vec<&str> = words.ok_or(wrong.clone())?.split(' ').take(MAX_ARGUMENTS + 2).collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| (33..=126).contains(&byte));
    if !words.iter().all(is_word) || words.len() > MAX_ARGUMENTS + 1 {
        return Err(wrong);
    }
    let mut body = Vec::new();
    loop {
        let line = lines.next()?;
        let wrong = FileError::Header("the body of a stanza is not strict base64 in lines of 64 letters");
        let bytes = decode(line).filter(|_| line.len() <= COLUMNS).ok_or(wrong)?;
        body.extend_from_slice(&bytes);
        if line.len() < COLUMNS {
            let args = words[1..].iter().map(|&word| word.to_owned()).collect();
            return Ok(Stanza { tag: words[0].to_owned(), args, body });
        }
    }
}

/// A passphrase is never one of several ways in (<https://c2sp.org/age#scrypt-recipient-stanza>).
fn check_scrypt(stanzas: &[Stanza]) -> Result<(), FileError> {
    if stanzas.len() > 1 && stanzas.iter().any(|stanza| stanza.tag == "scrypt") {
        return Err(FileError::Header("a passphrase stands beside other recipients"));
    }
    Ok(())
}

/// Decodes strict base64 without padding.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    BASE64_STANDARD_NO_PAD.decode(text).ok()
}
