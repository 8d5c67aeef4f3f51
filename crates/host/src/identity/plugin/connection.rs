//! The conversation with a plugin: stanzas both ways, with a limit on time, on length and on turns.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use age_core::format::Stanza;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::child;

/// Letters in each line of a stanza's body but the last.
const COLUMNS: usize = 64;
/// Stanzas that a plugin may say in one conversation.
const MAX_TURNS: usize = 1000;
/// How often the time that it may stay silent is waited for in all.
const PATIENCE: u32 = 5;
/// How long a plugin may take to end after its last word.
const FAREWELL: Duration = Duration::from_millis(500);

pub(super) struct Connection {
    child: Child,
    /// What is to be written; a thread does it, as a plugin may not read.
    say: Option<Sender<Zeroizing<Vec<u8>>>>,
    /// The lines that the plugin wrote.
    heard: Receiver<std::io::Result<Zeroizing<Vec<u8>>>>,
    silence: Duration,
    /// How long it was waited for in all.
    waited: Duration,
    turns: usize,
}

impl Connection {
    pub(super) fn open(mut command: Command, silence: Duration) -> Result<Self, String> {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("it does not start: {error}"))?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it does not start".to_owned());
        };
        let (say, to_write) = mpsc::channel::<Zeroizing<Vec<u8>>>();
        std::thread::spawn(move || {
            // One that does not read any more will be told by its silence, or by its end.
            while let Ok(text) = to_write.recv() {
                if stdin.write_all(&text).and_then(|()| stdin.flush()).is_err() {
                    break;
                }
            }
        });
        let (hear, heard) = mpsc::sync_channel(64);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout.take(child::MAX_SAID as u64 + 1));
            loop {
                let mut line = Zeroizing::new(Vec::with_capacity(128));
                let read = reader.read_until(b'\n', &mut line).map(|_| line);
                let is_end = !read.as_ref().is_ok_and(|line| line.ends_with(b"\n"));
                if is_end && reader.get_ref().limit() == 0 {
                    drop(hear.send(Err(std::io::ErrorKind::FileTooLarge.into())));
                    break;
                }
                if hear.send(read).is_err() || is_end {
                    break;
                }
            }
        });
        Ok(Self { child, say: Some(say), heard, silence, waited: Duration::ZERO, turns: 0 })
    }

    pub(super) fn send(&mut self, tag: &str, args: &[&str], body: &[u8]) {
        let mut text = Zeroizing::new(Vec::with_capacity(256 + body.len() * 2));
        text.extend_from_slice(b"-> ");
        text.extend_from_slice(tag.as_bytes());
        for word in args {
            text.push(b' ');
            text.extend_from_slice(word.as_bytes());
        }
        text.push(b'\n');
        let body = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(body));
        let mut rest = body.as_bytes();
        while rest.len() >= COLUMNS {
            text.extend_from_slice(&rest[..COLUMNS]);
            text.push(b'\n');
            rest = &rest[COLUMNS..];
        }
        text.extend_from_slice(rest);
        text.push(b'\n');
        if let Some(say) = &self.say {
            // The thread ends when the plugin does not read any more; then `receive` tells.
            drop(say.send(text));
        }
    }

    pub(super) fn receive(&mut self) -> Result<Stanza, String> {
        self.turns += 1;
        if self.turns > MAX_TURNS {
            return Err("it says more than 1000 things".to_owned());
        }
        let unclear = || "it says what is not the plugin protocol".to_owned();
        let line = self.line()?;
        let words = line.strip_prefix(b"-> ").and_then(|words| std::str::from_utf8(words).ok());
        let mut words = words.ok_or_else(unclear)?.split(' ').map(str::to_owned);
        let tag = words.next().ok_or_else(unclear)?;
        let args: Vec<String> = words.collect();
        if tag.is_empty() || args.iter().any(String::is_empty) {
            return Err(unclear());
        }
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let mut part = Zeroizing::new(Vec::with_capacity(COLUMNS));
            let decoded = BASE64_STANDARD_NO_PAD.decode_vec(&*line, &mut part);
            if decoded.is_err() || line.len() > COLUMNS {
                return Err(unclear());
            }
            body.extend_from_slice(&part);
            if line.len() < COLUMNS {
                return Ok(Stanza { tag, args, body });
            }
        }
    }

    /// Ends the conversation after its last word: closes the plugin's input and leaves it a moment.
    pub(super) fn close(mut self) {
        self.say = None;
        child::wait(&mut self.child, FAREWELL);
    }

    /// The next line, without its line feed.
    fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, String> {
        let start = Instant::now();
        let heard = self.heard.recv_timeout(self.silence);
        self.waited += start.elapsed();
        if self.waited > self.silence * PATIENCE {
            return Err(format!("it took longer than {} seconds", (self.silence * PATIENCE).as_secs_f32()));
        }
        match heard {
            Ok(Ok(mut line)) if line.last() == Some(&b'\n') => {
                line.pop();
                Ok(line)
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                Err("it says more than 1 MiB".to_owned())
            }
            Ok(Err(error)) => Err(format!("it cannot be read: {error}")),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("it said nothing for {} seconds", self.silence.as_secs_f32()))
            }
            Ok(Ok(_)) | Err(RecvTimeoutError::Disconnected) => {
                Err("it ended in the middle of the conversation".to_owned())
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        child::end(&mut self.child);
    }
}
