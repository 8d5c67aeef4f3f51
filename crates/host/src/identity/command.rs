//! A command of the user's that prints identities.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::plugin::Company;
use super::text::{self, Held};
use super::{Recipient, child};

/// Recipients for which a command is run at all. A stranger's file may name any number of them.
const MAX_RUNS: usize = 256;

/// A command, and what it printed for each recipient that it was run for.
pub(super) struct CommandSource {
    name: Arc<str>,
    words: Vec<String>,
    ran: Mutex<BTreeMap<String, Arc<Result<Held, String>>>>,
}

impl CommandSource {
    /// Splits a line into a program and its arguments, by a shell's rules for quotes and without one, as `sops` does.
    pub(super) fn parse(name: &str, line: &OsStr) -> Result<Self, &'static str> {
        let words = line.to_str().and_then(shlex::split).ok_or("it is not a command: a quote is open")?;
        if words.is_empty() {
            return Err("it is set and holds no command");
        }
        Ok(Self { name: name.into(), words, ran: Mutex::default() })
    }

    /// The identities for a recipient, which the command finds in `SOPS_AGE_RECIPIENT`. It is run once for each.
    pub(super) fn run(&self, recipient: Option<&str>, company: &Company<'_>) -> Arc<Result<Held, String>> {
        // Nothing but a recipient is handed on: the text may be a stranger's.
        let recipient = recipient.filter(|text| Recipient::parse(text).is_ok()).unwrap_or_default();
        let mut ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = ran.get(recipient) {
            return held.clone();
        }
        let held = if ran.len() < MAX_RUNS {
            self.print(recipient, company).and_then(|text| {
                text::parse(&self.name, &text, false)
                    .map_err(|error| format!("what it prints is unusable: {error}"))
            })
        } else {
            Err(format!("it was run for {MAX_RUNS} recipients already"))
        };
        let held = Arc::new(held);
        ran.insert(recipient.to_owned(), held.clone());
        held
    }

    fn print(&self, recipient: &str, company: &Company<'_>) -> Result<zeroize::Zeroizing<Vec<u8>>, String> {
        let program = self.program(company).ok_or("its program is not in the folders of PATH")?;
        let mut command = child::command(&program, company.surroundings);
        command.args(&self.words[1..]);
        if !recipient.is_empty() {
            command.env("SOPS_AGE_RECIPIENT", recipient);
        }
        child::output(command, company.silence)
    }

    fn program(&self, company: &Company<'_>) -> Option<PathBuf> {
        let program = &self.words[0];
        if program.contains('/') {
            return Some(Path::new(program).to_owned());
        }
        child::find(program, company.surroundings)
    }
}
