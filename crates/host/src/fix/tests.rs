//! What fixes make of texts, and which files they leave alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::Seen;
use crate::inputs::{Selection, named, walk};
use crate::run::scan_inputs;

/// Plans the fixes of a folder's files.
fn planned(folder: &Path, which: Which) -> Fixes {
    let config = Config::discover(folder, None).expect("the defaults");
    let inputs = walk(folder, &config, Selection::default()).taken;
    plan_of(&inputs, which, &config)
}

fn plan_of(inputs: &[Input], which: Which, config: &Config) -> Fixes {
    let look = |_: &Input, found: Found| found.scan.diagnostics;
    let (told, _) = scan_inputs(inputs, |input, seen| match seen {
        Seen::Live(found) => Some(look(input, *found)),
        Seen::Plain(..) => None,
    });
    let told: Vec<Diagnostic> = told.into_iter().flatten().collect();
    plan(inputs, &told, which, config, &look)
}

/// What fixes make of a text in a file of this name.
fn fixed_text(name: &str, text: &str, which: Which) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    put(&folder.path().join(name), text);
    let fixes = planned(folder.path(), which);
    assert!(fixes.refused.is_empty(), "{text}: {:?}", fixes.refused);
    let [file] = &fixes.files[..] else { return text.to_owned() };
    file.write().expect("written");
    let after = fs::read_to_string(folder.path().join(name)).expect("the file");
    assert_eq!(after, file.text());
    assert!(planned(folder.path(), which).files.is_empty(), "{text}: a second run has nothing to do");
    after
}

#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
fn put(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
}

#[test]
fn safe_fixes_change_their_place_and_nothing_else() {
    for (name, text, expected) in [
        ("a.yaml", "a: {secret:x} # c\r\nb: 1\r\n", "a: \"{secret:x}\" # c\r\nb: 1\r\n"),
        ("a.yaml", "\u{feff}a: {secret:x}\n", "\u{feff}a: \"{secret:x}\"\n"),
        ("a.yaml", "- {secret:x}\n- {secret:y}-s # c\n", "- \"{secret:x}\"\n- \"{secret:y}-s\" # c\n"),
        ("a.yaml", "a: [${secret.x}, ${secret.y}]\n", "a: [\"${secret.x}\", \"${secret.y}\"]\n"),
        (
            "a.yaml",
            "a: [${secrets.x}]\nb: {c: ${secret.y}}\n",
            "a: [\"${secret.x}\"]\nb: {c: \"${secret.y}\"}\n",
        ),
        (
            "a.yaml",
            "a: {secret:x} and more\nb: {secret:y} too\n",
            "a: \"{secret:x} and more\"\nb: \"{secret:y} too\"\n",
        ),
        ("a.yaml", "a: {secret:x | default('a, b')}\n", "a: \"{secret:x | default('a, b')}\"\n"),
        ("a.yaml", "é:\t'{secret: x}' # {secret: y}\n", "é:\t'{secret:x}' # {secret: y}\n"),
        ("a.yaml", "u: p://u:${secrets.x}@h\n", "u: p://u:${secret.x | urlencode}@h\n"),
        (
            "a.yaml",
            "u: p://{secret:u}:{secret:p | trim}@h\n",
            "u: p://{secret:u | urlencode}:{secret:p | trim | urlencode}@h\n",
        ),
        (
            "a.json",
            r#"{"a": "\u007b secret:x }", "b": "${ secret.y }"}"#,
            r#"{"a": "\u007bsecret:x}", "b": "${secret.y}"}"#,
        ),
        ("a.toml", "a = '{secret:x' # c\n", "a = '{secret:x}' # c\n"),
        ("a.toml", "a = \"\"\"\nx {SECRET:y}\n\"\"\"\n", "a = \"\"\"\nx {secret:y}\n\"\"\"\n"),
        (".env", "A={secrets:x}\nB=\"${secret:y}\"\n", "A={secret:x}\nB=\"${secret.y}\"\n"),
        ("a.conf", "a = ${SECRET.x}\nb = ${secret. y }\n", "a = ${secret.x}\nb = ${secret.y}\n"),
        // What cannot be known is left as it is.
        ("a.yaml", "a: $secrets.x\n", "a: $secrets.x\n"),
        ("a.yaml", "a: '{secret:x and more'\n", "a: '{secret:x and more'\n"),
        ("a.yaml", "a: '{secret:b c}'\n", "a: '{secret:b c}'\n"),
        ("a.yaml", "a: [\nb: '{secret: x}'\n", "a: [\nb: '{secret:x}'\n"),
        ("a.yaml", "v:\n  - {secret: x}\nnote: a: b\n", "v:\n  - {secret: x}\nnote: a: b\n"),
        ("a.yaml", "n: x {secret:y}: z\n", "n: x {secret:y}: z\n"),
        (
            "a.yaml",
            "a: {secret:x} b\nrun: |\n  k: {secret:y} b\nc: 'x\n  d: {secret:z} e'\nf: [${secret.f}]\n",
            "a: \"{secret:x} b\"\nrun: |\n  k: {secret:y} b\nc: 'x\n  d: {secret:z} e'\nf: [\"${secret.f}\"]\n",
        ),
        (
            "a.yaml",
            "a: {secret:x} b\nn: a: b\nc: {secret:y} b\n",
            "a: \"{secret:x} b\"\nn: a: b\nc: {secret:y} b\n",
        ),
        (
            "a.yaml",
            "a: [\n  ${secret.a}, # c\n  k: ${secret.b},\n  ${secret.c}]\n",
            "a: [\n  \"${secret.a}\", # c\n  k: \"${secret.b}\",\n  \"${secret.c}\"]\n",
        ),
        // Two keys are never made one.
        ("a.json", "{\"{secret: x}\":1,\"{secret:x}\":2}", "{\"{secret: x}\":1,\"{secret:x}\":2}"),
        ("a.yaml", "'{secret: x}': 1\n'{secret:x}': 2\n", "'{secret: x}': 1\n'{secret:x}': 2\n"),
        ("a.yaml", "a: '{secret: x}' # redeem: ignore\n", "a: '{secret: x}' # redeem: ignore\n"),
    ] {
        assert_eq!(fixed_text(name, text, Which::Safe), expected);
    }
}

#[test]
fn unsafe_fixes_are_applied_where_they_were_asked_for() {
    for (name, text, expected) in [
        ("a.yaml", "a: $secrets.x\nb: {secret:y}\n", "a: $ secrets.x\nb: \"{secret:y}\"\n"),
        ("a.yaml", "a: Bearer $ secrets.x\n", "a: $ f'Bearer {secrets.x}'\n"),
        ("a.yaml", "a: [Bearer $ secrets.x]\n", "a: [Bearer $ secrets.x]\n"),
        ("a.conf", "a = {secret:x\nb = 1\n", "a = {secret:x}\nb = 1\n"),
        (
            "a.yaml",
            "kind: Secret\ndata:\n  a: ${secret.x}\n",
            "kind: Secret\ndata:\n  a: ${secret.x | base64}\n",
        ),
    ] {
        assert_eq!(fixed_text(name, text, Which::Safe), text.replace("{secret:y}\n", "\"{secret:y}\"\n"));
        assert_eq!(fixed_text(name, text, Which::All), expected);
    }
}

#[test]
fn many_fixes_are_one_round_and_one_bad_one_stops_no_other() {
    let good: String = (0..3000).map(|n| format!("k{n}: '{{secret: n{n}}}'\n")).collect();
    // The fix of the flow list's entry would end it.
    let text = format!("bad: [Bearer $ secrets.x]\n{good}");
    let expected = text.replace("{secret: ", "{secret:");
    assert_eq!(fixed_text("a.yaml", &text, Which::All), expected);
    // What is hidden behind an unquoted reference is not read once for each; one by one this would take minutes.
    let broken: String = (0..2000).map(|n| format!("k{n}: {{secret:n{n}}} x\n")).collect();
    let expected: String = (0..2000).map(|n| format!("k{n}: \"{{secret:n{n}}} x\"\n")).collect();
    assert_eq!(fixed_text("a.yaml", &broken, Which::Safe), expected);
    let broken: String = (0..60).map(|n| format!("- [${{secret.n{n}}}]\n")).collect();
    let expected: String = (0..60).map(|n| format!("- [\"${{secret.n{n}}}\"]\n")).collect();
    assert_eq!(fixed_text("a.yaml", &broken, Which::Safe), expected);
}

#[test]
fn modes_stay_and_what_others_own_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let bad = "a: '{secret: x}'\n";
    let at = |name: &str| folder.path().join(name);
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    for name in ["run.yaml", "readonly.yaml"] {
        put(&at(name), bad);
    }
    mode("run.yaml", 0o754);
    mode("readonly.yaml", 0o444);
    put(&elsewhere.path().join("theirs.yaml"), bad);
    symlink(elsewhere.path().join("theirs.yaml"), at("out.yaml")).expect("a link");
    symlink("run.yaml", at("in.yaml")).expect("a link");
    for path in ["vault", ".git", "build"] {
        fs::create_dir(at(path)).expect("a folder");
        put(&at(path).join("a.yaml"), bad);
    }
    put(&at("vault/vault.toml"), "");
    put(&at("redeem.toml"), "[render]\noutput = \"build\"\n");
    let config = Config::discover(folder.path(), None).expect("a configuration");
    let names =
        ["in.yaml", "run.yaml", "out.yaml", "readonly.yaml", "vault/a.yaml", ".git/a.yaml", "build/a.yaml"];
    let inputs: Vec<Input> = names.iter().map(|name| named(&at(name), &config)).collect();
    let fixes = plan_of(&inputs, Which::Safe, &config);
    let refused: Vec<String> = fixes.refused.iter().map(ToString::to_string).collect();
    assert_eq!(fixes.files.len(), 1, "a link and its file are one");
    assert!(
        refused.len() == 2 && refused[0].contains("leads out") && refused[1].contains("read-only"),
        "{refused:?}"
    );
    fixes.files[0].write().expect("written");
    assert!(at("in.yaml").is_symlink(), "the link stays one");
    assert_eq!(fs::metadata(at("run.yaml")).expect("the file").permissions().mode() & 0o777, 0o754);
    for path in ["readonly.yaml", "vault/a.yaml", ".git/a.yaml", "build/a.yaml", "out.yaml"] {
        assert_eq!(fs::read_to_string(at(path)).expect("the file"), bad, "{path}");
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.yaml");
    put(&path, "a: '{secret: x}'\n");
    let fixes = planned(folder.path(), Which::Safe);
    put(&path, "a: '{secret: x}'\nb: theirs\n");
    let error = fixes.files[0].write().expect_err("it changed");
    assert!(matches!(error, FixError::Changed { .. }));
    assert_eq!(fs::read_to_string(&path).expect("the file"), "a: '{secret: x}'\nb: theirs\n");
}
