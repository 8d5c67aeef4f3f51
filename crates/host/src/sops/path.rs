//! The way to a value: keys and positions.

use std::fmt;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A map's key.
    Key(String),
    /// A list's position, 0-based.
    Index(usize),
}

/// The keys and positions that lead to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// A path of one key.
    pub fn key(key: impl Into<String>) -> Self {
        Self(vec![Step::Key(key.into())])
    }

    /// This path and one key more.
    #[must_use]
    pub fn then(&self, key: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.into()));
        Self(steps)
    }

    /// Reads `db.password` and `hosts.0.name`. A step of digits alone is a position.
    ///
    /// The name of a reference spells a path so. A key that holds a dot, or is made of digits, has no such name.
    pub fn of_name(name: &str) -> Self {
        let step = |part: &str| match part.parse() {
            Ok(index) if part.bytes().all(|byte| byte.is_ascii_digit()) => Step::Index(index),
            _ => Step::Key(part.to_owned()),
        };
        Self(name.split('.').map(step).collect())
    }

    /// The additional data that a value here is encrypted with: each key with a colon behind it.
    ///
    /// Positions in lists add nothing, and neither does the comment itself to its container's path.
    pub(super) fn additional_data(&self) -> String {
        additional_data(self.0.iter())
    }
}

/// The additional data of a path; the root's, which only comments have, is one colon.
pub(super) fn additional_data<'a>(steps: impl Iterator<Item = &'a Step>) -> String {
    let mut data = String::new();
    for step in steps {
        if let Step::Key(key) = step {
            data.push_str(key);
            data.push(':');
        }
    }
    if data.is_empty() {
        data.push(':');
    }
    data
}

/// Dots between steps: `list.0.name`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            match step {
                Step::Key(key) => f.write_str(key)?,
                Step::Index(index) => write!(f, "{index}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_and_paths_are_names() {
        let path = Path::of_name("hosts.0.db-1");
        assert_eq!(path.0, [Step::Key("hosts".into()), Step::Index(0), Step::Key("db-1".into())]);
        assert_eq!(path.to_string(), "hosts.0.db-1");
        assert_eq!(Path::of_name("99999999999999999999").0, [Step::Key("99999999999999999999".into())]);
    }

    #[test]
    fn additional_data_is_the_keys_alone() {
        assert_eq!(Path::of_name("a.b").additional_data(), "a:b:");
        assert_eq!(Path::of_name("a.3.b").additional_data(), "a:b:");
        assert_eq!(Path::default().additional_data(), ":");
    }
}
