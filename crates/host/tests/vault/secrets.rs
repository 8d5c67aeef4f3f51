//! What a vault does for people: secrets made, read, changed, found without a key, kept from others.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use redeem_host::vault::{Content, Draft, Expiry, Role, Update, Vault, Visibility};
use redeem_host::{Code, Secret};

use crate::support::{Person, Place, bundle, held, kinds, set, told, value};

#[test]
fn a_secret_is_made_read_changed_and_removed() {
    let place = Place::new();
    let vault = place.of_ada();
    let draft = Draft {
        scope: Some("notifications".into()),
        description: Some("PagerDuty: the routing key".into()),
        metadata: vec![("environment".into(), "production".into()), ("owner".into(), "no".into())],
        expires_at: Some(Expiry::parse("2027-01-31").expect("a day")),
        ..value("R0UT1NG")
    };
    let written = vault.create_secret("pagerduty-key", draft).expect("made");
    assert_eq!((written.version, written.is_new), (1, true));
    assert_eq!(written.readers, ["ada", "bob", "robot"]);
    assert!(told(vault.create_secret("pagerduty-key", value("x"))).contains("redeem secrets set"));
    assert_eq!(held(&vault, "pagerduty-key"), ["R0UT1NG"]);
    assert_eq!(held(&place.of(&place.robot), "pagerduty-key"), ["R0UT1NG"]);
    assert!(!place.text("pagerduty-key").contains("R0UT1NG"));

    let written = vault.set("pagerduty-key", set(Content::Value(Secret::from("R2")))).expect("changed");
    assert_eq!((written.version, written.is_new, written.is_changed), (2, false, true));
    let before = place.text("pagerduty-key");
    let written = vault.set("pagerduty-key", set(Content::Value(Secret::from("R2")))).expect("the same");
    assert!(!written.is_changed && place.text("pagerduty-key") == before);
    let summary = vault.summary("pagerduty-key").expect("a file").expect("a secret");
    assert_eq!((&*summary.scope, summary.version), ("notifications", 2));
    assert_eq!(summary.metadata["owner"], "no");
    assert!(kinds(&vault).is_empty(), "{:?}", kinds(&vault));

    vault.delete("pagerduty-key", None).expect("removed");
    assert!(vault.get("pagerduty-key").expect("an answer").is_none());
    assert!(told(vault.delete("pagerduty-kye", None)).contains("there is no secret"));
}

#[test]
fn a_change_keeps_comments_order_and_all_other_lines() {
    let place = Place::new();
    let vault = place.of_ada();
    let content = bundle(&[("A", "1"), ("B", "two\nlines\n"), ("tls.crt", ""), ("123", "x: 'y'")]);
    vault.create_secret("creds", Draft::of(content)).expect("made");
    let text = place.text("creds");
    place.put("creds", text.replace("created_by:", "# by hand\ncreated_by:"));
    let before = place.text("creds");
    vault.set("creds", set(bundle(&[("B", "three")]))).expect("changed");
    let after = place.text("creds");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (lines(&before), lines(&after));
    assert_eq!(old.len(), new.len(), "{before}\n{after}");
    let changed: Vec<&str> = old
        .iter()
        .zip(&new)
        .filter(|(old, new)| old != new)
        .map(|(_, new)| new.trim().split(':').next().expect("a key"))
        .collect();
    // The time may be the same second.
    let changed: Vec<&str> =
        changed.into_iter().filter(|key| !matches!(*key, "updated_at" | "lastmodified")).collect();
    assert_eq!(changed, ["version", "B", "seal", "mac"]);
    assert_eq!(held(&vault, "creds"), ["A=1", "B=three", "tls.crt=", "123=x: 'y'"]);
    vault.set("creds", set(bundle(&[("NEW", "n")]))).expect("added");
    assert_eq!(held(&vault, "creds").last().map(String::as_str), Some("NEW=n"));
    vault.delete("creds", Some("A")).expect("removed");
    assert_eq!(vault.summary("creds").expect("a file").expect("a secret").keys.expect("keys").len(), 4);
    assert!(kinds(&vault).is_empty());
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let place = Place::new();
    let vault = place.of_ada();
    vault.create_secret("one", value("1")).expect("made");
    vault.create_secret("many", Draft::of(bundle(&[("A", "1")]))).expect("made");
    let metadata = |key: &str| Draft { metadata: vec![(key.into(), "x".into())], ..value("x") };
    for (result, words) in [
        (vault.create_secret("a/b", value("x")), "name of a secret"),
        (vault.create_secret("ONE", value("x")), "differs from it in case only"),
        (vault.create_secret("x", Draft::of(bundle(&[]))), "no value left"),
        (vault.create_secret("x", Draft::of(bundle(&[("a b", "x")]))), "a key of a secret"),
        (vault.create_secret("x", metadata("value")), "encrypted"),
        (vault.create_secret("x", Draft::value(Secret::new(vec![0xff]))), "base64"),
        (vault.create_secret("x", Draft { scope: Some("a b".into()), ..value("x") }), "a scope"),
        (vault.set("many", set(Content::Value(Secret::from("x")))), "`many.KEY`"),
        (vault.set("one", set(bundle(&[("A", "x")]))), "one plain value"),
        (vault.set("oen", Update::default()), "did you mean `one`?"),
        (vault.rename("one", "many"), "already"),
        (vault.rename("one", "One"), "case only"),
        (vault.rotate("many", Some("B"), Secret::from("x"), None), "no key `B`"),
    ] {
        let told = told(result);
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(told(vault.delete("many", Some("A"))).contains("redeem secrets delete many"));
    assert_eq!(vault.names().expect("names"), ["many", "one"]);
    assert_eq!((held(&vault, "one"), held(&vault, "many")), (vec!["1".to_owned()], vec!["A=1".to_owned()]));
}

#[test]
fn no_identity_is_needed_but_for_values() {
    let place = Place::new();
    place.of_ada().create_secret("a", Draft::of(bundle(&[("KEY", "v1")]))).expect("made");
    let draft = Draft { visibility: Some(Visibility::Private), ..value("v2") };
    place.of_ada().create_secret("b", draft).expect("made");
    std::fs::write(place.path("broken"), "name: broken\n").expect("a file");
    let vault = place.vault();
    let listing = vault.list().expect("a list");
    let told: Vec<String> = listing
        .secrets
        .iter()
        .map(|secret| {
            format!("{} {} {:?} {}", secret.name, secret.visibility, secret.keys, secret.readers.join(","))
        })
        .collect();
    assert_eq!(told, ["a public Some([\"KEY\"]) ada,bob,robot", "b private None ada"]);
    assert!(listing.problems[0].message.contains("not encrypted"), "{:?}", listing.problems);
    let (source, span) = vault.place("a", "values.KEY").expect("a file").expect("a place");
    assert_eq!(source.slice(&span), "KEY");
    let error = vault.get("a").expect_err("no identity");
    assert_eq!(error.code(), Code::UnreadableSecret);
    assert!(told_error(&error).contains("ada, bob, robot"), "{}", told_error(&error));
    assert!(!format!("{listing:?}{error:?}").contains("v1"));
}

fn told_error(error: &redeem_host::vault::VaultError) -> String {
    format!("{error}; {}", error.help().unwrap_or_default())
}

#[test]
fn a_private_secret_is_its_creators_and_the_owners() {
    let place = Place::new();
    let draft = Draft { visibility: Some(Visibility::Private), ..value("v1") };
    let written = place.of(&place.bob).create_secret("mine", draft.clone()).expect("made");
    assert_eq!(written.readers, ["ada", "bob"]);
    assert_eq!(held(&place.of_ada(), "mine"), ["v1"]);
    let told_to_robot = told(place.of(&place.robot).get("mine"));
    assert!(told_to_robot.contains("it can be read by: ada, bob"), "{told_to_robot}");
    assert!(told_to_robot.contains("robot"), "where the identity came from: {told_to_robot}");
    place.of_ada().create_secret("hers", draft).expect("made");
    for result in [
        place.of(&place.bob).set("hers", set(Content::Value(Secret::from("x")))).map(drop),
        place.of(&place.bob).delete("hers", None),
        place.of(&place.bob).rename("hers", "his").map(drop),
    ] {
        let told = told(result);
        assert!(told.contains("ada"), "{told}");
    }
    // An update keeps who can read it; what is private and was public has a new key.
    place.of_ada().set("hers", set(Content::Value(Secret::from("v2")))).expect("changed");
    assert_eq!(place.vault().summary("hers").expect("a file").expect("a secret").readers, ["ada"]);
    place.of_ada().create_secret("open", value("v3")).expect("made");
    let update = Update { visibility: Some(Visibility::Private), ..Update::default() };
    let written = place.of_ada().set("open", update).expect("changed");
    assert_eq!(written.readers, ["ada"]);
    assert!(place.of(&place.bob).get("open").is_err());
    assert!(kinds(&place.of_ada()).is_empty());
}

#[test]
fn roles_are_kept() {
    let place = Place::new();
    place.of_ada().create_secret("a", value("1")).expect("made");
    let robot = place.of(&place.robot);
    assert!(told(robot.create_secret("b", value("1"))).contains("robot is a ci member"));
    assert!(told(robot.delete("a", None)).contains("may not delete secrets"));
    let mut bob = place.of(&place.bob);
    assert_eq!(bob.me().map(|me| &*me.name), Some("bob"));
    bob.set("a", set(Content::Value(Secret::from("2")))).expect("changed");
    assert!(told(bob.grant("eve", &place.robot.recipient, Role::Owner)).contains("ask one of: ada"));
    assert!(told(bob.revoke("robot")).contains("ask one of: ada"));
    assert!(told(bob.rekey(None)).contains("ask one of: ada"));
    let eve = Person::new(place.base(), "eve");
    let stranger = told(place.of(&eve).create_secret("b", value("1")));
    assert!(stranger.contains(&format!("redeem vault grant NAME {}", eve.recipient)), "{stranger}");
    assert!(told(place.vault().create_secret("b", value("1"))).contains("no identity was found"));
    let as_bob = place.vault().acting_as("bob");
    as_bob.create_secret("c", value("1")).expect("encrypting needs no identity");
    assert_eq!(as_bob.summary("c").expect("a file").expect("a secret").created_by.as_deref(), Some("bob"));
}

#[test]
fn members_come_and_go() {
    let place = Place::new();
    let mut vault = place.of_ada();
    for name in ["a", "b"] {
        vault.create_secret(name, value(name)).expect("made");
    }
    let draft = Draft { visibility: Some(Visibility::Private), ..value("p") };
    place.of(&place.bob).create_secret("private", draft).expect("made");
    let eve = Person::new(place.base(), "eve");
    let report = vault.grant("eve", &eve.recipient, Role::Member).expect("a grant");
    let changed: Vec<_> =
        report.changed.iter().map(|one| (&*one.name, one.has_new_key, &one.added[..])).collect();
    assert_eq!(changed, [("a", false, &["eve".to_owned()][..]), ("b", false, &["eve".to_owned()])]);
    assert_eq!(report.unchanged, ["private"]);
    assert_eq!(held(&place.of(&eve), "a"), ["a"]);
    assert!(vault.grant("eve", &eve.recipient, Role::Member).expect("again").changed.is_empty());
    let other = Person::new(place.base(), "other");
    assert!(told(vault.grant("eve", &other.recipient, Role::Member)).contains("another recipient"));
    assert!(told(vault.grant("mallory", &eve.recipient, Role::Member)).contains("the member `eve`"));
    assert!(told(vault.revoke("ada")).contains("only owner"));
    assert!(told(vault.revoke("evee")).contains("did you mean `eve`?"));

    // An owner reads what is private too; one who is none any more does not.
    let report = vault.grant("eve", &eve.recipient, Role::Owner).expect("a role");
    assert_eq!(report.changed.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["private"]);
    assert_eq!(held(&place.of(&eve), "private"), ["p"]);
    let before = place.text("a");
    let report = place.of(&eve).revoke("bob").expect("taken out");
    assert!(report.changed.iter().all(|one| one.has_new_key && one.removed == ["bob"]), "{report:?}");
    assert_eq!(report.changed.len(), 3);
    assert!(place.of(&place.bob).get("a").is_err());
    assert_eq!(held(&place.of_ada(), "a"), ["a"]);
    assert_eq!(place.vault().members().len(), 3);
    // No data key and no ciphertext of before is there.
    let encs =
        |text: &str| text.lines().filter(|line| line.contains("ENC[")).map(str::to_owned).collect::<Vec<_>>();
    let after = place.text("a");
    assert!(encs(&before).iter().all(|line| !after.contains(line)));
    assert!(kinds(&place.of_ada()).is_empty(), "{:?}", crate::support::found(&place.of_ada()));
    // The old copy stays readable, as the report's reader is told.
    place.put("a", before);
    assert_eq!(held(&place.of(&place.bob), "a"), ["a"]);
}

#[test]
fn a_rekey_gives_every_secret_the_recipients_of_the_list() {
    let place = Place::new();
    let vault = place.of_ada();
    vault.create_secret("a", value("a")).expect("made");
    let toml = place.secrets().join("vault.toml");
    let eve = Person::new(place.base(), "eve");
    let line = format!("\n[[member]]\nname = \"eve\"\nrecipient = \"{}\"\nrole = \"owner\"\n", eve.recipient);
    let text = std::fs::read_to_string(&toml).expect("the list") + &line;
    std::fs::write(&toml, text).expect("the list");
    // A line slipped in wins nothing by a change of the secret.
    place.of_ada().set("a", set(Content::Value(Secret::from("b")))).expect("changed");
    assert!(place.of(&eve).get("a").is_err());
    let found = crate::support::found(&place.of_ada());
    assert!(found[0].diagnostic.message.contains("not encrypted to eve"), "{found:?}");
    let report = place.of_ada().rekey(Some(&["a"])).expect("a new key");
    assert_eq!(report.changed[0].added, ["eve"]);
    assert_eq!(held(&place.of(&eve), "a"), ["b"]);
    assert!(told(place.of_ada().rekey(Some(&["nope"]))).contains("no secret `nope`"));
}

#[test]
fn a_rotation_keeps_the_value_before_for_its_grace() {
    let place = Place::new();
    let at = |time: &str| place.of_ada().at(time.parse().expect("an instant"));
    let vault = at("2026-11-21T09:00:00Z");
    vault.create_secret("key", value("one")).expect("made");
    vault.create_secret("creds", Draft::of(bundle(&[("A", "a1"), ("B", "b1")]))).expect("made");
    let grace = Some(Duration::from_hours(24));
    vault.rotate("key", None, Secret::from("two"), grace).expect("rotated");
    vault.rotate("creds", Some("A"), Secret::from("a2"), grace).expect("rotated");
    let previous = |vault: &Vault, name: &str| -> Vec<String> {
        let secret = vault.get(name).expect("a file").expect("a secret");
        let text = |value: &Secret| String::from_utf8(value.expose().to_vec()).expect("UTF-8");
        secret.previous().map(|(key, value)| format!("{}={}", key.unwrap_or(""), text(value))).collect()
    };
    assert_eq!((held(&vault, "key"), previous(&vault, "key")), (vec!["two".into()], vec!["=one".into()]));
    assert_eq!(held(&vault, "creds"), ["A=a2", "B=b1"]);
    let summary = vault.summary("key").expect("a file").expect("a secret");
    assert_eq!(summary.previous_until.as_deref(), Some("2026-11-22T09:00:00Z"));
    let later = at("2026-11-21T12:00:00Z");
    later.rotate("creds", Some("B"), Secret::from("b2"), grace).expect("rotated");
    assert_eq!(previous(&later, "creds"), ["A=a1", "B=b1"]);
    // Any writing after the grace removes it.
    let over = at("2026-12-01T00:00:00Z");
    over.set("key", Update { description: Some("x".into()), ..Update::default() }).expect("changed");
    assert!(previous(&over, "key").is_empty());
    assert_eq!(over.summary("key").expect("a file").expect("a secret").previous_until, None);
    over.rotate("creds", Some("A"), Secret::from("a3"), grace).expect("rotated");
    assert_eq!(previous(&over, "creds"), ["A=a2"]);
    over.delete("creds", Some("A")).expect("removed");
    assert!(previous(&over, "creds").is_empty());
    over.rotate("key", None, Secret::from("three"), None).expect("rotated");
    assert!(previous(&over, "key").is_empty());
    assert!(kinds(&over).is_empty());
}

#[test]
fn a_rename_is_followed_by_its_history() {
    let place = Place::new();
    place.git(&["init", "-q"]);
    let vault = place.of_ada();
    vault.create_secret("old", value("v1")).expect("made");
    place.commit("one");
    vault.set("old", set(Content::Value(Secret::from("v2")))).expect("changed");
    place.commit("two");
    let written = vault.rename("old", "new").expect("renamed");
    assert_eq!((&*written.name, written.version), ("new", 3));
    assert_eq!(vault.names().expect("names"), ["new"]);
    assert_eq!(held(&vault, "new"), ["v2"]);
    place.commit("three");
    let history = place.vault().history("new").expect("a history");
    let told: Vec<_> = history
        .iter()
        .map(|one| (&*one.name, one.version, one.updated_by.as_deref(), &*one.author))
        .collect();
    let ada = Some("ada");
    assert_eq!(
        told,
        [("new", Some(3), ada, "Ada"), ("old", Some(2), ada, "Ada"), ("old", Some(1), ada, "Ada")]
    );
    let first = vault.get_at("old", &history[2].commit).expect("a file").expect("a secret");
    assert_eq!(first.only().map(Secret::expose), Some(&b"v1"[..]));
    assert!(vault.get_at("new", &history[2].commit).expect("an answer").is_none());
    assert!(told_error(&vault.get_at("old", "--help").expect_err("no commit")).contains("hexadecimal"));
    // The old name is free, and what takes it is another secret.
    vault.create_secret("old", value("other")).expect("made");
    assert_eq!(vault.names().expect("names"), ["new", "old"]);
    vault.rename("new", "newer").expect("renamed");
    assert_eq!(vault.names().expect("names"), ["newer", "old"]);
    assert!(kinds(&vault).is_empty());
}

#[test]
fn without_git_there_is_no_history_and_that_is_said() {
    let place = Place::new();
    place.of_ada().create_secret("a", value("1")).expect("made");
    assert!(told(place.vault().history("a")).contains("git"));
    assert!(kinds(&place.of_ada()).is_empty());
}

#[test]
fn a_file_keeps_its_mode_and_a_new_one_has_the_folders() {
    let place = Place::new();
    let mode = |name: &str| std::fs::metadata(place.path(name)).expect("a file").permissions().mode() & 0o777;
    let folder_mode = |bits| std::fs::set_permissions(place.secrets(), PermissionsExt::from_mode(bits));
    folder_mode(0o755).expect("a mode");
    place.of_ada().create_secret("a", value("1")).expect("made");
    folder_mode(0o700).expect("a mode");
    place.of_ada().create_secret("b", value("1")).expect("made");
    assert_eq!((mode("a"), mode("b")), (0o644, 0o600));
    place.of_ada().set("a", set(Content::Value(Secret::from("2")))).expect("changed");
    assert_eq!(mode("a"), 0o644);
}

#[test]
fn the_folder_holds_nothing_but_secrets_and_the_list() {
    let place = Place::new();
    place.of_ada().create_secret("a", value("1")).expect("made");
    let mut names: Vec<_> = std::fs::read_dir(place.secrets())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert_eq!(names, ["a.yaml", "vault.toml"]);
    assert!(
        told(Vault::create(place.secrets(), "eve", &place.bob.recipient).map(drop))
            .contains("a vault already")
    );
    assert!(told(Vault::open(place.base()).map(drop)).contains("redeem vault init"));
}
