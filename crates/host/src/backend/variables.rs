//! How the name of a secret becomes the name of a variable, for the environment and `.env` files.

use std::collections::BTreeMap;

use redeem_core::Name;

/// The rule that turns `openai_api_key` into `OPENAI_API_KEY` and `creds.API_KEY` into `CREDS_API_KEY`.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// Stands before each variable: `APP_`.
    pub prefix: String,
    /// `creds.API_KEY` is just `API_KEY`.
    pub bare_keys: bool,
    /// Names with a variable of their own; the prefix does not apply.
    pub map: BTreeMap<String, String>,
    /// The only names to answer, if set.
    pub names: Option<Vec<String>>,
}

/// Variables of the session that no reference means by chance.
const OF_THE_SESSION: &[&str] = &["PATH", "HOME", "USER", "SHELL", "PWD"];

impl Variables {
    /// The variable that holds the value of `name`; none if this store is not to be asked for it.
    pub fn variable(&self, name: &Name) -> Option<String> {
        let spelled = name.to_string();
        if let Some(variable) = self.map.get(&spelled) {
            return Some(variable.clone());
        }
        let is_wanted = |names: &Vec<String>| names.iter().any(|one| *one == spelled || *one == name.secret);
        if !self.names.as_ref().is_none_or(is_wanted) {
            return None;
        }
        let spelled = match &name.key {
            Some(key) if self.bare_keys => key.clone(),
            _ => spelled,
        };
        let variable = format!("{}{}", self.prefix, spelled.to_uppercase().replace(['-', '.'], "_"));
        (!OF_THE_SESSION.contains(&variable.as_str())).then_some(variable)
    }

    /// Names that could reach the variables that there are, for suggestions.
    pub fn names<'v>(&self, variables: impl Iterator<Item = &'v str>) -> Vec<String> {
        let own = variables
            .filter_map(|variable| variable.strip_prefix(self.prefix.as_str()))
            .filter(|variable| !variable.is_empty() && !OF_THE_SESSION.contains(variable))
            .map(str::to_lowercase)
            .filter(|name| self.names.as_ref().is_none_or(|names| names.contains(name)));
        own.chain(self.map.keys().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_variables() {
        let plain = Variables::default();
        let prefixed = Variables { prefix: "APP_".into(), bare_keys: true, ..Variables::default() };
        let mapped = Variables {
            map: [("mc_id".to_owned(), "PATH".to_owned())].into(),
            names: Some(vec!["a".into()]),
            ..Variables::default()
        };
        for (rule, name, expected) in [
            (&plain, "openai_api_key", Some("OPENAI_API_KEY")),
            (&plain, "pagerduty-key", Some("PAGERDUTY_KEY")),
            (&plain, "creds.API_KEY", Some("CREDS_API_KEY")),
            (&plain, "path", None),
            (&prefixed, "path", Some("APP_PATH")),
            (&prefixed, "creds.API_KEY", Some("APP_API_KEY")),
            (&mapped, "mc_id", Some("PATH")),
            (&mapped, "a", Some("A")),
            (&mapped, "a.k", Some("A_K")),
            (&mapped, "b", None),
        ] {
            assert_eq!(rule.variable(&Name::split(name)).as_deref(), expected, "{name}");
        }
    }
}
