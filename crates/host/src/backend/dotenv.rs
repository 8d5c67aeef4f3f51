//! A `.env` file: `KEY=value` lines, read without expanding anything.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use redeem_core::{Backend, Fetched, Name, Secret, Survey};
use redeem_syntax::{Code, Event, Format, Style};
use zeroize::Zeroizing;

use super::{Variables, failed, here};
use crate::config::{BackendConfig, ConfigError};

/// A `.env` file as a store of secrets. It is read once, when it is first asked.
pub struct Dotenv {
    name: String,
    path: PathBuf,
    variables: Variables,
    held: OnceLock<Result<BTreeMap<String, Secret>, String>>,
}

/// Makes the backend of a `type = "dotenv"` table.
pub(crate) fn open(config: &BackendConfig) -> Result<Box<dyn Backend>, ConfigError> {
    Ok(Box::new(Dotenv::new(&config.name, config.required_path()?, config.variables())))
}

impl Dotenv {
    /// The file at `path`.
    pub fn new(name: &str, path: PathBuf, variables: Variables) -> Self {
        Self { name: name.to_owned(), path, variables, held: OnceLock::new() }
    }

    fn held(&self) -> &Result<BTreeMap<String, Secret>, String> {
        self.held.get_or_init(|| {
            let bytes = std::fs::read(&self.path).map(Zeroizing::new);
            let bytes = bytes.map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => format!("there is no file {}", self.path.display()),
                _ => format!("cannot read {}: {error}", self.path.display()),
            })?;
            let text = std::str::from_utf8(&bytes);
            let text = text.map_err(|_| format!("{} is not UTF-8 text", self.path.display()))?;
            Ok(parse(text))
        })
    }
}

impl Backend for Dotenv {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        match self.held() {
            Ok(held) => names
                .iter()
                .map(|name| {
                    let value = self.variables.variable(name).and_then(|variable| held.get(&variable));
                    value.map_or(Fetched::NotHere, |secret| Fetched::Found(secret.clone()))
                })
                .collect(),
            Err(message) => {
                let help = "correct `path` in redeem.toml, or make the file readable".to_owned();
                vec![failed(&self.name, Code::BackendFailed, message, Some(help)); names.len()]
            }
        }
    }

    /// The file is often one that git does not keep, so that it is not here does not say that it never is.
    fn survey(&self, name: &Name) -> Survey {
        let Some(variable) = self.variables.variable(name) else { return Survey::NotHere };
        match self.held() {
            Ok(held) if held.contains_key(&variable) => here(&self.name),
            Ok(_) if self.variables.names.is_none() => Survey::NotHere,
            _ if self.variables.names.is_some() => here(&self.name),
            _ => Survey::Perhaps,
        }
    }

    fn list(&self) -> Option<Vec<String>> {
        let held = self.held().as_ref().ok()?;
        Some(self.variables.names(held.keys().map(String::as_str)))
    }
}

/// Reads all pairs; the last of several with one key counts, as it does for a shell.
fn parse(text: &str) -> BTreeMap<String, Secret> {
    pairs(text).into_iter().collect()
}

/// Reads all pairs, in the order of the file.
pub(crate) fn pairs(text: &str) -> Vec<(String, Secret)> {
    let mut held = Vec::new();
    let mut key = String::new();
    // dotenv has no syntax errors: a line of no known form holds nothing.
    let _ = Format::Dotenv.parse(text, &mut |event| {
        let Event::Scalar(token) = event else { return };
        if token.is_key {
            key = token.text.into_owned();
            return;
        }
        let value = match token.style {
            Style::EnvDouble => unescape(&token.text),
            Style::EnvSingle => token.text.replace("'\\''", "'"),
            _ => token.text.into_owned(),
        };
        held.push((std::mem::take(&mut key), Secret::new(value.into_bytes())));
    });
    held
}

/// What stands between double quotes: `\n`, `\r`, `\t` and an escaped `"`, `\`, `$` or backtick.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(same @ ('"' | '\\' | '$' | '`')) => out.push(same),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use super::*;
    use crate::backend::files::tests::contract;

    #[test]
    fn a_dotenv_file_keeps_the_contract() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, "# c\nexport PLAIN='v1' # c\nEMPTY=\nBUNDLE_KEY=v2\nRAW=\" a\\n\"\n")
            .expect("a file");
        contract(&Dotenv::new("file", path, Variables::default()));
    }

    #[test]
    fn a_file_that_is_not_there_is_a_failure_and_not_a_missing_secret() {
        let backend = Dotenv::new("file", "/nonexistent/.env".into(), Variables::default());
        let fetched = backend.fetch(&[&Name::split("a")]);
        assert!(
            matches!(&fetched[..], [Fetched::Failed(failure)] if failure.message.contains("/nonexistent/.env"))
        );
    }

    #[test]
    fn quotes_are_read_as_shells_read_them() {
        let held = parse("A=\"x\\\"\\$\\\\n\"\nB='it'\\''s \\n'\nC=a b # c\n");
        let value = |key: &str| String::from_utf8_lossy(held[key].expose()).into_owned();
        assert_eq!(
            (value("A").as_str(), value("B").as_str(), value("C").as_str()),
            ("x\"$\\n", "it's \\n", "a b")
        );
    }
}
