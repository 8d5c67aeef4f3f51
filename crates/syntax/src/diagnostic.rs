//! What is wrong with a text, as plain data; only a front end draws it.

use std::fmt;
use std::sync::Arc;

use crate::{Code, Severity, Source, Span};

/// One problem: what it is, where, and what to do about it.
///
/// Its texts may quote the file that was read, never a secret's value.
#[derive(Clone)]
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
    /// Other places that explain this one, in `source` or in another text.
    pub related: Vec<Related>,
    /// Stretches of `source` that are never shown, nor their length: values that stand there in the clear.
    pub hidden: Vec<Span>,
    /// What to do next, something that can be typed where possible.
    pub help: Option<String>,
    /// Edits that mend it, each of them alone; the best stands first.
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

/// A place that explains a problem, which may lie in another text: the rule in `redeem.toml`, the line of a vault's
/// file.
#[derive(Clone, Debug)]
pub struct Related {
    /// The text it is in.
    pub source: Source,
    /// Byte offsets into that text.
    pub span: Span,
    /// What to say there.
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
            hidden: Vec::new(),
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

    /// Adds an edit that mends it once somebody has looked at it.
    #[must_use]
    pub fn with_unsafe_fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fixes.push(Fix { span, replacement: replacement.into(), safe: false });
        self
    }

    /// Adds a place that explains this one, in the same text or in another.
    #[must_use]
    pub fn with_related(mut self, source: &Source, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Related { source: source.clone(), span, text: text.into() });
        self
    }

    /// Keeps a stretch of the text out of all that is shown of it.
    #[must_use]
    pub fn hiding(mut self, span: Span) -> Self {
        self.hidden.push(span);
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

/// Says what the problem is and where it begins. How far a place reaches may be how long a value is.
impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnostic")
            .field("code", &self.code)
            .field("severity", &self.severity)
            .field("message", &self.message)
            .field("place", &self.place())
            .field("start", &self.label.as_ref().map(|label| label.span.start))
            .field("help", &self.help)
            .finish_non_exhaustive()
    }
}
