//! Looking only at strings with a sigil finds what looking at every event finds, or it is not sure.
//!
//! `REDEEM_SIGHTED_TEXTS` says how many texts of each kind are read, `REDEEM_SEED` varies them, and
//! `REDEEM_SIGHTED_FILES` names a folder whose files are read instead of the fixtures.

#![expect(clippy::disallowed_methods, reason = "texts come from files")]
#![expect(clippy::print_stdout, reason = "how much is surely read is worth a look")]

use std::path::{Path, PathBuf};

use redeem_syntax::testing::{by_events, sighted};
use redeem_syntax::{Dialects, Format, Source};

#[path = "../yaml_quick/chance.rs"]
mod chance;
#[path = "../yaml_quick/generator.rs"]
mod generator;
mod json;
mod lines;
#[path = "../yaml_quick/mutation.rs"]
mod mutation;

use chance::Chance;

/// What is sprinkled into texts: references, their beginnings and ends, near misses, names, escapes.
const PIECES: &[&str] = &[
    "{secret:a}",
    "${secret.b | urlencode}",
    "{secret:",
    "secret",
    "SECRET",
    "secret_name",
    "secrets.a",
    "$secrets.a",
    "${b}",
    "secret://a/b ",
    // Up to here a string mostly remains a string.
    "'{secret:a}'",
    "\"{secret:a}\"",
    "secret:x",
    "{secret:x}: ",
    "[{secret:x}]",
    "}",
    "secret_name: ",
    "\nsecret_name: x\n",
    "\nsecret_name:\n  a: b\n",
    "secret_name: [x]",
    "\"secret_name\": \"x\", ",
    "\"secret_name\": {\"a\": \"b\"}, ",
    "\"secret_name\": [\"x\"], ",
    "\"secret_name\": 1, ",
    "\"secret\\u005fname\": \"x\"",
    "- secret_name: x\n",
    "\\u0073ecret",
    "\\x73ecret",
    "\"{\\u0073ecret:a}\"",
    "sec\\\n  ret",
    "$ secrets.a",
    "\"$ f'{secrets.a}'\"",
    "{{secret:a}}",
    "$$",
    "{",
    "!secret a",
    "*a",
    "''",
    "|-\n    {secret:a}\n",
    "# {secret:a}\n",
    "# redeem: ignore\n",
];

/// How many of them stand in strings.
const IN_STRINGS: usize = 10;

/// The default, and others with which a string may be all that counts.
fn dialects() -> Vec<Dialects> {
    [&["+env"][..], &["-by-name"], &["brace", "secret-uri", "github"], &["+tag"]]
        .iter()
        .map(|words| Dialects::from_words(words.iter().copied()).expect("they are known"))
        .chain([Dialects::default()])
        .collect()
}

/// Whether the short way is sure of `text`, or how it differs.
fn judge(text: &str, format: Format, dialects: &Dialects) -> Result<bool, String> {
    let source = Source::new("x", text, format);
    let Some(short) = sighted(&source, dialects) else { return Ok(false) };
    let (short, long) = (format!("{short:#?}"), format!("{:#?}", by_events(&source, dialects)));
    if short == long { Ok(true) } else { Err(format!("{short}\nand not\n{long}")) }
}

fn check(text: &str, format: Format, dialects: &Dialects) -> bool {
    judge(text, format, dialects).unwrap_or_else(|problem| panic!("{format} {text:?}:\n{text}\n{problem}"))
}

fn sprinkled(mut text: String, chance: &mut Chance) -> String {
    for _ in 0..chance.below(4) {
        let mut at = chance.below(text.len() + 1);
        // Most stand in front of a letter, where a string goes on.
        while !text.is_char_boundary(at)
            || at > 0 && !chance.one_in(8) && !text[at..].starts_with(|c: char| c.is_alphanumeric())
        {
            at -= 1;
        }
        let pieces = if chance.one_in(3) { PIECES } else { &PIECES[..IN_STRINGS] };
        text.insert_str(at, chance.pick(pieces));
    }
    text
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Makes texts, sprinkles and changes them, and says of how many the short way is sure.
fn sure_of(format: Format, make: impl Fn(&mut Chance) -> String) -> u64 {
    let count = number("REDEEM_SIGHTED_TEXTS", 20_000);
    let seed = number("REDEEM_SEED", 1);
    let dialects = dialects();
    let (mut sure, mut telling) = (0, 0);
    for index in 0..count {
        let mut chance = Chance::new(seed.wrapping_mul(1 << 32) + index);
        let mut text = make(&mut chance);
        let is_default = !chance.one_in(4);
        let dialects = if is_default { &dialects[dialects.len() - 1] } else { &dialects[chance.below(4)] };
        text = sprinkled(text, &mut chance);
        for _ in 0..chance.below(6) / 2 {
            text = mutation::mutated(&text, &mut chance);
        }
        if check(&text, format, dialects) {
            sure += 1;
            let found = by_events(&Source::new("x", text, format), dialects);
            telling += u64::from(!found.references.is_empty() || !found.diagnostics.is_empty());
        }
    }
    println!("sure of {sure} of {count} {format} texts, of which {telling} hold something");
    assert!(telling * 10 >= sure, "{telling} of {sure} {format} texts hold something");
    sure * 100 / count
}

#[test]
fn yaml_is_found_alike() {
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.sort();
    let texts: Vec<_> = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let sure = sure_of(Format::Yaml, |chance| match chance.below(3) {
        0 => mutation::window(&texts[chance.below(texts.len())], chance),
        _ => generator::document(chance),
    });
    assert!(sure >= 10, "sure of {sure} %");
}

#[test]
fn json_is_found_alike() {
    let sure = sure_of(Format::Json, json::document);
    assert!(sure >= 10, "sure of {sure} %");
}

#[test]
fn yaml_is_surely_read_with_all_that_leads_to_a_reference() {
    for (text, references) in [
        ("a: \"{\\x73ecret:a}\"\nb: \"\\u0073ecret\"\n", 1),
        ("\"\\x73ecret_name\": x\n", 1),
        ("a: \"{sec\\\n  ret:a}\"\n", 1),
        ("a: &x 1\nb: [*x, *x, '{secret:a}']\n", 1),
        ("a: &x 1\nsecret_name: *x\nb: {secret_name: *x, c: '{secret:a}'}\n", 1),
        ("a:\n- b\n- - c\n  - d: {secret:a}\n", 0),
        ("a:\n- b\n- - c\n  - d: '{secret:a}'\n  - [e: \"{secret:b}\", {f}]\n---\n- '{secret:c}'\n", 3),
        ("'it''s':\n  \"\\t.x\": |-\n      a\n      {secret:a}\n", 1),
        ("secret_name:\n  a\nb:\n  secret_name: >-\n    c\n", 2),
        ("secret_name:\n  a: b\nsecret_name:\n- c\nsecret_name:\nd: e\n", 0),
        ("{secret_name: a, b: [secret_name: c], '{secret:d}': \"{secret:e}\"}\n", 4),
        ("a: {secret:x}\nb: '{secret:y} it''s'\n", 1),
    ] {
        let source = Source::new("x", text, Format::Yaml);
        let dialects = Dialects::default();
        assert_eq!(judge(text, Format::Yaml, &dialects), Ok(true), "{text:?}");
        assert_eq!(by_events(&source, &dialects).references.len(), references, "{text:?}");
    }
}

#[test]
fn toml_is_found_alike() {
    let sure = sure_of(Format::Toml, lines::toml);
    assert!(sure >= 10, "sure of {sure} %");
}

#[test]
fn dotenv_is_found_alike() {
    let sure = sure_of(Format::Dotenv, lines::dotenv);
    assert!(sure >= 70, "sure of {sure} %");
}

#[test]
fn strict_json_is_surely_read_and_no_other() {
    let deep = "[".repeat(101) + &"]".repeat(101);
    for (text, is_sure) in [
        ("\u{FEFF}{\"a\": [1, -0.5e+3, true, false, null, {}, [], \"{secret:x}\"]}\r\n", true),
        ("\"{secret:x}\"", true),
        ("0", true),
        ("{\"secret_name\": [\"x\"], \"secret_name\": \"y\"}", true),
        ("{\"\\u0073ecret_name\": \"y\\n\\\"\"}", true),
        ("", false),
        ("[1,]", false),
        ("[1 // x\n]", false),
        ("[01]", false),
        ("[1.]", false),
        ("[+1]", false),
        ("[1e]", false),
        ("[truex]", false),
        ("[1] 2", false),
        ("[\"\\u12\"]", false),
        ("[\"\\ud83d\\ude00\"]", false),
        ("[\"\\x41\"]", false),
        ("{\"a\" 1}", false),
        ("{\"a\": 1", false),
        ("{a: 1}", false),
        ("[1}", false),
        ("\0", false),
        (&deep, false),
    ] {
        assert_eq!(judge(text, Format::Json, &Dialects::default()), Ok(is_sure), "{text:?}");
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn files_are_found_alike() {
    let folder = std::env::var_os("REDEEM_SIGHTED_FILES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let (mut sure, mut read) = (0, 0);
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(format) = Format::of_file_name(&name) else { continue };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        sure += usize::from(check(&text, format, &Dialects::default()));
        read += 1;
    }
    println!("sure of {sure} of {read} files");
    assert!(read > 5, "the files are gone");
}
