//! Secrets of Kubernetes: `data` in base64, `stringData` as it is (API reference, Secret v1).

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redeem_core::Secret;

use super::tree::Tree;
use super::{ImportError, Paths};

/// Whether a document is a Secret, or a List that may hold some.
pub(super) fn is_secret(document: &Tree) -> bool {
    let kind = document.below("kind").and_then(Tree::text);
    document.below("apiVersion").is_some() && matches!(kind, Some("Secret" | "List" | "SecretList"))
}

/// Reads all Secrets of some documents: each is a bundle of its name.
///
/// With `as_one` their keys stand alone, for the one bundle that is made of them.
pub(super) fn read(shown: &str, documents: Vec<Tree>, as_one: bool) -> Result<Paths, ImportError> {
    let wrong = |message: String| ImportError::Shape { path: shown.to_owned(), message };
    let (mut paths, mut notes) = (Vec::new(), Vec::new());
    let mut found = 0;
    let mut open: Vec<Tree> = documents.into_iter().rev().collect();
    while let Some(document) = open.pop() {
        let kind = document.below("kind").and_then(Tree::text).unwrap_or_default().to_owned();
        if matches!(kind.as_str(), "List" | "SecretList") {
            if let Tree::Map(pairs) = document
                && let Some((_, Tree::List(items))) = pairs.into_iter().find(|(key, _)| key == "items")
            {
                open.extend(items.into_iter().rev());
            }
            continue;
        }
        if kind != "Secret" {
            if document != Tree::Null {
                notes.push("a document that is no Secret was left out".to_owned());
            }
            continue;
        }
        found += 1;
        let name = document.below("metadata").and_then(|metadata| metadata.below("name"));
        let name = name.and_then(Tree::text).unwrap_or_default().to_owned();
        if name.is_empty() && !as_one {
            return Err(wrong("a Secret has no `metadata.name`; say `--bundle NAME`".to_owned()));
        }
        for (key, value) in
            values(&document).map_err(|problem| wrong(format!("Secret `{name}`: {problem}")))?
        {
            paths.push((if as_one { vec![key] } else { vec![name.clone(), key] }, value));
        }
    }
    if found == 0 {
        return Err(wrong("there is no `kind: Secret`".to_owned()));
    }
    Ok((paths, notes))
}

/// The values of a Secret: a key of `stringData` stands before the same one of `data`.
fn values(secret: &Tree) -> Result<Vec<(String, Secret)>, String> {
    let mut held: Vec<Option<(String, Secret)>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for field in ["data", "stringData"] {
        let pairs = match secret.below(field) {
            None | Some(Tree::Null) => continue,
            Some(Tree::Map(pairs)) => pairs,
            Some(_) => return Err(format!("`{field}` is no map")),
        };
        for (key, node) in pairs {
            let text = match node {
                Tree::Null => "",
                node => node.text().ok_or_else(|| format!("`{key}` is no text"))?,
            };
            let value = if field == "data" {
                // Long values are folded over lines, by hand or by `base64`.
                let packed: zeroize::Zeroizing<Vec<u8>> = zeroize::Zeroizing::new(
                    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect(),
                );
                Secret::new(STANDARD.decode(&*packed).map_err(|_| format!("`{key}` is no base64"))?)
            } else {
                Secret::from(text)
            };
            if let Some(place) = places.insert(key.clone(), held.len()) {
                held[place] = None;
            }
            held.push(Some((key.clone(), value)));
        }
    }
    Ok(held.into_iter().flatten().collect())
}
