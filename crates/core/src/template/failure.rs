//! What went wrong in the engine, told at its place in the template. Its own words may quote values and are not used.

use minijinja::{Error, ErrorKind};
use redeem_syntax::{Code, Diagnostic, Reference, Scan, Source, Span};

use crate::answers::{Answer, Answers};
use crate::policy::not_found;

/// A template that is not valid. Nothing has run yet, so the engine's words tell of the template alone.
pub(super) fn syntax(source: &Source, error: &Error) -> Diagnostic {
    let text = source.text();
    let span = error.range().filter(|span| text.get(span.clone()).is_some());
    let span = span.unwrap_or_else(|| error.line().map_or(0..0, |line| source.line_span(line)));
    let detail = error.detail().unwrap_or("it cannot be read");
    Diagnostic::new(Code::SyntaxError, format!("this template is not valid: {detail}"))
        .at(source, span, "")
        .with_help("text that only looks like a template stands between `{% raw %}` and `{% endraw %}`")
}

/// Where an error happened: the innermost template, the span in it if there is one, and the line.
pub(super) fn place(error: &Error) -> Option<(String, Option<Span>, usize)> {
    let mut found = None;
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = at {
        if let Some(error) = error.downcast_ref::<Error>()
            && let (Some(name), Some(line)) = (error.name(), error.line())
        {
            found = Some((name.to_owned(), error.range().filter(|range| !range.is_empty()), line));
        }
        at = error.source();
    }
    found
}

/// The span of a filter with the expression that it stands behind: what a place is called by.
pub(super) fn widened(text: &str, span: Span) -> Span {
    let before = text.get(..span.start).unwrap_or_default();
    if !before.trim_end().ends_with('|') {
        return span;
    }
    let open = before.rfind("{{").max(before.rfind("{%")).map_or(span.start, |at| at + 2);
    let inside = &before[open..];
    open + (inside.len() - inside.trim_start_matches(['-', '+', ' ', '\t', '\n', '\r']).len())..span.end
}

/// The span of an attribute with the names that it is taken from: the engine notes the last dots alone.
fn named(text: &str, span: Span) -> Span {
    let (before, written) = text.split_at_checked(span.start).unwrap_or_default();
    if !written.starts_with('.') {
        return span;
    }
    before.trim_end_matches(|c: char| c.is_alphanumeric() || "_.".contains(c)).len()..span.end
}

/// An error of a run.
pub(super) fn told<'t>(
    error: &Error,
    mut parts: impl Iterator<Item = (&'t str, &'t Source, &'t Scan)>,
    own: &Source,
    answers: &Answers,
) -> Diagnostic {
    let innermost = innermost(error);
    let Some((source, found, span)) = place(error)
        .and_then(|(name, span, line)| {
            parts.find(|part| part.0 == name).map(|part| (part.1, part.2, span, line))
        })
        .map(|(source, found, span, line)| (source, found, span.unwrap_or_else(|| source.line_span(line))))
    else {
        return Diagnostic::new(Code::TemplateFailed, words(innermost, "")).at(own, 0..0, "");
    };
    let is_undefined = innermost.kind() == ErrorKind::UndefinedError;
    let span = if is_undefined { named(source.text(), widened(source.text(), span)) } else { span };
    let written = source.slice(&span);
    if is_undefined && let Some(missing) = missing(found, &span, answers) {
        return not_found(source, missing, answers);
    }
    let code = match innermost.kind() {
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest => Code::UnknownFilter,
        _ => Code::TemplateFailed,
    };
    let told = Diagnostic::new(code, words(innermost, written)).at(source, span, "");
    match innermost.kind() {
        ErrorKind::UndefinedError => {
            told.with_help("define it, or say what stands for it with `| default('…')`")
        }
        ErrorKind::OutOfFuel => told.with_help("a loop goes round too often; make it shorter"),
        _ => told,
    }
}

fn innermost(error: &Error) -> &Error {
    let mut found = error;
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = at {
        if let Some(error) = error.downcast_ref::<Error>() {
            found = error;
        }
        at = error.source();
    }
    found
}

/// The secret whose absence is behind an undefined value.
fn missing<'s>(found: &'s Scan, span: &Span, answers: &Answers) -> Option<&'s Reference> {
    found.references.iter().find(|reference| {
        let is_inside = span.start <= reference.span.start && reference.span.end <= span.end;
        let is_around = reference.span.start <= span.start && span.end <= reference.span.end;
        (is_inside || is_around) && matches!(answers.of(&reference.name), Answer::Missing)
    })
}

/// One sentence about an error, with nothing in it but the template's own text.
fn words(error: &Error, written: &str) -> String {
    let written: String = written.lines().next().unwrap_or_default().chars().take(60).collect();
    match error.kind() {
        // The details of this kind are ours.
        ErrorKind::BadSerialization => error.detail().unwrap_or("this has no text").to_owned(),
        ErrorKind::UndefinedError => format!("`{written}` is not defined"),
        ErrorKind::OutOfFuel => "the template takes too many steps".to_owned(),
        ErrorKind::TemplateNotFound | ErrorKind::BadInclude => "there is no file to include".to_owned(),
        ErrorKind::UnknownFilter => "there is no filter of this name".to_owned(),
        ErrorKind::UnknownTest => "there is no test of this name".to_owned(),
        ErrorKind::UnknownFunction => "there is no function of this name".to_owned(),
        ErrorKind::UnknownMethod => "there is no method of this name".to_owned(),
        ErrorKind::UnknownBlock => "there is no block of this name".to_owned(),
        ErrorKind::MissingArgument => "an argument is missing".to_owned(),
        ErrorKind::TooManyArguments => "there are too many arguments".to_owned(),
        ErrorKind::CannotUnpack => "this cannot be taken apart into as many names".to_owned(),
        ErrorKind::InvalidOperation
            if error.detail().is_some_and(|detail| detail.contains("recursion limit")) =>
        {
            "templates call or include each other without end".to_owned()
        }
        _ => "this cannot be computed: a value is not of the kind that is wanted".to_owned(),
    }
}
