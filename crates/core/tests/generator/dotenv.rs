//! dotenv files whose untouched lines mean the same to every reader.

use super::{Draft, Taste};

const WORDS: &[&str] = &["alpha", "b2", "x-y_z", "a.b", "/path", "k=v", "50%"];
const QUOTED: &[&str] = &["alpha", "a b", "x # y", "k=v; z", "(p)", "ü–é", "a|b>c", "*"];
const COMMENTS: &[&str] = &["# note", "#", "# A=1", "# it is", "# {secret:commented}"];

/// Appends assignments, comments and empty lines.
pub(super) fn document(draft: &mut Draft<'_>) {
    if draft.rng.chance(3) {
        draft.push("\u{FEFF}# mark");
        draft.newline();
    }
    for _ in 0..draft.rng.between(1, 4) {
        match draft.rng.below(8) {
            0 => draft.newline(),
            1 => {
                let comment = draft.rng.pick(COMMENTS);
                draft.push(comment);
                draft.newline();
            }
            _ => {}
        }
        if draft.rng.chance(25) {
            draft.push("export ");
        }
        let name = draft.name("KEY_");
        draft.push(&name);
        draft.push("=");
        value(draft);
        if draft.rng.chance(15) {
            let comment = draft.rng.pick(COMMENTS);
            draft.push(&format!(" {comment}"));
        }
        draft.newline();
    }
    if draft.rng.chance(10) && draft.text.ends_with(draft.newline) {
        draft.text.truncate(draft.text.len() - draft.newline.len());
    }
}

fn value(draft: &mut Draft<'_>) {
    let is_touched = draft.touches();
    let style = draft.rng.below(3);
    let (words, taste) = if style == 0 { (WORDS, Taste::Word) } else { (QUOTED, Taste::Any) };
    let text = if is_touched { draft.wording(taste, words) } else { draft.rng.pick(words).to_owned() };
    let (style, quote) = match style {
        0 => ("bare", ""),
        // A filter's argument in single quotes would end the value's.
        1 if !text.contains('\'') => ("single", "'"),
        _ => ("double", "\""),
    };
    let written = format!("{quote}{text}{quote}");
    if is_touched { draft.touch(style, &written) } else { draft.push(&written) }
}
