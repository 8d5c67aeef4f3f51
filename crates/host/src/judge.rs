//! What the policy of a configuration says of its files, with what the backends know without a value.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use redeem_core::policy::{Context, Judged, Knowledge, Levels, Policy, with_near_name};
use redeem_core::{Answers, Backend, Catalogue, Known, Name, World};
use redeem_syntax::{Code, Diagnostic, Scan, Severity, Source};

use crate::Config;
use crate::config::Live;
use crate::inputs::{Input, below};
use crate::lock;
use crate::run::Found;

mod clear;

use clear::Clear;

/// Judges the files of a configuration.
pub struct Judge<'a> {
    config: &'a Config,
    policy: Policy,
    catalogue: Option<Catalogue<'a>>,
}

impl<'a> Judge<'a> {
    /// A judge who asks the backends of `world` what they know without a value; with none it knows of no secret.
    pub fn new(config: &'a Config, world: Option<&'a dyn World>) -> Self {
        let catalogue = world.map(|world| Catalogue::new(world.backends()));
        Self { config, policy: config.policy.at(Timestamp::now().as_second()), catalogue }
    }

    /// Says what time it is, in place of the clock.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.policy.now = now.as_second();
        self
    }

    /// Asks that the lock has each name that no other backend has.
    #[must_use]
    pub fn locked(mut self) -> Self {
        self.policy.is_locked = true;
        self
    }

    /// What is known of names.
    pub(crate) fn catalogue(&self) -> Option<&Catalogue<'a>> {
        self.catalogue.as_ref()
    }

    /// Everything that is wrong with a file that was scanned, as far as it can be known without a value.
    pub fn look(&self, input: &Input, found: &Found) -> Vec<Diagnostic> {
        let policy = self.found(input, found, None);
        let mut told = found.scan.diagnostics.clone();
        let knowledge = Sources { catalogue: self.catalogue.as_ref(), answers: None };
        for problem in told.iter_mut().filter(|problem| problem.code == Code::InvalidName) {
            with_near_name(problem, &knowledge);
        }
        told.extend(policy);
        self.settle(&mut told);
        self.hide(input, found, &mut told);
        told
    }

    /// The rules for all texts.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The contexts that are about a file.
    ///
    /// Where the values of a template end up is not known before it runs, so only its file says what it accepts.
    pub(crate) fn contexts_of(&self, path: &Path, is_template: bool) -> Vec<&'a Context> {
        let mut contexts = self.config.policy.contexts_of(|| below(self.config, path));
        contexts.retain(|context| !is_template || context.at.is_empty());
        contexts
    }

    /// What is said of a file's references and values. With `answers` they come from a render.
    pub(crate) fn found(&self, input: &Input, found: &Found, answers: Option<&Answers>) -> Vec<Diagnostic> {
        let contexts = &self.contexts_of(&input.path, found.template.is_some())[..];
        let knowledge = Sources { catalogue: self.catalogue.as_ref(), answers };
        let file = &|| below(self.config, &input.path).to_string_lossy().into_owned();
        let judged = Judged {
            source: &found.source,
            scan: &found.scan,
            contexts,
            file,
            is_rendered: answers.is_some(),
        };
        let mut told = self.policy.judge(judged, &knowledge);
        for (source, scan) in found.template.iter().flat_map(redeem_core::Template::texts) {
            told.extend(self.policy.judge(Judged { source, scan, ..judged }, &knowledge));
        }
        if self.looks_for_literals(answers.is_some()) {
            told.extend(self.clear(input, found).iter().flat_map(Clear::told));
        }
        told
    }

    /// What stands in a file where a context expects a reference.
    fn clear<'f>(&self, input: &Input, found: &'f Found) -> Option<Clear<'f>>
    where
        'a: 'f,
    {
        let policy = &self.config.policy;
        let may_expect = || policy.may_expect_references(found.source.text().as_bytes());
        if found.template.is_some() || !policy.has_places() || !may_expect() {
            return None;
        }
        Clear::of(&found.source, &found.scan, &self.contexts_of(&input.path, false))
    }

    /// Keeps values that stand in the clear out of what is shown of a file's problems.
    pub(crate) fn hide(&self, input: &Input, found: &Found, diagnostics: &mut [Diagnostic]) {
        if !diagnostics.is_empty()
            && let Some(clear) = self.clear(input, found)
        {
            clear.hide(diagnostics);
        }
    }

    /// What is said of the values in a file that has no references.
    pub(crate) fn plain(&self, input: &Input, live: &Live, bytes: &[u8], is_render: bool) -> Vec<Diagnostic> {
        let policy = &self.config.policy;
        if live.is_template || !self.looks_for_literals(is_render) || !policy.may_expect_references(bytes) {
            return Vec::new();
        }
        let contexts = self.contexts_of(&input.path, false);
        let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
        let source = Source::new(Arc::clone(&input.shown), text, live.format);
        let scan = Scan { is_valid: true, ..Scan::default() };
        Clear::of(&source, &scan, &contexts).map_or_else(Vec::new, |clear| clear.told())
    }

    /// A value in the clear is a warning, which a render looks for only where it is denied.
    fn looks_for_literals(&self, is_render: bool) -> bool {
        let levels = self.levels();
        self.config.policy.has_places()
            && if is_render {
                levels.is_denied(Code::PlaintextValue)
            } else {
                !levels.is_allowed(Code::PlaintextValue)
            }
    }

    fn levels(&self) -> &Levels {
        &self.policy.levels
    }

    /// Gives each problem the severity that the policy asks for, and takes away what is not told.
    pub fn settle(&self, diagnostics: &mut Vec<Diagnostic>) {
        self.levels().apply(diagnostics);
    }

    /// The same, and whether no error is among them.
    pub(crate) fn passes(&self, diagnostics: &mut Vec<Diagnostic>) -> bool {
        self.settle(diagnostics);
        diagnostics.iter().all(|told| told.severity != Severity::Error)
    }
}

/// What a render was told by the backends, and beyond that what they know without a value.
struct Sources<'a> {
    catalogue: Option<&'a Catalogue<'a>>,
    answers: Option<&'a Answers>,
}

impl Knowledge for Sources<'_> {
    fn of(&self, name: &Name) -> Option<Known> {
        let Some(answers) = self.answers else { return Some(self.catalogue?.of(name)) };
        if let Some(facts) = answers.facts(name) {
            return Some(Known::Here(Arc::clone(facts)));
        }
        // A name that was asked for and not found is told of where its value should be written.
        if answers.has(name) { None } else { Some(self.catalogue?.of(name)) }
    }

    fn names(&self) -> &[String] {
        self.catalogue.map_or(&[], Catalogue::names)
    }

    fn asked(&self) -> Vec<String> {
        let backends = self.catalogue.map_or(&[][..], Catalogue::backends);
        let asked = |backend: &dyn Backend| {
            let name = backend.name();
            if backend.is_locked() { format!("{name} by {}", lock::FILE_NAME) } else { name.to_owned() }
        };
        backends.iter().map(|backend| asked(backend.as_ref())).collect()
    }

    fn is_locked(&self) -> bool {
        self.catalogue.is_some_and(|catalogue| catalogue.backends().iter().any(|one| one.is_locked()))
    }
}
