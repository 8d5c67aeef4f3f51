//! Secrets on their way into a vault: `.env` files, JSON, SOPS files, and Secrets of Kubernetes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use crate::identity::Identities;
use crate::paths::shown;
use crate::vault::Content;
use crate::wiped;
use redeem_core::Secret;
use redeem_syntax::{Event, Format, Style, SyntaxError};

mod kubernetes;
mod sops;
pub(crate) mod tree;

use tree::Tree;

/// A file to import is refused if it is larger: 16 MiB.
pub const LARGEST: u64 = 16 << 20;

/// How secrets stand in a file that they come from or go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// `NAME=value` lines.
    Dotenv,
    /// An object: a name and its value, or a name and an object with the keys of a bundle.
    Json,
    /// A SOPS file of any kind.
    Sops,
    /// A Secret of Kubernetes, or several, in YAML or JSON.
    Kubernetes,
}

/// A secret with its values, outside of any vault.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Incoming {
    /// Its secrets, in the order of the file.
    pub items: Vec<Item>,
    /// What was left out, and why: a sentence each.
    pub notes: Vec<String>,
    /// Whether the file holds its values in the clear.
    pub is_plain: bool,
}

/// How names are made of what stands in a file.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// All values become keys of one bundle of this name.
    pub bundle: Option<String>,
    /// Each value becomes a secret of its own, called by its innermost key.
    pub is_flat: bool,
    /// `OPENAI_API_KEY` becomes `openai-api-key`, which the backends for variables would look up there.
    pub is_kebab: bool,
}

/// Why a file could not be imported. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system refused.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is too large to hold secrets.
    #[error("{path} is larger than 16 MiB")]
    TooLarge {
        /// The file.
        path: String,
    },
    /// It is no text.
    #[error("{path} is not UTF-8 text")]
    NotText {
        /// The file.
        path: String,
    },
    /// Its name does not say what it is.
    #[error("{path}: the name does not tell how secrets stand in this file")]
    UnknownFormat {
        /// The file.
        path: String,
    },
    /// It does not parse.
    #[error("{path}, line {line}: {message}")]
    Syntax {
        /// The file.
        path: String,
        /// Its line, 1-based.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// It parses, and is not what was expected.
    #[error("{path}: {message}")]
    Shape {
        /// The file.
        path: String,
        /// What was expected, and what was found.
        message: String,
    },
    /// A SOPS file does not open.
    #[error(transparent)]
    Sops(#[from] crate::sops::SopsError),
    /// No identity opens a SOPS file.
    #[error(transparent)]
    Unwrap(#[from] crate::identity::UnwrapError),
}

impl Exchange {
    /// The names that people type.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("dotenv", Self::Dotenv),
        ("json", Self::Json),
        ("sops", Self::Sops),
        ("kubernetes", Self::Kubernetes),
    ];

    /// What its words stand for: one of the names, or `env`, or `k8s`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "env" => "dotenv",
            "k8s" => "kubernetes",
            name => name,
        };
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// What a file's name says about it: `.env` and `.json` say enough, and `.sops` before the ending.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if matches!(stem.rsplit_once('.'), Some((_, "sops" | "enc"))) {
            return Some(Self::Sops);
        }
        match Format::of_file_name(name) {
            Some(Format::Dotenv) => Some(Self::Dotenv),
            Some(Format::Json) => Some(Self::Json),
            _ => None,
        }
    }

    /// What a file's text says about it, where its name does not.
    fn of_text(text: &str, format: Option<Format>) -> Option<Self> {
        if sops::is_sops(text) {
            return Some(Self::Sops);
        }
        let is_kubernetes = format.is_some_and(|format| {
            tree::read(text, format).is_ok_and(|documents| documents.iter().any(kubernetes::is_secret))
        });
        is_kubernetes.then_some(Self::Kubernetes)
    }
}

impl ImportError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFormat { .. } => {
                Some("say `--format dotenv`, `json`, `sops` or `kubernetes`".to_owned())
            }
            Self::Sops(error) => error.help().map(str::to_owned),
            _ => None,
        }
    }

    fn syntax(path: &str, text: &str, error: SyntaxError) -> Self {
        let line = text[..error.span.start.min(text.len())].matches('\n').count() + 1;
        Self::Syntax { path: path.to_owned(), line, message: error.message }
    }
}

/// Reads the file at `path` as `kind`, or as what its name and its text say that it is.
///
/// # Errors
/// Why it cannot be read, or not as that.
pub fn read(
    path: &Path,
    kind: Option<Exchange>,
    naming: &Naming,
    identities: &Identities,
) -> Result<Incoming, ImportError> {
    let told = shown(path).to_string();
    let failed = |source| ImportError::Read { path: told.clone(), source };
    let bytes = fs::File::open(path).and_then(|file| wiped::read(file, LARGEST + 1)).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ImportError::TooLarge { path: told });
    }
    let Ok(text) = std::str::from_utf8(&bytes) else { return Err(ImportError::NotText { path: told }) };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    read_text(&told, name, text, kind, naming, identities)
}

/// Reads a text that came another way; `name` is a file's name, for what its ending says.
///
/// # Errors
/// As [`read`].
pub fn read_text(
    shown: &str,
    name: &str,
    text: &str,
    kind: Option<Exchange>,
    naming: &Naming,
    identities: &Identities,
) -> Result<Incoming, ImportError> {
    let format = Format::of_file_name(name);
    let unknown = || ImportError::UnknownFormat { path: shown.to_owned() };
    let kind = kind.or_else(|| Exchange::of_text(text, format)).or_else(|| Exchange::of_file_name(name));
    let kind = kind.ok_or_else(unknown)?;
    let (paths, mut notes) = match kind {
        Exchange::Dotenv => (dotenv(shown, text)?, Vec::new()),
        Exchange::Json => json(shown, text)?,
        Exchange::Sops => sops::read(shown, name, text, identities)?,
        Exchange::Kubernetes => {
            // JSON is YAML, but for a text that only the reader of JSON is sure of.
            let format = format.filter(|format| *format == Format::Json).unwrap_or(Format::Yaml);
            let documents =
                tree::read(text, format).map_err(|error| ImportError::syntax(shown, text, error))?;
            kubernetes::read(shown, documents, naming.bundle.is_some())?
        }
    };
    if paths.is_empty() {
        notes.push(format!("there is no value in {shown}"));
    }
    let items =
        naming.items(paths).map_err(|message| ImportError::Shape { path: shown.to_owned(), message })?;
    Ok(Incoming { items, notes, is_plain: kind != Exchange::Sops })
}

/// A value with the way to it, and the notes about what was left out.
type Paths = (Vec<(Vec<String>, Secret)>, Vec<String>);

/// Each variable is a value; the last of several with one name counts, as for a shell.
fn dotenv(shown: &str, text: &str) -> Result<Vec<(Vec<String>, Secret)>, ImportError> {
    // A line that is passed over would be a secret that is lost: whoever imports deletes the file.
    let mut unread = None;
    let _ = Format::Dotenv.parse(text, &mut |event| {
        let (at, message) = match event {
            Event::Fixed(line) => {
                (line.as_ptr() as usize - text.as_ptr() as usize, "this is no `NAME=value`")
            }
            Event::Scalar(token)
                if token.style == Style::EnvBare && token.text.starts_with(['"', '\'', '`']) =>
            {
                (token.span.start, "its quote is not closed, or other text follows it")
            }
            _ => return,
        };
        unread.get_or_insert((at, message));
    });
    if let Some((at, message)) = unread {
        let error = SyntaxError { span: at..at, message: message.to_owned() };
        return Err(ImportError::syntax(shown, text, error));
    }
    let pairs = crate::backend::dotenv::pairs(text);
    let last: HashMap<String, usize> =
        pairs.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
    let counted = pairs.into_iter().enumerate().filter(|(place, (name, _))| last.get(name) == Some(place));
    Ok(counted.map(|(_, (name, value))| (vec![name], value)).collect())
}

/// An object: what is below a name is a bundle, and its deeper keys have dots.
fn json(shown: &str, text: &str) -> Result<Paths, ImportError> {
    let mut documents =
        tree::read(text, Format::Json).map_err(|error| ImportError::syntax(shown, text, error))?;
    let Some(Tree::Map(pairs)) = documents.pop() else {
        return Err(ImportError::Shape {
            path: shown.to_owned(),
            message: "an object of names and values was expected".to_owned(),
        });
    };
    let (mut paths, mut notes) = (Vec::new(), Vec::new());
    for (key, node) in pairs {
        flatten(&mut vec![key], node, &mut paths, &mut notes);
    }
    Ok((paths, notes))
}

fn flatten(
    path: &mut Vec<String>,
    node: Tree,
    found: &mut Vec<(Vec<String>, Secret)>,
    notes: &mut Vec<String>,
) {
    let mut below = |key: String, node: Tree| {
        path.push(key);
        flatten(path, node, found, notes);
        path.pop();
    };
    match node {
        Tree::Map(pairs) => pairs.into_iter().for_each(|(key, node)| below(key, node)),
        Tree::List(list) => {
            list.into_iter().enumerate().for_each(|(index, node)| below(index.to_string(), node));
        }
        Tree::Text(text) => found.push((path.clone(), Secret::new(text.as_bytes().to_vec()))),
        Tree::Bare(text) => found.push((path.clone(), Secret::from(text.as_str()))),
        Tree::Null => notes.push(format!("`{}` is null and was left out", path.join("."))),
    }
}

impl Naming {
    /// Gathers values into secrets: a path of one step is a single value, a longer one a key of a bundle.
    fn items(&self, paths: Vec<(Vec<String>, Secret)>) -> Result<Vec<Item>, String> {
        let mut items: Vec<Item> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut taken: HashSet<(usize, String)> = HashSet::new();
        for (mut path, value) in paths {
            let last = path.len() - 1;
            let first = path.remove(if self.is_flat { last } else { 0 });
            if self.is_flat {
                path.clear();
            }
            let (name, key) = match &self.bundle {
                Some(bundle) => {
                    path.insert(0, first);
                    (bundle.clone(), Some(path.join(".")))
                }
                None => (self.name(first), Some(path.join(".")).filter(|key| !key.is_empty())),
            };
            let place = *places.entry(name.clone()).or_insert(items.len());
            let is_new = key.as_ref().is_none_or(|key| taken.insert((place, key.clone())));
            match (items.get_mut(place).map(|twin| &mut twin.content), key) {
                (None, None) => items.push(Item { name, content: Content::Value(value) }),
                (None, Some(key)) => {
                    items.push(Item { name, content: Content::Bundle(vec![(key, value)]) });
                }
                (Some(Content::Bundle(keys)), Some(key)) if is_new => keys.push((key, value)),
                (Some(_), Some(key)) => return Err(format!("`{name}.{key}` is there twice")),
                (Some(_), None) => return Err(format!("`{name}` is there twice")),
            }
        }
        Ok(items)
    }

    fn name(&self, name: String) -> String {
        if self.is_kebab { name.to_lowercase().replace('_', "-") } else { name }
    }
}

#[cfg(test)]
mod tests;
