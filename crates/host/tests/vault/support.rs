//! A vault in a temporary folder with three members, and what tests do to its files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use redeem_host::Secret;
use redeem_host::identity::{Identities, generate};
use redeem_host::vault::{Content, Draft, Finding, FindingKind, Role, Update, Vault, VaultError};
use tempfile::TempDir;

/// Ada owns the vault, Bob is a member, and a robot reads in CI.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) ada: Person,
    pub(crate) bob: Person,
    pub(crate) robot: Person,
}

pub(crate) struct Person {
    pub(crate) identities: Arc<Identities>,
    pub(crate) recipient: String,
    /// The file that holds the identity.
    pub(crate) file: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        // Each write is synced; in memory that costs nothing.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let person = |name: &str| Person::new(folder.path(), name);
        let (ada, bob, robot) = (person("ada"), person("bob"), person("robot"));
        let vault = Vault::create(folder.path().join("secrets"), "ada", &ada.recipient).expect("a vault");
        let mut vault = vault.with(ada.identities.clone()).remembering_in(None);
        vault.grant("bob", &bob.recipient, Role::Member).expect("a grant");
        vault.grant("robot", &robot.recipient, Role::Ci).expect("a grant");
        Self { folder, ada, bob, robot }
    }

    pub(crate) fn base(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.base().join("secrets")
    }

    /// The vault, without an identity.
    pub(crate) fn vault(&self) -> Vault {
        Vault::open(self.secrets()).expect("a vault").remembering_in(None)
    }

    /// The vault with somebody's identity.
    pub(crate) fn of(&self, person: &Person) -> Vault {
        self.vault().with(person.identities.clone())
    }

    pub(crate) fn of_ada(&self) -> Vault {
        self.of(&self.ada)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.secrets().join(format!("{name}.yaml"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Replaces a part of a secret's file, which has it once.
    pub(crate) fn tamper(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert_eq!(text.matches(from).count(), 1, "{from:?} in\n{text}");
        self.put(name, text.replace(from, to));
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.base())
            .args([
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.com",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "secrets"]);
        self.git(&["commit", "-q", "-m", message]);
    }
}

impl Person {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let (text, recipient) = generate();
        let file = folder.join(format!("{name}.txt"));
        fs::write(&file, text.as_bytes()).expect("a file");
        let identities = Identities::from_text(name, &text).expect("an identity");
        Self { identities: Arc::new(identities), recipient: recipient.to_string(), file }
    }
}

pub(crate) fn value(text: &str) -> Draft {
    Draft::value(Secret::from(text))
}

pub(crate) fn bundle(values: &[(&str, &str)]) -> Content {
    Content::Bundle(values.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect())
}

pub(crate) fn set(content: Content) -> Update {
    Update { content: Some(content), ..Update::default() }
}

/// What a secret holds, as `KEY=value` or `value`.
pub(crate) fn held(vault: &Vault, name: &str) -> Vec<String> {
    let secret = vault.get(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let secret = secret.unwrap_or_else(|| panic!("{name} is not there"));
    let text = |value: &Secret| String::from_utf8(value.expose().to_vec()).expect("UTF-8");
    secret
        .values()
        .map(|(key, value)| key.map_or(text(value), |key| format!("{key}={}", text(value))))
        .collect()
}

/// The kinds of what is found, of one secret or all.
pub(crate) fn kinds(vault: &Vault) -> Vec<FindingKind> {
    found(vault).iter().map(|finding| finding.kind).collect()
}

pub(crate) fn found(vault: &Vault) -> Vec<Finding> {
    vault.verify(None).expect("a verification")
}

/// An error with its help.
pub(crate) fn told<T>(result: Result<T, VaultError>) -> String {
    match result {
        Ok(_) => panic!("there is no error"),
        Err(error) => format!("{error}; {}", error.help().unwrap_or_default()),
    }
}
