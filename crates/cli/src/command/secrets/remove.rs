//! `redeem secrets delete` and `rename`.

use redeem_host::paths::shown;
use serde_json::json;

use super::Job;
use crate::args::secrets::{Delete, Rename};
use crate::exit::{Exit, Stop};
use crate::report::print_json;
use crate::terminal;

pub(super) fn delete(options: &Delete, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.name()?;
    match job.vault.summary(&name.secret) {
        Ok(Some(_)) => {}
        Ok(None) => return Err(job.unknown(&name.secret)),
        // All of it can be deleted still.
        Err(error) if name.key.is_none() => {
            job.reporter.note(&format!("the file of {} is damaged: {error}", name.secret));
        }
        Err(error) => return Err(error.into()),
    }
    if !options.yes && terminal::is_there() && !terminal::confirm(&format!("Delete `{name}`?"))? {
        job.reporter.note("nothing was deleted");
        return Ok(Exit::Done);
    }
    job.vault.delete(&name.secret, name.key.as_deref())?;
    let file = shown(&job.vault.path(&name.secret));
    if options.json {
        print_json(&json!({ "name": name.secret, "key": name.key, "file": &*file, "deleted": true }))?;
    }
    job.reporter.note(&match &name.key {
        Some(key) => format!("{file}: the key {key} is gone; git's history keeps it"),
        None => format!("{file}: deleted; git's history keeps it"),
    });
    Ok(Exit::Done)
}

pub(super) fn rename(options: &Rename, job: &Job<'_>) -> Result<Exit, Stop> {
    let (([old, new], None) | ([new], Some(old))) = (&options.words[..], &options.name) else {
        return Err(Stop::plain("two names were expected: the one that it has, and the one that it gets"));
    };
    let written = job.vault.rename(old, new)?;
    let exit = job.written(&written, options.json, &format!("renamed from {old}"))?;
    job.reporter.note(&format!("what refers to it still says {old}: `redeem refs` lists the places"));
    Ok(exit)
}
