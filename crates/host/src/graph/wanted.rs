//! The references that a rotation of some secrets touches.

use std::collections::BTreeSet;

use redeem_core::{Known, Name, nearest};
use redeem_syntax::Code;

use super::Graph;
use crate::Judge;

/// How it stands with a name that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// References ask for it.
    Used,
    /// It is there, and no reference asks for it.
    Unused,
    /// No reference asks for it, and no store is known to have it.
    Unknown {
        /// A name that it may be meant for.
        near: Option<String>,
    },
}

impl Graph {
    /// Keeps the references that a rotation of any of `wanted` touches, and tells how it stands with each of them.
    ///
    /// `NAME` is the secret with all its keys; `NAME.KEY` is one key, or in a SOPS file all that is below it.
    pub fn keep_users_of(&mut self, wanted: &[Name], judge: &Judge<'_>) -> Vec<Standing> {
        let standings = wanted.iter().map(|name| self.standing(name, judge)).collect();
        let wanted: Vec<(&Name, bool)> =
            wanted.iter().map(|name| (name, self.is_branch(name, judge))).collect();
        self.uses.retain(|one| wanted.iter().any(|(name, is_branch)| touches(name, *is_branch, &one.name)));
        standings
    }

    fn standing(&self, name: &Name, judge: &Judge<'_>) -> Standing {
        let is_branch = self.is_branch(name, judge);
        if self.uses.iter().any(|one| touches(name, is_branch, &one.name)) {
            return Standing::Used;
        }
        let is_here = match judge.catalogue().map(|catalogue| catalogue.of(name)) {
            Some(Known::Here(_)) => true,
            // A name that leads to several values is one, too; a key that is not there is none.
            Some(Known::Failed(failure)) => failure.code != Code::UnknownKey,
            Some(Known::Nowhere | Known::Perhaps(_)) | None => false,
        };
        if is_here {
            return Standing::Unused;
        }
        let listed = judge.catalogue().map_or(&[][..], |catalogue| catalogue.names());
        let used = self.uses.iter().map(|one| one.name.to_string());
        let mut names: BTreeSet<String> = used.chain(listed.iter().cloned()).collect();
        if name.key.is_none() {
            names.extend(names.clone().iter().map(|name| Name::split(name).secret));
        }
        let near = nearest(&name.to_string(), names.iter().map(String::as_str)).map(str::to_owned);
        Standing::Unknown { near }
    }

    /// Whether a name with a key is the way to several values, and not itself that of one.
    fn is_branch(&self, name: &Name, judge: &Judge<'_>) -> bool {
        let spelled = name.to_string();
        let is_listed = judge.catalogue().is_some_and(|catalogue| catalogue.names().contains(&spelled));
        name.key.is_some() && !is_listed && !self.uses.iter().any(|one| one.name == *name)
    }
}

/// Whether a rotation of `wanted` changes what `used` asks for.
fn touches(wanted: &Name, is_branch: bool, used: &Name) -> bool {
    if wanted.secret != used.secret {
        return false;
    }
    match (&wanted.key, &used.key) {
        (None, _) => true,
        // A bundle of one value needs no key.
        (Some(wanted), None) => wanted == "value",
        (Some(wanted), Some(used)) => {
            let below = || used.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'));
            wanted == used || is_branch && below()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_touches_the_secret_or_one_of_its_keys() {
        for (wanted, is_branch, used, expected) in [
            ("a", false, "a", true),
            ("a", false, "a.K", true),
            ("a", false, "ab", false),
            ("a.K", false, "a.K", true),
            ("a.K", false, "a.L", false),
            ("a.K", false, "a", false),
            ("a.value", false, "a", true),
            ("hosts.0", true, "hosts.0.password", true),
            ("hosts.0", true, "hosts.01.password", false),
            ("a.tls", false, "a.tls.crt", false),
        ] {
            let touched = touches(&Name::split(wanted), is_branch, &Name::split(used));
            assert_eq!(touched, expected, "{wanted} and {used}");
        }
    }
}
