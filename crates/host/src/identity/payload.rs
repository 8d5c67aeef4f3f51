//! The payload of an age file: the STREAM construction over ChaCha20-Poly1305.

use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::Zeroizing;

use super::file::FileError;

/// Bytes of text in each chunk but the last.
const CHUNK: usize = 64 * 1024;
/// Bytes of tag after each chunk.
const TAG: usize = 16;
/// Bytes of random nonce before the first chunk.
pub(super) const NONCE: usize = 16;

/// Decrypts a payload as a whole: nothing of one that is broken is given out (<https://c2sp.org/age#payload>).
pub(super) fn decrypt(key: &FileKey, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let Some((nonce, mut rest)) = payload.split_at_checked(NONCE) else {
        // Go's age counts a missing nonce to the header.
        return Err(FileError::Header("it ends before its payload"));
    };
    let cipher = cipher(key, nonce);
    let mut text = Zeroizing::new(Vec::with_capacity(rest.len()));
    let mut counter = 0;
    loop {
        let is_last = rest.len() <= CHUNK + TAG;
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK + TAG));
        if is_last && counter > 0 && chunk.len() == TAG {
            return Err(FileError::Payload);
        }
        let part = cipher.decrypt(&chunk_nonce(counter, is_last), chunk).map_err(|_| FileError::Payload)?;
        text.extend_from_slice(&Zeroizing::new(part));
        if is_last {
            return Ok(text);
        }
        rest = after;
        counter += 1;
    }
}

/// Encrypts a payload, whose nonce is random and never used with this key again.
pub(super) fn encrypt(key: &FileKey, nonce: &[u8; NONCE], text: &[u8]) -> Vec<u8> {
    let cipher = cipher(key, nonce);
    let mut payload = nonce.to_vec();
    let chunks: Vec<&[u8]> = if text.is_empty() { vec![text] } else { text.chunks(CHUNK).collect() };
    for (counter, chunk) in (0_u64..).zip(&chunks) {
        let nonce = chunk_nonce(counter, counter + 1 == chunks.len() as u64);
        payload.extend_from_slice(&cipher.encrypt(&nonce, *chunk).expect("a chunk is of 64 KiB at most"));
    }
    payload
}

fn cipher(key: &FileKey, nonce: &[u8]) -> ChaCha20Poly1305 {
    let key = Zeroizing::new(hkdf(nonce, b"payload", key.expose_secret()));
    ChaCha20Poly1305::new(Key::from_slice(&*key))
}

/// Eleven bytes of counter and one that marks the last chunk.
fn chunk_nonce(counter: u64, is_last: bool) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[3..11].copy_from_slice(&counter.to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}
