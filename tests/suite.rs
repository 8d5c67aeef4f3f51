//! Black-box tests of the `redeem` binary: what people type, what they see, what is on disk afterwards.

#[path = "suite/check.rs"]
mod check;
#[path = "suite/check_formats.rs"]
mod check_formats;
#[path = "suite/completions.rs"]
mod completions;
#[path = "suite/config.rs"]
mod config;
#[path = "suite/corpus.rs"]
mod corpus;
#[path = "suite/diagnostics.rs"]
mod diagnostics;
#[path = "suite/diff.rs"]
mod diff;
#[path = "suite/explain.rs"]
mod explain;
#[path = "suite/fake.rs"]
mod fake;
#[path = "suite/faults.rs"]
mod faults;
#[path = "suite/fix.rs"]
mod fix;
#[path = "suite/git.rs"]
mod git;
#[path = "suite/hooks.rs"]
mod hooks;
#[path = "suite/leaks.rs"]
mod leaks;
#[path = "suite/lock.rs"]
mod lock;
#[path = "suite/messages.rs"]
mod messages;
#[path = "suite/policy.rs"]
mod policy;
#[path = "suite/refs.rs"]
mod refs;
#[path = "suite/render.rs"]
mod render;
#[path = "suite/schema.rs"]
mod schema;
#[path = "suite/secrets.rs"]
mod secrets;
#[path = "suite/secrets_edit.rs"]
mod secrets_edit;
#[path = "suite/secrets_files.rs"]
mod secrets_files;
#[path = "suite/sources.rs"]
mod sources;
#[path = "suite/support.rs"]
mod support;
#[path = "suite/templates.rs"]
mod templates;
#[path = "suite/tidy.rs"]
mod tidy;
#[path = "suite/vault.rs"]
mod vault;
