//! age plugins that work, and those that do not: what they see, and how long they are waited for.
#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bech32::{Bech32, Hrp};
use redeem_host::core::Secret;
use redeem_host::identity::{DataKey, Identities, Prompt, Recipient, Surroundings, UnwrapError};
use tempfile::TempDir;

/// Wraps a file key by writing it down, and unwraps it by reading that.
const WORKS: &str = r#"
answer() { printf -- "$@"; read -r reply; read -r body; }
if [ "$1" = --age-plugin=recipient-v1 ]; then
    while read -r arrow command rest; do
        case $command in
            wrap-file-key) read -r key ;;
            done) read -r empty; break ;;
        esac
    done
    answer '-> recipient-stanza 0 fake word\n%s\n' "$key"
else
    while read -r arrow command rest; do
        case "$command $rest" in
            'recipient-stanza 0 fake word') read -r key ;;
            done*) read -r empty; break ;;
        esac
    done
    __THEN__
    [ -z "$key" ] || answer '-> file-key 0\n%s\n' "$key"
fi
printf -- '-> done\n\n'
"#;

/// A folder of plugins, which is the first of `PATH`.
struct Plugins(TempDir);

impl Plugins {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn with(self, name: &str, script: &str) -> Self {
        let path = self.0.path().join(format!("age-plugin-{name}"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a plugin");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        self
    }

    fn surroundings(&self) -> Surroundings {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let variables = [
            ("PATH", path.as_str()),
            ("HOME", "/nowhere"),
            ("LC_ALL", "C"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
            ("SOPS_AGE_KEY", &identity("fake")),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
        ];
        Surroundings::of(variables.map(|(name, value)| (name.to_owned(), OsString::from(value))))
    }

    /// Tries to unwrap what the plugin `fake` wrapped.
    fn unwrap(&self) -> Result<DataKey, UnwrapError> {
        let works = Self::new().with("fake", &WORKS.replace("__THEN__", ""));
        let recipient = Recipient::parse(&recipient("fake")).expect("a recipient");
        let key = DataKey::random().expect("random bytes");
        let enc = recipient.wrap_with(&key, &works.surroundings(), &Silent).expect("wraps");
        let stanza = (recipient.to_string(), enc);
        let identities = Identities::of(self.surroundings()).with_patience(Duration::from_millis(1500));
        identities.unwrap([(stanza.0.as_str(), stanza.1.as_str())].into_iter())
    }

    /// Why the plugin is of no use.
    fn why(&self) -> String {
        let start = Instant::now();
        let error = self.unwrap().expect_err("it does not work");
        assert!(start.elapsed() < Duration::from_secs(5), "{error}");
        let UnwrapError::NoMatch { tried, .. } = error else { panic!("{error}") };
        assert_eq!(tried.len(), 1);
        assert_eq!(tried[0].recipient.as_deref(), Some("plugin fake"));
        tried[0].why.clone()
    }
}

struct Silent;

impl Prompt for Silent {
    fn passphrase(&self, _what: &str) -> Option<Secret> {
        None
    }
}

fn recipient(name: &str) -> String {
    bech32::encode::<Bech32>(Hrp::parse(&format!("age1{name}")).expect("a prefix"), b"data").expect("short")
}

fn identity(name: &str) -> String {
    let prefix = Hrp::parse(&format!("age-plugin-{name}-")).expect("a prefix");
    bech32::encode::<Bech32>(prefix, b"data").expect("short").to_uppercase()
}

#[test]
fn a_plugin_wraps_and_unwraps() {
    let plugins = Plugins::new().with("fake", &WORKS.replace("__THEN__", ""));
    plugins.unwrap().expect("it works");
}

#[test]
fn case_35_a_plugin_sees_no_key_and_not_where_it_is() {
    let plugins = Plugins::new();
    let seen = plugins.0.path().join("seen");
    let look = format!("{{ env; echo cwd=$PWD; }} >{}", seen.display());
    let plugins = plugins.with("fake", &WORKS.replace("__THEN__", &look));
    plugins.unwrap().expect("it works");
    let seen = fs::read_to_string(seen).expect("what it saw");
    for name in ["PATH=", "HOME=/nowhere", "LC_ALL=C", "XDG_RUNTIME_DIR=/run/user/7"] {
        assert!(seen.contains(name), "{seen}");
    }
    for name in ["SOPS_AGE", "AWS_", "canary", "CARGO"] {
        assert!(!seen.contains(name), "{seen}");
    }
    let cwd = seen.lines().find_map(|line| line.strip_prefix("cwd="));
    assert_eq!(cwd.map(Into::into), Some(std::env::temp_dir()));
}

#[test]
fn case_26_a_plugin_that_misbehaves_is_told_in_time() {
    let then = |then: &str| WORKS.replace("__THEN__", then);
    let cases = [
        ("exec sleep 100", "it said nothing for 1.5 seconds"),
        ("exec >&- <&-; exec sleep 100", "it ended in the middle of the conversation"),
        ("exec yes", "it says what is not the plugin protocol"),
        ("exec cat /dev/zero", "it says more than 1 MiB"),
        (r"while :; do printf -- '-> msg\n\n'; done", "it says more than 1000 things"),
        ("exit 0", "it ended in the middle of the conversation"),
        ("exit 3", "it ended in the middle of the conversation"),
        ("echo hello", "it says what is not the plugin protocol"),
        (&then(r"answer '-> file-key 0\n%s\n' $key"), "it answers twice"),
        (&then("key=AAAA"), "it answers with what is no file key"),
        (&then(r"answer '-> file-key 1\n%s\n' $key"), "it answers with what is no file key"),
        (&then(r"answer '-> error internal\nbm8ga2V5G1sK\n'; key="), "it says: no key [ "),
        (&then("key="), "the file is not for it"),
    ];
    for (script, expected) in cases {
        assert_eq!(Plugins::new().with("fake", script).why(), expected, "{script}");
    }
}

#[test]
fn a_plugin_with_the_wrong_key_is_told_from_one_without() {
    let wrong = WORKS.replace("__THEN__", "key=AAAAAAAAAAAAAAAAAAAAAA");
    let error = Plugins::new().with("fake", &wrong).unwrap().expect_err("another key");
    assert!(error.is_damaged(), "{error}");
    assert!(error.to_string().contains("its header was changed"), "{error}");
}

#[test]
fn a_plugin_is_looked_for_in_absolute_folders_alone() {
    assert_eq!(Plugins::new().why(), "the program age-plugin-fake is not in the folders of PATH");
    let plugins = Plugins::new().with("fake", &WORKS.replace("__THEN__", ""));
    // From the folder of the package, where tests run, there is a way up to it.
    let up = "../".repeat(std::env::current_dir().expect("a folder").components().count() - 1);
    let relative = format!("{up}{}", plugins.0.path().strip_prefix("/").expect("absolute").display());
    assert!(fs::exists(format!("{relative}/age-plugin-fake")).expect("a path"));
    let path =
        [("PATH".to_owned(), OsString::from(relative)), ("SOPS_AGE_KEY".to_owned(), identity("fake").into())];
    let enc = {
        let recipient = Recipient::parse(&recipient("fake")).expect("a recipient");
        recipient
            .wrap_with(&DataKey::random().expect("bytes"), &plugins.surroundings(), &Silent)
            .expect("wraps")
    };
    let error = Identities::of(Surroundings::of(path)).unwrap([("age1fake", enc.as_str())].into_iter());
    assert!(error.expect_err("relative").to_string().contains("is not in the folders of PATH"));
}

#[test]
fn a_plugin_asks_the_person_and_nobody_else() {
    #[derive(Default)]
    struct Person(Mutex<Vec<String>>);
    impl Person {
        fn heard(&self, what: &str) {
            self.0.lock().expect("one thread").push(what.to_owned());
        }
    }
    impl Prompt for Person {
        fn passphrase(&self, what: &str) -> Option<Secret> {
            self.heard(what);
            Some(Secret::from("1234"))
        }
        fn confirm(&self, what: &str, yes: &str, no: Option<&str>) -> Option<bool> {
            self.heard(&format!("{what} {yes}/{}", no.unwrap_or("-")));
            Some(true)
        }
        fn message(&self, text: &str) -> bool {
            self.heard(text);
            true
        }
    }
    // "touch it", "PIN?" answered with 1234, "sure?" with "aye" and "nay".
    let asks = r"answer '-> msg\ndG91Y2ggaXQ\n'; [ $reply = '-> ok' ] || exit 1
        answer '-> request-secret\nUElOPw\n'; [ $body = MTIzNA ] || exit 1
        answer '-> confirm YXll bmF5\nc3VyZT8\n'; [ $reply = '-> ok yes' ] || exit 1
        answer '-> new-command\n\n'; [ $reply = '-> unsupported' ] || exit 1";
    let asks = asks.replace("$reply", "\"$reply\"").replace("$body", "\"$body\"");
    let plugins = Plugins::new().with("fake", &WORKS.replace("__THEN__", &asks));
    let recipient = Recipient::parse(&recipient("fake")).expect("a recipient");
    let key = DataKey::random().expect("random bytes");
    let enc = recipient.wrap_with(&key, &plugins.surroundings(), &Silent).expect("wraps");
    let person = Arc::new(Person::default());
    let identities = Identities::of(plugins.surroundings()).with_prompt(person.clone());
    identities.unwrap([("age1fake", enc.as_str())].into_iter()).expect("it is answered");
    let heard = person.0.lock().expect("one thread").clone();
    assert_eq!(heard, ["fake: touch it", "fake: PIN?", "fake: sure? aye/nay"]);
}

#[test]
fn a_plugin_is_not_run_for_stanzas_without_end() {
    let plugins = Plugins::new();
    let runs = plugins.0.path().join("runs");
    let note = format!("echo run >>{}\nread -r all\nprintf -- '-> done\\n\\n'", runs.display());
    let plugins = plugins.with("fake", &note);
    let count = || fs::read_to_string(&runs).unwrap_or_default().lines().count();
    let works = Plugins::new().with("fake", &WORKS.replace("__THEN__", ""));
    let key = DataKey::random().expect("random bytes");
    let fake = Recipient::parse(&recipient("fake")).expect("a recipient");
    let enc = fake.wrap_with(&key, &works.surroundings(), &Silent).expect("wraps");
    let (_, own) = redeem_host::identity::generate();
    let native = own.wrap(&key).expect("wraps");
    let identities = || Identities::of(plugins.surroundings());
    identities().unwrap([("x", native.as_str())].into_iter()).expect_err("for another");
    assert_eq!(count(), 0, "age's own stanzas are for no plugin");
    identities().unwrap((0..200).map(|_| ("x", enc.as_str()))).expect_err("not opened");
    assert_eq!(count(), 64);
}
