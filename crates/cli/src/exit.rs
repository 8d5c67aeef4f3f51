//! Exit codes, and the way from problems to them.

use std::process::ExitCode;

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
            Self::Unwritten => 6,
            Self::Interrupted => 130,
        }
    }

    /// What a render's problems come to; a failed backend outweighs an unwritten file, and that any other.
    pub(crate) fn of_render(diagnostics: &[Diagnostic], is_unwritten: bool) -> Self {
        let errors = || diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        if errors().any(|diagnostic| diagnostic.code == Code::BackendFailed) {
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
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        Self { exit: Exit::Usage, diagnostics: vec![error.into()], message: None }
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
