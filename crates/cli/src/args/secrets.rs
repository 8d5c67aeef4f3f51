//! The arguments of `redeem secrets`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Command, Subcommand, ValueEnum, ValueHint};
use redeem_host::import::Exchange;

/// `redeem secrets`
#[derive(clap::Args, Debug)]
pub(crate) struct Secrets {
    /// The backend of redeem.toml that is meant. None: its first vault, or secrets/
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// Which member you are, where your identity cannot tell: that of a plugin does not
    #[arg(long = "as", global = true, value_name = "MEMBER")]
    pub(crate) member: Option<String>,
    #[command(subcommand)]
    pub(crate) command: SecretsCommand,
}

/// What is done to secrets.
#[derive(Subcommand, Debug)]
pub(crate) enum SecretsCommand {
    /// Make a secret; the value is asked for, or piped in
    Create(Create),
    /// Create or change a value, or keys of a bundle
    Set(Set),
    /// Print what is known of a secret, or with --reveal its value
    Get(Get),
    /// Print what is known of a secret and its keys
    Show(Show),
    /// List all secrets
    List(List),
    /// Edit a secret in your editor, on a private file that is wiped
    Edit(Edit),
    /// Remove a secret, or a key of a bundle
    Delete(Delete),
    /// Give a secret another name
    Rename(Rename),
    /// Give a secret a new value, and keep the one before for a while
    Rotate(Rotate),
    /// List the versions that git knows
    History(History),
    /// Take secrets from a .env file, JSON, a SOPS file or a Kubernetes Secret
    Import(Import),
    /// Write secrets to such a file
    Export(Export),
}

/// The name of a secret, as a word or as an option.
#[derive(clap::Args, Debug)]
pub(crate) struct Named {
    /// The secret; NAME.KEY is one key of a bundle
    #[arg(value_name = "NAME")]
    pub(crate) words: Vec<String>,
    /// The same
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Where a value comes from. Without any of these it is asked for, or piped in.
#[derive(clap::Args, Debug)]
pub(crate) struct ValueSource {
    /// Take the bytes of this file, exactly
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "generate")]
    pub(crate) from_file: Option<PathBuf>,
    /// Keep the line end behind a piped value
    #[arg(long)]
    pub(crate) raw: bool,
    /// Make a value up: alnum, hex, base64url, ascii or digits; uuid; a key of ed25519 or age
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "alnum", require_equals = true)]
    pub(crate) generate: Option<String>,
    /// How many characters are made up: 32 unless said
    #[arg(long, value_name = "N", requires = "generate")]
    pub(crate) length: Option<usize>,
}

/// What belongs beside a value.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct Beside {
    /// Where it may stand; `global` is anywhere
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// From 00:00 UTC of which day on it is unusable: 2027-01-31
    #[arg(long, value_name = "DAY")]
    pub(crate) expires_at: Option<String>,
    /// Something to note beside it; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) metadata: Vec<String>,
    /// Let only its creator and the owners read it
    #[arg(long)]
    pub(crate) private: bool,
}

impl Beside {
    /// Whether anything is said.
    pub(crate) fn is_given(&self) -> bool {
        self.scope.is_some()
            || self.description.is_some()
            || self.expires_at.is_some()
            || !self.metadata.is_empty()
            || self.private
    }
}

/// `redeem secrets create`
#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) named: Named,
    #[command(flatten)]
    pub(crate) beside: Beside,
    #[command(flatten)]
    pub(crate) value: ValueSource,
    /// Move a value out of a file and leave the reference there
    #[arg(long, value_name = "FILE:KEY.PATH", conflicts_with_all = ["from_file", "generate", "raw"])]
    pub(crate) extract: Option<String>,
    /// Print what was made as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets set`
#[derive(clap::Args, Debug)]
#[command(
    override_usage = "redeem secrets set [OPTIONS] NAME [--KEY[=VALUE]]… [KEY=-]…",
    after_help = "--KEY=VALUE sets a key of a bundle. The value is then in your shell's history and in the list of processes: --KEY alone asks for it, KEY=- reads it from standard input."
)]
pub(crate) struct Set {
    #[command(flatten)]
    pub(crate) named: Named,
    #[command(flatten)]
    pub(crate) beside: Beside,
    #[command(flatten)]
    pub(crate) value: ValueSource,
    /// What `--KEY=VALUE` becomes before the other options are read.
    #[arg(long, hide = true, allow_hyphen_values = true, require_equals = true)]
    pub(crate) assign: Vec<String>,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets get`
#[derive(clap::Args, Debug)]
pub(crate) struct Get {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Print the value and nothing else
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Print an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets show`
#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Print the values too
    #[arg(long = "show-values")]
    pub(crate) with_values: bool,
    /// Print an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets list`
#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// Only secrets of this scope
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// Print an array of objects
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets edit`
#[derive(clap::Args, Debug)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets delete`
#[derive(clap::Args, Debug)]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets rename`
#[derive(clap::Args, Debug)]
pub(crate) struct Rename {
    /// The name that it has, and the one that it gets
    #[arg(value_name = "OLD NEW", required = true)]
    pub(crate) words: Vec<String>,
    /// The name that it has
    #[arg(long, value_name = "OLD")]
    pub(crate) name: Option<String>,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets rotate`
#[derive(clap::Args, Debug)]
pub(crate) struct Rotate {
    #[command(flatten)]
    pub(crate) named: Named,
    #[command(flatten)]
    pub(crate) value: ValueSource,
    /// Keep the value before for so long: 30m, 12h, 7d, 2w
    #[arg(long, value_name = "TIME", value_parser = redeem_host::duration::parse)]
    pub(crate) grace: Option<std::time::Duration>,
    /// From 00:00 UTC of which day on the new value is unusable
    #[arg(long, value_name = "DAY")]
    pub(crate) expires_at: Option<String>,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets history`
#[derive(clap::Args, Debug)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Print an array of objects
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets import`
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub(crate) struct Import {
    /// The file; `-` is standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// What the file is. None: what its name and its text say
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<ExchangeName>,
    /// Make one bundle of this name of all values
    #[arg(long, value_name = "NAME", conflicts_with = "flat")]
    pub(crate) bundle: Option<String>,
    /// Make each value a secret of its own, called by its key
    #[arg(long)]
    pub(crate) flat: bool,
    /// Make names of variables small, with dashes: `OPENAI_API_KEY` becomes openai-api-key
    #[arg(long)]
    pub(crate) kebab: bool,
    /// Change secrets that are there already, instead of refusing
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) beside: Beside,
    /// Print what was done as an array of objects
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem secrets export`
#[derive(clap::Args, Debug)]
pub(crate) struct Export {
    /// The secrets. None: all
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// One of them
    #[arg(long = "name", value_name = "NAME")]
    pub(crate) named: Vec<String>,
    /// Only secrets of this scope
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// What is written. None: what the name of the file says
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<ExchangeName>,
    /// The file, readable by you alone
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Make one Secret, or one object, of this name of all values; in a .env file keys stand alone
    #[arg(long, value_name = "NAME")]
    pub(crate) bundle: Option<String>,
    /// A SOPS file is encrypted to these. None: the members of the vault
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) recipient: Vec<String>,
    /// Print values even on a terminal
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// How secrets stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExchangeName {
    /// NAME=value lines
    #[value(alias = "env")]
    Dotenv,
    /// An object of names and values
    Json,
    /// A SOPS file
    Sops,
    /// A Secret of Kubernetes
    #[value(alias = "k8s")]
    Kubernetes,
}

impl From<ExchangeName> for Exchange {
    fn from(name: ExchangeName) -> Self {
        match name {
            ExchangeName::Dotenv => Self::Dotenv,
            ExchangeName::Json => Self::Json,
            ExchangeName::Sops => Self::Sops,
            ExchangeName::Kubernetes => Self::Kubernetes,
        }
    }
}

/// Turns each `--KEY` and `--KEY=VALUE` of `redeem secrets set` that is no option into `--assign=…`.
///
/// The keys of a bundle are options of their own, as Kitaru and `ZenML` have them, and no table knows them.
pub(crate) fn assignments(arguments: Vec<OsString>, root: &Command) -> Vec<OsString> {
    let set = root.find_subcommand("secrets").and_then(|secrets| secrets.find_subcommand("set"));
    let Some(set) = set else { return arguments };
    let known: Vec<(String, bool)> = set
        .get_arguments()
        .filter_map(|option| Some((option.get_long()?.to_owned(), option.get_action().takes_values())))
        .chain([("help".to_owned(), false), ("version".to_owned(), false)])
        .collect();
    // The first word from `at` on that is neither an option nor the value of one, if it is this one.
    let word = |at: usize, expected: &str| {
        let mut at = at;
        while let Some(text) = arguments.get(at).and_then(|argument| argument.to_str()) {
            match text.strip_prefix("--") {
                Some(option) if known.iter().any(|(name, takes)| name == option && *takes) => at += 2,
                Some(_) => at += 1,
                None if text == "-C" => at += 2,
                None if text.starts_with('-') => at += 1,
                None => return Some(at).filter(|_| text == expected),
            }
        }
        None
    };
    let Some(set) = word(1, "secrets").and_then(|secrets| word(secrets + 1, "set")) else { return arguments };
    let is_key = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && known.iter().all(|(known, _)| known != name)
    };
    let mut is_over = false;
    let turn = |(position, argument): (usize, OsString)| {
        let Some(text) = argument.to_str().filter(|_| position > set) else { return argument };
        is_over |= text == "--";
        match text.strip_prefix("--").filter(|_| !is_over) {
            Some(option) if is_key(option.split('=').next().unwrap_or_default()) => {
                format!("--assign={option}").into()
            }
            _ => argument,
        }
    };
    arguments.into_iter().enumerate().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    fn turned(line: &str) -> String {
        let mut root = Args::command();
        root.build();
        let words = line.split(' ').map(OsString::from).collect();
        let turned = assignments(words, &root);
        turned.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_of_a_bundle_become_assignments_and_options_stay() {
        for (line, expected) in [
            ("redeem secrets set a --K=v --private", "redeem secrets set a --assign=K=v --private"),
            (
                "redeem -q secrets --backend b set a --K --scope x",
                "redeem -q secrets --backend b set a --assign=K --scope x",
            ),
            ("redeem secrets set a --json -- --K=v", "redeem secrets set a --json -- --K=v"),
            ("redeem secrets get set --K=v", "redeem secrets get set --K=v"),
            ("redeem secrets set --name a K=- --k-e.y", "redeem secrets set --name a K=- --assign=k-e.y"),
            ("redeem render secrets set --K", "redeem render secrets set --K"),
        ] {
            assert_eq!(turned(line), expected, "{line}");
        }
    }
}
