//! `{ from_secret: NAME }`, as Drone and Woodpecker have it: a map with this one key stands for the value.

use super::{Dialect, Find};

pub(super) const DIALECT: Dialect = Dialect {
    name: "from-secret",
    is_default: false,
    form: "{ from_secret: NAME }",
    sigil: None,
    find: Find::ByNode,
};

/// The only key of the map.
pub(crate) const KEY: &str = "from_secret";
