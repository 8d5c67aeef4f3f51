//! Where a value comes from: a question with echo off, standard input, a file, or chance.

use std::fs;
use std::io;

use redeem_host::Secret;
use redeem_host::backend::without_final_break;
use redeem_host::generate::{GenerateError, Kind, generate_secret};
use redeem_host::paths::shown;
use redeem_host::wiped;
use zeroize::Zeroizing;

use crate::args::secrets::ValueSource;
use crate::exit::Stop;
use crate::report::Reporter;
use crate::terminal;

/// The largest value: 4 MiB. Encrypted it is longer, and a secret's file has at most 16 MiB.
const LARGEST: u64 = 4 << 20;

/// What is told where nothing came: a pipe whose program failed is empty too, and must not wipe a value.
const EMPTY: &str = "for an empty value name an empty file: --from-file /dev/null";

impl ValueSource {
    /// Whether anything but a question was asked for.
    pub(super) fn is_given(&self) -> bool {
        self.from_file.is_some() || self.generate.is_some()
    }

    /// The value for `name`. A question is asked twice if nobody could tell a slip otherwise.
    pub(super) fn value(&self, name: &str, is_new: bool, reporter: &Reporter) -> Result<Secret, Stop> {
        if let Some(kind) = &self.generate {
            return generated(kind, self.length, reporter);
        }
        if let Some(path) = &self.from_file {
            let failed = |error: io::Error| Stop::plain(format!("cannot read {}: {error}", shown(path)));
            let bytes =
                fs::File::open(path).and_then(|file| wiped::read(file, LARGEST + 1)).map_err(failed)?;
            return text(&bytes, name);
        }
        if !terminal::is_there() {
            return piped(name, self.raw);
        }
        asked(name, is_new)
    }
}

/// Asks for a value with echo off.
pub(super) fn asked(name: &str, is_new: bool) -> Result<Secret, Stop> {
    if !terminal::is_there() {
        return Err(Stop::usage(
            format!("there is no terminal to ask for `{name}` at"),
            "pipe the value in, or name its file with --from-file",
        ));
    }
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Stop::plain("nothing was typed, nothing was stored"),
        io::ErrorKind::InvalidData => Stop::plain("what was typed is no UTF-8 text"),
        _ => Stop::plain(error.to_string()),
    };
    let value = terminal::ask_hidden(&format!("Value of {name}: ")).map_err(failed)?;
    if value.is_empty() {
        return Err(Stop::usage("nothing was typed, nothing was stored", EMPTY));
    }
    if is_new {
        let again = terminal::ask_hidden("The same again: ").map_err(failed)?;
        if *again != *value {
            return Err(Stop::plain("the two differ, nothing was stored"));
        }
    }
    Ok(Secret::from(value.as_str()))
}

/// Reads standard input to its end; one final line end is no part of the value, unless it is wanted raw.
pub(super) fn piped(name: &str, is_raw: bool) -> Result<Secret, Stop> {
    let nothing = || Stop::usage("standard input holds no value, nothing was stored", EMPTY);
    piped_if_any(name, is_raw)?.ok_or_else(nothing)
}

/// The same, where a value need not come.
pub(super) fn piped_if_any(name: &str, is_raw: bool) -> Result<Option<Secret>, Stop> {
    let mut bytes = standard_input(LARGEST)?;
    if !is_raw {
        bytes = Zeroizing::new(without_final_break(std::mem::take(&mut *bytes)));
    }
    if bytes.is_empty() { Ok(None) } else { text(&bytes, name).map(Some) }
}

/// Standard input to its end, or to one byte past the most that is wanted.
pub(super) fn standard_input(most: u64) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let read = wiped::read(io::stdin().lock(), most + 1);
    read.map_err(|error| Stop::plain(format!("cannot read standard input: {error}")))
}

/// SOPS stores text, so a value has to be that.
fn text(bytes: &[u8], name: &str) -> Result<Secret, Stop> {
    if bytes.len() as u64 > LARGEST {
        return Err(Stop::plain(format!(
            "the value for `{name}` is larger than 4 MiB, the most that a value may have"
        )));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Secret::from(text)),
        Err(_) => Err(Stop::usage(
            format!("the value for `{name}` is no UTF-8 text"),
            "store its base64, and write `| b64decode` behind the name where text is wanted: `base64 FILE | redeem secrets create NAME`",
        )),
    }
}

/// Makes a value up, and tells the half of a key pair that may be shown.
fn generated(kind: &str, length: Option<usize>, reporter: &Reporter) -> Result<Secret, Stop> {
    let failed = |error: GenerateError| Stop::plain(error.to_string());
    let kind = Kind::parse(kind, length).map_err(failed)?;
    let made = generate_secret(&kind).map_err(failed)?;
    if let Some(public) = made.public {
        reporter.note(&format!("its public half: {}", public.trim_end()));
    }
    Ok(made.value)
}
