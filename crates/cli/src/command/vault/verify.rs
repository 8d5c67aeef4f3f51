//! `redeem vault verify`: checks every file, or seals one anew.

use redeem_host::paths::shown;
use redeem_host::vault::{FindingKind, Vault};
use redeem_host::{Diagnostic, Severity};
use serde_json::{Value, json};

use super::super::counted;
use crate::args::vault::Verify;
use crate::exit::{Exit, Stop};
use crate::report::{Reporter, print_json};

pub(super) fn run(options: &Verify, vault: &Vault, reporter: &Reporter) -> Result<Exit, Stop> {
    for name in &options.accept {
        let written = vault.accept(name)?;
        reporter.note(&format!(
            "{}: sealed as it is now, version {}",
            shown(&vault.path(&written.name)),
            written.version
        ));
    }
    let names: Vec<&str> = options.names.iter().chain(&options.accept).map(String::as_str).collect();
    let findings = vault.verify((!names.is_empty()).then_some(&names[..]))?;
    let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
    // None of them was looked into: they count apart from what was.
    let unchecked = findings.iter().filter(|finding| finding.kind == FindingKind::Unchecked).count();
    let errors = findings.iter().filter(|finding| is_error(&finding.diagnostic)).count();
    if options.json {
        let rows = findings.iter().map(|finding| {
            json!({
                "kind": finding.kind.name(),
                "name": finding.name,
                "severity": finding.diagnostic.severity.to_string(),
                "message": finding.diagnostic.message,
                "file": finding.diagnostic.place(),
                "help": finding.diagnostic.help,
            })
        });
        print_json(&Value::Array(rows.collect()))?;
    } else {
        let diagnostics: Vec<Diagnostic> =
            findings.iter().map(|finding| finding.diagnostic.clone()).collect();
        reporter.diagnostics(&diagnostics);
        let checked = if names.is_empty() { vault.names()?.len() } else { names.len() };
        reporter.note(&format!(
            "checked {}: {}, {}{}",
            counted(checked.saturating_sub(unchecked), "secret"),
            counted(errors, "error"),
            counted(findings.len() - errors - unchecked, "warning"),
            if unchecked > 0 { format!("; {unchecked} could not be checked") } else { String::new() },
        ));
    }
    Ok(if errors > 0 { Exit::Integrity } else { Exit::Done })
}
