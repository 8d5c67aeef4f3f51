//! Reading an identity file, and whether others may.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::identity::Finding;
use crate::identity::text::MAX_TEXT;
use crate::paths;

/// Whether an error means that there is no such file.
pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Reads an identity file. One that was named may be a pipe, such as a shell's `<(command)` gives.
pub(super) fn file(path: &Path, is_named: bool) -> Result<(Zeroizing<Vec<u8>>, Option<Finding>), String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if meta.is_dir() || !(is_named || meta.is_file()) {
        return Err("it is not a file".to_owned());
    }
    let mut file = File::open(path).map_err(unreadable)?;
    // Of what was opened: the path may lead elsewhere by now.
    let meta = file.metadata().map_err(unreadable)?;
    let finding = if meta.is_file() {
        judge(path, meta.mode() & 0o7777, meta.uid(), rustix::process::geteuid().as_raw())?
    } else {
        None
    };
    let length = usize::try_from(meta.len()).unwrap_or(usize::MAX).min(MAX_TEXT);
    // With room for all of it, so that no copy is left behind where the buffer grew.
    let mut text = Zeroizing::new(Vec::with_capacity(length.max(4096) + 1));
    file.by_ref().take(MAX_TEXT as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
    Ok((text, finding))
}

/// What is to be said of a file with these permissions and this owner, to the user with the number `us`. A file of
/// somebody else may change to their wishes, so it is refused; root's may do that anyway, and root reads everybody's.
fn judge(path: &Path, mode: u32, owner: u32, us: u32) -> Result<Option<Finding>, String> {
    let path = || paths::shown(path).to_string();
    if owner != us && owner != 0 {
        if us == 0 {
            return Ok(Some(Finding::Foreign { path: path(), owner }));
        }
        return Err(format!("it belongs to another user (number {owner})"));
    }
    Ok((mode & 0o077 != 0).then(|| Finding::Exposed { path: path(), mode }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_27_others_may_neither_read_nor_own_the_file() {
        let judged = |mode, owner, us| judge(Path::new("/keys.txt"), mode, owner, us);
        assert_eq!(judged(0o600, 7, 7), Ok(None));
        assert_eq!(judged(0o400, 0, 7), Ok(None));
        let exposed = |mode| Ok(Some(Finding::Exposed { path: "/keys.txt".to_owned(), mode }));
        assert_eq!(judged(0o644, 7, 7), exposed(0o644));
        assert_eq!(judged(0o620, 0, 7), exposed(0o620));
        assert_eq!(judged(0o600, 8, 7), Err("it belongs to another user (number 8)".to_owned()));
        assert_eq!(
            judged(0o600, 8, 0),
            Ok(Some(Finding::Foreign { path: "/keys.txt".to_owned(), owner: 8 }))
        );
    }
}
