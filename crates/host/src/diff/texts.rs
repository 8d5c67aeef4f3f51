//! The difference of two texts of one file, neither of which holds a value.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{DiffLine, Entry, LineKind, hunks, visible};

/// What would change in a file, as a unified difference.
pub(crate) fn of_texts(shown: &str, old: &str, new: &str) -> Vec<DiffLine> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let mut entries = Vec::new();
    let mut push = |kind: LineKind, lines: &[&str]| {
        entries.extend(lines.iter().map(|line| {
            let note =
                (!line.ends_with('\n') && kind != LineKind::Same).then_some("no line break at the end");
            Entry { kind, text: visible(line), note }
        }));
    };
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        match op {
            DiffOp::Equal { old_index, len, .. } => push(LineKind::Same, &old[old_index..old_index + len]),
            DiffOp::Delete { old_index, old_len, .. } => {
                push(LineKind::Removed, &old[old_index..old_index + old_len]);
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                push(LineKind::Added, &new[new_index..new_index + new_len]);
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                push(LineKind::Removed, &old[old_index..old_index + old_len]);
                push(LineKind::Added, &new[new_index..new_index + new_len]);
            }
        }
    }
    let header =
        ["---", "+++"].map(|sign| DiffLine { kind: LineKind::Header, text: format!("{sign} {shown}") });
    header.into_iter().chain(hunks(&entries)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_shown_with_lines_around_it() {
        let old = "1\n2\n3\n4\na: {secret: x}\r\n5\n6\n7\n8\n9";
        let lines = of_texts("a.yaml", old, &old.replace("{secret: x}", "{secret:x}"));
        let text: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
        let expected = "--- a.yaml\n+++ a.yaml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-a: {secret: x}\n+a: {secret:x}\n 5\n 6\n 7\n";
        assert_eq!(text, expected);
    }
}
