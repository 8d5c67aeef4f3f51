//! Where identities come from, in which order, and what is said when none of them fits.
#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redeem_host::core::Secret;
use redeem_host::identity::{
    DataKey, FileError, Finding, Identities, IdentityError, Prompt, Recipient, Surroundings, UnwrapError,
    decrypt_with_passphrase, generate,
};
use tempfile::TempDir;

/// An identity file that the `age` program encrypted with the passphrase `correct horse` and the work factor 10.
const PROTECTED: &str = "-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCArQU9aWnpjay9pcUNYMmFD
OE1ZZ1dRIDEwCmF4NGRwdks0ZGVZeWk3YkozVlQ3YVJpK052K3gzRUhSSUlEYitY
d2NDNFUKLS0tICtyQWwrVThOK2llcmRacThmNGZXaEp5MFZyYUdEMWJWdWxxZU5S
aHAvWDgKLFhryBgBYXT8YjZ2QFB9+BhCrfPaVpS51S9GJbmNKVlQdOXt7jc+CG00
B82WbqxOn2KgMYvVpyIbuWcft6SRXTPMdo7JviX6Iw6yUzYOQriT+pBkyz4zZlyr
yu7294owuZtt3SUbHV6f+qnsT2BPJFJYWvbV32gjcTQZAcvfRg5kUxgkUf4NFHzM
NZrkmtPInXqpgS3E2DntIfUsRfye3BO87rdkbXn5IUT7A4KixKMdnKcYucCpO5AT
VQva/hKqoUDt9Jq8iQ2F8OmLotzeAi7YKoQI6+15
-----END AGE ENCRYPTED FILE-----
";
/// What is in it is for this recipient.
const PROTECTED_RECIPIENT: &str = "age1xlezryu20z29gv0knr2kq2ue8ycwspst7zxku27j3na89hwxps7syygcl3";

/// A user's home and variables.
struct User {
    home: TempDir,
    variables: Vec<(String, OsString)>,
}

impl User {
    fn new() -> Self {
        let home = TempDir::new().expect("a folder");
        let variables =
            vec![("HOME".to_owned(), home.path().into()), ("PATH".to_owned(), "/usr/bin:/bin".into())];
        Self { home, variables }
    }

    fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    fn file(&self, path: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("permissions");
        path
    }

    fn identities(&self) -> Identities {
        Identities::of(Surroundings::of(self.variables.clone())).with_patience(Duration::from_secs(2))
    }
}

/// A file's stanzas for the given recipients.
struct Stanzas(Vec<(String, String)>);

impl Stanzas {
    fn of(recipients: &[&Recipient]) -> Self {
        let key = DataKey::random().expect("random bytes");
        let wrap = |recipient: &&Recipient| (recipient.to_string(), recipient.wrap(&key).expect("wraps"));
        Self(recipients.iter().map(wrap).collect())
    }

    fn unwrap(&self, identities: &Identities) -> Result<DataKey, UnwrapError> {
        identities.unwrap(self.0.iter().map(|(recipient, enc)| (recipient.as_str(), enc.as_str())))
    }
}

/// Knows one passphrase and counts how often it is asked.
struct Person(&'static str, AtomicUsize);

impl Person {
    fn new(passphrase: &'static str) -> Arc<Self> {
        Arc::new(Self(passphrase, AtomicUsize::new(0)))
    }

    fn asked(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }
}

impl Prompt for Person {
    fn passphrase(&self, what: &str) -> Option<Secret> {
        assert!(what.starts_with("the identity file "), "{what}");
        self.1.fetch_add(1, Ordering::Relaxed);
        Some(Secret::from(self.0))
    }
}

#[test]
fn every_source_is_read_in_order() {
    let pairs: Vec<_> = (0..7).map(|_| generate()).collect();
    let text = |place: usize| pairs[place].0.as_str();
    let user = User::new();
    let redeem = user.file("a file", text(1));
    let sops = user.file("keys", text(3));
    let printed = user.file("printed", text(4));
    user.file(".config/sops/age/keys.txt", text(5));
    user.file(".config/redeem/identity.txt", text(6));
    let command = format!("cat '{}'", printed.display());
    let user = user
        .with("SOPS_AGE_KEY_CMD", command)
        .with("SOPS_AGE_KEY_FILE", sops)
        .with("SOPS_AGE_KEY", text(2))
        .with("REDEEM_IDENTITY_FILE", redeem)
        .with("REDEEM_IDENTITY", text(0));
    let identities = user.identities();
    let expected: Vec<Recipient> = pairs.iter().map(|(_, recipient)| recipient.clone()).collect();
    assert_eq!(identities.recipients(), expected);
    assert_eq!(identities.findings(), []);
    for recipient in &expected {
        Stanzas::of(&[recipient]).unwrap(&identities).expect("each of them opens");
    }
}

#[test]
fn the_folder_for_configuration_may_be_elsewhere() {
    let (text, recipient) = generate();
    let user = User::new();
    let path = user.file("elsewhere/redeem/identity.txt", &text);
    let user = user.with("XDG_CONFIG_HOME", path.parent().and_then(|path| path.parent()).expect("a folder"));
    assert_eq!(user.identities().recipients(), [recipient]);
}

#[test]
fn an_identity_file_has_comments_and_several_keys() {
    let ((one, first), (two, second)) = (generate(), generate());
    let key = |text: &str| text.lines().last().expect("a key").to_owned();
    let text = format!("\u{feff}# a comment\r\n\r\n{}\r\n  {}  \n\n", key(&one), key(&two));
    let identities = Identities::from_text("a file", &text).expect("two keys");
    assert_eq!(identities.recipients(), [first.clone(), second.clone()]);
    // In a variable they may stand in one line; in a file that is a mistake.
    let line = format!("{} {}", key(&one), key(&two));
    let user = User::new().with("SOPS_AGE_KEY", line.clone());
    assert_eq!(user.identities().recipients(), [first, second]);
    let wrong = Identities::from_text("a file", &format!("# keys\n{line}"));
    assert_eq!(wrong.expect_err("one line"), IdentityError::Damaged(2));
    let damaged = Identities::from_text("a file", &key(&one).replace("KEY-1", "KEY-1Q"));
    assert_eq!(damaged.expect_err("a letter too many"), IdentityError::Damaged(1));
    let other = Identities::from_text("a file", "hunter2\n").expect_err("no key");
    assert_eq!(other, IdentityError::Line(1));
    assert!(!other.to_string().contains("hunter2"));
}

#[test]
fn a_source_that_is_broken_is_passed_over_unless_it_was_named_for_us() {
    let (text, recipient) = generate();
    let stanzas = Stanzas::of(&[&recipient]);
    let user = User::new().with("SOPS_AGE_KEY_FILE", "/nowhere/keys").with("SOPS_AGE_KEY", "hunter2");
    user.file(".config/redeem/identity.txt", &text);
    let identities = user.identities();
    stanzas.unwrap(&identities).expect("the last source fits");
    let findings: Vec<String> = identities.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            "SOPS_AGE_KEY gives no identity: line 1 is not an identity: expected `AGE-SECRET-KEY-1…`, or a comment \
             after `#`",
            "SOPS_AGE_KEY_FILE (/nowhere/keys) gives no identity: there is no such file",
        ]
    );
    let user = user.with("REDEEM_IDENTITY_FILE", "/nowhere/ours");
    let error = stanzas.unwrap(&user.identities()).expect_err("it was named");
    assert_eq!(
        error.to_string(),
        "REDEEM_IDENTITY_FILE (/nowhere/ours) gives no identity: there is no such file"
    );
    assert!(!error.is_damaged());
}

#[test]
fn what_was_tried_is_listed() {
    let (text, mine) = generate();
    let (_, theirs) = generate();
    let stanzas = Stanzas::of(&[&theirs]);
    let user = User::new();
    user.file(".config/sops/age/keys.txt", PROTECTED);
    let command = "sh -c 'exit 3'";
    let user = user
        .with("REDEEM_IDENTITY", text.as_str())
        .with("SOPS_AGE_KEY", "# none\n")
        .with("SOPS_AGE_KEY_CMD", command)
        .with("SOPS_AGE_KEY_FILE", "/nowhere/keys");
    let error = stanzas.unwrap(&user.identities()).expect_err("for another");
    assert!(!error.is_damaged());
    assert_eq!(error.recipients(), [theirs.to_string()]);
    let home = user.home.path().display();
    let expected = format!(
        "no identity opens it
  REDEEM_IDENTITY: {mine}: the file is not for it
  SOPS_AGE_KEY: it is set and holds no identity
  SOPS_AGE_KEY_FILE (/nowhere/keys): there is no such file
  SOPS_AGE_KEY_CMD: it ended with exit status: 3
  {home}/.config/sops/age/keys.txt: it is protected by a passphrase and there is no terminal to ask for it
it opens for {theirs}"
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn no_identity_at_all_says_where_it_was_looked() {
    let (_, recipient) = generate();
    let user = User::new();
    let error = Stanzas::of(&[&recipient]).unwrap(&user.identities()).expect_err("nothing to open it with");
    let UnwrapError::NoIdentity { looked, .. } = &error else { panic!("{error}") };
    assert_eq!(looked[..2], ["REDEEM_IDENTITY", "REDEEM_IDENTITY_FILE"]);
    assert_eq!(looked.last(), Some(&format!("{}/.config/redeem/identity.txt", user.home.path().display())));
    assert!(!error.is_damaged());
}

#[test]
fn case_28_a_broken_stanza_is_told_from_one_for_others() {
    let ((text, mine), (_, theirs)) = (generate(), generate());
    let identities = Identities::from_text("mine", &text).expect("our own");
    let stanzas = Stanzas::of(&[&theirs, &mine]);
    stanzas.unwrap(&identities).expect("the second opens");
    // Each letter of the armour's first lines is of the header; the last line is of the payload.
    let enc = &stanzas.0[1].1;
    for at in (36..enc.len() - 40).step_by(7) {
        let letter = if enc.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        let flipped = format!("{}{letter}{}", &enc[..at], &enc[at + 1..]);
        let broken = Stanzas(vec![stanzas.0[0].clone(), (stanzas.0[1].0.clone(), flipped)]);
        let error = broken.unwrap(&identities).expect_err("a letter was changed");
        assert!(error.is_damaged(), "{at}: {error}");
    }
    // A key that was moved below another name opens, and one below ours that is not ours is told.
    let swapped = Stanzas(vec![(stanzas.0[0].0.clone(), stanzas.0[1].1.clone())]);
    swapped.unwrap(&identities).expect("it is ours whatever it is called");
    let swapped = Stanzas(vec![(stanzas.0[1].0.clone(), stanzas.0[0].1.clone())]);
    assert!(swapped.unwrap(&identities).expect_err("not ours").is_damaged());
    assert_eq!(Stanzas(Vec::new()).unwrap(&identities).expect_err("nothing"), UnwrapError::NoStanza);
}

#[test]
fn each_bit_of_an_age_file_counts() {
    let (text, recipient) = generate();
    let identities = Identities::from_text("mine", &text).expect("our own");
    let enc = recipient.wrap(&DataKey::random().expect("random bytes")).expect("wraps");
    let lines: String = enc.lines().filter(|line| !line.starts_with('-')).collect();
    let file = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, lines).expect("base64");
    identities.decrypt(&file).expect("it opens as it is");
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(identities.decrypt(&flipped).is_err(), "bit {bit}");
    }
    for length in 0..file.len() {
        assert!(identities.decrypt(&file[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_passphrase_is_asked_for_once_and_only_when_it_is_needed() {
    let (text, plain) = generate();
    let protected = Recipient::parse(PROTECTED_RECIPIENT).expect("a recipient");
    let user = User::new().with("SOPS_AGE_KEY", text.as_str()).with("REDEEM_IDENTITY", PROTECTED);
    let person = Person::new("correct horse");
    let identities = user.identities().with_prompt(person.clone());
    Stanzas::of(&[&protected, &plain]).unwrap(&identities).expect("the plain one opens it");
    assert_eq!(person.asked(), 0);
    let stanzas = Stanzas::of(&[&protected]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| stanzas.unwrap(&identities).expect("the protected one opens it"));
        }
    });
    assert_eq!(person.asked(), 1);
    assert_eq!(identities.recipients(), [protected, plain]);
    let identities = user.identities().with_prompt(Person::new("wrong horse"));
    let error = stanzas.unwrap(&identities).expect_err("another passphrase");
    assert!(error.to_string().contains("\n  REDEEM_IDENTITY: the passphrase does not open it"), "{error}");
}

#[test]
fn case_35_a_command_is_run_once_for_each_recipient_and_sees_no_key() {
    let (text, recipient) = generate();
    let (_, other) = generate();
    let user = User::new();
    let script = user.file("print it", &format!("env >>\"${{0%/*}}/seen\"\ncat <<END\n{}END\n", *text));
    let user = user
        .with("SOPS_AGE_KEY_CMD", format!("/bin/sh \"{}\"", script.display()))
        .with("SOPS_AGE_KEY_FILE", "canary")
        .with("REDEEM_IDENTITY", "# canary")
        .with("LC_MESSAGES", "C");
    let seen = user.home.path().join("seen");
    let identities = user.identities();
    assert!(!seen.exists(), "a source was read before it was needed");
    let stanzas = Stanzas::of(&[&other, &recipient]);
    for _ in 0..3 {
        stanzas.unwrap(&identities).expect("the command's opens it");
    }
    let seen = fs::read_to_string(seen).expect("what it saw");
    let asked: Vec<&str> = seen.lines().filter_map(|line| line.strip_prefix("SOPS_AGE_RECIPIENT=")).collect();
    // What it prints for the first recipient opens the second stanza already.
    assert_eq!(asked, [other.to_string()]);
    assert!(seen.contains("LC_MESSAGES=C") && seen.contains("HOME="), "{seen}");
    assert!(
        !seen.contains("canary") && !seen.contains("REDEEM_") && !seen.contains("SOPS_AGE_KEY"),
        "{seen}"
    );
}

#[test]
fn a_command_that_misbehaves_is_told_in_time() {
    let (_, recipient) = generate();
    let stanzas = Stanzas::of(&[&recipient]);
    let cases = [
        ("sleep 100", "it did not end within 2 seconds"),
        ("sh -c 'exec >&-; exec sleep 100'", "it closed its output and did not end"),
        ("yes", "it writes more than 1 MiB"),
        ("echo hunter2", "what it prints is unusable: line 1 is not an identity: "),
        ("no-such-program", "its program is not in the folders of PATH"),
        ("/nowhere/program", "it does not start: "),
        ("echo 'open", "it is not a command: a quote is open"),
        ("", "it is set and holds no command"),
        ("true", "it holds no identity"),
    ];
    for (command, why) in cases {
        let start = Instant::now();
        let user = User::new().with("SOPS_AGE_KEY_CMD", command);
        let error = stanzas.unwrap(&user.identities()).expect_err(command).to_string();
        assert!(error.contains(&format!("\n  SOPS_AGE_KEY_CMD: {why}")), "{command}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(8), "{command}");
    }
}

#[test]
fn case_27_a_file_that_others_may_read_is_told() {
    let (text, recipient) = generate();
    let user = User::new();
    let path = user.file(".config/sops/age/keys.txt", &text);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("permissions");
    let shown = path.display().to_string();
    let identities = user.identities();
    assert_eq!(identities.recipients(), [recipient]);
    assert_eq!(identities.findings(), [Finding::Exposed { path: shown.clone(), mode: 0o644 }]);
    let told = identities.findings()[0].to_string();
    assert_eq!(told, format!("{shown} can be read by others (mode 0644): run `chmod 600` on it"));
}

#[test]
fn case_26_what_is_made_to_cost_is_refused_at_once() {
    let start = Instant::now();
    let (text, recipient) = generate();
    let identities = Identities::from_text("mine", &text).expect("our own");
    let label = recipient.to_string();
    // A scrypt stanza that would take a day and a terabyte, before anyone is asked for a passphrase.
    let body = "A".repeat(43);
    let costly =
        format!("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\n{body}\n--- {body}\n{body}");
    let user = User::new().with("REDEEM_IDENTITY", costly.as_str());
    let person = Person::new("correct horse");
    let error = Stanzas::of(&[&recipient]).unwrap(&user.identities().with_prompt(person.clone()));
    let error = error.expect_err("too costly").to_string();
    assert!(
        error.ends_with("its passphrase asks for a work factor of 30, and no more than 22 is done"),
        "{error}"
    );
    assert_eq!(person.asked(), 0);
    let direct = decrypt_with_passphrase(costly.as_bytes(), &Secret::from("x"));
    assert_eq!(direct, Err(FileError::Work(30)));
    // A million stanzas.
    let many = format!("age-encryption.org/v1\n{}--- {body}\n", "-> X25519 A\n\n".repeat(1_000_000));
    let error = identities.decrypt(many.as_bytes()).expect_err("a million stanzas");
    assert_eq!(error, FileError::Header("it has more than 1024 stanzas"));
    // Armour without an end.
    let armor = format!("-----BEGIN AGE ENCRYPTED FILE-----\n{}", "A".repeat(1 << 26));
    let error = identities.unwrap([(label.as_str(), armor.as_str())].into_iter()).expect_err("no end");
    assert!(error.is_damaged() && error.to_string().contains("it is larger than 1048576 bytes"), "{error}");
    // An identity file of a gigabyte, and one without an end.
    let user = User::new();
    let path = user.file(".config/redeem/identity.txt", "");
    fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(1 << 30))
        .expect("a sparse file");
    let error = Stanzas::of(&[&recipient]).unwrap(&user.identities()).expect_err("a gigabyte").to_string();
    assert!(error.contains("identity.txt: it is larger than 1048576 bytes"), "{error}");
    let user = User::new().with("SOPS_AGE_KEY_FILE", "/dev/zero");
    let error = Stanzas::of(&[&recipient]).unwrap(&user.identities()).expect_err("no end").to_string();
    assert!(error.contains("(/dev/zero): it is larger than 1048576 bytes"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn post_quantum_keys_are_named() {
    let user = User::new().with("SOPS_AGE_KEY", "AGE-SECRET-KEY-PQ-1QQQQQQQ");
    let body = "A".repeat(43);
    let file =
        format!("age-encryption.org/v1\n-> mlkem768x25519 {body}\n{body}\n--- {body}\nAAAAAAAAAAAAAAAA");
    assert_eq!(
        user.identities().decrypt(file.as_bytes()),
        Err(FileError::PostQuantum("mlkem768x25519".to_owned()))
    );
    // `age1pq1…` is what sops calls it, some two thousand letters long.
    let label = format!("age1pq1{}", "q".repeat(2000));
    let enc = armor(file.as_bytes());
    let error =
        user.identities().unwrap([(label.as_str(), enc.as_str())].into_iter()).expect_err("not supported");
    let text = error.to_string();
    assert!(text.contains("SOPS_AGE_KEY: post-quantum identities are not supported"), "{text}");
    assert!(text.ends_with("the post-quantum recipient type `mlkem768x25519` is not supported"), "{text}");
    assert!(text.len() < 400, "{text}");
}

#[test]
fn nothing_shows_a_key() {
    let (text, recipient) = generate();
    let key = text.lines().last().expect("a key");
    let identities = Identities::from_text("mine", &text).expect("our own");
    let data = Stanzas::of(&[&recipient]).unwrap(&identities).expect("it opens");
    let shown = format!("{identities:?} {data:?} {recipient:?}");
    assert_eq!(shown, format!("Identities(redacted) DataKey(redacted) {recipient}"));
    assert!(!shown.contains(&key[16..]));
}

#[cfg(not(feature = "ssh"))]
#[test]
fn an_ssh_key_names_the_feature_that_reads_it() {
    let user = User::new().with("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/nowhere/id");
    let told = user.identities().findings()[0].to_string();
    assert!(told.contains("build with the feature `ssh`"), "{told}");
}

fn armor(file: &[u8]) -> String {
    let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, file);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n", lines.join("\n"))
}
