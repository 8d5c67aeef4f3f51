//! What fixes do to every fixture and to near misses in every format and style: a second run finds nothing more, no
//! file becomes invalid, no other line changes, and what has no error then renders.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redeem_host::check::{Scope, Texts, check};
use redeem_host::config::Config;
use redeem_host::fix::{Fixes, Which, plan};
use redeem_host::inputs::{Input, Inputs, Selection, walk};
use redeem_host::{Diagnostic, Fakes, Judge, Run, Seen, Severity, Target, scan_inputs, scan_text};

/// Texts that are almost references.
const NEAR: &[&str] = &[
    "{secret: x}",
    "{ secret:x }",
    "{secret:x",
    "${secrets.x}",
    "${secret:x}",
    "${SECRET.x}",
    "{SECRET:x}",
    "{secrets:x}",
    "${secrets:x}",
    "${ secret.x }",
    "${secret. x }",
    "{secret: x | base64}",
    "{secret: x | default('a b')}",
    "{secret: x | default(\"a\")}",
    "{secret:x}",
    "${secret.x}",
    "{secret:x | default('a, b')}",
    "$secrets.x",
    "$\tsecrets.x",
    "Bearer $ secrets.x",
    "it's $ secrets.x",
    "p://u:${secret.x}@h",
    "p://{secret:u}:${secrets.x}@h",
    "{secret:x}{secret: y}",
    "{secret:b c}",
    "{secret:}",
    "é😀{secret: x}",
];

/// What stands around a text in its place, which is `@`.
const AROUND: &[&str] = &["@", "pre-@", "@ and more", "@, z"];

/// Files with a place for a text.
const FILES: &[(&str, &str)] = &[
    ("yaml", "a: @ # c\nb: 1\n"),
    ("yaml", "a: '@' # c\nb: 1\n"),
    ("yaml", "\u{feff}a: \"@\"\n- b\n"),
    ("yaml", "\u{feff}a: \"@\"\nb: c\n"),
    ("yaml", "- @\n- b: @\n"),
    ("yaml", "a: [@, y]\nb: {c: @}\n"),
    ("yaml", "a: |\n  @\n  z\nb: >-\n  @\n"),
    ("yaml", "'@': @\n"),
    ("yaml", "kind: Secret\ndata:\n  a: @\n  b: '@'\n"),
    ("yaml", "a: {secret:z}\nb: '@'\n"),
    ("json", "{\"a\": \"@\", // c\n \"b\": [\"@\", 1]}\n"),
    ("json", "{\"a\": \"\\u00e9@\", \"@\": 2}\n"),
    ("toml", "a = \"@\" # c\nb = '@'\n"),
    ("toml", "a = \"\"\"\n@\nx\"\"\"\nb = '''@'''\n\"@\" = 1\n"),
    ("env", "A=@\nB='@' # c\nexport C=\"@\"\n"),
    ("conf", "# c\na = @\nb = @ ; d\n"),
    ("yaml.j2", "a: |\n  @\nb: {{ secrets.x-y }}\n"),
];

/// A folder with texts, and the `redeem.toml` that holds for them.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    #[expect(clippy::disallowed_methods, reason = "a test writes its project")]
    fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Fixes all of it, and tells how many problems were fixed in how many files.
    fn check(&self, which: Which) -> (usize, usize) {
        let root = self.folder.path();
        let config = Config::discover(root, None).expect("a configuration");
        let inputs = walk(root, &config, Selection::default()).taken;
        let before: Vec<Option<String>> = inputs.iter().map(|input| text(&input.path)).collect();
        let fixes = planned(&inputs, which, &config);
        assert!(fixes.refused.is_empty(), "{:?}", fixes.refused);
        for file in &fixes.files {
            let position = inputs.iter().position(|input| *input.shown == *file.shown).expect("an input");
            let (input, old) = (&inputs[position], before[position].as_ref().expect("a text"));
            let lines: BTreeSet<usize> = file.applied.iter().map(|done| done.line).collect();
            only_these_lines_change(old, file.text(), &lines);
            nothing_gets_worse(input, old, file.text());
            self.write(&input.path, file.text());
        }
        let again = planned(&inputs, which, &config);
        let left: Vec<_> = again.files.iter().map(|file| (&file.shown, &file.applied, file.text())).collect();
        assert!(left.is_empty(), "a second run finds more: {left:?}");
        self.renders(&inputs, &config);
        (fixes.files.iter().map(|file| file.applied.len()).sum(), fixes.files.len())
    }

    /// What has no error renders.
    fn renders(&self, inputs: &[Input], config: &Config) {
        let judge = Judge::new(config, None);
        let (found, problems) = scan_inputs(inputs, |input, seen| match seen {
            Seen::Live(found) => Some((Arc::clone(&input.shown), errors(&judge.look(input, &found)))),
            Seen::Plain(..) => None,
        });
        let wrong: BTreeSet<_> =
            found.iter().filter(|(_, errors)| *errors > 0).map(|(path, _)| path.clone()).collect();
        let right: Vec<Input> =
            inputs.iter().filter(|input| !wrong.contains(&input.shown)).cloned().collect();
        assert!(problems.is_empty(), "{problems:?}");
        let run = Run { inputs: &right, world: &Fakes::new(config), mode: None, judge: &judge };
        let rendering = run.render(&Target::Compare(&self.folder.path().join("nowhere")));
        let told: Vec<String> = rendering
            .diagnostics
            .iter()
            .filter(|problem| problem.severity == Severity::Error && !is_of_values(problem))
            .map(|problem| format!("{:?} {}: {}", problem.place(), problem.code, problem.message))
            .collect();
        assert!(told.is_empty(), "{told:#?}");
    }
}

/// What only a value, or the context of a template, can show to be wrong.
fn is_of_values(problem: &Diagnostic) -> bool {
    use redeem_host::Code::{TemplateFailed, UnencodableValue};
    // A key that stands twice is found by the proof of a render; the reader of TOML does not look for it.
    let is_proof = problem.message.starts_with("this is not valid TOML");
    matches!(problem.code, TemplateFailed | UnencodableValue) || is_proof
}

fn planned(inputs: &[Input], which: Which, config: &Config) -> Fixes {
    let judge = Judge::new(config, None);
    let inputs = Inputs { taken: inputs.to_vec(), problems: Vec::new() };
    let told = check(&inputs, config, &judge, Scope::Part, Texts::Whole).diagnostics;
    plan(&inputs.taken, &told, which, config, &|input, found| judge.look(input, &found))
}

fn text(path: &Path) -> Option<String> {
    String::from_utf8(fs::read(path).ok()?).ok()
}

fn errors(problems: &[Diagnostic]) -> usize {
    problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

fn only_these_lines_change(old: &str, new: &str, lines: &BTreeSet<usize>) {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    assert_eq!(old_lines.len(), new_lines.len(), "{old:?} -> {new:?}");
    for (number, (old_line, new_line)) in (1..).zip(old_lines.iter().zip(&new_lines)) {
        assert!(old_line == new_line || lines.contains(&number), "line {number}: {old:?} -> {new:?}");
        assert_eq!(old_line.ends_with("\r\n"), new_line.ends_with("\r\n"), "{old:?} -> {new:?}");
    }
}

fn nothing_gets_worse(input: &Input, old: &str, new: &str) {
    let state = |text: &str| {
        scan_text(input, text)
            .map_or((true, 0), |found| (found.scan.is_valid, errors(&found.scan.diagnostics)))
    };
    let ((was_valid, errors_before), (is_valid, errors_after)) = (state(old), state(new));
    assert!(is_valid || !was_valid, "{old:?} -> {new:?}");
    assert!(errors_after <= errors_before || !was_valid, "{old:?} -> {new:?}");
}

#[test]
fn near_misses_in_every_format_and_style() {
    for which in [Which::Safe, Which::All] {
        let project = Project::new();
        for (number, (ending, file)) in FILES.iter().enumerate() {
            for (near, what) in NEAR.iter().enumerate() {
                for (around, place) in AROUND.iter().enumerate() {
                    let text = file.replace('@', &place.replace('@', what));
                    let name = format!("{number}/{near}-{around}.{ending}");
                    project.write(&name, &text);
                    if ending != &"yaml.j2" {
                        project.write(
                            format!("{number}/crlf-{near}-{around}.{ending}"),
                            text.replace('\n', "\r\n"),
                        );
                    }
                }
            }
        }
        let (problems, files) = project.check(which);
        assert!(problems > 3000 && files > 1500, "{which:?}: {problems} problems in {files} files");
    }
}

#[test]
fn cases_of_diagnostics_and_dialects() {
    let mut fixed = 0;
    for path in below("diagnostics").iter().filter(|path| path.ends_with("told.case")) {
        let case = fs::read_to_string(path).expect("a case");
        // Of these the configuration or a file itself cannot be read.
        let code = path.parent().and_then(Path::file_name).expect("a code").to_string_lossy().into_owned();
        if ["invalid-config", "unreadable-file", "untrusted-config", "output-conflict"].contains(&&*code) {
            continue;
        }
        for which in [Which::Safe, Which::All] {
            let project = Project::new();
            for section in case.split("\n--- file ").skip(1) {
                let (name, text) = section.split_once('\n').expect("a name");
                let text = text.split("\n--- ").next().expect("a text");
                project.write(name, format!("{}\n", text.trim_end()));
            }
            fixed += project.check(which).0;
        }
    }
    assert!(fixed >= 5, "{fixed} problems");
    fixed = 0;
    for path in below("dialects") {
        let case = fs::read_to_string(&path).expect("a case");
        let field = |name: &str| {
            case.lines().filter_map(|line| line.strip_prefix(name).map(str::to_owned)).collect::<Vec<_>>()
        };
        let text = case.split("--- in\n").nth(1).and_then(|rest| rest.split("--- ").next()).expect("a text");
        let ending = match &*field("format: ")[0] {
            "dotenv" => "env".to_owned(),
            "text" => "conf".to_owned(),
            name => name.to_owned(),
        };
        for which in [Which::Safe, Which::All] {
            let project = Project::new();
            let config: String = field("config: ").iter().map(|line| format!("{line}\n")).collect();
            // The rules of a case are for a file without an ending.
            project.write("redeem.toml", config.replace("\"case\"", &format!("\"case.{ending}\"")));
            project.write(format!("case.{ending}"), text);
            fixed += project.check(which).0;
        }
    }
    assert!(fixed >= 20, "{fixed} problems");
}

#[test]
fn files_of_real_kinds_have_nothing_to_fix_but_what_is_told() {
    for folder in ["render", "corpus", "example"] {
        for case in
            fs::read_dir(root().join(folder)).expect("fixtures").map(|entry| entry.expect("an entry").path())
        {
            let project = Project::new();
            let files = if case.is_dir() { files(&case) } else { vec![case.clone()] };
            for path in files.iter().filter(|path| !path.components().any(|part| part.as_os_str() == "out")) {
                let name = path.strip_prefix(&case).ok().filter(|name| name.file_name().is_some());
                let name = name.unwrap_or(Path::new("file.yaml"));
                project.write(name, fs::read(path).expect("a fixture"));
            }
            let (problems, _) = project.check(Which::Safe);
            // One that is told is a warning about a URL.
            assert!(problems == 0 || folder == "render", "{}: {problems}", case.display());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Every case below a folder of fixtures.
fn below(folder: &str) -> Vec<PathBuf> {
    let found: Vec<PathBuf> = files(&root().join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "case"))
        .collect();
    assert!(!found.is_empty(), "fixtures/{folder} has cases");
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] })
        .collect()
}
