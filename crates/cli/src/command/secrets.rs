//! `redeem secrets`: secrets made, changed, read, listed, edited, brought in and out.

use std::sync::Arc;

use redeem_host::identity::Identities;
use redeem_host::keeper::{Choice, Keeper, Store};
use redeem_host::paths::shown;
use redeem_host::vault::{Expiry, Vault, VaultSecret, Visibility, Written};
use redeem_host::{Config, Name};
use serde_json::{Value, json};

use super::trusted_config;
use crate::args::Global;
use crate::args::secrets::{Beside, Named, Secrets, SecretsCommand};
use crate::exit::{Exit, Stop};
use crate::report::{Reporter, print_json};
use crate::terminal::Asking;

mod create;
mod edit;
mod history;
mod input;
mod list;
mod read;
mod remove;
mod rotate;
mod set;
mod sops;
mod transfer;

pub(crate) fn run(options: &Secrets, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let config = trusted_config(global, false)?;
    let Keeper { store, identities } = Keeper::open(
        &config,
        &Choice { backend: options.backend.as_deref(), member: options.member.as_deref() },
        Arc::new(Asking),
    )?;
    let vault = match store {
        Store::Vault(vault) => vault,
        Store::Sops(keeper) => return sops::run(&options.command, &keeper, reporter),
    };
    let job = Job { config: &config, vault: &vault, identities: &identities, reporter };
    let (done, needs_identity) = match &options.command {
        SecretsCommand::Create(options) => (create::run(options, &job), true),
        SecretsCommand::Set(options) => (set::run(options, &job), true),
        SecretsCommand::Get(options) => (read::get(options, &job), options.reveal),
        SecretsCommand::Show(options) => (read::show(options, &job), options.with_values),
        SecretsCommand::List(options) => (list::run(options, &job), false),
        SecretsCommand::Edit(options) => (edit::run(options, &job), true),
        SecretsCommand::Delete(options) => (remove::delete(options, &job), true),
        SecretsCommand::Rename(options) => (remove::rename(options, &job), true),
        SecretsCommand::Rotate(options) => (rotate::run(options, &job), true),
        SecretsCommand::History(options) => (history::run(options, &job), false),
        SecretsCommand::Import(options) => (transfer::import(options, &job), true),
        SecretsCommand::Export(options) => (transfer::export(options, &job), true),
    };
    if needs_identity {
        super::vault::warn(&identities, reporter);
    }
    done
}

/// What a verb works with.
struct Job<'a> {
    config: &'a Config,
    vault: &'a Vault,
    identities: &'a Identities,
    reporter: &'a Reporter,
}

impl Job<'_> {
    /// A secret with its values.
    fn secret(&self, name: &str) -> Result<VaultSecret, Stop> {
        match self.vault.get(name)? {
            Some(secret) => Ok(secret),
            None => Err(self.unknown(name)),
        }
    }

    /// There is no such secret; nobody needs a key to be told what there is.
    fn unknown(&self, name: &str) -> Stop {
        let names = self.vault.names().unwrap_or_default();
        let near = redeem_host::core::nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        redeem_host::vault::VaultError::UnknownSecret { name: name.to_owned(), near }.into()
    }

    /// Tells what was written, in one line, or as an object.
    fn written(&self, written: &Written, is_json: bool, done: &str) -> Result<Exit, Stop> {
        if is_json {
            print_json(&as_json(written, self.vault))?;
        }
        let what = if written.is_changed { done } else { "unchanged" };
        self.reporter.note(&format!(
            "{}: {what}, version {}, for {}",
            shown(&self.vault.path(&written.name)),
            written.version,
            self.readers(written).join(", ")
        ));
        Ok(Exit::Done)
    }

    /// Who can read what was written; of a new secret with the recipients of the others, since a name is only a name.
    fn readers(&self, written: &Written) -> Vec<String> {
        let me = self.vault.me().map(|me| &*me.name);
        let told = |name: &String| {
            let is_other = written.is_new && me != Some(&**name);
            let mut members = self.vault.members().iter();
            match members.find(|member| is_other && member.name == *name) {
                Some(member) => format!("{name} ({})", member.recipient),
                None => name.clone(),
            }
        };
        written.readers.iter().map(told).collect()
    }
}

fn as_json(written: &Written, vault: &Vault) -> Value {
    json!({
        "name": written.name,
        "file": &*shown(&vault.path(&written.name)),
        "version": written.version,
        "new": written.is_new,
        "changed": written.is_changed,
        "readers": written.readers,
    })
}

impl Named {
    /// The one name; more words are not quoted, since they may be values.
    fn one(&self) -> Result<&str, Stop> {
        match (&self.words[..], &self.name) {
            ([name], None) | ([], Some(name)) => Ok(name),
            ([], None) => Err(Stop::plain("which secret? name it")),
            _ => Err(Stop::usage(
                "one name was expected, and no more words",
                "a value is never an argument: it is asked for, piped in, or read with --from-file",
            )),
        }
    }

    /// The name of a secret, and of a key of it if there is a dot.
    fn name(&self) -> Result<Name, Stop> {
        self.one().map(Name::split)
    }
}

impl Beside {
    fn expiry(&self) -> Result<Option<Expiry>, Stop> {
        self.expires_at.as_deref().map(expiry).transpose()
    }

    fn pairs(&self) -> Result<Vec<(String, String)>, Stop> {
        let pair = |text: &String| match text.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(Stop::plain(format!("`--metadata {text}` has no `=`: write KEY=VALUE"))),
        };
        self.metadata.iter().map(pair).collect()
    }

    /// Private if asked for; else what the vault, or the secret that is there, says.
    fn visibility(&self) -> Option<Visibility> {
        self.private.then_some(Visibility::Private)
    }
}

fn expiry(day: &str) -> Result<Expiry, Stop> {
    Expiry::parse(day).map_err(|error| Stop::plain(error.to_string()))
}
