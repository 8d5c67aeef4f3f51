//! Turns the secret references in config files into secrets: the library behind the `redeem` command.
//!
//! ```
//! use redeem::{Format, Redeem};
//!
//! let redeem = Redeem::with_secrets([("db-password", "p@ss: #1")]);
//! let rendered = redeem.render("app.yaml", "password: ${secret.db-password} # live\n", Format::Yaml)?;
//! assert_eq!(rendered.text(), "password: \"p@ss: #1\" # live\n");
//! # Ok::<(), redeem::Error>(())
//! ```
//!
//! Secrets of one's own are kept in a [`Vault`]: see [`mod@vault`].
//!
//! A project with a `redeem.toml` is opened by [`Redeem::discover`]; its backends are asked only for
//! the names that the references of a text ask for. Nothing here prints a value: [`Rendered`] has
//! to be asked for its text.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::Path;

use redeem_host::config::{Config, Treatment};
use redeem_host::inputs::{Input, Selection, conflicts, walk};
use redeem_host::write::{Outputs, WriteError};
use redeem_host::{Disk, Judge, Memory, Run, Target, World, render_text, trust};

pub mod vault;

pub use redeem_host::{
    Code, Diagnostic, Dialects, Encoding, Format, Name, Rendered, Secret, Severity, Source,
};
pub use vault::Vault;

/// A project: its configuration and its secrets.
pub struct Redeem {
    config: Config,
    world: Box<dyn World>,
}

/// Why nothing was rendered.
#[derive(Debug)]
pub enum Error {
    /// Something is wrong with the texts, the configuration or the secrets; each problem is told.
    Problems(Vec<Diagnostic>),
    /// An output could not be written.
    Write(WriteError),
}

/// What a render of a folder did, in numbers of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Files that are new or differ from what was there.
    pub changed: usize,
    /// Files that were left alone.
    pub unchanged: usize,
}

impl Redeem {
    /// Opens the project that `folder` is in, by the nearest `redeem.toml`; without one the vault in `secrets/` is
    /// asked, if there is one, and then the environment.
    ///
    /// # Errors
    /// What is wrong with the configuration; one that reaches outside its folder and was not trusted.
    pub fn discover(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let config =
            Config::discover(folder.as_ref(), None).map_err(|error| Error::Problems(vec![error.into()]))?;
        let outside = config.needs_trust();
        if !outside.is_empty() && !trust::is_trusted(&config) {
            return Err(Error::Problems(outside));
        }
        let world = Disk::open(&config).map_err(|error| Error::Problems(vec![error.into()]))?;
        Ok(Self { config, world: Box::new(world) })
    }

    /// A project without a configuration whose secrets are at hand, named as references name them.
    pub fn with_secrets<N: AsRef<str>, V: AsRef<[u8]>>(secrets: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { config: Config::default(), world: Box::new(Memory::new(secrets)) }
    }

    /// Renders one text of this format; `name` is what diagnostics call it.
    ///
    /// The rules of `redeem.toml` for a file of this name hold: its dialects, and how values are escaped. Only a
    /// file can be a template, for it may include others.
    ///
    /// # Errors
    /// Everything that is wrong with it. Warnings are not errors.
    pub fn render(&self, name: &str, text: &str, format: Format) -> Result<Rendered, Error> {
        let mut live = match self.config.rules.treatment(Path::new(name), true) {
            Treatment::Live(live) => live,
            Treatment::Copy => self.config.rules.nameless(),
        };
        (live.format, live.is_template) = (format, false);
        let input = Input::at_hand(name, live);
        let outcome = render_text(&input, text, self.world.as_ref(), &self.judge());
        outcome.rendered.ok_or(Error::Problems(outcome.diagnostics))
    }

    /// Renders a folder to another: all of it, or nothing.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let (source, output) = (folder.path().join("in"), folder.path().join("out"));
    /// # std::fs::create_dir(&source)?;
    /// std::fs::write(source.join("a.toml"), "key = '{secret:api-key}'\n")?;
    /// let redeem = redeem::Redeem::with_secrets([("api-key", "K1")]);
    /// let summary = redeem.render_folder(&source, &output)?;
    /// assert_eq!(summary.changed, 1);
    /// assert_eq!(std::fs::read_to_string(output.join("a.toml"))?, "key = 'K1'\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with its files, or why they cannot be written.
    pub fn render_folder(
        &self,
        source: impl AsRef<Path>,
        output: impl AsRef<Path>,
    ) -> Result<Summary, Error> {
        let output = output.as_ref();
        let selection = Selection { output: Some(output), ..Selection::default() };
        let inputs = walk(source.as_ref(), &self.config, selection);
        let mut problems = inputs.problems;
        problems.extend(conflicts(&inputs.taken, output));
        if !problems.is_empty() {
            return Err(Error::Problems(problems));
        }
        let outputs = Outputs::in_folder(output).map_err(Error::Write)?;
        let judge = self.judge();
        let run = Run { inputs: &inputs.taken, world: self.world.as_ref(), mode: None, judge: &judge };
        let mut rendering = run.render(&Target::Write(&outputs));
        if let Some(error) = rendering.write_errors.pop() {
            return Err(Error::Write(error));
        }
        if !rendering.is_whole() {
            return Err(Error::Problems(rendering.diagnostics));
        }
        let summary = outputs.commit().map_err(Error::Write)?;
        Ok(Summary { changed: summary.written + summary.modes_only, unchanged: summary.unchanged })
    }

    fn judge(&self) -> Judge<'_> {
        Judge::new(&self.config, Some(self.world.as_ref()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problems(problems) => {
                let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
                let told: Vec<String> = errors
                    .map(|problem| match problem.place() {
                        Some(place) => format!("{place}: {}", problem.message),
                        None => problem.message.clone(),
                    })
                    .collect();
                f.write_str(&told.join("; "))
            }
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Problems(_) => None,
            Self::Write(error) => std::error::Error::source(error),
        }
    }
}
