//! Exit codes, and the way from problems to them.

use std::process::ExitCode;

use redeem_host::extract::ExtractError;
use redeem_host::vault::VaultError;
use redeem_host::{Code, ConfigError, Diagnostic, Severity, write::WriteError};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Problems were found, or an output is stale.
    Found,
    /// Wrong usage or configuration.
    Usage,
    /// A file could not be rendered for what it says.
    Unrendered,
    /// A backend failed.
    Backend,
    /// A secret is damaged, or no identity at hand decrypts it.
    Integrity,
    /// An output could not be written.
    Unwritten,
    /// Stopped by a signal.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Unrendered => 3,
            Self::Backend => 4,
            Self::Integrity => 5,
            Self::Unwritten => 6,
            Self::Interrupted => 130,
        }
    }

    /// What a render's problems come to: 5 outweighs 4, that 6, and that any other.
    pub(crate) fn of_render(diagnostics: &[Diagnostic], is_unwritten: bool) -> Self {
        let errors = || diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let is_sealed = |code: Code| matches!(code, Code::Integrity | Code::UnreadableSecret);
        if errors().any(|diagnostic| is_sealed(diagnostic.code)) {
            Self::Integrity
        } else if errors().any(|diagnostic| diagnostic.code == Code::BackendFailed) {
            Self::Backend
        } else if is_unwritten {
            Self::Unwritten
        } else if errors().next().is_some() {
            Self::Unrendered
        } else {
            Self::Done
        }
    }
}

impl Exit {
    /// What the failure of a store comes to.
    pub(crate) fn of_code(code: Code) -> Self {
        match code {
            Code::Integrity | Code::UnreadableSecret => Self::Integrity,
            Code::BackendFailed => Self::Backend,
            _ => Self::Usage,
        }
    }

    /// What problems of a store come to that was only looked at.
    pub(crate) fn of_problems(diagnostics: &[Diagnostic]) -> Self {
        match Self::of_render(diagnostics, false) {
            Self::Unrendered => Self::Backend,
            exit => exit,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(u8::try_from(exit.code()).unwrap_or(u8::MAX))
    }
}

/// Why a command stopped before it had anything to tell of the files.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) exit: Exit,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) message: Option<(String, Option<String>)>,
}

impl Stop {
    /// Wrong usage, with what to do instead.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            diagnostics: Vec::new(),
            message: Some((message.into(), Some(help.into()))),
        }
    }

    /// Wrong usage, told in one sentence.
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, diagnostics: Vec::new(), message: Some((message.into(), None)) }
    }

    /// The same with another exit code.
    pub(crate) fn with(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl From<VaultError> for Stop {
    fn from(error: VaultError) -> Self {
        let exit = match &error {
            VaultError::Unreadable { .. } | VaultError::Integrity(_) | VaultError::NotAMember { .. } => {
                Exit::Integrity
            }
            VaultError::Malformed(_)
            | VaultError::System { .. }
            | VaultError::Changed { .. }
            | VaultError::NoHistory { .. } => Exit::Backend,
            VaultError::Write(_) => Exit::Unwritten,
            _ => Exit::Usage,
        };
        let help = error.help();
        match error {
            VaultError::Malformed(diagnostic) | VaultError::Integrity(diagnostic) => {
                Self { exit, diagnostics: vec![*diagnostic], message: None }
            }
            error => Self { exit, diagnostics: Vec::new(), message: Some((told(&error), help)) },
        }
    }
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        Self { exit: Exit::Usage, diagnostics: vec![error.into()], message: None }
    }
}

impl From<ExtractError> for Stop {
    fn from(error: ExtractError) -> Self {
        let help = error.help().map(str::to_owned);
        match error {
            ExtractError::File(diagnostic) => {
                Self { exit: Exit::Unrendered, diagnostics: vec![*diagnostic], message: None }
            }
            error => Self { message: Some((told(&error), help)), ..Self::plain("") },
        }
    }
}

impl From<WriteError> for Stop {
    fn from(error: WriteError) -> Self {
        Self {
            exit: Exit::Unwritten,
            diagnostics: Vec::new(),
            message: Some((told(&error), Some(error.help().to_owned()))),
        }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self { exit: Exit::Unwritten, diagnostics: Vec::new(), message: Some((error.to_string(), None)) }
    }
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
