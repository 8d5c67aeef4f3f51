//! The name of one value: a secret, and a key if the secret is a bundle.

use std::fmt;

/// Names one value. `creds.API_KEY` is the key `API_KEY` of the bundle `creds`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The secret's name, never empty.
    pub secret: String,
    /// The key in the bundle, if the reference reaches into one; further dots belong to it.
    pub key: Option<String>,
}

impl Name {
    /// Splits at the first dot: what follows it is the key.
    pub fn split(text: &str) -> Self {
        match text.split_once('.') {
            Some((secret, key)) => Self { secret: secret.to_owned(), key: Some(key.to_owned()) },
            None => Self { secret: text.to_owned(), key: None },
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.secret)?;
        self.key.iter().try_for_each(|key| write!(f, ".{key}"))
    }
}

/// A rule that names of one dialect follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// The longest name allowed, in characters.
    pub longest: usize,
    /// How the rule is told to people.
    pub words: &'static str,
}

impl NameRule {
    /// Reads `NAME` or `NAME.KEY`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with `text` as a name.
    pub fn read(&self, text: &str) -> Result<Name, String> {
        let name = Name::split(text);
        if name.secret.is_empty() {
            return Err("the name is empty".to_owned());
        }
        if let Some(bad) = name.secret.chars().find(|&c| !is_name_char(c)) {
            return Err(format!("{} is not allowed in a name", describe(bad)));
        }
        if name.secret.len() > self.longest {
            return Err(format!(
                "the name has {} characters, {} are allowed",
                name.secret.len(),
                self.longest
            ));
        }
        match &name.key {
            Some(key) if key.is_empty() || key.split('.').any(str::is_empty) => {
                Err("the key behind the dot is empty".to_owned())
            }
            Some(key) => match key.chars().find(|&c| !is_name_char(c) && c != '.') {
                Some(bad) => Err(format!("{} is not allowed in a key", describe(bad))),
                None => Ok(name),
            },
            None => Ok(name),
        }
    }
}

/// Whether a character may stand in a name: ASCII letters, digits, `_` and `-`.
pub fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn describe(c: char) -> String {
    match c {
        ' ' => "a blank".to_owned(),
        '\t' => "a tab".to_owned(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: NameRule = NameRule { longest: 8, words: "" };

    #[test]
    fn a_name_splits_at_the_first_dot() {
        let name = RULE.read("a.b.c").expect("a name");
        assert_eq!((name.secret.as_str(), name.key.as_deref()), ("a", Some("b.c")));
        assert_eq!(name.to_string(), "a.b.c");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("", "empty"),
            ("a b", "a blank"),
            ("a\u{1}", "U+0001"),
            ("ä", "`ä`"),
            ("123456789", "9 characters"),
            ("a.", "key"),
            ("a..b", "key"),
            ("a.b c", "a blank"),
        ] {
            let error = RULE.read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
