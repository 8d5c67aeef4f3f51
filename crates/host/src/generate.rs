//! New values for secrets: letters, a UUID, key pairs.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::SigningKey;
use redeem_core::Secret;
use zeroize::Zeroizing;

use crate::identity::{self, fill_random};

/// Letters of a value unless a length is given: 190 bits of chance with letters and digits.
pub const DEFAULT_LENGTH: usize = 32;
/// The longest value that is made.
pub const MAX_LENGTH: usize = 1 << 20;

const DIGITS: &str = "0123456789";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What kind of value is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Letters of a set, each as likely as the others.
    Letters {
        /// How many.
        length: usize,
        /// Which.
        charset: Charset,
    },
    /// A random UUID (version 4, RFC 9562).
    Uuid,
    /// An Ed25519 private key in PEM (PKCS #8, RFC 8410).
    Ed25519,
    /// The text of an age identity, as `age-keygen` writes it.
    Age,
}

/// The letters that a value is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charset {
    /// `A-Z a-z 0-9`
    Alnum,
    /// `0-9 a-f`
    Hex,
    /// `A-Z a-z 0-9 - _`, the letters of base64url.
    Base64Url,
    /// All printable letters of ASCII but the space.
    Ascii,
    /// `0-9`
    Digits,
    /// The user's own: two letters or more, each once.
    Custom(Vec<char>),
}

/// A new value.
pub struct Generated {
    /// The value.
    pub value: Secret,
    /// The half of a key pair that may be shown: for Ed25519 in PEM (SPKI), for age the recipient.
    pub public: Option<String>,
}

/// Why no value is made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The kind is not known.
    #[error(
        "`{0}` is not a kind of value: expected alnum, hex, base64url, ascii, digits, uuid, ed25519 or age"
    )]
    Unknown(String),
    /// The length is out of bounds.
    #[error("a length of {0} is out of bounds: expected 1 to {MAX_LENGTH}")]
    Length(usize),
    /// The set holds less than two letters, or one of them twice.
    #[error("a set of letters holds two or more, and each once")]
    Charset,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] std::io::Error),
}

/// Makes a value.
///
/// ```
/// use redeem_host::generate::{Charset, Kind, generate_secret};
///
/// let made = generate_secret(&Kind::Letters { length: 20, charset: Charset::Hex })?;
/// assert_eq!(made.value.expose().len(), 20);
/// assert!(generate_secret(&Kind::Ed25519)?.public.is_some());
/// # Ok::<(), redeem_host::generate::GenerateError>(())
/// ```
///
/// # Errors
///
/// When the length or the set is out of bounds, and when the system gives no random bytes.
pub fn generate_secret(kind: &Kind) -> Result<Generated, GenerateError> {
    let alone = |value: Secret| Generated { value, public: None };
    match kind {
        Kind::Letters { length, charset } => letters(*length, &charset.letters()).map(alone),
        Kind::Uuid => uuid().map(alone),
        Kind::Ed25519 => ed25519(),
        Kind::Age => {
            let (text, recipient) = identity::generate();
            let value = Secret::new(text.as_bytes().to_vec());
            Ok(Generated { value, public: Some(recipient.to_string()) })
        }
    }
}

impl Kind {
    /// Reads what a user calls a kind: the name of a set of letters, `uuid`, `ed25519` or `age`. The length is that of
    /// a value of letters, and [`DEFAULT_LENGTH`] if there is none.
    ///
    /// # Errors
    ///
    /// When the name is not known.
    pub fn parse(name: &str, length: Option<usize>) -> Result<Self, GenerateError> {
        let letters = |charset| Self::Letters { length: length.unwrap_or(DEFAULT_LENGTH), charset };
        Ok(match name {
            "alnum" => letters(Charset::Alnum),
            "hex" => letters(Charset::Hex),
            "base64url" => letters(Charset::Base64Url),
            "ascii" => letters(Charset::Ascii),
            "digits" => letters(Charset::Digits),
            "uuid" => Self::Uuid,
            "ed25519" => Self::Ed25519,
            "age" => Self::Age,
            _ => return Err(GenerateError::Unknown(name.to_owned())),
        })
    }
}

impl Charset {
    fn letters(&self) -> Vec<char> {
        match self {
            Self::Alnum => ALNUM.chars().collect(),
            Self::Hex => "0123456789abcdef".chars().collect(),
            Self::Base64Url => ALNUM.chars().chain("-_".chars()).collect(),
            Self::Ascii => ('!'..='~').collect(),
            Self::Digits => DIGITS.chars().collect(),
            Self::Custom(letters) => letters.clone(),
        }
    }
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated").field("public", &self.public).finish_non_exhaustive()
    }
}

fn letters(length: usize, charset: &[char]) -> Result<Secret, GenerateError> {
    if length == 0 || length > MAX_LENGTH {
        return Err(GenerateError::Length(length));
    }
    let mut once = charset.to_vec();
    once.sort_unstable();
    once.dedup();
    let count = u32::try_from(once.len()).unwrap_or(0);
    if count < 2 || once.len() != charset.len() {
        return Err(GenerateError::Charset);
    }
    // Numbers above the last whole multiple would make the first letters likelier; they are drawn again.
    let end = u32::MAX - u32::MAX % count;
    // With room for all of it, so that no copy is left behind where it grew.
    let mut value = Vec::with_capacity(length * 4);
    let mut pool = Zeroizing::new([0; 256]);
    let mut made = 0;
    while made < length {
        fill_random(&mut *pool)?;
        for bytes in pool.as_chunks::<4>().0 {
            let number = u32::from_le_bytes(*bytes);
            if number < end && made < length {
                let letter = charset[(number % count) as usize];
                value.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                made += 1;
            }
        }
    }
    Ok(Secret::new(value))
}

fn uuid() -> Result<Secret, GenerateError> {
    let mut bytes = Zeroizing::new([0; 16]);
    fill_random(&mut *bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = Vec::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(b"0123456789abcdef"[usize::from(digit)]);
        }
    }
    Ok(Secret::new(text))
}

fn ed25519() -> Result<Generated, GenerateError> {
    let mut seed = Zeroizing::new([0; 32]);
    fill_random(&mut *seed)?;
    Ok(ed25519_of(&seed))
}

/// Both halves in DER are a fixed beginning and 32 bytes (RFC 8410, sections 4 and 7).
fn ed25519_of(seed: &[u8; 32]) -> Generated {
    const PRIVATE: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    const PUBLIC: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    let public = SigningKey::from_bytes(seed).verifying_key();
    let mut der = Zeroizing::new([0; 48]);
    der[..16].copy_from_slice(&PRIVATE);
    der[16..].copy_from_slice(seed);
    let pem = pem("PRIVATE KEY", &*der);
    let public = self::pem("PUBLIC KEY", &[&PUBLIC[..], public.as_bytes()].concat());
    Generated { value: Secret::new(pem.as_bytes().to_vec()), public: Some(public.to_string()) }
}

/// What is written is at most one line of 64 letters long.
fn pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    BASE64_STANDARD.encode_string(der, &mut text);
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, length: usize) -> String {
        let kind = Kind::parse(name, Some(length)).expect("a kind");
        let made = generate_secret(&kind).expect("a value");
        String::from_utf8(made.value.expose().to_vec()).expect("text")
    }

    #[test]
    fn each_set_has_its_letters_and_no_other() {
        for (name, count) in [("alnum", 62), ("hex", 16), ("base64url", 64), ("ascii", 94), ("digits", 10)] {
            let value = made(name, 10_000);
            assert_eq!(value.len(), 10_000);
            let mut letters: Vec<char> = value.chars().collect();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), count, "{name}");
        }
        let custom = Kind::Letters { length: 7, charset: Charset::Custom(vec!['a', 'é']) };
        let value = generate_secret(&custom).expect("a value");
        assert_eq!(String::from_utf8_lossy(value.value.expose()).chars().count(), 7);
    }

    #[test]
    fn each_letter_is_as_likely_as_the_others() {
        // Ten letters out of 2^32 numbers: a bias would not show, a wrong rule would. Chi-squared with nine degrees
        // of freedom is above 40 once in a hundred thousand runs.
        let value = made("digits", 100_000);
        let mut counts = [0_f64; 10];
        value.bytes().for_each(|byte| counts[usize::from(byte - b'0')] += 1.0);
        let chi: f64 = counts.iter().map(|count| (count - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 40.0, "{counts:?}");
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let (one, other) = (made("uuid", 0), made("uuid", 0));
        assert_ne!(one, other);
        let shape: String = one.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]));
    }

    #[test]
    fn a_pair_has_a_public_half() {
        // The examples of RFC 8410, section 10.
        let private = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        let seed = &BASE64_STANDARD.decode(private).expect("base64")[16..];
        let pair = ed25519_of(seed.try_into().expect("32 bytes"));
        let expected = format!("-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----\n");
        assert_eq!(pair.value.expose(), expected.as_bytes());
        let public = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
        let expected = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
        assert_eq!(pair.public, Some(expected));
        assert!(!format!("{pair:?}").contains("PRIVATE"));
        let pair = generate_secret(&Kind::Age).expect("a pair");
        let text = String::from_utf8_lossy(pair.value.expose()).into_owned();
        let identities = crate::identity::Identities::from_text("it", &text).expect("an identity");
        assert_eq!(Some(identities.recipients()[0].to_string()), pair.public);
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let letters = |length, charset: &[char]| {
            generate_secret(&Kind::Letters { length, charset: Charset::Custom(charset.to_vec()) }).map(|_| ())
        };
        assert!(matches!(letters(0, &['a', 'b']), Err(GenerateError::Length(0))));
        assert!(matches!(letters(MAX_LENGTH + 1, &['a', 'b']), Err(GenerateError::Length(_))));
        assert!(matches!(letters(5, &['a']), Err(GenerateError::Charset)));
        assert!(matches!(letters(5, &['a', 'b', 'a']), Err(GenerateError::Charset)));
        assert!(matches!(Kind::parse("alum", None), Err(GenerateError::Unknown(_))));
    }
}
