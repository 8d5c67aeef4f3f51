//! `redeem trust`: accepts this folder's configuration as it is now.

use redeem_host::trust::{accept, digest};

use super::config;
use crate::args::Global;
use crate::exit::{Exit, Stop};
use crate::report::Reporter;

pub(crate) fn run(global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let config = config(global)?;
    let Some(digest) = digest(&config) else {
        return Err(Stop::usage(
            "there is no redeem.toml here",
            "run this in the folder of the one to trust, or name it with --config",
        ));
    };
    if config.needs_trust().is_empty() {
        reporter.note("this redeem.toml stays in its folder: there is nothing to trust");
        return Ok(Exit::Done);
    }
    match accept(&config)? {
        Some(note) => {
            reporter.note(&format!("trusted until it changes; noted in {}", note.display()));
            reporter.note(&format!("in CI: REDEEM_TRUST={digest}"));
            Ok(Exit::Done)
        }
        None => Err(Stop::usage(
            "there is no place to note it: neither XDG_STATE_HOME nor HOME is set",
            format!("set REDEEM_TRUST={digest}"),
        )),
    }
}
