//! Problems as a SARIF 2.1.0 log, which code scanning services read.
//!
//! Sections are those of <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use redeem_host::syntax::Span;
use redeem_host::{Code, Diagnostic, Severity, Source};
use serde::Serialize;
use serde_json::{Value, json};

use super::findings::{Each, Findings, Region, fingerprints, fixes, hidden_in, path};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// What a path keeps as it is: RFC 3986's unreserved characters, and the slash. A colon could end a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A log of one run.
pub(super) fn sarif<'a>(findings: &Findings<'a>) -> impl Serialize + use<'a> {
    let mut invocation = json!({ "executionSuccessful": findings.is_whole });
    if let Some(message) = findings.stopped {
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "error", "message": { "text": message } }]);
    }
    let fingerprints = fingerprints(findings.diagnostics);
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: json!({ "driver": {
                "name": "redeem",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": REPOSITORY,
                "rules": Code::ALL.iter().map(|&code| rule(code)).collect::<Vec<_>>(),
            } }),
            invocations: [invocation],
            column_kind: "unicodeCodePoints",
            results: Each {
                diagnostics: findings.diagnostics,
                value: move |index: usize, diagnostic: &Diagnostic| result(diagnostic, &fingerprints[index]),
            },
        }],
    }
}

#[derive(Serialize)]
struct Log<T> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<T>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<T> {
    tool: Value,
    invocations: [Value; 1],
    column_kind: &'static str,
    results: T,
}

fn rule(code: Code) -> Value {
    let (what, why, fix) = (sentence(&code.what()), sentence(&code.why()), sentence(&code.fix()));
    json!({
        "id": code.name(),
        "shortDescription": { "text": what },
        "fullDescription": { "text": format!("{what} {why}") },
        "help": {
            "text": fix,
            "markdown": format!("**What:** {what}\n\n**Why:** {why}\n\n**Fix:** {fix}"),
        },
        "helpUri": format!("{REPOSITORY}/blob/main/docs/diagnostics.md#{code}"),
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

/// The text as it stands alone; behind `What:` it begins with a small letter.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(rest).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(diagnostic: &Diagnostic, fingerprint: &str) -> Value {
    let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let mut result = json!({
        "ruleId": diagnostic.code.name(),
        "ruleIndex": Code::ALL.iter().position(|&code| code == diagnostic.code),
        "level": level(diagnostic.severity),
        "message": { "text": format!("{}{help}", diagnostic.message) },
        "locations": locations(diagnostic),
        "partialFingerprints": { "redeemProblem/v1": fingerprint },
    });
    if !diagnostic.related.is_empty() {
        let related = diagnostic.related.iter().enumerate().map(|(index, related)| {
            let hidden = hidden_in(diagnostic, &related.source);
            json!({
                "id": index + 1,
                "physicalLocation": in_text(&related.source, &related.span, hidden),
                "message": { "text": if related.text.is_empty() { "see here" } else { &related.text } },
            })
        });
        result["relatedLocations"] = related.collect();
    }
    let changes: Vec<Value> = diagnostic
        .source
        .iter()
        .flat_map(|source| fixes(diagnostic).map(|fix| change(source, fix)))
        .collect();
    if !changes.is_empty() {
        result["fixes"] = changes.into();
    }
    result
}

/// One way to mend a problem (section 3.55).
fn change(source: &Source, fix: &redeem_host::syntax::Fix) -> Value {
    json!({
        "description": { "text": format!("write {:?}", fix.replacement) },
        "artifactChanges": [{
            "artifactLocation": artifact(source.path()),
            "replacements": [{
                "deletedRegion": region(Region::new(source, &fix.span, &[])),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
        "properties": { "safe": fix.safe },
    })
}

fn locations(diagnostic: &Diagnostic) -> Vec<Value> {
    let location = match (&diagnostic.source, &diagnostic.label) {
        (Some(source), Some(label)) => Some(in_text(source, &label.span, &diagnostic.hidden)),
        _ => diagnostic.place().map(|place| json!({ "artifactLocation": artifact(place) })),
    };
    location.map(|location| json!({ "physicalLocation": location })).into_iter().collect()
}

fn in_text(source: &Source, span: &Span, hidden: &[Span]) -> Value {
    json!({
        "artifactLocation": artifact(source.path()),
        "region": region(Region::new(source, span, hidden)),
    })
}

/// A text region by lines and columns (section 3.30.2); its end is exclusive.
fn region(region: Region) -> Value {
    let (line, column) = region.start;
    // Without an end it goes to the end of the line, which says nothing.
    region.end.map_or_else(
        || json!({ "startLine": line, "startColumn": column }),
        |(end_line, end_column)| {
            json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
        },
    )
}

/// A file by a URI (section 3.4): relative to the root of the sources, unless it is outside.
fn artifact(place: &str) -> Value {
    let place = path(place);
    let encoded = utf8_percent_encode(place, PATH);
    if place.starts_with('/') {
        json!({ "uri": format!("file://{encoded}") })
    } else if place.starts_with("../") {
        json!({ "uri": encoded.to_string() })
    } else {
        json!({ "uri": encoded.to_string(), "uriBaseId": "%SRCROOT%" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri() {
        for (path, uri) in [
            ("./a b/ü%.yaml", "a%20b/%C3%BC%25.yaml"),
            ("a:b.yaml", "a%3Ab.yaml"),
            ("/etc/x y", "file:///etc/x%20y"),
            ("../x", "../x"),
        ] {
            let artifact = artifact(path);
            assert_eq!(artifact["uri"], uri);
            assert_eq!(
                artifact.get("uriBaseId").is_some(),
                !path.starts_with(['/']) && !path.starts_with("../")
            );
        }
    }
}
