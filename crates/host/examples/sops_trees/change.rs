//! Files of either side, edited or under new keys.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use redeem_host::identity::DataKey;
use redeem_host::sops::{self, Change, File, Plain, SopsError, Step, Store};

use crate::chance::Chance;
use crate::expected::{At, Expected, Leaf};
use crate::{Keys, Outcome, REFUSED, grow, open};

/// Changes one file, and what is expected of it.
pub(crate) fn change(seed: u64, keys: &Keys, from: &Path, to: &Path) -> Outcome {
    let name = from.file_name().unwrap().to_string_lossy();
    if Store::of_file_name(&name) == Store::Ini {
        return Ok(None);
    }
    let number = name.bytes().fold(0_u64, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
    let mut chance = Chance::new(seed, number);
    let mut expected = Expected::read(from);
    let file = open(from)?;
    let key = file.data_key(&keys.identities).map_err(|error| error.to_string())?;
    let changed = match chance.below(4) {
        0 => rekeyed(&mut chance, keys, &file, &key, &mut expected).map(|text| (text, "with a new key")),
        1 => {
            let more = keys.some(&mut chance);
            for recipient in &more {
                if !expected.recipients.contains(&recipient.to_string()) {
                    expected.recipients.push(recipient.to_string());
                }
            }
            file.add_recipients(&key, &more).map(|text| (text, "with more recipients"))
        }
        2 => edited(&mut chance, &file, &key, &mut expected).and_then(|text| {
            let file = File::parse(&name, text, file.store())?;
            rekeyed(&mut chance, keys, &file, &key, &mut expected)
                .map(|text| (text, "edited, then with a new key"))
        }),
        _ => edited(&mut chance, &file, &key, &mut expected).map(|text| (text, "edited")),
    };
    expected.emits = false;
    match changed {
        Ok((text, end)) => {
            fs::write(to, text).map_err(|error| error.to_string())?;
            expected.write(to);
            Ok(Some(end))
        }
        // What an edit by span cannot write is told, and not counted as agreement.
        Err(SopsError::Change { message, .. }) => {
            Ok(Some(if message.contains("write") || message.contains("hold") { "refused" } else { message }))
        }
        Err(SopsError::Proof { .. }) => Ok(Some(REFUSED)),
        Err(error) => Err(error.to_string()),
    }
}

fn rekeyed(
    chance: &mut Chance,
    keys: &Keys,
    file: &File,
    old: &DataKey,
    expected: &mut Expected,
) -> Result<String, SopsError> {
    let recipients = keys.some(chance);
    expected.recipients = recipients.iter().map(ToString::to_string).collect();
    let new = DataKey::random().map_err(|_| SopsError::Random)?;
    file.rekey(old, &new, &recipients, Timestamp::now())
}

fn edited(
    chance: &mut Chance,
    file: &File,
    key: &DataKey,
    expected: &mut Expected,
) -> Result<String, SopsError> {
    let mut model = Model { leaves: expected.leaves.clone(), is_ordered: true };
    let mut changes = Vec::new();
    for round in 0..=chance.below(4) {
        changes.extend(model.change(chance, file, round));
    }
    expected.leaves = model.leaves;
    let comments = if model.is_ordered && expected.comments != "none" { "apart" } else { "none" };
    comments.clone_into(&mut expected.comments);
    file.edit(key, &changes, Timestamp::now()).inspect_err(|_| {
        // These values are made up: a reproducer may show them.
        let shown =
            |plain: &Plain| format!("{} {:?}", plain.r#type.name(), String::from_utf8_lossy(&plain.bytes));
        let changes = changes.iter().map(|change| match change {
            Change::Set(path, plain) => format!("set {path} to {}", shown(plain)),
            Change::Null(path) => format!("null {path}"),
            Change::Remove(path) => format!("remove {path}"),
        });
        eprintln!("{}", changes.collect::<Vec<_>>().join("; "));
    })
}

/// What a file should hold after the changes so far.
struct Model {
    leaves: Vec<Leaf>,
    /// Whether all comments are still there.
    is_ordered: bool,
}

impl Model {
    fn change(&mut self, chance: &mut Chance, file: &File, round: usize) -> Option<Change> {
        let at = chance.below(self.leaves.len().max(1));
        let leaf = self.leaves.get(at)?.clone();
        // With several documents a path means the first that has it.
        if leaf.r#type == "comment"
            || self.leaves.iter().position(|other| other.path == leaf.path) != Some(at)
        {
            return None;
        }
        let is_flat = matches!(file.store(), Store::Dotenv | Store::Binary);
        match chance.below(6) {
            0 if leaf.is_value() && !is_flat => {
                "null".clone_into(&mut self.leaves[at].r#type);
                self.leaves[at].bytes = None;
                Some(Change::Null(path(&leaf.path)))
            }
            1 if file.store() != Store::Binary && self.siblings(&leaf) > 1 => {
                self.remove(at);
                Some(Change::Remove(path(&leaf.path)))
            }
            2 | 3 if file.store() != Store::Binary && leaf.document == 0 => {
                self.insert(chance, file, &leaf, round)
            }
            _ if leaf.is_value() => {
                let is_clear = !file.leaf(&path(&leaf.path)).is_some_and(|leaf| leaf.is_selected);
                let value = grow::plain(chance, file.store(), is_clear);
                self.set(at, &value);
                Some(Change::Set(path(&leaf.path), value))
            }
            _ => None,
        }
    }

    fn set(&mut self, at: usize, value: &Plain) {
        value.r#type.name().clone_into(&mut self.leaves[at].r#type);
        self.leaves[at].bytes = Some(BASE64_STANDARD.encode(&value.bytes));
    }

    /// How many entries the container of a leaf has.
    fn siblings(&self, leaf: &Leaf) -> usize {
        let depth = leaf.path.len();
        let mut seen: Vec<&At> = Vec::new();
        for other in self.leaves.iter().filter(|other| other.document == leaf.document) {
            if other.path.len() >= depth
                && other.path[..depth - 1] == leaf.path[..depth - 1]
                && !(other.r#type == "comment" && other.path.len() == depth)
                && !seen.contains(&&other.path[depth - 1])
            {
                seen.push(&other.path[depth - 1]);
            }
        }
        seen.len()
    }

    fn remove(&mut self, at: usize) {
        let leaf = self.leaves.remove(at);
        self.is_ordered = false;
        let depth = leaf.path.len() - 1;
        if let At::Index(gone) = leaf.path[depth] {
            for other in &mut self.leaves {
                if other.document == leaf.document
                    && other.path.len() > depth
                    && other.path[..depth] == leaf.path[..depth]
                    && let At::Index(index) = &mut other.path[depth]
                    && *index > gone
                {
                    *index -= 1;
                }
            }
        }
    }

    /// A new key beside a leaf, in an empty map, or in maps that are not there yet.
    fn insert(&mut self, chance: &mut Chance, file: &File, leaf: &Leaf, round: usize) -> Option<Change> {
        let parent = if leaf.r#type == "map" { &leaf.path[..] } else { &leaf.path[..leaf.path.len() - 1] };
        if leaf.r#type != "map" && matches!(leaf.path.last(), Some(At::Index(_))) {
            return None;
        }
        let mut new = parent.to_vec();
        new.push(At::Key(format!("{}new{round}", chance.pick(&["", "note_", "data_", "with space "]))));
        if !matches!(file.store(), Store::Dotenv) && chance.below(4) == 0 {
            new.push(At::Key("inner".to_owned()));
            // A comment before it may count as one of the new map.
            self.is_ordered = false;
        }
        if file.store() == Store::Dotenv && parent.is_empty() {
            new.truncate(1);
        }
        let value = grow::plain(chance, file.store(), true);
        let last = self.leaves.iter().rposition(|other| {
            other.document == 0
                && other.path.starts_with(parent)
                && (parent.is_empty() || other.path.len() >= parent.len())
        })?;
        self.leaves.insert(
            last + 1,
            Leaf { document: 0, path: new.clone(), r#type: String::new(), bytes: None, unopened: false },
        );
        self.set(last + 1, &value);
        if leaf.r#type == "map" {
            // It may hold a comment that `sops` did not see.
            self.is_ordered = false;
            self.leaves
                .retain(|other| !(other.document == 0 && other.r#type == "map" && other.path == leaf.path));
        }
        Some(Change::Set(path(&new), value))
    }
}

fn path(steps: &[At]) -> sops::Path {
    sops::Path(steps.iter().map(At::step).collect::<Vec<Step>>())
}
