//! `vault verify`: what in a vault is not as the vault wrote it, and what is half done.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use redeem_syntax::{Code, Diagnostic, Format, Severity, Source, Span};

use super::card::{Card, suggestion};
use super::memory::{self, Mark, Memory};
use super::names::ENCRYPTED;
use super::secret::Opened;
use super::session::{Replacement, lock};
use super::tree::{self, Node};
use super::{Vault, VaultError, Written, check_name, folder, git};
use crate::paths;

/// Something about one file of a vault, or about `vault.toml`.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which kind it is.
    pub kind: FindingKind,
    /// The secret; none for what is about the whole vault.
    pub name: Option<String>,
    /// What is told of it: an error fails the verification, a warning does not.
    pub diagnostic: Diagnostic,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The file cannot be read as a secret's.
    Malformed,
    /// The file is damaged: its MAC, a value or its seal does not fit.
    Integrity,
    /// The MAC fits and the seal does not: sops, or a program that knows the key, has written it.
    ChangedByAnotherTool,
    /// The version is below one that git or this user has seen.
    WentBack,
    /// It is not encrypted to those whom `vault.toml` and its visibility name.
    Recipients,
    /// It is encrypted to somebody who is no member.
    UnknownRecipient,
    /// The name inside is not the file's.
    NameMismatch,
    /// Two names differ in case only.
    CaseCollision,
    /// A key that the vault does not know.
    UnknownKey,
    /// The secret has expired.
    Expired,
    /// A rename was interrupted; the next write mends it.
    Unfinished,
    /// No identity at hand reads it, so neither its MAC nor its seal was looked at.
    Unchecked,
}

impl FindingKind {
    /// Its name, for machines: `changed-by-another-tool`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Integrity => "integrity",
            Self::ChangedByAnotherTool => "changed-by-another-tool",
            Self::WentBack => "went-back",
            Self::Recipients => "recipients",
            Self::UnknownRecipient => "unknown-recipient",
            Self::NameMismatch => "name-mismatch",
            Self::CaseCollision => "case-collision",
            Self::UnknownKey => "unknown-key",
            Self::Expired => "expired",
            Self::Unfinished => "unfinished",
            Self::Unchecked => "unchecked",
        }
    }
}

impl Vault {
    /// Checks every file, or those of these secrets, and notes the versions it has seen.
    ///
    /// # Errors
    /// When the folder cannot be read, or there is no such secret.
    pub fn verify(&self, names: Option<&[&str]>) -> Result<Vec<Finding>, VaultError> {
        let all = self.names()?;
        let chosen: Vec<&str> = match names {
            Some(names) => names.to_vec(),
            None => all.iter().map(String::as_str).collect(),
        };
        if let Some(name) = chosen.iter().find(|name| !all.iter().any(|known| known == *name)) {
            let near = redeem_core::nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
            return Err(VaultError::UnknownSecret { name: (*name).to_owned(), near });
        }
        let heads = self.heads(&chosen);
        let memory = self.seen.fresh();
        let checked: Vec<Checked> = chosen
            .par_iter()
            .zip(heads)
            .map(|(name, head)| Check { vault: self, name, head, findings: Vec::new() }.run(&memory))
            .collect();
        // Another process may be writing a secret, and noting its version.
        let _lock = lock(&self.folder)?;
        let mut memory = self.seen.fresh();
        let mut findings = collisions(&all, &chosen);
        for (name, checked) in chosen.iter().zip(checked) {
            findings.extend(checked.findings);
            if let Some(mark) = checked.mark {
                memory.note(name, mark);
            }
        }
        memory.keep();
        findings.sort_by(|one, other| (&one.name, one.kind).cmp(&(&other.name, other.kind)));
        Ok(findings)
    }

    /// Seals a secret anew that another tool has changed, as it is now. Its MAC has to fit.
    ///
    /// # Errors
    /// When its MAC does not fit, it cannot be decrypted, or this member may not write it.
    pub fn accept(&self, name: &str) -> Result<Written, VaultError> {
        check_name(name)?;
        let mut session = self.session("write secrets")?;
        let Some(card) = session.vault.card(name)? else { return Err(session.unknown(name)) };
        session.may_write(&card)?;
        let opened = session.vault.open_card(card)?;
        opened.check_mac()?;
        let summary = &opened.card.summary;
        let (own, readers) = (memory::mark(summary), summary.readers.clone());
        let head = self.heads(&[name]).pop().flatten().map(|head| memory::mark(&head.summary));
        let seen = [head.as_ref(), session.seen(name)].into_iter().flatten().max().cloned();
        let deleted = session.deleted(name).filter(|gone| own <= **gone).cloned();
        let is_behind = deleted.is_some() || seen.as_ref().is_some_and(|seen| *seen > own);
        let seen = seen.max(deleted);
        if opened.check_seal().is_ok() && !is_behind {
            let (name, version) = (name.to_owned(), own.1);
            return Ok(Written { name, version, is_new: false, is_changed: false, readers });
        }
        if !opened
            .file
            .metadata()
            .selection
            .covers_keys(ENCRYPTED.iter().copied().filter(|key| *key == "seal"))
        {
            let told = Diagnostic::new(
                Code::Integrity,
                format!("`{name}` is not encrypted as a vault's secrets are"),
            )
            .at(&opened.card.source, opened.card.place("sops"), "")
            .with_help("make the secret anew; sops encrypts it by another rule, perhaps one of a .sops.yaml");
            return Err(VaultError::Integrity(Box::new(told)));
        }
        let version = seen.map_or(own.1, |seen| seen.1.max(own.1)).saturating_add(1);
        let before = opened.file.text().to_owned();
        let text = session.changed_to(&opened, Vec::new(), version)?;
        let after = session.sealed(name, text, opened.key)?;
        session.replace(&[Replacement { name: name.to_owned(), before: Some(before), after }])?;
        // One that was made earlier than what was seen stays behind it by any version.
        session.renew(name, (own.0, version));
        Ok(Written { name: name.to_owned(), version, is_new: false, is_changed: true, readers })
    }

    /// The files of these secrets as the commit has them that the repository is at.
    pub(super) fn heads(&self, names: &[&str]) -> Vec<Option<Card>> {
        let places: Vec<String> = names.iter().map(|name| format!("HEAD:./{name}.yaml")).collect();
        // Without git, or outside of a repository, there is nothing to compare with.
        let texts = git::contents(&self.folder, &places).unwrap_or_default();
        let card = |text: Option<String>| Card::read(Source::new("", text?, Format::Yaml)).ok();
        let mut heads: Vec<_> = texts.into_iter().map(card).collect();
        heads.resize_with(names.len(), || None);
        heads
    }
}

/// The checking of one file.
struct Check<'v> {
    vault: &'v Vault,
    name: &'v str,
    head: Option<Card>,
    findings: Vec<Finding>,
}

/// What came of it.
struct Checked {
    findings: Vec<Finding>,
    /// How far the secret has come, if nothing speaks against what its file says.
    mark: Option<Mark>,
}

impl Check<'_> {
    fn run(mut self, memory: &Memory) -> Checked {
        let mark = self.file(memory);
        Checked { findings: self.findings, mark }
    }

    fn file(&mut self, memory: &Memory) -> Option<Mark> {
        let text = match folder::read(&self.vault.folder, self.name) {
            Ok(text) => text?,
            Err(error) => {
                self.add(FindingKind::Malformed, error.into());
                return None;
            }
        };
        let shown = paths::shown(&self.vault.path(self.name));
        let card = match Card::read(Source::new(shown, text, Format::Yaml)) {
            Ok(card) if card.summary.name == self.name => self.vault.with_readers(card),
            Ok(card) => {
                if let Err(error) = self.vault.card_of(self.name, card.source) {
                    self.add(FindingKind::NameMismatch, error.into());
                }
                return None;
            }
            Err(told) => {
                self.add(FindingKind::Malformed, *told);
                return None;
            }
        };
        if self.is_unfinished(&card) {
            return None;
        }
        self.keys(&card);
        self.recipients(&card);
        let is_back = self.went_back(&card, memory);
        let mark = memory::mark(&card.summary);
        (self.values(&card) && !is_back).then_some(mark)
    }

    fn is_unfinished(&mut self, card: &Card) -> bool {
        let Some(to) = &card.renamed_to else { return false };
        let is_left_behind = self.vault.is_left_behind(card).unwrap_or(false);
        let (message, help) = if is_left_behind {
            (
                format!("`{}` is called `{to}` by now, and its old file is still there", self.name),
                "remove it, or",
            )
        } else {
            (format!("`{}` was about to be called `{to}`", self.name), "rename it again, or")
        };
        let help = format!("{help} leave it: whoever writes this secret next puts it right");
        self.warn(FindingKind::Unfinished, card, card.place("renamed_to"), message, help);
        is_left_behind
    }

    fn keys(&mut self, card: &Card) {
        for (key, span) in &card.unknown {
            let help = match suggestion(key) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "what belongs beside a secret goes below `metadata`".to_owned(),
            };
            let message = format!("a secret's file has no key `{key}`");
            self.warn(FindingKind::UnknownKey, card, span.clone(), message, help);
        }
        if card.summary.is_expired(self.vault.clock()) {
            let told = Diagnostic::new(Code::ExpiredSecret, format!("`{}` has expired", self.name))
                .with_severity(Severity::Warning)
                .at(&card.source, card.place("expires_at"), "expired")
                .with_help(format!("rotate it: `redeem secrets rotate {}`", self.name));
            self.add(FindingKind::Expired, told);
        }
    }

    /// Compares whom the file is encrypted to with whom it should be.
    fn recipients(&mut self, card: &Card) {
        let summary = &card.summary;
        let audience = self.vault.audience(summary.visibility, summary.created_by.as_deref());
        let at = card.place("sops");
        for (recipient, reader) in summary.recipients.iter().zip(&summary.readers) {
            if audience.iter().any(|member| member.recipient == *recipient) {
                continue;
            }
            let is_member = reader != recipient;
            let (kind, message) = if is_member {
                (FindingKind::Recipients, format!("`{}` is private, and {reader} can read it", self.name))
            } else {
                (
                    FindingKind::UnknownRecipient,
                    format!("{recipient} can read `{}` and is no member", self.name),
                )
            };
            let told = Diagnostic::new(Code::Integrity, message)
                .at(&card.source, at.clone(), "")
                .with_help(format!("run `redeem vault rekey {}`, and rotate what it holds", self.name));
            self.add(kind, told);
        }
        let listed = summary.recipients.iter().enumerate();
        for (_, twice) in listed.filter(|(at, one)| summary.recipients[..*at].contains(one)) {
            let message = format!("`{}` lists {twice} twice: one of the two may be anybody", self.name);
            let told = Diagnostic::new(Code::Integrity, message)
                .at(&card.source, at.clone(), "")
                .with_help(format!("run `redeem vault rekey {}`, and rotate what it holds", self.name));
            self.add(FindingKind::Recipients, told);
        }
        let missing: Vec<&str> = audience
            .iter()
            .filter(|member| !summary.recipients.contains(&member.recipient))
            .map(|member| &*member.name)
            .collect();
        if !missing.is_empty() {
            let message = format!("`{}` is not encrypted to {}", self.name, missing.join(", "));
            let help = "run `redeem vault grant` for them again, or `redeem vault rekey`".to_owned();
            self.warn(FindingKind::Recipients, card, at.clone(), message, help);
        }
        // Whoever had the data key has it still.
        let Some(head) = self.head.as_ref().filter(|head| head.is_copy_of(card)) else { return };
        let removed: Vec<String> = head
            .stanzas
            .iter()
            .filter(|(recipient, _)| !summary.recipients.contains(recipient))
            .map(|(recipient, _)| self.vault.members.called(recipient))
            .collect();
        if !removed.is_empty() {
            let message = format!(
                "`{}` is no longer encrypted to {}, and its data key is still the one that they know",
                self.name,
                removed.join(", ")
            );
            let told = Diagnostic::new(Code::Integrity, message)
                .at(&card.source, at, "")
                .with_help(format!("run `redeem vault rekey {}`, and rotate what it holds", self.name));
            self.add(FindingKind::Recipients, told);
        }
    }

    fn went_back(&mut self, card: &Card, memory: &Memory) -> bool {
        let own = memory::mark(&card.summary);
        let head = self.head.as_ref().map(|head| memory::mark(&head.summary));
        let told = if let Some(head) = head.as_ref().filter(|head| **head > own) {
            card.older("git", head.1)
        } else if let Some(seen) = memory.of(self.name).filter(|seen| **seen > own) {
            let told = card.older("you have seen one that", seen.1);
            // An older branch has older files, with every right.
            if head.is_some_and(|head| head == own) { told.with_severity(Severity::Warning) } else { told }
        } else if memory.deleted(self.name).is_some_and(|gone| own <= *gone) {
            Diagnostic::new(Code::Integrity, format!("`{}` was deleted, and is here again", self.name))
                .with_severity(Severity::Warning)
                .at(&card.source, card.place("version"), "")
                .with_help(format!(
                    "delete it again; if it is back on purpose, run `redeem vault verify --accept {}`",
                    self.name
                ))
        } else {
            return false;
        };
        self.add(FindingKind::WentBack, told);
        true
    }

    /// Checks the MAC, the seal and each value; says whether all of them fit.
    fn values(&mut self, card: &Card) -> bool {
        let opened = match self.vault.open_card(card.clone()) {
            Ok(opened) => opened,
            Err(VaultError::Unreadable { readers, .. }) => {
                let message = format!("`{}` was not checked: no identity at hand reads it", self.name);
                let told = Diagnostic::new(Code::UnreadableSecret, message)
                    .with_severity(Severity::Warning)
                    .at(&card.source, card.place("sops"), "")
                    .with_help(format!("it can be checked by: {}", readers.join(", ")));
                self.add(FindingKind::Unchecked, told);
                return false;
            }
            Err(error) => {
                self.add(FindingKind::Integrity, error.into());
                return false;
            }
        };
        if let Err(error) = opened.check_mac().and_then(|()| opened.secret().map(drop)) {
            self.add(FindingKind::Integrity, error.into());
            return false;
        }
        let Err(mut told) = opened.check_seal() else { return true };
        if let Some(changed) =
            self.head.as_ref().map(|head| changed(head, &opened)).filter(|all| !all.is_empty())
        {
            told.message = format!("{}; other than in git: {}", told.message, changed.join(", "));
        }
        self.add(FindingKind::ChangedByAnotherTool, *told);
        false
    }

    fn warn(&mut self, kind: FindingKind, card: &Card, at: Span, message: String, help: String) {
        let told = Diagnostic::new(Code::Integrity, message)
            .with_severity(Severity::Warning)
            .at(&card.source, at, "")
            .with_help(help);
        self.add(kind, told);
    }

    fn add(&mut self, kind: FindingKind, diagnostic: Diagnostic) {
        self.findings.push(Finding { kind, name: Some(self.name.to_owned()), diagnostic });
    }
}

/// Names that differ in case only, one of which was chosen.
fn collisions(all: &[String], chosen: &[&str]) -> Vec<Finding> {
    let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in all {
        folded.entry(name.to_lowercase()).or_default().push(name);
    }
    let told = |name: &&str, others: &[&str]| Finding {
        kind: FindingKind::CaseCollision,
        name: Some((*name).to_owned()),
        diagnostic: Diagnostic::new(
            Code::Integrity,
            format!("these names differ in case only: {}", others.join(", ")),
        )
        .with_help("rename all but one: some file systems take them for one"),
    };
    let twins = folded.values().filter(|names| names.len() > 1);
    twins
        .flat_map(|names| names.iter().filter(|name| chosen.contains(name)).map(|name| told(name, names)))
        .collect()
}

/// The keys whose text differs between two files of a secret, but for what each writing changes.
fn changed(head: &Card, opened: &Opened) -> Vec<String> {
    let (old, new) = (flat(head.source.text()), flat(opened.file.text()));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    paths.into_iter().filter(|path| old.get(*path) != new.get(*path)).cloned().collect()
}

/// The scalars of a file by their path, at most two keys deep; below that a mapping or list is one text.
fn flat(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, node) in tree::read(text).unwrap_or_default() {
        if matches!(&*key.says, "seal" | "sops") {
            continue;
        }
        match node {
            Node::Map(entries) => {
                for (own, node) in entries {
                    found.insert(format!("{}.{}", key.says, own.says), format!("{:?}", Shape(&node)));
                }
            }
            node => {
                found.insert(key.says.into_owned(), format!("{:?}", Shape(&node)));
            }
        }
    }
    found
}

/// What a node says, without its places.
struct Shape<'n>(&'n Node<'n>);

impl std::fmt::Debug for Shape<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Node::Text(text) => write!(f, "{}{:?}", text.is_plain, text.says),
            Node::List(nodes) => f.debug_list().entries(nodes.iter().map(Shape)).finish(),
            Node::Map(entries) => {
                f.debug_map().entries(entries.iter().map(|(key, node)| (&key.says, Shape(node)))).finish()
            }
        }
    }
}
