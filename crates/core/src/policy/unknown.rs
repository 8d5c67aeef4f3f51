//! What is told of a name that leads to no value.

use std::borrow::Cow;

use redeem_syntax::diagnostic::Fix;
use redeem_syntax::{Code, Diagnostic, Place, Reference, Severity, Source};

use super::{Knowledge, is_guess};
use crate::suggest::{near, nearest, only_near};
use crate::template::spelled;
use crate::{Answers, Failure};

/// What to do with a name that no store has.
const STORE: &str = "store it";

/// The same where a store is known by its lock.
const STORE_AND_LOCK: &str = "store it and run `redeem lock`";

/// No backend has it.
///
/// With `must_be_locked` a name that is almost none that is known is one that the lock does not have yet.
pub(super) fn nowhere(
    source: &Source,
    reference: &Reference,
    knowledge: &dyn Knowledge,
    must_be_locked: bool,
) -> Diagnostic {
    let names = knowledge.names().iter().map(String::as_str);
    let is_near = || nearest(&reference.name.to_string(), names.clone()).is_some();
    if must_be_locked && knowledge.is_locked() && !is_guess(reference) && !is_near() {
        let message = format!("`{}` is not in redeem.lock, and no other backend has it", reference.name);
        return Diagnostic::new(Code::StaleLock, message)
            .at(source, reference.name_span.clone(), "not locked")
            .with_help("run `redeem lock`, which tells if no backend has it");
    }
    let store = if knowledge.is_locked() { STORE_AND_LOCK } else { STORE };
    let told = not_there(source, reference, names, &knowledge.asked(), store);
    if is_guess(reference) { guessed(told, reference) } else { told }
}

/// No backend surely has it, and these may.
///
/// A name that is almost one that is known is a misspelling, whatever the others may hold.
pub(super) fn perhaps(
    source: &Source,
    reference: &Reference,
    knowledge: &dyn Knowledge,
    backends: &[String],
) -> Diagnostic {
    let names = || knowledge.names().iter().map(String::as_str);
    if nearest(&reference.name.to_string(), names()).is_some() {
        return nowhere(source, reference, knowledge, false);
    }
    let (name, backends) = (&reference.name, backends.join("`, `"));
    let told = Diagnostic::new(
        Code::UnknownSecret,
        format!("`{name}` is not known, and only `{backends}` may have it when a render asks"),
    )
    .at(source, reference.name_span.clone(), "not known here")
    .with_severity(Severity::Warning);
    if is_guess(reference) {
        return guessed(told, reference);
    }
    told.with_help("store it, or list what the backend may hold with `names = […]` in redeem.toml".to_owned())
}

/// A backend has it, and it cannot be used as the reference names it.
pub(super) fn failed(
    source: &Source,
    reference: &Reference,
    knowledge: &dyn Knowledge,
    failure: &Failure,
) -> Diagnostic {
    let message = format!("backend `{}`: {}", failure.backend, failure.message);
    let mut told = Diagnostic::new(failure.code, message).at(source, reference.span.clone(), "");
    told.help.clone_from(&failure.help);
    let own = format!("{}.", reference.name.secret);
    let mut keys = knowledge.names().iter().map(String::as_str).filter(|name| name.starts_with(&own));
    let meant = match failure.code {
        Code::UnknownKey => only_near(&reference.name.to_string(), keys),
        // A bundle with a single key leaves no choice.
        Code::BundleWithoutKey => keys.next().filter(|_| keys.next().is_none()),
        _ => None,
    };
    if let Some(name) = meant {
        told = with_name(told, reference, name);
    }
    if is_guess(reference) { told.with_severity(Severity::Warning) } else { told }
}

/// Names the secret that was probably meant by a text that is no name.
pub fn with_near_name(told: &mut Diagnostic, knowledge: &dyn Knowledge) {
    let (Some(source), Some(label)) = (&told.source, &told.label) else { return };
    let written = source.slice(&label.span);
    let names = knowledge.names().iter().map(String::as_str);
    // What an edit may put there has to be a name in each dialect.
    let is_plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let Some(near) = only_near(&written.replace(' ', "_"), names).filter(is_plain) else { return };
    let help = told.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    told.help = Some(format!("did you mean `{near}`?{help}"));
    if told.fixes.is_empty() {
        told.fixes.push(Fix { span: label.span.clone(), replacement: near.to_owned(), safe: false });
    }
}

/// A render asked for it, and no backend has it.
pub(crate) fn not_found(source: &Source, reference: &Reference, answers: &Answers) -> Diagnostic {
    not_there(source, reference, answers.known(), answers.backends(), STORE)
}

fn not_there<'n>(
    source: &Source,
    reference: &Reference,
    names: impl Iterator<Item = &'n str>,
    asked: &[String],
    store: &str,
) -> Diagnostic {
    let name = reference.name.to_string();
    let asked = match asked {
        [] => "no backend is configured".to_owned(),
        backends => format!("asked: {}", backends.join(", ")),
    };
    let told = Diagnostic::new(Code::UnknownSecret, format!("there is no secret `{name}`")).at(
        source,
        reference.name_span.clone(),
        "not found",
    );
    if let Some((near, is_only)) = near(&name, names) {
        let told = told.with_help(format!("did you mean `{}`? ({asked})", written(reference, near)));
        return if is_only { with_name(told, reference, near) } else { told };
    }
    let optional = match (&reference.place, &*reference.dialect) {
        (Place::Python(_), _) => format!(", or make it optional with `secrets.get('{name}', '…')`"),
        (_, "env") => format!(", or make it optional with `${{{name}:-…}}`"),
        // These are a name and nothing else.
        (_, "secret-uri" | "julep-legacy" | "tag" | "from-secret" | "by-name") => String::new(),
        _ => ", or make it optional with `| default('…')`".to_owned(),
    };
    told.with_help(format!("{store}{optional} ({asked})"))
}

/// What is told where only the key says that a secret is meant.
fn guessed(told: Diagnostic, reference: &Reference) -> Diagnostic {
    let help = told.help.clone().map_or_else(String::new, |help| format!("{help}; "));
    let told = told.with_severity(Severity::Warning);
    debug_assert_eq!(reference.dialect, "by-name");
    told.with_help(format!(
        "{help}if this key names no secret, say `dialects = [\"-by-name\"]` for the file in redeem.toml"
    ))
}

/// Offers another name in place of the reference's own.
///
/// It is safe where the two differ in nothing but case and signs; else somebody should look.
fn with_name(told: Diagnostic, reference: &Reference, name: &str) -> Diagnostic {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if matches!(&*reference.dialect, "expression" | "julep-legacy" | "github" | "env") && !is_word {
        return told;
    }
    let letters = |text: &str| -> String {
        text.chars().filter(|c| !"-_".contains(*c)).flat_map(char::to_lowercase).collect()
    };
    let is_template = matches!(reference.place, Place::Template { .. });
    let span = if is_template { &reference.span } else { &reference.name_span }.clone();
    let written = written(reference, name);
    if letters(name) == letters(&reference.name.to_string()) {
        told.with_fix(span, written)
    } else {
        told.with_unsafe_fix(span, written)
    }
}

/// What to write in place of a reference's name; in place of all of it in a template.
fn written<'n>(reference: &Reference, name: &'n str) -> Cow<'n, str> {
    match reference.place {
        Place::Template { .. } => spelled(name).into(),
        _ => name.into(),
    }
}
