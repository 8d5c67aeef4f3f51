//! Renders a template that was read: runs it, writes the values, and finds the place of what went wrong.

use redeem_syntax::{Code, Diagnostic, Scan, Severity, Source, Span};
use zeroize::Zeroizing;

use super::engine::{TOO_LARGE, environment, show};
use super::failure::{place, told, widened};
use super::marks::{Marks, Origin, Sheet, stem};
use super::splice::{At, Problem, splice};
use super::{Template, Variable, Variables, is_error};
use crate::Outcome;
use crate::answers::{Answer, Answers};
use crate::edit::Rendered;
use crate::encode::Encoding;
use crate::policy::not_found;

/// More problems of one template are not told: each takes a run of its own to find its place.
const MOST_TOLD: usize = 20;

/// Renders the template `source`, of which `scan` and `template` were read, with the values in `answers`.
///
/// As in [`render`](crate::render), any error leaves [`Outcome::rendered`] empty.
pub fn render_template(
    source: &Source,
    scan: &Scan,
    template: &Template,
    answers: &Answers,
    variables: &Variables,
    encoding: &Encoding,
) -> Outcome {
    let mut diagnostics = scan.diagnostics.clone();
    let job = Job { source, scan, template, answers, variables };
    if scan.is_valid {
        diagnostics.extend(job.unanswered());
    }
    let mut rendered = None;
    if scan.is_valid && !diagnostics.iter().any(is_error) {
        match job.render(*encoding) {
            Ok(text) => rendered = Some(Rendered::whole(source.text(), text)),
            Err(problems) => diagnostics.extend(problems),
        }
    }
    diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    Outcome { rendered, diagnostics }
}

struct Job<'a> {
    source: &'a Source,
    scan: &'a Scan,
    template: &'a Template,
    answers: &'a Answers,
    variables: &'a Variables,
}

impl Job<'_> {
    /// What is known to be missing before the template runs, all of it at once.
    ///
    /// A backend that failed stops the template even where its secret might not be needed.
    fn unanswered(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (position, (_, source, scan)) in self.template.parts(self.source, self.scan).enumerate() {
            for (index, reference) in scan.references.iter().enumerate() {
                let is_certain = position == 0 && self.template.certain.get(index) == Some(&true);
                match self.answers.of(&reference.name) {
                    Answer::Found(secret) => {
                        let first = reference.filters.iter().find(|filter| filter.name != "default");
                        let takes_bytes =
                            first.is_some_and(|f| matches!(f.name.as_str(), "base64" | "sha256"));
                        if !takes_bytes && std::str::from_utf8(secret.expose()).is_err() {
                            problems.push(
                                Diagnostic::new(Code::UnencodableValue, "the value is not UTF-8 text")
                                    .at(source, reference.span.clone(), "")
                                    .with_help("add `| base64` to write it as text"),
                            );
                        }
                    }
                    Answer::Missing if is_certain && !reference.is_optional() => {
                        problems.push(not_found(source, reference, self.answers));
                    }
                    Answer::Missing => {}
                    Answer::Failed(failure) => {
                        let message = format!("backend `{}`: {}", failure.backend, failure.message);
                        let mut problem =
                            Diagnostic::new(failure.code, message).at(source, reference.span.clone(), "");
                        problem.help.clone_from(&failure.help);
                        problems.push(problem);
                    }
                }
            }
        }
        problems
    }

    fn render(&self, encoding: Encoding) -> Result<Zeroizing<String>, Vec<Diagnostic>> {
        let stem = self.stem();
        let marks = self.run(&stem, None).map_err(|failed| {
            let (error, marks) = *failed;
            // Text of the template itself is written without the engine noting where.
            if let Some(address) = marks.overflow
                && let Some((source, offset)) = self.at_address(address)
            {
                let line = source.line_span(source.line(offset));
                let span = offset..line.end.max(offset);
                return vec![Diagnostic::new(Code::TemplateFailed, TOO_LARGE).at(source, span, "")];
            }
            let parts = self.template.parts(self.source, self.scan);
            vec![told(&error, parts, self.source, self.answers)]
        })?;
        splice(&marks, self.source.format(), encoding).map_err(|problems| {
            let problems = problems.into_iter().take(MOST_TOLD);
            problems.map(|problem| self.placed(problem, &stem, &marks)).collect()
        })
    }

    /// Runs the template; with `fails_at`, that call of the formatter fails, and so tells its place.
    fn run(&self, stem: &str, fails_at: Option<usize>) -> Result<Marks, Box<(minijinja::Error, Marks)>> {
        let sheet = Sheet::new(stem.to_owned(), fails_at);
        let mut engine = environment(&sheet, self.template.longest_captured);
        let parts = || self.template.parts(self.source, self.scan);
        let names = || parts().flat_map(|(_, _, scan)| &scan.references).map(|reference| &reference.name);
        let mut found = names().map(|name| self.answers.of(name));
        sheet.marks().is_fake =
            found.any(|answer| matches!(answer, Answer::Found(secret) if secret.is_fake()));
        show(&mut engine, names(), self.answers, self.variables);
        let mut result = Ok(());
        for (name, source, _) in parts() {
            result = result.and_then(|()| engine.add_template(name, source.text()));
        }
        let result = result.and_then(|()| {
            let template = engine.get_template(&self.template.name)?;
            template.render_captured_to((), sheet.clone()).map(|_| ())
        });
        let marks = sheet.take();
        match result {
            Ok(()) => Ok(marks),
            Err(error) => Err(Box::new((error, marks))),
        }
    }

    /// What marks begin with: it depends on all that a run may write.
    fn stem(&self) -> String {
        let mut texts: Vec<&[u8]> = Vec::new();
        for (_, source, scan) in self.template.parts(self.source, self.scan) {
            texts.push(source.text().as_bytes());
            for reference in &scan.references {
                if let Answer::Found(secret) = self.answers.of(&reference.name) {
                    texts.push(secret.expose());
                }
            }
        }
        texts.extend(self.variables.env.values().map(String::as_bytes));
        self.variables.vars.values().for_each(|variable| texts_of(variable, &mut texts));
        stem(&texts)
    }

    fn placed(&self, problem: Problem, stem: &str, marks: &Marks) -> Diagnostic {
        let found = match problem.at {
            At::Mark(index) => self.at_call(marks.call_of(index), stem),
            At::Offset(offset) => match marks.origin(offset) {
                Some(Origin::Call(call)) => self.at_call(call, stem),
                Some(Origin::Text(address)) => {
                    self.at_address(address).map(|(source, offset)| (source, offset..offset))
                }
                None => None,
            },
        };
        let (source, span) = found.unwrap_or((self.source, 0..0));
        let label = if problem.code == Code::UnencodableValue { "the value does not fit here" } else { "" };
        // What a value shows to be wrong stops the render, whatever its code is where no value is known.
        let mut told = Diagnostic::new(problem.code, problem.message)
            .with_severity(Severity::Error)
            .at(source, span, label);
        told.help = problem.help;
        told
    }

    /// The place of a call of the formatter: the template is run again up to there.
    fn at_call(&self, call: usize, stem: &str) -> Option<(&Source, Span)> {
        let (error, _) = *self.run(stem, Some(call)).err()?;
        let (name, span, line) = place(&error)?;
        let mut parts = self.template.parts(self.source, self.scan);
        let (_, source, _) = parts.find(|part| part.0 == name)?;
        let span = span.unwrap_or_else(|| source.line_span(line));
        Some((source, widened(source.text(), span)))
    }

    /// The place of a template's own text, which the engine hands on without a copy.
    fn at_address(&self, address: usize) -> Option<(&Source, usize)> {
        self.template.parts(self.source, self.scan).find_map(|(_, source, _)| {
            let start = source.text().as_ptr().addr();
            let offset = address.checked_sub(start).filter(|offset| *offset <= source.text().len())?;
            Some((source, offset))
        })
    }
}

fn texts_of<'v>(variable: &'v Variable, texts: &mut Vec<&'v [u8]>) {
    match variable {
        Variable::Text(text) => texts.push(text.as_bytes()),
        Variable::List(items) => items.iter().for_each(|item| texts_of(item, texts)),
        Variable::Table(items) => items.values().for_each(|item| texts_of(item, texts)),
        Variable::Integer(_) | Variable::Float(_) | Variable::Boolean(_) => {}
    }
}
