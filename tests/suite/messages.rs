//! Every message in the sources is drawn by a case of `fixtures/diagnostics`, or it is told here why none can be.
//!
//! What a message says is read from the sources: the text literals of the argument that is one, or of the nearest
//! `let` above that names it. A `{…}` in it stands for anything.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostics::told_cases;
use crate::support::root;

/// What makes a problem, and which of its arguments is the message.
const MAKERS: &[(&str, usize)] = &[
    ("Diagnostic::new(", 1),
    ("Problem::new(", 1),
    ("Unencodable::new(", 0),
    ("FilterError::new(", 0),
    ("ConfigError::new(", 0),
    ("ConfigError::at(", 2),
    ("failed(", 2),
    ("unreadable(", 1),
    ("refuse(", 0),
    ("refused(", 2),
    ("near_miss(", 0),
    ("invalid(", 0),
    ("self.failure(", 1),
    ("self.problem(", 1),
    ("self.warn(", 3),
    ("self.error(", 0),
    ("config.error(", 0),
    ("TreeError::new(", 1),
    ("self.fail(", 1),
    ("self.trouble(", 0),
    ("reader.trouble(", 0),
    ("trouble(", 0),
    ("Err(", 0),
    ("message: ", 0),
];

/// Where the words belong to no problem with a code: they say why a command was not done.
const ELSEWHERE: &[&str] = &[
    "crates/cli/",
    "crates/host/src/export",
    "crates/host/src/extract",
    "crates/host/src/form",
    "crates/host/src/identity",
    "crates/host/src/import",
    "crates/host/src/init",
    "crates/host/src/git.rs",
    "crates/host/src/sops/create",
    "crates/host/src/sops/recipients",
    "crates/host/src/vault/change",
    "crates/host/src/vault/history",
    "crates/host/src/vault/names",
    "crates/host/src/vault/session",
    "crates/host/src/write",
    "crates/syntax/src/scan/locate",
];

/// Messages that no case shows, by how they begin, and why.
const WITHOUT_CASES: &[(&str, &str)] = &[
    ("it was asked for", "a backend of ours that does not answer is a defect"),
    ("the rendered text does not read as the source", "a proof that fails is a defect"),
    ("this value is written in a way", "no text is known that a parser reads in another way than we do"),
    ("a value is written in a way", "no text is known that a parser reads in another way than we do"),
    ("text with values in it was cut into pieces", "what would cut it is refused before it runs"),
    ("cut the value itself, before", "what would cut it is refused before it runs"),
    ("the value is not UTF-8 text; add", "it is told before the template runs"),
    ("too large", "words between our own functions"),
    ("Redeem was built without", "this binary was built with it"),
    ("`{}` cannot be decrypted: Redeem was built", "this binary was built with `crypto`"),
    ("this file belongs to another user", "it takes a second user"),
    ("read it, and if it is right say", "it takes a second user"),
    ("`exclude` cannot be used", "each pattern was read before"),
    ("this file changes while it is read", "it takes a writer at the same time"),
    ("wait until its writer is done", "it takes a writer at the same time"),
    ("this file changed while its secrets", "it takes a writer at the same time"),
    ("this is a folder", "it takes somebody who puts a folder there meanwhile"),
    ("render it with `-o FOLDER`", "it takes somebody who puts a folder there meanwhile"),
    ("there are more than 10,000 stanzas", "its case would be larger than all others together"),
    ("an alias: `sops`", "its anchor stands before it, and is told"),
    ("a secret's file has no aliases", "its anchor stands before it, and is told"),
    ("maps and lists are nested too deeply", "the parser says so before"),
    ("a key of it has no name", "the steps of a key begin with a name, if an empty one"),
    ("dotenv knows texts alone", "it is said of what is written"),
    ("it holds a backslash and an `n`", "it is said of what is written"),
    ("`{}` was deleted, and is here again", "it takes a run before, see crates/host/tests/vault/attacks.rs"),
    ("you have seen one that", "it takes a run before, see crates/host/tests/vault/attacks.rs"),
];

#[test]
fn every_message_is_drawn_by_a_case() {
    let cases = told_cases();
    let drawn: Vec<String> =
        cases.iter().flat_map(|(_, case)| &case.runs).flat_map(|(_, output)| texts(output)).collect();
    let messages = messages();
    assert!(messages.len() >= 400, "only {} messages were found in the sources", messages.len());
    let is_drawn = |message: &str| drawn.iter().any(|text| fits(message, text));
    let mut wrong = Vec::new();
    for (path, message) in
        messages.iter().filter(|(path, _)| !ELSEWHERE.iter().any(|start| path.starts_with(start)))
    {
        let is_excused = WITHOUT_CASES.iter().any(|(begin, _)| message.starts_with(begin));
        match (is_drawn(message), is_excused) {
            (false, false) => wrong.push(format!("{path}: no case draws `{message}`")),
            (true, true) => wrong.push(format!("{path}: a case draws `{message}`, which needs no excuse")),
            _ => {}
        }
    }
    for (begin, _) in WITHOUT_CASES {
        if !messages.iter().any(|(_, message)| message.starts_with(begin)) {
            wrong.push(format!("no message begins with `{begin}`"));
        }
    }
    for start in ELSEWHERE {
        if !messages.iter().any(|(path, _)| path.starts_with(start)) {
            wrong.push(format!("no message is in {start}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\nfixtures/diagnostics/CODE/NAME.case draws one", wrong.join("\n"));
}

/// The messages, labels and helps of an output, each on one line.
fn texts(output: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in output.lines() {
        let begun = ["× ", "⚠ ", "☞ ", "help: ", "error: ", "╰── "].iter().find_map(|sign| {
            line.split_once(sign).filter(|(before, _)| !before.contains(char::is_alphanumeric))
        });
        match (begun, texts.last_mut()) {
            (Some((_, text)), _) => texts.push(text.trim().to_owned()),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line.trim_start_matches([' ', '│']).trim_end());
            }
            (None, None) => {}
        }
    }
    texts
}

/// Whether the parts of a message stand in a text one behind the other.
fn fits(message: &str, text: &str) -> bool {
    let mut rest = text;
    parts(message).iter().all(|part| {
        rest.find(part.as_str()).is_some_and(|at| {
            rest = &rest[at + part.len()..];
            true
        })
    })
}

/// What stands between the `{…}` of a message.
fn parts(message: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = message.chars().peekable();
    while let Some(c) = rest.next() {
        let is_doubled = "{}".contains(c) && rest.next_if_eq(&c).is_some();
        if c == '{' && !is_doubled {
            rest.by_ref().find(|&c| c == '}');
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// Every message in the sources, with the file it is in.
fn messages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in sources(&root().join("crates")) {
        let text = fs::read_to_string(&path).expect("a source");
        // A quote that is a character opens no literal.
        let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code = &code.replace("'\"'", "'q'").replace("'\\''", "'q'");
        let shown = path.strip_prefix(root()).expect("it is in there").display().to_string();
        for (maker, argument) in MAKERS {
            for (at, _) in code.match_indices(maker) {
                let is_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || "_.:".contains(c));
                let Some(message) = argument_at(&code[at + maker.len()..], *argument) else { continue };
                if is_word {
                    continue;
                }
                let is_name = message.chars().all(|c| c.is_alphanumeric() || "_.&*()".contains(c));
                let texts = if is_name { named(&code[..at], message) } else { literals(message) };
                found.extend(texts.into_iter().map(|text| (shown.clone(), text)));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The sources below a folder without their tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_source = path.extension().is_some_and(|ending| ending == "rs");
        if path.is_dir() {
            found.extend(sources(&path));
        } else if is_source
            && !path.ends_with("tests.rs")
            && path.components().any(|part| part.as_os_str() == "src")
        {
            found.push(path);
        }
    }
    found
}

/// The literals of the nearest `let` that gives a name its value.
fn named(before: &str, name: &str) -> Vec<String> {
    let name = name.trim_matches(['&', '*']);
    let is_let = |&at: &usize| {
        let statement = &before[at..];
        let pattern = statement.split(" = ").next().unwrap_or_default();
        pattern.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
    };
    let scope = before.rfind("\nfn ").max(before.rfind(" fn ")).unwrap_or(0);
    let found = before[scope..].rmatch_indices("let ").map(|(at, _)| scope + at).find(is_let);
    found.map_or_else(Vec::new, |at| literals(until(&before[at..], &[';'])))
}

/// An argument of a call, by where it stands among them.
fn argument_at(arguments: &str, index: usize) -> Option<&str> {
    let mut rest = arguments;
    for _ in 0..index {
        let argument = until(rest, &[',']);
        rest = rest[argument.len()..].strip_prefix(',')?;
    }
    Some(until(rest, &[',']).trim())
}

/// What stands before the first of some signs that is in no bracket and no literal, or before the end of the brackets.
fn until<'a>(code: &'a str, signs: &[char]) -> &'a str {
    let mut depth = 0;
    let mut at = 0;
    while let Some(c) = code[at..].chars().next() {
        match c {
            '"' => at += literal(&code[at + 1..]).len() + 1,
            '\'' if code[at..].chars().nth(2) == Some('\'') => {
                at += code[at..].chars().take(2).map(char::len_utf8).sum::<usize>();
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            c if depth == 0 && signs.contains(&c) => break,
            _ => {}
        }
        at += code[at..].chars().next().map_or(0, char::len_utf8);
    }
    &code[..at]
}

/// What stands in a literal whose first quote is behind.
fn literal(code: &str) -> &str {
    let mut is_escaped = false;
    let end = code.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    &code[..end.unwrap_or(code.len())]
}

/// The literals in some code that have words in them.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find('"') {
        let text = literal(&rest[at + 1..]);
        rest = rest[at + 1 + text.len()..].strip_prefix('"').unwrap_or_default();
        let mut lines = text.split("\\\n").map(str::trim_start);
        let text = lines.next().unwrap_or_default().to_owned() + &lines.collect::<String>();
        if parts(&text).iter().any(|part| part.trim().contains(' ')) {
            found.push(text.replace("\\\"", "\""));
        }
    }
    found
}
