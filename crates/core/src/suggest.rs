//! Did you mean: the name closest to one that is not known.

/// The candidate most like `name`, if one is like it enough to be meant.
///
/// Case and the choice between `-` and `_` count little; otherwise a third of the letters may differ.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let fold = |text: &str| text.to_lowercase().replace('-', "_");
    let folded = fold(name);
    let length = name.chars().count();
    // Of one letter nothing would be left.
    let most = if length < 2 { 0 } else { (length / 3).max(1) };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::osa_distance(&folded, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, candidate)| (*distance, candidate.len()))
        .map(|(_, candidate)| candidate)
}

/// The same if no second candidate is like enough to be meant.
pub(crate) fn only_near<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
) -> Option<&'c str> {
    let near = nearest(name, candidates.clone())?;
    let others = candidates.into_iter().filter(|other| *other != near);
    nearest(name, others).is_none().then_some(near)
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
