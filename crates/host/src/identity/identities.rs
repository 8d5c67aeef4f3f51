//! The identities at hand, and the attempt to unwrap a data key with them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::file::{AgeFile, FileError};
use super::key::Identity;
use super::plugin::Company;
use super::prompt::Nobody;
use super::sources::{Source, Sources, State};
use super::text::{self, Held};
use super::{DataKey, Finding, IdentityError, Prompt, Recipient, Surroundings, UnwrapError, child};

mod search;

use search::Search;

/// All identities at hand, in order. Their sources are read when the first file is to be opened, and once; a passphrase
/// is asked for, a program is run, only when no identity without one fits.
///
/// ```
/// use redeem_host::identity::{DataKey, Identities, generate};
///
/// let (text, recipient) = generate();
/// let identities = Identities::from_text("a new one", &text)?;
/// let enc = recipient.wrap(&DataKey::random()?)?;
/// assert!(identities.unwrap([(recipient.to_string().as_str(), enc.as_str())].into_iter()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Identities {
    surroundings: Surroundings,
    prompt: Arc<dyn Prompt>,
    silence: Duration,
    sources: OnceLock<Sources>,
    /// Held while programs run and people are asked: one thing at a time.
    turn: Mutex<()>,
}

impl Identities {
    /// Those of every source that the user has; nothing is read yet.
    pub fn of_environment() -> Self {
        Self::of(Surroundings::of_process())
    }

    /// Those of the sources in the given surroundings; nothing is read yet.
    pub fn of(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            prompt: Arc::new(Nobody),
            silence: child::SILENCE,
            sources: OnceLock::new(),
            turn: Mutex::default(),
        }
    }

    /// Those of one text, an identity a line; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// When a line is neither an identity nor a comment.
    pub fn from_text(name: &str, text: &str) -> Result<Self, IdentityError> {
        let name: Arc<str> = name.into();
        let held = text::parse(&name, text.as_bytes(), false)?;
        let found = vec![Source { name, state: State::Held(held) }];
        let sources = OnceLock::from(Sources { found, ..Sources::default() });
        Ok(Self { sources, ..Self::of(Surroundings::of_process()) })
    }

    /// Lets passphrases, PINs and touches be asked for. Without it nobody is asked.
    #[must_use]
    pub fn with_prompt(self, prompt: Arc<dyn Prompt>) -> Self {
        Self { prompt, ..self }
    }

    /// Sets how long a plugin or a command may stay silent: 60 seconds unless set.
    #[must_use]
    pub fn with_patience(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// What would be encrypted to them, in order and each once. A plugin's identities do not tell. To know what is in a
    /// protected file its passphrase is asked for, and a command is run.
    pub fn recipients(&self) -> Vec<Recipient> {
        let company = self.company();
        let mut recipients: Vec<Recipient> = Vec::new();
        let mut add = |identities: &[Identity]| {
            for recipient in identities.iter().filter_map(|identity| identity.recipient.as_ref()) {
                if !recipients.contains(recipient) {
                    recipients.push(recipient.clone());
                }
            }
        };
        for source in &self.sources().found {
            match &source.state {
                State::Held(held) => add(identities_of(held, company.prompt).unwrap_or_default()),
                State::Command(command) => {
                    if let Ok(held) = &*command.run(None, &company) {
                        add(identities_of(held, company.prompt).unwrap_or_default());
                    }
                }
                State::Broken(_) | State::Empty(_) => {}
            }
        }
        recipients
    }

    /// What the owner of the sources should hear of. It reads them if they were not read yet.
    pub fn findings(&self) -> &[Finding] {
        &self.sources().findings
    }

    /// Unwraps the data key of a file from its stanzas: pairs of a recipient and an armoured age file of the key.
    ///
    /// # Errors
    ///
    /// When no identity fits, when a stanza for one of them is damaged, and when a source that a variable of Redeem's
    /// own names cannot be used.
    pub fn unwrap<'a>(
        &self,
        stanzas: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<DataKey, UnwrapError> {
        let sources = self.sources();
        if let Some((source, why)) = &sources.refused {
            return Err(UnwrapError::Source { source: source.clone(), why: why.clone() });
        }
        let mut search = Search::new(stanzas);
        if search.is_empty() {
            return Err(UnwrapError::NoStanza);
        }
        let company = self.company();
        if let Some(key) = search.cheap(&sources.found, &company) {
            return Ok(key);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match search.costly(&sources.found, &company) {
            Some(key) => Ok(key),
            None => Err(search.failed(sources)),
        }
    }

    /// Decrypts a whole age file, armoured or not, in memory.
    ///
    /// # Errors
    ///
    /// When it is for others, or broken: then nothing of it is given out.
    pub fn decrypt(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let file = AgeFile::parse(file, usize::MAX)?;
        search::decrypt(&file, &self.sources().found, &self.company())
    }

    fn sources(&self) -> &Sources {
        self.sources.get_or_init(|| Sources::read(&self.surroundings))
    }

    fn company(&self) -> Company<'_> {
        Company { surroundings: &self.surroundings, prompt: &*self.prompt, silence: self.silence }
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identities(redacted)")
    }
}

/// Decrypts a whole age file with a passphrase, in memory.
///
/// # Errors
///
/// When the passphrase does not open it, when it asks for too much work, and when it is broken: then nothing of it is
/// given out.
pub fn decrypt_with_passphrase(
    file: &[u8],
    passphrase: &redeem_core::Secret,
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    text::decrypt(&AgeFile::parse(file, usize::MAX)?, passphrase)
}

/// What a text holds; its passphrase is asked for.
fn identities_of<'a>(held: &'a Held, prompt: &dyn Prompt) -> Result<&'a [Identity], &'a str> {
    match held {
        Held::Identities(identities) => Ok(identities),
        Held::Locked(locked) => locked.open(prompt),
    }
}
