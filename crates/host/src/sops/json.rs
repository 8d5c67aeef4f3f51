//! The JSON store: RFC 8259 to the letter, tabs, a `sops` object at the end.

mod emit;
mod read;

pub(super) use emit::{emit, leaf, string};
pub(super) use read::read;
