//! Dialects of the user's own: an opening text, a closing text, a rule for names.

use std::fmt;

use regex_lite::Regex;

use super::delimited::{Body, bad_filter_hit, body, named, overlong_hit, trimming};
use super::{DIALECTS, Hit};
use crate::Name;
use crate::name::is_name_char;

/// A dialect that `redeem.toml` defines: `{ name = "angle", open = "<<", close = ">>", names = "[a-z]+" }`.
#[derive(Clone)]
pub struct Custom {
    name: String,
    open: String,
    close: String,
    names: Regex,
    /// The rule as it was written.
    rule: String,
}

/// Which part of a definition cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomError {
    /// `name`, `open`, `close` or `names`.
    pub key: &'static str,
    /// One sentence.
    pub message: String,
}

impl Custom {
    /// Defines a dialect. `names` is a regular expression for the whole name.
    ///
    /// ```
    /// use redeem_syntax::{Custom, Dialects, Format, Source, scan};
    ///
    /// let angle = Custom::new("angle", "<<", ">>", "[a-z][a-z0-9-]*").expect("a dialect");
    /// let dialects = Dialects::from_words_and(["+angle"], &[angle]).expect("known names");
    /// let found = scan(&Source::new("x", "key = <<api-key>>", Format::Text), &dialects);
    /// assert_eq!(found.references[0].name.to_string(), "api-key");
    /// ```
    ///
    /// # Errors
    /// The part that cannot be used.
    pub fn new(name: &str, open: &str, close: &str, names: &str) -> Result<Self, CustomError> {
        let error = |key, message: &str| CustomError { key, message: message.to_owned() };
        if name.is_empty() || !name.chars().all(is_name_char) || name.starts_with('-') {
            return Err(error("name", "a dialect's name is made of letters, digits, `_` and `-`"));
        }
        if DIALECTS.iter().any(|known| known.name == name) {
            return Err(error("name", "there is a dialect of this name already"));
        }
        for (key, text) in [("open", open), ("close", close)] {
            if text.is_empty() || text.trim() != text || text.contains(|c: char| c.is_control()) {
                return Err(error(key, "this has to be a text without blanks at its ends"));
            }
        }
        // Alone first: what closes a group of ours would be no pattern for the whole name.
        let regex = Regex::new(names)
            .and_then(|_| Regex::new(&format!("^(?:{names})$")))
            .map_err(|error| CustomError { key: "names", message: format!("this is no pattern: {error}") })?;
        if regex.is_match("") {
            return Err(error("names", "this pattern fits an empty name"));
        }
        Ok(Self {
            name: name.to_owned(),
            open: open.to_owned(),
            close: close.to_owned(),
            names: regex,
            rule: names.to_owned(),
        })
    }

    /// What it is called in a list of dialects.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn open(&self) -> &str {
        &self.open
    }

    pub(crate) fn close(&self) -> &str {
        &self.close
    }

    /// What its opening at `at` of `text` begins.
    pub(crate) fn find(&self, text: &str, at: usize) -> Vec<Hit> {
        let from = at + self.open.len();
        let words = || format!("what the pattern `{}` fits", self.rule);
        match body(text, from, &self.close) {
            Body::Closed { name, filters, end } => {
                let raw = &text[name.clone()];
                let read = self.read(raw);
                // A sign of one character stands in many a text, so only a right name makes it an opening.
                if read.is_err() && self.open.len() == 1 || raw.is_empty() {
                    return Vec::new();
                }
                let trimmed = raw.trim();
                let is_trimmed = trimmed.len() < raw.len() && self.read(trimmed).is_ok();
                let hit = named(self.name.clone().into(), read, &words(), at..end, name.clone(), filters);
                vec![if is_trimmed { trimming(hit, name, trimmed) } else { hit }]
            }
            Body::BadFilter { at, end } if self.open.len() > 1 => vec![bad_filter_hit(at, end)],
            Body::Overlong { end } if self.open.len() > 1 && text[from..end].contains(&self.close) => {
                vec![overlong_hit(&self.name, &words(), from, end)]
            }
            Body::Unclosed | Body::BadFilter { .. } | Body::Overlong { .. } => Vec::new(),
        }
    }

    /// A name that the pattern fits, whole or up to a dot that a key follows.
    fn read(&self, raw: &str) -> Result<Name, String> {
        let name = Name::split(raw);
        let is_key = |key: &str| !key.is_empty() && key.chars().all(|c| is_name_char(c) || c == '.');
        let fits = self.names.is_match(raw)
            || self.names.is_match(&name.secret) && name.key.as_deref().is_some_and(is_key);
        if fits && !name.secret.is_empty() {
            Ok(name)
        } else {
            Err("it does not fit the dialect's pattern".to_owned())
        }
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Custom({} {}{}{})", self.name, self.open, self.rule, self.close)
    }
}
