//! Config files that are the same for the same seed: a tree, one large file, one small file.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// How many distinct secrets the references name.
const SECRETS: u64 = 50;

/// How references are written: for each program as its users would.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    Redeem,
    Gomplate,
    Minijinja,
    Envsubst,
    Vals,
}

/// What a tree holds.
pub(crate) struct Tree {
    pub(crate) folders: usize,
    pub(crate) bytes: u64,
    pub(crate) references: u64,
}

impl Spelling {
    fn reference(self, number: u64) -> String {
        match self {
            Self::Redeem => format!("{{secret:key-{number}}}"),
            Self::Gomplate => format!("{{{{ getenv \"KEY_{number}\" }}}}"),
            Self::Minijinja => format!("{{{{ ENV.KEY_{number} }}}}"),
            Self::Envsubst => format!("${{KEY_{number}}}"),
            Self::Vals => format!("ref+envsubst://$KEY_{number}"),
        }
    }
}

/// Writes `files` files below `root`, about 10 kB each, unless they are there already.
///
/// One in three holds no reference; the others hold one to eight. Half are YAML, the rest TOML, JSON,
/// dotenv and plain text.
pub(crate) fn build(root: &Path, files: usize, spelling: Spelling) -> Tree {
    // Five files share a folder.
    let folders = files.div_ceil(5);
    let mut random = Random(1);
    let mut tree = Tree { folders, bytes: 0, references: 0 };
    let done = root.join(".complete");
    let is_there = done.exists();
    for number in 0..files {
        let (extension, text, references) = file(&mut random, number, spelling);
        tree.bytes += text.len() as u64;
        tree.references += references;
        if !is_there {
            let app = number % folders;
            let folder = root.join(format!("team-{}/app-{app}", app % 97));
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(format!("config-{number}.{extension}")), text).expect("a file");
        }
    }
    if !is_there {
        fs::write(done, "").expect("a mark");
    }
    tree
}

/// Writes one YAML file of `blocks` kB with one reference in each kB, unless it is there already.
pub(crate) fn build_large(path: &Path, blocks: usize, spelling: Spelling) {
    if path.exists() {
        return;
    }
    let draft = path.with_extension("draft");
    let mut random = Random(2);
    let mut out = BufWriter::new(File::create(&draft).expect("a file"));
    for number in 0..blocks {
        let mut block = format!("service-{number}:\n");
        let password = spelling.reference(random.below(SECRETS));
        // Writing to a string does not fail.
        let _ = write!(block, "  enabled: true\n  password: \"pre {password}\"\n  rules:\n");
        while block.len() < 1000 {
            let (one, two) = (random.word(), random.word());
            let _ = writeln!(block, "    - name: {one}\n      text: 'value of {one} and {two}' # {two}");
        }
        out.write_all(block.as_bytes()).expect("a file");
    }
    out.flush().expect("a file");
    fs::rename(draft, path).expect("a file");
}

/// Writes one YAML file of about 10 kB with ten references.
pub(crate) fn build_small(path: &Path, spelling: Spelling) {
    build_large(path, 10, spelling);
}

/// The environment that holds every secret of a tree.
pub(crate) fn secrets() -> impl Iterator<Item = (String, String)> {
    (0..SECRETS).map(|number| (format!("KEY_{number}"), format!("v4lue: {number} #{number} \u{e9}")))
}

fn file(random: &mut Random, number: usize, spelling: Spelling) -> (&'static str, String, u64) {
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
            format!("prefix-{}", spelling.reference(random.below(SECRETS)))
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
            "env" => writeln!(text, "{}='{value}'", key.to_uppercase()),
            _ => writeln!(text, "set {key} {value};"),
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
