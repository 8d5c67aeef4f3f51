//! Draws diagnostics and tells how a run went. Values never get here.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use redeem_host::diff::{DiffLine, LineKind};
use redeem_host::{Diagnostic, Severity, Source};
use serde_json::{Value, json};

use crate::args::{Color, Global, Told};
use crate::exit::Stop;

/// How many problems are drawn; nobody reads more, and each costs a look at its line.
const MOST_DRAWN: usize = 200;

/// Writes to the standard streams as the options say.
pub(crate) struct Reporter {
    is_quiet: bool,
    is_verbose: bool,
    colour: Color,
}

impl Reporter {
    pub(crate) fn new(global: &Global) -> Self {
        Self { is_quiet: global.quiet, is_verbose: global.verbose > 0, colour: global.color }
    }

    /// One line on standard error, unless quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.is_quiet {
            last_words(&format!("{}\n", escaped(text)));
        }
    }

    /// One line on standard error for those who want more.
    pub(crate) fn detail(&self, text: &str) {
        if self.is_verbose {
            self.note(text);
        }
    }

    /// A problem that has no text to point at.
    #[expect(clippy::unused_self, reason = "whoever may tell of a problem has a reporter")]
    pub(crate) fn problem(&self, message: &str, help: Option<&str>) {
        let help = help.map_or_else(String::new, |help| format!("  help: {}\n", escaped(help)));
        last_words(&format!("error: {}\n{help}", escaped(message)));
    }

    /// Why a command stopped.
    pub(crate) fn stop(&self, stop: &Stop) {
        self.diagnostics(&stop.diagnostics);
        if let Some((message, help)) = &stop.message {
            self.problem(message, help.as_deref());
        }
    }

    /// All diagnostics, drawn on standard error.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let text = self.drawn(diagnostics, io::stderr().is_terminal());
        last_words(&text);
    }

    /// All diagnostics, on standard output in the form that was asked for.
    pub(crate) fn print(&self, diagnostics: &[Diagnostic], told: Told) -> io::Result<()> {
        match told {
            Told::Human => print(self.drawn(diagnostics, io::stdout().is_terminal()).as_bytes()),
            Told::Short => {
                let lines: String =
                    diagnostics.iter().map(|diagnostic| format!("{}\n", short(diagnostic))).collect();
                print(lines.as_bytes())
            }
            Told::Json => print_json(&Value::Array(diagnostics.iter().map(as_json).collect())),
        }
    }

    fn drawn(&self, diagnostics: &[Diagnostic], is_terminal: bool) -> String {
        let theme = if self.is_coloured(is_terminal) {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_context_lines(1)
            .with_links(false)
            .with_wrap_lines(true);
        let mut text = String::new();
        for diagnostic in diagnostics.iter().take(MOST_DRAWN) {
            // Writing to a string does not fail, and a place that cannot be drawn is told in words.
            if handler.render_report(&mut text, &Drawn::new(diagnostic)).is_err() {
                text.push_str(&short(diagnostic));
            }
            text.push('\n');
        }
        if let Some(more) = diagnostics.len().checked_sub(MOST_DRAWN).filter(|&more| more > 0) {
            text.push_str(&format!(
                "… and {more} more; `redeem check --format short` tells each in a line\n"
            ));
        }
        // Only people who look on can wonder what a code means; a log stays as short as it was.
        if let Some(first) = diagnostics.first().filter(|_| is_terminal && !self.is_quiet) {
            text.push_str(&format!("for more about a code: redeem explain {}\n", first.code));
        }
        text
    }

    /// The lines of a diff, in colours where they are wanted.
    pub(crate) fn diff(&self, lines: &[DiffLine]) -> String {
        let is_coloured = self.is_coloured(io::stdout().is_terminal());
        let line = |line: &DiffLine| {
            let colour = match line.kind {
                LineKind::Header => "1",
                LineKind::Hunk => "36",
                LineKind::Removed => "31",
                LineKind::Added => "32",
                LineKind::Same => "",
            };
            if is_coloured && !colour.is_empty() {
                format!("\u{1b}[{colour}m{}\u{1b}[0m\n", line.text)
            } else {
                format!("{}\n", line.text)
            }
        };
        lines.iter().map(line).collect()
    }

    /// <https://no-color.org> and <https://bixense.com/clicolors>.
    fn is_coloured(&self, is_terminal: bool) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self.colour {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if is_set("NO_COLOR") => false,
            Color::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Color::Auto => is_terminal && std::env::var_os("CLICOLOR").is_none_or(|value| value != "0"),
        }
    }
}

/// Writes to standard error; nobody can be told if that fails.
pub(crate) fn last_words(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes to standard output. A reader that went away wanted no more.
pub(crate) fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Prints a value with indentation and a final line break.
pub(crate) fn print_json(value: &Value) -> io::Result<()> {
    print(format!("{value:#}\n").as_bytes())
}

/// The text without what a terminal obeys: a file that others write may hold it. Line breaks and tabs stay.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    without(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// The same on one line.
pub(crate) fn on_one_line(text: &str) -> Cow<'_, str> {
    without(text, char::is_control)
}

fn without(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return text.into();
    }
    let escape = |c: char| if is_bad(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect::<String>().into()
}

/// Rows in columns, two blanks apart, without blanks at the end of a line.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> =
        rows.iter().map(|row| row.iter().map(|cell| on_one_line(cell)).collect()).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell =
        |row: &Vec<Cow<'_, str>>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> =
        (0..count).map(|column| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0)).collect();
    let line = |row: &Vec<Cow<'_, str>>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

/// `file:line:column: error[code]: message`
fn short(diagnostic: &Diagnostic) -> String {
    let place = match (&diagnostic.source, &diagnostic.label) {
        (Some(source), Some(label)) => {
            let (line, column) = source.position(label.span.start);
            format!("{}:{line}:{column}: ", source.path())
        }
        _ => diagnostic.place().map_or_else(String::new, |place| format!("{place}: ")),
    };
    format!("{place}{}[{}]: {}", diagnostic.severity, diagnostic.code, diagnostic.message)
}

fn as_json(diagnostic: &Diagnostic) -> Value {
    let place = diagnostic.source.as_ref().zip(diagnostic.label.as_ref()).map(|(source, label)| {
        let (line, column) = source.position(label.span.start);
        let (end_line, end_column) = source.position(label.span.end);
        json!({
            "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            "start": label.span.start, "end": label.span.end,
        })
    });
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| {
            json!({ "start": fix.span.start, "end": fix.span.end, "replacement": fix.replacement, "safe": fix.safe })
        })
        .collect();
    json!({
        "code": diagnostic.code.name(),
        "severity": diagnostic.severity.to_string(),
        "message": diagnostic.message,
        "file": diagnostic.place(),
        "place": place,
        "help": diagnostic.help,
        "fixes": fixes,
    })
}

/// A diagnostic as miette draws it.
struct Drawn<'a> {
    diagnostic: &'a Diagnostic,
    excerpt: Option<Excerpt>,
}

impl<'a> Drawn<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        Self { diagnostic, excerpt: diagnostic.source.clone().map(Excerpt) }
    }
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.diagnostic.origin {
            Some(origin) if self.diagnostic.source.is_none() => {
                write!(f, "{origin}: {}", self.diagnostic.message)
            }
            _ => f.write_str(&self.diagnostic.message),
        }
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let source = self.diagnostic.source.as_ref();
        let here = self
            .diagnostic
            .related
            .iter()
            .filter(move |related| source.is_some_and(|source| source.path() == related.source.path()));
        let labels = self.diagnostic.label.iter().map(|label| (&label.span, &label.text));
        let labels = labels.chain(here.map(|related| (&related.span, &related.text)));
        Some(Box::new(labels.map(|(span, text)| {
            let text = Some(text.clone()).filter(|text| !text.is_empty());
            LabeledSpan::new(text, span.start, span.len())
        })))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }
}

/// A source of which a diagnostic shows the lines of its place, and of long lines the middle.
struct Excerpt(Source);

/// How much of a line is shown on each side of a place, in bytes.
const AROUND: usize = 120;

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.0.text();
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > text.len() || !text.is_char_boundary(start) || !text.is_char_boundary(end) {
            return Err(MietteError::OutOfBounds);
        }
        // Without context the question is where the place is, not what is around it.
        let is_position = before == 0 && after == 0;
        let line = if is_position { start..end } else { self.0.line_span(self.0.position(start).0) };
        let first = text.floor_char_boundary(line.start.max(start.saturating_sub(AROUND)));
        let last_line = self.0.line_span(self.0.position(end).0);
        let last = text.ceil_char_boundary(last_line.end.max(end).min(end + AROUND));
        let (line, column) = self.0.position(first);
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.path().to_string(),
            &text.as_bytes()[first..last],
            (first, last - first).into(),
            line - 1,
            column - 1,
            1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        let rows = [vec!["\u{1b}[2Ja\nb".to_owned(), "x".to_owned()], vec!["ä".to_owned(), "y".to_owned()]];
        assert_eq!(columns(&rows), format!("\\u{{1b}}[2Ja\\nb  x\n{:13}  y\n", "ä"));
        assert_eq!(escaped("a\n\tb\u{7}\u{9b}"), "a\n\tb\\u{7}\\u{9b}");
    }
}
