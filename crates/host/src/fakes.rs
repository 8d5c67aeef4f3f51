//! A world in which every secret is there, with a made-up value: nobody is asked for anything.

use redeem_core::{Backend, Fetched, Name, Secret, Variables, World};

use crate::config::Config;
use crate::template;

/// Answers every name with `fake-NAME`.
pub struct Fakes {
    backends: [Box<dyn Backend>; 1],
    variables: Variables,
}

impl Fakes {
    /// The fakes of a project, whose templates see its variables.
    pub fn new(config: &Config) -> Self {
        Self { backends: [Box::new(Fake)], variables: template::seen(config) }
    }
}

impl World for Fakes {
    fn backends(&self) -> &[Box<dyn Backend>] {
        &self.backends
    }

    fn variables(&self) -> &Variables {
        &self.variables
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
