//! Templates on disk: their names, what they may include, and what they see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use redeem_core::{Library, Variable, Variables, read_template};
use redeem_syntax::{Diagnostic, Format, Source};

use crate::config::{Config, Live};
use crate::inputs::Input;
use crate::paths::shown;
use crate::read::{Content, read};
use crate::run::Found;

/// The endings of templates.
const ENDINGS: &[&str] = &["j2", "jinja", "jinja2"];

/// The name of what a file of this name renders to: a template's without its ending.
pub fn output_name(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) =>
        {
            stem
        }
        _ => name,
    }
}

/// The folder that a template named on the command line may include from: `source` if it is in there, or its own.
pub(crate) fn root(path: &Path, config: &Config) -> PathBuf {
    let real = path.canonicalize().ok();
    let source = config.source.as_ref().filter(|source| {
        let source = source.canonicalize().ok().filter(|source| source.is_dir());
        source.zip(real.as_ref()).is_some_and(|(source, real)| real.starts_with(source))
    });
    match (source, path.parent()) {
        (Some(source), _) => source.clone(),
        (None, Some(parent)) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads a template and all it includes.
pub(crate) fn open(input: &Input, text: &str, live: &Live) -> Found {
    let source = Source::new(std::sync::Arc::clone(&input.shown), text, live.format);
    let folder = Folder { root: &input.root };
    let (scan, template) = read_template(&source, &folder.name(&input.path), &folder, &live.dialects);
    Found { source, scan, encoding: live.encoding, template: Some(template) }
}

/// The files below a folder.
struct Folder<'a> {
    root: &'a Path,
}

impl Folder<'_> {
    /// The path of a template from the root.
    fn name(&self, path: &Path) -> String {
        let whole = || path.canonicalize().ok().zip(self.root.canonicalize().ok());
        let below = path.strip_prefix(self.root).map(Path::to_owned).ok().or_else(|| {
            let (path, root) = whole()?;
            path.strip_prefix(root).map(Path::to_owned).ok()
        });
        let name = below.or_else(|| path.file_name().map(PathBuf::from)).unwrap_or_default();
        name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}

impl Library for Folder<'_> {
    fn load(&self, path: &str) -> Result<Option<Source>, String> {
        let file = self.root.join(path);
        let Ok(real) = file.canonicalize() else { return Ok(None) };
        let is_inside = self.root.canonicalize().is_ok_and(|root| real.starts_with(root));
        if !is_inside {
            return Err("this path leads out of the source folder, through a link".to_owned());
        }
        if !real.is_file() {
            return Err(format!("`{path}` is no file"));
        }
        match read(&real, false, &|_| true)
            .map_err(|problem| format!("`{path}`: {}", problem.message))?
            .content
        {
            Content::Text(text) => Ok(Some(Source::new(shown(&file), text, Format::Text))),
            Content::Opaque(_) => Err(format!("`{path}` is not text")),
        }
    }
}

/// What templates see beside the secrets: `vars` of the configuration, and the environment.
pub(crate) fn seen(config: &Config) -> Variables {
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables { vars: config.vars.clone(), env: env.collect() }
}

/// What a table of `redeem.toml` says to templates. Dates are text.
pub(crate) fn variables(table: toml::Table) -> BTreeMap<String, Variable> {
    table.into_iter().map(|(name, value)| (name, variable(value))).collect()
}

fn variable(value: toml::Value) -> Variable {
    match value {
        toml::Value::String(text) => Variable::Text(text),
        toml::Value::Integer(number) => Variable::Integer(number),
        toml::Value::Float(number) => Variable::Float(number),
        toml::Value::Boolean(truth) => Variable::Boolean(truth),
        toml::Value::Datetime(date) => Variable::Text(date.to_string()),
        toml::Value::Array(items) => Variable::List(items.into_iter().map(variable).collect()),
        toml::Value::Table(table) => Variable::Table(variables(table)),
    }
}

/// The problems that have been told: a file that several templates include has each of its own only once.
#[derive(Default)]
pub(crate) struct Told(BTreeSet<(String, usize, &'static str, String)>);

impl Told {
    /// Keeps the problems that were not told yet.
    pub(crate) fn retain_new(&mut self, problems: &mut Vec<Diagnostic>) {
        problems.retain(|problem| {
            let (place, start, code) = problem.sort_key();
            self.0.insert((place, start, code, problem.message.clone()))
        });
    }
}
