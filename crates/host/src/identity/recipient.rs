//! Recipients: the public halves that a data key is wrapped for.

use std::fmt;

use age::Recipient as _;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;

use super::plugin::{Company, NotAPlugin, Plugin};
use super::prompt::Nobody;
use super::{DataKey, Prompt, Surroundings, WrapError, child, file};

/// The public half of an identity, as it stands in `vault.toml` and in a SOPS file's stanzas.
///
/// ```
/// use redeem_host::identity::Recipient;
///
/// let text = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
/// assert_eq!(Recipient::parse(text)?.to_string(), text);
/// # Ok::<(), redeem_host::identity::RecipientError>(())
/// ```
#[derive(Clone)]
pub struct Recipient {
    text: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    X25519(age::x25519::Recipient),
    Plugin(Plugin),
    #[cfg(feature = "ssh")]
    Ssh(Box<age::ssh::Recipient>),
}

/// Why a text is not a recipient. The text is quoted only where it begins as a recipient: another may be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// The text is no recipient that is known.
    #[error("that is not a recipient: expected `age1…`, as `age-keygen` prints it")]
    Unknown,
    /// The text is the secret half.
    #[error("that is an identity, which is to be kept secret: expected its recipient, `age1…`")]
    Secret,
    /// The text begins as a recipient and does not add up.
    #[error("`{0}` is not a whole recipient: its checksum does not fit, so a letter is wrong or missing")]
    Damaged(String),
    /// The text is of the post-quantum type.
    #[error(
        "`{0}…` is a post-quantum recipient, which is not supported: expected `age1…` of `age-keygen` without `-pq`"
    )]
    PostQuantum(String),
    /// The name of its plugin may not be the name of a program.
    #[error("`{0}` names a plugin with other letters than `A-Z a-z 0-9 + - . _`")]
    PluginName(String),
    /// It is an SSH key and this build knows none.
    #[error("`{0}` is an SSH key, and this build has no support for them: build with the feature `ssh`")]
    NeedsSsh(String),
    /// It is an SSH key of a kind that cannot encrypt.
    #[error(
        "`{0}` is not an SSH key that can be encrypted to: expected `ssh-ed25519`, or `ssh-rsa` of 2048 bits or more"
    )]
    Ssh(String),
}

impl Recipient {
    /// Reads a recipient: `age1…`, `age1NAME1…` of the plugin NAME, and `ssh-ed25519 …` or `ssh-rsa …` in a build with
    /// the feature `ssh`.
    ///
    /// # Errors
    ///
    /// When the text is of no known kind, or damaged.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        // The message shows no more of a text than the longest recipient has.
        let shown = || text.chars().take(120).collect::<String>();
        if text.starts_with("AGE-") || text.starts_with("-----BEGIN") {
            return Err(RecipientError::Secret);
        }
        if text.starts_with("age1pq1") {
            return Err(RecipientError::PostQuantum(text.chars().take(20).collect()));
        }
        if text.starts_with("ssh-") {
            return Self::parse_ssh(text);
        }
        if !text.starts_with("age1") {
            return Err(RecipientError::Unknown);
        }
        // The last 1 ends the prefix: `age`, or `age1NAME` of a plugin.
        let kind = if text.rfind('1') == Some(3) {
            text.parse().map(Kind::X25519).map_err(|_| RecipientError::Damaged(shown()))?
        } else {
            Plugin::of_recipient(text).map(Kind::Plugin).map_err(|why| match why {
                NotAPlugin::Damaged => RecipientError::Damaged(shown()),
                NotAPlugin::Name => RecipientError::PluginName(shown()),
            })?
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// Wraps a data key: an armoured age file of its 32 bytes, for this recipient alone, with a line break at its end,
    /// as `sops` writes it. A plugin is run in the surroundings of this process, and has nobody to ask.
    ///
    /// # Errors
    ///
    /// When a plugin that the recipient needs is missing or fails, and when the system has no random bytes.
    pub fn wrap(&self, key: &DataKey) -> Result<String, WrapError> {
        self.wrap_with(key, &Surroundings::of_process(), &Nobody)
    }

    /// Does what [`Recipient::wrap`] does, with a plugin's surroundings and someone whom it may ask.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn wrap_with(
        &self,
        key: &DataKey,
        surroundings: &Surroundings,
        prompt: &dyn Prompt,
    ) -> Result<String, WrapError> {
        let file_key = file::new_key().map_err(WrapError::Random)?;
        let stanzas = self.stanzas(&file_key, surroundings, prompt)?;
        file::seal(&stanzas, &file_key, key.as_bytes()).map_err(WrapError::Random)
    }

    /// Its text, without the comment of an SSH key.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The recipient of an identity.
    pub(super) fn of_x25519(recipient: &age::x25519::Recipient) -> Self {
        Self { text: recipient.to_string(), kind: Kind::X25519(recipient.clone()) }
    }

    fn stanzas(
        &self,
        key: &FileKey,
        surroundings: &Surroundings,
        prompt: &dyn Prompt,
    ) -> Result<Vec<Stanza>, WrapError> {
        let failed = |why: String| WrapError::Failed { recipient: self.text.clone(), why };
        let wrapped = match &self.kind {
            Kind::X25519(recipient) => recipient.wrap_file_key(key),
            #[cfg(feature = "ssh")]
            Kind::Ssh(recipient) => recipient.wrap_file_key(key),
            Kind::Plugin(plugin) => {
                let company = Company { surroundings, prompt, silence: child::SILENCE };
                let failed =
                    |why| WrapError::Plugin { name: plugin.name.clone(), recipient: self.text.clone(), why };
                return plugin.wrap(key.expose_secret(), &company).map_err(failed);
            }
        };
        wrapped.map(|(stanzas, _labels)| stanzas).map_err(|error| failed(error.to_string()))
    }

    #[cfg(feature = "ssh")]
    fn parse_ssh(text: &str) -> Result<Self, RecipientError> {
        let wrong = |_| RecipientError::Ssh(text.split(' ').next().unwrap_or_default().to_owned());
        text.parse().map_err(wrong).map(|recipient| Self::of_ssh(&recipient))
    }

    #[cfg(not(feature = "ssh"))]
    fn parse_ssh(text: &str) -> Result<Self, RecipientError> {
        Err(RecipientError::NeedsSsh(text.split(' ').next().unwrap_or_default().to_owned()))
    }

    /// The recipient of an SSH key; its comment is no part of it.
    #[cfg(feature = "ssh")]
    pub(super) fn of_ssh(recipient: &age::ssh::Recipient) -> Self {
        Self { text: recipient.to_string(), kind: Kind::Ssh(Box::new(recipient.clone())) }
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X25519: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    fn error(text: &str) -> RecipientError {
        Recipient::parse(text).expect_err(text)
    }

    #[test]
    fn each_kind_is_told_from_the_others() {
        assert_eq!(Recipient::parse(&format!(" {X25519}\n")).expect("X25519").to_string(), X25519);
        assert_eq!(error(&X25519.replace('t', "v")), RecipientError::Damaged(X25519.replace('t', "v")));
        assert_eq!(error(&X25519[..30]), RecipientError::Damaged(X25519[..30].to_owned()));
        assert_eq!(
            error("age1pq1qqqqqqqqqqqqqqqqqqqqqqq"),
            RecipientError::PostQuantum("age1pq1qqqqqqqqqqqqq".to_owned())
        );
        assert_eq!(error("bob"), RecipientError::Unknown);
        let (identity, _) = crate::identity::generate();
        let identity = identity.lines().last().expect("a key");
        assert_eq!(error(identity), RecipientError::Secret);
        // The lower-case form of a key is no key, and is not quoted all the same.
        let told = error(&identity.to_lowercase()).to_string();
        assert!(!told.contains(&identity.to_lowercase()[20..]), "{told}");
    }

    #[cfg(not(feature = "ssh"))]
    #[test]
    fn an_ssh_key_names_the_feature() {
        let told = error("ssh-ed25519 AAAA user@host").to_string();
        assert!(told.contains("the feature `ssh`"), "{told}");
    }

    #[test]
    fn case_26_a_plugin_with_a_path_for_a_name_is_refused() {
        let recipient =
            |prefix: &str| age_core::primitives::bech32_encode(bech32::Hrp::parse_unchecked(prefix), b"key");
        assert!(Recipient::parse(&recipient("age1yubi-key+x.y_z")).is_ok());
        for name in ["age1../x", "age1x/y", "age1"] {
            assert!(matches!(error(&recipient(name)), RecipientError::PluginName(_)), "{name}");
        }
    }
}
