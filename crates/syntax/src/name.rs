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
#[derive(Clone, Copy, Debug)]
pub struct NameRule {
    /// The longest name allowed, in characters.
    pub longest: usize,
    /// Whether a name may begin with this character.
    pub first: fn(char) -> bool,
    /// Whether this character may stand in a name or a key.
    pub rest: fn(char) -> bool,
    /// How the rule is told to people.
    pub words: &'static str,
}

impl NameRule {
    /// The names of variables: letters, digits and `_`, not beginning with a digit (POSIX, Environment Variables).
    pub(crate) const WORD: Self = Self {
        longest: 255,
        first: is_word_start,
        rest: is_word_char,
        words: "a letter or `_`, then letters, digits and `_`",
    };

    /// Reads `NAME` or `NAME.KEY`; a key follows the rule for the characters behind the first.
    ///
    /// # Errors
    /// A sentence that says what is wrong with `text` as a name.
    pub fn read(&self, text: &str) -> Result<Name, String> {
        let name = Name::split(text);
        if name.secret.is_empty() {
            return Err("the name is empty".to_owned());
        }
        if let Some(bad) = name.secret.chars().find(|&c| !(self.rest)(c)) {
            return Err(format!("{} is not allowed in a name", describe(bad)));
        }
        if let Some(bad) = name.secret.chars().next().filter(|&c| !(self.first)(c)) {
            return Err(format!("a name cannot begin with {}", describe(bad)));
        }
        if name.secret.chars().count() > self.longest {
            return Err(format!(
                "the name has {} characters, {} are allowed",
                name.secret.chars().count(),
                self.longest
            ));
        }
        match &name.key {
            Some(key) if key.is_empty() || key.split('.').any(str::is_empty) => {
                Err("the key behind the dot is empty".to_owned())
            }
            Some(key) => match key.chars().find(|&c| !(self.rest)(c) && c != '.') {
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

/// Whether a character may stand in an identifier behind its first.
pub(crate) fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a character may begin an identifier.
pub(crate) fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
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

    const RULE: NameRule =
        NameRule { longest: 8, first: |c| c != '-' && is_name_char(c), rest: is_name_char, words: "" };

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
            ("-a", "begin with `-`"),
            ("a.", "key"),
            ("a..b", "key"),
            ("a.b c", "a blank"),
        ] {
            let error = RULE.read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
