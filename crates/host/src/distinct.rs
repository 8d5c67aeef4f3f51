//! The keys of one mapping, of which none may stand there twice.

use std::borrow::Cow;
use std::collections::HashSet;

/// So many are compared with each other, which takes less time than hashing them does. A file may have a million.
const FEW: usize = 16;

/// Keys that were seen.
#[derive(Default)]
pub(crate) struct Distinct<'t> {
    few: Vec<Cow<'t, str>>,
    others: HashSet<Cow<'t, str>>,
}

impl<'t> Distinct<'t> {
    /// Takes the next key and says whether it is new.
    pub(crate) fn insert(&mut self, key: Cow<'t, str>) -> bool {
        if self.few.contains(&key) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(key);
            return true;
        }
        self.others.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_new_twice_however_many_there_are() {
        let keys: Vec<String> = (0..3 * FEW).map(|number| number.to_string()).collect();
        let mut seen = Distinct::default();
        assert!(keys.iter().all(|key| seen.insert(Cow::Borrowed(key))));
        assert!(!keys.iter().any(|key| seen.insert(Cow::Borrowed(key))));
        assert!(seen.insert(Cow::Borrowed("")));
    }
}
