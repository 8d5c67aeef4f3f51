//! Whole-file templates: minijinja lays out the text, and the encoders of references write the values.
//!
//! [`read_template`] parses a template, finds the secrets it uses and follows what it includes, all before
//! anything runs. [`render_template`] runs it with a mark for each text that `{{ … }}` writes. What comes out is a
//! document of the output's format with marks in it, and from there on a mark is what a reference is: its
//! scalar is found by a parser, its value encoded for that place, and the result parsed again as a proof.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use redeem_syntax::{Code, Diagnostic, Dialects, Scan, Severity, Source, Span};

mod engine;
mod failure;
mod filters;
mod known;
mod limits;
mod marks;
mod names;
mod paths;
mod quotes;
mod splice;
mod write;

pub use write::render_template;

pub(crate) use names::spelled;
use names::{Found, find};

/// The files that a template may include.
pub trait Library: Sync {
    /// The file at `path`, which leads down from the library's root: `parts/tls.j2`. `None` if there is none.
    ///
    /// # Errors
    /// One sentence: why the file may not be included or cannot be read.
    fn load(&self, path: &str) -> Result<Option<Source>, String>;
}

/// A template that was read, with all it includes.
#[derive(Debug)]
pub struct Template {
    /// Where it is in its library.
    name: String,
    /// Whether each reference of its scan is used whenever the template runs.
    certain: Vec<bool>,
    /// The longest text that a loop may write into a variable, in bytes.
    longest_captured: usize,
    included: Vec<Part>,
}

/// A file that a template includes.
#[derive(Debug)]
struct Part {
    name: String,
    source: Source,
    scan: Scan,
}

/// A value that a template sees under `vars`.
#[derive(Clone, Debug, PartialEq)]
pub enum Variable {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A truth value.
    Boolean(bool),
    /// Several values in order.
    List(Vec<Variable>),
    /// Values by name.
    Table(BTreeMap<String, Variable>),
}

/// What templates see beside the secrets.
#[derive(Clone, Default)]
pub struct Variables {
    /// `vars`: what the configuration says.
    pub vars: BTreeMap<String, Variable>,
    /// `env`: the environment.
    pub env: BTreeMap<String, String>,
}

/// The environment may hold secrets, so nothing of it is shown.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables(redacted)")
    }
}

impl Template {
    /// What was found in the files that it includes, directly or not.
    pub fn included(&self) -> impl Iterator<Item = &Scan> {
        self.included.iter().map(|part| &part.scan)
    }

    /// Each file that it includes with what was found there.
    pub fn texts(&self) -> impl Iterator<Item = (&Source, &Scan)> {
        self.included.iter().map(|part| (&part.source, &part.scan))
    }

    /// Every file of the template with what was found in it; its own is `(source, scan)`.
    fn parts<'t>(
        &'t self,
        source: &'t Source,
        scan: &'t Scan,
    ) -> impl Iterator<Item = (&'t str, &'t Source, &'t Scan)> {
        let own = std::iter::once((self.name.as_str(), source, scan));
        own.chain(self.included.iter().map(|part| (part.name.as_str(), &part.source, &part.scan)))
    }
}

/// Reads a template: the secrets it uses, what it includes, and what is wrong with any of it.
///
/// `name` is its path from the root of `library`; the format of `source` is that of the output. References of
/// `dialects` in its text are not live, and are told as near misses. [`Scan::is_valid`] says whether it can run.
pub fn read_template(
    source: &Source,
    name: &str,
    library: &dyn Library,
    dialects: &Dialects,
) -> (Scan, Template) {
    let own = find(source, name, dialects);
    let mut scan = Scan {
        references: own.references,
        diagnostics: own.diagnostics,
        is_valid: own.is_valid,
        ..Scan::default()
    };
    let mut template = Template {
        name: name.to_owned(),
        certain: own.certain,
        longest_captured: own.longest_captured,
        included: Vec::new(),
    };
    let mut seen = BTreeSet::from([name.to_owned()]);
    let mut open: VecDeque<(Source, String, names::Include)> =
        own.includes.into_iter().map(|include| (source.clone(), name.to_owned(), include)).collect();
    while let Some((from, parent, include)) = open.pop_front() {
        match load(&parent, &include, library) {
            Ok(Some((path, part))) => {
                if !seen.insert(path.clone()) {
                    continue;
                }
                let Found { references, diagnostics, is_valid, includes, longest_captured, .. } =
                    find(&part, &path, dialects);
                template.longest_captured = template.longest_captured.max(longest_captured);
                scan.is_valid &= is_valid;
                scan.diagnostics.extend(diagnostics);
                open.extend(includes.into_iter().map(|include| (part.clone(), path.clone(), include)));
                let scan = Scan { references, is_valid, ..Scan::default() };
                template.included.push(Part { name: path, source: part, scan });
            }
            Ok(None) => {}
            Err(message) => {
                scan.is_valid = false;
                scan.diagnostics.push(refused(&from, include.span, message));
            }
        }
    }
    scan.diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    (scan, template)
}

/// The file that an include names; none if it is not there and need not be.
fn load(
    parent: &str,
    include: &names::Include,
    library: &dyn Library,
) -> Result<Option<(String, Source)>, String> {
    let path = paths::join(parent, &include.path)?;
    match library.load(&path)? {
        Some(source) => Ok(Some((path, source))),
        None if include.may_be_missing => Ok(None),
        None => Err(format!("there is no file `{path}` to include")),
    }
}

fn refused(source: &Source, span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::TemplateFailed, message)
        .at(source, span, "cannot be included")
        .with_help("a path leads from the folder of this template, and stays inside the source folder")
}

/// Whether a problem stops a template from being rendered.
fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// What a reference of a template is called everywhere that dialects are named.
const DIALECT: &str = "template";

#[cfg(test)]
mod tests;
