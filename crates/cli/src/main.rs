//! The `redeem` command: arguments in, exit code out.

mod args;
mod command;
mod exit;
mod report;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::report::Reporter;

fn main() -> ExitCode {
    quiet_panics();
    no_core_dumps();
    let mut args = arguments();
    args.global.start = std::env::current_dir().unwrap_or_default();
    if let Some(folder) = &args.global.directory
        && let Err(error) = std::env::set_current_dir(folder)
    {
        let reporter = Reporter::new(&args.global);
        reporter.problem(&format!("cannot enter {}: {error}", folder.display()), None);
        return Exit::Usage.into();
    }
    if let Err(error) = signals::clean_up_on_signals() {
        Reporter::new(&args.global).problem(&format!("cannot handle signals: {error}"), None);
        return Exit::Usage.into();
    }
    let reporter = Reporter::new(&args.global);
    let result = match &args.command {
        Command::Render(options) => command::render::run(options, &args.global, &reporter),
        Command::Check(options) => command::check::run(options, &args.global, &reporter),
        Command::Lock(options) => command::lock::run(options, &args.global, &reporter),
        Command::Refs(options) => command::refs::run(options, &args.global, &reporter),
        Command::Explain(options) => command::explain::run(options, &args.global),
        Command::Schema => command::schema::run(),
        Command::Completions(options) => command::completions::run(options, &reporter),
        Command::Secrets(options) => command::secrets::run(options, &args.global, &reporter),
        Command::Vault(options) => command::vault::run(options, &args.global, &reporter),
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

/// The arguments, in which the keys of a bundle are options that no table knows.
fn arguments() -> Args {
    let mut root = Args::command();
    root.build();
    let words = args::secrets::assignments(std::env::args_os().collect(), &root);
    let is_secrets = words.iter().any(|word| word == "secrets");
    let found = Args::command().try_get_matches_from(words).and_then(|found| Args::from_arg_matches(&found));
    found.unwrap_or_else(|error| if is_secrets { without_values(error) } else { error }.exit())
}

/// What is wrong with the arguments, without any that may hold a value: `secrets set NAME --quiet=VALUE`.
fn without_values(mut error: clap::Error) -> clap::Error {
    let hidden = || ContextValue::String("…".to_owned());
    if error.get(ContextKind::InvalidValue).is_some() {
        error.insert(ContextKind::InvalidValue, hidden());
    }
    let is_word =
        |found: &ContextValue| !matches!(found, ContextValue::String(text) if text.starts_with('-'));
    if error.kind() == ErrorKind::UnknownArgument && error.get(ContextKind::InvalidArg).is_some_and(is_word) {
        error.insert(ContextKind::InvalidArg, hidden());
    }
    error
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
