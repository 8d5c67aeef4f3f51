//! The arguments of `redeem vault`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, ValueHint};
use redeem_host::vault::Role;

/// `redeem vault`
#[derive(clap::Args, Debug)]
pub(crate) struct Vault {
    /// The backend of redeem.toml that is meant. None: its first vault, or secrets/
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// Which member you are, where your identity cannot tell: that of a plugin does not
    #[arg(long = "as", global = true, value_name = "MEMBER")]
    pub(crate) acting: Option<String>,
    #[command(subcommand)]
    pub(crate) command: VaultCommand,
}

/// What is done to a vault.
#[derive(Subcommand, Debug)]
pub(crate) enum VaultCommand {
    /// Make a vault, and an identity if you have none
    Init(VaultInit),
    /// List who can read
    Members(Members),
    /// Let somebody in, or change a role; their secrets are encrypted to them too
    Grant(Grant),
    /// Take somebody out; every file that they could read gets a new data key
    Revoke(Revoke),
    /// Check every file: its MAC, its seal, whom it is encrypted to
    Verify(Verify),
    /// Give files a new data key and the recipients that vault.toml names
    Rekey(Rekey),
}

/// `redeem vault init`
#[derive(clap::Args, Debug)]
pub(crate) struct VaultInit {
    /// The folder
    #[arg(default_value = redeem_host::vault::FOLDER, value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// What the vault calls you. None: your user name
    #[arg(long, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// Your recipient, if it is not that of the identity at hand
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) recipient: Option<String>,
}

/// `redeem vault members`
#[derive(clap::Args, Debug)]
pub(crate) struct Members {
    /// Print an array of objects
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem vault grant`
#[derive(clap::Args, Debug)]
pub(crate) struct Grant {
    /// What the vault calls them
    pub(crate) name: String,
    /// The public half of their identity: `age1…`
    pub(crate) recipient: String,
    /// What they may do
    #[arg(long, default_value = "member")]
    pub(crate) role: RoleName,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    /// Everything: let members in and out, read and write each secret
    Owner,
    /// Read and write, but for the private secrets of others
    Member,
    /// Read public secrets
    Ci,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Member => Self::Member,
            RoleName::Ci => Self::Ci,
        }
    }
}

/// `redeem vault revoke`
#[derive(clap::Args, Debug)]
pub(crate) struct Revoke {
    /// What the vault calls them
    pub(crate) name: String,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem vault verify`
#[derive(clap::Args, Debug)]
pub(crate) struct Verify {
    /// The secrets to check. None: all
    pub(crate) names: Vec<String>,
    /// Seal this secret anew, as another tool has left it. Look at it first
    #[arg(long, value_name = "NAME", conflicts_with = "names")]
    pub(crate) accept: Vec<String>,
    /// Print an array of objects
    #[arg(long)]
    pub(crate) json: bool,
}

/// `redeem vault rekey`
#[derive(clap::Args, Debug)]
pub(crate) struct Rekey {
    /// The secrets. None: all
    pub(crate) names: Vec<String>,
    /// Print what was done as an object
    #[arg(long)]
    pub(crate) json: bool,
}
