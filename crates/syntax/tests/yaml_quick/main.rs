//! The quick scanner of YAML and the library that decides in its place see the same events, or it is not sure.
//!
//! By default some ten thousand generated texts are read, in seconds. `REDEEM_YAML_TEXTS` says how many,
//! `REDEEM_SEED` varies them, and `REDEEM_YAML_FILES` names a folder whose YAML files are
//! read instead of the fixtures.

#![expect(clippy::disallowed_methods, reason = "texts come from files")]
#![expect(clippy::print_stdout, reason = "how much is read quickly is worth a look")]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use redeem_syntax::testing::{yaml_full, yaml_quick};
use redeem_syntax::{Event, Span};

mod chance;
mod generator;
mod mutation;

use chance::Chance;

/// What a reader tells: its events, and the comments apart, whose place among them is free.
#[derive(Default, Debug, PartialEq)]
struct Told<'s> {
    events: Vec<Event<'s>>,
    comments: Vec<Span>,
}

impl<'s> Told<'s> {
    fn take(&mut self, event: Event<'s>) {
        match event {
            Event::Comment(span) => self.comments.push(span),
            event => self.events.push(event),
        }
    }
}

/// Whether the quick scanner is sure of `text`, or what it gets wrong about it.
fn judge(text: &str) -> Result<bool, String> {
    let mut quick = Told::default();
    let is_sure =
        catch_unwind(std::panic::AssertUnwindSafe(|| yaml_quick(text, &mut |event| quick.take(event))))
            .map_err(|_| "it panics".to_owned())?;
    if !is_sure {
        let is_silent = quick == Told::default();
        return if is_silent { Ok(false) } else { Err("it told events and then was not sure".into()) };
    }
    let mut full = Told::default();
    yaml_full(text, &mut |event| full.take(event))
        .map_err(|error| format!("it is sure of an error: {error:?}"))?;
    quick.comments.sort_by_key(|span| span.start);
    full.comments.sort_by_key(|span| span.start);
    if quick.comments != full.comments {
        return Err(format!("comments: {:?} and not {:?}", quick.comments, full.comments));
    }
    let pairs = quick.events.iter().zip(&full.events);
    if let Some((is, should)) = pairs.clone().find(|(is, should)| is != should) {
        return Err(format!("{is:?}\nand not\n{should:?}"));
    }
    if quick.events.len() != full.events.len() {
        return Err(format!("{} events and not {}", quick.events.len(), full.events.len()));
    }
    Ok(true)
}

/// Judges `text`; a failure is told with the shortest text that fails.
fn check(text: &str) -> bool {
    judge(text).unwrap_or_else(|_| {
        let text = shortened(text);
        panic!("{}\nin {text:?}:\n{text}", judge(&text).expect_err("it still fails"));
    })
}

fn shortened(text: &str) -> String {
    let mut text = text.to_owned();
    let mut size = text.len();
    while size > 0 {
        let mut at = 0;
        while at < text.len() {
            let end = (at + size).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                let shorter = format!("{}{}", &text[..at], &text[end..]);
                if judge(&shorter).is_err() {
                    text = shorter;
                    continue;
                }
            }
            at += 1;
        }
        size /= 2;
    }
    text
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Every file below `folder` that is named as YAML and is text, in order.
fn yaml_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if is_yaml && let Ok(text) = fs::read_to_string(&path) {
                files.push((path, text));
            }
        }
    }
    files.sort();
    files
}

/// The files of the folder that is named, or the fixtures.
fn files() -> Vec<(PathBuf, String)> {
    if let Some(folder) = std::env::var_os("REDEEM_YAML_FILES") {
        return yaml_files(Path::new(&folder));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = yaml_files(&root.join("fixtures"));
    files.extend(yaml_files(&root.join(".ci")));
    assert!(files.len() > 5, "the fixtures are gone");
    files
}

#[test]
fn what_config_files_are_written_in_is_read_quickly() {
    for text in [
        "",
        "# nothing\n",
        "a: b\n",
        "\u{FEFF}a: b\r\nc:\r\n- d\r\n",
        "---\na: &x {b: [c, 'd', \"e\\n\"]} # f\ng: *x\n...\n--- # h\n",
        "- - a\n  - b: c\n    d:\n    - e\n-\n- f\n  g\n\n  h\n",
        "a: |-\n  b\n\n   c\nd: >2\n   e\n  f\n\n\ng: \"h\n  i\"\n",
        "!t\na: !Ref b\nc: !!str &d\n  e: f\n<<: [*d, {g}]\nh: [i: j, !k ]\n",
        "a: [\n  b, # c\n  d\n]\n",
    ] {
        assert_eq!(judge(text), Ok(true), "{text:?}");
    }
}

#[test]
fn what_is_unusual_or_wrong_is_left_to_the_library() {
    let long = format!("{}: a\n", "k".repeat(1_001));
    let deep = format!("{}a\n", "- ".repeat(101));
    for text in [
        "%YAML 1.2\n---\na: b\n",
        "? a\n: b\n",
        "a\n",
        "a:\n\t- b\n",
        "a: b: c\n",
        "a: - b\n",
        "a: b\n  c: d\n",
        "a: *b\n",
        "a: &b *b\n",
        "a: \"b\"c\n",
        "a: \"\\q\"\n",
        "a: \"\\uD83Dx\"\n",
        "a: \"\\uD83D\\uE001\"\n",
        "a: {{ b }}\n",
        "a: [b\nc: d\n",
        "a: b # c\n  d\n",
        "a: |\n\tb\n",
        "a: |\n    \n  b\n",
        "a: b\rc: d\n",
        "a: \u{85}\n",
        "a: \0\n",
        "a: b\n c: d\n",
        "  a: b\nc: d\n",
        "a: b\n- c\n",
        "a: !b!c d\n",
        &long,
        &deep,
    ] {
        assert_eq!(judge(text), Ok(false), "{text:?}");
    }
}

#[test]
fn generated_texts_are_read_alike() {
    let count = number("REDEEM_YAML_TEXTS", 20_000);
    let seed = number("REDEEM_SEED", 1);
    let (mut sure, mut valid) = (0, 0);
    for index in 0..count {
        let mut chance = Chance::new(seed.wrapping_mul(1 << 32) + index);
        let text = generator::document(&mut chance);
        sure += u64::from(check(&text));
        valid += u64::from(yaml_full(&text, &mut |_| {}).is_ok());
    }
    println!("sure of {sure} of {valid} valid texts, of {count} generated ones");
    assert!(sure * 100 >= valid * 70, "sure of {sure} of {valid}");
}

#[test]
fn mutated_texts_are_read_alike() {
    let count = number("REDEEM_YAML_TEXTS", 20_000) * 2;
    let seed = number("REDEEM_SEED", 1);
    let files = files();
    let mut sure = 0;
    for index in 0..count {
        let mut chance = Chance::new(seed.wrapping_mul(1 << 32) + (1 << 31) + index);
        let mut text = match chance.below(8) {
            0..3 => mutation::window(&files[chance.below(files.len())].1, &mut chance),
            _ => generator::document(&mut chance),
        };
        for _ in 0..=chance.below(4) {
            text = mutation::mutated(&text, &mut chance);
        }
        sure += u64::from(check(&text));
    }
    println!("sure of {sure} of {count} mutated texts");
    assert!(sure * 100 >= count * 10, "sure of {sure} of {count}");
}

#[test]
fn files_are_read_alike_and_most_of_them_quickly() {
    let files = files();
    let mut sure = 0;
    let mut valid = 0;
    for (path, text) in &files {
        let is_sure = judge(text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        let is_valid = yaml_full(text, &mut |_| {}).is_ok();
        sure += usize::from(is_sure);
        valid += usize::from(is_valid);
        if is_valid && !is_sure {
            println!("not sure of {}", path.display());
        }
    }
    println!("sure of {sure} of {valid} valid files, of {}", files.len());
    assert!(sure * 100 >= valid * 80, "sure of {sure} of {valid} files");
}
