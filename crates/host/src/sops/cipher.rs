//! One value: the strict grammar of `ENC[…]`, and AES-256-GCM under it.

use std::fmt;

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Plain, Type, number};
use crate::identity::DataKey;

/// How many bytes the IV of a new value has. SOPS takes 32 where AES-GCM commonly takes 12.
const NONCE: usize = 32;
/// How many bytes a tag has.
const TAG: usize = 16;

/// An encrypted value, `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    data: Vec<u8>,
    iv: Vec<u8>,
    tag: [u8; TAG],
    r#type: Type,
}

impl Sealed {
    /// Reads `text`, which must be such a value and nothing else.
    ///
    /// `sops` itself tolerates garbage behind the bracket, and base64 whose last bits do not matter. Here a value
    /// has exactly one spelling, so that no bit of it can be changed without being found.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("ENC[AES256_GCM,data:")?.strip_suffix(']')?;
        let (data, rest) = inner.split_once(",iv:")?;
        let (iv, rest) = rest.split_once(",tag:")?;
        let (tag, name) = rest.split_once(",type:")?;
        let r#type = Type::of_name(name)?;
        // The standard alphabet with padding, and no bits behind the last byte: `STANDARD` refuses all else.
        let data = STANDARD.decode(data).ok()?;
        let iv = STANDARD.decode(iv).ok()?;
        let tag = STANDARD.decode(tag).ok()?.try_into().ok()?;
        // An empty text is never encrypted, so `data:` is never empty.
        (!data.is_empty() && !iv.is_empty()).then_some(Self { data, iv, tag, r#type })
    }

    /// Whether `text` begins as an encrypted value does.
    pub(super) fn is_likely(text: &str) -> bool {
        text.starts_with("ENC[")
    }

    /// The type of the value. It is not authenticated by SOPS.
    pub fn r#type(&self) -> Type {
        self.r#type
    }

    /// The initialisation vector: 32 bytes if `sops` or Redeem wrote it.
    pub fn iv(&self) -> &[u8] {
        &self.iv
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ENC[AES256_GCM,data:{},iv:{},tag:{},type:{}]",
            STANDARD.encode(&self.data),
            STANDARD.encode(&self.iv),
            STANDARD.encode(self.tag),
            self.r#type.name()
        )
    }
}

/// Says the type alone: a ciphertext is as long as its value.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.r#type.name())
    }
}

/// Why a value could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CipherError {
    /// The tag does not fit: another key, another place, or other bytes.
    Unauthentic,
    /// What was encrypted is not of the type that it says.
    NotOfItsType,
    /// The IV has a length that is not supported.
    NonceLength(usize),
    /// The operating system gave no random bytes.
    Random,
}

/// AES-256-GCM with one data key, its key schedule made once.
pub(super) struct Cipher {
    usual: AesGcm<Aes256, U32>,
    key: Zeroizing<[u8; 32]>,
}

impl Cipher {
    pub(super) fn new(key: &DataKey) -> Self {
        let key = Zeroizing::new(*key.as_bytes());
        Self { usual: AesGcm::new((&*key).into()), key }
    }

    /// Opens a value that stands where `additional_data` says. The bytes are canonical for their type.
    pub(super) fn open(&self, sealed: &Sealed, additional_data: &str) -> Result<Plain, CipherError> {
        let mut bytes = Zeroizing::new(sealed.data.clone());
        let (aad, tag) = (additional_data.as_bytes(), (&sealed.tag).into());
        let iv = sealed.iv.as_slice();
        let opened = match iv.len() {
            NONCE => {
                let nonce = iv.try_into().map_err(|_| CipherError::Unauthentic)?;
                self.usual.decrypt_inout_detached(nonce, aad, bytes.as_mut_slice().into(), tag)
            }
            12 => {
                let nonce = iv.try_into().map_err(|_| CipherError::Unauthentic)?;
                let cipher = AesGcm::<Aes256, U12>::new((&*self.key).into());
                cipher.decrypt_inout_detached(nonce, aad, bytes.as_mut_slice().into(), tag)
            }
            16 => {
                let nonce = iv.try_into().map_err(|_| CipherError::Unauthentic)?;
                let cipher = AesGcm::<Aes256, U16>::new((&*self.key).into());
                cipher.decrypt_inout_detached(nonce, aad, bytes.as_mut_slice().into(), tag)
            }
            other => return Err(CipherError::NonceLength(other)),
        };
        opened.map_err(|_| CipherError::Unauthentic)?;
        canonical(sealed.r#type, bytes).ok_or(CipherError::NotOfItsType)
    }

    /// Encrypts a value for the place that `additional_data` says, under a fresh IV.
    ///
    /// The IV has 256 random bits, so that two of them are never the same.
    pub(super) fn seal(&self, plain: &Plain, additional_data: &str) -> Result<Sealed, CipherError> {
        let mut iv = [0; NONCE];
        crate::identity::fill_random(&mut iv).map_err(|_| CipherError::Random)?;
        let mut data = plain.bytes.to_vec();
        let tag = self
            .usual
            .encrypt_inout_detached((&iv).into(), additional_data.as_bytes(), data.as_mut_slice().into())
            .map_err(|_| CipherError::Unauthentic)?;
        Ok(Sealed { data, iv: iv.to_vec(), tag: tag.into(), r#type: plain.r#type })
    }
}

/// Brings decrypted bytes into the form that SOPS hashes: it parses them and formats them again.
fn canonical(r#type: Type, bytes: Zeroizing<Vec<u8>>) -> Option<Plain> {
    let plain = match r#type {
        // A text can be any bytes: the binary store keeps a whole file in one.
        Type::Bytes | Type::Str | Type::Comment => return Some(Plain { r#type, bytes }),
        Type::Int => Plain::int(number::parse_int(std::str::from_utf8(&bytes).ok()?)?),
        Type::Float => Plain::float(number::parse_float(std::str::from_utf8(&bytes).ok()?)?),
        Type::Bool => Plain::bool(number::parse_bool(std::str::from_utf8(&bytes).ok()?)?),
        Type::Time => Plain::new(r#type, super::time::canonical(std::str::from_utf8(&bytes).ok()?)?),
    };
    Some(plain)
}
