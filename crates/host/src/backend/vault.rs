//! A vault: `NAME` is a secret, `NAME.KEY` a value of a bundle.
//!
//! Only the files of the names that are asked for are opened, each once, on all cores. Whether a name is there, has
//! such a key and has not expired is known without an identity.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use redeem_core::{Backend, Expires, Facts, Failure, Fetched, Name, Noted, Survey};
use redeem_syntax::Code;

use super::failed;
use crate::config::{BackendConfig, ConfigError};
#[cfg(feature = "crypto")]
use crate::identity::Identities;
use crate::vault::{Card, Summary, Vault, VaultError};

/// A vault as a store of secrets.
pub struct VaultStore {
    name: String,
    folder: PathBuf,
    #[cfg(feature = "crypto")]
    identities: Option<Arc<Identities>>,
    vault: OnceLock<Result<Vault, Arc<Failure>>>,
}

/// Makes the backend of a `type = "vault"` table.
pub(crate) fn open(config: &BackendConfig) -> Result<Box<dyn Backend>, ConfigError> {
    let store = VaultStore::new(&config.name, config.required_path()?);
    #[cfg(feature = "crypto")]
    let store = store.with(config.identities()?);
    Ok(Box::new(store))
}

impl VaultStore {
    /// The vault at `folder`, which is opened when it is first asked.
    pub fn new(name: &str, folder: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            folder,
            #[cfg(feature = "crypto")]
            identities: None,
            vault: OnceLock::new(),
        }
    }

    /// Gives the identities that values are decrypted with.
    #[cfg(feature = "crypto")]
    #[must_use]
    pub fn with(mut self, identities: impl Into<Arc<Identities>>) -> Self {
        self.identities = Some(identities.into());
        self
    }

    /// A vault that is open already, with its identities.
    pub fn of(name: &str, vault: Vault) -> Self {
        Self { vault: OnceLock::from(Ok(vault)), ..Self::new(name, PathBuf::new()) }
    }

    fn vault(&self) -> Result<&Vault, Arc<Failure>> {
        let open = || {
            let vault = Vault::open(&self.folder).map_err(|error| self.failure(&error))?;
            #[cfg(feature = "crypto")]
            let vault = match &self.identities {
                Some(identities) => vault.with(Arc::clone(identities)),
                None => vault,
            };
            Ok(vault)
        };
        self.vault.get_or_init(open).as_ref().map_err(Arc::clone)
    }

    fn failure(&self, error: &VaultError) -> Arc<Failure> {
        let help = match error {
            VaultError::NotAVault { .. } => {
                Some("correct `path` in redeem.toml, or make one there".to_owned())
            }
            error => error.help(),
        };
        // What a file says that cannot be used is no fault of redeem.toml's.
        let code = match error.code() {
            Code::InvalidConfig => Code::BackendFailed,
            code => code,
        };
        Arc::new(Failure { code, backend: self.name.clone(), message: told(error), help })
    }

    /// Answers all names of one secret.
    fn one(&self, vault: &Vault, secret: &str, keys: &[Option<&str>]) -> Vec<Fetched> {
        match vault.judged(secret, |card| self.known(vault, card, keys)) {
            Ok(Some(answers)) => answers,
            Ok(None) => vec![Fetched::NotHere; keys.len()],
            Err(error) => vec![Fetched::Failed(self.failure(&error)); keys.len()],
        }
    }

    fn known(&self, vault: &Vault, card: Card, keys: &[Option<&str>]) -> Result<Vec<Fetched>, VaultError> {
        let summary = &card.summary;
        let name = &summary.name;
        let unusable = |key: Option<&str>| self.unusable(summary, key).map(Fetched::Failed);
        let unusable: Vec<Option<Fetched>> = keys.iter().copied().map(unusable).collect();
        if unusable.iter().all(Option::is_some) {
            return Ok(unusable.into_iter().flatten().collect());
        }
        if let Some(expiry) = summary.expires_at.as_ref().filter(|expiry| expiry.is_past(vault.clock())) {
            let message = format!("`{name}` has expired: it was usable until {expiry}");
            let help = format!("rotate it: `redeem secrets rotate {name}`");
            return Ok(vec![failed(&self.name, Code::ExpiredSecret, message, Some(help)); keys.len()]);
        }
        let values = self.values(vault, card, keys)?;
        Ok(unusable.into_iter().zip(values).map(|(unusable, value)| unusable.unwrap_or(value)).collect())
    }

    #[cfg(feature = "crypto")]
    fn values(&self, vault: &Vault, card: Card, keys: &[Option<&str>]) -> Result<Vec<Fetched>, VaultError> {
        let facts = Arc::new(self.facts(&card));
        let secret = vault.secret(card)?;
        let value = |key: Option<&str>| key.map_or_else(|| secret.only(), |key| secret.value(key));
        let answer = |key| match value(key) {
            Some(value) => Fetched::Described(value.clone(), Arc::clone(&facts)),
            None => Fetched::NotHere,
        };
        Ok(keys.iter().map(|key| answer(*key)).collect())
    }

    #[cfg(not(feature = "crypto"))]
    #[expect(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "it is so with `crypto`")]
    fn values(&self, _: &Vault, card: Card, keys: &[Option<&str>]) -> Result<Vec<Fetched>, VaultError> {
        let message =
            format!("`{}` cannot be decrypted: Redeem was built without `crypto`", card.summary.name);
        let help = Some("build it with its default features".to_owned());
        Ok(vec![failed(&self.name, Code::UnreadableSecret, message, help); keys.len()])
    }

    /// What the file of a secret says beside its values.
    fn facts(&self, card: &Card) -> Facts {
        let summary = &card.summary;
        let place = |key: &str| Some(card.place(key)).filter(|place| !place.is_empty());
        let noted = Noted {
            source: card.source.clone(),
            name: card.place("name"),
            scope: place("scope"),
            expires: place("expires_at"),
        };
        let expires = summary
            .expires_at
            .as_ref()
            .map(|expiry| Expires { text: expiry.to_string(), at: expiry.instant().as_second() });
        let scope = summary.scope.clone();
        Facts { scope, expires, noted: Some(noted), ..Facts::plain(&self.name) }
    }

    /// What is wrong with a reference to this key, or to none.
    fn unusable(&self, summary: &Summary, key: Option<&str>) -> Option<Arc<Failure>> {
        let name = summary.name.clone();
        let error = match (key, &summary.keys) {
            (None, None) => return None,
            (Some(key), Some(keys)) if keys.iter().any(|own| own == key) => return None,
            (None, Some(keys)) if keys[..] == ["value"] => return None,
            (None, Some(keys)) => VaultError::BundleWithoutKey { name, keys: keys.clone() },
            (Some(key), keys) => {
                let (key, keys) = (key.to_owned(), keys.clone().unwrap_or_default());
                VaultError::UnknownKey { name, key, keys }
            }
        };
        Some(self.failure(&error))
    }
}

impl Backend for VaultStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        let vault = match self.vault() {
            Ok(vault) => vault,
            Err(failure) => return vec![Fetched::Failed(failure); names.len()],
        };
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            places.entry(&name.secret).or_default().push(place);
        }
        let places: Vec<_> = places.into_iter().collect();
        let answers: Vec<Vec<Fetched>> = places
            .par_iter()
            .map(|(secret, places)| {
                let keys: Vec<_> = places.iter().map(|place| names[*place].key.as_deref()).collect();
                self.one(vault, secret, &keys)
            })
            .collect();
        let mut fetched = vec![Fetched::NotHere; names.len()];
        for ((_, places), answers) in places.iter().zip(answers) {
            for (place, answer) in places.iter().zip(answers) {
                fetched[*place] = answer;
            }
        }
        fetched
    }

    /// Reads the file of the secret, and decrypts nothing in it.
    fn survey(&self, name: &Name) -> Survey {
        let vault = match self.vault() {
            Ok(vault) => vault,
            Err(failure) => return Survey::Failed(failure),
        };
        match vault.card(&name.secret) {
            Ok(Some(card)) => self.unusable(&card.summary, name.key.as_deref()).map_or_else(
                || Survey::Here(Arc::new(Facts { details: details(&card.summary), ..self.facts(&card) })),
                Survey::Failed,
            ),
            Ok(None) => Survey::NotHere,
            Err(error) => Survey::Failed(self.failure(&error)),
        }
    }

    /// Names with their keys, which are no secret.
    fn list(&self) -> Option<Vec<String>> {
        let listing = self.vault().ok()?.list().ok()?;
        let names = |summary: Summary| match summary.keys {
            Some(keys) => keys.into_iter().map(|key| format!("{}.{key}", summary.name)).collect(),
            None => vec![summary.name],
        };
        Some(listing.secrets.into_iter().flat_map(names).collect())
    }
}

/// What people want to know of a secret beside its scope and its end.
fn details(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut details = vec![("version", summary.version.to_string())];
    let mut add = |what, text: &Option<String>| details.extend(text.clone().map(|text| (what, text)));
    add("description", &summary.description);
    add("created", &summary.created_at);
    add("created by", &summary.created_by);
    add("updated", &summary.updated_at);
    add("updated by", &summary.updated_by);
    details.push(("visibility", summary.visibility.to_string()));
    details.push(("readers", summary.readers.join(", ")));
    details
}

/// What is wrong, with the place in the vault's own file.
fn told(error: &VaultError) -> String {
    let (VaultError::Malformed(diagnostic) | VaultError::Integrity(diagnostic)) = error else {
        return error.to_string();
    };
    match (&diagnostic.source, &diagnostic.label) {
        (Some(source), Some(label)) if label.span.end > 0 => {
            format!("{}:{}: {}", source.path(), source.line(label.span.start), diagnostic.message)
        }
        (Some(source), _) => format!("{}: {}", source.path(), diagnostic.message),
        _ => match &diagnostic.origin {
            Some(origin) => format!("{origin}: {}", diagnostic.message),
            None => diagnostic.message.clone(),
        },
    }
}

#[cfg(all(test, feature = "crypto"))]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use redeem_core::Secret;

    use super::*;
    use crate::backend::files::tests::contract;
    use crate::identity::generate;
    use crate::vault::{Content, Draft, Expiry};

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().expect("a folder");
        let (identity, recipient) = generate();
        let vault = Vault::create(folder.path(), "ada", &recipient.to_string()).expect("a vault");
        let identities = Identities::from_text("ada", &identity).expect("an identity");
        (folder, vault.with(identities).remembering_in(None))
    }

    fn bundle(values: &[(&str, &str)]) -> Draft {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value)));
        Draft::of(Content::Bundle(values.collect()))
    }

    #[test]
    fn a_vault_keeps_the_contract() {
        let (_folder, vault) = vault();
        for (name, value) in [("plain", "v1"), ("empty", ""), ("raw", " a\n")] {
            vault.create_secret(name, Draft::value(Secret::from(value))).expect("made");
        }
        vault.create_secret("bundle", bundle(&[("KEY", "v2")])).expect("made");
        vault.create_secret("one", bundle(&[("value", "v3")])).expect("made");
        let store = VaultStore::of("vault", vault);
        contract(&store);
        for (name, code) in [
            ("bundle", Some(Code::BundleWithoutKey)),
            ("bundle.NOPE", Some(Code::UnknownKey)),
            ("plain.KEY", Some(Code::UnknownKey)),
            ("one", None),
        ] {
            check(&store, name, code);
        }
        let listed = store.list().expect("names");
        assert_eq!(listed, ["bundle.KEY", "empty", "one.value", "plain", "raw"]);
    }

    fn check(store: &VaultStore, name: &str, code: Option<Code>) {
        match (&store.fetch(&[&Name::split(name)])[..], code) {
            ([Fetched::Failed(failure)], Some(code)) => {
                assert_eq!(failure.code, code, "{name}: {failure:?}");
                assert!(!format!("{failure:?}").contains("c4n4ry"));
            }
            ([Fetched::Described(..)], None) => {}
            (other, _) => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_trusted_or_read_or_has_expired_has_a_code_of_its_own() {
        let (folder, vault) = vault();
        let expires_at = Some(Expiry::parse("2026-01-31").expect("a day"));
        let draft = Draft { expires_at, ..Draft::value(Secret::from("c4n4ry-1")) };
        vault.create_secret("old", draft).expect("made");
        for name in ["plain", "torn"] {
            vault.create_secret(name, Draft::value(Secret::from("c4n4ry-2"))).expect("made");
        }
        let path = folder.path().join("torn.yaml");
        let text = std::fs::read_to_string(&path).expect("a file").replace("scope: global", "scope: local");
        std::fs::write(&path, text).expect("a file");
        let without = VaultStore::new("vault", folder.path().to_owned());
        let store = VaultStore::of("vault", vault);
        check(&store, "old", Some(Code::ExpiredSecret));
        check(&store, "torn", Some(Code::Integrity));
        check(&store, "plain", None);
        check(&without, "old", Some(Code::ExpiredSecret));
        check(&without, "plain", Some(Code::UnreadableSecret));
        assert_eq!(without.list().expect("names"), ["old", "plain", "torn"]);
        let nowhere = VaultStore::new("vault", folder.path().join("nope"));
        check(&nowhere, "plain", Some(Code::BackendFailed));
        assert!(nowhere.list().is_none());
    }
}
