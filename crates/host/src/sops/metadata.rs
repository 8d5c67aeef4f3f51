//! What a file says about itself: who can open it, what is encrypted, when it was written.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::node::{Container, Kind, Node};
use super::select::{Rule, Selection};
use super::{MOST_STANZAS, SopsError, number, time};

/// The data key, encrypted to one age recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// The recipient, as text. It is a hint alone: the file that it stands beside says nothing of it.
    pub recipient: String,
    /// An armoured age file of the data key's 32 bytes.
    pub enc: String,
}

/// The data key, encrypted by a service or program that is never asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The key of the metadata: `kms`, `pgp`, ….
    pub kind: &'static str,
    /// What the stanza calls its key: an ARN, a fingerprint, an address.
    pub name: String,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name may hold what a terminal obeys.
        let name = self.name.trim();
        let name = name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c });
        let name: String = name.collect();
        if name.is_empty() { f.write_str(self.kind) } else { write!(f, "{} {name}", self.kind) }
    }
}

/// The kinds of stanzas that are kept and not used, and the fields that name their keys.
const FOREIGN: [(&str, &[&str]); 6] = [
    ("azure_kv", &["vault_url", "name"]),
    ("gcp_kms", &["resource_id"]),
    ("hc_vault", &["vault_address", "key_name"]),
    ("hckms", &["key_id"]),
    ("kms", &["arn"]),
    ("pgp", &["fp"]),
];

/// The metadata of a SOPS file.
#[derive(Debug)]
pub struct Metadata {
    /// The age stanzas.
    pub age: Vec<Stanza>,
    /// All other stanzas.
    pub foreign: Vec<Foreign>,
    /// When the file was last written, as it says: RFC 3339.
    pub lastmodified: String,
    /// The encrypted MAC, as it says; empty if it is missing.
    pub mac: String,
    /// The version of `sops` whose format it is.
    pub version: String,
    /// Which values are encrypted.
    pub selection: Selection,
    /// `lastmodified` as the MAC is bound to it.
    pub(super) bound_to: String,
    /// Where `lastmodified` and `mac` stand, in each document that has them.
    pub(super) places: Vec<Places>,
}

/// Where the parts of one document's metadata stand that every edit writes anew.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) lastmodified: Option<Range<usize>>,
    pub(super) mac: Option<Range<usize>>,
}

impl Metadata {
    /// Reads the metadata of a file's documents; the first counts, as with `sops`.
    pub(super) fn read(shown: &str, documents: &[Cow<'_, Container>]) -> Result<Self, SopsError> {
        let Some(first) = documents.first() else {
            return Err(SopsError::NotEncrypted { shown: shown.to_owned() });
        };
        let damaged =
            |message: &str| SopsError::Metadata { shown: shown.to_owned(), message: message.to_owned() };
        refuse_groups(shown, first)?;
        let age = stanzas(first).map_err(damaged)?;
        let foreign: Vec<_> = FOREIGN
            .iter()
            .flat_map(|(kind, fields)| {
                let name = |entry: &Container| {
                    fields.iter().map(|field| text(entry, field)).collect::<Vec<_>>().join(" ")
                };
                maps(first, kind).map(move |entry| Foreign { kind, name: name(entry) })
            })
            .collect();
        if age.len() + foreign.len() > MOST_STANZAS {
            return Err(damaged("there are more than 10,000 stanzas"));
        }
        if age.is_empty() && foreign.is_empty() {
            return Err(damaged("nobody can open the file: there is no stanza"));
        }
        let lastmodified = text(first, "lastmodified");
        let bound_to = time::seconds(&lastmodified)
            .ok_or_else(|| damaged("`lastmodified` is not a time of RFC 3339"))?;
        let selection = Selection::new(shown, rule(shown, first)?)?
            .with_mac_only_encrypted(flag(first, "mac_only_encrypted").map_err(damaged)?);
        let place =
            |container: &Container, key: &str| container.entry(key).map(|entry| entry.value.span.clone());
        Ok(Self {
            age,
            foreign,
            lastmodified,
            mac: text(first, "mac"),
            version: text(first, "version"),
            selection,
            bound_to,
            places: documents
                .iter()
                .map(|one| Places { lastmodified: place(one, "lastmodified"), mac: place(one, "mac") })
                .collect(),
        })
    }
}

/// The text of a field; empty if it is missing, as `sops` takes it.
fn text(container: &Container, key: &str) -> String {
    container.entry(key).and_then(|entry| entry.value.text()).unwrap_or_default().to_owned()
}

fn flag(container: &Container, key: &str) -> Result<bool, &'static str> {
    let said = text(container, key);
    if said.is_empty() {
        return Ok(false);
    }
    number::parse_bool(&said).ok_or("`mac_only_encrypted` is neither true nor false")
}

/// The maps of a list of maps.
fn maps<'c>(container: &'c Container, key: &str) -> impl Iterator<Item = &'c Container> {
    let list = container.entry(key).and_then(|entry| entry.value.container());
    list.into_iter().flat_map(Container::entries).filter_map(|entry| entry.value.container())
}

fn stanzas(container: &Container) -> Result<Vec<Stanza>, &'static str> {
    let Some(entry) = container.entry("age") else { return Ok(Vec::new()) };
    let list = match &entry.value {
        Node { kind: Kind::Container(list), .. } if list.is_list => list,
        Node { kind: Kind::Null, .. } => return Ok(Vec::new()),
        _ => return Err("`age` is not a list"),
    };
    let stanza = |node: &Node| {
        let map = node.container().filter(|map| !map.is_list).ok_or("a stanza of `age` is not a map")?;
        Ok(Stanza { recipient: text(map, "recipient"), enc: text(map, "enc") })
    };
    list.entries().map(|entry| stanza(&entry.value)).collect()
}

/// Shamir's secret sharing is named and refused.
fn refuse_groups(shown: &str, container: &Container) -> Result<(), SopsError> {
    let refused = |field| Err(SopsError::KeyGroups { shown: shown.to_owned(), field });
    let groups = container.entry("key_groups").and_then(|entry| entry.value.container());
    if groups.is_some_and(|groups| groups.entries().next().is_some()) {
        return refused("`key_groups`");
    }
    match text(container, "shamir_threshold").as_str() {
        "" | "0" | "1" => Ok(()),
        _ => refused("`shamir_threshold`"),
    }
}

/// The one selector that is set; an empty one is not.
fn rule(shown: &str, container: &Container) -> Result<Rule, SopsError> {
    let rules = [
        Rule::UnencryptedSuffix(text(container, "unencrypted_suffix")),
        Rule::EncryptedSuffix(text(container, "encrypted_suffix")),
        Rule::UnencryptedRegex(text(container, "unencrypted_regex")),
        Rule::EncryptedRegex(text(container, "encrypted_regex")),
        Rule::UnencryptedCommentRegex(text(container, "unencrypted_comment_regex")),
        Rule::EncryptedCommentRegex(text(container, "encrypted_comment_regex")),
    ];
    let mut set = rules.into_iter().filter(|rule| !rule.pattern().is_empty());
    let Some(first) = set.next() else { return Ok(Rule::default()) };
    match set.next() {
        None => Ok(first),
        Some(second) => Err(SopsError::TwoSelectors {
            shown: shown.to_owned(),
            first: first.field(),
            second: second.field(),
        }),
    }
}
