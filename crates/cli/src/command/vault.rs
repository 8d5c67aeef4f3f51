//! `redeem vault`: who can read, and whether all is as it was written.

use std::sync::Arc;

use redeem_host::identity::Identities;
use redeem_host::keeper::{Choice, Keeper, KeeperError, Store};
use redeem_host::paths::shown;
use redeem_host::vault::{AccessReport, Vault};
use serde_json::{Value, json};

use super::{counted, trusted_config};
use crate::args::Global;
use crate::args::vault::{Grant, Members, Rekey, Revoke, Vault as Options, VaultCommand, VaultInit};
use crate::exit::{Exit, Stop, told};
use crate::report::{Reporter, columns, print, print_json};
use crate::terminal::Asking;

mod verify;

pub(crate) fn run(options: &Options, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    if let VaultCommand::Init(options) = &options.command {
        return init(options, reporter);
    }
    let config = trusted_config(global, false)?;
    let Keeper { store, identities } = Keeper::open(
        &config,
        &Choice { backend: options.backend.as_deref(), member: options.acting.as_deref() },
        Arc::new(Asking),
    )?;
    let Store::Vault(mut vault) = store else {
        return Err(Stop::plain("this backend is a SOPS file, and no vault"));
    };
    let done = match &options.command {
        VaultCommand::Init(_) => Ok(Exit::Done),
        VaultCommand::Members(options) => return members(options, &vault),
        VaultCommand::Grant(options) => grant(options, &mut vault, reporter),
        VaultCommand::Revoke(options) => revoke(options, &mut vault, reporter),
        VaultCommand::Rekey(options) => rekey(options, &vault, reporter),
        VaultCommand::Verify(options) => verify::run(options, &vault, reporter),
    };
    warn(&identities, reporter);
    done
}

impl From<KeeperError> for Stop {
    fn from(error: KeeperError) -> Self {
        match error {
            KeeperError::Config(error) => error.into(),
            KeeperError::Vault(error) => error.into(),
            error => {
                let help = error.help();
                Self { message: Some((told(&error), help)), ..Self::plain("") }
            }
        }
    }
}

fn init(options: &VaultInit, reporter: &Reporter) -> Result<Exit, Stop> {
    let made = redeem_host::make_vault(
        &options.folder,
        options.member.as_deref(),
        options.recipient.as_deref(),
        Arc::new(Asking),
    )?;
    for step in made {
        reporter.note(&format!("{}: {}", step.file, step.done));
    }
    Ok(Exit::Done)
}

fn members(options: &Members, vault: &Vault) -> Result<Exit, Stop> {
    if options.json {
        let rows = vault.members().iter().map(|member| {
            json!({ "name": member.name, "role": member.role.name(), "recipient": member.recipient })
        });
        print_json(&Value::Array(rows.collect()))?;
    } else {
        let rows: Vec<_> = vault
            .members()
            .iter()
            .map(|member| vec![member.name.clone(), member.role.to_string(), member.recipient.clone()])
            .collect();
        print(columns(&rows).as_bytes())?;
    }
    Ok(Exit::Done)
}

fn grant(options: &Grant, vault: &mut Vault, reporter: &Reporter) -> Result<Exit, Stop> {
    let report = vault.grant(&options.name, &options.recipient, options.role.into())?;
    tell(&report, options.json, vault, reporter)?;
    reporter.note(&format!(
        "{} is {} of this vault: {}",
        options.name,
        match options.role {
            crate::args::vault::RoleName::Owner => "an owner",
            crate::args::vault::RoleName::Member => "a member",
            crate::args::vault::RoleName::Ci => "a CI reader",
        },
        files(&report, "encrypted anew")
    ));
    Ok(outcome(&report, reporter))
}

fn revoke(options: &Revoke, vault: &mut Vault, reporter: &Reporter) -> Result<Exit, Stop> {
    let report = vault.revoke(&options.name)?;
    tell(&report, options.json, vault, reporter)?;
    if report.is_unfinished {
        reporter.note(&format!(
            "{} is still a member: {}",
            options.name,
            files(&report, "with a new data key")
        ));
        return Ok(outcome(&report, reporter));
    }
    reporter.note(&format!(
        "{} is no member any more: {}",
        options.name,
        files(&report, "with a new data key")
    ));
    reporter.note("old copies, in git's history too, stay readable to them: rotate what they could read");
    Ok(Exit::Done)
}

fn rekey(options: &Rekey, vault: &Vault, reporter: &Reporter) -> Result<Exit, Stop> {
    let names: Vec<&str> = options.names.iter().map(String::as_str).collect();
    let report = vault.rekey((!names.is_empty()).then_some(&names[..]))?;
    tell(&report, options.json, vault, reporter)?;
    reporter.note(&files(&report, "with a new data key"));
    Ok(outcome(&report, reporter))
}

/// What is not finished is no success.
fn outcome(report: &AccessReport, reporter: &Reporter) -> Exit {
    if !report.is_unfinished {
        return Exit::Done;
    }
    reporter.note("mend, restore or delete the files that were left alone, and run this again");
    Exit::Integrity
}

/// `2 files written, 1 left`
fn files(report: &AccessReport, how: &str) -> String {
    let mut text = format!("{} {how}", counted(report.changed.len(), "file"));
    if !report.left.is_empty() {
        text.push_str(&format!(", {} left alone", report.left.len()));
    }
    text
}

/// What was done to each file.
fn tell(report: &AccessReport, is_json: bool, vault: &Vault, reporter: &Reporter) -> Result<(), Stop> {
    if is_json {
        let changed = report.changed.iter().map(|change| {
            json!({
                "name": change.name, "file": &*shown(&vault.path(&change.name)), "added": change.added,
                "added_recipients": change.added_recipients,
                "removed": change.removed, "new_key": change.has_new_key, "dropped": change.dropped,
            })
        });
        let left = report.left.iter().map(|(name, why)| json!({ "name": name, "why": why }));
        print_json(&json!({
            "changed": changed.collect::<Vec<_>>(),
            "unchanged": report.unchanged,
            "left": left.collect::<Vec<_>>(),
            "finished": !report.is_unfinished,
        }))?;
        return Ok(());
    }
    for change in &report.changed {
        let mut what: Vec<String> = Vec::new();
        if !change.added.is_empty() {
            let who = change.added.iter().zip(&change.added_recipients).map(|(name, recipient)| {
                if name == recipient { name.clone() } else { format!("{name} ({recipient})") }
            });
            what.push(format!("can be read by {} now", who.collect::<Vec<_>>().join(", ")));
        }
        if !change.removed.is_empty() {
            what.push(format!("can no longer be read by {}", change.removed.join(", ")));
        }
        if change.has_new_key {
            what.push("has a new data key".to_owned());
        }
        if !change.dropped.is_empty() {
            what.push(format!("lost its way in by {}", change.dropped.join(", ")));
        }
        reporter.note(&format!("{}: {}", shown(&vault.path(&change.name)), what.join(", ")));
    }
    for (name, why) in &report.left {
        reporter.note(&format!("{}: left alone: {why}", shown(&vault.path(name))));
    }
    Ok(())
}

/// What the owner of the identities should hear of.
pub(super) fn warn(identities: &Identities, reporter: &Reporter) {
    for finding in identities.findings() {
        reporter.note(&format!("warning: {finding}"));
    }
}
