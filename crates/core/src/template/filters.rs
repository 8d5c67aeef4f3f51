//! The filters of templates: those of references, and the engine's, on values that marks stand for.

use std::sync::LazyLock;

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, UndefinedBehavior};
use zeroize::Zeroizing;

use super::engine::{TOO_LARGE, own_value};
use super::known;
use super::marks::{LARGEST, Sheet};
use crate::filter::{self, WIDEST_INDENT, bare, invalid, json_string};

/// The definitions, which see values and never marks.
static DEFINITIONS: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut definitions = Environment::new();
    definitions.set_undefined_behavior(UndefinedBehavior::Strict);
    filter::install(&mut definitions);
    for name in ["int", "float", "bool"] {
        definitions.add_filter(name, move |value: Value| typed(name, &value));
    }
    definitions
});

/// Adds every filter that templates may name, and takes the others away.
pub(super) fn install(engine: &mut Environment<'_>, sheet: &Sheet) {
    for name in ["pprint", "escape", "e", "format", "batch"] {
        engine.remove_filter(name);
    }
    for name in known::filters() {
        let sheet = sheet.clone();
        engine.add_filter(name, move |arguments: Rest<ValueOrKwargs>| {
            run(name, arguments.into_values(), &sheet)
        });
    }
}

fn run(name: &str, mut arguments: Vec<Value>, sheet: &Sheet) -> Result<Value, Error> {
    let is_default = matches!(name, "default" | "d");
    // What is not there stays so, up to a `default` further on.
    if !is_default && arguments.first().is_some_and(Value::is_undefined) {
        return Ok(Value::UNDEFINED);
    }
    // Text that was laid out keeps its marks where a filter moves it as a whole.
    let is_layout = matches!(name, "default" | "d" | "safe" | "trim" | "indent");
    for argument in &mut arguments {
        if let Some(own) = own_value(argument) {
            *argument = own;
        }
        let is_laid_out = argument.is_safe() && is_layout;
        if !is_laid_out
            && let Some(text) = argument.as_str()
            && let Some(opened) = sheet.marks().open(text)
        {
            *argument = Value::from(opened.as_str());
        }
    }
    let takes_bytes = is_default || matches!(name, "base64" | "sha256");
    if !takes_bytes && arguments.first().is_some_and(|value| value.kind() == ValueKind::Bytes) {
        return Err(invalid("the value is not UTF-8 text; add `| base64` to write it as text"));
    }
    match name {
        "safe" => sheet.marks().has_raw = true,
        "float" => {
            let text = arguments.first().and_then(Value::as_str);
            if let Some(spelling) = text.and_then(filter::float)
                && let Ok(number) = spelling.parse::<f64>()
            {
                sheet.marks().spellings.insert(number.to_bits(), spelling);
            }
        }
        "indent" => {
            let is_wide =
                |value: &Value| value.as_i64().is_some_and(|width| !(0..=WIDEST_INDENT).contains(&width));
            if arguments.iter().skip(1).any(is_wide)
                || keyword(&arguments, "width").is_some_and(|v| is_wide(&v))
            {
                return Err(invalid(format!("`indent` takes a width of 0 to {WIDEST_INDENT}")));
            }
        }
        _ => {}
    }
    if longest(name, &arguments) > LARGEST {
        return Err(invalid(TOO_LARGE));
    }
    let applied = match (name, arguments.as_slice()) {
        // Text deep in a list or a table may have marks in it, and a value has to be escaped with what is around it.
        ("json", [value]) => {
            let mut out = String::new();
            json(value, &|text| sheet.marks().open(text), &mut out).map(|()| Value::from(out))
        }
        _ => DEFINITIONS.empty_state().apply_filter(name, &arguments),
    };
    if applied.is_err() && sheet.marks().is_fake {
        return Ok(match name {
            "int" => Value::from(0),
            "float" => Value::from(0.0),
            "bool" => Value::from(false),
            _ => arguments.swap_remove(0),
        });
    }
    applied
}

/// How long a text may become in filters that write their arguments often, in bytes.
fn longest(name: &str, arguments: &[Value]) -> usize {
    let length = |index: usize| arguments.get(index).and_then(Value::as_str).map_or(0, str::len);
    let text = || arguments.first().and_then(Value::as_str).unwrap_or_default();
    match name {
        "join" => arguments.first().and_then(Value::len).unwrap_or(0).saturating_mul(length(1)),
        "replace" => (length(0) / length(1).max(1) + 1).saturating_mul(length(2)),
        "indent" => {
            let width = arguments.get(1).cloned().filter(|width| !width.is_kwargs());
            let width = width.or_else(|| keyword(arguments, "width")).and_then(|width| width.as_usize());
            (text().matches('\n').count() + 1).saturating_mul(width.unwrap_or(4))
        }
        _ => 0,
    }
}

fn keyword(arguments: &[Value], name: &str) -> Option<Value> {
    let last = arguments.last().filter(|last| last.is_kwargs())?;
    last.get_attr(name).ok().filter(|value| !value.is_undefined())
}

/// `int`, `float` and `bool`: text is read as in references, a number is turned into the other kind.
fn typed(name: &str, value: &Value) -> Result<Value, Error> {
    let text = match value.kind() {
        ValueKind::Bool if name == "bool" => return Ok(value.clone()),
        ValueKind::Number if name == "float" => {
            return f64::try_from(value.clone()).map(Value::from);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the fraction is what `int` drops")]
        ValueKind::Number if name == "int" && !value.is_integer() => {
            return f64::try_from(value.clone()).map(|number| Value::from(number as i64));
        }
        ValueKind::Bool | ValueKind::Number | ValueKind::String => value.to_string(),
        _ => return Err(invalid("only text and numbers become numbers")),
    };
    let written = bare(name, &text).map_err(|error| invalid(error.message))?;
    Ok(match name {
        "int" => Value::from(written.parse::<i64>().unwrap_or_default()),
        "float" => Value::from(written.parse::<f64>().unwrap_or_default()),
        _ => Value::from(written == "true"),
    })
}

/// What gives a text with marks the values in their places; none if it has no mark.
type Open<'a> = dyn Fn(&str) -> Option<Zeroizing<String>> + 'a;

/// Writes a value as JSON: lists and tables too.
fn json(value: &Value, open: &Open<'_>, out: &mut String) -> Result<(), Error> {
    let written = |text: &str| open(text).map_or_else(|| json_string(text), |opened| json_string(&opened));
    let own = own_value(value);
    let value = own.as_ref().unwrap_or(value);
    match value.kind() {
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::None => out.push_str("null"),
        ValueKind::Number => {
            let text = value.to_string();
            let written = if value.is_integer() { Some(text) } else { filter::float(&text) };
            out.push_str(&written.ok_or_else(|| invalid("this number is not finite"))?);
        }
        ValueKind::String => out.push_str(&written(value.as_str().unwrap_or_default())),
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (position, item) in value.try_iter()?.enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                json(&item, open, out)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            out.push('{');
            for (position, key) in value.try_iter()?.enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                out.push_str(&written(&key.to_string()));
                out.push_str(": ");
                json(&value.get_item(&key)?, open, out)?;
            }
            out.push('}');
        }
        _ => return Err(invalid("this has no spelling as JSON")),
    }
    Ok(())
}
