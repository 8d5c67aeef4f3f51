//! What a check has found, and what all formats for machines say of it in the same way.

use std::collections::HashMap;

use redeem_host::fix::Applied;
use redeem_host::syntax::{Fix, Span};
use redeem_host::{Diagnostic, Severity, Source};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What a check has found.
#[derive(Default)]
pub(crate) struct Findings<'a> {
    /// The problems, in order.
    pub(crate) diagnostics: &'a [Diagnostic],
    /// The fixes that were written before.
    pub(crate) fixed: &'a [Fixed<'a>],
    /// How many files were looked at.
    pub(crate) files: usize,
    /// How many references were found.
    pub(crate) references: usize,
    /// Why the check came to no end, if that is no problem with a code.
    pub(crate) stopped: Option<&'a str>,
    /// Whether the check came to its end.
    pub(crate) is_whole: bool,
}

/// A fix that was written.
pub(crate) struct Fixed<'a> {
    /// What people call the file.
    pub(crate) file: &'a str,
    pub(crate) applied: &'a Applied,
}

impl Findings<'_> {
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
    }

    pub(crate) fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }
}

/// An array with a value for each problem, made while it is written: ten thousand of them take no room.
pub(super) struct Each<'a, F> {
    pub(super) diagnostics: &'a [Diagnostic],
    /// The value of a problem, and of its number from 0.
    pub(super) value: F,
}

impl<F: Fn(usize, &Diagnostic) -> Value> Serialize for Each<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.diagnostics.iter().enumerate();
        serializer.collect_seq(all.map(|(index, diagnostic)| (self.value)(index, diagnostic)))
    }
}

/// Lines and columns of a place, from 1; columns count characters, and the end is exclusive.
#[derive(Clone, Copy)]
pub(super) struct Region {
    pub(super) start: (usize, usize),
    /// Nothing if what stands there is hidden: the end would tell how long it is.
    pub(super) end: Option<(usize, usize)>,
}

impl Region {
    pub(super) fn new(source: &Source, span: &Span, hidden: &[Span]) -> Self {
        let is_shown = !is_hidden(span, hidden);
        Self { start: source.position(span.start), end: is_shown.then(|| source.position(span.end)) }
    }

    /// Where a problem is, if it is in a text.
    pub(super) fn of(diagnostic: &Diagnostic) -> Option<Self> {
        let (source, label) = diagnostic.source.as_ref().zip(diagnostic.label.as_ref())?;
        Some(Self::new(source, &label.span, &diagnostic.hidden))
    }
}

/// Whether a place touches a stretch that is never shown: beside it is where it ends, too.
fn is_hidden(span: &Span, hidden: &[Span]) -> bool {
    hidden.iter().any(|hidden| span.start <= hidden.end && hidden.start <= span.end)
}

/// The stretches of a text that are never shown, when it is this text.
pub(super) fn hidden_in<'a>(diagnostic: &'a Diagnostic, source: &Source) -> &'a [Span] {
    let is_same = diagnostic.source.as_ref().is_some_and(|own| own.path() == source.path());
    if is_same { &diagnostic.hidden } else { &[] }
}

/// The edits that may be told: one of something hidden would tell how long it is.
pub(super) fn fixes(diagnostic: &Diagnostic) -> impl Iterator<Item = &Fix> {
    diagnostic.fixes.iter().filter(|fix| !is_hidden(&fix.span, &diagnostic.hidden))
}

/// A path without the `./` that people may have typed.
pub(super) fn path(place: &str) -> &str {
    place.trim_start_matches("./")
}

/// A text for each problem that no other has, and that stays the same when lines above it come and go.
///
/// It is made of what is told anyway: a hash of the line would be one of a value that stands in it.
pub(super) fn fingerprints(diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut seen: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let fingerprint = |diagnostic: &Diagnostic, ordinal: usize| {
        let mut hash = Sha256::new();
        for part in
            [diagnostic.code.name(), path(diagnostic.place().unwrap_or_default()), &diagnostic.message]
        {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.update(ordinal.to_le_bytes());
        hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let all = diagnostics.iter().map(|diagnostic| {
        let key =
            (diagnostic.code.name(), path(diagnostic.place().unwrap_or_default()), &*diagnostic.message);
        let ordinal = seen.entry(key).or_default();
        *ordinal += 1;
        fingerprint(diagnostic, *ordinal)
    });
    all.collect()
}
