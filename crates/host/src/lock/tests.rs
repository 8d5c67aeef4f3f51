//! What a lock says: its text and back, what is wrong with one, and what its store answers.

use redeem_core::{Backend, Expires, Name, Survey};
use redeem_syntax::{Code, Format, Source};

use super::*;

fn config() -> Config {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("redeem.toml");
    let text = "[[backend]]\nname = \"shell\"\ntype = \"env\"\n\n[[backend]]\nname = \"m\"\ntype = \"files\"\npath = \"p\"\n";
    let written = crate::write::Outputs::in_folder(folder.path()).and_then(|outputs| {
        outputs.prepare("redeem.toml".as_ref(), text.as_bytes(), crate::write::ModeRule::default())?;
        outputs.commit()
    });
    assert!(written.is_ok(), "{written:?}");
    Config::read(&path, None).expect("a configuration")
}

fn backend(name: &str, kind: &str, secrets: Vec<LockedSecret>) -> LockedBackend {
    LockedBackend { name: name.into(), kind: kind.into(), profile: None, secrets, others: Vec::new() }
}

fn lock() -> Lock {
    let keys = |keys: &[&str]| Some(keys.iter().map(|key| (*key).to_owned()).collect());
    let expires = Some(Expires { text: "2027-01-31".into(), at: 1_801_353_600 });
    let ending = LockedSecret { scope: "web".into(), expires, ..LockedSecret::plain("ending", None) };
    let shell = vec![LockedSecret::plain("a", None), LockedSecret::plain("a", keys(&["K"]))];
    let mounted = vec![
        LockedSecret::plain("b", keys(&["one", "tls.crt"])),
        ending,
        LockedSecret::plain("odd \"\\\n\u{7f}é", None),
        LockedSecret::plain("single", keys(&["value"])),
    ];
    Lock { backends: vec![backend("m", "files", mounted), backend("shell", "env", shell)] }
}

fn parse(text: &str) -> LockFile {
    LockFile::parse(&Source::new("redeem.lock", text, Format::Toml), &config())
}

#[test]
fn a_text_reads_back_as_what_it_was_written_of() {
    let text = lock().text();
    let read = parse(&text);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    assert_eq!(read.lock.text(), text);
    assert_eq!(lock().changes(&read.lock), []);
    assert!(read.is(&text) && !read.is("") && parse(&text.replace('\n', "\r\n")).problems.is_empty());
    for backend in &read.lock.backends {
        for secret in &backend.secrets {
            let noted = secret.noted.as_ref().expect("a place");
            assert!(noted.source.slice(&noted.name).starts_with('"'), "{}", secret.name);
            assert!(text[..noted.name.start].ends_with("name = "), "{}", secret.name);
            assert!(noted.scope.as_ref().is_some_and(|span| text[..span.start].ends_with("scope = ")));
            assert_eq!(noted.expires.is_some(), secret.expires.is_some());
        }
    }
}

/// No change of one byte passes; one that leaves no TOML is told at its place.
#[test]
fn each_changed_byte_is_told() {
    let text = lock().text();
    for (at, _) in text.char_indices().filter(|(at, _)| text.is_char_boundary(at + 1)) {
        let mut changed = text.clone();
        changed.replace_range(at..=at, if &text[at..=at] == "x" { "y" } else { "x" });
        let read = parse(&changed);
        assert!(read.lock.backends.is_empty(), "at {at}:\n{changed}");
        let [problem] = &read.problems[..] else { panic!("at {at}: {:?}", read.problems) };
        assert_eq!(problem.code, Code::StaleLock);
    }
    // Neither does a part that is gone, or one that is there twice.
    for line in 0..text.lines().count() {
        let without = |times: usize| -> String {
            let lines = text.split_inclusive('\n').enumerate();
            lines.flat_map(|(at, line_text)| vec![line_text; if at == line { times } else { 1 }]).collect()
        };
        for times in [0, 2] {
            assert_eq!(parse(&without(times)).problems.len(), 1, "line {line} {times} times");
        }
    }
}

#[test]
fn what_fits_no_backend_is_told_and_not_used() {
    let told = |lock: &Lock| {
        let read = parse(&lock.text());
        read.problems.iter().map(|told| told.message.clone()).collect::<Vec<_>>()
    };
    let of = |name: &str, kind: &str| Lock { backends: vec![backend(name, kind, Vec::new())] };
    assert_eq!(told(&of("other", "env")), ["redeem.toml has no backend `other`"]);
    assert_eq!(told(&of("m", "env")), ["backend `m` is of type `files` in redeem.toml"]);
    assert!(of("m", "env").store(&config(), "m").is_none());
    let mut elsewhere = of("other", "env");
    elsewhere.backends[0].profile = Some("ci".into());
    assert!(told(&elsewhere).is_empty(), "of another profile nothing is known");
    let mut undated = lock();
    undated.backends[0].secrets[1].expires = Some(Expires { text: "soon".into(), at: 0 });
    assert_eq!(told(&undated).len(), 1);
}

#[test]
fn a_store_answers_by_what_was_written_down() {
    let (config, lock) = (config(), lock());
    let told = |backend: &str, name: &str| {
        let store = lock.store(&config, backend).expect("a store");
        match store.survey(&Name::split(name)) {
            Survey::Here(facts) => format!("{} {}", facts.backend, facts.scope),
            Survey::NotHere => "not here".into(),
            Survey::Perhaps => "perhaps".into(),
            Survey::Failed(failure) => failure.code.to_string(),
        }
    };
    for (backend, name, expected) in [
        ("shell", "a", "shell global"),
        ("shell", "a.K", "shell global"),
        ("shell", "a.L", "not here"),
        ("shell", "b", "not here"),
        ("m", "b.one", "m global"),
        ("m", "b.tls.crt", "m global"),
        ("m", "b", "bundle-without-key"),
        ("m", "b.two", "unknown-key"),
        ("m", "ending", "m web"),
        ("m", "ending.K", "unknown-key"),
        ("m", "single", "m global"),
        ("m", "a", "not here"),
    ] {
        assert_eq!(told(backend, name), expected, "{backend}: {name}");
    }
    let store = lock.store(&config, "shell").expect("a store");
    assert_eq!(store.list(), Some(vec!["a".to_owned(), "a.K".to_owned()]));
    assert!(store.is_locked() && lock.store(&config, "none").is_none());
}

#[test]
fn changes_are_told_by_name() {
    let (old, mut new) = (lock(), lock());
    new.backends[0].secrets[0].keys = Some(vec!["one".into()]);
    new.backends[0].secrets[1].scope = "global".into();
    new.backends[1].secrets.push(LockedSecret::plain("z", None));
    let told = |change: &Change| format!("{:?} {} {}", change.kind, change.backend, change.name);
    let changes: Vec<String> = old.changes(&new).iter().map(told).collect();
    assert_eq!(changes, ["Removed m b.tls.crt", "Changed m ending", "Added shell z"]);
}
