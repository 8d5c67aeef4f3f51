//! Finds the secret references in an expression string: `$ ` and a Python 3.12 expression that may mention `secrets`.
//!
//! [`lexer`] cuts the text into tokens ([`fstring`] the inside of f-strings), [`grammar`] walks them as Python's
//! expression grammar does and notes each place where the free name `secrets` stands. Nothing is evaluated.
//!
//! All offsets are byte offsets into the whole text given to [`scan`], 0-based, end exclusive.

mod fold;
mod fstring;
mod grammar;
mod lexer;

use std::ops::Range;

pub use fold::constant_text;

/// How deep brackets, f-string fields and lambdas may nest before the scan gives up with [`Problem::TooDeep`].
///
/// `CPython`'s own limits are 200 brackets and 150 f-strings; 100 keeps the recursion far from any thread's stack end.
pub const MAX_DEPTH: usize = 100;

/// What an expression string holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    /// The references, by start. A reference inside another's default follows it and lies inside its span.
    pub uses: Vec<Use>,
    /// The text of string literals, by start, where references of other dialects may stand.
    ///
    /// The string that names a secret (`secrets['a']`) is not among them, nor is a bytes literal or a format spec.
    /// The strings of a default are, though they vanish when the secret is there.
    pub literals: Vec<Literal>,
    /// The `{…=}` fields that hold a reference: they print their own source, which must not change.
    pub debugs: Vec<DebugField>,
    /// What cannot be resolved, by start.
    pub problems: Vec<Problem>,
}

/// One reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The secret's name, decoded if it was written as a string literal.
    pub name: String,
    /// The name as written: the attribute, or what stands between the quotes of a string literal.
    pub name_span: Range<usize>,
    /// What a value replaces: the reference, or for [`Place::Field`] the whole field with its braces.
    pub span: Range<usize>,
    /// Set if the reference is a `.get(…)`: the secret may be missing.
    pub default: Option<PyDefault>,
    /// Where the reference stands, which decides how a value is written.
    pub place: Place,
}

/// What `secrets.get(…)` yields when the secret is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PyDefault {
    /// The default's expression; unset for `secrets.get('x')`, whose default is `None`.
    pub span: Option<Range<usize>>,
    /// Its value, if it is a plain constant.
    pub constant: Option<Constant>,
}

/// A default that is known without running Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constant {
    /// A string literal (or several side by side), decoded.
    Text(String),
    /// A number, perhaps with a sign, as written.
    Number(String),
    /// `None`.
    None,
}

/// Where a reference stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In plain code: a Python string literal replaces it.
    Code,
    /// In code within a replacement field that stays a field: a literal replaces it.
    Nested {
        /// The quotes of all enclosing f-strings, which Python before 3.12 forbids in the field.
        enclosing: Delimiters,
    },
    /// It is all a field holds (`{ secrets.x }`): text of the f-string replaces the field, braces and all.
    Field {
        /// The f-string's quote.
        quote: Quote,
        /// The quotes of all enclosing f-strings, this one's among them.
        enclosing: Delimiters,
    },
}

/// Which quote characters are in use by enclosing f-strings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delimiters {
    /// `'` or `'''`.
    pub single: bool,
    /// `"` or `"""`.
    pub double: bool,
}

/// How a string literal is opened and closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// `'` or `"`.
    pub delimiter: char,
    /// Three delimiters rather than one.
    pub triple: bool,
    /// Whether a backslash means itself (prefix `r`).
    pub raw: bool,
    /// What the literal makes.
    pub kind: QuoteKind,
}

/// What a literal's prefix makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteKind {
    /// Text: no prefix, `u` or `r`.
    Plain,
    /// Text with replacement fields: `f`.
    Format,
    /// Bytes: `b`.
    Bytes,
}

/// A stretch of text of a string literal: all that stands between the quotes, or between two fields of an f-string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The text as written, without quotes.
    pub span: Range<usize>,
    /// How its literal is quoted.
    pub quote: Quote,
}

/// A field `{expression=}`, which prints the source of its expression before its value.
///
/// The expression, the `=` and any blanks around it come first, then the value, as by `!r` unless the field has a
/// conversion or a format spec of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugField {
    /// All between the `{` and what follows the `=` and its blanks.
    pub text: Range<usize>,
    /// What is printed: the same without comments, each line's end as `\n`.
    pub printed: String,
    /// The `=` with the blanks around it, to be taken out.
    pub equals: Range<usize>,
    /// Whether the field has neither conversion nor format spec, so that `!r` must be added.
    pub repr: bool,
    /// Whether the field stands in a format spec, where literal text cannot hold braces.
    pub in_spec: bool,
    /// The f-string's quote.
    pub quote: Quote,
    /// The quotes of all enclosing f-strings, this one's among them.
    pub enclosing: Delimiters,
}

/// Why a mention of `secrets` cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The name is computed when the expression runs: `secrets[x]`, `secrets.get(x)`, `secrets.items()`.
    Dynamic {
        /// The whole reference.
        span: Range<usize>,
    },
    /// `secrets` alone: the whole map.
    NamesNoSecret {
        /// The word `secrets`.
        span: Range<usize>,
    },
    /// The name is not `[A-Za-z][A-Za-z0-9_]*`.
    InvalidName {
        /// The name as written.
        span: Range<usize>,
        /// The name, decoded.
        name: String,
    },
    /// The text mentions `secrets.` or `secrets[` but is no Python expression. Nothing else is reported then.
    NotPython {
        /// The token that cannot stand there, or the quote or bracket that is never closed.
        span: Range<usize>,
        /// What was expected or is missing, for a message.
        what: &'static str,
    },
    /// The text mentions `secrets` but nests deeper than [`MAX_DEPTH`]. Nothing else is reported then.
    TooDeep {
        /// Where the limit was passed.
        span: Range<usize>,
    },
}

/// Scans the text of a host scalar for references of the `expression` dialect.
///
/// Yields `None` if `text` is to be left alone: it does not begin with `$ ` after trimming, or it is no Python and
/// holds no `secrets.` or `secrets[` as a token (a shell transcript). A Python expression without references
/// yields its literals, for the sake of other dialects.
///
/// ```
/// # use redeem_syntax::python::scan;
/// let text = "$ 'Bearer ' + secrets.api_key";
/// let found = scan(text).unwrap();
/// assert_eq!(found.uses[0].name, "api_key");
/// assert_eq!(&text[found.uses[0].span.clone()], "secrets.api_key");
/// assert!(scan("$ kubectl get secrets").is_none());
/// ```
pub fn scan(text: &str) -> Option<Expression> {
    let body = body(text)?;
    let lexed = lexer::lex(text, body);
    let outcome = grammar::walk(text, &lexed);
    match outcome {
        Ok(found) => Some(found),
        Err(stop) => lexed
            .mentions_secrets(text)
            .then(|| Expression { problems: vec![stop.into()], ..Expression::default() }),
    }
}

/// The Python part of an expression string: what follows the dollar and one space, trimmed as Julep trims it.
fn body(text: &str) -> Option<Range<usize>> {
    let rest = text.trim_start().strip_prefix("$ ")?;
    let inner = rest.trim_start();
    let start = text.len() - inner.len();
    Some(start..start + inner.trim_end().len())
}

/// Whether `name` can name a secret in this dialect: `[A-Za-z][A-Za-z0-9_]*`.
fn is_secret_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl Problem {
    /// Where it stands.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Dynamic { span }
            | Self::NamesNoSecret { span }
            | Self::InvalidName { span, .. }
            | Self::NotPython { span, .. }
            | Self::TooDeep { span } => span.clone(),
        }
    }
}

impl Delimiters {
    fn and(self, delimiter: char) -> Self {
        Self { single: self.single || delimiter == '\'', double: self.double || delimiter == '"' }
    }
}

impl Quote {
    /// The characters that close the literal.
    pub fn closing(&self) -> &'static str {
        match (self.delimiter, self.triple) {
            ('"', true) => "\"\"\"",
            ('"', false) => "\"",
            (_, true) => "'''",
            (_, false) => "'",
        }
    }
}

/// Why lexing or the grammar gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stop {
    Broken { span: Range<usize>, what: &'static str },
    TooDeep { span: Range<usize> },
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Broken { span, what } => Self::NotPython { span, what },
            Stop::TooDeep { span } => Self::TooDeep { span },
        }
    }
}

#[cfg(test)]
mod tests;
