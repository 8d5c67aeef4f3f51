//! Problems as workflow commands, which GitHub Actions shows beside the lines.

use redeem_host::Diagnostic;

use super::findings::{Findings, Region, path};
use super::words::on_one_line;

/// A command a line for each problem.
///
/// The form is that of GitHub's "Workflow commands for GitHub Actions".
pub(super) fn github(findings: &Findings<'_>) -> String {
    let stopped = findings.stopped.map(|message| format!("::error title=redeem::{}\n", data(message)));
    findings.diagnostics.iter().map(command).chain(stopped).collect()
}

fn command(diagnostic: &Diagnostic) -> String {
    let mut properties = Vec::new();
    if let Some(place) = diagnostic.place() {
        properties.push(format!("file={}", property(path(place))));
    }
    if let Some(Region { start: (line, column), end }) = Region::of(diagnostic) {
        let (end_line, end_column) = end.unwrap_or((line, column));
        properties.push(format!("line={line},endLine={end_line}"));
        // Columns are meant for a place in one line only.
        if end_line == line {
            properties.push(format!("col={column}"));
        }
        if end_line == line && end.is_some() {
            properties.push(format!("endColumn={end_column}"));
        }
    }
    properties.push(format!("title={}", property(diagnostic.code.name())));
    let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let message = data(&format!("{}{help}", diagnostic.message));
    format!("::{} {}::{message}\n", diagnostic.severity, properties.join(","))
}

/// The text of a command, escaped as the runner reads it, without what a terminal obeys.
fn data(text: &str) -> String {
    on_one_line(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_owned()
}

/// The value of a property, in which the signs between properties are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use redeem_host::{Code, Format, Source};

    use super::*;

    #[test]
    fn a_problem_is_one_command() {
        let source = Source::new("./a,b:c%.yaml", "k: x\nl: y\n", Format::Yaml);
        let of = |span| Diagnostic::new(Code::NearMiss, "50% of:\nit, all").at(&source, span, "here");
        let told = [
            of(3..4).with_help("do\r\nthis"),
            of(3..8).hiding(20..21),
            of(3..8).hiding(5..6),
            Diagnostic::new(Code::UrlWithoutFilter, "no place").with_severity(redeem_host::Severity::Warning),
            Diagnostic::new(Code::NearMiss, "b\u{202e}c").in_origin("a\u{1b}.yaml"),
        ];
        let expected = "\
            ::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=4,endColumn=5,title=near-miss\
            ::50%25 of:%0Ait, all%0Ahelp: do%0D%0Athis\n\
            ::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=2,title=near-miss::50%25 of:%0Ait, all\n\
            ::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=4,title=near-miss::50%25 of:%0Ait, all\n\
            ::warning title=url-without-filter::no place\n\
            ::error file=a\\u{1b}.yaml,title=near-miss::b\\u{202e}c\n\
            ::error title=redeem::why\n";
        let findings = Findings { diagnostics: &told, stopped: Some("why"), ..Findings::default() };
        assert_eq!(github(&findings), expected);
    }
}
