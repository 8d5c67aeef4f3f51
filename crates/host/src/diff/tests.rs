//! What diffs show, and that no value is in them.

use redeem_core::{Encoding, Name, Secret, render};
use redeem_syntax::{Dialects, Format, scan};

use super::*;

/// The lines that are shown when `old` stands in the place of the output, without the files' names.
fn diff(source: &Source, values: &[(&str, &str)], old: &[u8]) -> Option<Vec<DiffLine>> {
    let found = scan(source, &Dialects::default());
    let answers: Answers =
        values.iter().map(|(name, value)| (Name::split(name), Secret::from(*value))).collect();
    let rendered = render(source, &found, &answers, &Encoding::default()).rendered?;
    let folder = tempfile::tempdir().expect("a folder");
    let output = Path::new("out");
    put(&folder.path().join(output), old);
    let diffs = Diffs::new(folder.path()).expect("a key");
    diffs.live(
        output,
        (source, &found),
        &answers,
        &rendered,
        ModeRule { source: None, explicit: Some(0o600) },
    );
    diffs.of(output).map(|lines| lines.into_iter().skip(2).collect())
}

#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// The text of a diff with its tags numbered in the order in which they appear.
fn numbered(lines: &[DiffLine]) -> String {
    let mut tags: Vec<String> = Vec::new();
    let mut text = String::new();
    for line in lines {
        let mut rest = line.text.as_str();
        while let Some((before, (tag, behind))) =
            rest.split_once('‹').and_then(|(before, tag)| Some((before, tag.split_once('›')?)))
        {
            let (name, tag) = tag.rsplit_once(':').expect("a name and a tag");
            let number = tags.iter().position(|known| known == tag).unwrap_or_else(|| {
                tags.push(tag.to_owned());
                tags.len() - 1
            });
            text.push_str(&format!("{before}‹{name}:{number}›"));
            rest = behind;
        }
        text.push_str(&format!("{rest}\n"));
    }
    text
}

#[track_caller]
fn check(format: Format, source: &str, values: &[(&str, &str)], old: &str, expected: &str) {
    let lines = diff(&Source::new("in", source, format), values, old.as_bytes()).expect("a render");
    assert_eq!(numbered(&lines), expected);
}

#[test]
fn a_value_that_changed_has_two_tags_and_one_that_did_not_has_one() {
    check(
        Format::Yaml,
        "a: ${secret.x}\nb: \"${secret.x}-${secret.y}\" # c\nc: ${secret.x | base64}\n",
        &[("x", "NEW"), ("y", "Y")],
        "a: OLD\nb: \"OLD-Y\" # c\nc: T0xE\n",
        "@@ -1,3 +1,3 @@\n\
         -a: ‹x:0›\n-b: \"‹x:0›-‹y:1›\" # c\n-c: ‹x:2›\n\
         +a: ‹x:3›\n+b: \"‹x:3›-‹y:1›\" # c\n+c: ‹x:3›\n",
    );
    // With a `-` in a value there are two ways to cut, so nothing is said to be the same.
    check(
        Format::Yaml,
        "b: \"${secret.x}-${secret.y}\"\n",
        &[("x", "NEW-X"), ("y", "Y")],
        "b: \"OLD-X-Y\"\n",
        "@@ -1,1 +1,1 @@\n-b: \"‹x:0›-‹y:1›\"\n+b: \"‹x:2›-‹y:3›\"\n",
    );
    check(
        Format::Toml,
        "a = '{secret:x}'\nb = '{secret:y}'\n",
        &[("x", "it's"), ("y", "NEW")],
        "a = \"it's\"\nb = 'OLD'\n",
        "@@ -1,2 +1,2 @@\n a = '‹x:0›'\n-b = '‹y:1›'\n+b = '‹y:2›'\n",
    );
}

#[test]
fn a_value_of_several_lines_is_one_tag_however_many_it_has() {
    let source = "k: |\n  ${secret.x}\nl: 1\n";
    let expected = "@@ -1,3 +1,3 @@\n k: |\n-  ‹x:0›\n+  ‹x:1›\n l: 1\n";
    for old in ["k: |\n  O1\n  O2\nl: 1\n", "k: |\n  O1\n  O2\n\n  O3\n  O4\nl: 1\n", "k: |\n  O\nl: 1\n"] {
        check(Format::Yaml, source, &[("x", "N1\nN2")], old, expected);
    }
    check(
        Format::Yaml,
        source,
        &[("x", "N")],
        "k: |\n  O1\n  O2\nl: 2\n",
        "@@ -1,3 +1,3 @@\n k: |\n-  ‹x:0›\n-l: ‹…:1›\n+  ‹x:2›\n+l: 1\n",
    );
}

#[test]
fn what_is_not_in_the_source_is_a_tag() {
    check(
        Format::Dotenv,
        "# c\nA={secret:x}\nB=1\n",
        &[("x", "N")],
        "# other\n# comments\nA=N\nB=2\nC=3\n",
        "@@ -1,4 +1,3 @@\n-‹…:0›\n+# c\n A=‹x:1›\n-B=‹…:2›\n-‹…:3›\n+B=1\n",
    );
    check(
        Format::Text,
        "p {secret:x};\nq 1;",
        &[("x", "N")],
        "p N;\nq 1;\n",
        "@@ -1,2 +1,2 @@\n p ‹x:0›;\n-q 1;\n+q 1;\n\\ no line break at the end\n",
    );
    check(Format::Text, "a\n", &[], "a\r\n", "@@ -1,1 +1,1 @@\n-a\n\\ another line break\n+a\n");
    check(Format::Text, "a\u{1b}[31m\n", &[], "", "@@ -0,0 +1,1 @@\n+a\u{FFFD}[31m\n");
    let broken = diff(&Source::new("in", "a: 1\n", Format::Yaml), &[], b"\xff\0\n{[\n").expect("a render");
    assert_eq!(numbered(&broken), "@@ -1,1 +1,1 @@\n-‹…:0›\n+a: 1\n");
}

/// Numbers that follow from a seed: xorshift of 64 bits (Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// A value; it has no small letters and no digits, so a tag cannot look like a part of it.
    fn value(&mut self) -> String {
        const PARTS: &[&str] = &[
            "GH",
            "JKLM",
            "NPQRSTU",
            "VW",
            "XYZ",
            " ",
            "  ",
            "\n",
            "\n\n  ",
            "\n    ",
            ": ",
            " #",
            "'",
            "\"",
            "\\",
            "@",
            "/",
            "=",
            "{",
            "}",
            "%",
            "É",
            "\t",
            "-",
            "KEY: VALUE",
            "PORT=",
            "A: ",
        ];
        let length = self.below(12);
        (0..length).map(|_| self.one(PARTS)).collect()
    }

    /// A source with references, and its format.
    fn source(&mut self) -> Source {
        const YAML: &[&str] = &[
            "a: ${secret.x}\n",
            "b: '{secret:y}' # c\n",
            "u: \"p://u:${secret.x | urlencode}@h/${secret.z}\"\n",
            "k: |\n  first\n  ${secret.y}\n",
            "f: >-\n  ${secret.z}\n",
            "l: [\"${secret.x}\", '${secret.y}']\n",
            "# comment\n",
            "n: 1\n",
            "\n",
            "e: $ f'{secrets.x}!' + secrets.get('y', 'd')\n",
            "- ${secret.z}\n",
            "z: ${secret.z | default('d')}\n",
            "b64: ${secret.y | base64}\n",
        ];
        const TOML: &[&str] = &[
            "a = '{secret:x}'\n",
            "b = \"{secret:y}\" # c\n",
            "c = '''\n{secret:z}\n'''\n",
            "n = 1\n",
            "\n",
            "d = [\"${secret.x}\",\n '${secret.y}']\n",
            "# c\n",
        ];
        const DOTENV: &[&str] =
            &["A={secret:x}\n", "B='{secret:y}'\n", "export C=\"${secret.z}\"\n", "# c\n", "D=1\n"];
        const JSON: &[&str] = &["\"{secret:x}\",\n", "{\"k\": \"${secret.y} {secret:z}\"},\n", "1,\n"];
        const TEXT: &[&str] =
            &["p {secret:x};\n", "{secret:y}\n", "{secret:x}{secret:z}\r\n", "q 1;\n", "  ${secret.z}\n"];
        let (format, lines) = [
            (Format::Yaml, YAML),
            (Format::Toml, TOML),
            (Format::Dotenv, DOTENV),
            (Format::Json, JSON),
            (Format::Text, TEXT),
        ][self.below(5)];
        let count = 1 + self.below(8);
        let mut text: String = match format {
            // Two equal keys are an error, so each line stands once; lists and maps do not mix.
            Format::Yaml | Format::Toml => {
                let mut lines: Vec<&str> = lines.iter().copied().filter(|_| self.below(2) == 0).collect();
                lines.retain(|line| !line.starts_with("- ") || format != Format::Yaml);
                lines.concat()
            }
            _ => (0..count).map(|_| self.one(lines)).collect(),
        };
        if format == Format::Json {
            text = format!("[\n{text}0]\n");
        }
        Source::new("in", text, format)
    }
}

#[test]
fn no_part_of_a_value_is_shown_that_is_not_in_the_source() {
    let (mut shown, mut looked_at) = (0, 0);
    for seed in 1..=1500_u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let source = random.source();
        let other = random.source();
        let names = ["x", "y", "z"];
        let values: Vec<String> = (0..6).map(|_| random.value()).collect();
        let pairs = |from: usize| -> Vec<(&str, &str)> {
            names.iter().zip(&values[from..]).map(|(name, value)| (*name, value.as_str())).collect()
        };
        let old = old_output(&mut random, &source, &other, &pairs(3), &values);
        let Some(lines) = diff(&source, &pairs(0), &old) else { continue };
        shown += 1;
        let told: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        for value in &values {
            let starts: Vec<usize> = value.char_indices().map(|(at, _)| at).collect();
            for &start in &starts {
                let Some(end) = (start + 4..=value.len()).find(|end| value.is_char_boundary(*end)) else {
                    break;
                };
                let part = &value[start..end];
                looked_at += 1;
                let is_told = told.iter().any(|line| line.contains(part));
                assert!(
                    !is_told || source.text().contains(part),
                    "seed {seed}: a value is shown:\n{told:#?}"
                );
            }
        }
    }
    assert!(shown > 600 && looked_at > 20_000, "only {shown} diffs and {looked_at} parts of values");
}

/// What stood in the output's place: an older render, one of another source, one changed by hand, or anything.
fn old_output(
    random: &mut Random,
    source: &Source,
    other: &Source,
    values: &[(&str, &str)],
    all: &[String],
) -> Vec<u8> {
    let answers: Answers =
        values.iter().map(|(name, value)| (Name::split(name), Secret::from(*value))).collect();
    let rendered = |source: &Source| {
        let found = scan(source, &Dialects::default());
        let outcome = render(source, &found, &answers, &Encoding::default());
        outcome.rendered.map_or_else(
            // Where values do not fit, they stand there as they are.
            || {
                values.iter().fold(source.text().to_owned(), |text, (name, value)| {
                    text.replace(&format!("{{secret:{name}}}"), value)
                        .replace(&format!("${{secret.{name}}}"), value)
                })
            },
            |rendered| rendered.text().to_owned(),
        )
    };
    let mut text = match random.below(4) {
        0 => rendered(other),
        1 => all.concat(),
        _ => rendered(source),
    };
    for _ in 0..random.below(3) {
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let at = random.below(lines.len());
        match random.below(3) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, all[random.below(all.len())].clone()),
            _ => lines[at].push_str(&all[random.below(all.len())]),
        }
        text = lines.join("\n");
    }
    text.into_bytes()
}
