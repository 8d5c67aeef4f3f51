//! `redeem secrets edit`: a secret in the user's editor, on a private file that is wiped.

use redeem_host::editor::Editor;
use redeem_host::form::{Edits, Form, FormError};
use redeem_host::scratch::Scratch;
use redeem_host::vault::Written;
use zeroize::Zeroizing;

use super::Job;
use crate::args::secrets::Edit;
use crate::exit::{Exit, Stop};
use crate::terminal;

pub(super) fn run(options: &Edit, job: &Job<'_>) -> Result<Exit, Stop> {
    let name = options.named.one()?;
    let secret = job.secret(name)?;
    let editor = Editor::of_environment().ok_or_else(|| {
        Stop::usage(
            "there is no editor, or no terminal for one",
            "set VISUAL or EDITOR, or change it with `redeem secrets set`",
        )
    })?;
    let old = Form::of(&secret);
    let mut text = old.text(name).map_err(|error| unusable(&error))?;
    let edits = loop {
        let edited = edited(&editor, name, &text)?;
        match Form::read(&edited).and_then(|new| old.edits(&new)) {
            Ok(edits) => break edits,
            Err(error) if terminal::is_there() => {
                job.reporter.problem(&error.to_string(), None);
                if !terminal::confirm("Open it again?")? {
                    return Err(Stop::plain("nothing was stored"));
                }
                text = edited;
            }
            Err(error) => return Err(unusable(&error)),
        }
    };
    if edits.is_empty {
        job.reporter.note(&format!("{name}: nothing was changed"));
        return Ok(Exit::Done);
    }
    let version = secret.summary().version;
    if job.vault.summary(name)?.is_none_or(|now| now.version != version) {
        return Err(Stop::usage(
            format!("`{name}` was changed while the editor was open: nothing was stored"),
            "run `redeem secrets edit` again, which begins with what is there now",
        ));
    }
    store(name, edits, options.json, job)
}

fn unusable(error: &FormError) -> Stop {
    Stop::usage(error.to_string(), "nothing was stored")
}

/// What the text is after the editor has ended well.
fn edited(editor: &Editor, name: &str, text: &str) -> Result<Zeroizing<String>, Stop> {
    let failed = |what: &str, error: &std::io::Error| Stop::plain(format!("{what}: {error}"));
    let scratch = Scratch::new(&format!("{name}.yaml"), text)
        .map_err(|error| failed("there is no place for a private file", &error))?;
    let ended = {
        let _busy = crate::signals::hold();
        editor.open(scratch.path())
    };
    let status = ended.map_err(|error| failed(&format!("cannot start {}", editor.name()), &error))?;
    if !status.success() {
        return Err(Stop::plain(format!("{} ended with {status}: nothing was stored", editor.name())));
    }
    scratch.read().map_err(|error| failed("the file cannot be read back, nothing was stored", &error))
}

fn store(name: &str, edits: Edits, is_json: bool, job: &Job<'_>) -> Result<Exit, Stop> {
    let mut last = None;
    let Edits { update, removed, .. } = edits;
    let has_update = update.content.is_some()
        || update.scope.is_some()
        || update.description.is_some()
        || update.visibility.is_some()
        || update.expires_at.is_some()
        || !update.metadata.is_empty();
    // New keys first: a bundle never loses its last one.
    if has_update {
        last = Some(job.vault.set(name, update)?);
    }
    for key in &removed {
        job.vault.delete(name, Some(key))?;
        job.reporter.note(&format!("{name}: the key {key} is gone"));
    }
    if removed.is_empty() {
        return last.map_or(Ok(Exit::Done), |written| job.written(&written, is_json, "changed"));
    }
    // A key that goes makes a version more.
    let summary = job.vault.summary(name)?.ok_or_else(|| job.unknown(name))?;
    let written = Written {
        name: summary.name,
        version: summary.version,
        is_new: false,
        is_changed: true,
        readers: summary.readers,
    };
    job.written(&written, is_json, "changed")
}
