//! What is done to a vault's files by others: each change is found, by any read of the secret and by a verification.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;

use rayon::prelude::*;
use redeem_host::identity::DataKey;
use redeem_host::sops::{Change, File, Path, Plain, Store};
use redeem_host::vault::{Content, Draft, Expiry, FindingKind, Summary, Update, Vault, Visibility};
use redeem_host::{Code, Secret};

use crate::support::{Person, Place, bundle, found, held, kinds, set, told, value};

/// Opens a file as sops would, which knows no seal.
fn opened(place: &Place, name: &str) -> (File, DataKey) {
    let file = File::parse(name, place.text(name), Store::Yaml).expect("a SOPS file");
    let key = file.data_key(&place.ada.identities).expect("a data key");
    (file, key)
}

/// Writes a file as another tool would that has the key: its MAC fits.
fn edit_with_sops(place: &Place, name: &str, path: &str, value: &str) {
    let (file, key) = opened(place, name);
    let change = Change::Set(Path::of_name(path), Plain::str(value));
    let text = file.edit(&key, &[change], jiff::Timestamp::now()).expect("an edit");
    place.put(name, text);
}

/// A secret with much in the clear.
fn rich(place: &Place) -> Vault {
    let vault = place.of_ada();
    let draft = Draft {
        scope: Some("notifications".into()),
        description: Some("ab".into()),
        metadata: vec![("c".into(), "1".into()), ("d".into(), "x".into())],
        expires_at: Some(Expiry::parse("2099-01-31").expect("a day")),
        ..Draft::of(bundle(&[("A", "v1"), ("B", "v2")]))
    };
    vault.create_secret("creds", draft).expect("made");
    vault
}

/// What is done to a file, as a sentence; what is replaced by what; whether its MAC still fits.
type Tampering<'t> = (&'t str, Vec<(&'t str, &'t str)>, bool);

#[test]
fn case_21_what_the_mac_of_sops_misses_is_found() {
    let place = Place::new();
    let vault = rich(&place);
    let whole = place.text("creds");
    let line =
        |key: &str| whole.lines().find(|line| line.trim().starts_with(key)).expect("a line").to_owned();
    let (a, seal) = (line("A:"), line("seal:"));
    let garbage = seal.replace(",type:str]", ",type:str] and more");
    let twice = format!("{a}\n{a}");
    let nested = a.replace("    A:", "    A:\n        A:");
    let tampered: Vec<Tampering<'_>> = vec![
        (
            "bytes moved between neighbouring values",
            vec![("description: ab", "description: a"), ("c: \"1\"", "c: \"b1\"")],
            false,
        ),
        (
            "bytes moved in the order of the MAC",
            vec![("scope: notifications", "scope: notification"), ("description: ab", "description: sab")],
            true,
        ),
        ("a key renamed", vec![("    d: x", "    e: x")], true),
        ("a key renamed at the top", vec![("description: ab", "remark: ab")], true),
        ("a text made a number", vec![("c: \"1\"", "c: 1")], true),
        ("a number made a text", vec![("version: 1", "version: \"1\"")], true),
        ("an empty key added", vec![("metadata:", "note: \"\"\nmetadata:")], true),
        ("an empty mapping added", vec![("metadata:", "note: {}\nmetadata:")], true),
        ("an empty list added", vec![("metadata:", "note: []\nmetadata:")], true),
        ("a null added", vec![("metadata:", "note: null\nmetadata:")], true),
        (
            "a mapping made flat",
            vec![("metadata:\n    c: \"1\"\n    d: x", "metadata.c: \"1\"\nmetadata.d: x")],
            true,
        ),
        (
            "a mapping made a list",
            vec![("metadata:\n    c: \"1\"\n    d: x", "tags:\n    - \"1\"\n    - x")],
            true,
        ),
        ("a value nested anew", vec![(&a, &nested)], false),
        ("garbage behind ENC[…]", vec![(&seal, &garbage)], false),
        ("a key twice", vec![(&a, &twice)], false),
        (
            "a date of expiry made later",
            vec![("expires_at: \"2099-01-31\"", "expires_at: \"2999-01-31\"")],
            false,
        ),
        ("the seal taken away", vec![(&seal, "")], false),
        ("the seal made empty", vec![(&seal, "seal: \"\"")], false),
    ];
    for (what, changes, passes_the_mac) in tampered {
        let mut text = whole.clone();
        for (from, to) in &changes {
            assert_eq!(text.matches(from).count(), 1, "{what}: {from:?} in\n{text}");
            text = text.replace(from, to);
        }
        place.put("creds", &text);
        let by_sops = File::parse("creds", text, Store::Yaml).and_then(|file| {
            let key = file.data_key(&place.ada.identities).expect("a data key");
            file.verify(&key)
        });
        assert_eq!(by_sops.is_ok(), passes_the_mac, "{what}: {by_sops:?}");
        let error = vault.get("creds").map(drop).expect_err(what);
        assert_eq!(error.code(), Code::Integrity, "{what}: {error}");
        assert!(!kinds(&vault).is_empty(), "{what}");
        let update = set(bundle(&[("A", "new")]));
        assert!(vault.set("creds", update).is_err(), "{what}: nothing is built on it");
    }
    place.put("creds", whole.replace("description: ab", "description: ab # a comment"));
    assert_eq!(held(&vault, "creds"), ["A=v1", "B=v2"], "a comment changes nothing");
}

#[test]
fn case_21_a_value_of_another_key_or_file_is_found() {
    let place = Place::new();
    let vault = rich(&place);
    vault.create_secret("other", Draft::of(bundle(&[("A", "w1"), ("B", "w2")]))).expect("made");
    let line = |name: &str, key: &str| {
        let text = place.text(name);
        let line = text.lines().find(|line| line.trim().starts_with(key)).expect("a line");
        line.split_once(": ").expect("a value").1.to_owned()
    };
    let (own, next, other) = (line("creds", "A:"), line("creds", "B:"), line("other", "A:"));
    let whole = place.text("creds");
    for text in [whole.replace(&own, &next), whole.replace(&own, &other), whole.replace(&own, "\"\"")] {
        place.put("creds", text);
        assert_eq!(vault.get("creds").map(drop).expect_err("swapped").code(), Code::Integrity);
        assert_eq!(kinds(&vault), [FindingKind::Integrity]);
    }
    place.put("creds", place.text("other"));
    assert!(told(vault.get("creds")).contains("says that it is `other`"));
    assert_eq!(kinds(&vault), [FindingKind::NameMismatch]);
}

#[test]
fn case_21_what_sops_has_changed_is_told_and_can_be_accepted() {
    let place = Place::new();
    place.git(&["init", "-q"]);
    let vault = rich(&place);
    place.commit("one");
    edit_with_sops(&place, "creds", "values.A", "by-sops");
    edit_with_sops(&place, "creds", "scope", "global");
    let error = told(vault.get("creds"));
    assert!(error.contains("changed by another tool") && error.contains("--accept creds"), "{error}");
    let found = found(&vault);
    assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), [FindingKind::ChangedByAnotherTool]);
    let message = &found[0].diagnostic.message;
    assert!(message.ends_with("other than in git: scope, values.A"), "{message}");
    assert!(told(place.of(&place.robot).accept("creds")).contains("may not"));
    let written = vault.accept("creds").expect("accepted");
    assert_eq!((written.version, written.is_changed), (2, true));
    assert_eq!(held(&vault, "creds"), ["A=by-sops", "B=v2"]);
    assert!(kinds(&vault).is_empty());
    assert!(!vault.accept("creds").expect("nothing to accept").is_changed);
    // Without a seal it is told the same way, and can be accepted too.
    let (file, key) = opened(&place, "creds");
    let unsealed = file.edit(&key, &[Change::Remove(Path::key("seal"))], jiff::Timestamp::now());
    place.put("creds", unsealed.expect("an edit"));
    assert!(told(vault.get("creds")).contains("it has no seal"));
    assert!(vault.accept("creds").expect("accepted").is_changed);
    assert_eq!(held(&vault, "creds"), ["A=by-sops", "B=v2"]);
    // What the MAC does not fit is not accepted.
    place.tamper("creds", "description: ab", "description: zz");
    assert_eq!(vault.accept("creds").expect_err("damaged").code(), Code::Integrity);
}

#[test]
fn case_22_every_bit_flip_is_found_or_harmless() {
    let place = Place::new();
    let vault = place.of_ada();
    let text = |number: usize| format!("value {number} {}", "long ".repeat(number * 3));
    for number in 0..10 {
        let content = match number % 3 {
            0 => Content::Value(Secret::from(&*text(number))),
            1 => bundle(&[("A", &text(number)), ("EMPTY", "")]),
            _ => bundle(&[("A", "1"), ("tls.crt", "two\nlines\n"), ("C", &text(number))]),
        };
        let draft = Draft {
            description: (number % 2 == 0).then(|| format!("'quoted' # {number}")),
            metadata: vec![("owner".into(), "no".into())],
            visibility: (number % 4 == 0).then_some(Visibility::Private),
            expires_at: (number % 5 == 0).then(|| Expiry::parse("2099-01-31").expect("a day")),
            ..Draft::of(content)
        };
        vault.create_secret(&format!("s{number}"), draft).expect("made");
    }
    let state = |name: &str| -> Result<(Summary, Vec<String>), ()> {
        let secret = vault.get(name).map_err(drop)?.ok_or(())?;
        let values = secret.values().map(|(key, value)| format!("{key:?} {:?}", value.expose())).collect();
        Ok((secret.summary().clone(), values))
    };
    // Each bit takes an opening of the file; a sample runs with the other tests.
    let is_full = std::env::var_os("REDEEM_FAULTS").is_some_and(|value| value == "full");
    let flip = |number: usize| {
        let (mut found, mut harmless) = (0, 0);
        let name = format!("s{number}");
        let whole = place.text(&name).into_bytes();
        let before = state(&name).expect("untouched");
        for bit in (number..whole.len() * 8).step_by(if is_full { 1 } else { 67 }) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            place.put(&name, &flipped);
            match state(&name) {
                Err(()) => found += 1,
                Ok(after) => {
                    assert_eq!(after, before, "{name}: bit {bit} of\n{}", String::from_utf8_lossy(&flipped));
                    harmless += 1;
                }
            }
        }
        (found, harmless)
    };
    let add = |one: (usize, usize), other: (usize, usize)| (one.0 + other.0, one.1 + other.1);
    let (found, harmless) = (0..10).into_par_iter().map(flip).reduce(|| (0, 0), add);
    eprintln!("{found} flips were found, {harmless} harmless");
    assert!(found > harmless * 20, "{found} found, {harmless} harmless");
}

#[test]
fn case_23_a_mac_that_is_missing_empty_or_another_is_found() {
    let place = Place::new();
    let vault = rich(&place);
    vault.create_secret("other", value("x")).expect("made");
    let whole = place.text("creds");
    let mac = |text: &str| text.lines().find(|line| line.starts_with("    mac:")).expect("a MAC").to_owned();
    let (own, other) = (mac(&whole), mac(&place.text("other")));
    let modified =
        whole.lines().find(|line| line.starts_with("    lastmodified:")).expect("a time").to_owned();
    for (from, to) in [
        (format!("{own}\n"), String::new()),
        (own.clone(), "    mac: \"\"".to_owned()),
        (own.clone(), other),
        (modified.clone(), "    lastmodified: \"2020-01-01T00:00:00Z\"".to_owned()),
        (modified.clone(), "    lastmodified: never".to_owned()),
        (format!("{modified}\n"), String::new()),
    ] {
        place.put("creds", whole.replace(&from, &to));
        let error = vault.get("creds").map(drop).expect_err("a MAC that does not fit");
        assert_eq!(error.code(), Code::Integrity, "{to}: {error}");
        assert_eq!(kinds(&vault), [FindingKind::Integrity], "{to}");
    }
}

#[test]
fn case_23_an_older_file_is_noticed() {
    let place = Place::new();
    let state = place.base().join("state");
    let vault = || place.of_ada().remembering_in(Some(state.clone()));
    vault().create_secret("a", value("v1")).expect("made");
    let first = place.text("a");
    vault().set("a", set(Content::Value(Secret::from("v2")))).expect("changed");
    // The user's own memory.
    place.put("a", &first);
    let found_here = found(&vault());
    assert_eq!(found_here.iter().map(|one| one.kind).collect::<Vec<_>>(), [FindingKind::WentBack]);
    let message = &found_here[0].diagnostic.message;
    assert!(message.contains("version 1") && message.contains("version 2"), "{message}");
    assert!(found(&place.of_ada()).is_empty(), "nobody remembers, so nobody knows");
    // Any use of it finds that too.
    let error = told(vault().get("a"));
    assert!(error.contains("version 2") && error.contains("--accept a"), "{error}");
    assert_eq!(vault().get("a").expect_err("older").code(), Code::Integrity);
    assert!(vault().set("a", set(Content::Value(Secret::from("v3")))).is_err());
    assert!(vault().rotate("a", None, Secret::from("v3"), None).is_err());
    let report = vault().rekey(None).expect("left alone");
    assert!(report.is_unfinished && report.changed.is_empty(), "{report:?}");
    assert_eq!(place.text("a"), first);
    assert_eq!(vault().accept("a").expect("on purpose").version, 3);
    assert_eq!(held(&vault(), "a"), ["v1"]);
    // The commit that the repository is at.
    vault().set("a", set(Content::Value(Secret::from("v2")))).expect("changed");
    vault().set("a", set(Content::Value(Secret::from("v3")))).expect("changed");
    place.git(&["init", "-q"]);
    place.commit("three");
    place.put("a", &first);
    assert_eq!(kinds(&place.of_ada()), [FindingKind::WentBack]);
    let written = vault().accept("a").expect("on purpose");
    assert_eq!((written.version, held(&vault(), "a")), (6, vec!["v1".to_owned()]));
    assert!(kinds(&vault()).is_empty());
    // Removed and made anew is no going back.
    vault().delete("a", None).expect("removed");
    vault().at("2099-01-01T00:00:00Z".parse().expect("a time")).create_secret("a", value("n")).expect("made");
    assert!(kinds(&vault()).is_empty());
}

#[test]
fn case_23_who_only_reads_notices_too_and_an_older_branch_is_no_attack() {
    let place = Place::new();
    let state = place.base().join("state");
    let vault = || place.of(&place.bob).remembering_in(Some(state.clone()));
    let by_ada = place.of_ada();
    place.git(&["init", "-q"]);
    by_ada.create_secret("a", value("v1")).expect("made");
    place.commit("one");
    let first = place.text("a");
    by_ada.set("a", set(Content::Value(Secret::from("v2")))).expect("changed");
    place.commit("two");
    assert_eq!(held(&vault(), "a"), ["v2"]);
    place.put("a", &first);
    assert!(told(vault().get("a")).contains("version 2"));
    // The commit before has it so.
    place.git(&["checkout", "-q", "-f", "HEAD~1"]);
    assert_eq!(held(&vault(), "a"), ["v1"]);
    let told_here = found(&vault());
    assert_eq!(told_here.iter().map(|one| one.kind).collect::<Vec<_>>(), [FindingKind::WentBack]);
    assert_eq!(told_here[0].diagnostic.severity, redeem_host::Severity::Warning);
    // Of what cannot be remembered nothing is known, and that is no error.
    fs::remove_dir_all(&state).expect("removed");
    fs::write(&state, "no folder").expect("a file");
    assert_eq!(held(&vault(), "a"), ["v1"]);
}

#[test]
fn case_23_what_was_deleted_and_is_back_is_noticed() {
    let place = Place::new();
    let state = place.base().join("state");
    let vault = place.of_ada().remembering_in(Some(state));
    vault.create_secret("a", value("v1")).expect("made");
    vault.set("a", set(Content::Value(Secret::from("v2")))).expect("changed");
    let text = place.text("a");
    vault.delete("a", None).expect("removed");
    vault.create_secret("a", value("other")).expect("made within the same second");
    assert_eq!(held(&vault, "a"), ["other"]);
    assert!(kinds(&vault).is_empty());
    vault.delete("a", None).expect("removed");
    place.put("a", &text);
    vault.get("a").expect("a warning is enough");
    place.put("a", &text);
    vault.delete("a", None).expect("removed");
    place.put("a", &text);
    assert_eq!(kinds(&vault), [FindingKind::WentBack]);
    assert!(vault.accept("a").expect("on purpose").is_changed);
    assert!(kinds(&vault).is_empty());
}

#[test]
fn case_24_a_rule_that_cannot_be_is_an_error() {
    let place = Place::new();
    let vault = rich(&place);
    let whole = place.text("creds");
    let rule = "encrypted_regex: ^(value|values|previous|seal)$";
    for rules in [
        "encrypted_regex: ^(value",
        "encrypted_regex: (?=x)",
        &format!("{rule}\n    encrypted_suffix: _x"),
        "encrypted_suffix: value",
        "unencrypted_suffix: _unencrypted",
        &format!("{rule}\n    mac_only_encrypted: true"),
    ] {
        place.put("creds", whole.replace(rule, rules));
        assert_eq!(vault.get("creds").map(drop).expect_err(rules).code(), Code::Integrity, "{rules}");
        assert!(!kinds(&vault).is_empty(), "{rules}");
    }
}

#[test]
fn case_25_no_host_that_a_file_names_is_asked() {
    let place = Place::new();
    let vault = rich(&place);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a mode");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let ways = format!(
        "sops:\n    hc_vault:\n        - vault_address: {url}\n          engine_path: transit\n          key_name: k\n          \
         created_at: \"2026-01-01T00:00:00Z\"\n          enc: vault:v1:x\n    azure_kv:\n        - vault_url: {url}\n          \
         name: k\n          version: v\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: x"
    );
    place.tamper("creds", "sops:", &ways);
    assert!(vault.get("creds").is_err(), "the seal tells of the new ways");
    let without = place.vault();
    assert!(without.get("creds").is_err());
    let summary = without.summary("creds").expect("a file").expect("a secret");
    assert!(summary.readers.contains(&"hc_vault".to_owned()), "{summary:?}");
    let found = kinds(&vault);
    assert!(found.contains(&FindingKind::UnknownRecipient), "{found:?}");
    let asked = listener.accept().expect_err("nobody comes");
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn case_28_a_wrong_key_is_told_from_a_broken_file() {
    let place = Place::new();
    let vault = rich(&place);
    let eve = Person::new(place.base(), "eve");
    let wrong = place.of(&eve).get("creds").expect_err("another's");
    place.tamper("creds", "description: ab", "description: zz");
    let broken = vault.get("creds").expect_err("damaged");
    assert_eq!((wrong.code(), broken.code()), (Code::UnreadableSecret, Code::Integrity));
    for error in [&wrong, &broken] {
        let told = format!("{error} {error:?} {:?}", error.help());
        let mut words = told.split(|c: char| !c.is_ascii_alphanumeric());
        assert!(!words.any(|word| word == "v1" || word == "v2"), "{told}");
    }
    let told = wrong.help().expect("help");
    assert!(told.contains(&eve.recipient) && told.contains("ada, bob, robot"), "{told}");
    let stanza = place.text("creds").lines().find(|line| line.contains("YWdl")).expect("a stanza").to_owned();
    place.put("creds", place.text("creds").replacen(&stanza[..40], &stanza[..39], 1));
    assert_eq!(vault.get("creds").expect_err("a broken stanza").code(), Code::Integrity);
}

#[test]
fn case_29_no_iv_is_used_for_two_values() {
    let place = Place::new();
    let vault = rich(&place);
    let mut seen: HashMap<String, String> = HashMap::new();
    for round in 0..200 {
        let key = if round % 2 == 0 { "A" } else { "B" };
        vault.set("creds", set(bundle(&[(key, &format!("value {round}"))]))).expect("changed");
        for line in place.text("creds").lines().filter(|line| line.contains("ENC[")) {
            let iv = line.split("iv:").nth(1).and_then(|rest| rest.split(',').next()).expect("an IV");
            let before = seen.insert(iv.to_owned(), line.to_owned());
            assert!(before.is_none_or(|before| before == line), "{line}");
        }
    }
    // Two values and the seal, the MAC, and what the first file had.
    assert!(seen.len() >= 200 * 3, "{}", seen.len());
}

#[test]
fn case_32_a_change_by_sops_meanwhile_is_not_lost() {
    let place = Place::new();
    place.git(&["init", "-q"]);
    let vault = rich(&place);
    vault.set("creds", set(bundle(&[("A", "one")]))).expect("changed");
    let (file, key) = opened(&place, "creds");
    vault.set("creds", set(bundle(&[("A", "ours")]))).expect("changed");
    place.commit("ours");
    // sops read before us and writes behind us: it knows no lock. Ours is in git, and the loss is told.
    let change = Change::Set(Path::of_name("values.B"), Plain::str("theirs"));
    place.put("creds", file.edit(&key, &[change], jiff::Timestamp::now()).expect("an edit"));
    assert_eq!(kinds(&vault), [FindingKind::ChangedByAnotherTool, FindingKind::WentBack]);
    assert!(vault.set("creds", set(bundle(&[("A", "more")]))).is_err(), "nothing is written over it");
}

#[test]
fn case_33_a_recipient_taken_out_by_hand_still_knows_the_key() {
    let place = Place::new();
    place.git(&["init", "-q"]);
    let vault = rich(&place);
    place.commit("one");
    // As `sops updatekeys` leaves it: the stanza is gone, the data key is not new.
    let text = place.text("creds");
    let at = text.find(&format!("          recipient: {}", place.bob.recipient)).expect("a stanza");
    let start = text[..at].rfind("        - enc").expect("its beginning");
    let end = at + text[at..].find('\n').expect("its end") + 1;
    place.put("creds", format!("{}{}", &text[..start], &text[end..]));
    let found = found(&vault);
    let told: Vec<&str> = found.iter().map(|one| &*one.diagnostic.message).collect();
    assert!(told.iter().any(|told| told.contains("no longer encrypted to bob")), "{told:?}");
    assert!(told.iter().any(|told| told.contains("changed by another tool")), "{told:?}");
    // Ours is another matter.
    place.put("creds", text);
    let mut vault = place.of_ada();
    let report = vault.revoke("bob").expect("taken out");
    assert!(report.changed[0].has_new_key);
    assert!(kinds(&vault).is_empty(), "{:?}", crate::support::found(&vault));
    vault.set("creds", Update { description: Some("x".into()), ..Update::default() }).expect("changed");
    fs::remove_dir_all(place.base().join(".git")).expect("removed");
}
