//! What is known of a secret without its value, and who knows it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use redeem_syntax::{Name, Source, Span};

use crate::{Backend, Failure};

/// The scope of a secret that names none: it may stand anywhere.
pub const GLOBAL: &str = "global";

/// What is known of a secret without its value.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The backend that holds it.
    pub backend: String,
    /// Where it may stand: [`GLOBAL`] is anywhere.
    pub scope: String,
    /// From when on it is unusable.
    pub expires: Option<Expires>,
    /// Where that is written down, if it is in a text.
    pub noted: Option<Noted>,
    /// What else is known, for people: `("version", "3")`.
    pub details: Vec<(&'static str, String)>,
}

/// The first instant at which a secret is unusable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expires {
    /// As it is written: a day, or an instant (RFC 3339).
    pub text: String,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}

/// Where the facts of a secret are written down.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The text.
    pub source: Source,
    /// Its name there.
    pub name: Span,
    /// Its scope, if it names one.
    pub scope: Option<Span>,
    /// From when on it is unusable, if it says so.
    pub expires: Option<Span>,
}

/// What a backend can say of a name without a key, a value or the network.
#[derive(Clone, Debug)]
pub enum Survey {
    /// It is here.
    Here(Arc<Facts>),
    /// It is not here.
    NotHere,
    /// It may be here; only asking for the value would tell.
    Perhaps,
    /// It is here and cannot be used as the reference names it, or what is here is damaged.
    Failed(Arc<Failure>),
}

/// What all backends together can say of a name without a key, a value or the network.
#[derive(Clone, Debug)]
pub enum Known {
    /// One has it.
    Here(Arc<Facts>),
    /// None has it.
    Nowhere,
    /// None surely has it, and these may.
    Perhaps(Vec<String>),
    /// One has it, and it cannot be used as the reference names it.
    Failed(Arc<Failure>),
}

impl Facts {
    /// The facts of a secret of which nothing is known but that this backend has it.
    pub fn plain(backend: &str) -> Self {
        Self {
            backend: backend.to_owned(),
            scope: GLOBAL.to_owned(),
            expires: None,
            noted: None,
            details: Vec::new(),
        }
    }

    /// Whether it may stand in any place.
    pub fn is_global(&self) -> bool {
        self.scope == GLOBAL
    }
}

/// Looks names up in the backends without asking for a value, each name once.
pub struct Catalogue<'w> {
    backends: &'w [Box<dyn Backend>],
    known: Mutex<BTreeMap<Name, Known>>,
    names: OnceLock<Vec<String>>,
}

impl<'w> Catalogue<'w> {
    /// The catalogue of some backends, in the order in which they are asked.
    pub fn new(backends: &'w [Box<dyn Backend>]) -> Self {
        Self { backends, known: Mutex::default(), names: OnceLock::new() }
    }

    /// What is known of a name.
    pub fn of(&self, name: &Name) -> Known {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(name) {
            return known.clone();
        }
        // Another thread may look up the same name meanwhile, and find the same.
        let found = self.look_up(name);
        known().insert(name.clone(), found.clone());
        found
    }

    fn look_up(&self, name: &Name) -> Known {
        let mut perhaps = Vec::new();
        for backend in self.backends {
            match backend.survey(name) {
                Survey::Here(facts) => return Known::Here(facts),
                Survey::Failed(failure) => return Known::Failed(failure),
                Survey::Perhaps => perhaps.push(backend.name().to_owned()),
                Survey::NotHere => {}
            }
        }
        if perhaps.is_empty() { Known::Nowhere } else { Known::Perhaps(perhaps) }
    }

    /// Each name that a reference asked for, with what is known of it, by name.
    pub fn asked_for(&self) -> Vec<(Name, Known)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(name, known)| (name.clone(), known.clone())).collect()
    }

    /// The names that the backends hold, as far as they can be listed, as references spell them.
    pub fn names(&self) -> &[String] {
        self.names.get_or_init(|| {
            let mut names: Vec<String> =
                self.backends.iter().filter_map(|backend| backend.list()).flatten().collect();
            names.sort_unstable();
            names.dedup();
            names
        })
    }

    /// The backends, in the order in which they are asked.
    pub fn backends(&self) -> &[Box<dyn Backend>] {
        self.backends
    }
}

#[cfg(test)]
mod tests {
    use redeem_syntax::Code;

    use super::*;
    use crate::Fetched;

    struct Says(&'static str, fn(&str) -> Survey);

    impl Backend for Says {
        fn name(&self) -> &str {
            self.0
        }
        fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
            vec![Fetched::NotHere; names.len()]
        }
        fn survey(&self, name: &Name) -> Survey {
            (self.1)(&name.secret)
        }
        fn list(&self) -> Option<Vec<String>> {
            Some(vec![self.0.to_owned(), "both".to_owned()])
        }
    }

    #[test]
    fn the_first_that_has_a_name_answers_and_doubt_is_told() {
        let first: fn(&str) -> Survey = |name| match name {
            "a" => Survey::Here(Arc::new(Facts::plain("first"))),
            "b" => Survey::Perhaps,
            "c" => Survey::Failed(Arc::new(Failure {
                code: Code::UnknownKey,
                backend: "first".into(),
                message: String::new(),
                help: None,
            })),
            _ => Survey::NotHere,
        };
        let second: fn(&str) -> Survey = |name| match name {
            "a" | "c" | "d" => Survey::Here(Arc::new(Facts::plain("second"))),
            _ => Survey::NotHere,
        };
        let backends: [Box<dyn Backend>; 2] =
            [Box::new(Says("first", first)), Box::new(Says("second", second))];
        let catalogue = Catalogue::new(&backends);
        let told = |name: &str| match catalogue.of(&Name::split(name)) {
            Known::Here(facts) => facts.backend.clone(),
            Known::Nowhere => "nowhere".into(),
            Known::Perhaps(backends) => format!("perhaps {}", backends.join(" ")),
            Known::Failed(failure) => failure.code.to_string(),
        };
        let all: Vec<String> = ["a", "b", "c", "d", "e"].map(told).into();
        assert_eq!(all, ["first", "perhaps first", "unknown-key", "second", "nowhere"]);
        assert_eq!(catalogue.names(), ["both", "first", "second"]);
        assert_eq!(catalogue.asked_for().len(), 5);
    }
}
