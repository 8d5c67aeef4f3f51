//! Runs every example of README.md and docs/*.md against the built binary, as a reader would type it.
//!
//! The info string of a fenced block says what it is:
//! a format and a relative path (`yaml config/app.yaml`) is a file, which is written;
//! `console` is a session: each line after `$ ` is run by `sh`, the lines below it are what it prints, on both
//! streams, where a line `...` stands for any lines, and a last line `? 3` is the exit code;
//! anything else is for reading only.
//! Each document has a folder of its own. Its blocks share it and run in order.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use redeem_host::backend::BACKENDS;
use redeem_host::core::{Escape, FILTERS, Reader};
use redeem_host::syntax::{dialect::DIALECTS, format::FORMATS};

/// Documents that have nothing to run.
const FOR_READING: &[&str] =
    &["architecture.md", "changelog.md", "diagnostics.md", "performance.md", "security.md"];

/// What a reader of README.md types to run the tests.
const TEST_COMMAND: &str = "cargo test --workspace";

#[test]
fn every_example_does_what_its_document_says() {
    let documents: Vec<Document> = documents().iter().map(|path| Document::read(path)).collect();
    assert!(!documents.is_empty(), "there is nothing in docs/");
    let failures: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = documents.iter().map(|document| scope.spawn(|| document.run())).collect();
        runs.into_iter().flat_map(|run| run.join().expect("a run ends without a panic")).collect()
    });
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn the_readme_names_the_command_that_runs_the_tests() {
    let Ok(text) = fs::read_to_string(root().join("README.md")) else { return };
    let blocks = blocks(&text);
    let shell = blocks.iter().filter(|block| block.info == "sh").flat_map(|block| &block.lines);
    let tests: Vec<&str> =
        shell.map(|line| line.trim()).filter(|line| line.starts_with("cargo test")).collect();
    assert_eq!(tests, [TEST_COMMAND], "the `sh` blocks of README.md name the test command once");
}

/// What a reader types first: in a copy of the repository's example, with nothing of the reader's own at hand.
#[test]
fn the_first_command_of_the_readme_renders_the_example() {
    let Ok(text) = fs::read_to_string(root().join("README.md")) else { return };
    let blocks = blocks(&text);
    let shell = blocks.iter().filter(|block| block.info == "sh").flat_map(|block| &block.lines);
    let first = shell.map(|line| line.trim()).find_map(|line| line.strip_prefix("cargo run --release -- "));
    let first = first.expect("the `sh` blocks of README.md name a command that runs the example");
    let folder = tempfile::tempdir().expect("a folder");
    let copied = Command::new("cp").arg("-R").arg(root().join("fixtures")).arg(folder.path()).status();
    assert!(copied.is_ok_and(|status| status.success()), "the fixtures are copied");
    let _ = fs::remove_dir_all(folder.path().join("fixtures/example/build"));
    for line in [first.to_owned(), first.replace("render", "check --deny warnings")] {
        let run = Command::new(env!("CARGO_BIN_EXE_redeem"))
            .args(line.split_whitespace())
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path().join("home"))
            .output()
            .expect("the binary runs");
        assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
    }
    let rendered = folder.path().join("fixtures/example/build/config/app.yaml");
    assert!(!fs::read_to_string(rendered).expect("an output").contains("secret"), "values are in place");
}

/// A table in a document cannot leave out what the program has, nor tell of what it has not.
#[test]
fn tables_hold_exactly_what_the_program_has() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let dialects: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.name).collect();
    let backends: Vec<&str> = BACKENDS.iter().map(|backend| backend.name).collect();
    let escapes: Vec<&str> = Escape::NAMES.iter().map(|(name, _)| *name).collect();
    let readers: Vec<&str> = Reader::NAMES.iter().map(|(name, _)| *name).collect();
    for (document, heading, expected) in [
        ("guide.md", "## Formats", &formats),
        ("guide.md", "### Other text", &escapes),
        ("guide.md", "### dotenv", &readers),
        ("dialects.md", "# Dialects", &dialects),
        ("backends.md", "# Backends", &backends),
    ] {
        let told: Vec<String> = rows(document, heading).iter().map(|row| row[0].clone()).collect();
        assert_eq!(told, names(expected), "docs/{document}, first table under `{heading}`");
    }
    for (row, format) in rows("guide.md", "## Formats").iter().zip(FORMATS) {
        let told: Vec<&str> = row[1].split(", ").map(|ending| ending.trim_matches(['`', '.'])).collect();
        assert!(told.starts_with(format.extensions), "docs/guide.md, endings of {}: {told:?}", format.name);
    }
    let wanted: Vec<String> = FILTERS
        .iter()
        .map(|filter| {
            let (value, pipeline, result) = filter.example;
            let shown = |text: &str| text.replace('\n', "⏎");
            format!(
                "| `{}` | {} | `{}` | `{pipeline}` | `{}` |",
                filter.name,
                filter.does,
                shown(value),
                shown(result)
            )
        })
        .collect();
    let told = table("guide.md", "## Filters");
    assert_eq!(told, wanted, "the table of filters in docs/guide.md should read:\n{}\n", wanted.join("\n"));
}

/// The table of cases names each test that holds one, and no other.
#[test]
fn the_table_of_cases_names_the_tests_that_there_are() {
    let case = |word: &str| word.starts_with("case_") && word[5..].starts_with(|c: char| c.is_ascii_digit());
    let mut held = BTreeSet::new();
    for folder in ["crates", "tests"] {
        for source in sources(&root().join(folder)) {
            let text = fs::read_to_string(&source).expect("a source");
            let names = text.split("fn ").skip(1).filter_map(|behind| behind.split('(').next());
            held.extend(names.filter(|name| case(name)).map(str::to_owned));
        }
    }
    let text = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    let told: BTreeSet<String> = text.split('`').filter(|word| case(word)).map(str::to_owned).collect();
    assert_eq!(told, held, "left: docs/security.md, right: the tests that there are");
}

struct Document {
    name: String,
    blocks: Vec<Block>,
}

/// A fenced block: its info string, the number of its first line, 1-based, and its lines.
struct Block {
    info: String,
    line: usize,
    lines: Vec<String>,
}

/// A folder for one document, and what to call it in outputs.
struct Place {
    base: PathBuf,
    _guard: tempfile::TempDir,
}

/// A command of a session, and what it should print.
struct Step<'b> {
    line: usize,
    command: &'b str,
    output: &'b [String],
    code: i32,
}

impl Document {
    fn read(path: &Path) -> Self {
        let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, blocks: blocks(&text) }
    }

    /// Runs all blocks and tells of each that did not hold.
    fn run(&self) -> Vec<String> {
        let place = Place::new();
        let mut failures = Vec::new();
        let mut commands = 0;
        for block in &self.blocks {
            if block.info == "console" {
                for step in steps(block) {
                    commands += 1;
                    failures.extend(
                        place.check(&step).map(|told| format!("{}:{}: {told}", self.name, step.line)),
                    );
                }
            } else if let Some((_, path)) = block.info.split_once(' ') {
                place.write(path, &block.lines);
            }
        }
        let is_for_reading = FOR_READING.iter().any(|name| self.name.ends_with(name));
        if commands == 0 && !is_for_reading {
            failures.push(format!("{}: no block of this document is run", self.name));
        }
        failures
    }
}

impl Place {
    /// `/home/you/project`, a git repository, with nothing in it.
    fn new() -> Self {
        // Messages are wrapped with the true path in them, so it has to be short everywhere.
        let short = tempfile::Builder::new().prefix("").rand_bytes(4).tempdir_in("/tmp");
        let guard = short.expect("a temporary folder");
        let base = guard.path().canonicalize().expect("the temporary folder's path");
        fs::create_dir_all(base.join("home/you/project/.git")).expect("the document's folder");
        Self { base, _guard: guard }
    }

    fn home(&self) -> PathBuf {
        self.base.join("home/you")
    }

    fn write(&self, path: &str, lines: &[String]) {
        let path = self.home().join("project").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the file's folder");
        fs::write(&path, lines.join("\n") + "\n").expect("the file of an example");
    }

    /// Runs a command and tells what was expected and what came, if they differ.
    fn check(&self, step: &Step<'_>) -> Option<String> {
        let programs = Path::new(env!("CARGO_BIN_EXE_redeem")).parent().expect("the folder of the binary");
        let run = Command::new("sh")
            .args(["-c", &format!("umask 022; exec 2>&1\n{}", step.command)])
            .current_dir(self.home().join("project"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("HOME", self.home())
            .env("XDG_STATE_HOME", self.home().join(".local/state"))
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .expect("sh runs");
        let printed = String::from_utf8_lossy(&run.stdout).replace(&*self.base.to_string_lossy(), "");
        let actual: Vec<&str> = trimmed(&printed.lines().map(str::trim_end).collect::<Vec<_>>());
        let expected: Vec<&str> =
            trimmed(&step.output.iter().map(|line| line.trim_end()).collect::<Vec<_>>());
        let code = run.status.code().unwrap_or(-1);
        if code == step.code && matches(&expected, &actual) {
            return None;
        }
        let (expected, actual) = (expected.join("\n"), actual.join("\n"));
        let (command, wanted) = (step.command, step.code);
        Some(format!(
            "$ {command}\n--- expected, exit code {wanted}\n{expected}\n--- actual, exit code {code}\n{actual}\n---"
        ))
    }
}

/// The project's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").to_owned()
}

/// Every Rust source below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// README.md, if there is one, and all of docs/.
fn documents() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("docs")).expect("docs/");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry of docs/").path()).collect();
    paths.push(root().join("README.md"));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md") && path.exists());
    paths.sort();
    paths
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block { info: info.trim().to_owned(), line: number + 1, lines: Vec::new() });
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => block.lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fenced block is never closed");
    blocks
}

/// Cuts a session at its commands.
fn steps(block: &Block) -> Vec<Step<'_>> {
    let starts: Vec<usize> = (0..block.lines.len()).filter(|&at| block.lines[at].starts_with("$ ")).collect();
    let ends = starts.iter().skip(1).copied().chain([block.lines.len()]);
    let step = |(&start, end): (&usize, usize)| {
        let output = &block.lines[start + 1..end];
        let last = output.iter().rposition(|line| !line.trim().is_empty());
        let code =
            last.and_then(|last| output[last].strip_prefix("? ")?.parse().ok().map(|code| (last, code)));
        let (output, code) = code.map_or((output, 0), |(last, code)| (&output[..last], code));
        Step { line: block.line + start, command: &block.lines[start][2..], output, code }
    };
    starts.iter().zip(ends).map(step).collect()
}

/// Without the blank lines at both ends.
fn trimmed<'l>(lines: &[&'l str]) -> Vec<&'l str> {
    let Some(first) = lines.iter().position(|line| !line.is_empty()) else { return Vec::new() };
    let last = lines.iter().rposition(|line| !line.is_empty()).unwrap_or(first);
    lines[first..=last].to_vec()
}

/// Whether `actual` is what `expected` says, where `...` stands for any lines.
fn matches(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|from| matches(rest, &actual[from..])),
        Some((line, rest)) => actual.first() == Some(line) && matches(rest, &actual[1..]),
    }
}

/// The rows of the first table behind a heading, as they are written.
fn table(document: &str, heading: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs").join(document)).expect("a document");
    let behind = text.lines().skip_while(|line| *line != heading).skip(1);
    let rows = behind.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2).map(str::to_owned).collect()
}

/// The cells of that table, without the marks of code.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let cells =
        |row: &String| row.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
    table(document, heading).iter().map(cells).collect()
}
