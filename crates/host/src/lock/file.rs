//! The text of `redeem.lock`: how it is written, read, and found to be wrong.

use std::path::{Path, PathBuf};
use std::{fs, io};

use redeem_core::{Expires, Noted};
use redeem_syntax::{Code, Diagnostic, Format, Source, Span};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::{FILE_NAME, Lock, LockedBackend, LockedSecret, cover};
use crate::Config;
use crate::vault::{Expiry, check_scope};
use crate::write::{ModeRule, Outputs, WriteError};

/// The version of the format that is written, and the only one that is read.
const VERSION: i64 = 1;

/// A file larger than this is no lock: 16 MiB.
const LARGEST: u64 = 16 << 20;

/// What stands at the top, for people.
const HEAD: &str = "\
# The names that backends have which `redeem check` cannot list, and no values. Commit this file.
# `redeem lock` writes it. After a merge, run that again.
";

/// How git marks what it could not merge.
const MARKS: &[&str] = &["<<<<<<< ", "||||||| ", "=======", ">>>>>>> "];

/// What to do with a file that cannot be used.
const HELP: &str = "run `redeem lock` where the secrets are: it writes the file anew";

/// `redeem.lock` as it is on the disk.
#[derive(Debug, Default)]
pub struct LockFile {
    /// Where it is, or would be.
    pub path: PathBuf,
    /// Its text; none if there is no such file, or none that can be read.
    pub text: Option<String>,
    /// What it says; nothing if it cannot be used.
    pub lock: Lock,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
}

impl LockFile {
    /// Reads the file of a configuration.
    pub fn read(config: &Config) -> Self {
        let path = config.folder.join(FILE_NAME);
        let shown = crate::paths::shown(&path);
        match text_of(&path) {
            Ok(Some(text)) => Self { path, ..Self::parse(&Source::new(shown, text, Format::Toml), config) },
            Ok(None) => Self { path, ..Self::default() },
            Err(error) => {
                let told = Diagnostic::new(Code::StaleLock, format!("{FILE_NAME} cannot be read: {error}"));
                Self { path, problems: vec![told.in_origin(shown).with_help(HELP)], ..Self::default() }
            }
        }
    }

    /// Reads a text that stands in such a file.
    pub fn parse(source: &Source, config: &Config) -> Self {
        let text = Some(source.text().to_owned());
        match read(source) {
            Ok(Read { lock, mut problems, places }) => {
                let places = lock.backends.iter().zip(&places);
                problems.extend(places.filter_map(|(own, places)| misfit(own, places, source, config)));
                Self { text, lock, problems, path: PathBuf::new() }
            }
            Err(problem) => Self { text, problems: vec![*problem], ..Self::default() },
        }
    }

    /// What is wrong with it, and each backend that needs a lock and has none in it.
    pub fn problems_of_all(self, config: &Config) -> Vec<Diagnostic> {
        // A file that cannot be used is told as such.
        if !self.problems.is_empty() && self.lock.backends.is_empty() {
            return self.problems;
        }
        let mut problems = cover::missing(config, &self.lock, self.text.is_some());
        problems.extend(self.problems);
        problems
    }

    /// Whether it says this already, whatever its line ends are.
    pub fn is(&self, text: &str) -> bool {
        self.text.as_ref().is_some_and(|own| own.replace("\r\n", "\n") == text)
    }

    /// Puts a text in its place, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, text: &str) -> Result<(), WriteError> {
        let (outputs, name) = Outputs::beside(&self.path)?;
        // It is for everybody who works on the project, and holds no value.
        outputs.prepare(name, text.as_bytes(), ModeRule { source: None, explicit: Some(0o644) })?;
        outputs.commit().map(|_| ())
    }
}

impl Lock {
    /// The text of its file: the same for the same content.
    pub fn text(&self) -> String {
        let mut body = String::new();
        for backend in &self.backends {
            let mut table = vec![("name", quoted(&backend.name)), ("type", quoted(&backend.kind))];
            table.extend(backend.profile.as_ref().map(|profile| ("profile", quoted(profile))));
            add(&mut body, "backend", &table);
            for secret in &backend.secrets {
                let mut table = vec![("name", quoted(&secret.name))];
                if let Some(keys) = &secret.keys {
                    let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
                    table.push(("keys", format!("[{}]", keys.join(", "))));
                }
                table.push(("scope", quoted(&secret.scope)));
                table.extend(secret.expires.as_ref().map(|end| ("expires_at", quoted(&end.text))));
                add(&mut body, "backend.secret", &table);
            }
        }
        let head = format!("{HEAD}version = {VERSION}\n");
        let digest = digest(&format!("{head}{body}"));
        format!("{head}sha256 = \"{digest}\"\n{body}")
    }
}

/// Adds a table to a text.
fn add(text: &mut String, name: &str, table: &[(&str, String)]) {
    text.push_str(&format!("\n[[{name}]]\n"));
    for (key, value) in table {
        text.push_str(&format!("{key} = {value}\n"));
    }
}

/// A basic string of TOML 1.0.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The SHA-256 of a text without its own line, in small hexadecimal letters. Git may have changed the line ends.
fn digest(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut is_over = false;
    let lines = text.split_inclusive('\n').filter(|line| {
        let is_own = !is_over && line.starts_with("sha256 ");
        is_over |= is_own;
        !is_own
    });
    let mut sum = Sha256::new();
    lines.for_each(|line| sum.update(line.as_bytes()));
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text_of(path: &Path) -> io::Result<Option<String>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(io::Error::other("it is no regular file of at most 16 MiB"));
    }
    fs::read_to_string(path).map(Some)
}

/// Only the version, whatever else a later one brings.
#[derive(Deserialize)]
struct RawVersion {
    version: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLock {
    #[serde(rename = "version")]
    _version: i64,
    sha256: Spanned<String>,
    #[serde(default)]
    backend: Vec<RawBackend>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBackend {
    name: Spanned<String>,
    r#type: Spanned<String>,
    profile: Option<String>,
    #[serde(default)]
    secret: Vec<RawSecret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSecret {
    name: Spanned<String>,
    keys: Option<Vec<String>>,
    scope: Spanned<String>,
    expires_at: Option<Spanned<String>>,
}

/// A text that has the form of a lock and its own digest.
struct Read {
    lock: Lock,
    problems: Vec<Diagnostic>,
    /// The places of the name and the type of each backend.
    places: Vec<(Span, Span)>,
}

fn read(source: &Source) -> Result<Read, Box<Diagnostic>> {
    let text = source.text();
    let wrong = |span: Span, message: String, label: &str| {
        Box::new(Diagnostic::new(Code::StaleLock, message).at(source, span, label).with_help(HELP))
    };
    if let Some(mark) = mark_of_a_merge(text) {
        return Err(wrong(mark, format!("{FILE_NAME} holds the marks of a merge that is not done"), "here"));
    }
    let malformed = |error: toml::de::Error| {
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        wrong(error.span().unwrap_or(0..0), format!("{FILE_NAME} cannot be used: {message}"), "here")
    };
    let version = toml::from_str::<RawVersion>(text).map_err(malformed)?.version;
    if *version.get_ref() != VERSION {
        let message = format!("{FILE_NAME} is of version {}, and only {VERSION} is known", version.get_ref());
        return Err(wrong(version.span(), message, "another version"));
    }
    let raw: RawLock = toml::from_str(text).map_err(malformed)?;
    if *raw.sha256.get_ref() != digest(text) {
        let message = format!("{FILE_NAME} was changed after it was written: its digest is another");
        return Err(wrong(raw.sha256.span(), message, "not that of this file"));
    }
    let mut read = Read { lock: Lock::default(), problems: Vec::new(), places: Vec::new() };
    for backend in raw.backend {
        let mut secrets = Vec::new();
        for secret in backend.secret {
            let end = secret.expires_at.as_ref().map(|end| (Expiry::parse(end.get_ref()), end.span()));
            let expires = match end {
                Some((Err(error), span)) => {
                    read.problems.push(*wrong(span, error.to_string(), "no date"));
                    None
                }
                Some((Ok(end), _)) => Some(Expires { text: end.to_string(), at: end.instant().as_second() }),
                None => None,
            };
            if let Err(error) = check_scope(secret.scope.get_ref()) {
                read.problems.push(*wrong(secret.scope.span(), error.to_string(), "no scope"));
                continue;
            }
            let noted = Noted {
                source: source.clone(),
                name: secret.name.span(),
                scope: Some(secret.scope.span()),
                expires: secret.expires_at.as_ref().map(Spanned::span),
            };
            secrets.push(LockedSecret {
                name: secret.name.into_inner(),
                keys: secret.keys,
                scope: secret.scope.into_inner(),
                expires,
                noted: Some(noted),
            });
        }
        read.places.push((backend.name.span(), backend.r#type.span()));
        read.lock.backends.push(LockedBackend {
            name: backend.name.into_inner(),
            kind: backend.r#type.into_inner(),
            profile: backend.profile,
            secrets,
            others: Vec::new(),
        });
    }
    Ok(read)
}

/// The first line that git left for somebody to decide.
fn mark_of_a_merge(text: &str) -> Option<Span> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end();
        let is_mark =
            |mark: &&str| if mark.ends_with(' ') { line.starts_with(*mark) } else { written == *mark };
        if MARKS.iter().any(is_mark) {
            return Some(start..start + written.len());
        }
        start += line.len();
    }
    None
}

/// Why what is written down of a backend is not that of any in the configuration.
fn misfit(
    own: &LockedBackend,
    (name, kind): &(Span, Span),
    source: &Source,
    config: &Config,
) -> Option<Diagnostic> {
    if own.profile != config.profile {
        return None;
    }
    let (message, span, label) = match cover::needs_by_table(config, &own.name) {
        Some(needs) if needs.kind == own.kind => return None,
        Some(needs) => {
            let message = format!("backend `{}` is of type `{}` in redeem.toml", own.name, needs.kind);
            (message, kind, "another type")
        }
        None => (format!("redeem.toml has no backend `{}`", own.name), name, "no such backend"),
    };
    Some(Diagnostic::new(Code::StaleLock, message).at(source, span.clone(), label).with_help(HELP))
}
