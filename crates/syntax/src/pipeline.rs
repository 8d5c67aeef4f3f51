//! Filters behind a `|`: `{secret:X | default('a') | urlencode}`, in minijinja's own syntax.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{cut, map, map_opt, opt, recognize, value, verify};
use nom::multi::{many0, separated_list0, separated_list1};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use crate::Span;

/// One filter with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Its name: `urlencode`.
    pub name: String,
    /// Its arguments in order; those with a keyword come as written.
    pub arguments: Vec<Argument>,
    /// Where it stands: offsets into the text that was parsed.
    pub span: Span,
}

/// One argument of a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `width` in `indent(width=4)`.
    pub keyword: Option<String>,
    /// The value.
    pub literal: Literal,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `'text'` or `"text"`.
    Text(String),
    /// `4`
    Integer(i64),
    /// `0.5`
    Float(f64),
    /// `true`
    Boolean(bool),
    /// `none`
    None,
}

/// Parses `filter | filter | …` from offset `from` of `text`, up to what is no part of a filter.
///
/// # Errors
/// The offset at which no filter could be read.
pub fn parse(text: &str, from: usize) -> Result<(Vec<Filter>, usize), usize> {
    let input = &text[from..];
    let offset = |rest: &str| text.len() - rest.len();
    let parsed: IResult<&str, Vec<(&str, Filter)>> =
        separated_list1(char('|'), delimited(multispace0, with_start(filter), multispace0)).parse(input);
    match parsed {
        Ok((rest, filters)) => {
            let located = filters.into_iter().map(|(start, mut filter)| {
                let length = filter.span.end;
                filter.span = offset(start)..offset(start) + length;
                filter
            });
            Ok((located.collect(), offset(rest)))
        }
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => Err(offset(error.input)),
        Err(nom::Err::Incomplete(_)) => Err(text.len()),
    }
}

/// Hands the input at which a parser began along with what it read.
fn with_start<'a, O>(
    mut parser: impl Parser<&'a str, Output = O, Error = nom::error::Error<&'a str>>,
) -> impl FnMut(&'a str) -> IResult<&'a str, (&'a str, O)> {
    move |input| parser.parse(input).map(|(rest, output)| (rest, (input, output)))
}

/// `name`, or `name(argument, …)`; once the parenthesis is open it has to be a list of arguments.
fn filter(input: &str) -> IResult<&str, Filter> {
    let arguments = delimited(
        char('('),
        cut(terminated(separated_list0(char(','), argument), opt(char(',')))),
        cut(preceded(multispace0, char(')'))),
    );
    let (rest, (name, arguments)) = pair(identifier, opt(preceded(multispace0, arguments))).parse(input)?;
    let span = 0..input.len() - rest.len();
    Ok((rest, Filter { name: name.to_owned(), arguments: arguments.unwrap_or_default(), span }))
}

fn argument(input: &str) -> IResult<&str, Argument> {
    let keyword = opt(terminated(identifier, (multispace0, char('='), multispace0)));
    map(delimited(multispace0, pair(keyword, literal), multispace0), |(keyword, literal)| Argument {
        keyword: keyword.map(str::to_owned),
        literal,
    })
    .parse(input)
}

fn identifier(input: &str) -> IResult<&str, &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    verify(take_while1(is_word), |word: &str| !word.starts_with(|c: char| c.is_ascii_digit())).parse(input)
}

fn literal(input: &str) -> IResult<&str, Literal> {
    alt((
        map(quoted('\''), Literal::Text),
        map(quoted('"'), Literal::Text),
        map_opt(number, |text| match text.parse::<i64>() {
            Ok(integer) => Some(Literal::Integer(integer)),
            Err(_) => text.parse::<f64>().ok().map(Literal::Float),
        }),
        map_opt(identifier, |word| match word {
            "true" | "True" => Some(Literal::Boolean(true)),
            "false" | "False" => Some(Literal::Boolean(false)),
            "none" | "None" => Some(Literal::None),
            _ => None,
        }),
    ))
    .parse(input)
}

fn number(input: &str) -> IResult<&str, &str> {
    let digits = |input| take_while1(|c: char| c.is_ascii_digit())(input);
    recognize((opt(char('-')), digits, opt((char('.'), digits)))).parse(input)
}

/// A string with the escapes that minijinja knows for one character.
fn quoted<'a>(quote: char) -> impl Parser<&'a str, Output = String, Error = nom::error::Error<&'a str>> {
    let plain = move |input: &'a str| -> IResult<&'a str, String> {
        let (rest, text) = take_while(move |c| c != quote && c != '\\')(input)?;
        if text.is_empty() {
            return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Eof)));
        }
        Ok((rest, text.to_owned()))
    };
    let escape = preceded(
        char('\\'),
        alt((
            value("\n", tag("n")),
            value("\t", tag("t")),
            value("\r", tag("r")),
            tag("\\"),
            tag("'"),
            tag("\""),
        )),
    );
    let part = alt((plain, map(escape, str::to_owned)));
    map(delimited(char(quote), many0(part), char(quote)), |parts: Vec<String>| parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, String)> {
        let (filters, end) = parse(text, 0).expect(text);
        assert_eq!(&text[end..], "}", "{text}");
        filters.iter().map(|f| (f.name.clone(), text[f.span.clone()].to_owned())).collect()
    }

    #[test]
    fn pipelines_and_their_spans() {
        let found = names(" urlencode|indent( 4 , first=true ) | default('a}|\\'b') }");
        let expected = [
            ("urlencode", "urlencode"),
            ("indent", "indent( 4 , first=true )"),
            ("default", "default('a}|\\'b')"),
        ];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }

    #[test]
    fn arguments_are_literals() {
        let (filters, _) = parse("f('a\\n', \"b\", 1, -2.5, true, none, w=3)", 0).expect("filters");
        let literals: Vec<_> = filters[0].arguments.iter().map(|a| a.literal.clone()).collect();
        assert_eq!(
            literals,
            [
                Literal::Text("a\n".into()),
                Literal::Text("b".into()),
                Literal::Integer(1),
                Literal::Float(-2.5),
                Literal::Boolean(true),
                Literal::None,
                Literal::Integer(3),
            ]
        );
        assert_eq!(filters[0].arguments[6].keyword.as_deref(), Some("w"));
    }

    #[test]
    fn what_is_no_pipeline_is_an_error_with_its_place() {
        for (text, at) in [("", 0), (" 1x", 1), ("f(", 2), ("f('a", 2), ("f | ", 4)] {
            assert!(parse(text, 0).is_err() || parse(text, 0).is_ok_and(|(_, end)| end <= at), "{text}");
        }
        assert_eq!(parse("x}f(1 2}", 2), Err(6));
    }
}
