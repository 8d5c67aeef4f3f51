//! What is wrong with a text, as plain data; only a front end draws it.

use std::sync::Arc;

use crate::{Code, Severity, Source, Span};

/// One problem: what it is, where, and what to do about it.
///
/// Its texts may quote the file that was read, never a secret's value.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which kind of problem this is.
    pub code: Code,
    /// Whether it stops the file from being rendered.
    pub severity: Severity,
    /// One sentence, lower-case, without a full stop.
    pub message: String,
    /// The text the problem is in, if it is in one.
    pub source: Option<Source>,
    /// What people call the place when there is no text to show: a path, a backend.
    pub origin: Option<Arc<str>>,
    /// Where in `source`, with words for the place.
    pub label: Option<Label>,
    /// Other places in `source` that explain this one.
    pub related: Vec<Label>,
    /// What to do next, something that can be typed where possible.
    pub help: Option<String>,
    /// Edits that mend it.
    pub fixes: Vec<Fix>,
}

/// A place in a text with words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Byte offsets into the source.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// An edit that mends a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced: byte offsets into the source.
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
    /// Whether it may be applied without anybody looking at it.
    pub safe: bool,
}

impl Diagnostic {
    /// A problem of this kind, with the severity its code usually has.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            source: None,
            origin: None,
            label: None,
            related: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Points at a place in a text.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Span, label: impl Into<String>) -> Self {
        self.source = Some(source.clone());
        self.label = Some(Label { span, text: label.into() });
        self
    }

    /// Names a file or a backend that has no text to show.
    #[must_use]
    pub fn in_origin(mut self, origin: impl Into<Arc<str>>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a safe edit that mends it.
    #[must_use]
    pub fn with_fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fixes.push(Fix { span, replacement: replacement.into(), safe: true });
        self
    }

    /// Makes it a warning or an error.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// What the problem is about: the source's path, or the origin.
    pub fn place(&self) -> Option<&str> {
        self.source.as_ref().map(|source| &**source.path()).or(self.origin.as_deref())
    }

    /// The order in which a run's problems are told: by file, then by position, then by code.
    pub fn sort_key(&self) -> (String, usize, &'static str) {
        let start = self.label.as_ref().map_or(0, |label| label.span.start);
        (self.place().unwrap_or_default().to_owned(), start, self.code.name())
    }
}
