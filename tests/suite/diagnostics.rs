//! Every code has a case that is told and one that is silent, and docs/diagnostics.md is made of them.
//!
//! `fixtures/diagnostics/CODE/told.case` is a project with this one problem; `silent.case` is its near neighbour,
//! which is right. Any other case there shows more messages of the code, one or several, and is not on the page.
//!
//! A case begins with a sentence behind `# `, which says what it shows. Then come sections: `--- file PATH` with the
//! file's text, `--- bytes PATH HEX`, `--- size PATH BYTES` for a file with a hole in it, `--- pipe PATH`,
//! `--- mode PATH OCTAL`, `--- link PATH TARGET`, `--- env NAME=VALUE`, `--- git ARGUMENTS` for a command of git to be
//! run when the files are there, and last `--- run ARGUMENTS` with what `redeem` prints, standard output first, and a
//! line `? 3` for an exit code. Several runs of one case begin with the same files. Every value of a secret holds `c4n4ry`, which no output may hold.
//!
//! `make accept` writes down what is printed now, and the page.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use redeem_host::{Code, Severity};

use crate::support::{Run, root};

/// A part of every value, as it is, in the three ways base64 may write it, and in base32 and hexadecimal digits.
pub(crate) const CANARY: &[&str] =
    &["c4n4ry", "YzRuNHJ5", "M0bjRye", "jNG40cn", "MM2G4NDSPE", "63346e347279", "63346E347279"];

/// No input is known that shows these: a proof that fails is a defect of ours.
const WITHOUT_CASES: &[Code] = &[Code::ProofFailed];

pub(crate) struct Case {
    /// What it shows, as a sentence.
    shows: String,
    files: Vec<(String, String)>,
    links: Vec<(String, String)>,
    /// Files that are no text: what kind of section, the path, and the rest of its line.
    others: Vec<(String, String, String)>,
    variables: Vec<(String, String)>,
    /// Commands of git.
    git: Vec<String>,
    /// The arguments of each run, and what is printed, with the exit code.
    pub(crate) runs: Vec<(String, String)>,
    /// All that stands before the first run.
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
            others: Vec::new(),
            variables: Vec::new(),
            git: Vec::new(),
            runs: Vec::new(),
            head: text.split("--- run ").next().unwrap_or_default().to_owned(),
        };
        for section in sections.split("\n--- ") {
            let (title, body) = section.split_once('\n').unwrap_or((section, ""));
            let (kind, argument) = title.split_once(' ').expect("a kind and an argument");
            let pair = |separator| argument.split_once(separator).expect("two parts");
            let owned = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
            assert!(kind == "run" || case.runs.is_empty(), "{}: `--- run` comes last", path.display());
            match kind {
                "file" => case.files.push((argument.to_owned(), format!("{}\n", body.trim_end()))),
                "bytes" | "size" | "pipe" | "mode" => {
                    let (path, rest) = argument.split_once(' ').unwrap_or((argument, ""));
                    case.others.push((kind.to_owned(), path.to_owned(), rest.to_owned()));
                }
                "link" => case.links.push(owned(pair(' '))),
                "git" => case.git.push(argument.to_owned()),
                "env" => case.variables.push(owned(pair('='))),
                "run" => case.runs.push((argument.to_owned(), body.trim_end().to_owned())),
                other => panic!("{}: no section is called `{other}`", path.display()),
            }
        }
        assert!(!case.runs.is_empty(), "{}: there is no `--- run`", path.display());
        case
    }

    /// What is printed in a folder of its own, with the exit code.
    fn printed(&self, arguments: &str) -> String {
        let (run, base) = self.run_with(arguments);
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
        for (kind, path, rest) in &self.others {
            put(kind, &project.join(path), rest);
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
        let show =
            |(arguments, output): &(String, String)| format!("$ {variables}redeem {arguments}\n{output}");
        let run = self.runs.iter().map(show).collect::<Vec<_>>().join("\n\n");
        text.push_str(&format!("\n```text\n{git}{run}\n```\n"));
        text
    }
}

/// Makes a file that is no text, or gives one its mode.
fn put(kind: &str, path: &Path, rest: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    match kind {
        "bytes" => {
            let byte = |digits: &str| u8::from_str_radix(digits, 16).expect("hexadecimal digits");
            fs::write(path, rest.split_whitespace().map(byte).collect::<Vec<_>>()).expect("a file");
        }
        "size" => {
            let file = fs::File::create(path).expect("a file");
            file.set_len(rest.parse().expect("a number of bytes")).expect("a hole");
        }
        "pipe" => {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        }
        _ => {
            let mode = u32::from_str_radix(rest, 8).expect("an octal number");
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        }
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
    let paths = Code::ALL.iter().flat_map(|code| cases_of(*code));
    let telling = paths.filter(|path| !path.ends_with("silent.case"));
    telling.map(|path| (path.clone(), Case::read(&path))).collect()
}

/// The cases of a code that are there. That none is missing is a test of its own.
fn cases_of(code: Code) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder().join(code.name())) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "case")).collect();
    cases.sort();
    cases
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
            if !folder().join(code.name()).join(name).with_extension("case").exists() {
                wrong.push(format!(
                    "fixtures/diagnostics/{code}/{name}.case is missing: a project {what}; \
                     tests/suite/diagnostics.rs says how"
                ));
            }
        }
        wrong.extend(cases_of(*code).iter().filter_map(|path| wrong_in(*code, path)));
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

/// What is wrong with a case, if anything is.
fn wrong_in(code: Code, path: &Path) -> Option<String> {
    let name = path.file_stem().expect("a name").to_string_lossy();
    let shown = format!("fixtures/diagnostics/{code}/{name}.case");
    let case = Case::read(path);
    let mut printed = Vec::new();
    for (arguments, expected) in &case.runs {
        let output = case.printed(arguments);
        let drawn = drawn(&output);
        let is_right = match &*name {
            "told" => drawn == [code.name()],
            "silent" => drawn.is_empty(),
            _ => !drawn.is_empty() && drawn.iter().all(|other| *other == code.name()),
        };
        let is_telling = name != "silent";
        // A warning changes no exit code.
        let is_failing = output.lines().any(|line| line.starts_with("  × "));
        let is_grave = name != "told" || code.severity() == Severity::Warning || is_failing;
        if !is_right || !is_grave || output.contains("\n? ") != is_failing {
            let what = if is_telling { "should tell it, and it alone," } else { "should be silent," };
            return Some(format!("{shown} {what} and what `redeem {arguments}` prints is:\n{output}"));
        }
        if CANARY.iter().any(|canary| output.contains(canary)) {
            return Some(format!("{shown}: the output holds a value"));
        }
        if output != *expected && !accepts() {
            return Some(format!(
                "{shown} says of `redeem {arguments}`\n{expected}\nand what is printed now is\n{output}\n\
                 `make accept` writes it down"
            ));
        }
        printed.push((arguments.clone(), output));
    }
    if printed != case.runs {
        let runs = printed.iter().map(|(arguments, output)| format!("--- run {arguments}\n{output}\n"));
        fs::write(path, case.head + &runs.collect::<String>()).expect("the case");
    }
    None
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
