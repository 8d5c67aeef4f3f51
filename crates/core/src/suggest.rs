//! Did you mean: the name closest to one that is not known.

/// The candidate most like `name`, if one is like it enough to be meant.
///
/// Case and the choice between `-` and `_` count little; otherwise a third of the letters may differ.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    near(name, candidates).map(|(nearest, _)| nearest)
}

/// The same, and whether no second candidate is like enough to be meant.
pub(crate) fn near<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<(&'c str, bool)> {
    let fold = |text: &str| text.to_lowercase().replace('-', "_");
    let folded = fold(name);
    let length = name.chars().count();
    // Of one letter nothing would be left.
    let most = if length < 2 { 0 } else { (length / 3).max(1) };
    // Each edit makes a text longer or shorter by one at most; only letters beyond ASCII change that when folded.
    let is_long_enough = |candidate: &&str| {
        !(folded.is_ascii() && candidate.is_ascii()) || folded.len().abs_diff(candidate.len()) <= most
    };
    let mut nearest: Option<(usize, &str)> = None;
    let mut is_only = true;
    for candidate in candidates.into_iter().filter(|candidate| *candidate != name).filter(is_long_enough) {
        let distance = strsim::osa_distance(&folded, &fold(candidate));
        if distance > most {
            continue;
        }
        is_only &= nearest.is_none_or(|(_, other)| other == candidate);
        let is_nearer = |(least, other): (usize, &str)| (distance, candidate.len()) < (least, other.len());
        if nearest.is_none_or(is_nearer) {
            nearest = Some((distance, candidate));
        }
    }
    nearest.map(|(_, candidate)| (candidate, is_only))
}

/// The same if no second candidate is like enough to be meant.
pub(crate) fn only_near<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    near(name, candidates).filter(|(_, is_only)| *is_only).map(|(nearest, _)| nearest)
}

#[cfg(test)]
mod tests {
    use super::{nearest, only_near};

    #[test]
    fn with_two_candidates_nobody_knows_which_is_meant() {
        assert_eq!(only_near("db-pasword", ["db-password", "stripe"]), Some("db-password"));
        assert_eq!(only_near("key-c", ["key-a", "key-b"]), None);
        assert_eq!(only_near("other", ["key-a"]), None);
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["pagerduty-key", "db-password", "openai_api_key"];
        assert_eq!(nearest("pagerdutykey", known), Some("pagerduty-key"));
        assert_eq!(nearest("OPENAI-API-KEY", known), Some("openai_api_key"));
        assert_eq!(nearest("db-pasword", known), Some("db-password"));
        assert_eq!(nearest("stripe", known), None);
        assert_eq!(nearest("x", ["_", "y"]), None);
        assert_eq!(nearest("X", ["x"]), Some("x"));
    }
}
