//! SOPS files under ten thousand edits, under every flipped bit, and under mutations that leave no file at all.

use std::collections::HashMap;

use jiff::Timestamp;
use redeem_host::identity::DataKey;
use redeem_host::sops::{
    Change, File, Item, Path, Plain, Rule, Selection, Stanza, Step, Store, Stored, Tree, Value,
    create_with_key,
};

/// `SplitMix64`: the same edits each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("small")
    }
}

fn key() -> DataKey {
    DataKey::new([7; 32].into())
}

fn stanza() -> Stanza {
    let enc = "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n";
    Stanza { recipient: "age1someone".to_owned(), enc: enc.to_owned() }
}

fn second(number: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + number).expect("in range")
}

fn tree(store: Store) -> Tree {
    let entry = |key: &str, value: Value| Item::Entry { key: key.to_owned(), value };
    let comment = |text: &str, is_inline| Item::Comment { text: text.to_owned(), is_inline };
    let mut items = vec![
        comment(" the first", false),
        entry("password", "hunter2".into()),
        entry("host_unencrypted", "db.example".into()),
        entry("empty", "".into()),
    ];
    if store != Store::Dotenv {
        items.extend([
            comment(" a port", true),
            entry("port", Plain::int(5432).into()),
            entry(
                "db",
                Value::Map(vec![
                    entry("user", "ada".into()),
                    entry("tls", Plain::bool(true).into()),
                    entry(
                        "hosts",
                        Value::List(vec![Item::Element("one".into()), Item::Element("two".into())]),
                    ),
                ]),
            ),
            entry("nothing", Value::Null),
        ]);
    }
    Tree { documents: vec![items] }
}

fn file(store: Store, rule: Rule) -> File {
    let selection = Selection::new("test", rule).expect("a valid rule");
    let text = create_with_key(store, &tree(store), &selection, &key(), &[stanza()], second(0))
        .expect("it is written");
    File::parse("test", text, store).expect("it is read")
}

/// What an edit may do besides its own line: the file's time and MAC.
fn is_stamp(line: &str) -> bool {
    line.contains("lastmodified") || line.contains("mac")
}

#[test]
fn ten_thousand_edits_keep_what_they_do_not_change_and_never_use_an_iv_twice() {
    let key = key();
    let mut ivs: HashMap<Vec<u8>, (Path, Plain)> = HashMap::new();
    for (store, edits) in [(Store::Yaml, 5_000), (Store::Json, 3_000), (Store::Dotenv, 2_000)] {
        let mut random = Random(store as u64);
        let mut file = file(store, Rule::default());
        for number in 1..=edits {
            let leaves = file.leaves().len();
            let leaf = &file.leaves()[random.below(leaves)];
            let plain = Plain::str(
                ["a", "", "b c", "x: y", "déjà", "'\"\\"][random.below(6)].to_owned()
                    + &"z".repeat(random.below(3)),
            );
            let change = match random.below(if leaves > 30 { 6 } else { 4 }) {
                0 => Change::Set(Path::key(format!("key{}", random.below(40))), plain),
                1 if store != Store::Dotenv => {
                    Change::Set(Path::key("db").then(format!("key{}", random.below(9))).then("inner"), plain)
                }
                4 | 5 => Change::Remove(leaf.path.clone()),
                _ if leaf.stored == Stored::Null => Change::Null(leaf.path.clone()),
                _ => Change::Set(leaf.path.clone(), plain),
            };
            let text = match file.edit(&key, std::slice::from_ref(&change), second(number)) {
                Ok(text) => text,
                Err(error) => panic!("{store:?} {number} {change:?}: {error}\n{}", file.text()),
            };
            let next = File::parse("test", text, store).expect("it is read");
            next.verify(&key).expect("it verifies");
            if let Change::Set(path, plain) = &change {
                let leaf = next.leaf(path).expect("it is there");
                assert_eq!(next.open(&key, leaf).expect("it opens"), *plain);
                lines_stay(&file, &next, path);
            }
            for leaf in next.leaves() {
                if let Stored::Sealed(sealed) = &leaf.stored {
                    // An element moves up where the one before it is taken away.
                    let mut keys = leaf.path.clone();
                    keys.0.retain(|step| matches!(step, Step::Key(_)));
                    let said = (keys, next.open(&key, leaf).expect("it opens"));
                    let known = ivs.entry(sealed.iv().to_vec()).or_insert_with(|| said.clone());
                    assert!(*known == said, "an IV of {} is used again", leaf.path);
                }
            }
            file = next;
        }
    }
}

/// Every line but that of `path`, and those of the stamp, is the same.
fn lines_stay(before: &File, after: &File, path: &Path) {
    if before.leaf(path).is_none() {
        return;
    }
    let (old, new): (Vec<_>, Vec<_>) = (before.text().lines().collect(), after.text().lines().collect());
    assert_eq!(old.len(), new.len());
    let at = after.leaf(path).expect("it is there").span.start;
    let own = after.text()[..at].lines().count() - 1;
    for (number, (old, new)) in old.iter().zip(&new).enumerate() {
        assert!(old == new || number == own || is_stamp(new), "line {number} of {path}:\n{old}\n{new}");
    }
}

#[test]
fn every_flipped_bit_is_found_or_harmless() {
    for store in [Store::Yaml, Store::Json, Store::Dotenv] {
        // Without clear values there is nothing that the MAC misses.
        let file = file(store, Rule::UnencryptedSuffix("_nothing".to_owned()));
        let said = all(&file).expect("it opens");
        for at in 0..file.text().len() * 8 {
            let mut bytes = file.text().as_bytes().to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Ok(flipped) = File::parse("test", text, store) else { continue };
            if flipped.verify(&key()).is_err() {
                continue;
            }
            let now = all(&flipped).expect("a file that verifies opens");
            // The name of a key whose value is empty, or nothing, is in no digest.
            let with_values = |all: &[(Path, Option<Plain>)]| -> Vec<(Path, Option<Plain>)> {
                let holds =
                    |plain: &Option<Plain>| plain.as_ref().is_some_and(|plain| !plain.bytes.is_empty());
                all.iter().filter(|(_, plain)| holds(plain)).cloned().collect()
            };
            assert_eq!(
                with_values(&now),
                with_values(&said),
                "{store:?}: bit {at}, near {:?}",
                file.text().get(at / 8 - 8..at / 8 + 8)
            );
        }
    }
}

fn all(file: &File) -> Option<Vec<(Path, Option<Plain>)>> {
    let tree = file.tree(&key()).ok()?;
    Some(tree.leaves().into_iter().map(|(path, plain)| (path, plain.cloned())).collect())
}

#[test]
fn whatever_is_read_nothing_panics() {
    let mut random = Random(5);
    for store in [Store::Yaml, Store::Json, Store::Dotenv, Store::Ini, Store::Binary] {
        let seed = file(
            if store == Store::Ini || store == Store::Binary { Store::Yaml } else { store },
            Rule::default(),
        );
        for _ in 0..2_000 {
            let mut bytes = seed.text().as_bytes().to_vec();
            for _ in 0..=random.below(6) {
                let at = random.below(bytes.len());
                let end = (at + random.below(40)).min(bytes.len());
                match random.below(5) {
                    0 => drop(bytes.drain(at..end)),
                    1 => bytes[at] = b"\n\t :#-[]{},'\"|>&*!%\\=\0"[random.below(22)],
                    2 => {
                        let piece = bytes[at..end].to_vec();
                        let to = random.below(bytes.len());
                        bytes.splice(to..to, piece);
                    }
                    3 => bytes.truncate(at.max(1)),
                    _ => bytes[at] = random.next().to_le_bytes()[0],
                }
                if bytes.is_empty() {
                    bytes.push(b'{');
                }
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = Tree::parse_plain("test", &text, store);
            if let Ok(file) = File::parse("test", text, store) {
                let _ = file.tree(&key());
                let _ =
                    file.edit(&key(), &[Change::Set(Path::of_name("db.new"), Plain::str("x"))], second(1));
            }
        }
    }
}
