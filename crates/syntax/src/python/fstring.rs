//! Cuts the inside of an f-string into text and replacement fields, as PEP 701 has it.

use std::ops::Range;

use super::lexer::{Lexer, NEVER_CLOSED, Token, Until};
use super::{MAX_DEPTH, Quote, Stop};

/// An f-string.
#[derive(Debug)]
pub(super) struct FString {
    pub(super) quote: Quote,
    pub(super) parts: Vec<Part>,
}

/// A part of an f-string or of a format spec.
#[derive(Debug)]
pub(super) enum Part {
    /// Text, in an f-string with `{{` and `}}` as written.
    Text(Range<usize>),
    Field(Field),
}

/// A replacement field: `{head!conversion:spec}`.
#[derive(Debug)]
pub(super) struct Field {
    /// The field with its braces.
    pub(super) span: Range<usize>,
    /// The expression, and perhaps a last `=`.
    pub(super) tokens: Vec<Token>,
    /// Where the `!`, `:` or `}` after the expression stands.
    pub(super) head_end: usize,
    pub(super) conversion: bool,
    pub(super) spec: Option<Vec<Part>>,
}

impl Lexer<'_> {
    /// Cuts an f-string, from behind its `opening` quote to behind its closing one.
    pub(super) fn fstring(&mut self, quote: Quote, opening: Range<usize>) -> Result<Vec<Part>, Stop> {
        let mut parts = Vec::new();
        let mut start = self.at;
        loop {
            let rest = self.rest();
            if rest.starts_with(quote.closing()) {
                push_text(&mut parts, start..self.at);
                self.at += quote.closing().len();
                return Ok(parts);
            } else if rest.starts_with("{{") || rest.starts_with("}}") {
                self.at += 2;
            } else if rest.starts_with('{') {
                push_text(&mut parts, start..self.at);
                parts.push(Part::Field(self.field(quote)?));
                start = self.at;
            } else if rest.starts_with('}') {
                return Err(Stop::Broken { span: self.at..self.at + 1, what: "a single `}` in an f-string" });
            } else {
                self.fstring_character(quote)
                    .ok_or(Stop::Broken { span: opening.clone(), what: NEVER_CLOSED })?;
            }
        }
    }

    fn field(&mut self, quote: Quote) -> Result<Field, Stop> {
        let start = self.at;
        let unclosed = Stop::Broken { span: start..start + 1, what: "a field that is never closed" };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::TooDeep { span: start..start + 1 });
        }
        self.at += 1;
        let mut tokens = Vec::new();
        self.code(Until::FieldHead, &mut tokens)?;
        let head_end = self.at;
        let conversion = self.rest().starts_with('!');
        if conversion {
            self.conversion()?;
        }
        let spec = if self.rest().starts_with(':') {
            self.at += 1;
            Some(self.spec(quote, &unclosed)?)
        } else {
            None
        };
        self.skip_blanks(true);
        if !self.rest().starts_with('}') {
            return Err(unclosed);
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Field { span: start..self.at, tokens, head_end, conversion, spec })
    }

    /// Passes `!r`, `!s` or `!a`; the letter must follow at once, and no other.
    fn conversion(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        if !self.rest().starts_with(['r', 's', 'a']) {
            return Err(Stop::Broken {
                span: start..self.at,
                what: "a conversion other than `!r`, `!s` and `!a`",
            });
        }
        self.at += 1;
        self.skip_blanks(true);
        if !self.rest().starts_with([':', '}']) {
            return Err(Stop::Broken {
                span: start..self.at,
                what: "a conversion without `:` or `}` behind it",
            });
        }
        Ok(())
    }

    /// Cuts a format spec. It knows no doubled braces: `{` opens a field, `}` ends the spec. `CPython` 3.12 and 3.13
    /// have one exception: behind a field, `{{` is a brace of text.
    fn spec(&mut self, quote: Quote, unclosed: &Stop) -> Result<Vec<Part>, Stop> {
        let mut parts = Vec::new();
        let mut start = self.at;
        loop {
            let rest = self.rest();
            // A line's end closes the spec of a single-quoted f-string, and then counts as a blank.
            if rest.starts_with('}') || (!quote.triple && rest.starts_with(['\n', '\r'])) {
                push_text(&mut parts, start..self.at);
                return Ok(parts);
            } else if rest.starts_with(quote.closing()) {
                return Err(unclosed.clone());
            } else if rest.starts_with("{{") && parts.iter().any(|part| matches!(part, Part::Field(_))) {
                self.at += 2;
            } else if rest.starts_with('{') {
                push_text(&mut parts, start..self.at);
                parts.push(Part::Field(self.field(quote)?));
                start = self.at;
            } else {
                self.fstring_character(quote).ok_or_else(|| unclosed.clone())?;
            }
        }
    }

    /// Passes one character of the text, or an escape; `None` where the literal cannot go on.
    fn fstring_character(&mut self, quote: Quote) -> Option<()> {
        let rest = self.rest();
        if rest.starts_with("\\{") || rest.starts_with("\\}") {
            // A brace cannot be escaped: the backslash stands for itself.
            self.at += 1;
            return Some(());
        }
        if !quote.raw && rest.starts_with("\\N{") {
            // `\N{DASH}` is the one place where a brace opens no field.
            self.at += rest.find('}')? + 1;
            return Some(());
        }
        self.string_character(quote)
    }
}

fn push_text(parts: &mut Vec<Part>, span: Range<usize>) {
    if !span.is_empty() {
        parts.push(Part::Text(span));
    }
}
