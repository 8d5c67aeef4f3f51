//! dotenv files by `dotenvy`, and by the shell, which sources them all in one process.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Node, substitute};
use crate::generator::Case;

pub(super) fn read(text: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        let (key, value) = pair.map_err(|error| error.to_string())?;
        nodes.push(Node::Mark(key));
        nodes.push(Node::Text(value));
    }
    Ok(nodes)
}

/// Compares what `sh` has in each file's variables after the render with what it had before.
///
/// One process sources all files, each in a subshell: a file that breaks it would break that alone.
pub(crate) fn sourced(cases: &[(Case, String)]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sourced");
    fs::create_dir_all(&folder).expect("a folder for the files");
    let mut script = String::from("id() { printf RAN; }\n");
    let plain: Vec<_> = cases.iter().map(|(case, _)| case.with_plain_words()).collect();
    for (index, (before, (_, after))) in plain.iter().zip(cases).enumerate() {
        for (when, text) in [("before", before.text.as_str()), ("after", after)] {
            let name = format!("{index}.{when}");
            fs::write(folder.join(&name), text).expect("a file to source");
            let variables: String =
                variables(&before.text).map(|key| format!(" \"${{{key}-unset}}\"")).collect();
            writeln!(script, "( . ./{name}; printf '%s\\0' {name}{variables}; printf '\\1end\\0' )")
                .expect("strings take all");
        }
    }
    fs::write(folder.join("script"), script).expect("a script");
    let mut shell = Command::new("/bin/sh");
    shell.arg("script").current_dir(&folder).env_clear().env("HOME", "/home/judge").env("LC_ALL", "C.UTF-8");
    let output = shell.stdin(Stdio::null()).stderr(Stdio::null()).output().expect("a shell");
    let told = String::from_utf8(output.stdout).expect("values are UTF-8");
    let files: BTreeMap<_, Vec<_>> = told
        .split_terminator("\u{1}end\0")
        .filter_map(|file| file.split_once('\0'))
        .map(|(name, values)| (name, values.split_terminator('\0').collect()))
        .collect();
    for (index, (before, (case, rendered))) in plain.iter().zip(cases).enumerate() {
        // A file that the shell does not take before is none of its own.
        let Some(was) = files.get(&*format!("{index}.before")) else { continue };
        let expected: Vec<_> = was.iter().map(|value| substitute(before, value)).collect();
        let is = files.get(&*format!("{index}.after")).map_or(&[][..], |values| values);
        assert_eq!(is, expected, "sh reads\n{rendered}\nwhich was\n{}", case.text);
    }
    assert!(files.len() * 10 > cases.len() * 18, "sh takes {} of {} files", files.len(), 2 * cases.len());
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// The variables that a file sets, and some that a value would set if it could.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let set = text.lines().filter_map(|line| line.trim_start_matches("export ").split_once('='));
    set.map(|(key, _)| key).filter(|key| key.starts_with("KEY_")).chain(["A", "B", "admin"])
}
