//! Reads, writes and changes SOPS files in thousands; `sops` itself judges the files and makes others for it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use rayon::prelude::*;
use redeem_host::identity::{Identities, Recipient};
use redeem_host::sops::{File, Rule, Selection, SopsError, Store, Tree, create};

use crate::chance::Chance;
use crate::expected::Expected;

mod chance;
mod change;
mod expected;
mod grow;

const USAGE: &str = "\
sops_trees show FILE                      its values as they stand there
sops_trees read KEYS FOLDER               every file opens, its MAC fits, and it holds what is expected
sops_trees write SEED COUNT KEYS FOLDER   new files, with FILE.expected.json beside each
sops_trees change SEED KEYS FROM TO       every file of FROM, edited or with new keys, and what is expected";

/// The identities that open the files, and recipients of which the first three are theirs.
struct Keys {
    identities: Identities,
    recipients: Vec<Recipient>,
}

impl Keys {
    fn read(folder: &str) -> Self {
        let text = |name| fs::read_to_string(Path::new(folder).join(name)).unwrap();
        let recipients = text("recipients.txt");
        Self {
            identities: Identities::from_text("identities.txt", &text("identities.txt")).unwrap(),
            recipients: recipients.lines().map(|line| Recipient::parse(line).unwrap()).collect(),
        }
    }

    /// One to three of them in any order, at least one of which can open the file.
    fn some(&self, chance: &mut Chance) -> Vec<Recipient> {
        let mut some = vec![self.recipients[chance.below(3)].clone()];
        while chance.below(2) == 0 && some.len() < 3 {
            let next = chance.pick(&self.recipients);
            if !some.contains(next) {
                some.insert(chance.below(2), next.clone());
            }
        }
        some
    }
}

/// An edit that was not made, since its result would not have said what it should.
const REFUSED: &str = "not edited, and told so";
/// A file whose values are as they should be, and a comment of it is found in another map or list than `sops` finds it.
const ELSEWHERE: &str = "read, with a comment elsewhere";

/// Whether a file was as it should be; nothing for one that is not asked about.
type Outcome = Result<Option<&'static str>, String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcomes: Vec<(String, Outcome)> = match words[..] {
        ["show", file] => {
            let file = open(Path::new(file)).unwrap();
            for leaf in file.leaves() {
                println!("{}:{} {:?}", leaf.document, leaf.path, leaf.stored);
            }
            return ExitCode::SUCCESS;
        }
        ["read", keys, folder] => {
            let keys = Keys::read(keys);
            each(folder, |file| read(&keys, file))
        }
        ["write", seed, count, keys, folder] => {
            let (seed, count): (u64, u64) = (seed.parse().unwrap(), count.parse().unwrap());
            let keys = Keys::read(keys);
            (0..count)
                .into_par_iter()
                .map(|number| {
                    let file = Path::new(folder).join(format!("{number:05}{}", ending(number)));
                    (file.display().to_string(), write(seed, number, &keys, &file))
                })
                .collect()
        }
        ["change", seed, keys, from, to] => {
            let (seed, keys): (u64, _) = (seed.parse().unwrap(), Keys::read(keys));
            each(from, |file| {
                change::change(seed, &keys, file, &Path::new(to).join(file.file_name().unwrap()))
            })
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    report(&outcomes)
}

/// Prints how many files came to which end, and what went wrong with the others.
fn report(outcomes: &[(String, Outcome)]) -> ExitCode {
    let mut ends: Vec<(&str, usize)> = Vec::new();
    let mut bad = 0;
    for (file, outcome) in outcomes {
        if let (Ok(Some(end)), true) = (outcome, std::env::var_os("SOPS_TREES_ODD").is_some())
            && [REFUSED, ELSEWHERE].contains(end)
        {
            eprintln!("{file}: {end}");
        }
        match outcome {
            Ok(end) => {
                let end = end.unwrap_or("left alone");
                match ends.iter_mut().find(|(name, _)| *name == end) {
                    Some((_, count)) => *count += 1,
                    None => ends.push((end, 1)),
                }
            }
            Err(error) => {
                eprintln!("{file}: {error}");
                bad += 1;
            }
        }
    }
    ends.sort_unstable();
    // Both are known and rare; a hundredth of the files would be neither.
    let odd: usize =
        ends.iter().filter(|(end, _)| [REFUSED, ELSEWHERE].contains(end)).map(|(_, count)| count).sum();
    let is_rare = odd * 100 <= outcomes.len();
    let ends: Vec<_> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
    println!("{}, {bad} failed", ends.join(", "));
    if bad == 0 && is_rare { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn each(folder: &str, ask: impl Fn(&Path) -> Outcome + Sync) -> Vec<(String, Outcome)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|file| expected::path_of(file).exists()).collect();
    files.sort();
    files.par_iter().map(|file| (file.display().to_string(), ask(file))).collect()
}

fn open(file: &Path) -> Result<File, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let name = file.file_name().unwrap().to_string_lossy();
    File::parse(&name, text, Store::of_file_name(&name)).map_err(|error| error.to_string())
}

fn read(keys: &Keys, file: &Path) -> Outcome {
    let (expected, parsed) = (Expected::read(file), open(file)?);
    let key = parsed.data_key(&keys.identities).map_err(|error| error.to_string())?;
    parsed.verify(&key).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for leaf in parsed.leaves() {
        found.push(expected::Leaf::open(&parsed, &key, leaf).map_err(|error| error.to_string())?);
    }
    expected.compare_values(&found)?;
    let tree = parsed.tree(&key).map_err(|error| error.to_string())?;
    expected.compare_metadata(&parsed)?;
    Ok(Some(if expected.compare(&expected::leaves_of(&tree)).is_ok() { "read" } else { ELSEWHERE }))
}

/// Every store that is written; YAML has the most ways to say something.
fn ending(number: u64) -> &'static str {
    [".yaml", ".yaml", ".yaml", ".json", ".json", ".env", ".bin"][usize::try_from(number % 7).unwrap()]
}

fn write(seed: u64, number: u64, keys: &Keys, file: &Path) -> Outcome {
    let mut chance = Chance::new(seed, number);
    let store = Store::of_file_name(&file.to_string_lossy());
    let rule = rules()[usize::try_from(number / 7 % 7).unwrap()].clone();
    let selection =
        Selection::new("new", rule.clone()).unwrap().with_mac_only_encrypted(chance.below(3) == 0);
    let tree = grow::tree(&mut chance, store, &selection);
    let recipients = keys.some(&mut chance);
    let text = match create(store, &tree, &selection, &recipients, Timestamp::now()) {
        Ok(text) => text,
        // What `sops` could not open is not written.
        Err(SopsError::Unwritable { message, .. }) => return Ok(Some(message)),
        Err(error) => return Err(error.to_string()),
    };
    fs::write(file, text).map_err(|error| error.to_string())?;
    expected_of(&tree, &rule, selection.mac_only_encrypted(), &recipients).write(file);
    Ok(Some("written"))
}

fn expected_of(tree: &Tree, rule: &Rule, mac_only_encrypted: bool, recipients: &[Recipient]) -> Expected {
    let leaves = expected::leaves_of(tree);
    Expected {
        selector: (rule.field().to_owned(), rule.pattern().to_owned()),
        mac_only_encrypted,
        recipients: recipients.iter().map(ToString::to_string).collect(),
        comments: "in order".to_owned(),
        emits: !leaves.iter().any(expected::Leaf::is_merge),
        leaves,
    }
}

/// The six selectors, and the default.
fn rules() -> [Rule; 7] {
    [
        Rule::default(),
        Rule::UnencryptedSuffix("_clear".into()),
        Rule::EncryptedSuffix("_secret".into()),
        Rule::UnencryptedRegex("^(note|pub)".into()),
        Rule::EncryptedRegex("^(data|password|список)$|_secret$".into()),
        Rule::UnencryptedCommentRegex("sops:clear".into()),
        Rule::EncryptedCommentRegex(r"sops:\s*enc".into()),
    ]
}
