//! `redeem secrets create`: a secret that is not there yet.

use redeem_host::extract::{Extraction, Spot};
use redeem_host::vault::{Content, Draft, Vault, VaultError, check_key, check_name};

use super::Job;
use super::transfer::in_a_vault;
use crate::args::secrets::Create;
use crate::exit::{Exit, Stop};

pub(super) fn run(options: &Create, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    check_name(&name.secret).map_err(VaultError::from)?;
    name.key.as_deref().map_or(Ok(()), check_key).map_err(VaultError::from)?;
    // Who is asked for a value should not be told afterwards that there was no need.
    if job.vault.summary(&name.secret)?.is_some() {
        return Err(exists(&name.secret));
    }
    let (expires_at, metadata) = (options.beside.expiry()?, options.beside.pairs()?);
    let extraction = match &options.extract {
        Some(spot) => {
            let spot = Spot::parse(spot)?;
            if Vault::holds(&spot.file) {
                return Err(in_a_vault("its values are in the vault already"));
            }
            Some(Extraction::plan(&spot, &name, job.config)?)
        }
        None => None,
    };
    let value = match &extraction {
        Some(extraction) => extraction.value.clone(),
        None => options.value.value(&name.to_string(), true, job.reporter)?,
    };
    let outputs = extraction.as_ref().map(Extraction::prepare).transpose()?;
    extraction.as_ref().map_or(Ok(()), Extraction::unchanged)?;
    let content = match &name.key {
        Some(key) => Content::Bundle(vec![(key.clone(), value)]),
        None => Content::Value(value),
    };
    let draft = Draft {
        scope: options.beside.scope.clone(),
        description: options.beside.description.clone(),
        visibility: options.beside.visibility(),
        metadata,
        expires_at,
        ..Draft::of(content)
    };
    let written = job.vault.create_secret(&name.secret, draft).map_err(|error| match error {
        VaultError::Exists { name } => exists(&name),
        error => error.into(),
    })?;
    let exit = job.written(&written, options.json, "made")?;
    if let (Some(extraction), Some(outputs)) = (extraction, outputs) {
        // The secret is there now; what somebody wrote into the file meanwhile stays.
        extraction.unchanged()?;
        outputs.commit()?;
        job.reporter.note(&format!("{}: {} stands there now", extraction.place, extraction.reference));
        job.reporter
            .note("if the file was ever committed or shared, its history still has the value: rotate it");
    }
    if !job.config.rules.can_spell(&name) {
        job.reporter.note(&format!(
            "warning: no dialect that is live here can spell `{name}`, so no file can refer to it"
        ));
    }
    Ok(exit)
}

pub(super) fn exists(name: &str) -> Stop {
    Stop::usage(
        format!("there is a secret `{name}` already"),
        format!("give it a new value with `redeem secrets set {name}`"),
    )
}
