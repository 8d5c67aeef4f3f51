//! The rules beyond syntax: which secrets exist, where they may stand, and how long they may be used.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use redeem_syntax::scan::Alias;
use redeem_syntax::{Code, Diagnostic, KeyPath, Name, Place, Reference, Scan, Severity, Source, Span};

use crate::facts::{Facts, Known};

mod levels;
mod pattern;
mod spots;
mod unknown;

pub use levels::{LevelError, Levels};
pub use pattern::KeyPattern;
pub(crate) use unknown::not_found;
pub use unknown::with_near_name;

/// What holds for all texts of a run.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Where references may stand.
    pub places: Places,
    /// Where `redeem.toml` says so.
    pub places_rule: Option<(Source, Span)>,
    /// How long before its end a secret is told to be expiring, in seconds.
    pub expires_within: i64,
    /// What time it is: seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Which problems are errors, and which are not told.
    pub levels: Levels,
    /// Whether a name that is nowhere is told as one that the lock lacks, where there is a lock.
    pub is_locked: bool,
}

/// Where references may stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Places {
    /// Anywhere.
    #[default]
    Any,
    /// Only where a context allows them.
    Listed,
}

impl Places {
    /// The names that `redeem.toml` knows.
    pub const NAMES: &'static [(&'static str, Self)] = &[("any", Self::Any), ("listed", Self::Listed)];
}

/// A place that accepts secrets of a scope besides [`GLOBAL`](crate::GLOBAL).
#[derive(Clone, Debug)]
pub struct Context {
    /// The scope that it accepts.
    pub scope: String,
    /// The ways to it in a document; with none, all of a file.
    pub at: Vec<KeyPattern>,
    /// Where `redeem.toml` says so; none for one that a target brings along.
    pub rule: Option<(Source, Span)>,
}

impl Context {
    /// Whether it is about this place of a file that it is about.
    pub fn holds_at(&self, path: &KeyPath) -> bool {
        self.at.is_empty() || self.at.iter().any(|pattern| pattern.matches(path))
    }
}

/// Who knows what of secrets.
pub trait Knowledge {
    /// What is known of a name; none if nobody was asked.
    fn of(&self, name: &Name) -> Option<Known>;

    /// The names that are known, as references spell them.
    fn names(&self) -> &[String];

    /// The backends, in the order in which they are asked.
    fn asked(&self) -> Vec<String>;

    /// Whether some of them are known by a lock alone, which may be older than what they hold.
    fn is_locked(&self) -> bool {
        false
    }
}

/// A text under judgement.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    /// The text.
    pub source: &'a Source,
    /// What was found in it.
    pub scan: &'a Scan,
    /// The contexts that are about its file.
    pub contexts: &'a [&'a Context],
    /// What a context would call its file.
    pub file: &'a dyn Fn() -> String,
    /// Whether it is being rendered: a name that is only guessed to be one is no matter then.
    pub is_rendered: bool,
}

impl Policy {
    /// Everything that the policy has to say of a text's references.
    pub fn judge(&self, judged: Judged<'_>, knowledge: &dyn Knowledge) -> Vec<Diagnostic> {
        let mut judge = Judge {
            policy: self,
            judged,
            aliases: OnceCell::new(),
            knowledge,
            expiring: BTreeSet::new(),
            told: Vec::new(),
        };
        for reference in &judged.scan.references {
            if !(judged.is_rendered && is_guess(reference)) {
                judge.reference(reference);
            }
        }
        judge.told
    }
}

/// A judgement on its way.
struct Judge<'a> {
    policy: &'a Policy,
    judged: Judged<'a>,
    /// Where the text repeats parts of itself, once somebody has asked.
    aliases: OnceCell<Vec<Alias>>,
    knowledge: &'a dyn Knowledge,
    /// The secrets of which was told that they are expiring.
    expiring: BTreeSet<&'a str>,
    told: Vec<Diagnostic>,
}

impl<'a> Judge<'a> {
    fn reference(&mut self, reference: &'a Reference) {
        self.check_places(reference);
        match self.knowledge.of(&reference.name) {
            Some(Known::Here(facts)) => {
                self.check_scope(reference, &facts);
                self.check_end(reference, &facts);
            }
            Some(Known::Nowhere) if !reference.is_optional() => {
                let must_be_locked = self.policy.is_locked;
                self.told.push(unknown::nowhere(
                    self.judged.source,
                    reference,
                    self.knowledge,
                    must_be_locked,
                ));
            }
            Some(Known::Perhaps(backends)) if !reference.is_optional() => {
                self.told.push(unknown::perhaps(self.judged.source, reference, self.knowledge, &backends));
            }
            Some(Known::Failed(failure)) => {
                self.told.push(unknown::failed(self.judged.source, reference, self.knowledge, &failure));
            }
            Some(Known::Nowhere | Known::Perhaps(_)) | None => {}
        }
    }

    /// Tells of a secret that has expired, or will soon.
    fn check_end(&mut self, reference: &'a Reference, facts: &Facts) {
        let Some(expires) = &facts.expires else { return };
        let name = &reference.name.secret;
        let left = expires.at.saturating_sub(self.policy.now);
        let (code, message, label) = if left <= 0 {
            let message = format!("`{name}` has expired: it was usable until {}", expires.text);
            (Code::ExpiredSecret, message, "expired")
        } else if left <= self.policy.expires_within && self.expiring.insert(name) {
            let message = format!("`{name}` expires {}: it is usable until {}", in_days(left), expires.text);
            (Code::ExpiringSecret, message, "expires soon")
        } else {
            return;
        };
        let mut told = self
            .at(code, message, reference, label)
            .with_help(format!("rotate it: `redeem secrets rotate {name} --expires-at DATE`"));
        if let Some((noted, span)) =
            facts.noted.as_ref().and_then(|noted| Some((noted, noted.expires.clone()?)))
        {
            told = told.with_related(&noted.source, span, "the day is set here");
        }
        self.told.push(told);
    }

    fn at(
        &self,
        code: Code,
        message: impl Into<String>,
        reference: &Reference,
        label: impl Into<String>,
    ) -> Diagnostic {
        let told = Diagnostic::new(code, message).at(self.judged.source, reference.span.clone(), label);
        // A runtime that looks the name up itself may know other rules.
        if is_guess(reference) && told.severity == Severity::Error {
            told.with_severity(Severity::Warning)
        } else {
            told
        }
    }
}

/// Whether a reference is one only because its key usually names a secret.
fn is_guess(reference: &Reference) -> bool {
    matches!(reference.place, Place::Kept { is_certain: false })
}

/// A stretch of time that is not over, in whole days.
fn in_days(seconds: i64) -> String {
    match seconds / 86_400 {
        0 => "in less than a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests;
