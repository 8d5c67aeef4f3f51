//! `redeem check`: everything that can be known without a key, a value or the network.

use redeem_host::{Checked, Disk, Judge, Scope, World, check};

use super::{config, counted, inputs, set_levels};
use crate::args::{Check, Global, Told};
use crate::exit::{Exit, Stop};
use crate::report::{Findings, Reporter};

pub(crate) fn run(options: &Check, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let checked = match look(options, global) {
        Ok(checked) => checked,
        Err(stop) if options.format == Told::Human => return Err(stop),
        Err(stop) => return told(stop, options.format, reporter),
    };
    let findings = Findings {
        diagnostics: &checked.diagnostics,
        files: checked.files,
        references: checked.references,
        stopped: None,
        is_whole: true,
    };
    reporter.print(&findings, options.format)?;
    let (errors, warnings) = (findings.errors(), findings.warnings());
    if options.format.is_for_people() {
        reporter.note(&format!(
            "checked {} in {}: {}, {}",
            counted(checked.references, "reference"),
            counted(checked.files, "file"),
            counted(errors, "error"),
            counted(warnings, "warning"),
        ));
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Done })
}

fn look(options: &Check, global: &Global) -> Result<Checked, Stop> {
    let mut config = config(global)?;
    set_levels(&mut config, &options.levels)?;
    let world = Disk::open_for_survey(&config)?;
    // Where nothing is configured nobody has said what secrets there are.
    let judge = Judge::new(&config, config.has_stores().then_some(&world as &dyn World));
    let judge = options.at.as_ref().map(|at| at.instant()).into_iter().fold(judge, Judge::at);
    let scope = if options.paths.is_empty() { Scope::Whole } else { Scope::Part };
    Ok(check(inputs(&options.paths, &config), &config, &judge, scope))
}

/// Tells why the check came to no end in the form that was asked for: whoever reads it waits for nothing else.
fn told(stop: Stop, format: Told, reporter: &Reporter) -> Result<Exit, Stop> {
    let stopped = stop.message.as_ref().map(|(message, _)| message.as_str());
    let findings = Findings { diagnostics: &stop.diagnostics, stopped, ..Findings::default() };
    reporter.print(&findings, format)?;
    Err(Stop { diagnostics: Vec::new(), ..stop })
}
