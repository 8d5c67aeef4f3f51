//! `redeem secrets get` and `show`: what is known of a secret, and its values where they are asked for.

use std::io::{self, IsTerminal};

use jiff::Timestamp;
use redeem_host::paths::shown;
use redeem_host::vault::{Summary, VaultError, VaultSecret};
use redeem_host::{Name, Secret};
use serde_json::{Map, Value, json};

use super::Job;
use crate::args::secrets::{Get, Show};
use crate::exit::{Exit, Stop};
use crate::report::{columns, print, print_json};

pub(super) fn get(options: &Get, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    let summary = summary(&name, job)?;
    if !options.reveal {
        if options.json {
            print_json(&as_json(&summary))?;
        } else {
            print(columns(&rows(&summary, job)).as_bytes())?;
        }
        return Ok(Exit::Done);
    }
    let secret = job.secret(&name.secret)?;
    if options.json {
        let mut object = as_json(&summary);
        object.as_object_mut().into_iter().for_each(|object| reveal(object, &secret, name.key.as_deref()));
        print_json(&object)?;
    } else {
        let value = one(&secret, &name, &summary)?;
        print(value.expose())?;
        if io::stdout().is_terminal() {
            print(b"\n")?;
        }
    }
    warn_of_expiry(&summary, job);
    Ok(Exit::Done)
}

pub(super) fn show(options: &Show, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    let summary = summary(&name, job)?;
    let secret = if options.with_values { Some(values(&name.secret, job)?) } else { None };
    if options.json {
        let mut object = as_json(&summary);
        if let (Some(object), Some(secret)) = (object.as_object_mut(), &secret) {
            match secret {
                Some(secret) => reveal(object, secret, name.key.as_deref()),
                None => {
                    object.insert("available".to_owned(), false.into());
                }
            }
        }
        print_json(&object)?;
        return Ok(Exit::Done);
    }
    let mut rows = rows(&summary, job);
    let own = vec!["value".to_owned()];
    for key in summary.keys.as_ref().unwrap_or(&own) {
        if name.key.as_ref().is_some_and(|wanted| wanted != key) {
            continue;
        }
        let told = match &secret {
            None => "set".to_owned(),
            Some(None) => "unavailable".to_owned(),
            Some(Some(secret)) => {
                let value = if summary.keys.is_some() { secret.value(key) } else { secret.only() };
                value.map_or_else(|| "unavailable".to_owned(), displayed)
            }
        };
        let label = if summary.keys.is_some() { format!("values.{key}") } else { key.clone() };
        rows.push(vec![label, told]);
    }
    print(columns(&rows).as_bytes())?;
    if matches!(secret, Some(Some(_))) {
        warn_of_expiry(&summary, job);
    }
    Ok(Exit::Done)
}

/// The values, or none if no identity at hand reads them: then it is told who can.
fn values(name: &str, job: &Job<'_>) -> Result<Option<VaultSecret>, Stop> {
    match job.vault.get(name) {
        Ok(secret) => Ok(secret),
        Err(error @ VaultError::Unreadable { .. }) => {
            job.reporter.problem(&error.to_string(), error.help().as_deref());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is known of a secret; a key that was named has to be there.
fn summary(name: &Name, job: &Job<'_>) -> Result<Summary, Stop> {
    let summary = job.vault.summary(&name.secret)?.ok_or_else(|| job.unknown(&name.secret))?;
    if let Some(key) = &name.key {
        let keys = summary.keys.clone().unwrap_or_default();
        if !keys.contains(key) {
            return Err(VaultError::UnknownKey { name: name.secret.clone(), key: key.clone(), keys }.into());
        }
    }
    Ok(summary)
}

/// The one value that is meant.
fn one<'s>(secret: &'s VaultSecret, name: &Name, summary: &Summary) -> Result<&'s Secret, Stop> {
    let value = match &name.key {
        Some(key) => secret.value(key),
        None => secret.only(),
    };
    value.ok_or_else(|| {
        let keys = summary.keys.clone().unwrap_or_default();
        VaultError::BundleWithoutKey { name: name.secret.clone(), keys }.into()
    })
}

fn warn_of_expiry(summary: &Summary, job: &Job<'_>) {
    if let Some(expiry) = summary.expires_at.as_ref().filter(|expiry| expiry.is_past(Timestamp::now())) {
        job.reporter.note(&format!("warning: `{}` has expired: {expiry}", summary.name));
    }
}

fn rows(summary: &Summary, job: &Job<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row("name", summary.name.clone());
    row("scope", summary.scope.clone());
    if let Some(description) = &summary.description {
        row("description", plain(description));
    }
    row("visibility", summary.visibility.to_string());
    if let Some(keys) = &summary.keys {
        row("keys", keys.join(", "));
    }
    if let Some(expiry) = &summary.expires_at {
        let is_past = expiry.is_past(Timestamp::now());
        row("expires", format!("{expiry}{}", if is_past { " (expired)" } else { "" }));
    }
    let by = |at: &Option<String>, who: &Option<String>| {
        let who = who.as_ref().map_or_else(String::new, |who| format!(" by {who}"));
        at.as_ref().map(|at| format!("{at}{who}"))
    };
    by(&summary.created_at, &summary.created_by).into_iter().for_each(|text| row("created", text));
    by(&summary.updated_at, &summary.updated_by).into_iter().for_each(|text| row("updated", text));
    row("version", summary.version.to_string());
    row("readers", summary.readers.join(", "));
    if let Some(until) = &summary.previous_until {
        row("previous", format!("kept until {until}"));
    }
    for (key, value) in &summary.metadata {
        row(&format!("metadata.{key}"), plain(value));
    }
    row("file", shown(&job.vault.path(&summary.name)).to_string());
    rows
}

/// Everything but values, for machines.
pub(super) fn as_json(summary: &Summary) -> Value {
    json!({
        "name": summary.name,
        "scope": summary.scope,
        "description": summary.description,
        "visibility": summary.visibility.name(),
        "keys": summary.keys,
        "metadata": summary.metadata,
        "created_at": summary.created_at,
        "created_by": summary.created_by,
        "updated_at": summary.updated_at,
        "updated_by": summary.updated_by,
        "expires_at": summary.expires_at.as_ref().map(ToString::to_string),
        "expired": summary.expires_at.as_ref().is_some_and(|expiry| expiry.is_past(Timestamp::now())),
        "version": summary.version,
        "previous_until": summary.previous_until,
        "readers": summary.readers,
        "recipients": summary.recipients,
    })
}

/// Adds `value`, or `values` with those of a bundle, or of the one key that was named.
fn reveal(object: &mut Map<String, Value>, secret: &VaultSecret, key: Option<&str>) {
    let text = |value: &Secret| Value::from(String::from_utf8_lossy(value.expose()).into_owned());
    let wanted = secret.values().filter(|(own, _)| key.is_none() || *own == key);
    let mut values = Map::new();
    for (own, value) in wanted {
        match own {
            Some(own) => {
                values.insert(own.to_owned(), text(value));
            }
            None => {
                object.insert("value".to_owned(), text(value));
            }
        }
    }
    if !values.is_empty() {
        object.insert("values".to_owned(), values.into());
    }
}

/// A value on one line: one with line breaks or with what a terminal obeys is shown as a JSON string.
fn displayed(value: &Secret) -> String {
    plain(&String::from_utf8_lossy(value.expose()))
}

pub(super) fn plain(text: &str) -> String {
    if text.contains(char::is_control) { Value::from(text).to_string() } else { text.to_owned() }
}
