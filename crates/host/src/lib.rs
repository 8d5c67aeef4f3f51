//! The outside of Redeem: files, configuration, backends, and the one writer.
//!
//! A [`Config`] says which files are live and which backends are asked; [`inputs`] walks
//! the sources; [`Run`] reads and scans them, asks each backend once, renders, and hands the
//! outputs to [`mod@write`], which moves all of them into place or none.

#![deny(unsafe_code)]

pub mod backend;
pub mod check;
pub mod config;
pub mod diff;
mod disk;
mod distinct;
pub mod duration;
pub mod editor;
pub mod explain;
#[cfg(feature = "crypto")]
pub mod export;
pub mod extract;
mod fakes;
pub mod fix;
#[cfg(feature = "crypto")]
pub mod form;
#[cfg(feature = "crypto")]
pub mod generate;
mod git;
pub mod graph;
pub mod guard;
#[cfg(feature = "crypto")]
pub mod identity;
#[cfg(feature = "crypto")]
pub mod import;
#[cfg(feature = "crypto")]
mod init;
pub mod inputs;
mod judge;
#[cfg(feature = "crypto")]
pub mod keeper;
pub mod lock;
mod memory;
pub mod paths;
mod read;
mod run;
pub mod scratch;
#[cfg(feature = "crypto")]
pub mod sops;
pub mod staged;
pub mod template;
pub mod trust;
pub mod vault;
pub mod wiped;
pub mod write;

pub use config::{Config, ConfigError};
pub use diff::Diffs;
pub use disk::Disk;
pub use fakes::Fakes;
pub use graph::Graph;
#[cfg(feature = "crypto")]
pub use init::{InitStep, init, make_vault};
pub use judge::Judge;
pub use lock::{Lock, LockFile};
pub use memory::Memory;
pub use read::TextInput;
pub use redeem_core as core;
pub use redeem_core::{
    Answers, Backend, Encoding, Escape, Failure, Fetched, Name, Reader, Rendered, Secret, Variable,
    Variables, World,
};
pub use redeem_syntax as syntax;
pub use redeem_syntax::{Code, Diagnostic, Dialects, Format, Scan, Severity, Source};
pub use run::{FileState, Found, Rendering, Run, Seen, Target, render_text, scan_inputs, scan_text};
