//! A world in which every secret is there, with a made-up value: nobody is asked for anything.

use redeem_core::{Backend, Fetched, Name, Secret, World};

/// Answers every name with `fake-NAME`.
pub struct Fakes {
    backends: [Box<dyn Backend>; 1],
}

impl Default for Fakes {
    fn default() -> Self {
        Self { backends: [Box::new(Fake)] }
    }
}

impl World for Fakes {
    fn backends(&self) -> &[Box<dyn Backend>] {
        &self.backends
    }
}

struct Fake;

impl Backend for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        names.iter().map(|name| Fetched::Found(Secret::fake(name))).collect()
    }
}
