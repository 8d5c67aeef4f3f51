//! The seal: a keyed digest of all that a secret's file says, for what the MAC of SOPS does not see.
//!
//! That MAC is a hash of the values, one behind the other. Bytes may move from one clear value to the next, keys may
//! be renamed, a number may become a text, a list may be nested anew, and it still fits. The seal covers the whole
//! tree: each key and each scalar with its length, whether it stands in quotes, and where each mapping and list
//! begins and ends; of encrypted values the text as it is stored. Of the metadata it covers the recipients with their
//! stanzas, and which values are encrypted. Comments, blanks and the way of quoting are left out: nothing reads them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::tree::{self, Node, Text, TreeError};
use crate::identity::DataKey;

/// What the key of the seal is derived with, so that it is no other key; it names the version of the encoding too.
const PURPOSE: &[u8] = b"redeem vault seal v1";

/// As many bytes are covered of a file with one value and a few readers.
const USUAL: usize = 2048;

/// Keys of the metadata that each writing sets anew after the seal; the MAC is bound to both.
const UNSEALED: [&str; 2] = ["lastmodified", "mac"];

/// What the seal of a file covers.
#[derive(Clone)]
pub(super) struct Covered(Vec<u8>);

impl Covered {
    /// What it covers of the file with these entries.
    pub(super) fn of(entries: &[(Text<'_>, Node<'_>)]) -> Self {
        let mut encoded = Vec::with_capacity(USUAL);
        encoded.push(b'{');
        for (key, node) in entries {
            scalar(key, &mut encoded);
            match (&*key.says, node) {
                // The seal cannot cover itself, but that it stands here.
                ("seal", Node::Text(_)) => encoded.push(b'-'),
                ("sops", Node::Map(entries)) => {
                    let entries = entries.iter().filter(|(key, _)| !UNSEALED.contains(&&*key.says));
                    map(entries, &mut encoded);
                }
                _ => encode(node, &mut encoded),
            }
        }
        encoded.push(b'}');
        Self(encoded)
    }

    /// The seal: 64 hexadecimal digits.
    pub(super) fn seal(&self, key: &DataKey) -> String {
        let seal_key = Zeroizing::new(digest(key.as_bytes(), PURPOSE));
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        let digits = digest(&seal_key, &self.0).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(digit).collect()
    }
}

/// Says nothing: a value may stand there in the clear.
impl fmt::Debug for Covered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Covered")
    }
}

/// The seal of a file's text.
///
/// # Errors
/// When the text is no tree that a secret's file may be.
pub(super) fn of(text: &str, key: &DataKey) -> Result<String, TreeError> {
    Ok(Covered::of(&tree::read(text)?).seal(key))
}

/// Whether two seals are the same; how far they agree takes no longer to find out.
pub(super) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// HMAC-SHA-256. A key that is shorter than a block is filled up with zeros (RFC 2104, section 2).
fn digest(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// No two trees have the same code: each token begins with a byte of its own, and texts with their length.
fn encode(node: &Node<'_>, out: &mut Vec<u8>) {
    match node {
        Node::Text(text) => scalar(text, out),
        Node::Map(entries) => map(entries.iter(), out),
        Node::List(nodes) => {
            out.push(b'[');
            nodes.iter().for_each(|node| encode(node, out));
            out.push(b']');
        }
    }
}

fn map<'n, 's: 'n>(entries: impl Iterator<Item = &'n (Text<'s>, Node<'s>)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (key, node) in entries {
        scalar(key, out);
        encode(node, out);
    }
    out.push(b'}');
}

fn scalar(text: &Text<'_>, out: &mut Vec<u8>) {
    out.push(if text.is_plain { b'p' } else { b'q' });
    out.extend((text.says.len() as u64).to_le_bytes());
    out.extend(text.says.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(text: &str) -> String {
        of(text, &DataKey::new(Zeroizing::new([7; 32]))).expect("a tree")
    }

    #[test]
    fn each_tree_has_a_seal_of_its_own() {
        let texts = [
            "a: b\nc: d\n",
            "a: bc\nd: \n",
            "a: 'b'\nc: d\n",
            "a: {b: c}\n",
            "a: [b, c]\n",
            "a: [[b], c]\n",
            "a: [[b, c]]\n",
            "a: {}\n",
            "a: []\n",
            "a: ''\n",
            "a: null\n",
            "a: 'null'\n",
            "a: 3\n",
            "a: '3'\n",
            "a.b: c\n",
            "a: {b: c, d: {}}\n",
            "seal: x\n",
            "sops: {version: 1}\n",
            "sops: {version: 2}\n",
            "a: {seal: x}\n",
            "a: {sops: {mac: x}}\n",
        ];
        let mut seals: Vec<String> = texts.iter().map(|text| seal(text)).collect();
        seals.sort();
        seals.dedup();
        assert_eq!(seals.len(), texts.len());
    }

    #[test]
    fn what_nothing_reads_is_not_sealed() {
        let one = "# one\na: 'b'   # two\nseal: x\nsops: {mac: x, lastmodified: y, version: 3}\n";
        let other = "a: \"b\"\nseal: y\nsops:\n    version: 3\n";
        assert_eq!(seal(one), seal(other));
    }

    #[test]
    fn another_key_makes_another_seal() {
        let other = of("a: b\n", &DataKey::new(Zeroizing::new([8; 32]))).expect("a tree");
        assert_ne!(seal("a: b\n"), other);
        assert!(are_equal(b"ab", b"ab") && !are_equal(b"ab", b"ac") && !are_equal(b"ab", b"a"));
    }
}
