//! Edits beside their exact results, in files whose other bytes must stay.

use std::fmt::Write;

use jiff::Timestamp;

use crate::identity::DataKey;
use crate::sops::create::create_with_key;
use crate::sops::{Change, File, Path, Plain, Rule, Selection, Stanza, Store, Tree};

fn key() -> DataKey {
    DataKey::new([3; 32].into())
}

/// A SOPS file whose values in the clear are `body`, laid out as that is.
fn file(store: Store, body: &str, metadata: impl Fn(&str, &str) -> String) -> File {
    let nobody = Selection::new("x", Rule::EncryptedSuffix("_enc".to_owned())).expect("valid");
    let stanza = Stanza { recipient: "age1x".to_owned(), enc: "enc".to_owned() };
    let tree = Tree::parse_plain("x", body, store).expect("a body");
    let made =
        create_with_key(store, &tree, &nobody, &key(), &[stanza], Timestamp::UNIX_EPOCH).expect("made");
    let mac = File::parse("x", made, store).expect("read").metadata().mac.clone();
    let text = metadata(body, &mac);
    let file = File::parse("x", text, store).expect("read");
    file.verify(&key()).expect("verifies");
    file
}

fn yaml(body: &str) -> File {
    file(Store::Yaml, body, |body, mac| {
        format!(
            "{body}sops:\n  age:\n  - enc: enc\n    recipient: age1x\n  encrypted_suffix: _enc\n  lastmodified: '1970-01-01T00:00:00Z'\n  mac: {mac}\n"
        )
    })
}

fn json(body: &str) -> File {
    file(Store::Json, body, |body, mac| {
        let open = body.trim_end().strip_suffix('}').expect("an object").trim_end();
        format!(
            "{open},\n  \"sops\": {{\"age\": [{{\"enc\": \"enc\", \"recipient\": \"age1x\"}}], \"encrypted_suffix\": \"_enc\", \"lastmodified\": \"1970-01-01T00:00:00Z\", \"mac\": \"{mac}\"}}\n}}\n"
        )
    })
}

/// What stands before the metadata after some changes.
fn check(file: &File, changes: &[Change], expected: &str) {
    let now = Timestamp::UNIX_EPOCH;
    let text = file.edit(&key(), changes, now).unwrap_or_else(|error| panic!("{changes:?}: {error}"));
    let mut got = String::new();
    let body = text.split("sops:\n").next().unwrap_or_default();
    let body = body.split(",\n  \"sops\"").next().unwrap_or_default();
    let _ = write!(got, "{body}");
    assert_eq!(got, expected, "{changes:?}");
    File::parse("x", text, file.store()).expect("read").verify(&key()).expect("verifies");
}

fn set(path: &str, text: &str) -> Change {
    Change::Set(Path::of_name(path), Plain::str(text))
}

fn remove(path: &str) -> Change {
    Change::Remove(Path::of_name(path))
}

#[test]
fn a_yaml_value_changes_its_own_bytes() {
    let file = yaml("# c\na: 'x' # d\nb:\n  - |\n    t\n    u\n  - {k: v, l: [1]}\n\nc:\n");
    check(
        &file,
        &[set("a", "it's")],
        "# c\na: 'it''s' # d\nb:\n  - |\n    t\n    u\n  - {k: v, l: [1]}\n\nc:\n",
    );
    check(&file, &[set("b.0", "t: u")], "# c\na: 'x' # d\nb:\n  - 't: u'\n  - {k: v, l: [1]}\n\nc:\n");
    check(
        &file,
        &[set("b.1.k", "x, y"), set("c", "1")],
        "# c\na: 'x' # d\nb:\n  - |\n    t\n    u\n  - {k: \"x, y\", l: [1]}\n\nc: \"1\"\n",
    );
    check(
        &file,
        &[Change::Set(Path::of_name("b.1.l.0"), Plain::float(2.0))],
        "# c\na: 'x' # d\nb:\n  - |\n    t\n    u\n  - {k: v, l: [2.0]}\n\nc:\n",
    );
    check(
        &file,
        &[set("a", "two\nlines")],
        "# c\na: \"two\\nlines\" # d\nb:\n  - |\n    t\n    u\n  - {k: v, l: [1]}\n\nc:\n",
    );
}

#[test]
fn a_new_yaml_key_goes_behind_its_siblings() {
    let file = yaml("a:\n  b: 1\n  # foot\nl:\n- x: 1\n  y: 2\n# last\n");
    check(&file, &[set("a.c", "d")], "a:\n  b: 1\n  c: d\n  # foot\nl:\n- x: 1\n  y: 2\n# last\n");
    check(
        &file,
        &[set("n.m", "d"), set("z", "e")],
        "a:\n  b: 1\n  # foot\nl:\n- x: 1\n  y: 2\n\"n\":\n    m: d\nz: e\n# last\n",
    );
    check(
        &file,
        &[set("l.1", "d"), set("l.0.z", "w")],
        "a:\n  b: 1\n  # foot\nl:\n- x: 1\n  y: 2\n  z: w\n- d\n# last\n",
    );
    check(&file, &[set("l.1.q", "d")], "a:\n  b: 1\n  # foot\nl:\n- x: 1\n  y: 2\n- q: d\n# last\n");
    check(
        &yaml("a: {}\r\nb: {c: 1}\r\n"),
        &[set("a.x", "y"), set("b.x", "y"), set("d", "e")],
        "a: {x: \"y\"}\r\nb: {c: 1, x: \"y\"}\r\nd: e\r\n",
    );
}

#[test]
fn a_block_keeps_the_lines_and_the_comment_that_are_its_own() {
    let file = yaml("l:\n  - |+\n    x\n\nb: | # c\n  y\n");
    check(&file, &[set("l.1", "z")], "l:\n  - |+\n    x\n\n  - z\nb: | # c\n  y\n");
    check(&file, &[set("b", "z")], "l:\n  - |+\n    x\n\nb: z # c\n");
    let last = yaml("a:\n  - |+\n    x\n\n");
    check(&last, &[set("b", "z")], "a:\n  - |+\n    x\n\nb: z\n");
}

#[test]
fn lists_in_lists_keep_their_columns() {
    let file = yaml("l:\n- - a\n  - b\nm:\n  - - c\n");
    check(&file, &[set("l.0.2", "x"), set("l.1", "z")], "l:\n- - a\n  - b\n  - x\n- z\nm:\n  - - c\n");
    check(&file, &[set("m.1", "x"), set("m.0.1", "z")], "l:\n- - a\n  - b\nm:\n  - - c\n    - z\n  - x\n");
}

#[test]
fn a_yaml_entry_goes_with_its_lines() {
    let file = yaml("a: |\n  x\n  y\nb:\n  c: 1 # d\nl:\n  - x: 1\n    y: 2\n  - z\nf: {g: 1, h: 2}\n");
    check(&file, &[remove("a")], "b:\n  c: 1 # d\nl:\n  - x: 1\n    y: 2\n  - z\nf: {g: 1, h: 2}\n");
    check(
        &file,
        &[remove("b.c"), remove("l.0.x"), remove("f.h")],
        "a: |\n  x\n  y\nb: {}\nl:\n  - y: 2\n  - z\nf: {g: 1}\n",
    );
    check(
        &file,
        &[remove("l.0"), remove("f.g"), remove("f.h"), remove("l.0")],
        "a: |\n  x\n  y\nb:\n  c: 1 # d\nl: []\nf: {}\n",
    );
}

#[test]
fn json_keeps_its_commas_and_lines() {
    let file = json("{\n  \"a\": 1,\n  \"b\": {\"c\": \"d\"},\n  \"e\": []\n}\n");
    check(
        &file,
        &[set("a", "<x>"), set("b.x", "y")],
        "{\n  \"a\": \"\\u003cx\\u003e\",\n  \"b\": {\"c\": \"d\", \"x\": \"y\"},\n  \"e\": []",
    );
    check(
        &file,
        &[set("n.m", "o"), set("e.0", "p")],
        "{\n  \"a\": 1,\n  \"b\": {\"c\": \"d\"},\n  \"e\": [\"p\"],\n  \"n\": {\n    \"m\": \"o\"\n  }",
    );
    check(&file, &[remove("a"), remove("b.c"), remove("e")], "{\n  \"b\": {}");
}

#[test]
fn what_cannot_be_is_refused() {
    let file = yaml("a:\n  b: 1\n");
    for change in [
        set("a", "x"),
        set("a.b.c", "x"),
        set("a.0", "x"),
        remove("x"),
        set("sops", "x"),
        remove("sops.mac"),
        Change::Set(Path::key("a"), Plain::new(crate::sops::Type::Bytes, "x")),
    ] {
        let refused = file.edit(&key(), std::slice::from_ref(&change), Timestamp::UNIX_EPOCH);
        assert!(refused.is_err_and(|error| !error.is_integrity()), "{change:?}");
    }
    let text = file.text().replace("b: 1", "b: 2");
    let other = File::parse("x", text, Store::Yaml).expect("read");
    let error = other.edit(&key(), &[set("z", "x")], Timestamp::UNIX_EPOCH).expect_err("tampered with");
    assert!(error.is_integrity(), "{error}");
}

#[test]
fn a_digest_over_the_rest_goes_into_the_mac() {
    let file = yaml("a: 1\n");
    let finish = |changed: &File| {
        assert_eq!(changed.leaves().len(), 2);
        Ok(vec![set("seal", &format!("over {} values", changed.leaves().len()))])
    };
    let text = file.edit_with(&key(), &[set("b_enc", "x")], Timestamp::UNIX_EPOCH, finish).expect("edited");
    let next = File::parse("x", text, Store::Yaml).expect("read");
    next.verify(&key()).expect("verifies");
    let seal = next.leaf(&Path::key("seal")).expect("there");
    assert_eq!(next.open(&key(), seal).expect("opens"), Plain::str("over 2 values"));
}
