//! The file of a secret, read without a key: everything but the values.

use std::collections::BTreeMap;

use redeem_core::nearest;
use redeem_syntax::{Code, Diagnostic, Source, Span};

use super::names::{check_key, check_metadata_key, check_name, check_scope};
#[cfg(feature = "crypto")]
use super::seal::Covered;
use super::tree::{self, Node, Text, TreeError};
use super::{Expiry, GLOBAL, Summary, Visibility};

/// The keys that a secret's file may have, in the order in which they are written.
pub(super) const KEYS: &[&str] = &[
    "name",
    "scope",
    "description",
    "visibility",
    "metadata",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "expires_at",
    "version",
    "renamed_from",
    "renamed_to",
    "previous_until",
    "value",
    "values",
    "previous",
    "seal",
    "sops",
];

/// The other ways to a data key that a SOPS file may offer beside age, by their key in its metadata.
const OTHER_WAYS: &[&str] = &["kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "pgp", "key_groups"];

/// A secret's file, as far as it can be read without a key.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    /// What it says; the names of its readers are the recipients still.
    pub(crate) summary: Summary,
    pub(crate) source: Source,
    /// Where the value of each key at the top stands; of a bundle's keys, of `values.KEY`.
    places: Vec<(String, Span)>,
    /// Keys that the vault does not know, with their place.
    pub(super) unknown: Vec<(String, Span)>,
    /// The name that it had before.
    pub(super) renamed_from: Option<String>,
    /// The name that it is about to get.
    pub(super) renamed_to: Option<String>,
    pub(super) has_seal: bool,
    /// Whom its data key is encrypted to, with the armoured text.
    pub(super) stanzas: Vec<(String, String)>,
    /// What the seal covers, so that the file is read as a tree once.
    #[cfg(feature = "crypto")]
    pub(super) covered: Covered,
}

impl Card {
    /// Reads the text of a secret's file.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub(super) fn read(source: Source) -> Result<Self, Box<Diagnostic>> {
        let told = |error: TreeError| {
            let message = format!("this is not the file of a secret: {}", error.message);
            let told = Diagnostic::new(Code::Integrity, message).at(&source, error.span, "here");
            Box::new(told.with_help("restore it from git, or make the secret anew"))
        };
        let entries = tree::read(source.text()).map_err(told)?;
        let fields = Fields::read(&entries).map_err(told)?;
        #[cfg(feature = "crypto")]
        let covered = Covered::of(&entries);
        drop(entries);
        Ok(Self {
            summary: fields.summary,
            places: fields.places,
            unknown: fields.unknown,
            renamed_from: fields.renamed_from,
            renamed_to: fields.renamed_to,
            has_seal: fields.has_seal,
            stanzas: fields.stanzas,
            #[cfg(feature = "crypto")]
            covered,
            source,
        })
    }

    /// Where the value of a key stands: `expires_at`, or `values.KEY`; the file's beginning if it has no such key.
    pub(crate) fn place(&self, key: &str) -> Span {
        self.places.iter().find(|(own, _)| own == key).map_or(0..0, |(_, span)| span.clone())
    }

    /// What is told of a file that is older than another of its secret.
    pub(super) fn older(&self, whose: &str, version: u64) -> Diagnostic {
        let Summary { name, version: own, .. } = &self.summary;
        let message = format!("`{name}` has version {own}, and {whose} has version {version}");
        Diagnostic::new(Code::Integrity, message).at(&self.source, self.place("version"), "older").with_help(format!(
            "somebody may have put an older file back: restore it with git; if it went back on purpose, as with an older \
             branch or a backup, run `redeem vault verify --accept {name}`"
        ))
    }

    /// Whether the two files are copies of one: a data key is never encrypted twice to the same text.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        self.stanzas.iter().any(|one| other.stanzas.contains(one))
    }
}

/// What is read of a file, before it is a card.
struct Fields {
    summary: Summary,
    places: Vec<(String, Span)>,
    unknown: Vec<(String, Span)>,
    renamed_from: Option<String>,
    renamed_to: Option<String>,
    has_seal: bool,
    has_value: bool,
    stanzas: Vec<(String, String)>,
}

impl Fields {
    fn read(entries: &[(Text<'_>, Node<'_>)]) -> Result<Self, TreeError> {
        let mut fields = Self {
            summary: Summary::default(),
            places: Vec::with_capacity(entries.len()),
            unknown: Vec::new(),
            renamed_from: None,
            renamed_to: None,
            has_seal: false,
            has_value: false,
            stanzas: Vec::new(),
        };
        for (key, node) in entries {
            let place = node.span().unwrap_or_else(|| key.span.clone());
            fields.places.push((key.says.clone().into_owned(), place));
            fields.take(key, node)?;
        }
        let missing = |what: &str| Err(TreeError::new(0..0, what));
        if fields.summary.name.is_empty() {
            return missing("it has no `name`");
        }
        if fields.summary.recipients.is_empty() {
            return missing("it has no `sops.age`, so it is not encrypted to anybody");
        }
        if fields.has_value == fields.summary.keys.is_some() {
            return missing("it has to have either `value` or `values`");
        }
        Ok(fields)
    }

    fn take(&mut self, key: &Text<'_>, node: &Node<'_>) -> Result<(), TreeError> {
        let summary = &mut self.summary;
        match &*key.says {
            "name" => summary.name = checked(key, node, check_name)?,
            "scope" => summary.scope = checked(key, node, check_scope)?,
            "description" => summary.description = Some(text(key, node)?.to_owned()),
            "visibility" => {
                let word = text(key, node)?;
                summary.visibility = Visibility::from_name(word)
                    .ok_or_else(|| wrong(node, key, "`visibility` is `public` or `private`"))?;
            }
            "metadata" => summary.metadata = metadata(key, node)?,
            "created_at" => summary.created_at = Some(time(key, node)?),
            "created_by" => summary.created_by = Some(text(key, node)?.to_owned()),
            "updated_at" => summary.updated_at = Some(time(key, node)?),
            "updated_by" => summary.updated_by = Some(text(key, node)?.to_owned()),
            "expires_at" => {
                let expiry = Expiry::parse(text(key, node)?);
                summary.expires_at = Some(expiry.map_err(|error| wrong(node, key, error.to_string()))?);
            }
            "version" => {
                let is_number = matches!(node, Node::Text(text) if text.is_plain);
                let number = text(key, node)?.parse().ok().filter(|_| is_number);
                summary.version = number.ok_or_else(|| wrong(node, key, "`version` is a whole number"))?;
            }
            "renamed_from" => self.renamed_from = Some(checked(key, node, check_name)?),
            "renamed_to" => self.renamed_to = Some(checked(key, node, check_name)?),
            "previous_until" => summary.previous_until = Some(time(key, node)?),
            "value" => {
                text(key, node)?;
                self.has_value = true;
            }
            "values" => {
                let entries = map(key, node)?;
                for (own, value) in entries {
                    check_key(&own.says)
                        .map_err(|error| TreeError::new(own.span.clone(), error.to_string()))?;
                    text(own, value)?;
                    self.places.push((format!("values.{}", own.says), own.span.clone()));
                }
                summary.keys = Some(entries.iter().map(|(own, _)| own.says.clone().into_owned()).collect());
            }
            "previous" => {
                for (own, value) in map(key, node)? {
                    text(own, value)?;
                }
            }
            "seal" => {
                text(key, node)?;
                self.has_seal = true;
            }
            "sops" => self.sops(key, node)?,
            unknown => self.unknown.push((unknown.to_owned(), key.span.clone())),
        }
        Ok(())
    }

    fn sops(&mut self, key: &Text<'_>, node: &Node<'_>) -> Result<(), TreeError> {
        map(key, node)?;
        let stanzas = match node.entry("age") {
            Some(Node::List(stanzas)) => &stanzas[..],
            Some(Node::Text(text)) if text.is_plain && matches!(&*text.says, "" | "null" | "~") => &[],
            Some(other) => return Err(wrong(other, key, "`sops.age` is a list")),
            None => &[],
        };
        for stanza in stanzas {
            let part = |name: &str| stanza.entry(name).and_then(Node::text);
            let (Some(recipient), Some(enc)) = (part("recipient"), part("enc")) else {
                return Err(wrong(stanza, key, "each of `sops.age` has `recipient` and `enc`"));
            };
            self.stanzas.push((recipient.to_owned(), enc.to_owned()));
        }
        let others = OTHER_WAYS
            .iter()
            .filter(|way| matches!(node.entry(way), Some(Node::List(found)) if !found.is_empty()));
        let recipients = self.stanzas.iter().map(|(recipient, _)| recipient.clone());
        self.summary.recipients = recipients.chain(others.map(|way| (*way).to_owned())).collect();
        Ok(())
    }
}

/// The suggestion for a key that the vault does not know.
pub(super) fn suggestion(unknown: &str) -> Option<&'static str> {
    nearest(unknown, KEYS.iter().copied()).and_then(|near| KEYS.iter().copied().find(|key| *key == near))
}

fn wrong(node: &Node<'_>, key: &Text<'_>, message: impl Into<String>) -> TreeError {
    TreeError::new(node.span().unwrap_or_else(|| key.span.clone()), message)
}

fn text<'n>(key: &Text<'_>, node: &'n Node<'_>) -> Result<&'n str, TreeError> {
    node.text().ok_or_else(|| wrong(node, key, format!("`{}` is a text", key.says)))
}

/// A time with its offset, in one line.
fn time(key: &Text<'_>, node: &Node<'_>) -> Result<String, TreeError> {
    let text = text(key, node)?;
    if text.contains(char::is_control) || text.parse::<jiff::Timestamp>().is_err() {
        return Err(wrong(node, key, format!("`{}` is a time, as in 2026-11-21T09:00:00Z", key.says)));
    }
    Ok(text.to_owned())
}

fn checked(
    key: &Text<'_>,
    node: &Node<'_>,
    check: fn(&str) -> Result<(), super::NameError>,
) -> Result<String, TreeError> {
    let text = text(key, node)?;
    check(text).map_err(|error| wrong(node, key, error.to_string()))?;
    Ok(text.to_owned())
}

fn map<'n, 's>(key: &Text<'_>, node: &'n Node<'s>) -> Result<&'n [(Text<'s>, Node<'s>)], TreeError> {
    match node {
        Node::Map(entries) => Ok(entries),
        other => Err(wrong(other, key, format!("`{}` is a mapping", key.says))),
    }
}

fn metadata(key: &Text<'_>, node: &Node<'_>) -> Result<BTreeMap<String, String>, TreeError> {
    let mut metadata = BTreeMap::new();
    for (own, value) in map(key, node)? {
        check_metadata_key(&own.says).map_err(|error| TreeError::new(own.span.clone(), error.to_string()))?;
        metadata.insert(own.says.clone().into_owned(), text(own, value)?.to_owned());
    }
    Ok(metadata)
}

impl Default for Summary {
    /// What the file of a secret says that says nothing.
    fn default() -> Self {
        Self {
            name: String::new(),
            scope: GLOBAL.to_owned(),
            description: None,
            visibility: Visibility::Public,
            metadata: BTreeMap::new(),
            created_at: None,
            created_by: None,
            updated_at: None,
            updated_by: None,
            expires_at: None,
            version: 1,
            keys: None,
            previous_until: None,
            recipients: Vec::new(),
            readers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use redeem_syntax::Format;

    use super::*;

    const FILE: &str = "\
name: stripe
scope: notifications
description: 'Stripe''s key'
visibility: private
metadata: {environment: production, owner: payments-team, rank: 3}
created_at: \"2026-11-21T09:00:00Z\"
created_by: ada
expires_at: 2027-01-31
version: 3
colour: red
values:
    # by hand
    API_KEY: ENC[AES256_GCM,data:Zm9v]
    tls.crt: \"\"
seal: ENC[x]
sops:
    age:
        - enc: |
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdl
            -----END AGE ENCRYPTED FILE-----
          recipient: age1a
        - recipient: age1b
          enc: x
    pgp:
        - fp: x
";

    fn read(text: &str) -> Result<Card, String> {
        Card::read(Source::new("stripe.yaml", text, Format::Yaml)).map_err(|told| told.message)
    }

    #[test]
    fn a_file_is_read_without_a_key() {
        let card = read(FILE).expect("a card");
        let summary = &card.summary;
        assert_eq!((&*summary.name, &*summary.scope, summary.version), ("stripe", "notifications", 3));
        assert_eq!(summary.description.as_deref(), Some("Stripe's key"));
        assert_eq!(summary.visibility, Visibility::Private);
        assert_eq!(summary.metadata["rank"], "3");
        assert_eq!(summary.expires_at.as_ref().map(ToString::to_string).as_deref(), Some("2027-01-31"));
        assert_eq!(summary.keys.as_deref(), Some(&["API_KEY".to_owned(), "tls.crt".to_owned()][..]));
        assert_eq!(summary.recipients, ["age1a", "age1b", "pgp"]);
        assert_eq!(&FILE[card.place("expires_at")], "2027-01-31");
        assert_eq!(&FILE[card.place("values.API_KEY")], "API_KEY");
        assert_eq!(card.unknown.iter().map(|(key, _)| &**key).collect::<Vec<_>>(), ["colour"]);
        assert!(card.has_seal && card.stanzas.len() == 2);
        assert!(!format!("{summary:?}").contains("Zm9v"));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (from, to, words) in [
            ("version: 3", "version: \"3\"", "whole number"),
            ("version: 3", "version: -1", "whole number"),
            ("expires_at: 2027-01-31", "expires_at: soon", "no date"),
            ("visibility: private", "visibility: secret", "`public` or `private`"),
            ("name: stripe", "name: a/b", "name of a secret"),
            ("name: stripe\n", "", "no `name`"),
            ("values:", "value: x\nvalues:", "either `value` or `values`"),
            ("{environment: production,", "{values: production,", "encrypted"),
            ("tls.crt: \"\"", "tls.crt: [a]", "is a text"),
            ("seal: ENC[x]", "seal: {a: b}", "is a text"),
            ("T09:00:00Z\"", "\"", "`created_at` is a time"),
            ("T09:00:00Z\"", "T09:00:00Z\\nother 9 x\"", "`created_at` is a time"),
            ("version: 3", "updated_at: soon\nversion: 3", "`updated_at` is a time"),
            ("version: 3", "previous_until: soon\nversion: 3", "`previous_until` is a time"),
            ("- recipient: age1b", "- recipients: age1b", "`recipient` and `enc`"),
            ("scope: notifications", "scope: notifications\nscope: global", "twice"),
        ] {
            assert!(FILE.contains(from), "{from}");
            let told = read(&FILE.replace(from, to)).expect_err(to);
            assert!(told.contains(words), "{to}: {told}");
        }
    }

    #[test]
    fn a_key_that_is_not_known_has_a_suggestion() {
        assert_eq!(suggestion("desciption"), Some("description"));
        assert_eq!(suggestion("colour"), None);
    }
}
