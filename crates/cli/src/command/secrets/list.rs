//! `redeem secrets list`: what there is, without a key.

use jiff::Timestamp;
use redeem_host::vault::Summary;
use serde_json::Value;

use super::super::counted;
use super::{Job, read};
use crate::args::secrets::List;
use crate::exit::{Exit, Stop};
use crate::report::{columns, print, print_json};

pub(super) fn run(options: &List, job: &Job<'_>) -> Result<Exit, Stop> {
    let mut listing = job.vault.list()?;
    listing.secrets.retain(|summary| options.scope.as_ref().is_none_or(|scope| *scope == summary.scope));
    if options.json {
        print_json(&Value::Array(listing.secrets.iter().map(read::as_json).collect()))?;
    } else if !listing.secrets.is_empty() {
        let head = ["NAME", "SCOPE", "KEYS", "VISIBILITY", "EXPIRES", "UPDATED"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(listing.secrets.iter().map(row));
        print(columns(&rows).as_bytes())?;
    }
    job.reporter.diagnostics(&listing.problems);
    if listing.problems.is_empty() {
        if !options.json {
            job.reporter.note(&counted(listing.secrets.len(), "secret"));
        }
        return Ok(Exit::Done);
    }
    Ok(Exit::of_problems(&listing.problems))
}

fn row(summary: &Summary) -> Vec<String> {
    let expires = summary.expires_at.as_ref().map_or_else(
        || "-".to_owned(),
        |expiry| {
            let is_past = expiry.is_past(Timestamp::now());
            format!("{expiry}{}", if is_past { " (expired)" } else { "" })
        },
    );
    vec![
        summary.name.clone(),
        summary.scope.clone(),
        summary.keys.as_ref().map_or_else(|| "-".to_owned(), |keys| keys.join(",")),
        summary.visibility.to_string(),
        expires,
        summary.updated_at.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
