//! The identities at hand, and the attempt to unwrap a data key with them.

use std::io::Read;
use std::sync::OnceLock;

use age::armor::ArmoredReader;
use zeroize::Zeroizing;

use super::{Attempt, DataKey, IdentityError, Recipient, Surroundings, UnwrapError, sources};

/// All identities at hand, in order; their sources are read when the first file is to be opened, and once.
pub struct Identities {
    surroundings: Option<Surroundings>,
    loaded: OnceLock<Loaded>,
}

#[derive(Default)]
struct Loaded {
    identities: Vec<Loading>,
    broken: Vec<Attempt>,
}

struct Loading {
    source: String,
    identity: age::x25519::Identity,
    recipient: Recipient,
}

impl Identities {
    /// Those of every source that the user has.
    pub fn of_environment() -> Self {
        Self::of(Surroundings::of_process())
    }

    /// Those of the sources in the given surroundings.
    pub fn of(surroundings: Surroundings) -> Self {
        Self { surroundings: Some(surroundings), loaded: OnceLock::new() }
    }

    /// Those of one text, an identity a line; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// When a line is neither an identity nor a comment.
    pub fn from_text(name: &str, text: &str) -> Result<Self, IdentityError> {
        let identities = parse(name, text)?;
        let loaded = OnceLock::from(Loaded { identities, broken: Vec::new() });
        Ok(Self { surroundings: None, loaded })
    }

    /// What would be encrypted to them.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.loaded().identities.iter().map(|one| one.recipient.clone()).collect()
    }

    /// Unwraps the data key of a file from its stanzas: pairs of a recipient and an armoured age file.
    ///
    /// # Errors
    ///
    /// When no identity fits, and when one fits and its stanza is damaged.
    pub fn unwrap<'a>(
        &self,
        stanzas: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<DataKey, UnwrapError> {
        let loaded = self.loaded();
        let stanzas: Vec<_> = stanzas.collect();
        for (recipient, enc) in &stanzas {
            for one in &loaded.identities {
                let damaged = |why: String| UnwrapError::Damaged { recipient: (*recipient).to_owned(), why };
                match open(enc, &one.identity) {
                    Ok(key) => return Ok(key),
                    Err(age::DecryptError::NoMatchingKeys) => {}
                    Err(error) => return Err(damaged(error.to_string())),
                }
            }
        }
        let mut tried: Vec<_> = loaded
            .identities
            .iter()
            .map(|one| Attempt {
                source: one.source.clone(),
                recipient: Some(one.recipient.to_string()),
                why: "the file is not for it".to_owned(),
            })
            .collect();
        tried.extend(loaded.broken.iter().cloned());
        let recipients = stanzas.iter().map(|(recipient, _)| (*recipient).to_owned()).collect();
        Err(UnwrapError::NoMatch { recipients, tried })
    }

    fn loaded(&self) -> &Loaded {
        self.loaded.get_or_init(|| {
            let mut loaded = Loaded::default();
            for (source, text) in self.surroundings.iter().flat_map(sources::read) {
                let text = text.map(Zeroizing::new);
                let found = text.and_then(|text| parse(&source, &text).map_err(|error| error.to_string()));
                match found {
                    Ok(identities) => loaded.identities.extend(identities),
                    Err(why) => loaded.broken.push(Attempt { source, recipient: None, why }),
                }
            }
            loaded
        })
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identities(redacted)")
    }
}

fn parse(name: &str, text: &str) -> Result<Vec<Loading>, IdentityError> {
    let lines = text.lines().enumerate().map(|(index, line)| (index, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| {
            let wrong = |_| IdentityError::Line { source_name: name.to_owned(), line: index + 1 };
            let identity: age::x25519::Identity = line.parse().map_err(wrong)?;
            let recipient = Recipient::of_x25519(&identity.to_public());
            Ok(Loading { source: name.to_owned(), identity, recipient })
        })
        .collect()
}

fn open(enc: &str, identity: &age::x25519::Identity) -> Result<DataKey, age::DecryptError> {
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(enc.as_bytes()))?;
    let mut reader = decryptor.decrypt(std::iter::once(identity as &dyn age::Identity))?;
    let mut bytes = Zeroizing::new([0; 32]);
    reader.read_exact(&mut *bytes)?;
    if reader.read(&mut [0])? != 0 {
        return Err(age::DecryptError::DecryptionFailed);
    }
    Ok(DataKey::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_unwraps() {
        let (text, recipient) = crate::identity::generate();
        let identities = Identities::from_text("test", &text).expect("our own");
        let key = DataKey::random().expect("random bytes");
        let enc = recipient.wrap(&key).expect("wraps");
        assert!(enc.ends_with("-----END AGE ENCRYPTED FILE-----\n"));
        let label = recipient.to_string();
        let got = identities.unwrap([(label.as_str(), enc.as_str())].into_iter()).expect("unwraps");
        assert_eq!(got.as_bytes(), key.as_bytes());
        let (other, _) = crate::identity::generate();
        let other = Identities::from_text("other", &other).expect("our own");
        let error = other.unwrap([(label.as_str(), enc.as_str())].into_iter()).expect_err("for another");
        assert!(!error.is_damaged());
    }
}
