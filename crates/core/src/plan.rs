//! Which secrets a set of texts asks for, each once.

use std::collections::BTreeMap;

use redeem_syntax::{Name, Scan};

/// One distinct value to fetch, with every reference that wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The value.
    pub name: Name,
    /// The references: the scan's position in the plan's order, then the reference's in the scan.
    pub wanted_by: Vec<(usize, usize)>,
}

/// The distinct values that some scans ask for, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    requests: Vec<Request>,
}

impl Plan {
    /// Gathers what the references of `scans` ask for. Those that are kept as they are ask for nothing.
    pub fn new<'s>(scans: impl IntoIterator<Item = &'s Scan>) -> Self {
        let mut requests: BTreeMap<&Name, Vec<(usize, usize)>> = BTreeMap::new();
        for (scan_index, scan) in scans.into_iter().enumerate() {
            for (index, reference) in scan.references.iter().enumerate().filter(|(_, r)| r.is_rendered()) {
                requests.entry(&reference.name).or_default().push((scan_index, index));
            }
        }
        let requests =
            requests.into_iter().map(|(name, wanted_by)| Request { name: name.clone(), wanted_by });
        Self { requests: requests.collect() }
    }

    /// The requests, by name.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The names, each once, in order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.requests.iter().map(|request| &request.name)
    }
}

#[cfg(test)]
mod tests {
    use redeem_syntax::{Dialects, Format, Source, scan};

    use super::*;

    #[test]
    fn each_distinct_value_is_asked_for_once() {
        let scans: Vec<_> = ["{secret:b} {secret:a.k}", "${secret.b} {secret:a.j}", "secret_name: c"]
            .iter()
            .map(|text| {
                let format = if text.contains(": ") { Format::Yaml } else { Format::Text };
                scan(&Source::new("x", *text, format), &Dialects::default())
            })
            .collect();
        let plan = Plan::new(&scans);
        let told: Vec<_> =
            plan.requests().iter().map(|r| (r.name.to_string(), r.wanted_by.clone())).collect();
        assert_eq!(
            told,
            [("a.j".into(), vec![(1, 1)]), ("a.k".into(), vec![(0, 1)]), ("b".into(), vec![(0, 0), (1, 0)])]
        );
    }
}
