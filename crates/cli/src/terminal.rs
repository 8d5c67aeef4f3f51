//! Questions to whoever sits at the terminal: hidden values, and yes or no.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use redeem_host::Secret;
use redeem_host::identity::Prompt;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// The longest value that is typed, or pasted: 1 MiB.
const LONGEST: usize = 1 << 20;

/// How the terminal was before it was asked something in secret, for the thread that handles signals.
static HIDDEN: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Shows again what is typed, if a question was open.
pub(crate) fn restore() {
    let mut hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((terminal, before)) = hidden.take() {
        // What was typed ahead is no command for the shell.
        let _ = tcsetattr(&terminal, OptionalActions::Flush, &before);
        let _ = (&terminal).write_all(b"\n");
    }
}

/// Whether somebody can be asked: standard input is a terminal.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal()
}

/// The terminal: standard input if it is one, else the one that this process belongs to.
fn terminal() -> io::Result<File> {
    if is_there() {
        return Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?));
    }
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

/// Asks for a line that is not shown.
pub(crate) fn ask_hidden(question: &str) -> io::Result<Zeroizing<String>> {
    let terminal = terminal()?;
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    // Line by line a terminal hands over 4,095 bytes and drops the rest, so each key is read.
    quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
    quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
    quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
    *HIDDEN.lock().unwrap_or_else(PoisonError::into_inner) = Some((terminal.try_clone()?, before));
    tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
    // Not before echo is off: somebody may be faster.
    tell(question);
    let line = line(&terminal);
    restore();
    line
}

/// Reads keys up to the end of a line.
fn line(mut terminal: &File) -> io::Result<Zeroizing<String>> {
    // All of it at once: a buffer that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut key = [0];
    loop {
        if terminal.read(&mut key)? == 0 {
            break;
        }
        match key[0] {
            // Ctrl-D
            4 if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            b'\n' | b'\r' | 4 => break,
            // Backspace takes a character, which may be of several bytes.
            8 | 127 => while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            // Ctrl-U
            21 => line.clear(),
            byte if line.len() < LONGEST => line.push(byte),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "the value is longer than 1 MiB")),
        }
    }
    if has_more(terminal.as_fd()) {
        let words = "more than one line was pasted: pipe it in, or name its file with --from-file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let text = std::str::from_utf8(&line).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Whether something was typed, or pasted, behind the line.
fn has_more(terminal: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(terminal, PollFlags::IN)];
    let at_once = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&at_once)).is_ok_and(|ready| ready > 0)
}

/// Asks a question that is answered with yes or no; anything but a yes is a no.
pub(crate) fn confirm(question: &str) -> io::Result<bool> {
    Ok(matches!(ask(&format!("{question} [y/N] "))?.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// Asks for a line that is shown.
fn ask(question: &str) -> io::Result<String> {
    let mut terminal = terminal()?;
    tell(question);
    let mut line = Vec::new();
    let mut byte = [0];
    while terminal.read(&mut byte)? == 1 && byte[0] != b'\n' && line.len() < 4096 {
        line.push(byte[0]);
    }
    String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn tell(question: &str) {
    crate::report::last_words(question);
}

/// Lets identities ask for their passphrases and PINs.
pub(crate) struct Asking;

impl Prompt for Asking {
    fn passphrase(&self, what: &str) -> Option<Secret> {
        let typed = ask_hidden(&format!("Passphrase of {what}: ")).ok()?;
        Some(Secret::new(typed.as_bytes().to_vec()))
    }

    fn text(&self, what: &str) -> Option<String> {
        ask(&format!("{what}: ")).ok()
    }

    fn confirm(&self, what: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let choices = match no {
            Some(no) => format!("{what} [{yes}/{no}] "),
            None => format!("{what} [{yes}] "),
        };
        let answer = ask(&choices).ok()?;
        let answer = answer.trim();
        let is = |word: &str| !answer.is_empty() && word.to_lowercase().starts_with(&answer.to_lowercase());
        Some(no.is_none() || is(yes) && !no.is_some_and(is))
    }

    fn message(&self, text: &str) -> bool {
        tell(&format!("{text}\n"));
        true
    }
}
