//! Members come and go while files are damaged, large or not what their labels say.

use std::fs;

use redeem_host::Secret;
use redeem_host::vault::{Content, Draft, FindingKind, Role, Update, VaultError, Visibility};

use crate::support::{Person, Place, found, held, kinds, set, told, value};

#[test]
fn one_bad_file_keeps_a_member_in_no_other_and_is_told() {
    let place = Place::new();
    let mut vault = place.of_ada();
    for name in ["good", "binary", "huge", "label", "torn"] {
        vault.create_secret(name, value(name)).expect("made");
    }
    let whole: Vec<String> = ["binary", "huge", "label", "torn"].map(|name| place.text(name)).into();
    place.put("binary", [0xff, 0xfe]);
    place.put("huge", vec![b'#'; (16 << 20) + 1]);
    place.tamper("label", &place.robot.recipient, "age1nobody");
    place.put("torn", &whole[3][..whole[3].len() / 2]);
    let left = ["binary", "huge", "label", "torn"];
    let names = |report: &redeem_host::vault::AccessReport| {
        report.left.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let eve = Person::new(place.base(), "eve");
    let report = vault.grant("eve", &eve.recipient, Role::Member).expect("a grant");
    assert_eq!((names(&report), report.is_unfinished), (left.map(str::to_owned).into(), true));
    assert_eq!(report.changed[0].added_recipients, std::slice::from_ref(&eve.recipient));
    let report = vault.rekey(None).expect("a rekey");
    assert_eq!((names(&report), report.is_unfinished), (left.map(str::to_owned).into(), true));
    let report = vault.revoke("bob").expect("as far as it goes");
    assert_eq!((names(&report), report.is_unfinished), (left.map(str::to_owned).into(), true));
    assert!(report.left.iter().all(|(_, why)| !why.is_empty()), "{report:?}");
    assert!(place.of(&place.bob).get("good").is_err());
    assert!(vault.members().iter().any(|member| member.name == "bob"), "it is not done");
    for (name, text) in left.iter().zip(whole) {
        place.put(name, text);
    }
    let report = vault.revoke("bob").expect("again");
    assert!(!report.is_unfinished && report.left.is_empty(), "{report:?}");
    assert!(!place.vault().members().iter().any(|member| member.name == "bob"));
    for name in left {
        assert!(place.of(&place.bob).get(name).is_err());
        assert_eq!(held(&vault, name), [name]);
    }
}

#[test]
fn whoever_was_meant_to_read_a_file_knows_its_key_whatever_its_labels_say() {
    let place = Place::new();
    let mut vault = place.of_ada();
    vault.create_secret("a", value("1")).expect("made");
    let draft = Draft { visibility: Some(Visibility::Private), ..value("2") };
    vault.create_secret("hers", draft).expect("made");
    vault.grant("bob", &place.bob.recipient, Role::Owner).expect("a role");
    // Each is sealed so by one who has the key: the stanza is there under another's name.
    let eve = Person::new(place.base(), "eve");
    for name in ["a", "hers"] {
        place.tamper(name, &place.bob.recipient, &eve.recipient);
        vault.accept(name).expect("sealed anew");
        assert_eq!(held(&place.of(&place.bob), name).len(), 1, "he reads it still");
    }
    let report = vault.grant("bob", &place.bob.recipient, Role::Member).expect("a role");
    assert!(report.changed.iter().any(|one| one.name == "hers" && one.has_new_key), "{report:?}");
    assert!(place.of(&place.bob).get("hers").is_err());
    let report = vault.revoke("bob").expect("taken out");
    assert!(report.changed.iter().any(|one| one.name == "a" && one.has_new_key), "{report:?}");
    assert!(place.of(&place.bob).get("a").is_err());
}

#[test]
fn a_recipient_that_stands_twice_is_told() {
    let place = Place::new();
    let vault = place.of_ada();
    vault.create_secret("a", value("1")).expect("made");
    place.tamper("a", &place.robot.recipient, &place.bob.recipient);
    vault.accept("a").expect("sealed anew");
    let told = found(&vault);
    let twice = told.iter().find(|one| one.diagnostic.message.contains("twice")).expect("a finding");
    assert_eq!(twice.kind, FindingKind::Recipients);
    vault.rekey(Some(&["a"])).expect("mended");
    assert!(kinds(&vault).is_empty());
}

#[test]
fn a_member_that_was_named_and_is_none_is_asked_about() {
    let place = Place::new();
    let error = told(place.of_ada().acting_as("adda").create_secret("a", value("1")));
    assert!(error.contains("no member is called `adda`") && error.contains("did you mean `ada`?"), "{error}");
}

#[test]
fn a_damaged_file_is_deleted_by_an_owner_alone() {
    let place = Place::new();
    for text in [&b"name: ["[..], &[0xff]] {
        place.put("a", text);
        assert!(told(place.of(&place.bob).delete("a", None)).contains("ask one of: ada"));
        assert!(place.path("a").exists());
        place.of_ada().delete("a", None).expect("removed");
        assert!(!place.path("a").exists());
    }
    fs::create_dir(place.path("a")).expect("a folder");
    assert!(place.of_ada().delete("a", None).is_err());
}

#[test]
fn a_copy_is_only_removed_for_a_file_that_is_whole() {
    let place = Place::new();
    let vault = place.of_ada();
    vault.create_secret("a", value("1")).expect("made");
    let text = place.text("a");
    // By one without a key: a copy, and a note that the name is another by now.
    place.put("b", text.replace("name: a\n", "name: b\nrenamed_from: a\n"));
    place.put("a", text.replace("name: a\n", "name: a\nrenamed_to: b\n"));
    assert!(vault.set("a", set(Content::Value(Secret::from("2")))).is_err());
    assert!(vault.set("b", set(Content::Value(Secret::from("2")))).is_err());
    assert!(vault.rename("a", "b").is_err());
    vault.rekey(None).expect("both are left alone");
    assert!(place.path("a").exists() && place.path("b").exists());
    // Both names are there, and they are two secrets.
    place.put("a", &text);
    fs::remove_file(place.path("b")).expect("removed");
    vault.rename("a", "b").expect("renamed");
    vault.create_secret("a", value("3")).expect("made");
    assert!(told(vault.rename("a", "b")).contains("already"));
    assert_eq!((held(&vault, "a"), held(&vault, "b")), (vec!["3".to_owned()], vec!["1".to_owned()]));
}

#[test]
fn a_line_in_the_list_of_members_lets_nobody_in_by_the_way() {
    let place = Place::new();
    place.of_ada().create_secret("open", value("v")).expect("made");
    let eve = Person::new(place.base(), "eve");
    let path = place.secrets().join("vault.toml");
    let mut text = fs::read_to_string(&path).expect("a list");
    text += &format!("\n[[member]]\nname = \"eve\"\nrecipient = \"{}\"\nrole = \"owner\"\n", eve.recipient);
    fs::write(&path, text).expect("a list");
    let update = Update { visibility: Some(Visibility::Private), ..Update::default() };
    let written = place.of_ada().set("open", update).expect("set");
    assert_eq!(written.readers, ["ada"]);
    assert!(place.of(&eve).get("open").is_err() && place.of(&place.bob).get("open").is_err());
    assert_eq!(held(&place.of_ada(), "open"), ["v"]);
}

#[test]
fn nobody_writes_as_another() {
    let place = Place::new();
    place.of_ada().create_secret("a", value("v")).expect("made");
    let update = || set(Content::Value(Secret::from("w")));
    for person in [&place.robot, &place.bob] {
        let error = place.of(person).acting_as("ada").set("a", update()).expect_err("not ada");
        assert!(matches!(error, VaultError::NotThatMember { .. }), "{error}");
    }
    place.of_ada().acting_as("ada").set("a", update()).expect("ada");
}
