//! Problems as JSON; `docs/check.schema.json` describes it.

use redeem_host::syntax::Span;
use redeem_host::{Diagnostic, Source};
use serde::Serialize;
use serde_json::{Value, json};

use super::findings::{Each, Findings, Fixed, Region, fixes, hidden_in};

/// Everything that was found, in version 1 of its form.
pub(super) fn json<'a>(findings: &Findings<'a>) -> impl Serialize + use<'a> {
    Report {
        version: 1,
        diagnostics: Each {
            diagnostics: findings.diagnostics,
            value: |_, problem: &Diagnostic| diagnostic(problem),
        },
        fixed: findings.fixed.iter().map(fixed).collect(),
        stopped: findings.stopped,
        summary: json!({
            "files": findings.files,
            "references": findings.references,
            "errors": findings.errors(),
            "warnings": findings.warnings(),
        }),
    }
}

#[derive(Serialize)]
struct Report<'a, T> {
    version: u8,
    diagnostics: T,
    fixed: Vec<Value>,
    stopped: Option<&'a str>,
    summary: Value,
}

fn fixed(Fixed { file, applied }: &Fixed<'_>) -> Value {
    json!({
        "file": file,
        "line": applied.line,
        "column": applied.column,
        "code": applied.code.name(),
        "replacement": applied.replacement,
    })
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    let own = diagnostic.source.as_ref().zip(diagnostic.label.as_ref());
    let fixes = fixes(diagnostic).map(|fix| {
        json!({
            "start": fix.span.start, "end": fix.span.end, "replacement": fix.replacement, "safe": fix.safe,
        })
    });
    let related = diagnostic.related.iter().map(|related| {
        json!({
            "file": &**related.source.path(),
            "place": place(&related.source, &related.span, hidden_in(diagnostic, &related.source)),
            "text": related.text,
        })
    });
    json!({
        "code": diagnostic.code.name(),
        "severity": diagnostic.severity.to_string(),
        "message": diagnostic.message,
        "file": diagnostic.place(),
        "place": own.map(|(source, label)| place(source, &label.span, &diagnostic.hidden)),
        "help": diagnostic.help,
        "fixes": fixes.collect::<Vec<_>>(),
        "related": related.collect::<Vec<_>>(),
    })
}

fn place(source: &Source, span: &Span, hidden: &[Span]) -> Value {
    let Region { start: (line, column), end } = Region::new(source, span, hidden);
    json!({
        "line": line,
        "column": column,
        "end_line": end.map(|(line, _)| line),
        "end_column": end.map(|(_, column)| column),
        "start": span.start,
        "end": end.map(|_| span.end),
    })
}
