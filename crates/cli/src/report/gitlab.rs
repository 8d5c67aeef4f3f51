//! Problems as a report of GitLab's Code Quality.

use redeem_host::{Diagnostic, Severity};
use serde::Serialize;
use serde_json::{Value, json};

use super::findings::{Each, Findings, Region, fingerprints, path};
use super::words::on_one_line;

/// The array that GitLab reads as an artifact of the kind `codequality`.
pub(super) fn gitlab<'a>(findings: &Findings<'a>) -> impl Serialize + use<'a> {
    let fingerprints = fingerprints(findings.diagnostics);
    Each {
        diagnostics: findings.diagnostics,
        value: move |index: usize, diagnostic: &Diagnostic| issue(diagnostic, &fingerprints[index]),
    }
}

fn issue(diagnostic: &Diagnostic, fingerprint: &str) -> Value {
    let region = Region::of(diagnostic);
    // GitLab passes over an entry without a path and a line.
    let begin = region.map_or(1, |region| region.start.0);
    let end = region.and_then(|region| region.end).map_or(begin, |(line, _)| line);
    json!({
        "description": on_one_line(&diagnostic.message),
        "check_name": diagnostic.code.name(),
        "fingerprint": fingerprint,
        "severity": match diagnostic.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
        },
        "location": {
            "path": on_one_line(path(diagnostic.place().unwrap_or("."))),
            "lines": { "begin": begin, "end": end },
        },
    })
}
