//! `redeem secrets import` and `export`: files of other kinds, in and out.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::path::Path;

use jiff::Timestamp;
use redeem_host::export::{self, ExportError, Layout, Outgoing};
use redeem_host::identity::Recipient;
use redeem_host::import::{self, Exchange, ImportError, Item, Naming};
use redeem_host::paths::shown;
use redeem_host::sops::Store;
use redeem_host::vault::{
    Content, Draft, Role, Update, Vault, VaultError, Visibility, check_key, check_name,
};
use redeem_host::write::{ModeRule, Outputs};
use serde_json::Value;

use super::super::counted;
use super::{Job, as_json, input};
use crate::args::secrets::{Export, Import};
use crate::exit::{Exit, Stop, told};
use crate::report::{print, print_json};

pub(super) fn import(options: &Import, job: &Job<'_>) -> Result<Exit, Stop> {
    let naming = Naming { bundle: options.bundle.clone(), is_flat: options.flat, is_kebab: options.kebab };
    let kind = options.format.map(Exchange::from);
    let incoming = if options.file == Path::new("-") {
        let bytes = input::standard_input(import::LARGEST)?;
        let path = || "<stdin>".to_owned();
        if bytes.len() as u64 > import::LARGEST {
            return Err(ImportError::TooLarge { path: path() }.into());
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| ImportError::NotText { path: path() })?;
        import::read_text(&path(), "", text, kind, &naming, job.identities)?
    } else {
        import::read(&options.file, kind, &naming, job.identities)?
    };
    let (expires_at, metadata) = (options.beside.expiry()?, options.beside.pairs()?);
    check(&incoming.items, options.overwrite, job)?;
    let mut done = Vec::new();
    for item in incoming.items {
        let is_there = job.vault.summary(&item.name)?.is_some();
        let beside = &options.beside;
        let written = if is_there {
            let update = Update {
                content: Some(item.content),
                scope: beside.scope.clone(),
                description: beside.description.clone(),
                visibility: beside.visibility(),
                metadata: metadata.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect(),
                expires_at: expires_at.clone().map(Some),
            };
            job.vault.set(&item.name, update)?
        } else {
            let draft = Draft {
                scope: beside.scope.clone(),
                description: beside.description.clone(),
                visibility: beside.visibility(),
                metadata: metadata.clone(),
                expires_at: expires_at.clone(),
                ..Draft::of(item.content)
            };
            job.vault.create_secret(&item.name, draft)?
        };
        if !options.json {
            job.written(&written, false, if written.is_new { "made" } else { "changed" })?;
        }
        done.push(as_json(&written, job.vault));
    }
    incoming.notes.iter().for_each(|note| job.reporter.note(&format!("note: {note}")));
    let count = counted(done.len(), "secret");
    if options.json {
        print_json(&Value::Array(done))?;
    }
    job.reporter.note(&format!("imported {count} from {}", shown(&options.file)));
    if incoming.is_plain && options.file != Path::new("-") {
        job.reporter
            .note("that file still holds the values in the clear: delete it, and rotate what was shared");
    }
    Ok(Exit::Done)
}

/// Nothing is written if one of the names cannot be.
fn check(items: &[Item], may_overwrite: bool, job: &Job<'_>) -> Result<(), Stop> {
    may_write(job)?;
    let mut taken = Vec::new();
    let mut known: HashMap<String, String> =
        job.vault.names()?.into_iter().map(|name| (name.to_lowercase(), name)).collect();
    for item in items {
        check_name(&item.name).map_err(VaultError::from)?;
        // A file system may take two such names for one, and what is imported is not there yet.
        let other = known.entry(item.name.to_lowercase()).or_insert_with(|| item.name.clone());
        if *other != item.name {
            return Err(VaultError::CaseCollision { name: item.name.clone(), other: other.clone() }.into());
        }
        let (keys, values): (Vec<_>, Vec<_>) = match &item.content {
            Content::Value(value) => (Vec::new(), vec![(item.name.clone(), value)]),
            Content::Bundle(keys) => {
                let named = keys.iter().map(|(key, value)| (format!("{}.{key}", item.name), value));
                (keys.iter().map(|(key, _)| key).collect(), named.collect())
            }
        };
        keys.into_iter().try_for_each(|key| check_key(key)).map_err(VaultError::from)?;
        for (name, value) in values {
            if std::str::from_utf8(value.expose()).is_err() {
                return Err(Stop::usage(
                    format!("the value for `{name}` is no UTF-8 text"),
                    "store its base64, and write `| b64decode` behind the name where text is wanted",
                ));
            }
        }
        if let Some(summary) = job.vault.summary(&item.name)? {
            taken.push(item.name.as_str());
            if may_overwrite {
                fits(item, summary.keys, job)?;
            }
        }
    }
    if taken.is_empty() || may_overwrite {
        return Ok(());
    }
    Err(Stop::usage(
        format!("there already: {}", taken.join(", ")),
        "nothing was imported; say `--overwrite` to change them",
    ))
}

/// Refuses whoever may write nothing at all, before the first secret is written.
fn may_write(job: &Job<'_>) -> Result<(), Stop> {
    let Some(me) = job.vault.me().filter(|me| me.role == Role::Ci) else { return Ok(()) };
    let writers = job.vault.members().iter().filter(|member| member.role != Role::Ci);
    let writers: Vec<&str> = writers.map(|member| member.name.as_str()).collect();
    Err(Stop::usage(
        format!("{} is a ci member of this vault and may not write secrets", me.name),
        format!("ask one of: {}", writers.join(", ")),
    ))
}

/// Refuses values that have no place in the secret that is there, or one that this member cannot read.
fn fits(item: &Item, keys: Option<Vec<String>>, job: &Job<'_>) -> Result<(), Stop> {
    let name = item.name.clone();
    match (&item.content, keys) {
        (Content::Value(_), Some(keys)) => Err(VaultError::BundleWithoutKey { name, keys }.into()),
        (Content::Bundle(values), None) => {
            let key = values.first().map(|(key, _)| key.clone()).unwrap_or_default();
            Err(VaultError::UnknownKey { name, key, keys: Vec::new() }.into())
        }
        _ => job.secret(&name).map(|_| ()),
    }
}

pub(super) fn export(options: &Export, job: &Job<'_>) -> Result<Exit, Stop> {
    let output = options.output.as_deref().filter(|path| *path != Path::new("-"));
    let file_name = output.and_then(Path::file_name).and_then(|name| name.to_str());
    let by_name = || file_name.and_then(Exchange::of_file_name);
    let kind = options.format.map(Exchange::from).or_else(by_name).ok_or_else(|| {
        Stop::usage("how should they be written?", "say `--format dotenv`, `json`, `sops` or `kubernetes`")
    })?;
    if output.is_none() && kind != Exchange::Sops && io::stdout().is_terminal() && !options.reveal {
        return Err(Stop::usage(
            "values are not printed on a terminal unless asked",
            "write to a file with `-o FILE`, or say `--reveal`",
        ));
    }
    if output.is_some_and(Vault::holds) {
        return Err(in_a_vault("an export has no place there"));
    }
    if let Some(bundle) = &options.bundle {
        check_name(bundle).map_err(VaultError::from)?;
    }
    let items = items(options, job)?;
    let is_json = file_name.and_then(Exchange::of_file_name) == Some(Exchange::Json);
    let layout = Layout { bundle: options.bundle.clone(), is_json };
    let outgoing = match kind {
        Exchange::Sops => sealed(&items, &layout, file_name, options, job)?,
        kind => export::write(&items, kind, &layout)?,
    };
    outgoing.notes.iter().for_each(|note| job.reporter.note(&format!("note: {note}")));
    let count = counted(items.len(), "secret");
    let Some(path) = output else {
        print(outgoing.text.as_bytes())?;
        return Ok(Exit::Done);
    };
    let (outputs, name) = Outputs::beside(path)?;
    outputs.prepare(name, outgoing.text.as_bytes(), ModeRule::default())?;
    outputs.commit()?;
    job.reporter.note(&format!("exported {count} to {}", shown(path)));
    if kind != Exchange::Sops {
        let how = if kind == Exchange::Kubernetes { "base64 hides nothing" } else { "values in the clear" };
        job.reporter
            .note(&format!("warning: {}: {how}, readable by you alone; keep it out of git", shown(path)));
    }
    Ok(Exit::Done)
}

/// Nothing but the vault writes into a vault's folder.
pub(super) fn in_a_vault(why: &str) -> Stop {
    Stop::usage(format!("this file is in a vault's folder: {why}"), "name a file elsewhere")
}

/// A SOPS file for the recipients that were named, or the members.
fn sealed(
    items: &[Item],
    layout: &Layout,
    file_name: Option<&str>,
    options: &Export,
    job: &Job<'_>,
) -> Result<Outgoing, Stop> {
    let store = file_name.map_or(Store::Yaml, Store::of_file_name);
    if matches!(store, Store::Ini | Store::Binary) {
        return Err(Stop::usage(
            "this name is none of a SOPS file that holds several values",
            "end it in .yaml, .json or .env",
        ));
    }
    let members = job.vault.members().iter().map(|member| member.recipient.as_str());
    let named = options.recipient.iter().map(String::as_str);
    let texts: Vec<&str> = if options.recipient.is_empty() { members.collect() } else { named.collect() };
    let parse = |text: &&str| Recipient::parse(text).map_err(|error| Stop::plain(error.to_string()));
    let recipients = texts.iter().map(parse).collect::<Result<Vec<_>, Stop>>()?;
    let outgoing = export::sops(items, layout, store, &recipients, Timestamp::now())?;
    for item in items {
        let summary = job.vault.summary(&item.name)?;
        if summary.is_some_and(|summary| summary.visibility == Visibility::Private) {
            job.reporter.note(&format!(
                "warning: `{}` is private, and whoever opens the new file reads it",
                item.name
            ));
        }
    }
    Ok(outgoing)
}

/// The secrets that are meant, with their values.
fn items(options: &Export, job: &Job<'_>) -> Result<Vec<Item>, Stop> {
    let mut names: Vec<String> = options.names.iter().chain(&options.named).cloned().collect();
    if names.is_empty() {
        names = job.vault.names()?;
    }
    let mut items = Vec::new();
    for name in names {
        let summary = job.vault.summary(&name)?.ok_or_else(|| job.unknown(&name))?;
        if options.scope.as_ref().is_some_and(|scope| *scope != summary.scope) {
            continue;
        }
        let secret = job.secret(&name)?;
        let keys: Vec<_> =
            secret.values().filter_map(|(key, value)| Some((key?.to_owned(), value.clone()))).collect();
        let content = match secret.only().filter(|_| summary.keys.is_none()) {
            Some(value) => Content::Value(value.clone()),
            None => Content::Bundle(keys),
        };
        items.push(Item { name, content });
    }
    Ok(items)
}

impl From<ImportError> for Stop {
    fn from(error: ImportError) -> Self {
        let help = error.help();
        let exit = match &error {
            ImportError::Unwrap(_) => Exit::Integrity,
            ImportError::Sops(error) if error.is_integrity() => Exit::Integrity,
            _ => Exit::Usage,
        };
        Self { message: Some((told(&error), help)), ..Self::plain("") }.with(exit)
    }
}

impl From<ExportError> for Stop {
    fn from(error: ExportError) -> Self {
        let help = Some(error.help().to_owned());
        Self { message: Some((told(&error), help)), ..Self::plain("") }
    }
}
