//! The `redeem` command: arguments in, exit code out.

mod args;
mod command;
mod exit;
mod report;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::report::Reporter;

fn main() -> ExitCode {
    quiet_panics();
    no_core_dumps();
    let args = Args::parse();
    if let Some(folder) = &args.global.directory
        && let Err(error) = std::env::set_current_dir(folder)
    {
        let reporter = Reporter::new(&args.global);
        reporter.problem(&format!("cannot enter {}: {error}", folder.display()), None);
        return Exit::Usage.into();
    }
    if let Err(error) = clean_up_on_signals() {
        Reporter::new(&args.global).problem(&format!("cannot handle signals: {error}"), None);
        return Exit::Usage.into();
    }
    let reporter = Reporter::new(&args.global);
    let result = match &args.command {
        Command::Render(options) => command::render::run(options, &args.global, &reporter),
        Command::Check(options) => command::check::run(options, &args.global, &reporter),
        Command::Refs(options) => command::refs::run(options, &args.global, &reporter),
        Command::Explain(options) => command::explain::run(options),
        Command::Schema => command::schema::run(),
        Command::Completions(options) => command::completions::run(options, &reporter),
        Command::Init(options) => command::init::run(options, &reporter),
        Command::Trust => command::trust::run(&args.global, &reporter),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(stop) => {
            reporter.stop(&stop);
            stop.exit.into()
        }
    }
}

/// A panic's message may quote the text it stumbled over, so only its place is told.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        report::last_words(&format!("redeem: internal error{place}; this is a defect, please report it\n"));
    }));
}

/// A core dump would hold every value of the run.
fn no_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Where the system refuses, the run goes on as any program's would.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// On SIGINT, SIGTERM and SIGHUP nothing is left behind: staged outputs are removed first.
fn clean_up_on_signals() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            redeem_host::write::abandon();
            #[expect(clippy::exit, reason = "the main thread may be anywhere")]
            std::process::exit(Exit::Interrupted.code());
        }
    });
    Ok(())
}
