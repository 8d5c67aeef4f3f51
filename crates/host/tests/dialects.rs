//! Every case of `fixtures/dialects`: what is found, what is written, what is wrong.
//!
//! A line `config: …` of a case is a line of the `redeem.toml` that holds for it.

use std::fs;
use std::path::{Path, PathBuf};

use redeem_host::config::{Config, Live, Treatment};
use redeem_host::inputs::Input;
use redeem_host::{Dialects, Encoding, Format, Judge, Memory, Source, render_text, syntax::scan::scan};

/// One file: a header of `field: value` lines, then sections that begin with `--- name`.
struct Case {
    format: Format,
    dialects: Dialects,
    encoding: Encoding,
    secrets: Vec<(String, String)>,
    before: String,
    after: Option<String>,
    refs: Vec<String>,
    problems: Vec<String>,
}

fn read(path: &Path) -> Case {
    let text = fs::read_to_string(path).expect("a readable case");
    let mut sections = text.split("--- ");
    let header = sections.next().expect("a header");
    let field = |name: &'static str| {
        header.lines().filter_map(move |line| line.strip_prefix(name)).map(str::to_owned)
    };
    let format = Format::from_name(&field("format: ").next().expect("a format")).expect("a known format");
    let config: String = field("config: ").map(|line| line + "\n").collect();
    let (dialects, encoding) = told(&config).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut case = Case {
        format,
        dialects,
        encoding,
        secrets: field("secret: ")
            .map(|line| {
                let (name, value) = line.split_once('=').expect("name=value");
                (name.to_owned(), value.replace("\\n", "\n").replace("\\\\", "\\"))
            })
            .collect(),
        before: String::new(),
        after: None,
        refs: Vec::new(),
        problems: Vec::new(),
    };
    for section in sections {
        let (name, body) = section.split_once('\n').expect("a section's name");
        let lines = || body.lines().map(str::to_owned).collect();
        match name {
            "in" => body.clone_into(&mut case.before),
            "out" => case.after = Some(body.to_owned()),
            "refs" => case.refs = lines(),
            "problems" => case.problems = lines(),
            other => panic!("{}: no section is called {other}", path.display()),
        }
    }
    assert!(!case.before.is_empty(), "{}: no text", path.display());
    case
}

/// What a `redeem.toml` says of the file of a case.
#[expect(clippy::disallowed_methods, reason = "a test may write its configuration")]
fn told(config: &str) -> Result<(Dialects, Encoding), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("redeem.toml");
    fs::write(&path, config).expect("a config");
    let config = Config::read(&path, None).map_err(|error| error.0.message)?;
    match config.rules.treatment(Path::new("case"), true) {
        Treatment::Live(live) => Ok((Dialects::clone(&live.dialects), live.encoding)),
        Treatment::Copy => Err("the case is not live".to_owned()),
    }
}

fn check(path: &Path) -> Result<(), String> {
    let case = read(path);
    let source = Source::new("case", case.before, case.format);
    let refs: Vec<String> = scan(&source, &case.dialects)
        .references
        .iter()
        .map(|reference| {
            format!("{} {}", reference.dialect, source.slice(&reference.span)).replace('\n', "⏎")
        })
        .collect();
    let live = Live {
        format: case.format,
        dialects: case.dialects.into(),
        encoding: case.encoding,
        is_template: false,
    };
    let (config, input) = (Config::default(), Input::at_hand("case", live));
    let judge = Judge::new(&config, None);
    let outcome = render_text(&input, source.text(), &Memory::new(case.secrets), &judge);
    let problems: Vec<String> = outcome
        .diagnostics
        .iter()
        .map(|problem| {
            let span = problem.label.as_ref().map(|label| label.span.clone()).unwrap_or_default();
            format!("{} {} {}", problem.severity, problem.code, source.slice(&span))
        })
        .collect();
    let after = outcome.rendered.map(|rendered| rendered.text().to_owned());
    if (&refs, &problems, &after) == (&case.refs, &case.problems, &case.after) {
        return Ok(());
    }
    Err(format!(
        "{}\n  refs     {:?}\n  expected {:?}\n  problems {problems:?}\n  expected {:?}\n  out      {after:?}\n  expected {:?}",
        path.display(),
        refs,
        case.refs,
        case.problems,
        case.after
    ))
}

#[test]
fn each_case_of_each_dialect_holds() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/dialects"));
    let mut count = 0;
    let mut wrong = Vec::new();
    for dialect in fs::read_dir(&root).expect("the fixtures") {
        for case in fs::read_dir(dialect.expect("an entry").path()).expect("a dialect's cases") {
            count += 1;
            wrong.extend(check(&case.expect("an entry").path()).err());
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {count} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 80, "only {count} cases were found");
}
