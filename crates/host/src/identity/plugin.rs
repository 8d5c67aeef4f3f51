//! age plugins: programs called `age-plugin-NAME`, which hold keys that we cannot (<https://c2sp.org/age-plugin>).
//!
//! The conversation is held here and not by the `age` crate, whose client waits for ever, reads without measure, hands
//! on the whole environment, and looks for programs in relative folders of `PATH` too.

use std::time::Duration;

use age_core::format::{FileKey, Stanza};
use age_core::primitives::bech32_decode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroize;

use super::{Prompt, Surroundings, child};

mod connection;

use connection::Connection;

/// A plugin and what it is told: the text of a recipient, or of an identity.
#[derive(Clone)]
pub(super) struct Plugin {
    pub(super) name: String,
    text: String,
}

/// What a plugin is run with.
pub(super) struct Company<'a> {
    pub(super) surroundings: &'a Surroundings,
    pub(super) prompt: &'a dyn Prompt,
    pub(super) silence: Duration,
}

/// Why a text that begins as a plugin's is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAPlugin {
    Damaged,
    Name,
}

impl Plugin {
    /// Reads `age1NAME1…`.
    pub(super) fn of_recipient(text: &str) -> Result<Self, NotAPlugin> {
        Self::parse(text, |prefix| prefix.strip_prefix("age1").map(str::to_owned))
    }

    /// Reads `AGE-PLUGIN-NAME-1…`.
    pub(super) fn of_identity(text: &str) -> Result<Self, NotAPlugin> {
        Self::parse(text, |prefix| {
            Some(prefix.strip_prefix("AGE-PLUGIN-")?.strip_suffix('-')?.to_ascii_lowercase())
        })
    }

    fn parse(text: &str, name_of: impl Fn(&str) -> Option<String>) -> Result<Self, NotAPlugin> {
        let name = bech32_decode(text, |_| (), |_| Ok(()), |prefix, _| Ok(name_of(prefix.as_str())));
        let name =
            name.map_err(|()| NotAPlugin::Damaged)?.filter(|name| is_name(name)).ok_or(NotAPlugin::Name)?;
        Ok(Self { name, text: text.to_owned() })
    }

    /// Asks the plugin to wrap a file key for its recipient.
    pub(super) fn wrap(&self, key: &[u8], company: &Company<'_>) -> Result<Vec<Stanza>, String> {
        let mut talk = self.open("recipient-v1", company)?;
        talk.send("add-recipient", &[&self.text], &[]);
        talk.send("wrap-file-key", &[], key);
        talk.send("done", &[], &[]);
        let mut stanzas = Vec::new();
        loop {
            let said = talk.receive()?;
            match &*said.tag {
                "done" => break,
                "recipient-stanza" => match &said.args[..] {
                    [index, tag, args @ ..] if index == "0" => {
                        stanzas.push(Stanza { tag: tag.clone(), args: args.to_vec(), body: said.body });
                        talk.send("ok", &[], &[]);
                    }
                    _ => return Err("it answers with a stanza for a file that it was not given".to_owned()),
                },
                "error" => return Err(complaint(&said)),
                _ => answer(&mut talk, &said, &self.name, company.prompt),
            }
        }
        talk.close();
        if stanzas.is_empty() { Err("it answered nothing".to_owned()) } else { Ok(stanzas) }
    }

    /// Asks the plugin to unwrap a file's key; `None` means that the file is not for this identity.
    pub(super) fn unwrap(
        &self,
        stanzas: &[Stanza],
        company: &Company<'_>,
    ) -> Result<Option<FileKey>, String> {
        let mut talk = self.open("identity-v1", company)?;
        talk.send("add-identity", &[&self.text], &[]);
        for Stanza { tag, args, body } in stanzas {
            let words: Vec<&str> = ["0", tag].into_iter().chain(args.iter().map(String::as_str)).collect();
            talk.send("recipient-stanza", &words, body);
        }
        talk.send("done", &[], &[]);
        let mut key = None;
        let mut failed = None;
        loop {
            let mut said = talk.receive()?;
            match &*said.tag {
                "done" => break,
                "file-key" if key.is_some() => return Err("it answers twice".to_owned()),
                "file-key" => {
                    let found = FileKey::try_init_with_mut(|key| {
                        let is_whole = said.args.as_slice() == ["0"] && said.body.len() == key.len();
                        is_whole
                            .then(|| key.copy_from_slice(&said.body))
                            .ok_or("it answers with what is no file key")
                    });
                    said.body.zeroize();
                    key = Some(found?);
                    talk.send("ok", &[], &[]);
                }
                "error" => {
                    failed.get_or_insert_with(|| complaint(&said));
                    talk.send("ok", &[], &[]);
                }
                _ => answer(&mut talk, &said, &self.name, company.prompt),
            }
        }
        talk.close();
        match (key, failed) {
            (None, Some(why)) => Err(why),
            (key, _) => Ok(key),
        }
    }

    fn open(&self, protocol: &str, company: &Company<'_>) -> Result<Connection, String> {
        let program = format!("age-plugin-{}", self.name);
        let path = child::find(&program, company.surroundings)
            .ok_or_else(|| format!("the program {program} is not in the folders of PATH"))?;
        let mut command = child::command(&path, company.surroundings);
        // As with age itself, a plugin does not see where it is called from.
        command.arg(format!("--age-plugin={protocol}")).current_dir(std::env::temp_dir());
        Connection::open(command, company.silence)
    }
}

/// Whether a name is as the specification has it: no letter of it can lead to another folder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

/// What a plugin complains of, in one line.
fn complaint(said: &Stanza) -> String {
    format!("it says: {}", line(&said.body))
}

/// Answers what a plugin wants of a person.
fn answer(talk: &mut Connection, said: &Stanza, name: &str, prompt: &dyn Prompt) {
    let what = format!("{name}: {}", line(&said.body));
    match &*said.tag {
        "msg" => talk.send(if prompt.message(&what) { "ok" } else { "fail" }, &[], &[]),
        "request-secret" => match prompt.passphrase(&what) {
            Some(secret) => talk.send("ok", &[], secret.expose()),
            None => talk.send("fail", &[], &[]),
        },
        "request-public" => match prompt.text(&what) {
            Some(text) => talk.send("ok", &[], text.as_bytes()),
            None => talk.send("fail", &[], &[]),
        },
        "confirm" => {
            let mut words = said.args.iter().map(|word| BASE64_STANDARD_NO_PAD.decode(word).ok());
            let yes = words.next().flatten().map_or_else(|| "yes".to_owned(), |yes| line(&yes));
            let no = words.next().flatten().map(|no| line(&no));
            match prompt.confirm(&what, &yes, no.as_deref()) {
                Some(is_yes) => talk.send("ok", &[if is_yes { "yes" } else { "no" }], &[]),
                None => talk.send("fail", &[], &[]),
            }
        }
        _ => talk.send("unsupported", &[], &[]),
    }
}

/// A plugin's text as one line without control characters, and not a long one: a terminal may show it.
fn line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}
