//! The YAML store: a `sops` map at the end of every document, an indentation of four.

mod comments;
mod emit;
mod read;
mod resolve;
pub(super) mod style;

pub(super) use emit::{emit, emit_carefully, yaml_float};
pub(super) use read::read;
