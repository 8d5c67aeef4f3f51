//! The fixes of what a check finds: offered, shown, or written.

use redeem_host::Severity;
use redeem_host::check::Checked;
use redeem_host::config::Config;
use redeem_host::fix::{FixError, Fixes, fixable};
use redeem_host::inputs::Input;

use crate::command::counted;
use crate::exit::{Exit, Stop, told};
use crate::report::{Fixed, Reporter, print};

/// Says that there are fixes.
pub(super) fn offer(inputs: &[Input], checked: &Checked, config: &Config, reporter: &Reporter) {
    let count = fixable(inputs, &checked.diagnostics, config);
    let safe = counted(count.safe, "problem");
    let told = match (count.safe, count.unsafe_only) {
        (0, 0) => return,
        (_, 0) => format!("{safe} can be fixed with --fix"),
        (0, more) => format!("{} can be fixed with --unsafe-fixes", counted(more, "problem")),
        (_, more) => format!("{safe} can be fixed with --fix, {more} more with --unsafe-fixes"),
    };
    reporter.note(&told);
}

/// Shows what the fixes would change.
pub(super) fn preview(fixes: &Fixes, checked: &Checked, reporter: &Reporter) -> Result<Exit, Stop> {
    let diffs: String = fixes.files.iter().map(|file| reporter.diff(&file.diff())).collect();
    print(diffs.as_bytes())?;
    fixes.refused.iter().for_each(|error| refuse(error, reporter));
    let count = fixes.files.iter().map(|file| file.applied.len()).sum();
    reporter.note(&format!(
        "would fix {} in {}",
        counted(count, "problem"),
        counted(fixes.files.len(), "file")
    ));
    let is_clean =
        fixes.files.is_empty() && checked.diagnostics.iter().all(|told| told.severity != Severity::Error);
    Ok(if is_clean { Exit::Done } else { Exit::Found })
}

/// Writes the fixed files and says what was done; also, whether one of them could not be written.
pub(super) fn write<'f>(fixes: &'f Fixes, reporter: &Reporter) -> (Vec<Fixed<'f>>, bool) {
    let (mut done, mut written) = (Vec::new(), 0);
    let mut is_refused = !fixes.refused.is_empty();
    fixes.refused.iter().for_each(|error| refuse(error, reporter));
    for file in &fixes.files {
        if let Err(error) = file.write() {
            refuse(&error, reporter);
            is_refused = true;
            continue;
        }
        done.extend(file.applied.iter().map(|applied| Fixed { file: &file.shown, applied }));
        written += 1;
        for applied in &file.applied {
            let place = format!("{}:{}:{}", file.shown, applied.line, applied.column);
            reporter.detail(&format!("{place}: wrote `{}`", applied.replacement));
        }
    }
    reporter.note(&format!("fixed {} in {}", counted(done.len(), "problem"), counted(written, "file")));
    (done, is_refused)
}

fn refuse(error: &FixError, reporter: &Reporter) {
    reporter.problem(&told(error), Some(error.help()));
}
