//! dotenv files: quotes of all kinds, text that some reader expands, and references beside it.

use redeem_core::Reader;

use super::{Draft, Taste};

const BARE: &[&str] =
    &["alpha", "b2", "x-y_z", "a.b", "/path", "k=v", "50%", "$HOME/", "~/", "$HOME", "C:\\\\"];
const SINGLE: &[&str] =
    &["alpha", "a b", "x # y", "k=v; z", "(p)", "ü–é", "a|b>c", "*", "$HOME", "\"q\"", "\\d", "`id`"];
const DOUBLE: &[&str] = &[
    "alpha", "a b", "x # y", "k=v; z", "(p)", "ü–é", "a|b>c", "it's", "$HOME", "$HOME/", "${HOME}", "\\n",
    "\\$5", "C:\\", "a\\\\", "'",
];
/// What makes the text behind it a part of a command or an expansion, and what ends that.
const OPEN: &[(&str, &str)] =
    &[("$(echo ", ")"), ("`echo ", "`"), ("${UNSET:-x ", " }"), ("${UNSET:-$(echo ", ") }")];
const COMMENTS: &[&str] = &["# note", "#", "# A=1", "# it is", "# {secret:commented}"];

/// Who reads the file: mostly everybody, at times one.
pub(super) fn reader(draft: &mut Draft<'_>) -> Option<Reader> {
    let one = draft.rng.pick(&[Reader::Sh, Reader::Python, Reader::Node, Reader::Docker]);
    draft.rng.chance(40).then_some(one)
}

/// Appends assignments, comments and empty lines.
pub(super) fn document(draft: &mut Draft<'_>) {
    let is_docker = draft.reader == Some(Reader::Docker);
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
        if !is_docker && draft.rng.chance(25) {
            draft.push("export ");
        }
        let name = draft.name("KEY_");
        draft.push(&name);
        draft.push("=");
        value(draft);
        if !is_docker && draft.rng.chance(15) {
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
    let (style, quote, words, taste) = match draft.rng.below(3) {
        0 => ("bare", "", BARE, Taste::Word),
        // A filter's argument in quotes would end the value's.
        1 => ("single", "'", SINGLE, Taste::Word),
        _ => ("double", "\"", DOUBLE, Taste::Any),
    };
    let mut text = if is_touched { draft.wording(taste, words) } else { draft.rng.pick(words).to_owned() };
    if style == "double" && draft.rng.chance(4) {
        let (open, close) = draft.rng.pick(OPEN);
        text = format!("{open}{text}{close}");
    }
    // Node's dotenv reads `\\"` as an escaped quote, if another one follows further on.
    if style == "double" && text.ends_with('\\') {
        text.push('.');
    }
    let written = format!("{quote}{text}{quote}");
    if is_touched { draft.touch(style, &written) } else { draft.push(&written) }
}
