//! A backend that answers by what its lock says.

use std::collections::BTreeMap;
use std::sync::Arc;

use redeem_core::{Backend, Facts, Failure, Fetched, Name, Survey};
use redeem_syntax::Code;

use super::{LockedBackend, LockedSecret, has_bundles};

/// A backend as its lock has it. It knows names and no values.
pub struct LockedStore {
    name: String,
    has_bundles: bool,
    /// The secrets of each name: in the environment, a plain one and one with keys may share it.
    secrets: BTreeMap<String, Vec<(LockedSecret, Arc<Facts>)>>,
    others: Vec<String>,
}

impl LockedStore {
    pub(super) fn new(locked: &LockedBackend) -> Self {
        let mut secrets: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for secret in &locked.secrets {
            let facts = Facts {
                scope: secret.scope.clone(),
                expires: secret.expires.clone(),
                noted: secret.noted.clone(),
                ..Facts::plain(&locked.name)
            };
            secrets.entry(secret.name.clone()).or_default().push((secret.clone(), Arc::new(facts)));
        }
        Self {
            name: locked.name.clone(),
            has_bundles: has_bundles(&locked.kind),
            secrets,
            others: locked.others.clone(),
        }
    }

    fn failed(&self, code: Code, message: String, help: String) -> Survey {
        Survey::Failed(Arc::new(Failure { code, backend: self.name.clone(), message, help: Some(help) }))
    }
}

impl Backend for LockedStore {
    fn name(&self) -> &str {
        &self.name
    }

    /// Nobody asks it for a value.
    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        vec![Fetched::NotHere; names.len()]
    }

    fn survey(&self, name: &Name) -> Survey {
        let Some(secrets) = self.secrets.get(&name.secret) else { return Survey::NotHere };
        let answers = |(secret, _): &&(LockedSecret, _)| match (&secret.keys, &name.key) {
            (None, None) => true,
            (Some(keys), Some(key)) => keys.contains(key),
            (Some(keys), None) => self.has_bundles && keys[..] == ["value"],
            (None, Some(_)) => false,
        };
        if let Some((_, facts)) = secrets.iter().find(answers) {
            return Survey::Here(Arc::clone(facts));
        }
        if !self.has_bundles {
            return Survey::NotHere;
        }
        let secret = &name.secret;
        let keys = secrets.iter().filter_map(|(secret, _)| secret.keys.as_ref()).flatten();
        let keys = keys.map(String::as_str).collect::<Vec<_>>().join(", ");
        match &name.key {
            None => self.failed(
                Code::BundleWithoutKey,
                format!("`{secret}` has several keys and the reference names none"),
                format!("write `{secret}.KEY` with one of: {keys}"),
            ),
            Some(key) if keys.is_empty() => self.failed(
                Code::UnknownKey,
                format!("`{secret}` has no key `{key}`"),
                format!("`{secret}` is one plain value: leave out `.{key}`"),
            ),
            Some(key) => self.failed(
                Code::UnknownKey,
                format!("`{secret}` has no key `{key}`"),
                format!("its keys are: {keys}"),
            ),
        }
    }

    fn list(&self) -> Option<Vec<String>> {
        let own = self.secrets.values().flatten().flat_map(|(secret, _)| secret.spelled());
        Some(own.chain(self.others.iter().cloned()).collect())
    }

    fn is_locked(&self) -> bool {
        true
    }
}
