//! Every code has a case that is told and one that is silent, and docs/diagnostics.md is made of them.
//!
//! `fixtures/diagnostics/CODE/told.case` is a project with this one problem; `silent.case` is its near neighbour,
//! which is right. A case begins with a sentence behind `# `, which says what it shows. Then come sections:
//! `--- file PATH` with the file's text, `--- link PATH TARGET`, `--- env NAME=VALUE`, `--- git ARGUMENTS` for a command
//! of git to be run when the files are there, and last `--- run ARGUMENTS` with what `redeem` prints, standard output first, and a line `? 3` for an exit code. Every value of a secret
//! holds `c4n4ry`, which no output may hold.
//!
//! `make accept` writes down what is printed now, and the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use redeem_host::{Code, Severity};

use crate::support::{Run, root};

pub(crate) const CANARY: &str = "c4n4ry";

/// No input is known that shows these: a proof that fails is a defect of ours.
const WITHOUT_CASES: &[Code] = &[Code::ProofFailed];

pub(crate) struct Case {
    /// What it shows, as a sentence.
    shows: String,
    files: Vec<(String, String)>,
    links: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    /// Commands of git.
    git: Vec<String>,
    pub(crate) arguments: String,
    /// What is printed, with the exit code.
    pub(crate) output: String,
    /// All that stands before the output.
    head: String,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a case");
        let (head, sections) = text.split_once("--- ").expect("a section");
        let shows = head.trim().strip_prefix("# ").expect("a sentence behind `# `");
        assert!(shows.ends_with('.') && !shows.contains('\n'), "{}: no sentence", path.display());
        let mut case = Self {
            shows: shows.to_owned(),
            files: Vec::new(),
            links: Vec::new(),
            variables: Vec::new(),
            git: Vec::new(),
            arguments: String::new(),
            output: String::new(),
            head: text.clone(),
        };
        for section in sections.split("\n--- ") {
            let (title, body) = section.split_once('\n').unwrap_or((section, ""));
            let (kind, argument) = title.split_once(' ').expect("a kind and an argument");
            let pair = |separator| argument.split_once(separator).expect("two parts");
            let owned = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
            assert!(case.arguments.is_empty(), "{}: `--- run` comes last", path.display());
            match kind {
                "file" => case.files.push((argument.to_owned(), format!("{}\n", body.trim_end()))),
                "link" => case.links.push(owned(pair(' '))),
                "git" => case.git.push(argument.to_owned()),
                "env" => case.variables.push(owned(pair('='))),
                "run" => {
                    argument.clone_into(&mut case.arguments);
                    body.trim_end().clone_into(&mut case.output);
                    text[..text.len() - body.len()].trim_end().clone_into(&mut case.head);
                }
                other => panic!("{}: no section is called `{other}`", path.display()),
            }
        }
        assert!(!case.arguments.is_empty(), "{}: there is no `--- run`", path.display());
        case
    }

    /// Runs it in a folder of its own, and tells what is printed, with the exit code.
    fn run(&self) -> String {
        let (run, base) = self.run_with(&self.arguments);
        let printed = [run.stdout, run.stderr].concat();
        let lines = printed.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let told = lines.trim().replace(&base, "");
        let code = run.code.expect("an exit code");
        if code == 0 { told } else { format!("{told}\n? {code}") }
    }

    /// Runs `redeem` with some arguments in a folder of its own with the files of the case; that folder's path too.
    pub(crate) fn run_with(&self, arguments: &str) -> (Run, String) {
        // Messages are wrapped with the true path in them, so it has to be short everywhere.
        let short = tempfile::Builder::new().prefix("").rand_bytes(4).tempdir_in("/tmp").expect("a folder");
        let base = short.path().canonicalize().expect("its path");
        let project = base.join("project");
        for (path, text) in &self.files {
            let path = project.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        for (path, target) in &self.links {
            std::os::unix::fs::symlink(target, project.join(path)).expect("a link");
        }
        for arguments in &self.git {
            let git = Command::new("git")
                .args(arguments.split_whitespace())
                .current_dir(&project)
                .env_clear()
                .envs([("PATH", "/usr/bin:/bin"), ("GIT_CONFIG_NOSYSTEM", "1")])
                .env("HOME", base.join("home"))
                .status();
            assert!(git.is_ok_and(|status| status.success()), "git {arguments}");
        }
        let path = (!self.git.is_empty()).then_some(("PATH", "/usr/bin:/bin"));
        let run = Command::new(env!("CARGO_BIN_EXE_redeem"))
            .args(arguments.split_whitespace())
            .current_dir(&project)
            .env_clear()
            .envs(path)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("HOME", base.join("home"))
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        (Run::of(run), base.to_string_lossy().into_owned())
    }

    /// The case as a reader of the page sees it.
    fn as_markdown(&self) -> String {
        let mut text = format!("{}\n", self.shows);
        for (path, content) in &self.files {
            let language =
                Path::new(path).extension().map_or("text".into(), |ending| ending.to_string_lossy());
            let language = if language == "env" { "dotenv".into() } else { language };
            text.push_str(&format!("\n`{path}`:\n\n```{language}\n{content}```\n"));
        }
        for (path, target) in &self.links {
            text.push_str(&format!("\n`{path}` is a link to `{target}`.\n"));
        }
        let variables: String =
            self.variables.iter().map(|(name, value)| format!("{name}={} ", quoted(value))).collect();
        let git: String = self.git.iter().map(|arguments| format!("$ git {arguments}\n")).collect();
        let run = format!("$ {variables}redeem {}\n{}", self.arguments, self.output);
        text.push_str(&format!("\n```text\n{git}{run}\n```\n"));
        text
    }
}

/// A value as it is typed in a shell.
fn quoted(value: &str) -> String {
    if value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) {
        return value.to_owned();
    }
    let escaped: String =
        value.chars().flat_map(|c| "\"$`\\".contains(c).then_some('\\').into_iter().chain([c])).collect();
    format!("\"{escaped}\"")
}

fn folder() -> PathBuf {
    root().join("fixtures/diagnostics")
}

/// Every case that tells a problem, with its path.
pub(crate) fn told_cases() -> Vec<(PathBuf, Case)> {
    let of = |code: &Code| folder().join(code.name()).join("told.case");
    let paths = Code::ALL.iter().filter(|code| !WITHOUT_CASES.contains(code)).map(of);
    // That none is missing is a test of its own.
    paths.filter(|path| path.exists()).map(|path| (path.clone(), Case::read(&path))).collect()
}

/// The codes whose problems were drawn, in order.
fn drawn(output: &str) -> Vec<&str> {
    output.lines().filter(|line| Code::from_name(line).is_some()).collect()
}

/// Whether what is printed now is to be written down.
fn accepts() -> bool {
    std::env::var_os("REDEEM_ACCEPT").is_some_and(|value| value == "1")
}

#[test]
fn each_code_has_a_case_that_is_told_and_one_that_is_silent() {
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().filter(|code| !WITHOUT_CASES.contains(code)) {
        for (name, what) in
            [("told", "that has this problem and no other"), ("silent", "that is almost it and right")]
        {
            let path = folder().join(code.name()).join(name).with_extension("case");
            let shown = format!("fixtures/diagnostics/{code}/{name}.case");
            if !path.exists() {
                wrong.push(format!(
                    "{shown} is missing: a project {what}; tests/suite/diagnostics.rs says how"
                ));
                continue;
            }
            let case = Case::read(&path);
            let output = case.run();
            let is_telling = name == "told";
            let expected = if is_telling { vec![code.name()] } else { Vec::new() };
            // A warning changes no exit code.
            let may_fail = is_telling && (code.severity() == Severity::Error || case.output.contains("\n? "));
            if drawn(&output) != expected || output.contains("\n? ") != may_fail {
                wrong.push(format!("{shown} should tell {expected:?}, and tells:\n{output}"));
            } else if output.contains(CANARY) {
                wrong.push(format!("{shown}: the output holds a value"));
            } else if output != case.output && accepts() {
                fs::write(&path, format!("{}\n{output}\n", case.head)).expect("the case");
            } else if output != case.output {
                wrong.push(format!(
                    "{shown} says\n{}\nand what is printed now is\n{output}\n`make accept` writes it down",
                    case.output
                ));
            }
        }
    }
    let entries = fs::read_dir(folder()).expect("the fixtures");
    for name in entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()) {
        if Code::from_name(&name).is_none() {
            wrong.push(format!("fixtures/diagnostics/{name}: there is no such code"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    if accepts() {
        fs::write(page_path(), page()).expect("the page");
    }
}

#[test]
fn the_page_of_diagnostics_is_what_the_code_and_the_cases_say() {
    let is_same = accepts() || fs::read_to_string(page_path()).expect("the page") == page();
    assert!(is_same, "docs/diagnostics.md is stale: run `make accept`, which makes it anew");
}

fn page_path() -> PathBuf {
    root().join("docs/diagnostics.md")
}

/// docs/diagnostics.md, which `redeem explain` takes its examples from.
fn page() -> String {
    let mut text = "# Diagnostics\n\n\
        Every problem has a code, which stands above its message. This page explains each one;\n\
        `redeem explain CODE` prints the same in the terminal, and `redeem explain` lists them.\n\
        An error stops a file from being rendered. A warning does not.\n\n\
        The page is made by `make accept` from the comments in `crates/syntax/src/code.rs` and the cases in\n\
        `fixtures/diagnostics/`, which tests run. The values in them are made up.\n\n\
        | code | severity | what it says |\n|---|---|---|\n"
        .to_owned();
    for code in Code::ALL {
        let what = code.what();
        let note =
            if WITHOUT_CASES.contains(code) { "; a defect of Redeem, so it has no example" } else { "" };
        let what = what.trim_end_matches('.');
        text.push_str(&format!("| [`{code}`](#{code}) | {} | {what}{note} |\n", code.severity()));
    }
    for code in Code::ALL {
        text.push_str(&format!(
            "\n## `{code}`\n\n**What:** {}\n\n**Why:** {}\n\n**Fix:** {}\n\n",
            code.what(),
            code.why(),
            code.fix()
        ));
        let path = folder().join(code.name()).join("told.case");
        if WITHOUT_CASES.contains(code) {
            text.push_str("There is no example: no input is known that leads to it.\n");
        } else if path.exists() {
            text.push_str(&format!("**Example:** {}", Case::read(&path).as_markdown()));
        }
    }
    text
}
