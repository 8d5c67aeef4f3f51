//! `redeem check`: everything that can be known without a key, a value or the network.

use redeem_host::{Disk, Judge, Scope, Severity, World, check};

use super::{config, counted, inputs, set_levels};
use crate::args::{Check, Global, Told};
use crate::exit::{Exit, Stop};
use crate::report::Reporter;

pub(crate) fn run(options: &Check, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let mut config = config(global)?;
    set_levels(&mut config, &options.levels)?;
    let world = Disk::open_for_survey(&config)?;
    // Where nothing is configured nobody has said what secrets there are.
    let judge = Judge::new(&config, config.has_stores().then_some(&world as &dyn World));
    let judge = options.at.as_ref().map(|at| at.instant()).into_iter().fold(judge, Judge::at);
    let inputs = inputs(&options.paths, &config);
    let files = inputs.taken.len();
    let scope = if options.paths.is_empty() { Scope::Whole } else { Scope::Part };
    let checked = check(inputs, &config, &judge, scope);
    reporter.print(&checked.diagnostics, options.format)?;
    let errors = checked.diagnostics.iter().filter(|told| told.severity == Severity::Error).count();
    if options.format != Told::Json {
        let warnings = checked.diagnostics.len() - errors;
        reporter.note(&format!(
            "checked {} in {}: {}, {}",
            counted(checked.references, "reference"),
            counted(files, "file"),
            counted(errors, "error"),
            counted(warnings, "warning"),
        ));
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Done })
}
