//! `redeem secrets rotate`: a new value, and the one before for a while.

use redeem_host::vault::Update;

use super::Job;
use crate::args::secrets::Rotate;
use crate::exit::{Exit, Stop};

pub(super) fn run(options: &Rotate, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    if job.vault.summary(&name.secret)?.is_none() {
        return Err(job.unknown(&name.secret));
    }
    let expires_at = options.expires_at.as_deref().map(super::expiry).transpose()?;
    let value = options.value.value(&name.to_string(), true, job.reporter)?;
    let mut written = job.vault.rotate(&name.secret, name.key.as_deref(), value, options.grace)?;
    if expires_at.is_some() {
        written =
            job.vault.set(&name.secret, Update { expires_at: Some(expires_at), ..Update::default() })?;
    }
    let kept =
        if options.grace.is_some() { "rotated, the value before is kept for a while" } else { "rotated" };
    let exit = job.written(&written, options.json, kept)?;
    job.reporter.note("rendered files still hold the old value: render them again");
    Ok(exit)
}
