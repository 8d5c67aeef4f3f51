//! `redeem init`: sets a folder up and says each thing it did.

use std::sync::Arc;

use crate::args::Init;
use crate::exit::{Exit, Stop};
use crate::report::Reporter;
use crate::terminal::Asking;

pub(crate) fn run(options: &Init, reporter: &Reporter) -> Result<Exit, Stop> {
    for step in redeem_host::init(&options.folder, options.member.as_deref(), Arc::new(Asking))? {
        reporter.note(&format!("{}: {}", step.file, step.done));
    }
    reporter.note(
        "next: put a file with `{secret:api-key}` into config/, run `redeem secrets create api-key`, then `redeem render`",
    );
    Ok(Exit::Done)
}
