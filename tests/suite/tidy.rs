//! The house rules that a machine can hold.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{root, tree};

fn rust_files() -> Vec<(String, String)> {
    let files: Vec<_> = ["crates", "tests"]
        .iter()
        .flat_map(|folder| tree(&root().join(folder)).into_iter().map(move |path| format!("{folder}/{path}")))
        .filter(|path| Path::new(path).extension().is_some_and(|ending| ending == "rs"))
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).expect("a source");
            (path, text)
        })
        .collect();
    assert!(files.len() > 50, "only {} sources were found", files.len());
    files
}

#[test]
fn each_source_says_what_it_is_for() {
    for (path, text) in rust_files() {
        assert!(text.starts_with("//! "), "{path} does not begin with `//!` and a sentence");
    }
}

#[test]
fn no_source_is_too_long() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= 600, "{path} has {lines} lines; past 600 it is more than one idea");
    }
}

#[test]
fn nothing_is_ignored_or_left_undone() {
    // Written in pieces, so that this file does not find itself.
    let words = [concat!("#[ign", "ore"), concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X ")];
    for (path, text) in rust_files() {
        for word in words {
            assert!(!text.contains(word), "{path} holds {word:?}");
        }
    }
}

#[test]
fn each_path_in_the_architecture_exists() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("the architecture");
    let is_path = |word: &&str| {
        word.contains('/') && !word.contains(['{', '<', '*', ' ', ':', '(']) && !word.starts_with("http")
    };
    let paths: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_path).collect();
    assert!(paths.len() >= 20, "only {} paths are named", paths.len());
    for path in paths {
        let whole: PathBuf = root().join(path.trim_end_matches('/'));
        assert!(whole.exists(), "docs/architecture.md names {path}, which does not exist");
    }
}

#[test]
fn each_format_dialect_backend_and_filter_is_documented() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
    let (guide, dialects, backends) =
        (read("docs/guide.md"), read("docs/dialects.md"), read("docs/backends.md"));
    for dialect in redeem_host::syntax::dialect::DIALECTS {
        assert!(
            dialects.contains(&format!("`{}`", dialect.name)) && dialects.contains(dialect.form),
            "{}",
            dialect.name
        );
    }
    for backend in redeem_host::backend::BACKENDS {
        assert!(backends.contains(&format!("`{}`", backend.name)), "{}", backend.name);
    }
    for filter in redeem_host::core::FILTERS {
        assert!(guide.contains(&format!("`{}", filter.name)), "{}", filter.name);
    }
    for format in redeem_host::syntax::format::FORMATS {
        assert!(guide.contains(format.name), "{}", format.name);
    }
}
