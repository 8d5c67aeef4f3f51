//! `redeem init`: sets a folder up and says each thing it did.

use crate::args::Init;
use crate::exit::{Exit, Stop};
use crate::report::Reporter;

pub(crate) fn run(options: &Init, reporter: &Reporter) -> Result<Exit, Stop> {
    for step in redeem_host::init(&options.folder)? {
        reporter.note(&format!("{}: {}", step.file, step.done));
    }
    reporter.note(
        "next: put a file with `{secret:api-key}` into config/, API_KEY=… into .env, and run `redeem render`",
    );
    Ok(Exit::Done)
}
