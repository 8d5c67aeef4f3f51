//! A place in a file that stands for a secret's value.

use std::borrow::Cow;

use crate::pipeline::Filter;
use crate::{Name, Span, python};

/// A parsed reference.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The dialect it is written in: `brace`.
    pub dialect: Cow<'static, str>,
    /// The value it asks for.
    pub name: Name,
    /// The filters the value goes through, in order.
    pub filters: Vec<Filter>,
    /// All of it, in the source.
    pub span: Span,
    /// Its name alone, in the source.
    pub name_span: Span,
    /// All of it, in the decoded text of its scalar.
    pub range: Span,
    /// Which of the scan's strings it stands in.
    pub string: usize,
    /// What stands around it, and so how its value is written before the format's own encoding.
    pub place: Place,
}

/// What a reference stands in, inside its scalar.
#[derive(Clone, Debug)]
pub enum Place {
    /// Plain text: the value is written as it is.
    Text,
    /// The inside of an f-string that has no quotes of its own, as Julep takes a whole string.
    FString,
    /// The text of a Python string literal.
    PythonText(python::Literal),
    /// Python code.
    Python(python::Use),
    /// An expression of a template, which is evaluated as a whole.
    Template {
        /// Whether the template renders without it.
        is_optional: bool,
    },
    /// Nothing is written: a runtime looks the name up itself.
    Kept {
        /// Whether a rule in `redeem.toml` says so; else the key is just one that usually names a secret.
        is_certain: bool,
    },
}

/// A part of a scalar's text that is written anew.
#[derive(Clone, Debug)]
pub enum Mark {
    /// A reference: an index into the scan's references.
    Reference(usize),
    /// An escape, and the text that it stands for.
    Escape(Span, String),
}

impl Reference {
    /// Whether the file renders without this secret.
    pub fn is_optional(&self) -> bool {
        let has_default = match &self.place {
            Place::Python(place) => place.default.is_some(),
            Place::Template { is_optional } => *is_optional,
            _ => false,
        };
        has_default || self.filters.iter().any(|filter| filter.name == "default")
    }

    /// Whether its value is written into the file.
    pub fn is_rendered(&self) -> bool {
        !matches!(self.place, Place::Kept { .. })
    }
}
