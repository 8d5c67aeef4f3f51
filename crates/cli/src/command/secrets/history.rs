//! `redeem secrets history`: the versions that git knows.

use serde_json::{Value, json};

use super::Job;
use crate::args::secrets::History;
use crate::exit::{Exit, Stop};
use crate::report::{columns, print, print_json};

pub(super) fn run(options: &History, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.one()?;
    let revisions = job.vault.history(name)?;
    if revisions.is_empty() && job.vault.summary(name)?.is_none() {
        return Err(job.unknown(name));
    }
    if options.json {
        let rows = revisions.iter().map(|revision| {
            json!({
                "commit": revision.commit, "date": revision.date, "author": revision.author,
                "version": revision.version, "updated_by": revision.updated_by,
            })
        });
        print_json(&Value::Array(rows.collect()))?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![["VERSION", "DATE", "COMMIT", "AUTHOR", "CHANGED BY"].map(str::to_owned).to_vec()];
    rows.extend(revisions.iter().map(|revision| {
        vec![
            revision.version.map_or_else(|| "gone".to_owned(), |version| version.to_string()),
            revision.date.clone(),
            revision.commit.chars().take(12).collect(),
            revision.author.clone(),
            revision.updated_by.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }));
    if revisions.is_empty() {
        job.reporter.note(&format!("git has no commit of `{name}` yet"));
    } else {
        print(columns(&rows).as_bytes())?;
    }
    Ok(Exit::Done)
}
