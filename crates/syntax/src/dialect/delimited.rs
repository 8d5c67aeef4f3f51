//! What dialects with an opening and a closing share: a name, filters, the closing.

use std::borrow::Cow;

use memchr::{memchr3, memmem};
use nom::bytes::complete::tag;
use nom::{IResult, Parser};

use super::{Found, Hit, Problem, Rewrite, What};
use crate::code::Code;
use crate::name::NameRule;
use crate::pipeline::{self, Filter};
use crate::{Name, Place, Span};

/// What stands between an opening and its end.
pub(super) enum Body {
    /// Its closing ends at this offset.
    Closed { name: Span, filters: Vec<Filter>, end: usize },
    /// It does not end on its line.
    Unclosed,
    /// What should be a name goes on beyond any name rule, at least to this offset.
    Overlong { end: usize },
    /// What follows the `|` at this offset is no filter.
    BadFilter { at: usize, end: usize },
}

/// The longest reference, in bytes: with a bound, a file of openings that never close is read once, not once each.
const LONGEST: usize = 4096;

/// The longest text that is taken for a name at all, in bytes.
const LONGEST_NAME: usize = 600;

/// Reads the body that begins at `from` of `text` and ends with `close`.
pub(super) fn body(text: &str, from: usize, close: &str) -> Body {
    let text = &text[..text.floor_char_boundary(from.saturating_add(LONGEST).min(text.len()))];
    let widest = text.floor_char_boundary(from.saturating_add(LONGEST_NAME).min(text.len()));
    let name = raw_name(&text[from..widest], close);
    let name_end = from + name.len();
    if name_end - from >= LONGEST_NAME - 3 {
        return Body::Overlong { end: name_end };
    }
    let rest = &text[name_end..];
    if rest.starts_with(close) {
        return Body::Closed { name: from..name_end, filters: Vec::new(), end: name_end + close.len() };
    }
    match rest.as_bytes().first() {
        Some(b'|') => {
            let name = from..from + name.trim_end().len();
            match pipeline::parse(text, name_end + 1) {
                Ok((filters, at)) => match closing(&text[at..], close) {
                    Ok((rest, _)) => Body::Closed { name, filters, end: text.len() - rest.len() },
                    Err(_) => bad_filter(text, at, close),
                },
                Err(at) => bad_filter(text, at, close),
            }
        }
        _ => Body::Unclosed,
    }
}

fn bad_filter(text: &str, at: usize, close: &str) -> Body {
    match text[at..].split(['\n', '\r']).next().and_then(|line| line.find(close)) {
        Some(closing) => Body::BadFilter { at, end: at + closing + close.len() },
        None => Body::Unclosed,
    }
}

/// A name ends where no name rule lets it go on: at the closing, a `|` or the line's end.
fn raw_name<'t>(input: &'t str, close: &str) -> &'t str {
    let end = memchr3(b'|', b'\n', b'\r', input.as_bytes()).unwrap_or(input.len());
    // The closing may begin with the sign that ends the name.
    let reach = input.floor_char_boundary((end + close.len()).min(input.len()));
    let closing = memmem::find(&input.as_bytes()[..reach], close.as_bytes());
    &input[..closing.map_or(end, |closing| closing.min(end))]
}

fn closing<'t>(input: &'t str, close: &str) -> IResult<&'t str, &'t str> {
    tag(close).parse(input)
}

/// The hit for an opening whose body is whole: a reference, or a word about its name.
pub(super) fn reference(
    dialect: &'static str,
    rule: &NameRule,
    text: &str,
    range: Span,
    name: Span,
    filters: Vec<Filter>,
) -> Hit {
    let raw = &text[name.clone()];
    let hit = named(dialect.into(), rule.read(raw), rule.words, range, name.clone(), filters);
    let trimmed = raw.trim();
    if trimmed.len() == raw.len() || rule.read(trimmed).is_err() { hit } else { trimming(hit, name, trimmed) }
}

/// Adds to the word about a name that its blanks are all that is wrong with it.
pub(super) fn trimming(mut hit: Hit, name: Span, trimmed: &str) -> Hit {
    if let What::Problem(problem) = &mut hit.what {
        problem.help = Some(format!("write `{trimmed}`, without blanks around it"));
        problem.fix = Some(Rewrite { range: name, text: trimmed.to_owned(), is_safe: true });
    }
    hit
}

/// The same for a name that has been read already.
pub(super) fn named(
    dialect: Cow<'static, str>,
    read: Result<Name, String>,
    words: &str,
    range: Span,
    name: Span,
    filters: Vec<Filter>,
) -> Hit {
    match read {
        Ok(read) => {
            let found = Found { dialect, name: read, name_range: name, filters, place: Place::Text };
            Hit { range, what: What::Reference(Box::new(found)) }
        }
        Err(problem) => {
            let at = if name.is_empty() { range } else { name };
            Problem::new(Code::InvalidName, format!("this is no name of a secret: {problem}"), "not a name")
                .help(format!("a name in the `{dialect}` dialect is {words}"))
                .at(at)
        }
    }
}

/// The hit for a name that no store takes.
pub(super) fn overlong_hit(dialect: &str, words: &str, at: usize, end: usize) -> Hit {
    Problem::new(Code::InvalidName, "this is no name of a secret: it goes on and on", "far too long")
        .help(format!("a name in the `{dialect}` dialect is {words}"))
        .at(at..end)
}

/// The hit for a reference without a `}`: where its text ends the place of it is certain, and where its line ends
/// it is likely.
pub(super) fn never_closed(text: &str, range: Span) -> Hit {
    let proper = format!("{}}}", &text[range.clone()]);
    let problem = Problem::new(Code::NearMiss, "this reference is never closed", "no `}` follows");
    let rest = text[range.end..].trim_start_matches([' ', '\t']);
    let problem = if text[range.end..].trim().is_empty() {
        problem.fix(range.clone(), proper)
    } else if rest.starts_with(['\n', '\r']) {
        problem.unsafe_fix(range.clone(), proper)
    } else {
        problem.help(format!("write `{proper}`"))
    };
    problem.at(range)
}

/// The hit for a filter that cannot be read.
pub(super) fn bad_filter_hit(at: usize, end: usize) -> Hit {
    Problem::new(Code::UnknownFilter, "a filter is expected here", "not a filter")
        .help("write filters as `| urlencode` or `| default('text')`")
        .at(at..end.max(at))
}
