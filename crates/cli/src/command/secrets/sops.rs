//! The verbs on a SOPS file: names are key paths, and there is nothing beside a value.

use std::io::{self, IsTerminal};

use redeem_host::keeper::{SopsKeeper, SopsKeeperError};
use redeem_host::paths::shown;
use redeem_host::{Name, Secret};
use serde_json::{Value, json};

use super::super::counted;
use crate::args::secrets::{Beside, Create, Delete, Get, List, SecretsCommand, Set, Show};
use crate::exit::{Exit, Stop, told};
use crate::report::{Reporter, on_one_line, print, print_json};
use crate::terminal;

pub(super) fn run(command: &SecretsCommand, keeper: &SopsKeeper, reporter: &Reporter) -> Result<Exit, Stop> {
    match command {
        SecretsCommand::Create(options) => create(options, keeper, reporter),
        SecretsCommand::Set(options) => set(options, keeper, reporter),
        SecretsCommand::Get(options) => get(options, keeper),
        SecretsCommand::Show(options) => show(options, keeper),
        SecretsCommand::List(options) => list(options, keeper, reporter),
        SecretsCommand::Delete(options) => delete(options, keeper, reporter),
        _ => Err(Stop::usage(
            "a SOPS file takes `create`, `set`, `get`, `show`, `list` and `delete`, and no other verb",
            "a vault takes them all: `redeem vault init`, then `redeem secrets import FILE`",
        )),
    }
}

fn create(options: &Create, keeper: &SopsKeeper, reporter: &Reporter) -> Result<Exit, Stop> {
    nothing_beside(&options.beside)?;
    let name = options.named.name()?;
    if keeper.names()?.contains(&name.to_string()) {
        return Err(super::create::exists(&name.to_string()));
    }
    if options.extract.is_some() {
        return Err(Stop::plain("`--extract` needs a vault"));
    }
    let value = options.value.value(&name.to_string(), true, reporter)?;
    keeper.set(&[(name.clone(), value)])?;
    tell(keeper, &[name], "made", options.json, reporter)
}

fn set(options: &Set, keeper: &SopsKeeper, reporter: &Reporter) -> Result<Exit, Stop> {
    nothing_beside(&options.beside)?;
    let (name, assignments) = super::set::words(options)?;
    let is_new = !keeper.names()?.contains(&name.to_string());
    let values = if assignments.is_empty() {
        vec![(name.clone(), options.value.value(&name.to_string(), is_new, reporter)?)]
    } else {
        let keys = super::set::keys(options, &name, assignments, is_new, reporter)?;
        keys.into_iter().map(|(key, value)| (Name::split(&format!("{name}.{key}")), value)).collect()
    };
    let is_changed = keeper.set(&values)?;
    let names: Vec<Name> = values.into_iter().map(|(name, _)| name).collect();
    tell(keeper, &names, if is_changed { "changed" } else { "unchanged" }, options.json, reporter)
}

fn get(options: &Get, keeper: &SopsKeeper) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    if !options.reveal {
        return is_there(&name, keeper, options.json, false);
    }
    let value = keeper.get(&name)?;
    if options.json {
        let text = String::from_utf8_lossy(value.expose());
        print_json(&json!({ "name": name.to_string(), "value": text }))?;
        return Ok(Exit::Done);
    }
    print(value.expose())?;
    if io::stdout().is_terminal() {
        print(b"\n")?;
    }
    Ok(Exit::Done)
}

fn show(options: &Show, keeper: &SopsKeeper) -> Result<Exit, Stop> {
    is_there(&options.named.name()?, keeper, options.json, options.with_values)
}

/// Prints the names of the values at or below a name, with the values if they are wanted.
fn is_there(name: &Name, keeper: &SopsKeeper, is_json: bool, with_values: bool) -> Result<Exit, Stop> {
    let wanted = name.to_string();
    let below = format!("{wanted}.");
    let mut names = keeper.names()?;
    names.retain(|own| *own == wanted || own.starts_with(&below));
    if names.is_empty() {
        return Err(SopsKeeperError::Missing(name.clone()).into());
    }
    let rows: Vec<(String, Option<String>)> = if with_values {
        let split: Vec<Name> = names.iter().map(|own| Name::split(own)).collect();
        let values = keeper.values(&split.iter().collect::<Vec<_>>())?;
        let text = |value: Secret| Some(String::from_utf8_lossy(value.expose()).into_owned());
        names.into_iter().zip(values.into_iter().map(text)).collect()
    } else {
        names.into_iter().map(|own| (own, None)).collect()
    };
    if is_json {
        let row = |(name, value): (String, Option<String>)| match value {
            Some(value) => json!({ "name": name, "value": value }),
            None => json!({ "name": name }),
        };
        print_json(&Value::Array(rows.into_iter().map(row).collect()))?;
    } else {
        let row = |(name, value): (String, Option<String>)| match value {
            Some(value) => vec![name, super::read::plain(&value)],
            None => vec![name],
        };
        let rows: Vec<Vec<String>> = rows.into_iter().map(row).collect();
        print(crate::report::columns(&rows).as_bytes())?;
    }
    Ok(Exit::Done)
}

fn list(options: &List, keeper: &SopsKeeper, reporter: &Reporter) -> Result<Exit, Stop> {
    if options.scope.is_some() {
        return Err(no_metadata());
    }
    let names = keeper.names()?;
    if options.json {
        print_json(&Value::Array(names.iter().map(|name| json!({ "name": name })).collect()))?;
        return Ok(Exit::Done);
    }
    print(names.iter().map(|name| format!("{}\n", on_one_line(name))).collect::<String>().as_bytes())?;
    reporter.note(&counted(names.len(), "value"));
    Ok(Exit::Done)
}

fn delete(options: &Delete, keeper: &SopsKeeper, reporter: &Reporter) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    if !options.yes && terminal::is_there() && !terminal::confirm(&format!("Delete `{name}`?"))? {
        reporter.note("nothing was deleted");
        return Ok(Exit::Done);
    }
    keeper.delete(&name)?;
    tell(keeper, &[name], "deleted", options.json, reporter)
}

fn tell(
    keeper: &SopsKeeper,
    names: &[Name],
    done: &str,
    is_json: bool,
    reporter: &Reporter,
) -> Result<Exit, Stop> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let file = shown(keeper.path());
    if is_json {
        print_json(&json!({ "file": &*file, "names": names, "done": done }))?;
    }
    reporter.note(&format!("{file}: {done}: {}", names.join(", ")));
    Ok(Exit::Done)
}

fn nothing_beside(beside: &Beside) -> Result<(), Stop> {
    let is_empty = beside.scope.is_none()
        && beside.description.is_none()
        && beside.expires_at.is_none()
        && beside.metadata.is_empty()
        && !beside.private;
    if is_empty { Ok(()) } else { Err(no_metadata()) }
}

fn no_metadata() -> Stop {
    Stop::usage(
        "a SOPS file has no scopes, descriptions, dates or metadata",
        "keep the secret in a vault: `redeem vault init`",
    )
}

impl From<SopsKeeperError> for Stop {
    fn from(error: SopsKeeperError) -> Self {
        let exit = match &error {
            SopsKeeperError::Unwrap(_) => Exit::Integrity,
            SopsKeeperError::Sops(error) if error.is_integrity() => Exit::Integrity,
            SopsKeeperError::Failed(failure) => Exit::of_code(failure.code),
            SopsKeeperError::Write(_) => Exit::Unwritten,
            SopsKeeperError::Read { .. } | SopsKeeperError::Changed(_) => Exit::Backend,
            _ => Exit::Usage,
        };
        let help = match &error {
            SopsKeeperError::Sops(error) => error.help().map(str::to_owned),
            SopsKeeperError::Failed(failure) => failure.help.clone(),
            SopsKeeperError::InTheClear { .. } => Some(
                "nothing was written; take a name that is encrypted, or let the rule of the file cover this one"
                    .to_owned(),
            ),
            _ => None,
        };
        Self { message: Some((told(&error), help)), ..Self::plain("") }.with(exit)
    }
}
