//! The families of reference syntax, one file each, and the table of them.

use std::borrow::Cow;

use crate::code::{Code, Severity};
use crate::pipeline::Filter;
use crate::{Name, Place, Span, python};

mod brace;
mod by_name;
pub(crate) mod custom;
mod delimited;
mod dollar;
mod env;
mod expression;
mod from_secret;
mod github;
mod julep_legacy;
mod near_miss;
mod secret_uri;
mod tag;
mod zenml;

pub(crate) use brace::ends_later as brace_ends_later;
pub(crate) use by_name::names_a_secret;
pub(crate) use expression::may_be_in as may_be_expression;
pub(crate) use from_secret::KEY as FROM_SECRET_KEY;
pub(crate) use julep_legacy::settle;
pub(crate) use near_miss::loose_expressions;
pub(crate) use tag::{TAG as SECRET_TAG, span_before as tag_span_before};
pub(crate) use zenml::opens_unquoted as zenml_opens_unquoted;

/// One family of reference syntax.
pub struct Dialect {
    /// What people call it in `redeem.toml`.
    pub name: &'static str,
    /// Whether it is live where no configuration says otherwise.
    pub is_default: bool,
    /// What it looks like, for documentation.
    pub form: &'static str,
    /// The text that each of its references holds; none for the word `secret`, whatever its case.
    pub(crate) sigil: Option<&'static str>,
    /// How it finds references.
    pub(crate) find: Find,
}

impl std::fmt::Debug for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// How a dialect looks at a text.
pub(crate) enum Find {
    /// Asked at each of its sigils in a text, with the offset of that.
    AtSigil(fn(text: &str, sigil: usize) -> Vec<Hit>),
    /// The same, but not in the string literals of an expression, which its host reads in another way.
    OutsideExpressions(fn(text: &str, sigil: usize) -> Vec<Hit>),
    /// Asked once with the whole text of a scalar; an answer speaks for all of it.
    WholeScalar(FindWhole),
    /// Found by the nodes around it: a key, a tag, a map.
    ByNode,
}

/// Looks at the whole text of a scalar, with a way to ask the dialects that stand anywhere about parts of it.
type FindWhole = fn(text: &str, inline: &dyn Fn(&str) -> Vec<Hit>) -> Option<Finds>;

/// Every dialect.
///
/// Where two could claim a text, the one that stands first here does.
pub const DIALECTS: &[Dialect] = &[
    brace::DIALECT,
    dollar::DIALECT,
    expression::DIALECT,
    by_name::DIALECT,
    github::DIALECT,
    julep_legacy::DIALECT,
    secret_uri::DIALECT,
    zenml::DIALECT,
    env::DIALECT,
    tag::DIALECT,
    from_secret::DIALECT,
];

/// The dialect that is live by default and whose scalars are programs.
pub(crate) const EXPRESSION: &str = expression::DIALECT.name;

/// The dialect of keys whose values are names.
pub(crate) const BY_NAME: &str = by_name::DIALECT.name;

/// The dialect whose strings are programs, each of them.
pub(crate) const JULEP_LEGACY: &str = julep_legacy::DIALECT.name;

/// What stands in the decoded text of one scalar.
#[derive(Debug, Default)]
pub(crate) struct Finds {
    pub(crate) hits: Vec<Hit>,
    /// The program that the text is, if it is one.
    pub(crate) expression: Option<python::Expression>,
}

/// What a dialect found at a place in a scalar's decoded text.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) range: Span,
    pub(crate) what: What,
}

/// What stands at a hit.
#[derive(Debug)]
pub(crate) enum What {
    Reference(Box<Found>),
    /// An escape and the text it stands for.
    Escape(String),
    Problem(Box<Problem>),
}

/// A reference before its place in the source is known.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) dialect: Cow<'static, str>,
    pub(crate) name: Name,
    pub(crate) name_range: Span,
    pub(crate) filters: Vec<Filter>,
    pub(crate) place: Place,
}

/// A problem before its place in the source is known.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) help: Option<String>,
    /// What to write instead.
    pub(crate) fix: Option<Rewrite>,
}

/// An edit of a scalar's decoded text.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) range: Span,
    pub(crate) text: String,
    /// Whether it may be applied without anybody looking at it.
    pub(crate) is_safe: bool,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            label: label.into(),
            help: None,
            fix: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn fix(mut self, range: Span, replacement: impl Into<String>) -> Self {
        let text = replacement.into();
        self.help.get_or_insert_with(|| format!("write `{text}`"));
        self.fix = Some(Rewrite { range, text, is_safe: true });
        self
    }

    /// The same, for what somebody should look at first.
    pub(crate) fn unsafe_fix(self, range: Span, replacement: impl Into<String>) -> Self {
        let mut problem = self.fix(range, replacement);
        problem.fix.iter_mut().for_each(|fix| fix.is_safe = false);
        problem
    }

    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn at(self, range: Span) -> Hit {
        Hit { range, what: What::Problem(Box::new(self)) }
    }
}
