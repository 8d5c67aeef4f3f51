//! A tree of config files that is the same for the same seed.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// How many distinct secrets the tree's references name.
const SECRETS: u64 = 50;

/// What a tree holds.
pub(crate) struct Tree {
    pub(crate) folders: usize,
    pub(crate) bytes: u64,
    pub(crate) references: u64,
}

/// Writes `files` files below `root`, about 10 kB each, unless they are there already.
///
/// One in three holds no reference; the others hold one to eight. Half are YAML, the rest TOML, JSON,
/// dotenv and plain text.
pub(crate) fn build(root: &Path, files: usize, seed: u64) -> Tree {
    let mut random = Random(seed);
    let done = root.join(".complete");
    let is_there = done.exists();
    let mut tree = Tree { folders: 0, bytes: 0, references: 0 };
    for number in 0..files {
        let folder = root.join(format!("team-{}/app-{}", number % 97, number % 4200));
        if number < 4200 {
            tree.folders += 1;
        }
        let (extension, text, references) = file(&mut random, number);
        tree.bytes += text.len() as u64;
        tree.references += references;
        if !is_there {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(format!("config-{number}.{extension}")), text).expect("a file");
        }
    }
    if !is_there {
        fs::write(done, "").expect("a mark");
    }
    tree
}

/// The environment that holds every secret of a tree.
pub(crate) fn secrets() -> impl Iterator<Item = (String, String)> {
    (0..SECRETS).map(|number| (format!("KEY_{number}"), format!("v4lue: {number} \"quoted\" #{number}")))
}

fn file(random: &mut Random, number: usize) -> (&'static str, String, u64) {
    let references = if number.is_multiple_of(3) { 0 } else { 1 + random.below(8) };
    let lines = 180 + random.below(60);
    let mut text = String::new();
    let mut written = 0;
    let extension = ["yaml", "toml", "yaml", "json", "yaml", "env", "yaml", "conf"][number % 8];
    if extension == "json" {
        text.push_str("{\n");
    }
    for line in 0..lines {
        let is_reference = written < references && random.below(lines) < references + 2;
        written += u64::from(is_reference);
        let value = if is_reference {
            format!("prefix-{{secret:key-{}}}", random.below(SECRETS))
        } else {
            format!("value of {} and {}", random.word(), random.word())
        };
        let key = format!("{}_{line}", random.word());
        // Writing to a string does not fail.
        let _ = match extension {
            "yaml" if line % 7 == 0 => {
                writeln!(text, "# about {key}\n{key}:\n  - name: {}\n    text: '{value}'", random.word())
            }
            "yaml" => writeln!(text, "{key}: \"{value}\"   # {}", random.word()),
            "toml" => writeln!(text, "{key} = \"{value}\""),
            "json" => writeln!(text, "  \"{key}\": \"{value}\","),
            "env" => writeln!(text, "{}='{}'", key.to_uppercase(), value.replace('"', "")),
            _ => writeln!(
                text,
                "set {key} {};",
                value.replace("prefix-{secret", "{{secret").replace('}', "}}").replace("}}}}", "}}")
            ),
        };
    }
    if extension == "json" {
        text.push_str("  \"end\": true\n}\n");
    }
    (extension, text, written)
}

/// Xorshift: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn word(&mut self) -> &'static str {
        const WORDS: &[&str] = &[
            "replicas",
            "endpoint",
            "timeout",
            "region",
            "bucket",
            "database",
            "username",
            "interval",
            "cluster",
            "service",
            "namespace",
            "threshold",
            "connection",
            "retries",
            "template",
            "certificate",
        ];
        WORDS[usize::try_from(self.below(WORDS.len() as u64)).unwrap_or(0)]
    }
}
