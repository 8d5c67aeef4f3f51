//! `redeem completions`: what a shell needs to complete arguments, and man pages, from the same table of options.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;
use redeem_host::paths::shown;
use redeem_host::write::{ModeRule, Outputs};

use super::counted;
use crate::args::{Args, CompletionTarget, Completions};
use crate::exit::{Exit, Stop};
use crate::report::{Reporter, print};

pub(crate) fn run(options: &Completions, reporter: &Reporter) -> Result<Exit, Stop> {
    let files = match options.target {
        CompletionTarget::Bash => completions(Shell::Bash),
        CompletionTarget::Zsh => completions(Shell::Zsh),
        CompletionTarget::Fish => completions(Shell::Fish),
        CompletionTarget::Elvish => completions(Shell::Elvish),
        CompletionTarget::PowerShell => completions(Shell::PowerShell),
        CompletionTarget::Man => pages()?,
    };
    match (&options.output, &files[..]) {
        (Some(folder), files) => {
            write(folder, files)?;
            reporter.note(&format!("wrote {} to {}", counted(files.len(), "file"), shown(folder)));
        }
        (None, [(_, text)]) => print(text)?,
        (None, _) => {
            return Err(Stop::usage("man pages are several files", "name a folder for them with `-o DIR`"));
        }
    }
    Ok(Exit::Done)
}

/// A file's name and its text.
type Page = (String, Vec<u8>);

fn completions(shell: Shell) -> Vec<Page> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "redeem", &mut text);
    vec![(shell.file_name("redeem"), text)]
}

/// A page for `redeem` and one for each command: `redeem-render.1`, `redeem-secrets-create.1`.
fn pages() -> Result<Vec<Page>, Stop> {
    let mut root = Args::command();
    // Options that every command takes get into each command's page by this.
    root.build();
    let mut commands = Vec::new();
    gather("redeem", &root, &mut commands);
    let page = |(name, command): (String, Command)| {
        let mut text = Vec::new();
        let title = name.to_uppercase();
        let source = format!("redeem {}", env!("CARGO_PKG_VERSION"));
        Man::new(command.display_name(name.clone())).title(title).source(source).render(&mut text)?;
        Ok((format!("{name}.1"), text))
    };
    commands.into_iter().map(page).collect()
}

/// A command and those below it, each with the name of its page.
fn gather(name: &str, command: &Command, found: &mut Vec<(String, Command)>) {
    found.push((name.to_owned(), command.clone()));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        gather(&format!("{name}-{}", below.get_name()), below, found);
    }
}

fn write(folder: &Path, files: &[Page]) -> Result<(), Stop> {
    let outputs = Outputs::in_folder(folder)?;
    // They hold no secret, and are for everybody on the machine.
    let shared = ModeRule { source: None, explicit: Some(0o644) };
    for (name, text) in files {
        outputs.prepare(name.as_ref(), text, shared)?;
    }
    outputs.commit()?;
    Ok(())
}
