//! The filters that a value goes through: minijinja runs them, the definitions are ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use redeem_syntax::dialect::DIALECTS;
use redeem_syntax::pipeline::{Filter, Literal};
use redeem_syntax::{Reference, Scalar};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::LazyLock;
use zeroize::Zeroizing;

use crate::suggest::nearest;

/// One filter, for documentation: each example is tested.
pub struct FilterInfo {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// A value, a pipeline and what comes out.
    pub example: (&'static str, &'static str, &'static str),
}

/// Every filter.
pub const FILTERS: &[FilterInfo] = &[
    filter(
        "urlencode",
        "percent-encodes all but letters, digits and `-._~`; `/` too",
        ("a/b c", "urlencode", "a%2Fb%20c"),
    ),
    filter("base64", "encodes as base64 with padding; takes any bytes", ("hi?", "base64", "aGk/")),
    filter("b64decode", "decodes base64", ("aGk/", "b64decode", "hi?")),
    filter("json", "writes a JSON string with its quotes", ("a\"b", "json", "\"a\\\"b\"")),
    filter("shell", "quotes for a POSIX shell", ("it's", "shell", "'it'\\''s'")),
    filter("trim", "removes blanks and line breaks from both ends", (" a\n", "trim", "a")),
    filter(
        "indent",
        "puts blanks before each line but the first; `indent(2, true)` before the first too",
        ("a\nb", "indent(2)", "a\n  b"),
    ),
    filter(
        "default",
        "makes the reference optional: stands in for a secret that is not there",
        ("a", "default('x')", "a"),
    ),
    filter(
        "sha256",
        "the SHA-256 digest in small hexadecimal letters; takes any bytes",
        ("abc", "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ),
    filter(
        "pem1line",
        "writes line breaks as `\\n`, as some programs want keys",
        ("a\nb\n", "pem1line", "a\\nb\\n"),
    ),
    filter("upper", "capital letters", ("aB", "upper", "AB")),
    filter("lower", "small letters", ("aB", "lower", "ab")),
    filter("replace", "replaces a text by another", ("a-b", "replace('-', '_')", "a_b")),
    filter("int", "a whole number, written without quotes", ("007", "int", "7")),
    filter("float", "a number, written without quotes", ("1.50", "float", "1.50")),
    filter(
        "bool",
        "`true` or `false`, written without quotes; reads yes/no, on/off, 1/0",
        ("Yes", "bool", "true"),
    ),
];

const fn filter(
    name: &'static str,
    does: &'static str,
    example: (&'static str, &'static str, &'static str),
) -> FilterInfo {
    FilterInfo { name, does, example }
}

/// What comes out of a pipeline.
pub(crate) enum Filtered {
    /// Text, to be encoded for its place.
    Text(Zeroizing<String>),
    /// A number or a truth value: it replaces the whole scalar, quotes included.
    Bare(String),
}

/// Why a pipeline cannot be run on a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilterError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl FilterError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

/// Says what is wrong with the filters of a reference, without any value.
///
/// Each problem comes with the position of its filter.
pub fn check_filters(filters: &[Filter]) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    for (position, filter) in filters.iter().enumerate() {
        if !FILTERS.iter().any(|known| known.name == filter.name) {
            let hint = meant(&filter.name).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            problems.push((position, format!("there is no filter `{}`{hint}", filter.name)));
        } else if is_bare(&filter.name) && position + 1 < filters.len() {
            problems.push((position, format!("`{}` has to be the last filter", filter.name)));
        } else if let Err(message) = check_arguments(filter) {
            problems.push((position, message));
        }
    }
    problems
}

/// The filter that was meant by a name that is none: a misspelt one, or what other engines call it.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    const ELSEWHERE: &[(&str, &str)] = &[
        ("b64encode", "base64"),
        ("b64enc", "base64"),
        ("b64dec", "b64decode"),
        ("to_json", "json"),
        ("tojson", "json"),
        ("quote", "shell"),
        ("urlquote", "urlencode"),
        ("query_escape", "urlencode"),
        ("d", "default"),
    ];
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name).map(|(_, own)| *own);
    elsewhere.or_else(|| nearest(name, FILTERS.iter().map(|known| known.name)))
}

/// Wider than any config file, and small enough that a slip of the hand takes no memory to speak of.
pub(crate) const WIDEST_INDENT: i64 = 1000;

fn check_arguments(filter: &Filter) -> Result<(), String> {
    let count = filter.arguments.len();
    let (least, most) = match filter.name.as_str() {
        "default" => (1, 1),
        "replace" => (2, 2),
        "indent" => (1, 3),
        "trim" => (0, 1),
        _ => (0, 0),
    };
    let is_wide = |literal: &Literal| matches!(literal, Literal::Integer(width) if !(0..=WIDEST_INDENT).contains(width));
    if filter.name == "indent" && filter.arguments.iter().any(|argument| is_wide(&argument.literal)) {
        return Err(format!("`indent` takes a width of 0 to {WIDEST_INDENT}"));
    }
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let wanted = match (least, most) {
        (0, 0) => "no argument".to_owned(),
        (1, 1) => "one argument".to_owned(),
        _ if least == most => format!("{least} arguments"),
        _ => format!("{least} to {most} arguments"),
    };
    Err(format!("`{}` takes {wanted}, not {count}", filter.name))
}

/// Whether a pipeline ends in a number or a truth value.
pub(crate) fn is_typed(filters: &[Filter]) -> bool {
    filters.last().is_some_and(|filter| is_bare(&filter.name))
}

pub(crate) fn is_bare(name: &str) -> bool {
    matches!(name, "int" | "float" | "bool")
}

/// Runs a value through `filters`; `None` is a secret that is not there.
///
/// A missing secret takes the argument of the first `default` and goes through the filters behind it.
pub(crate) fn run(value: Option<&[u8]>, filters: &[Filter]) -> Result<Option<Filtered>, FilterError> {
    let (mut value, filters) = if let Some(value) = value {
        (from_bytes(value), filters)
    } else {
        let Some(position) = filters.iter().position(|filter| filter.name == "default") else {
            return Ok(None);
        };
        let argument = filters[position].arguments.first();
        (
            argument.map_or_else(|| Value::from(""), |argument| literal(&argument.literal)),
            &filters[position + 1..],
        )
    };
    for filter in filters {
        if is_bare(&filter.name) {
            return bare(&filter.name, &text(&value)?).map(|text| Some(Filtered::Bare(text)));
        }
        if filter.name != "default" {
            value = apply(filter, value)?;
        }
    }
    text(&value).map(|text| Some(Filtered::Text(text)))
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    install(&mut environment);
    environment
});

/// Adds the filters that are ours; those of the engine that do the same under the same name are there.
pub(crate) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("urlencode", |text: String| utf8_percent_encode(&text, RESERVED).to_string());
    environment.add_filter("base64", |value: Value| STANDARD.encode(&*bytes(&value)));
    environment.add_filter("b64decode", |text: String| {
        let decoded = STANDARD.decode(text.trim()).map_err(|_| invalid("this is not base64"))?;
        Ok::<_, Error>(from_bytes(&decoded))
    });
    environment.add_filter("json", |text: String| json_string(&text));
    environment.add_filter("shell", |text: String| shell_quoted(&text));
    environment.add_filter("sha256", |value: Value| {
        let digest = Sha256::digest(&*bytes(&value));
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    environment.add_filter("pem1line", |text: String| text.replace("\r\n", "\\n").replace('\n', "\\n"));
}

/// RFC 3986, 2.3: these characters are not reserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn apply(filter: &Filter, value: Value) -> Result<Value, FilterError> {
    let takes_bytes = matches!(filter.name.as_str(), "base64" | "sha256");
    if value.kind() == ValueKind::Bytes && !takes_bytes {
        text(&value)?;
    }
    let mut arguments = vec![value];
    let positional = filter.arguments.iter().filter(|argument| argument.keyword.is_none());
    arguments.extend(positional.map(|argument| literal(&argument.literal)));
    let keywords: Vec<_> = filter
        .arguments
        .iter()
        .filter_map(|argument| Some((argument.keyword.clone()?, literal(&argument.literal))))
        .collect();
    if !keywords.is_empty() {
        arguments.push(Kwargs::from_iter(keywords).into());
    }
    // The engine's message may quote the value, so only its kind is told.
    ENVIRONMENT.empty_state().apply_filter(&filter.name, &arguments).map_err(|error| {
        let detail = match (error.kind(), error.detail()) {
            (ErrorKind::BadSerialization, Some(detail)) => detail.to_owned(),
            (ErrorKind::MissingArgument | ErrorKind::TooManyArguments, _) => {
                "wrong number of arguments".to_owned()
            }
            _ => "the value or an argument is not of the kind it takes".to_owned(),
        };
        FilterError::new(format!("`{}` cannot be applied: {detail}", filter.name))
    })
}

/// An error whose detail is our own text and safe to tell.
pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::BadSerialization, detail)
}

fn literal(literal: &Literal) -> Value {
    match literal {
        Literal::Text(text) => Value::from(text.as_str()),
        Literal::Integer(integer) => Value::from(*integer),
        Literal::Float(float) => Value::from(*float),
        Literal::Boolean(boolean) => Value::from(*boolean),
        Literal::None => Value::from(""),
    }
}

pub(crate) fn from_bytes(value: &[u8]) -> Value {
    match std::str::from_utf8(value) {
        Ok(text) => Value::from(text),
        Err(_) => Value::from_bytes(value.to_vec()),
    }
}

fn bytes(value: &Value) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(value.as_bytes().map_or_else(|| value.to_string().into_bytes(), <[u8]>::to_vec))
}

fn text(value: &Value) -> Result<Zeroizing<String>, FilterError> {
    if value.kind() == ValueKind::Bytes {
        return Err(FilterError {
            message: "the value is not UTF-8 text".to_owned(),
            help: Some("add `| base64` to write it as text".to_owned()),
        });
    }
    Ok(Zeroizing::new(value.to_string()))
}

pub(crate) fn json_string(text: &str) -> String {
    crate::encode::json::string(text).to_string()
}

fn shell_quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

pub(crate) fn bare(filter: &str, text: &str) -> Result<String, FilterError> {
    let wrong = |what: &str| FilterError {
        message: format!("the value is not {what}, as `{filter}` wants it"),
        help: Some(format!("correct the secret, or leave out `| {filter}`")),
    };
    match filter {
        "int" => integer(text).ok_or_else(|| wrong("a whole number of 64 bits")),
        "float" => float(text).ok_or_else(|| wrong("a finite number")),
        _ => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok("true".to_owned()),
            "false" | "no" | "off" | "0" => Ok("false".to_owned()),
            _ => Err(wrong("true or false")),
        },
    }
}

fn integer(text: &str) -> Option<String> {
    text.parse::<i64>().ok().map(|integer| integer.to_string())
}

/// A number that JSON, TOML and both YAML versions read alike.
pub(crate) fn float(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    let (integral, fraction) = text.strip_prefix('-').unwrap_or(text).split_once('.').unwrap_or(("", ""));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_canonical =
        is_digits(integral) && is_digits(fraction) && (integral == "0" || !integral.starts_with('0'));
    if is_canonical {
        return Some(text.to_owned());
    }
    let written = format!("{number:?}");
    let Some((mantissa, exponent)) = written.split_once('e') else { return Some(written) };
    // YAML 1.1 wants a point in the mantissa and a sign before the exponent.
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    Some(format!("{mantissa}{point}e{sign}{exponent}"))
}

/// A reference with one filter more behind the others, as the text of its scalar has it; none where its dialect has
/// no filters or another syntax for them.
pub(crate) fn added(reference: &Reference, scalar: &Scalar, filter: &str) -> Option<String> {
    let written = scalar.decoded.text.get(reference.range.clone())?;
    let closing = match &*reference.dialect {
        "brace" | "dollar" => "}",
        "github" | "zenml" => "}}",
        known if DIALECTS.iter().any(|dialect| dialect.name == known) => return None,
        // A dialect of the user's own closes as it says; its reference ends with its name or its last filter.
        _ => {
            let last = reference.filters.last().map(|filter| filter.span.end - reference.range.start);
            let name = reference.name.to_string();
            let at = last.or_else(|| Some(written.rfind(&name)? + name.len()))?;
            let (before, closing) = written.split_at_checked(at)?;
            return Some(format!("{} | {filter}{closing}", before.trim_end()));
        }
    };
    let inner = written.strip_suffix(closing)?;
    let body = inner.trim_end();
    // `secrets['NAME']` is GitHub's own, and takes no filter.
    (!body.ends_with(']')).then(|| format!("{body} | {filter}{}{closing}", &inner[body.len()..]))
}

#[cfg(test)]
mod tests {
    use redeem_syntax::pipeline::parse;

    use super::*;

    fn filtered(value: Option<&[u8]>, pipeline: &str) -> Result<String, String> {
        let (filters, _) = parse(pipeline, 0).expect(pipeline);
        assert_eq!(check_filters(&filters), [], "{pipeline}");
        match run(value, &filters) {
            Ok(Some(Filtered::Text(text))) => Ok(text.to_string()),
            Ok(Some(Filtered::Bare(text))) => Ok(text),
            Ok(None) => Err("missing".to_owned()),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn each_documented_example_holds() {
        for info in FILTERS {
            let (value, pipeline, expected) = info.example;
            assert_eq!(filtered(Some(value.as_bytes()), pipeline).as_deref(), Ok(expected), "{pipeline}");
        }
    }

    #[test]
    fn defaults_cover_only_what_is_missing() {
        assert_eq!(filtered(None, "default('d') | upper"), Ok("D".into()));
        assert_eq!(filtered(None, "upper | default('d')"), Ok("d".into()));
        assert_eq!(filtered(Some(b""), "default('d')"), Ok(String::new()));
        assert_eq!(filtered(None, "default(5)|int"), Ok("5".into()));
        assert_eq!(filtered(None, "upper"), Err("missing".into()));
    }

    #[test]
    fn bytes_that_are_no_text_need_base64() {
        assert_eq!(filtered(Some(b"\xff\x00"), "base64"), Ok("/wA=".into()));
        assert!(filtered(Some(b"\xff\x00"), "upper").is_err_and(|e| e.contains("UTF-8")));
        assert!(filtered(Some(b"/wA="), "b64decode").is_err_and(|e| e.contains("UTF-8")));
        assert_eq!(filtered(Some(b"/wA="), "b64decode | base64"), Ok("/wA=".into()));
    }

    #[test]
    fn numbers_read_the_same_everywhere() {
        for (value, pipeline, expected) in [
            ("-007", "int", "-7"),
            ("1e300", "float", "1.0e+300"),
            ("-0.10", "float", "-0.10"),
            ("5", "float", "5.0"),
            ("1e-7", "float", "1.0e-7"),
            ("OFF", "bool", "false"),
        ] {
            assert_eq!(filtered(Some(value.as_bytes()), pipeline).as_deref(), Ok(expected), "{value}");
        }
        for (value, pipeline) in
            [("5 ", "int"), ("x", "float"), ("inf", "float"), ("", "bool"), ("0x1", "int")]
        {
            assert!(filtered(Some(value.as_bytes()), pipeline).is_err(), "{value}");
        }
    }

    #[test]
    fn errors_never_hold_the_value() {
        for pipeline in ["b64decode", "int", "float", "bool", "indent('x')", "replace(1, 2)"] {
            let (filters, _) = parse(pipeline, 0).expect(pipeline);
            if let Err(error) = run(Some(b"c4nary!"), &filters) {
                assert!(!error.message.contains("c4nary"), "{error:?}");
            }
        }
    }

    #[test]
    fn unknown_filters_are_told_with_the_nearest() {
        for (pipeline, words) in [
            ("urlencod", "did you mean `urlencode`"),
            ("int | trim", "last"),
            ("default", "takes one argument, not 0"),
        ] {
            let (filters, _) = parse(pipeline, 0).expect(pipeline);
            assert!(check_filters(&filters)[0].1.contains(words), "{:?}", check_filters(&filters));
        }
    }
}
