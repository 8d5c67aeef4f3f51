//! Changes to a file by span: what did not change keeps its bytes.

use super::{Path, Plain};

/// One change to a file.
#[derive(Clone, Debug)]
pub enum Change {
    /// Sets a value. Where the path is new, its key is added, and so are maps that are missing on the way.
    ///
    /// Whether the value is encrypted is decided by the file's selection.
    Set(Path, Plain),
    /// Sets nothing, which is never encrypted.
    Null(Path),
    /// Takes an entry away: a value, or a map or list with all that is in it.
    Remove(Path),
}
