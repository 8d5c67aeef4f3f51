//! Who uses which secret: each reference with what is known of its secret, and the outputs that its value gets into.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use redeem_core::policy::{Context, Places};
use redeem_core::{GLOBAL, Known, Name, Template};
use redeem_syntax::{Diagnostic, KeyPath, Reference, Scan, Source, Span};

use crate::inputs::{Input, Inputs, by_path};
use crate::run::{Found, Seen, scan_inputs};
use crate::{Config, Judge};

mod destination;
mod unused;
mod wanted;

use destination::Destination;
pub use unused::{Stores, Unused};
pub use wanted::Standing;

/// The references of some files.
#[derive(Debug, Default)]
pub struct Graph {
    /// The files with references that a render reads for themselves, in the order of inputs.
    pub files: Vec<SourceFile>,
    /// Each reference, by file and position.
    pub uses: Vec<Use>,
    /// What could not be read.
    pub problems: Vec<Diagnostic>,
}

/// A file that a render reads for itself, not because another one includes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// What people call it.
    pub file: Arc<str>,
    /// What people call the file that a render makes of it, if it is known: `source` and `output` say so.
    pub output: Option<Arc<str>>,
}

/// One reference.
#[derive(Clone, Debug)]
pub struct Use {
    /// The file that it stands in.
    pub file: Arc<str>,
    /// Its line, 1-based.
    pub line: usize,
    /// Its column in characters, 1-based.
    pub column: usize,
    /// Byte offsets into the file.
    pub span: Span,
    /// The dialect that it is written in.
    pub dialect: Cow<'static, str>,
    /// The value that it asks for.
    pub name: Name,
    /// The names of its filters.
    pub filters: Vec<String>,
    /// The keys that lead to it, if a value is written there.
    pub path: Option<String>,
    /// Whether its file renders without it.
    pub is_optional: bool,
    /// Whether a value is written.
    pub is_rendered: bool,
    /// The scopes that may stand there.
    pub accepts: Vec<String>,
    /// What is known of its secret; none if no store is configured.
    pub known: Option<Known>,
    /// The files whose outputs it gets into, as places in [`Graph::files`]: its own, and the templates that include it.
    pub through: Vec<usize>,
}

impl Graph {
    /// Reads every live file of `inputs`.
    pub fn of(inputs: Inputs, config: &Config, judge: &Judge<'_>) -> Self {
        let destination = Destination::of(config);
        let (found, mut problems) = scan_inputs(&inputs.taken, |input, seen| match seen {
            Seen::Live(found) => {
                let uses = uses(input, &found, judge);
                (!uses.is_empty()).then(|| (SourceFile::to(input, destination.as_ref()), uses))
            }
            Seen::Plain(..) => None,
        });
        problems.extend(inputs.problems);
        let mut graph = Self { problems, ..Self::default() };
        for (at, (file, uses)) in found.into_iter().enumerate() {
            graph.files.push(file);
            graph.uses.extend(uses.into_iter().map(|one| Use { through: vec![at], ..one }));
        }
        graph.merge();
        graph
    }

    /// Sorts the references, and makes one of those that several templates include.
    fn merge(&mut self) {
        let place = |one: &Use| (one.span.start, one.span.end);
        self.uses.sort_by(|one, other| {
            let files = || by_path(Path::new(&*one.file), Path::new(&*other.file));
            if Arc::ptr_eq(&one.file, &other.file) {
                place(one).cmp(&place(other))
            } else {
                files().then_with(|| place(one).cmp(&place(other)))
            }
        });
        self.uses.dedup_by(|second, first| {
            let is_same =
                first.file == second.file && place(first) == place(second) && first.name == second.name;
            if is_same {
                first.absorb(second);
            }
            is_same
        });
    }

    /// The outputs that the value of a reference is written into, as far as they are known.
    pub fn outputs<'g>(&'g self, one: &'g Use) -> impl Iterator<Item = &'g Arc<str>> {
        let files = one.through.iter().filter(|_| one.is_rendered).filter_map(|&at| self.files.get(at));
        files.filter_map(|file| file.output.as_ref())
    }

    /// The templates that include the file of a reference.
    pub fn included_by<'g>(&'g self, one: &'g Use) -> impl Iterator<Item = &'g Arc<str>> {
        let files = one.through.iter().filter_map(|&at| self.files.get(at)).map(|file| &file.file);
        files.filter(|file| **file != one.file)
    }
}

impl SourceFile {
    /// The file of an input, with the output that a configuration says.
    pub(crate) fn of(input: &Input, config: &Config) -> Self {
        Self::to(input, Destination::of(config).as_ref())
    }

    fn to(input: &Input, destination: Option<&Destination<'_>>) -> Self {
        let output = destination.and_then(|destination| destination.shown(input));
        Self { file: Arc::clone(&input.shown), output }
    }
}

impl Use {
    /// Takes over what is known of the same reference by another way.
    pub(crate) fn absorb(&mut self, other: &mut Self) {
        self.through.append(&mut other.through);
        self.accepts.retain(|scope| other.accepts.contains(scope));
    }

    /// The scope of its secret, if it is known.
    pub fn scope(&self) -> Option<&str> {
        match &self.known {
            Some(Known::Here(facts)) => Some(&facts.scope),
            _ => None,
        }
    }

    /// The backend that has its secret, if that is known.
    pub fn backend(&self) -> Option<&str> {
        match &self.known {
            Some(Known::Here(facts)) => Some(&facts.backend),
            Some(Known::Failed(failure)) => Some(&failure.backend),
            _ => None,
        }
    }
}

/// Each reference of a file and of what it includes.
fn uses(input: &Input, found: &Found, judge: &Judge<'_>) -> Vec<Use> {
    let contexts = judge.contexts_of(&input.path, found.template.is_some());
    let own = std::iter::once((&found.source, &found.scan));
    let all = own.chain(found.template.iter().flat_map(Template::texts));
    all.flat_map(|(source, scan)| {
        scan.references.iter().map(|reference| use_of(reference, source, scan, &contexts, judge))
    })
    .collect()
}

/// What is known of a reference.
pub(crate) fn use_of(
    reference: &Reference,
    source: &Source,
    scan: &Scan,
    contexts: &[&Context],
    judge: &Judge<'_>,
) -> Use {
    let (line, column) = source.position(reference.span.start);
    let path = path_of(reference, scan);
    let own = path.unwrap_or(const { &KeyPath(Vec::new()) });
    Use {
        file: Arc::clone(source.path()),
        line,
        column,
        span: reference.span.clone(),
        dialect: reference.dialect.clone(),
        name: reference.name.clone(),
        filters: reference.filters.iter().map(|filter| filter.name.clone()).collect(),
        path: path.filter(|_| reference.is_rendered()).map(ToString::to_string),
        is_optional: reference.is_optional(),
        is_rendered: reference.is_rendered(),
        accepts: accepted(contexts.iter().copied().filter(|context| context.holds_at(own)), judge),
        known: judge.catalogue().map(|catalogue| catalogue.of(&reference.name)),
        through: Vec::new(),
    }
}

/// The keys that lead to a reference; none in a template, whose text has none.
pub(crate) fn path_of<'s>(reference: &Reference, scan: &'s Scan) -> Option<&'s KeyPath> {
    scan.strings.get(reference.string).map(|string| &string.scalar.path)
}

/// The scopes that a place accepts where these contexts hold.
pub(crate) fn accepted<'c>(holding: impl Iterator<Item = &'c Context>, judge: &Judge<'_>) -> Vec<String> {
    let mut scopes: Vec<String> = holding.map(|context| context.scope.clone()).collect();
    if judge.policy().places == Places::Any || !scopes.is_empty() {
        scopes.push(GLOBAL.to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    scopes.retain(|scope| seen.insert(scope.clone()));
    scopes
}
