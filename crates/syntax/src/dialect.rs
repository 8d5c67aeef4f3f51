//! The families of reference syntax, one file each, and the table of them.

use crate::code::{Code, Severity};
use crate::pipeline::Filter;
use crate::{Format, Name, Place, Span, python};

mod brace;
mod by_name;
mod delimited;
mod dollar;
mod expression;
mod near_miss;

pub(crate) use by_name::names_a_secret;
pub(crate) use near_miss::loose_expressions;

/// One family of reference syntax.
pub struct Dialect {
    /// What people call it in `redeem.toml`.
    pub name: &'static str,
    /// Whether it is live where no configuration says otherwise.
    pub is_default: bool,
    /// What it looks like, for documentation.
    pub form: &'static str,
    /// How it finds references.
    pub(crate) find: Find,
}

/// How a dialect looks at a text.
pub(crate) enum Find {
    /// Asked at each `secret` in a text, with the offset of that word.
    AtSigil(fn(text: &str, sigil: usize) -> Vec<Hit>),
    /// Asked once with the whole text of a scalar; an answer speaks for all of it.
    WholeScalar(FindWhole),
    /// Found by the key beside it.
    ByKey,
}

/// Looks at the whole text of a scalar, with a way to ask the dialects that stand anywhere about parts of it.
type FindWhole = fn(text: &str, inline: &dyn Fn(&str) -> Vec<Hit>) -> Option<Finds>;

/// Every dialect.
pub const DIALECTS: &[Dialect] = &[brace::DIALECT, dollar::DIALECT, expression::DIALECT, by_name::DIALECT];

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
    pub(crate) dialect: &'static str,
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
    /// What to write instead, at which range.
    pub(crate) fix: Option<(Span, String)>,
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
        let replacement = replacement.into();
        self.help.get_or_insert_with(|| format!("write `{replacement}`"));
        self.fix = Some((range, replacement));
        self
    }

    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn at(self, range: Span) -> Hit {
        Hit { range, what: What::Problem(Box::new(self)) }
    }
}

/// Which dialects are live in a file, and what they are told.
#[derive(Clone, Debug)]
pub struct Dialects {
    live: Vec<&'static str>,
    /// The keys whose value names a secret.
    pub by_name_keys: Vec<String>,
}

impl Default for Dialects {
    fn default() -> Self {
        let live = DIALECTS.iter().filter(|dialect| dialect.is_default).map(|dialect| dialect.name).collect();
        Self { live, by_name_keys: vec!["secret_name".to_owned()] }
    }
}

impl Dialects {
    /// Reads a list as `redeem.toml` has it: `+x` and `-x` change the default, plain names replace it.
    ///
    /// # Errors
    /// The first word that names no dialect.
    pub fn from_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, &'w str> {
        let mut dialects = Self::default();
        let mut words = words.into_iter().peekable();
        let mut is_replaced = words.peek().is_none();
        if is_replaced {
            dialects.live.clear();
        }
        for word in words {
            let name = word.trim_start_matches(['+', '-']);
            let known = DIALECTS.iter().find(|dialect| dialect.name == name).ok_or(word)?.name;
            if !word.starts_with(['+', '-']) && !std::mem::replace(&mut is_replaced, true) {
                dialects.live.clear();
            }
            dialects.live.retain(|&live| live != known);
            if !word.starts_with('-') {
                dialects.live.push(known);
            }
        }
        Ok(dialects)
    }

    /// Whether the dialect of this name is live.
    pub fn is_live(&self, name: &str) -> bool {
        self.live.contains(&name)
    }

    fn live(&self) -> impl Iterator<Item = &'static Dialect> + '_ {
        DIALECTS.iter().filter(|dialect| self.is_live(dialect.name))
    }

    /// Everything that stands in the decoded text of one scalar.
    pub(crate) fn find(&self, text: &str, format: Format) -> Finds {
        // An expression is one scalar of a document; a whole text file or an env line is none.
        let may_be_whole = matches!(format, Format::Yaml | Format::Toml | Format::Json);
        let inline = |text: &str| self.find_inline(text);
        let whole = self.live().filter(|_| may_be_whole).find_map(|dialect| match dialect.find {
            Find::WholeScalar(find) => find(text, &inline),
            _ => None,
        });
        whole.unwrap_or_else(|| {
            let mut hits = inline(text);
            if may_be_whole && self.is_live(expression::DIALECT.name) {
                hits.extend(loose_expressions(text));
                hits.sort_by_key(|hit| hit.range.start);
            }
            Finds { hits, expression: None }
        })
    }

    /// What the dialects that stand anywhere in a text find in it, in order, without overlap.
    pub(crate) fn find_inline(&self, text: &str) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut from = 0;
        while let Some(sigil) = crate::sigil::next_sigil(text, from) {
            from = sigil + "secret".len();
            let found = self.live().find_map(|dialect| match dialect.find {
                Find::AtSigil(find) => Some(find(text, sigil)).filter(|found| !found.is_empty()),
                _ => None,
            });
            for hit in found.into_iter().flatten() {
                from = from.max(hit.range.end);
                hits.push(hit);
            }
        }
        hits
    }
}
