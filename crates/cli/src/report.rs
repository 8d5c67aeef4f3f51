//! Draws diagnostics and tells how a run went. Values never get here.

mod excerpt;
mod findings;
mod github;
mod gitlab;
mod human;
mod json;
mod sarif;
mod short;
mod words;

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;

use redeem_host::Diagnostic;
use redeem_host::diff::{DiffLine, LineKind};
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::findings::{Findings, Fixed};
pub(crate) use self::words::on_one_line;

use self::human::Looks;
use self::short::short;
pub(crate) use self::words::escaped;
use crate::args::{Color, Global, Told};
use crate::exit::Stop;

/// The columns of what is no terminal.
const COLUMNS: usize = 80;

/// What a drawing is never narrower or wider than: lines of a wide terminal are no pleasure to read.
const BOUNDS: (usize, usize) = (60, 120);

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
        let stderr = io::stderr();
        last_words(&self.drawn(diagnostics, stderr.is_terminal(), &stderr));
    }

    /// What a check has found, on standard output in the form that was asked for.
    pub(crate) fn print(&self, findings: &Findings<'_>, told: Told) -> io::Result<()> {
        match told {
            Told::Human => {
                let stdout = io::stdout();
                print(self.drawn(findings.diagnostics, stdout.is_terminal(), &stdout).as_bytes())
            }
            Told::Short => {
                let lines = findings.diagnostics.iter().map(|diagnostic| format!("{}\n", short(diagnostic)));
                print(lines.collect::<String>().as_bytes())
            }
            Told::Json => print_serialized(&json::json(findings)),
            Told::Sarif => print_serialized(&sarif::sarif(findings)),
            Told::Github => print(github::github(findings).as_bytes()),
            Told::Gitlab => print_serialized(&gitlab::gitlab(findings)),
        }
    }

    fn drawn(&self, diagnostics: &[Diagnostic], is_terminal: bool, stream: impl AsFd) -> String {
        let width = if is_terminal { terminal_width(stream) } else { COLUMNS };
        let looks = Looks { width, is_coloured: self.is_coloured(is_terminal) };
        let mut text = human::drawn(diagnostics, looks);
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
    told(out.write_all(bytes).and_then(|()| out.flush()))
}

/// The same with a value that is made while it is written, with indentation and a final line break.
fn print_serialized(value: &impl Serialize) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
    told(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

fn told(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Prints a value with indentation and a final line break.
pub(crate) fn print_json(value: &Value) -> io::Result<()> {
    print(format!("{value:#}\n").as_bytes())
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

/// The columns that a drawing may take on a terminal.
fn terminal_width(stream: impl AsFd) -> usize {
    // A terminal that does not know its width says 0.
    let columns = rustix::termios::tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { COLUMNS } else { columns.clamp(BOUNDS.0, BOUNDS.1) }
}

#[cfg(test)]
mod tests {
    use redeem_host::syntax::Span;
    use redeem_host::{Code, Format, Source};

    use super::*;

    #[test]
    fn columns_are_aligned_and_hold_nothing_that_a_terminal_obeys() {
        let rows = [vec!["\u{1b}[2Ja\nb".to_owned(), "x".to_owned()], vec!["ä".to_owned(), "y".to_owned()]];
        assert_eq!(columns(&rows), format!("\\u{{1b}}[2Ja\\nb  x\n{:13}  y\n", "ä"));
    }

    /// All forms of a problem with a value that stands in the clear, with edits and places that touch it.
    fn all_forms(value: &str) -> Vec<String> {
        let text = format!("api:\n  key: {value}\n");
        let hidden: Span = 12..12 + value.len();
        let source = Source::new("a.yaml", text, Format::Yaml);
        let told = Diagnostic::new(Code::NearMiss, "a value stands here in the clear")
            .at(&source, hidden.clone(), "the value")
            .with_related(&source, 7..hidden.end, "its line")
            .with_fix(5..5, "# ")
            .with_fix(hidden.end..hidden.end, "'")
            .with_unsafe_fix(hidden.clone(), "{secret:key}")
            .with_help("move it into a secret")
            .hiding(hidden);
        let diagnostics = [told];
        let findings = Findings { diagnostics: &diagnostics, is_whole: true, ..Findings::default() };
        let json = |value: serde_json::Result<String>| value.expect("JSON");
        vec![
            human::drawn(&diagnostics, Looks { width: 80, is_coloured: false }),
            short(&diagnostics[0]),
            json(serde_json::to_string(&json::json(&findings))),
            json(serde_json::to_string(&sarif::sarif(&findings))),
            github::github(&findings),
            json(serde_json::to_string(&gitlab::gitlab(&findings))),
            format!("{diagnostics:?}"),
        ]
    }

    #[test]
    fn no_form_tells_a_hidden_value_or_its_length() {
        let forms = all_forms("c4n4ry");
        for value in ["c4n4ry with a long tail", "|\n    c4n4ry\n    c4n4ry", &"c4n4ry".repeat(999), "日本"]
        {
            assert_eq!(all_forms(value), forms);
        }
        for form in &forms {
            assert!(
                !form.contains("c4n4ry") && form.contains("near-miss") | form.contains("NearMiss"),
                "{form}"
            );
        }
        assert!(forms[0].contains(" 2 │   key: [hidden]\n"), "{}", forms[0]);
        assert!(
            forms[2].contains("\"end\":null") && forms[2].contains("\"replacement\":\"# \""),
            "{}",
            forms[2]
        );
    }
}
