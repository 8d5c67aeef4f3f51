//! The engine that runs templates: what they see, how far they may go, and how their output is written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use redeem_syntax::Name;
use zeroize::Zeroizing;

use super::marks::{LARGEST, Sheet};
use super::{Variable, Variables, filters, paths};
use crate::answers::{Answer, Answers};
use crate::filter::{float, from_bytes, invalid};

/// How many steps a template may take: enough for a loop over each of a hundred thousand things.
const FUEL: u64 = 5_000_000;

/// However long its texts are, a template may take this many.
const LEAST_FUEL: u64 = 10_000;

/// A loop takes no fewer steps each time it writes something.
const STEPS_OF_A_ROUND: u64 = 3;

/// How templates are read: as Jinja does by default, but a final line break stays.
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap_or_default()
}

/// An engine that knows no template yet and writes to `sheet`.
///
/// Nobody counts what goes into a variable, so the longer the text that can, the fewer steps there are.
pub(super) fn environment<'s>(sheet: &Sheet, longest_captured: usize) -> Environment<'s> {
    let mut engine = Environment::new();
    engine.set_syntax(syntax());
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    let rounds = LARGEST / longest_captured.max(1);
    let steps = (rounds as u64).saturating_mul(STEPS_OF_A_ROUND).clamp(LEAST_FUEL, FUEL);
    engine.set_fuel(Some(steps));
    // With an escape of some kind the engine tells captured text, which is laid out already, from values.
    engine.set_auto_escape_callback(|_| AutoEscape::Custom(Cow::Borrowed("format")));
    engine.set_path_join_callback(|name, parent| {
        paths::join(parent, name).map_or(Cow::Borrowed(name), Cow::Owned)
    });
    // It shows every variable.
    engine.remove_global("debug");
    filters::install(&mut engine, sheet);
    let sheet = sheet.clone();
    engine.set_formatter(move |out, _: &mut State<'_, '_>, value| write(&sheet, out, value));
    engine
}

/// Shows templates the secrets they use and the variables.
pub(super) fn show<'n>(
    engine: &mut Environment<'_>,
    names: impl Iterator<Item = &'n Name>,
    answers: &Answers,
    variables: &Variables,
) {
    let known = names.map(|name| {
        let value = match answers.of(name) {
            Answer::Found(secret) => Some(from_bytes(secret.expose())),
            Answer::Missing | Answer::Failed(_) => None,
        };
        (name.to_string(), value)
    });
    let secrets = Secrets { prefix: String::new(), known: Arc::new(known.collect()) };
    engine.add_global("secrets", Value::from_object(secrets));
    engine.add_global("vars", table(&variables.vars));
    let env = variables.env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    engine.add_global("env", Value::from(env.collect::<BTreeMap<_, _>>()));
}

fn table(variables: &BTreeMap<String, Variable>) -> Value {
    let seen = variables.iter().map(|(name, variable)| (name.clone(), seen(variable)));
    Value::from(seen.collect::<BTreeMap<_, _>>())
}

fn seen(variable: &Variable) -> Value {
    match variable {
        Variable::Text(text) => Value::from(text.as_str()),
        Variable::Integer(number) => Value::from(*number),
        Variable::Float(number) => Value::from(*number),
        Variable::Boolean(truth) => Value::from(*truth),
        Variable::List(items) => Value::from(items.iter().map(seen).collect::<Vec<_>>()),
        Variable::Table(items) => table(items),
    }
}

/// `secrets`, or what is behind a name that others go on from: `secrets.creds` where `secrets.creds.KEY` is used.
struct Secrets {
    prefix: String,
    /// Every name that the template uses.
    known: Arc<BTreeMap<String, Option<Value>>>,
}

impl Secrets {
    /// The value that has exactly this name.
    fn value(&self) -> Option<&Value> {
        self.known.get(&self.prefix)?.as_ref()
    }
}

impl Object for Secrets {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let path = if self.prefix.is_empty() { key.to_owned() } else { format!("{}.{key}", self.prefix) };
        let below = format!("{path}.");
        let leads_on =
            self.known.range(below.clone()..).next().is_some_and(|(name, _)| name.starts_with(&below));
        if leads_on {
            return Some(Value::from_object(Self { prefix: path, known: Arc::clone(&self.known) }));
        }
        self.known.get(&path)?.clone()
    }

    /// Only a concatenation asks for this; no message of the engine is ever shown.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => fmt::Display::fmt(value, f),
            None => f.write_str("secrets"),
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(redacted)")
    }
}

/// What a value is in an expression: a name that others go on from may have a value of its own.
pub(super) fn own_value(value: &Value) -> Option<Value> {
    value.downcast_object_ref::<Secrets>()?.value().cloned()
}

/// Writes what `{{ … }}` says: a mark for text, numbers and truth values as they are.
fn write(sheet: &Sheet, out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    let call = {
        let mut marks = sheet.marks();
        let call = marks.calls;
        marks.calls += 1;
        if marks.fails_at == Some(call) {
            return Err(invalid("here"));
        }
        marks.is_top = false;
        call
    };
    // Nothing is written, but whoever takes the output notes that it was called.
    out.write_str("")?;
    let own = own_value(value);
    let value = own.as_ref().unwrap_or(value);
    let mut marks = sheet.marks();
    if marks.is_top {
        marks.emits(call);
    }
    let written = match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Bool => if value.is_true() { "true" } else { "false" }.to_owned(),
        ValueKind::Number => {
            marks.has_raw = true;
            number(value, &marks.spellings)?
        }
        ValueKind::String if value.as_str().is_some_and(|text| marks.is_cut(text)) => {
            return Err(invalid("text with values in it was cut into pieces; cut the value itself"));
        }
        ValueKind::String if value.is_safe() => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            let text = marks.open(text).unwrap_or_else(|| Zeroizing::new(text.to_owned()));
            if !marks.may_write(text.len()) {
                return Err(invalid(TOO_LARGE));
            }
            marks.seal(text, call)
        }
        ValueKind::Bytes => {
            return Err(invalid("the value is not UTF-8 text; add `| base64` to write it as text"));
        }
        ValueKind::None => return Err(invalid("this is none, which has no text; give it one with `or '…'`")),
        ValueKind::Seq | ValueKind::Iterable => {
            return Err(invalid("this is a list; go through it with `for`, or write `| json | safe`"));
        }
        ValueKind::Map => {
            return Err(invalid("this is a table; name one of its keys, or write `| json | safe`"));
        }
        _ => return Err(invalid("this has no text")),
    };
    if !marks.may_write(written.len()) {
        return Err(invalid(TOO_LARGE));
    }
    drop(marks);
    Ok(out.write_str(&written)?)
}

pub(super) const TOO_LARGE: &str = "the template writes more than 256 MiB";

fn number(value: &Value, spellings: &BTreeMap<u64, String>) -> Result<String, Error> {
    let text = value.to_string();
    if value.is_integer() {
        return Ok(text);
    }
    let bits = f64::try_from(value.clone()).map_or(0, f64::to_bits);
    if let Some(spelling) = spellings.get(&bits) {
        return Ok(spelling.clone());
    }
    float(&text).ok_or_else(|| invalid("this number is not finite"))
}
