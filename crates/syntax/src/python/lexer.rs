//! Cuts a Python expression into tokens, f-strings into trees of them.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n};
use nom::character::complete::{char, digit1, one_of, satisfy};
use nom::combinator::{opt, peek, recognize, verify};
use nom::multi::{many0_count, many1_count};
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser};

use super::fstring::{FString, Part};
use super::{Quote, QuoteKind, Stop};

/// One token of code.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// What a token is.
#[derive(Debug)]
pub(super) enum Kind {
    Name,
    Number,
    Operator,
    /// The end of a line outside all brackets.
    Newline,
    /// A plain or bytes literal; the range is what stands between its quotes.
    Text(Quote, Range<usize>),
    Format(FString),
    /// A character or number that is no Python; the grammar stops at it.
    Unknown,
}

/// The tokens of an expression, up to what could not be cut.
#[derive(Debug)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    /// All comments, those in the fields of f-strings too.
    pub(super) comments: Vec<Range<usize>>,
    pub(super) stop: Option<Stop>,
    /// All that was not cut into tokens; empty unless `stop` is set.
    pub(super) rest: Range<usize>,
}

/// Where code ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// At the end of the text.
    End,
    /// At the `}`, `:` or `!` of a replacement field, outside all brackets.
    FieldHead,
}

/// A position in the text.
pub(super) struct Lexer<'t> {
    /// The text up to the end of the expression, so that offsets are those of the whole text.
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// How many f-string fields are open.
    pub(super) depth: usize,
    comments: Vec<Range<usize>>,
}

/// Cuts the `body` of `text` into tokens.
pub(super) fn lex(text: &str, body: Range<usize>) -> Lexed {
    let mut lexer = Lexer { text: &text[..body.end], at: body.start, depth: 0, comments: Vec::new() };
    let mut tokens = Vec::new();
    let stop = lexer.code(Until::End, &mut tokens).err();
    let cut = tokens.last().map_or(body.start, |last| last.span.end);
    Lexed { tokens, comments: lexer.comments, rest: if stop.is_some() { cut..body.end } else { 0..0 }, stop }
}

impl Lexed {
    /// Whether `secrets.` or `secrets[` stands anywhere as a token, and not as an attribute of something else.
    pub(super) fn mentions_secrets(&self, text: &str) -> bool {
        // Past an unclosed string nobody can say what is code, so there a bare word counts.
        mention(text, &self.tokens) || loose_mention(&text[self.rest.clone()])
    }
}

fn mention(text: &str, tokens: &[Token]) -> bool {
    let slice = |at: usize| tokens.get(at).map_or("", |token| &text[token.span.clone()]);
    (0..tokens.len()).any(|at| match &tokens[at].kind {
        Kind::Name => {
            slice(at) == "secrets" && matches!(slice(at + 1), "." | "[") && (at == 0 || slice(at - 1) != ".")
        }
        Kind::Format(format) => mention_in_parts(text, &format.parts),
        _ => false,
    })
}

fn mention_in_parts(text: &str, parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Text(_) => false,
        Part::Field(field) => {
            mention(text, &field.tokens)
                || field.spec.as_ref().is_some_and(|spec| mention_in_parts(text, spec))
        }
    })
}

fn loose_mention(text: &str) -> bool {
    text.match_indices("secrets").any(|(at, word)| {
        let before = &text[..at];
        !before.ends_with(continues_name)
            && !before.trim_end().ends_with('.')
            && text[at + word.len()..].trim_start().starts_with(['.', '['])
    })
}

impl<'t> Lexer<'t> {
    /// Cuts code up to `until`, which is left standing.
    pub(super) fn code(&mut self, until: Until, tokens: &mut Vec<Token>) -> Result<(), Stop> {
        let mut closers = Vec::new();
        loop {
            self.skip_blanks(until == Until::FieldHead || !closers.is_empty());
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                return Ok(());
            };
            if until == Until::FieldHead && closers.is_empty() && ends_field_head(rest) {
                return Ok(());
            }
            let start = self.at;
            let kind = self.token(first)?;
            match first {
                '(' => closers.push(')'),
                '[' => closers.push(']'),
                '{' => closers.push('}'),
                // The end of a field is found by counting brackets, so there a stray one is fatal;
                // at the top the grammar says better what is wrong.
                ')' | ']' | '}' if closers.pop() != Some(first) && until == Until::FieldHead => {
                    return Err(Stop::Broken {
                        span: start..self.at,
                        what: "a bracket that matches no open one",
                    });
                }
                _ => {}
            }
            tokens.push(Token { kind, span: start..self.at });
        }
    }

    /// Cuts one token, which begins with the character `first`.
    fn token(&mut self, first: char) -> Result<Kind, Stop> {
        let rest = self.rest();
        if let Ok((_, prefix)) = string_prefix(rest) {
            return self.string(prefix);
        }
        let (length, kind) = if let Ok((_, name)) = name(rest) {
            (name.len(), Kind::Name)
        } else if let Ok((after, number)) = number(rest) {
            (number.len(), if ends_number(number, after) { Kind::Number } else { Kind::Unknown })
        } else if let Ok((_, operator)) = operator(rest) {
            (operator.len(), Kind::Operator)
        } else if matches!(first, '\n' | '\r') {
            (1, Kind::Newline)
        } else {
            (first.len_utf8(), Kind::Unknown)
        };
        self.at += length;
        Ok(kind)
    }

    fn string(&mut self, prefix: &str) -> Result<Kind, Stop> {
        let start = self.at;
        self.at += prefix.len();
        let rest = self.rest();
        let delimiter = if rest.starts_with('"') { '"' } else { '\'' };
        let has = |letter: u8| prefix.bytes().any(|byte| byte.eq_ignore_ascii_case(&letter));
        let mut quote = Quote {
            delimiter,
            triple: true,
            raw: has(b'r'),
            kind: if has(b'f') {
                QuoteKind::Format
            } else if has(b'b') {
                QuoteKind::Bytes
            } else {
                QuoteKind::Plain
            },
        };
        quote.triple = rest.starts_with(quote.closing());
        self.at += quote.closing().len();
        let opening = start..self.at;
        if quote.kind == QuoteKind::Format {
            let parts = self.fstring(quote, opening)?;
            return Ok(Kind::Format(FString { quote, parts }));
        }
        let inner = self.at;
        while !self.rest().starts_with(quote.closing()) {
            self.string_character(quote).ok_or(Stop::Broken { span: opening.clone(), what: NEVER_CLOSED })?;
        }
        let inner = inner..self.at;
        self.at += quote.closing().len();
        Ok(Kind::Text(quote, inner))
    }

    /// Passes one character of a literal, or an escape; `None` where the literal cannot go on.
    pub(super) fn string_character(&mut self, quote: Quote) -> Option<()> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        if matches!(first, '\n' | '\r') && !quote.triple {
            return None;
        }
        self.at += first.len_utf8();
        if first == '\\' {
            // Even in a raw literal a backslash keeps a quote from closing it.
            let escaped = self.rest().chars().next()?;
            self.at += if self.rest().starts_with("\r\n") { 2 } else { escaped.len_utf8() };
        }
        Some(())
    }

    /// Skips blanks, comments and joined lines; `lines` tells whether the ends of lines are blanks too.
    pub(super) fn skip_blanks(&mut self, lines: bool) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\x0c']).len();
            self.at += blanks;
            let rest = self.rest();
            let skipped = match rest.as_bytes() {
                [b'#', ..] => {
                    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
                    self.comments.push(self.at..self.at + length);
                    length
                }
                [b'\\', b'\r', b'\n', ..] => 3,
                [b'\\', b'\n' | b'\r', ..] => 2,
                [b'\n' | b'\r', ..] if lines => 1,
                _ => return,
            };
            self.at += skipped;
        }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
}

/// The message for a string without an end.
pub(super) const NEVER_CLOSED: &str = "a string that is never closed";

/// `!=` is a comparison even where `!` alone would begin a conversion.
fn ends_field_head(rest: &str) -> bool {
    rest.starts_with(['}', ':']) || (rest.starts_with('!') && !rest.starts_with("!="))
}

fn starts_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic() || (!c.is_ascii() && continues_name(c))
}

/// Any other character counts, as in `CPython`'s own tokenizer, except those an editor or a web page puts for
/// blanks and quotes: a no-break space must not become part of a name.
fn continues_name(c: char) -> bool {
    c == '_'
        || c.is_alphanumeric()
        || !(c.is_ascii()
            || c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ab}' | '\u{bb}' | '\u{2000}'..='\u{203e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

fn name(input: &str) -> IResult<&str, &str> {
    recognize(pair(satisfy(starts_name), take_while(continues_name))).parse(input)
}

/// The prefix of a string literal, if one begins here: none, `r`, `b`, `u`, `f`, or `r` with `b` or `f`.
fn string_prefix(input: &str) -> IResult<&str, &str> {
    let letters = take_while_m_n(0, 2, |c: char| "rbufRBUF".contains(c));
    let (rest, prefix) = verify(letters, |letters: &str| {
        matches!(
            letters.to_ascii_lowercase().as_str(),
            "" | "r" | "b" | "u" | "f" | "rb" | "br" | "rf" | "fr"
        )
    })
    .parse(input)?;
    peek(one_of("'\"")).parse(rest)?;
    Ok((rest, prefix))
}

fn number(input: &str) -> IResult<&str, &str> {
    alt((
        recognize((char('0'), one_of("xX"), grouped(|c| c.is_ascii_hexdigit()))),
        recognize((char('0'), one_of("oO"), grouped(|c| ('0'..='7').contains(&c)))),
        recognize((char('0'), one_of("bB"), grouped(|c| matches!(c, '0' | '1')))),
        recognize((
            alt((recognize((digits, opt(pair(char('.'), opt(digits))))), recognize(pair(char('.'), digits)))),
            opt((one_of("eE"), opt(one_of("+-")), digits)),
            opt(one_of("jJ")),
        )),
    ))
    .parse(input)
}

/// Digits in which single underscores may stand.
fn digits(input: &str) -> IResult<&str, &str> {
    recognize(pair(digit1, many0_count(preceded(char('_'), digit1)))).parse(input)
}

/// The digits after a base, each of which may follow an underscore.
fn grouped<'t>(
    digit: fn(char) -> bool,
) -> impl Parser<&'t str, Output = usize, Error = nom::error::Error<&'t str>> {
    many1_count(preceded(opt(char('_')), satisfy(digit)))
}

/// Whether a number may end here: a word may follow it at once only if it is an operator (`1if x else 2`), and a
/// decimal integer other than zero may not begin with a zero.
fn ends_number(number: &str, after: &str) -> bool {
    let octal_of_old = number.starts_with('0')
        && number.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && number.contains(|c| ('1'..='9').contains(&c));
    let word =
        ["and", "else", "for", "if", "in", "is", "not", "or"].iter().any(|word| after.starts_with(word));
    !octal_of_old && (word || !after.starts_with(continues_name))
}

fn operator(input: &str) -> IResult<&str, &str> {
    alt((
        alt((tag("..."), tag("**"), tag("//"), tag("<<"), tag(">>"))),
        alt((tag("<="), tag(">="), tag("=="), tag("!="), tag(":="))),
        recognize(one_of("+-*/%@&|^~<>()[]{},:.=")),
    ))
    .parse(input)
}
