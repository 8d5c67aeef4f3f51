//! What people type.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum, ValueHint};
use redeem_host::Format;
use redeem_host::syntax::format::FORMATS;
use redeem_host::vault::Expiry;

pub(crate) mod secrets;
pub(crate) mod vault;

/// Turns the secret references in config files into secrets.
#[derive(Parser, Debug)]
#[command(name = "redeem", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 problems found, 2 wrong usage or config, \
3 a file could not be rendered, 4 a backend failed, 5 integrity or decryption, 6 an output could not be written, 130 interrupted";

/// Options of every command.
#[derive(clap::Args, Debug)]
pub(crate) struct Global {
    /// Use this configuration instead of the nearest redeem.toml
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Work as if started in DIR
    #[arg(short = 'C', global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
    /// The folder that this was started in.
    #[arg(skip)]
    pub(crate) start: PathBuf,
    /// Lay this profile of redeem.toml over its backends
    #[arg(long, global = true, value_name = "NAME", env = "REDEEM_PROFILE")]
    pub(crate) profile: Option<String>,
    /// Say nothing but problems
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more: each file that is written
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` or `CLICOLOR=0` says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Write files with the values in place of their references
    Render(Render),
    /// Tell what is wrong, without any value
    Check(Check),
    /// Write down which names the backends have that cannot be listed, for `check`
    Lock(Lock),
    /// List every reference, who uses a secret, and which none uses
    Refs(Refs),
    /// Tell what a problem's code means, or what a reference is
    Explain(Explain),
    /// Keep secrets: make, change, read, list, edit, import, export
    Secrets(secrets::Secrets),
    /// Keep a vault: who can read, and whether all is as it was written
    Vault(vault::Vault),
    /// Write a first redeem.toml and ignore lines for git, and make a vault
    Init(Init),
    /// Print the JSON Schema of redeem.toml, for editors
    Schema,
    /// Write completions for a shell, or man pages
    Completions(Completions),
    /// Accept this folder's redeem.toml, as it is now, though it reaches outside
    Trust,
}

/// `redeem render`
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub(crate) struct Render {
    /// Files and folders; `-` is standard input. None: `source` of redeem.toml
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Where to: a file, or a folder that gets the same tree
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// The format of standard input, or of the file named
    #[arg(long = "as", value_name = "FORMAT", value_parser = format)]
    pub(crate) format: Option<Format>,
    /// Tell what would be written, and write nothing
    #[arg(long, conflicts_with = "check")]
    pub(crate) dry_run: bool,
    /// Show what would change, with a tag for each value, and write nothing
    #[arg(long)]
    pub(crate) diff: bool,
    /// Exit with 1 if an output is not what a render would write
    #[arg(long)]
    pub(crate) check: bool,
    /// Only files that match, by their path in the source; without a `/` at any depth
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Option<String>,
    /// Write the files that can be rendered even if others cannot
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Mode of every output, octal, instead of its source's owner bits
    #[arg(long, value_name = "MODE", value_parser = mode)]
    pub(crate) mode: Option<u32>,
    /// Use the made-up value `fake-NAME` for each secret; no backend is opened
    #[arg(long)]
    pub(crate) fake: bool,
    /// Print a rendered file even on a terminal
    #[arg(long)]
    pub(crate) reveal: bool,
    #[command(flatten)]
    pub(crate) levels: Levels,
}

/// `redeem check`
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub(crate) struct Check {
    /// Files and folders. None: `source` of redeem.toml, or this folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// How problems are told
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Told,
    /// Judge as if it were this day, 00:00 UTC, or this instant: 2027-01-31, 2027-01-31T12:00:00Z
    #[arg(long, value_name = "DATE", value_parser = Expiry::parse)]
    pub(crate) at: Option<Expiry>,
    /// Apply the fixes that are safe, in place, and tell what remains
    #[arg(long)]
    pub(crate) fix: bool,
    /// Apply the other fixes too; look at what they did
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Show what fixes would change, and write nothing; exit with 1 if they would
    #[arg(long)]
    pub(crate) diff: bool,
    /// Check what is staged in git, not the files on the disk
    #[arg(long)]
    pub(crate) staged: bool,
    /// Ask that redeem.lock has each backend that cannot be listed, and each name
    #[arg(long)]
    pub(crate) locked: bool,
    #[command(flatten)]
    pub(crate) levels: Levels,
}

/// `redeem lock`
#[derive(clap::Args, Debug)]
pub(crate) struct Lock {
    /// Write nothing; exit with 1 if redeem.lock would change
    #[arg(long)]
    pub(crate) check: bool,
}

/// Which warnings are errors, and which are not told.
#[derive(clap::Args, Debug)]
pub(crate) struct Levels {
    /// Make errors of the warnings of this code, or of all with `warnings`; several with commas, or said several times
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) deny: Vec<String>,
    /// Leave out the warnings of this code; several with commas, or said several times; does not win over `--deny`
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
}

/// How problems are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Told {
    /// With the source line and help
    Human,
    /// One line each
    Short,
    /// JSON, as docs/check.schema.json has it
    Json,
    /// A SARIF 2.1.0 log, for code scanning services
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// A Code Quality report of GitLab
    Gitlab,
}

impl Told {
    /// Whether people read it.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Human | Self::Short)
    }
}

/// `redeem refs`
#[derive(clap::Args, Debug)]
pub(crate) struct Refs {
    /// Files and folders. None: `source` of redeem.toml, or this folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only what a rotation of this secret touches, with the outputs; NAME.KEY is one key of a bundle; may be said several times
    #[arg(long, value_name = "NAME")]
    pub(crate) who_uses: Vec<String>,
    /// List the secrets of vaults, SOPS files, folders and .env files that no file refers to
    #[arg(long, conflicts_with = "who_uses")]
    pub(crate) unused: bool,
    /// How references are told
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: RefsFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// How references are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RefsFormat {
    /// A table
    Human,
    /// An array of objects
    Json,
    /// A graph for Graphviz
    Dot,
    /// A flowchart for Mermaid
    Mermaid,
}

/// `redeem explain`
#[derive(clap::Args, Debug)]
pub(crate) struct Explain {
    /// A code, such as `near-miss`, or a place, as `FILE:LINE` or `FILE:LINE:COL`. None: a list of all codes
    #[arg(value_name = "CODE|FILE:LINE[:COL]", value_hint = ValueHint::FilePath)]
    pub(crate) what: Option<OsString>,
    /// Print an object, or an array of them for the list
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem completions`
#[derive(clap::Args, Debug)]
pub(crate) struct Completions {
    /// The shell, or `man` for one man page a command
    pub(crate) target: CompletionTarget,
    /// Write files with their usual names into DIR, instead of printing
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
}

/// What completions are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionTarget {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
    /// Elvish
    Elvish,
    /// PowerShell
    #[value(name = "powershell")]
    PowerShell,
    /// Man pages; needs `-o DIR`
    Man,
}

/// `redeem init`
#[derive(clap::Args, Debug)]
pub(crate) struct Init {
    /// The folder to set up
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// What the vault calls you. None: your user name
    #[arg(long, value_name = "NAME")]
    pub(crate) member: Option<String>,
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        format!("the formats are: {}", names.join(", "))
    })
}

fn mode(text: &str) -> Result<u32, String> {
    let digits = text.trim_start_matches("0o");
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|mode| *mode <= 0o777)
        .ok_or_else(|| "expected up to three octal digits, such as 600 or 0640".to_owned())
}
