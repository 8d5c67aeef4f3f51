//! `[[files]]`: which files are live, in which format and dialects, and how values are escaped in them.

use std::path::Path;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use redeem_core::{Encoding, Escape, Reader, nearest};
use redeem_syntax::dialect::DIALECTS;
use redeem_syntax::{Dialects, Format, format::FORMATS};
use serde::Deserialize;

/// One `[[files]]` table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesRule {
    /// Which files: a glob, relative to `redeem.toml`; without a `/` at any depth.
    pub r#match: String,
    /// `+x` and `-x` change the default, plain names replace it.
    pub dialects: Option<Vec<String>>,
    /// The name of a format, or `copy`.
    pub format: Option<String>,
    /// How values are escaped in text.
    pub escape: Option<String>,
    /// Which program reads a dotenv file.
    pub reader: Option<String>,
}

/// All rules, in order: later ones win.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<(GlobMatcher, Effect)>);

#[derive(Clone, Debug, Default)]
struct Effect {
    dialects: Option<Arc<Dialects>>,
    format: Option<FormatRule>,
    escape: Option<Escape>,
    reader: Option<Reader>,
}

/// What a rule says of a file's format.
#[derive(Clone, Copy, Debug)]
enum FormatRule {
    Copy,
    Read(Format),
}

/// What is done with a file.
#[derive(Clone, Debug)]
pub enum Treatment {
    /// It is copied as it is.
    Copy,
    /// References in it are live.
    Live {
        /// How it is read.
        format: Format,
        /// Which dialects are live.
        dialects: Arc<Dialects>,
        /// How values are written.
        encoding: Encoding,
    },
}

/// What is wrong with a rule, and what to write instead.
type RuleError = (String, Option<String>);

impl Rules {
    /// Adds a rule behind the others.
    pub(super) fn push(&mut self, rule: &FilesRule) -> Result<(), RuleError> {
        let matcher = matcher(&rule.r#match).map_err(|error| (error, None))?;
        let dialects = match &rule.dialects {
            None => None,
            Some(words) => {
                let known = DIALECTS.iter().map(|dialect| dialect.name);
                let dialects = Dialects::from_words(words.iter().map(String::as_str))
                    .map_err(|word| unknown("dialect", word, known))?;
                Some(Arc::new(dialects))
            }
        };
        let format = match rule.format.as_deref() {
            None => None,
            Some("copy") => Some(FormatRule::Copy),
            Some(name) => {
                let known = FORMATS.iter().map(|format| format.name).chain(["copy"]);
                let format = Format::from_name(name).ok_or_else(|| unknown("format", name, known))?;
                Some(FormatRule::Read(format))
            }
        };
        let escape = choose("escape", rule.escape.as_deref(), Escape::NAMES)?;
        let reader = choose("reader", rule.reader.as_deref(), Reader::NAMES)?;
        self.0.push((matcher, Effect { dialects, format, escape, reader }));
        Ok(())
    }

    /// What is done with the file at `path`, which is relative to the configuration's folder.
    ///
    /// A file that was named on the command line is live even if its ending is not known.
    pub fn treatment(&self, path: &Path, is_named: bool) -> Treatment {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mut format = Format::of_file_name(&name).or(is_named.then_some(Format::Text));
        let mut dialects = None;
        let mut encoding = Encoding::default();
        for (_, effect) in self.0.iter().filter(|(matcher, _)| matcher.is_match(path)) {
            format = match effect.format {
                None => format,
                Some(FormatRule::Copy) => None,
                Some(FormatRule::Read(format)) => Some(format),
            };
            dialects = effect.dialects.as_ref().or(dialects);
            encoding.escape = effect.escape.or(encoding.escape);
            encoding.reader = effect.reader.or(encoding.reader);
        }
        match format {
            None => Treatment::Copy,
            Some(format) => {
                Treatment::Live { format, dialects: dialects.cloned().unwrap_or_default(), encoding }
            }
        }
    }
}

/// A glob over paths; one without a `/` holds at any depth.
pub(crate) fn matcher(pattern: &str) -> Result<GlobMatcher, String> {
    // A folder that is left out is not entered, so its name is all that has to match.
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    let whole = if pattern.contains('/') {
        pattern.trim_start_matches("./").to_owned()
    } else {
        format!("**/{pattern}")
    };
    let glob = GlobBuilder::new(&whole).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("this is no pattern: {}", error.kind()))
}

fn choose<T: Copy>(what: &str, name: Option<&str>, known: &[(&str, T)]) -> Result<Option<T>, RuleError> {
    let Some(name) = name else { return Ok(None) };
    match known.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => Ok(Some(*value)),
        None => Err(unknown(what, name, known.iter().map(|(name, _)| *name))),
    }
}

fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k str>) -> RuleError {
    let known: Vec<&str> = known.collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of: {}", known.join(", ")),
    };
    (format!("there is no {what} `{name}`"), Some(help))
}
