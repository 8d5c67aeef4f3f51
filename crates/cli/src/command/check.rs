//! `redeem check`: everything that can be known without a key, a value or the network, and the fixes of what is wrong.

use std::path::Path;

use redeem_host::check::{Checked, Scope, Texts, check, check_staged};
use redeem_host::config::Config;
use redeem_host::fix::{Which, plan};
use redeem_host::guard::{Guard, guard};
use redeem_host::trust::is_trusted;
use redeem_host::vault::Expiry;
use redeem_host::{Diagnostic, Disk, Judge, LockFile, World};

use super::{config, counted, default_paths, inputs, set_levels};
use crate::args::{Check, Global, Told};
use crate::exit::{Exit, Stop};
use crate::report::{Findings, Fixed, Reporter};

mod fixes;

pub(crate) fn run(options: &Check, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    match checked(options, global, reporter) {
        Err(stop) if options.format != Told::Human => told(stop, options.format, reporter),
        result => result,
    }
}

/// Tells why the check came to no end in the form that was asked for: whoever reads it waits for nothing else.
fn told(stop: Stop, format: Told, reporter: &Reporter) -> Result<Exit, Stop> {
    let stopped = stop.message.as_ref().map(|(message, _)| message.as_str());
    let findings = Findings { diagnostics: &stop.diagnostics, stopped, ..Findings::default() };
    reporter.print(&findings, format)?;
    Err(Stop { diagnostics: Vec::new(), ..stop })
}

fn checked(options: &Check, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let which = match (options.fix, options.unsafe_fixes) {
        (_, true) => Some(Which::All),
        (true, false) => Some(Which::Safe),
        (false, false) => options.diff.then_some(Which::Safe),
    };
    if options.staged && which.is_some() {
        return Err(Stop::usage(
            "`--staged` looks at what git is about to commit, which no fix can change",
            "run `redeem check --fix` without it, and stage the files again",
        ));
    }
    if options.diff && options.format != Told::Human {
        return Err(Stop::usage(
            "`--diff` shows a difference, which has no other format",
            "leave out `--format`, or leave out `--diff`: the fixes are in `--format json` and `sarif`",
        ));
    }
    if options.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Stop::usage(
            "standard input is not supported here",
            "name a file, or `./-` if that is its name",
        ));
    }
    let mut config = config(global)?;
    set_levels(&mut config, &options.levels)?;
    // Files that nobody named are changed where the configuration says.
    if which.is_some() && !options.diff && options.paths.is_empty() {
        let outside = config.source_needs_trust();
        if !outside.is_empty() && !is_trusted(&config) {
            return Err(Stop { exit: Exit::Usage, diagnostics: outside, message: None });
        }
    }
    let file = LockFile::read(&config);
    let world = Disk::open_for_survey(&config, &file.lock)?;
    // Where nothing is configured nobody has said what secrets there are.
    let judge = Judge::new(&config, config.has_stores().then_some(&world as &dyn World));
    let judge = options.at.as_ref().map(Expiry::instant).into_iter().fold(judge, Judge::at);
    let judge = if options.locked { judge.locked() } else { judge };
    let mut guarded = outputs(&config, &judge, reporter);
    guarded.extend(if options.locked { file.problems_of_all(&config) } else { file.problems });
    if options.staged {
        let default = default_paths(&config);
        let paths = if options.paths.is_empty() { &default[..] } else { &options.paths };
        let checked = check_staged(&global.start, paths, &config, &judge)
            .map_err(|error| Stop::usage(error.to_string(), error.help()))?;
        return tell(&checked.with(&guarded), options, reporter);
    }
    let inputs = inputs(&options.paths, &config);
    let scope = if options.paths.is_empty() { Scope::Whole } else { Scope::Part };
    let texts = if which.is_some() { Texts::Whole } else { Texts::Lines };
    let look = |texts| check(&inputs, &config, &judge, scope, texts).with(&guarded);
    let checked = look(texts);
    let Some(which) = which else {
        let exit = tell(&checked, options, reporter)?;
        if options.format == Told::Human {
            fixes::offer(&inputs.taken, &checked, &config, reporter);
        }
        return Ok(exit);
    };
    let planned =
        plan(&inputs.taken, &checked.diagnostics, which, &config, &|input, found| judge.look(input, &found));
    if options.diff {
        return fixes::preview(&planned, &checked, reporter);
    }
    let (fixed, refused) = fixes::write(&planned, reporter);
    let exit = tell_with(&look(Texts::Lines), &fixed, options, reporter)?;
    Ok(if refused { Exit::Unwritten } else { exit })
}

/// What is wrong with the place that the configuration has for outputs.
fn outputs(config: &Config, judge: &Judge<'_>, reporter: &Reporter) -> Vec<Diagnostic> {
    let Some(output) = &config.output else { return Vec::new() };
    let mut guarded = guard(output, Guard::Folder);
    if let Some(why) = guarded.unknown {
        reporter.detail(&format!("git cannot tell whether it tracks the outputs: {why}"));
    }
    judge.settle(&mut guarded.problems);
    guarded.problems
}

fn tell(checked: &Checked, options: &Check, reporter: &Reporter) -> Result<Exit, Stop> {
    tell_with(checked, &[], options, reporter)
}

/// Tells what is wrong, and which fixes were written before that was found out.
fn tell_with(
    checked: &Checked,
    fixed: &[Fixed<'_>],
    options: &Check,
    reporter: &Reporter,
) -> Result<Exit, Stop> {
    let findings = Findings {
        diagnostics: &checked.diagnostics,
        fixed,
        files: checked.files,
        references: checked.references,
        stopped: None,
        is_whole: true,
    };
    reporter.print(&findings, options.format)?;
    let errors = findings.errors();
    if options.format.is_for_people() {
        reporter.note(&format!(
            "checked {} in {}: {}, {}",
            counted(checked.references, "reference"),
            counted(checked.files, if options.staged { "staged file" } else { "file" }),
            counted(errors, "error"),
            counted(findings.warnings(), "warning"),
        ));
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Done })
}
