//! A world in memory, for tests and for programs that have their secrets already.

use std::collections::BTreeMap;
use std::sync::Arc;

use redeem_core::{Backend, Facts, Fetched, Name, Secret, Survey, World};

/// Secrets in a table.
#[derive(Default)]
pub struct Memory {
    backends: Vec<Box<dyn Backend>>,
}

impl Memory {
    /// A world whose only backend holds these secrets, named as references name them.
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(secrets: impl IntoIterator<Item = (N, V)>) -> Self {
        let held = secrets
            .into_iter()
            .map(|(name, value)| (Name::split(name.as_ref()), Secret::new(value.as_ref().to_vec())));
        Self { backends: vec![Box::new(Table(held.collect()))] }
    }
}

impl World for Memory {
    fn backends(&self) -> &[Box<dyn Backend>] {
        &self.backends
    }
}

struct Table(BTreeMap<Name, Secret>);

impl Backend for Table {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        names
            .iter()
            .map(|name| self.0.get(name).map_or(Fetched::NotHere, |secret| Fetched::Found(secret.clone())))
            .collect()
    }

    fn survey(&self, name: &Name) -> Survey {
        if self.0.contains_key(name) {
            Survey::Here(Arc::new(Facts::plain(self.name())))
        } else {
            Survey::NotHere
        }
    }

    fn list(&self) -> Option<Vec<String>> {
        Some(self.0.keys().map(ToString::to_string).collect())
    }
}
