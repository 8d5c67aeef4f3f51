//! The search for an identity that opens a file.

use std::cell::OnceCell;

use zeroize::Zeroizing;

use super::identities_of;
use crate::identity::file::{AgeFile, FileError, MAX_WRAPPED};
use crate::identity::key::{Identity, Key, Outcome};
use crate::identity::plugin::Company;
use crate::identity::sources::{Source, Sources, State};
use crate::identity::text::Held;
use crate::identity::{Attempt, DataKey, UnwrapError};

/// How often the program of one identity is run for one file, however many stanzas that has.
const MAX_RUNS: usize = 64;

/// The stanzas of one file, and what was tried with them.
pub(super) struct Search<'a> {
    stanzas: Vec<Stanza<'a>>,
    /// What was tried, with the place of its source.
    tried: Vec<(usize, Attempt)>,
    /// A stanza that is for an identity at hand and does not open, with what is wrong.
    damaged: Option<(String, String)>,
}

struct Stanza<'a> {
    recipient: &'a str,
    enc: &'a str,
    /// Read when it is first tried: of a hundred members' stanzas one is ours.
    read: OnceCell<Result<AgeFile, FileError>>,
}

impl Stanza<'_> {
    fn file(&self) -> Result<&AgeFile, &FileError> {
        self.read.get_or_init(|| AgeFile::parse_armored(self.enc.as_bytes(), MAX_WRAPPED)).as_ref()
    }

    /// Whether it says that it is for this identity.
    fn names(&self, identity: &Identity) -> bool {
        identity.recipient.as_ref().is_some_and(|mine| mine.text() == without_comment(self.recipient))
    }
}

/// What came of an identity and a stanza.
enum Tried {
    Key(DataKey),
    Failed(String),
    /// The file's key was found, or its stanza is malformed: it was meant for this identity.
    Damaged(String),
}

impl<'a> Search<'a> {
    pub(super) fn new(stanzas: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let read = |(recipient, enc): (&'a str, &'a str)| Stanza { recipient, enc, read: OnceCell::new() };
        Self { stanzas: stanzas.map(read).collect(), tried: Vec::new(), damaged: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stanzas.is_empty()
    }

    /// Tries what is at hand: first each identity with the stanzas that name it, then each with all.
    pub(super) fn cheap(&mut self, sources: &[Source], company: &Company<'_>) -> Option<DataKey> {
        for (_, identity) in at_hand(sources) {
            for stanza in self.stanzas.iter().filter(|stanza| stanza.names(identity)) {
                if let Ok(file) = stanza.file()
                    && let Some(Tried::Key(key)) = attempt(identity, file, company)
                {
                    return Some(key);
                }
            }
        }
        at_hand(sources).find_map(|(place, identity)| self.identity(place, identity, company))
    }

    /// Tries what takes a program or a person.
    pub(super) fn costly(&mut self, sources: &[Source], company: &Company<'_>) -> Option<DataKey> {
        for (place, source) in sources.iter().enumerate() {
            let found = match &source.state {
                State::Held(Held::Identities(identities)) => {
                    let costly = identities.iter().filter(|identity| identity.is_costly());
                    costly.into_iter().find_map(|identity| self.identity(place, identity, company))
                }
                State::Held(held @ Held::Locked(_)) => self.held(place, source, held, company),
                State::Command(command) => {
                    let mut recipients: Vec<&str> =
                        self.stanzas.iter().map(|stanza| stanza.recipient).collect();
                    recipients.dedup();
                    recipients.into_iter().find_map(|recipient| {
                        match &*command.run(Some(recipient), company) {
                            Ok(held) => self.held(place, source, held, company),
                            Err(why) => self.told(place, source, why),
                        }
                    })
                }
                State::Broken(why) => self.told(place, source, why),
                State::Empty(why) => self.told(place, source, why),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Why nothing opened the file.
    pub(super) fn failed(mut self, sources: &Sources) -> UnwrapError {
        self.tried.sort_by_key(|(place, _)| *place);
        let mut tried: Vec<Attempt> = self.tried.into_iter().map(|(_, attempt)| attempt).collect();
        // A command is run for each recipient and may print the same each time.
        tried.dedup();
        let recipients: Vec<String> = self.stanzas.iter().map(|stanza| stanza.recipient.to_owned()).collect();
        if let Some((recipient, why)) = self.damaged {
            return UnwrapError::Damaged { recipient, why, tried };
        }
        let broken = self.stanzas.iter().filter_map(|stanza| Some((stanza.recipient, stanza.file().err()?)));
        let broken: Vec<_> = broken.collect();
        if let (Some((recipient, error)), true) = (broken.first(), broken.len() == self.stanzas.len()) {
            return UnwrapError::Damaged {
                recipient: (*recipient).to_owned(),
                why: error.to_string(),
                tried,
            };
        }
        if tried.is_empty() {
            return UnwrapError::NoIdentity { recipients, looked: sources.missing.clone() };
        }
        let files = self.stanzas.iter().filter_map(|stanza| stanza.file().ok());
        let mut unsupported: Vec<String> =
            files.filter_map(AgeFile::post_quantum).map(str::to_owned).collect();
        unsupported.sort();
        unsupported.dedup();
        UnwrapError::NoMatch { recipients, tried, unsupported }
    }

    fn held(&mut self, place: usize, source: &Source, held: &Held, company: &Company<'_>) -> Option<DataKey> {
        match identities_of(held, company.prompt) {
            Ok([]) => self.told(place, source, "it holds no identity"),
            Ok(identities) => identities.iter().find_map(|identity| self.identity(place, identity, company)),
            Err(why) => self.told(place, source, why),
        }
    }

    fn told(&mut self, place: usize, source: &Source, why: &str) -> Option<DataKey> {
        let attempt = Attempt { source: source.name.to_string(), recipient: None, why: why.to_owned() };
        if !self.tried.iter().any(|(_, tried)| *tried == attempt) {
            self.tried.push((place, attempt));
        }
        None
    }

    /// Tries an identity with each stanza, those that name it first.
    fn identity(&mut self, place: usize, identity: &Identity, company: &Company<'_>) -> Option<DataKey> {
        let (named, others): (Vec<_>, Vec<_>) =
            self.stanzas.iter().partition(|stanza| stanza.names(identity));
        let mut why = None;
        let mut damaged = None;
        let mut runs = 0;
        for (stanza, is_named) in
            named.iter().map(|one| (one, true)).chain(others.iter().map(|one| (one, false)))
        {
            let is_program = matches!(identity.key, Key::Plugin(_));
            if is_program && stanza.file().is_ok() {
                // A program has what no key of age's own opens.
                if stanza.file().is_ok_and(AgeFile::is_native) {
                    continue;
                }
                if runs == MAX_RUNS {
                    why = Some(format!("it was run for {MAX_RUNS} stanzas of this file already"));
                    break;
                }
                runs += 1;
            }
            let tried = match stanza.file() {
                Ok(file) => attempt(identity, file, company),
                Err(error) if is_named => Some(Tried::Damaged(error.to_string())),
                Err(_) => None,
            };
            match tried {
                Some(Tried::Key(key)) => return Some(key),
                Some(Tried::Failed(reason)) => why = Some(reason),
                Some(Tried::Damaged(reason)) => {
                    damaged.get_or_insert_with(|| (stanza.recipient.to_owned(), reason));
                }
                None if is_named => {
                    let reason = "its stanza does not open with that recipient's identity".to_owned();
                    damaged.get_or_insert_with(|| (stanza.recipient.to_owned(), reason));
                }
                None => {}
            }
        }
        let why = match (&damaged, why) {
            (Some((_, reason)), _) => reason.clone(),
            (None, Some(why)) => why,
            (None, None) => "the file is not for it".to_owned(),
        };
        self.damaged = self.damaged.take().or(damaged);
        let attempt = Attempt { source: identity.source.to_string(), recipient: identity.shown(), why };
        self.tried.push((place, attempt));
        None
    }
}

/// The identities that neither a program nor a person is needed for, with the places of their sources.
fn at_hand(sources: &[Source]) -> impl Iterator<Item = (usize, &Identity)> {
    let held = |(place, source)| {
        let Source { state, .. }: &Source = source;
        let identities: &[Identity] = match state {
            State::Held(Held::Identities(identities)) => identities,
            State::Held(Held::Locked(locked)) => locked.opened(),
            _ => &[],
        };
        identities.iter().filter(|identity| !identity.is_costly()).map(move |identity| (place, identity))
    };
    sources.iter().enumerate().flat_map(held)
}

/// Decrypts a whole file.
pub(super) fn decrypt(
    file: &AgeFile,
    sources: &[Source],
    company: &Company<'_>,
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let held = sources.iter().filter_map(|source| match &source.state {
        State::Held(held) => identities_of(held, company.prompt).ok(),
        _ => None,
    });
    for identity in held.flatten() {
        match identity.unwrap(file, company) {
            Outcome::Key(key) => return file.open(&key),
            Outcome::Broken(error) => return Err(error),
            Outcome::NotMine | Outcome::Failed(_) => {}
        }
    }
    Err(file.post_quantum().map_or(FileError::NoMatch, |kind| FileError::PostQuantum(kind.to_owned())))
}

/// Tries an identity with an age file of a data key; `None` means that the file is not for it.
fn attempt(identity: &Identity, file: &AgeFile, company: &Company<'_>) -> Option<Tried> {
    let opened = match identity.unwrap(file, company) {
        Outcome::Key(key) => file.open(&key),
        Outcome::NotMine => return None,
        Outcome::Failed(why) => return Some(Tried::Failed(why)),
        Outcome::Broken(error) => Err(error),
    };
    Some(match opened.map(|text| <[u8; 32]>::try_from(text.as_slice()).map(Zeroizing::new)) {
        Ok(Ok(key)) => Tried::Key(DataKey::new(key)),
        Ok(Err(_)) => Tried::Damaged("what is in it is not a key of 32 bytes".to_owned()),
        Err(error) => Tried::Damaged(error.to_string()),
    })
}

/// A recipient without what an SSH key has after its two words.
fn without_comment(recipient: &str) -> &str {
    let recipient = recipient.trim();
    match recipient.match_indices(' ').nth(1) {
        Some((end, _)) if recipient.starts_with("ssh-") => &recipient[..end],
        _ => recipient,
    }
}
