//! Asks the backends in their order, each once, and keeps what they said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use redeem_syntax::{Code, Name};

use crate::facts::Facts;
use crate::{Backend, Failure, Fetched, Secret, World};

/// What is known about one name after every backend that had to be asked has been.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Its value.
    Found(Secret),
    /// No backend has it.
    Missing,
    /// A backend could not tell.
    Failed(Arc<Failure>),
}

/// What is known about all names of a run.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    by_name: BTreeMap<Name, Answer>,
    facts: BTreeMap<Name, Arc<Facts>>,
    missing: BTreeSet<Name>,
    known: BTreeSet<String>,
    backends: Vec<String>,
}

impl Answers {
    /// The answer for a name; one that was never asked for is missing.
    pub fn of(&self, name: &Name) -> &Answer {
        self.by_name.get(name).unwrap_or(&Answer::Missing)
    }

    /// Whether a name was asked for.
    pub fn has(&self, name: &Name) -> bool {
        self.by_name.contains_key(name) || self.missing.contains(name)
    }

    /// What its backend knows of a name that was found, if it knows more than the value.
    pub fn facts(&self, name: &Name) -> Option<&Arc<Facts>> {
        self.facts.get(name)
    }

    /// Names that the backends hold, as far as they can be listed: for suggestions.
    pub fn known(&self) -> impl Iterator<Item = &str> + Clone {
        self.known.iter().map(String::as_str)
    }

    /// The names of the backends that were asked, in order.
    pub fn backends(&self) -> &[String] {
        &self.backends
    }
}

impl FromIterator<(Name, Secret)> for Answers {
    fn from_iter<I: IntoIterator<Item = (Name, Secret)>>(secrets: I) -> Self {
        let answers: BTreeMap<_, _> =
            secrets.into_iter().map(|(name, secret)| (name, Answer::Found(secret))).collect();
        let known = answers.keys().map(ToString::to_string).collect();
        Self { by_name: answers, known, ..Self::default() }
    }
}

/// Fetches `names` through the world's backends.
///
/// Only "not here" lets the next backend answer. A failure is final for its name: it never
/// becomes a missing secret, and no later backend is asked in its place.
pub fn resolve<'n>(names: impl IntoIterator<Item = &'n Name>, world: &dyn World) -> Answers {
    let mut open: Vec<&Name> = names.into_iter().collect();
    let mut answers = Answers::default();
    for backend in world.backends() {
        answers.backends.push(backend.name().to_owned());
        if open.is_empty() {
            continue;
        }
        let fetched = ask(backend.as_ref(), &open);
        let mut still_open = Vec::new();
        for (name, fetched) in open.into_iter().zip(fetched) {
            match fetched {
                Fetched::Found(secret) => answers.by_name.insert(name.clone(), Answer::Found(secret)),
                Fetched::Described(secret, facts) => {
                    answers.facts.insert(name.clone(), facts);
                    answers.by_name.insert(name.clone(), Answer::Found(secret))
                }
                Fetched::Failed(failure) => answers.by_name.insert(name.clone(), Answer::Failed(failure)),
                Fetched::NotHere => {
                    still_open.push(name);
                    None
                }
            };
        }
        open = still_open;
    }
    if !open.is_empty() {
        answers.missing = open.into_iter().cloned().collect();
        answers.known = world.backends().iter().filter_map(|backend| backend.list()).flatten().collect();
    }
    answers
}

/// A backend that does not answer every name has failed for all of them: which is which cannot be known.
fn ask(backend: &dyn Backend, names: &[&Name]) -> Vec<Fetched> {
    let fetched = backend.fetch(names);
    if fetched.len() == names.len() {
        return fetched;
    }
    let failure = Arc::new(Failure {
        code: Code::BackendFailed,
        backend: backend.name().to_owned(),
        message: format!("it was asked for {} names and answered {}", names.len(), fetched.len()),
        help: None,
    });
    vec![Fetched::Failed(failure); names.len()]
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Fixed(&'static str, fn(&str) -> Fetched, Mutex<Vec<String>>);

    impl Backend for Fixed {
        fn name(&self) -> &str {
            self.0
        }
        fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
            let asked = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            self.2.lock().expect("no panic").push(asked);
            names.iter().map(|name| (self.1)(&name.secret)).collect()
        }
    }

    struct Chain(Vec<Box<dyn Backend>>);

    impl World for Chain {
        fn backends(&self) -> &[Box<dyn Backend>] {
            &self.0
        }
    }

    fn failure() -> Fetched {
        Fetched::Failed(Arc::new(Failure {
            code: Code::BackendFailed,
            backend: "first".into(),
            message: String::new(),
            help: None,
        }))
    }

    #[test]
    fn only_not_here_moves_on_and_a_failure_is_final() {
        let first: fn(&str) -> Fetched = |name| match name {
            "a" => Fetched::Found(Secret::from("1")),
            "b" => failure(),
            _ => Fetched::NotHere,
        };
        let second: fn(&str) -> Fetched = |name| match name {
            "d" => Fetched::NotHere,
            _ => Fetched::Found(Secret::from("2")),
        };
        let chain = Chain(vec![
            Box::new(Fixed("first", first, Mutex::default())),
            Box::new(Fixed("second", second, Mutex::default())),
        ]);
        let names: Vec<_> = ["a", "b", "c", "d"].map(Name::split).into();
        let answers = resolve(&names, &chain);
        let told: Vec<_> = names.iter().map(|name| format!("{:?}", answers.of(name))).collect();
        assert_eq!(told[0], "Found(Secret(redacted))");
        assert!(told[1].starts_with("Failed"), "{told:?}");
        assert_eq!(told[2..], ["Found(Secret(redacted))", "Missing"]);
    }

    #[test]
    fn a_backend_that_drops_an_answer_has_failed() {
        struct Short;
        impl Backend for Short {
            fn name(&self) -> &'static str {
                "short"
            }
            fn fetch(&self, _: &[&Name]) -> Vec<Fetched> {
                vec![Fetched::NotHere]
            }
        }
        let names = [Name::split("a"), Name::split("b")];
        let answers = resolve(&names, &Chain(vec![Box::new(Short)]));
        assert!(names.iter().all(|name| matches!(answers.of(name), Answer::Failed(_))));
    }
}
