//! Draws problems for people: the line, the place in it, and what to do.

use std::collections::HashMap;
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use redeem_host::syntax::Related;
use redeem_host::{Code, Diagnostic, Severity};

use super::excerpt::{Excerpt, Spot};
use super::short::{place, short};
use super::words::{escaped, on_one_line, wrapped};

/// How many problems are drawn; nobody reads more, and each costs a look at its line.
const MOST_DRAWN: usize = 200;

/// How often the same may be wrong before it is told in short.
const MANY: usize = 5;

/// How many are drawn of those that are told in short.
const FEW: usize = 3;

/// How many of the others have their place told.
const MOST_PLACES: usize = 20;

/// How the drawing looks.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    /// The columns there are.
    pub(super) width: usize,
    /// Whether there are colours.
    pub(super) is_coloured: bool,
}

/// Problems that say the same about several places.
type Kind<'a> = (Code, Severity, &'a str, Option<&'a str>);

/// All problems, each with its lines, and a list for those that say the same over and over.
pub(super) fn drawn(diagnostics: &[Diagnostic], looks: Looks) -> String {
    let theme = if looks.is_coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(looks.width)
        .with_context_lines(1)
        .with_links(false)
        .with_wrap_lines(false);
    let mut same: HashMap<Kind<'_>, Vec<&Diagnostic>> = HashMap::new();
    for diagnostic in diagnostics {
        same.entry(kind(diagnostic)).or_default().push(diagnostic);
    }
    let mut seen: HashMap<Kind<'_>, usize> = HashMap::new();
    let (mut text, mut count, mut told) = (String::new(), 0, 0);
    for diagnostic in diagnostics {
        if count == MOST_DRAWN {
            break;
        }
        let kind = kind(diagnostic);
        let all = &same[&kind];
        let seen = seen.entry(kind).or_default();
        *seen += 1;
        if all.len() > MANY && *seen > FEW {
            continue;
        }
        draw(&mut text, &handler, diagnostic, looks.width);
        text.push('\n');
        (count, told) = (count + 1, told + 1);
        if all.len() > MANY && *seen == FEW {
            text.push_str(&places(&all[FEW..]));
            told += all.len() - FEW;
        }
    }
    if let Some(more) = diagnostics.len().checked_sub(told).filter(|&more| more > 0) {
        text.push_str(&format!("… and {more} more; `redeem check --format short` tells each in a line\n"));
    }
    text
}

fn kind(diagnostic: &Diagnostic) -> Kind<'_> {
    (diagnostic.code, diagnostic.severity, &diagnostic.message, diagnostic.help.as_deref())
}

/// Where the same is wrong, a line each.
fn places(others: &[&Diagnostic]) -> String {
    let mut text = format!("  the same {} more times:\n", others.len());
    for diagnostic in others.iter().take(MOST_PLACES) {
        text.push_str(&format!("    {}\n", place(diagnostic).unwrap_or_else(|| "elsewhere".to_owned())));
    }
    if let Some(more) = others.len().checked_sub(MOST_PLACES).filter(|&more| more > 0) {
        text.push_str(&format!("    … and {more} more; `redeem check --format short` tells each\n"));
    }
    text.push('\n');
    text
}

/// One problem, then the places in other texts that explain it, then what to do.
fn draw(text: &mut String, handler: &GraphicalReportHandler, diagnostic: &Diagnostic, width: usize) {
    let path = diagnostic.source.as_ref().map(redeem_host::Source::path);
    let (here, elsewhere): (Vec<&Related>, Vec<&Related>) =
        diagnostic.related.iter().partition(|related| Some(related.source.path()) == path);
    let spots = diagnostic.label.iter().map(|label| Spot { span: &label.span, text: &label.text });
    let spots = spots.chain(here.iter().map(|related| Spot { span: &related.span, text: &related.text }));
    let excerpt = diagnostic
        .source
        .as_ref()
        .map(|source| Excerpt::new(source, &spots.collect::<Vec<_>>(), &diagnostic.hidden, width));
    let is_shown = excerpt.as_ref().is_some_and(|excerpt| !excerpt.labels.is_empty());
    let message = match diagnostic.place() {
        Some(place) if !is_shown => format!("{place}: {}", diagnostic.message),
        _ => diagnostic.message.clone(),
    };
    let mut parts = vec![Drawn::new(
        Some(diagnostic.code),
        match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        },
        &message,
        excerpt,
        width,
    )];
    for related in elsewhere {
        let spot = Spot { span: &related.span, text: "" };
        let excerpt = Excerpt::new(&related.source, &[spot], &[], width);
        let message = if related.text.is_empty() { "see here" } else { &related.text };
        parts.push(Drawn::new(None, miette::Severity::Advice, message, Some(excerpt), width));
    }
    if let (Some(last), Some(help)) = (parts.last_mut(), &diagnostic.help) {
        last.help = Some(wrapped(&escaped(help), width.saturating_sub("  help: ".len())));
    }
    for part in &parts {
        // Writing to a string does not fail, and a place that cannot be drawn is told in words.
        if handler.render_report(text, part).is_err() {
            text.push_str(&format!("{}\n", short(diagnostic)));
        }
    }
}

/// A problem, or a place that explains one, as miette draws it.
struct Drawn {
    code: Option<Code>,
    severity: miette::Severity,
    message: String,
    excerpt: Option<Excerpt>,
    help: Option<String>,
}

impl Drawn {
    fn new(
        code: Option<Code>,
        severity: miette::Severity,
        message: &str,
        excerpt: Option<Excerpt>,
        width: usize,
    ) -> Self {
        let message = wrapped(&escaped(message), width.saturating_sub("  x ".len()));
        Self { code, severity, message, excerpt, help: None }
    }
}

impl fmt::Debug for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&on_one_line(&self.message))
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl miette::Diagnostic for Drawn {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(excerpt.labels.iter().enumerate().map(|(index, label)| {
            let text = Some(label.text.clone()).filter(|text| !text.is_empty());
            let span = (label.span.start, label.span.len());
            if index == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        })))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }
}

#[cfg(test)]
mod tests;
