//! `redeem.toml`: where it is found, what it says, and what is wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
#[cfg(feature = "crypto")]
use std::sync::Arc;

use redeem_core::{Variable, nearest};
use redeem_syntax::{Code, Diagnostic, Format, Source, Span};
use toml::Spanned;

use crate::backend::{BACKENDS, Variables};
#[cfg(feature = "crypto")]
use crate::identity::Identities;

mod policy;
mod raw;
mod rules;
#[cfg(feature = "schema")]
pub mod schema;

pub use policy::PolicyConfig;
use raw::{RawBackend, RawConfig, RawPath};
pub use rules::{Live, Rules, Treatment};
pub(crate) use rules::{glob, matcher};

/// The file's name.
pub const FILE_NAME: &str = "redeem.toml";

/// A configuration, every path in it made whole.
#[derive(Debug, Default)]
pub struct Config {
    /// The file it came from; none if there is no such file.
    pub path: Option<PathBuf>,
    /// The profile that is laid over it.
    pub profile: Option<String>,
    /// The profiles that it has.
    pub(crate) profiles: Vec<String>,
    /// The folder that its paths are relative to.
    pub folder: PathBuf,
    /// What is rendered when no path is given.
    pub source: Option<PathBuf>,
    /// Where to.
    pub output: Option<PathBuf>,
    /// Files that are left out.
    pub exclude: Vec<String>,
    /// What templates see as `vars`.
    pub vars: BTreeMap<String, Variable>,
    /// The stores, in the order in which they are asked.
    pub backends: Vec<BackendConfig>,
    /// How each file is treated.
    pub rules: Rules,
    /// Where secrets may stand, and which problems are errors.
    pub policy: PolicyConfig,
    text: Option<Source>,
    /// Paths that lead out of the folder, each with its place in the file.
    outside: Vec<(PathBuf, Span)>,
}

/// What one `[[backend]]` table says.
#[derive(Clone, Debug, Default)]
pub struct BackendConfig {
    /// What it is called.
    pub name: String,
    /// Its type: `env`.
    pub kind: String,
    /// Its file or folder; an error if the variable that should hold it is not set.
    pub path: Option<Result<PathBuf, String>>,
    /// Whether a variable holds its path, so that it may be elsewhere another time.
    pub(crate) is_path_variable: bool,
    /// The file of its identity, in place of the user's own; an error as for the path.
    pub identity: Option<Result<PathBuf, String>>,
    /// See [`Variables`].
    pub prefix: String,
    /// See [`Variables`].
    pub bare_keys: bool,
    /// See [`Variables`].
    pub map: BTreeMap<String, String>,
    /// See [`Variables`].
    pub names: Option<Vec<String>>,
    /// Whether a final line break belongs to a value.
    pub raw: bool,
    /// What values are decrypted with; those of the environment if none.
    #[cfg(feature = "crypto")]
    pub identities: Option<Arc<Identities>>,
    /// The keys that its table has.
    pub(crate) keys: Vec<&'static str>,
    source: Option<Source>,
    span: Span,
}

/// Something that `redeem.toml` says cannot be used; the diagnostic points at it.
#[derive(Debug)]
pub struct ConfigError(pub Box<Diagnostic>);

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Diagnostic::new(Code::InvalidConfig, message)))
    }

    pub(crate) fn at(source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self(Box::new(Diagnostic::new(Code::InvalidConfig, message).at(source, span, "here")))
    }

    /// Names the file that cannot be used as a whole.
    fn of_file(mut self, path: &str) -> Self {
        self.0.origin = Some(path.into());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }
}

impl Config {
    /// Finds and reads the nearest configuration.
    ///
    /// It is looked for from `start` upwards, no further than the root of the git repository that `start` is in.
    /// Without one the defaults hold.
    ///
    /// # Errors
    /// What is wrong with the file, at its place; a file that belongs to another user.
    pub fn discover(start: &Path, profile: Option<&str>) -> Result<Self, ConfigError> {
        let start = crate::paths::whole(start);
        for folder in start.ancestors() {
            let path = folder.join(FILE_NAME);
            if let Ok(metadata) = fs::metadata(&path) {
                let me = rustix::process::geteuid().as_raw();
                if metadata.uid() != me {
                    return Err(ConfigError::new("this file belongs to another user")
                        .of_file(&path.display().to_string())
                        .help(format!(
                            "read it, and if it is right say `--config {}`",
                            crate::paths::quoted(&path.to_string_lossy())
                        )));
                }
                return Self::read(&path, profile);
            }
            if folder.join(".git").exists() {
                break;
            }
        }
        if let Some(profile) = profile {
            let message = format!("there is no profile `{profile}`, for there is no such file");
            return Err(ConfigError::new(message).of_file(FILE_NAME));
        }
        Ok(Self { folder: start, ..Self::default() })
    }

    /// Reads the configuration at `path`.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn read(path: &Path, profile: Option<&str>) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!("cannot be read: {error}")).of_file(&path.display().to_string())
        })?;
        let shown = crate::paths::shown(path);
        let absolute = crate::paths::whole(path);
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        let mut config = Self::parse(&Source::new(shown, text, Format::Toml), &folder, profile)?;
        config.path = Some(path.to_owned());
        Ok(config)
    }

    /// Reads a configuration's text; its paths are relative to `folder`.
    fn parse(source: &Source, folder: &Path, profile: Option<&str>) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(source.text()).map_err(|error| malformed(source, &error))?;
        let mut config = Self { folder: folder.to_owned(), text: Some(source.clone()), ..Self::default() };
        config.source = raw.render.source.map(|path| config.own(path.span(), path.into_inner()));
        config.output = raw.render.output.map(|path| config.own(path.span(), path.into_inner()));
        for pattern in &raw.render.exclude {
            rules::glob(pattern.get_ref()).map_err(|error| ConfigError::at(source, pattern.span(), error))?;
        }
        config.exclude = raw.render.exclude.into_iter().map(Spanned::into_inner).collect();
        config.vars = crate::template::variables(raw.render.vars);
        config.profile = profile.map(str::to_owned);
        config.profiles = raw.profile.keys().cloned().collect();
        let mut backends = raw.backend;
        if let Some(profile) = profile {
            let Some(overlay) = raw.profile.get(profile) else {
                let names = raw.profile.keys().map(String::as_str);
                let hint = nearest(profile, names).map(|near| format!("did you mean `{near}`?"));
                let error =
                    ConfigError::new(format!("there is no profile `{profile}`")).of_file(source.path());
                return Err(match hint {
                    Some(hint) => error.help(hint),
                    None => error,
                });
            };
            overlay.backend.iter().for_each(|table| merge(&mut backends, table));
        }
        for table in backends {
            let read = config.backend(source, table)?;
            if let Some(twin) = config.backends.iter().find(|other| other.name == read.name) {
                let message = format!("two backends are called `{}`", twin.name);
                return Err(ConfigError::at(source, read.span, message));
            }
            config.backends.push(read);
        }
        let told = |span: Span| {
            move |(message, help): rules::RuleError| {
                let error = ConfigError::at(source, span, message);
                match help {
                    Some(help) => error.help(help),
                    None => error,
                }
            }
        };
        if let Some(target) = raw.target {
            config.rules.set_target(target.get_ref()).map_err(told(target.span()))?;
        }
        if let Some(expressions) = raw.render.expressions {
            config.rules.set_expressions(expressions.get_ref()).map_err(told(expressions.span()))?;
        }
        for rule in raw.by_name {
            config.rules.add_by_name(rule.get_ref()).map_err(told(rule.span()))?;
        }
        for rule in raw.dialect {
            config.rules.add_dialect(rule.get_ref()).map_err(told(rule.span()))?;
        }
        let mut files = Vec::new();
        for rule in raw.files {
            files.push(config.rules.read(rule.get_ref()).map_err(told(rule.span()))?);
        }
        config.rules.set_files(files).map_err(ConfigError::new)?;
        config.policy = PolicyConfig::read(source, config.rules.target(), &raw.context, &raw.policy)?;
        Ok(config)
    }

    fn backend(&mut self, source: &Source, table: Spanned<RawBackend>) -> Result<BackendConfig, ConfigError> {
        let span = table.span();
        let raw = table.into_inner();
        let Some(kind) = raw.r#type else {
            return Err(ConfigError::at(source, span, format!("backend `{}` has no `type`", raw.name)));
        };
        let given = [
            ("path", raw.path.is_some()),
            ("identity", raw.identity.is_some()),
            ("prefix", raw.prefix.is_some()),
            ("bare_keys", raw.bare_keys.is_some()),
            ("map", raw.map.is_some()),
            ("names", raw.names.is_some()),
            ("raw", raw.raw.is_some()),
        ];
        let is_path_variable =
            raw.path.as_ref().is_some_and(|path| matches!(path.get_ref(), RawPath::Variable { .. }));
        let path = raw.path.map(|path| self.named(path.span(), path.into_inner()));
        let identity = raw.identity.map(|path| self.named(path.span(), path.into_inner()));
        Ok(BackendConfig {
            name: raw.name,
            span: kind.span(),
            kind: kind.into_inner(),
            path,
            is_path_variable,
            identity,
            prefix: raw.prefix.unwrap_or_default(),
            bare_keys: raw.bare_keys.unwrap_or_default(),
            map: raw.map.unwrap_or_default(),
            names: raw.names,
            raw: raw.raw.unwrap_or_default(),
            #[cfg(feature = "crypto")]
            identities: None,
            keys: given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect(),
            source: Some(source.clone()),
        })
    }

    /// A path that is written, or that a variable holds. Only a run that asks the backend needs the variable.
    fn named(&mut self, span: Span, path: RawPath) -> Result<PathBuf, String> {
        match path {
            RawPath::Written(path) => Ok(self.own(span, path)),
            RawPath::Variable { env } => match std::env::var_os(&env) {
                Some(path) => Ok(self.own(span, PathBuf::from(path))),
                None => Err(format!("the variable `{env}`, which should hold the path, is not set")),
            },
        }
    }

    /// Makes a path whole, and notes it if it leads out of the folder.
    fn own(&mut self, span: Span, path: PathBuf) -> PathBuf {
        let mut depth = 0_i32;
        let mut is_outside = path.is_absolute();
        for component in path.components() {
            match component {
                Component::ParentDir => depth -= 1,
                Component::Normal(_) => depth += 1,
                _ => {}
            }
            is_outside |= depth < 0;
        }
        let whole = self.folder.join(path);
        if is_outside || leads_outside(&whole, &self.folder) {
            self.outside.push((whole.clone(), span));
        }
        whole
    }

    /// Whether a path of it leads out of its folder.
    pub(crate) fn leads_outside(&self, path: &Path) -> bool {
        self.outside.iter().any(|(outside, _)| outside == path)
    }

    /// The file's text and name, if there is a file.
    pub fn text(&self) -> Option<&Source> {
        self.text.as_ref()
    }

    /// Whether a backend may be opened with the user's own identities.
    pub fn asks_for_identities(&self) -> bool {
        let own = |table: &BackendConfig| {
            matches!(table.kind.as_str(), "vault" | "sops") && table.identity.is_none()
        };
        self.backends.iter().any(own)
            || self.backends.is_empty()
                && crate::vault::Vault::is_vault(&self.folder.join(crate::vault::FOLDER))
    }

    /// What has to be trusted before this configuration is used: nothing, if it stays in its folder.
    pub fn needs_trust(&self) -> Vec<Diagnostic> {
        let Some(source) = &self.text else { return Vec::new() };
        self.outside
            .iter()
            .map(|(path, span)| {
                let message = format!("this path leads out of the folder of {FILE_NAME}: {}", path.display());
                Diagnostic::new(Code::UntrustedConfig, message)
                    .at(source, span.clone(), "outside")
                    .with_help("read the file, then run `redeem trust`; in CI set REDEEM_TRUST to its digest")
            })
            .collect()
    }

    /// The same for a run that opens no backend: only what it reads and writes counts.
    pub fn needs_trust_without_backends(&self) -> Vec<Diagnostic> {
        let is_of_backend = |path: &PathBuf| {
            let both = |backend: &'_ BackendConfig| [backend.path.clone(), backend.identity.clone()];
            let paths = self.backends.iter().flat_map(both).flatten().flatten();
            paths.into_iter().any(|own| own == *path)
        };
        let is_of_render =
            |path: &PathBuf| [&self.source, &self.output].into_iter().flatten().any(|own| own == path);
        let outside = self.outside.iter().map(|(path, _)| is_of_render(path) || !is_of_backend(path));
        self.needs_trust()
            .into_iter()
            .zip(outside)
            .filter(|(_, counts)| *counts)
            .map(|(told, _)| told)
            .collect()
    }

    /// The same for a run that changes the files of `source`: only that path counts.
    pub fn source_needs_trust(&self) -> Vec<Diagnostic> {
        let told = self.needs_trust().into_iter().zip(&self.outside);
        told.filter(|(_, (path, _))| self.source.as_ref() == Some(path)).map(|(told, _)| told).collect()
    }

    /// The error for a key that backends of this type do not have.
    pub(crate) fn useless_key(table: &BackendConfig, key: &str, known: &[&str]) -> ConfigError {
        table
            .error(format!("a backend of type `{}` has no key `{key}`", table.kind))
            .help(format!("its keys are: name, type, {}", known.join(", ")))
    }

    /// The error for a backend whose type is not in the table.
    pub(crate) fn unknown_backend_type(table: &BackendConfig) -> ConfigError {
        let names: Vec<&str> = BACKENDS.iter().map(|known| known.name).collect();
        let help = match nearest(&table.kind, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the types are: {}", names.join(", ")),
        };
        table.error(format!("there is no type of backend `{}`", table.kind)).help(help)
    }
}

impl BackendConfig {
    /// A table that nobody wrote: only a name and a path.
    pub(crate) fn at(name: &str, path: PathBuf) -> Self {
        Self { name: name.to_owned(), path: Some(Ok(path)), ..Self::default() }
    }

    /// The same for questions that need no key.
    pub(crate) fn without_identity(&self) -> Self {
        Self { identity: None, ..self.clone() }
    }

    /// How names become variables.
    pub fn variables(&self) -> Variables {
        Variables {
            prefix: self.prefix.clone(),
            bare_keys: self.bare_keys,
            map: self.map.clone(),
            names: self.names.clone(),
        }
    }

    /// What its values are decrypted with: the identity of its table, or those that it was given, or the user's.
    #[cfg(feature = "crypto")]
    pub(crate) fn identities(&self) -> Result<Arc<Identities>, ConfigError> {
        let given = || self.identities.clone().unwrap_or_else(|| Arc::new(Identities::of_environment()));
        let Some(path) = &self.identity else { return Ok(given()) };
        let path = path.as_ref().map_err(|message| self.error(message.clone()))?;
        let shown = crate::paths::shown(path);
        let unusable =
            |why: &dyn std::fmt::Display| self.error(format!("the identity {shown} cannot be used: {why}"));
        let text = fs::read_to_string(path).map(zeroize::Zeroizing::new).map_err(|error| unusable(&error))?;
        Identities::from_text(&shown, &text).map(Arc::new).map_err(|error| unusable(&error))
    }

    pub(crate) fn required_path(&self) -> Result<PathBuf, ConfigError> {
        let missing = || self.error(format!("a backend of type `{}` needs a `path`", self.kind));
        let path = self.path.clone().ok_or_else(missing)?;
        path.map_err(|message| self.error(message).help("set it, or write the path itself"))
    }

    /// A problem of another kind at its place.
    pub(crate) fn told(&self, code: Code, message: String) -> Diagnostic {
        Diagnostic { code, severity: code.severity(), ..self.error(message).into() }
    }

    pub(crate) fn error(&self, message: String) -> ConfigError {
        match &self.source {
            Some(source) => ConfigError::at(source, self.span.clone(), message),
            None => ConfigError::new(message),
        }
    }
}

/// Whether links in the part of a path that exists lead out of a folder.
pub(crate) fn leads_outside(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let existing = path.ancestors().find_map(|part| part.canonicalize().ok());
    existing.is_some_and(|real| !real.starts_with(&folder))
}

/// Lays a profile's table over the backend of its name, or adds it at the end.
fn merge(backends: &mut Vec<Spanned<RawBackend>>, table: &Spanned<RawBackend>) {
    let over = table.get_ref().clone();
    let Some(under) = backends.iter_mut().find(|under| under.get_ref().name == over.name) else {
        backends.push(table.clone());
        return;
    };
    let under = under.get_mut();
    under.r#type = over.r#type.or(under.r#type.take());
    under.path = over.path.or(under.path.take());
    under.identity = over.identity.or(under.identity.take());
    under.prefix = over.prefix.or(under.prefix.take());
    under.bare_keys = over.bare_keys.or(under.bare_keys);
    under.map = over.map.or(under.map.take());
    under.names = over.names.or(under.names.take());
    under.raw = over.raw.or(under.raw);
}

/// An error of the TOML reader, with a suggestion where a key is unknown.
pub(crate) fn malformed(source: &Source, error: &toml::de::Error) -> ConfigError {
    let message = error.message().to_owned();
    let told = ConfigError::at(source, error.span().unwrap_or(0..0), message.clone());
    // serde names the unknown key first and the known ones after it, all in backticks.
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    match quoted.next().filter(|_| is_unknown) {
        Some(unknown) => {
            let known: Vec<&str> = quoted.collect();
            let Some(near) = nearest(unknown, known.iter().copied()) else { return told };
            told.help(format!("did you mean `{near}`?"))
        }
        None => told,
    }
}

impl From<ConfigError> for Diagnostic {
    fn from(error: ConfigError) -> Self {
        *error.0
    }
}

#[cfg(test)]
mod tests;
