//! Writes generated SOPS files for others to open, and opens what others wrote: one half of `tests/interop/sops`.
//!
//! `write` makes encrypted files with `.plain` beside each, what `sops --decrypt` must print. `plain` makes files for
//! `sops` to encrypt, with its options in `.options`. `read` opens files and compares with `.plain`. `edit` changes
//! files in place, and their `.plain`.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path as FilePath;
use std::process::ExitCode;

use jiff::Timestamp;
use redeem_host::identity::{Identities, Recipient};
use redeem_host::sops::{self, Change, File, Item, Path, Plain, SopsError, Store, Tree, Type, Value};

mod generator;

use generator::{Case, Random};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["write", folder, seed, count, recipients @ ..] => write(folder, seed, count, recipients),
        ["plain", folder, seed, count] => plain(folder, seed, count),
        ["read", folder] => each(folder, read),
        ["compare", folder] => each(folder, compare),
        ["edit", folder] => each(folder, edit),
        _ => Err("usage: sops_trees write FOLDER SEED COUNT RECIPIENT… | plain FOLDER SEED COUNT | read FOLDER | compare FOLDER | edit FOLDER".into()),
    };
    match done {
        Ok(said) => {
            let _ = writeln!(io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<String, Box<dyn Error>>;

/// A case that can be written: `sops` itself cannot open some.
fn cases(seed: &str, count: &str, most_recipients: usize) -> Result<Vec<Case>, Box<dyn Error>> {
    let (seed, count): (u64, u64) = (seed.parse()?, count.parse()?);
    Ok((0..count).map(|index| Case::new(seed * 1_000_003 + index, most_recipients)).collect())
}

fn write(folder: &str, seed: &str, count: &str, recipients: &[&str]) -> Done {
    let recipients = recipients.iter().map(|text| Recipient::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let (mut written, mut refused) = (0, 0);
    for (index, case) in cases(seed, count, recipients.len())?.into_iter().enumerate() {
        let to = &recipients[..case.recipients];
        match sops::create(case.store, &case.tree, &case.selection, to, Timestamp::now()) {
            Ok(text) => {
                let file = FilePath::new(folder).join(format!("{index}.{}", case.ending()));
                fs::write(&file, text)?;
                fs::write(beside(&file, "plain"), sops::emit_plain(case.store, &case.tree)?)?;
                written += 1;
            }
            Err(SopsError::Unwritable { .. } | SopsError::Proof { .. }) => refused += 1,
            Err(error) => return Err(format!("case {index}: {error}").into()),
        }
    }
    Ok(format!("{written} files written, {refused} trees refused because the store cannot hold them"))
}

fn plain(folder: &str, seed: &str, count: &str) -> Done {
    let mut written = 0;
    for (index, case) in cases(seed, count, 1)?.into_iter().enumerate() {
        let Ok(text) = sops::emit_plain(case.store, &case.tree) else { continue };
        let file = FilePath::new(folder).join(format!("{index}.{}", case.ending()));
        fs::write(&file, text)?;
        let rule = case.selection.rule();
        let mac = if case.selection.mac_only_encrypted() { "\nmac_only_encrypted" } else { "" };
        fs::write(beside(&file, "options"), format!("{}\n{}{mac}\n", rule.field(), rule.pattern()))?;
        written += 1;
    }
    Ok(format!("{written} plain files written"))
}

/// Calls `work` with every SOPS file of a folder that has a `.plain` beside it.
fn each(folder: &str, work: fn(&FilePath, &Identities) -> Done) -> Done {
    let identities = Identities::of_environment();
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !["yaml", "json", "env", "ini", "bin"].contains(&ending) {
            continue;
        }
        count += 1;
        match work(&path, &identities) {
            Ok(said) if said.is_empty() => {}
            Ok(said) => wrong.push(format!("{}: {said}", path.display())),
            Err(error) => wrong.push(format!("{}: {error}", path.display())),
        }
    }
    if wrong.is_empty() { Ok(format!("{count} files")) } else { Err(wrong.join("\n").into()) }
}

fn opened(path: &FilePath) -> Result<File, Box<dyn Error>> {
    let name = path.display().to_string();
    Ok(File::parse(&name, fs::read_to_string(path)?, Store::of_file_name(&name))?)
}

fn read(path: &FilePath, identities: &Identities) -> Done {
    let file = opened(path)?;
    let key = file.data_key(identities)?;
    file.verify(&key)?;
    let printed = sops::emit_plain(file.store(), &file.tree(&key)?)?;
    same(file.store(), &printed, &fs::read(beside(path, "plain"))?)
}

/// Compares what `sops --decrypt` printed, in `.printed`, with what it must.
fn compare(path: &FilePath, _: &Identities) -> Done {
    let store = Store::of_file_name(&path.display().to_string());
    same(store, &fs::read(beside(path, "printed"))?, &fs::read(beside(path, "plain"))?)
}

/// The same bytes; or the same tree but for what `sops` forgets: that a comment stood behind a value.
fn same(store: Store, one: &[u8], other: &[u8]) -> Done {
    if one == other {
        return Ok(String::new());
    }
    if store != Store::Yaml {
        return Ok("other bytes".to_owned());
    }
    let tree = |text: &[u8]| -> Result<Tree, Box<dyn Error>> {
        let mut tree = Tree::parse_plain("tree", std::str::from_utf8(text)?, store)?;
        tree.documents.iter_mut().for_each(|items| on_own_lines(items));
        Ok(tree)
    };
    Ok(if tree(one)? == tree(other)? { String::new() } else { "another tree".to_owned() })
}

fn on_own_lines(items: &mut [Item]) {
    for item in items {
        match item {
            Item::Comment { is_inline, .. } => *is_inline = false,
            Item::Entry { value: Value::Map(items) | Value::List(items), .. }
            | Item::Element(Value::Map(items) | Value::List(items)) => on_own_lines(items),
            _ => {}
        }
    }
}

/// Sets some values, adds one, takes one away, and writes what `sops --decrypt` must print now.
fn edit(path: &FilePath, identities: &Identities) -> Done {
    let file = opened(path)?;
    let key = file.data_key(identities)?;
    let mut random = Random(u64::try_from(fs::metadata(path)?.len())?);
    let mut tree = file.tree(&key)?;
    let mut changes = Vec::new();
    let documents = tree.documents.len();
    if file.store() == Store::Binary {
        let new = Plain::new(Type::Str, *b"another\xFFtext");
        if let Some(Item::Entry { value, .. }) = tree.documents[0].first_mut() {
            *value = Value::Leaf(new.clone());
        }
        changes.push(Change::Set(Path::key("data"), new));
    } else {
        for item in &mut tree.documents[0] {
            if let Item::Entry { key, value: value @ Value::Leaf(_) } = item
                && random.one_in(2)
            {
                let new = Plain::str(format!("changed {}", random.next()));
                changes.push(Change::Set(Path::key(key.clone()), new.clone()));
                *value = Value::Leaf(new);
            }
        }
        let new = Plain::str("added");
        changes.push(Change::Set(Path::key("ADDED_KEY"), new.clone()));
        let last = tree.documents[0].iter().rposition(|item| matches!(item, Item::Entry { .. }));
        let entry = Item::Entry { key: "ADDED_KEY".to_owned(), value: Value::Leaf(new) };
        tree.documents[0].insert(last.map_or(0, |last| last + 1), entry);
    }
    let text = file.edit(&key, &changes, Timestamp::now())?;
    fs::write(path, text)?;
    if documents == 1 {
        fs::write(beside(path, "plain"), sops::emit_plain(file.store(), &tree)?)?;
        return Ok(String::new());
    }
    // A key of a later document may be one of the first's.
    fs::write(beside(path, "plain"), sops::emit_plain(file.store(), &opened(path)?.tree(&key)?)?)?;
    Ok(String::new())
}

fn beside(path: &FilePath, ending: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
