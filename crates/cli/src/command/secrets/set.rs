//! `redeem secrets set`: creates or changes a value, or keys of a bundle.

use redeem_host::vault::{Content, Update, VaultError, check_key, check_name};
use redeem_host::{Name, Secret};

use super::{Job, input};
use crate::args::secrets::Set;
use crate::exit::{Exit, Stop};
use crate::report::Reporter;
use crate::terminal;

/// What is told each time a value comes as an argument.
const WARNING: &str = "warning: a value as an argument stays in your shell's history, and others can see it in the list of processes: leave out `=VALUE` to be asked, or write `KEY=-` and pipe it in";

/// A key of a bundle, and where its value comes from.
pub(super) enum Assignment {
    Given(String, Secret),
    Asked(String),
    Piped(String),
}

pub(super) fn run(options: &Set, job: &Job<'_>) -> Result<Exit, Stop> {
    let (name, assignments) = words(options)?;
    check_name(&name.secret).map_err(VaultError::from)?;
    let is_new = job.vault.summary(&name.secret)?.is_none();
    let beside = &options.beside;
    // Beside a value that is there something else may be changed, without the value.
    let may_stay = !is_new && assignments.is_empty() && !options.value.is_given() && beside.is_given();
    let content = if may_stay && terminal::is_there() {
        None
    } else if may_stay {
        input::piped_if_any(&name.to_string(), options.value.raw)?.map(|value| single(&name, value))
    } else {
        Some(content(options, &name, assignments, is_new, job)?)
    };
    let update = Update {
        content,
        scope: beside.scope.clone(),
        description: beside.description.clone(),
        visibility: beside.visibility(),
        metadata: beside.pairs()?.into_iter().map(|(key, value)| (key, Some(value))).collect(),
        expires_at: match beside.expires_at.as_deref() {
            None => None,
            Some("never" | "") => Some(None),
            Some(day) => Some(Some(super::expiry(day)?)),
        },
    };
    let written = job.vault.set(&name.secret, update)?;
    job.written(&written, options.json, if written.is_new { "made" } else { "changed" })
}

/// The name, and the keys that are set.
pub(super) fn words(options: &Set) -> Result<(Name, Vec<Assignment>), Stop> {
    let mut words = options.named.words.iter();
    let named = options.named.name.as_ref().or_else(|| words.next());
    let name = Name::split(named.ok_or_else(|| Stop::plain("which secret? name it"))?);
    let assignments = options
        .assign
        .iter()
        .map(|text| assignment(text, true))
        .chain(words.map(|text| assignment(text.trim_start_matches("--"), false)))
        .collect::<Result<Vec<_>, Stop>>()?;
    Ok((name, assignments))
}

/// The new value, or the keys that are new or changed.
fn content(
    options: &Set,
    name: &Name,
    assignments: Vec<Assignment>,
    is_new: bool,
    job: &Job<'_>,
) -> Result<Content, Stop> {
    if assignments.is_empty() {
        let value = options.value.value(&name.to_string(), is_new, job.reporter)?;
        return Ok(single(name, value));
    }
    keys(options, name, assignments, is_new, job.reporter).map(Content::Bundle)
}

/// One value: a secret's own, or that of one key.
fn single(name: &Name, value: Secret) -> Content {
    match &name.key {
        Some(key) => Content::Bundle(vec![(key.clone(), value)]),
        None => Content::Value(value),
    }
}

/// The keys with their values, each from where it comes.
pub(super) fn keys(
    options: &Set,
    name: &Name,
    assignments: Vec<Assignment>,
    is_new: bool,
    reporter: &Reporter,
) -> Result<Vec<(String, Secret)>, Stop> {
    if name.key.is_some() || options.value.is_given() {
        return Err(Stop::plain("a value for one key, and keys with values: say one or the other"));
    }
    if assignments.iter().filter(|one| matches!(one, Assignment::Piped(_))).count() > 1 {
        return Err(Stop::usage(
            "standard input can give a value to one key only",
            "run the command once for each, or ask for the others with --KEY",
        ));
    }
    if assignments.iter().any(|one| matches!(one, Assignment::Given(..))) {
        reporter.note(WARNING);
    }
    let mut keys: Vec<(String, Secret)> = Vec::new();
    for assignment in assignments {
        let (key, value) = match assignment {
            Assignment::Given(key, value) => (key, value),
            Assignment::Asked(key) => {
                let value = input::asked(&format!("{}.{key}", name.secret), is_new)?;
                (key, value)
            }
            Assignment::Piped(key) => {
                let value = input::piped(&format!("{}.{key}", name.secret), options.value.raw)?;
                (key, value)
            }
        };
        if keys.iter().any(|(known, _)| *known == key) {
            return Err(Stop::plain(format!("the key `{key}` is there twice")));
        }
        keys.push((key, value));
    }
    Ok(keys)
}

/// Reads `KEY=VALUE`, `KEY=-`, or, behind dashes, `KEY` alone. What is wrong is told without the text: it may hold a value.
fn assignment(text: &str, may_be_alone: bool) -> Result<Assignment, Stop> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (text, None),
    };
    if value.is_none() && !may_be_alone {
        return Err(Stop::usage(
            "one name was expected, and behind it --KEY, --KEY=VALUE or KEY=-",
            "the value of a secret without keys is asked for, piped in, or read with --from-file",
        ));
    }
    check_key(key).map_err(|error| match value {
        None => VaultError::from(error).into(),
        Some(_) => Stop::plain("what stands before the `=` is no key: letters, digits, `_`, `-` and `.`"),
    })?;
    let key = key.to_owned();
    Ok(match value {
        None => Assignment::Asked(key),
        Some("-") => Assignment::Piped(key),
        Some(value) => Assignment::Given(key, Secret::from(value)),
    })
}
