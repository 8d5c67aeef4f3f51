//! `redeem lock`: writes down which names the backends have that cannot be listed, and no values.

use redeem_host::check::{Scope, Texts, check};
use redeem_host::lock::{Change, ChangeKind, FILE_NAME, asked_for, make, needs_lock};
use redeem_host::paths::shown;
use redeem_host::{Code, Diagnostic, Disk, Judge, LockFile, Severity};

use super::{counted, inputs, trusted_config};
use crate::args::{Global, Lock};
use crate::exit::{Exit, Stop};
use crate::report::{Reporter, escaped, print};

pub(crate) fn run(options: &Lock, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let config = trusted_config(global, false)?;
    if !config.has_stores() {
        let help = "name one with `[[backend]]` in redeem.toml";
        return Err(Stop::usage("no backend is configured, so there is nothing to lock", help));
    }
    let old = LockFile::read(&config);
    if needs_lock(&config).is_empty() && old.text.is_none() && old.problems.is_empty() {
        reporter.note(&format!("each backend can be listed as it is: no {FILE_NAME} is needed"));
        return Ok(Exit::Done);
    }
    if old.lock.backends.is_empty() && !old.problems.is_empty() {
        reporter.note(&format!("{} cannot be used as it is: it is written anew", shown(&old.path)));
    }
    let world = Disk::open(&config)?;
    let inputs = inputs(&[], &config);
    let (names, problems) = asked_for(&inputs);
    if !problems.is_empty() {
        // What stands in a file that was not read would be missing.
        reporter.diagnostics(&problems);
        reporter.problem("nothing was written", None);
        return Ok(Exit::Unrendered);
    }
    let made = make(&config, &world, &names, &old.lock);
    if !made.failures.is_empty() {
        reporter.diagnostics(&made.failures);
        reporter.problem("nothing was written", None);
        return Ok(Exit::of_problems(&made.failures));
    }
    let text = made.lock.text();
    let survey = Disk::open_for_survey(&config, &made.lock)?;
    let checked = check(&inputs, &config, &Judge::new(&config, Some(&survey)), Scope::Part, Texts::Lines);
    let nowhere: Vec<Diagnostic> = checked.diagnostics.into_iter().filter(is_about_a_name).collect();
    reporter.diagnostics(&nowhere);
    let is_same = old.is(&text);
    let changes: String = old.lock.changes(&made.lock).iter().map(told).collect();
    print(escaped(&changes).as_bytes())?;
    if !is_same && !options.check {
        old.write(&text)?;
    }
    let state = match (is_same, options.check) {
        (true, _) => "unchanged",
        (false, true) => "stale",
        (false, false) => "written",
    };
    let own = || made.lock.backends.iter().filter(|own| own.profile == config.profile);
    reporter.note(&format!(
        "{}: {state}, {} of {}",
        shown(&old.path),
        counted(own().map(|backend| backend.secrets.len()).sum(), "secret"),
        counted(own().count(), "backend"),
    ));
    let is_stale = options.check && !is_same;
    Ok(if is_stale || !nowhere.is_empty() { Exit::Found } else { Exit::Done })
}

/// Whether a name that a reference asks for leads nowhere.
fn is_about_a_name(told: &Diagnostic) -> bool {
    told.severity == Severity::Error
        && matches!(told.code, Code::UnknownSecret | Code::UnknownKey | Code::BundleWithoutKey)
}

fn told(change: &Change) -> String {
    let word = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    };
    format!("{word} {} ({})\n", change.name, change.backend)
}
