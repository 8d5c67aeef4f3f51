//! `redeem check`: everything that can be known without any value.

use redeem_host::{Severity, scan_inputs};

use super::{config, counted, inputs};
use crate::args::{Check, Global, Told};
use crate::exit::{Exit, Stop};
use crate::report::Reporter;

pub(crate) fn run(options: &Check, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let config = config(global)?;
    let inputs = inputs(&options.paths, &config);
    let (found, mut diagnostics) =
        scan_inputs(&inputs.taken, |found| (found.scan.references.len(), found.scan.diagnostics));
    diagnostics.extend(inputs.problems);
    let references: usize = found.iter().map(|(references, _)| references).sum();
    diagnostics.extend(found.into_iter().flat_map(|(_, diagnostics)| diagnostics));
    diagnostics.sort_by_cached_key(redeem_host::Diagnostic::sort_key);
    reporter.print(&diagnostics, options.format)?;
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    if options.format != Told::Json {
        let warnings = diagnostics.len() - errors;
        reporter.note(&format!(
            "checked {} in {}: {}, {}",
            counted(references, "reference"),
            counted(inputs.taken.len(), "file"),
            counted(errors, "error"),
            counted(warnings, "warning"),
        ));
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Done })
}
