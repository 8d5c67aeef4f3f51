//! What a store of secrets answers, and the one door to the outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use redeem_syntax::{Code, Name};

use crate::facts::{Facts, Survey};
use crate::{Secret, Variables};

/// A store of secrets. It is asked once a run for all names it may have.
pub trait Backend: Send + Sync {
    /// What `redeem.toml` calls it.
    fn name(&self) -> &str;

    /// Answers each of `names`, in their order, in one batch where the store has such a thing.
    fn fetch(&self, names: &[&Name]) -> Vec<Fetched>;

    /// What is known of a name without a key, a value or the network.
    fn survey(&self, name: &Name) -> Survey {
        let _ = name;
        Survey::Perhaps
    }

    /// The names it holds, as references spell them; `None` if they cannot be listed without asking outside.
    fn list(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether it answers by what was written down of it once, which may be older than what it holds.
    fn is_locked(&self) -> bool {
        false
    }
}

/// The three things a backend can say about a name.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// Here it is.
    Found(Secret),
    /// Here it is, and this is known of it.
    Described(Secret, Arc<Facts>),
    /// It is not here: the next backend is asked.
    NotHere,
    /// It may be here, but there is no telling: the run stops.
    Failed(Arc<Failure>),
}

/// Why a backend could not answer, or why what it has does not fit the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind of problem it is.
    pub code: Code,
    /// The backend that said so.
    pub backend: String,
    /// One sentence, without the value.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

/// The outside, as the core sees it.
pub trait World: Sync {
    /// The backends in the order in which they are asked.
    fn backends(&self) -> &[Box<dyn Backend>];

    /// What templates see beside the secrets.
    fn variables(&self) -> &Variables {
        static NONE: Variables = Variables { vars: BTreeMap::new(), env: BTreeMap::new() };
        &NONE
    }
}
