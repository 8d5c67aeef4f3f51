//! Finds where YAML's aliases repeat a node.

use std::collections::BTreeMap;

use super::walker::Walker;
use crate::{Event, Format, KeyPath, Segment, Source, Span};

/// An alias: `*name`, at a place of its own, for a node at another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The alias in the source.
    pub span: Span,
    /// The way to the node that it repeats.
    pub node: KeyPath,
    /// The way to where it repeats that. What is merged with `<<` lies in the mapping that it is merged into.
    pub place: KeyPath,
}

/// Finds the aliases of a text, in order; none in other formats than YAML.
pub fn aliases(source: &Source) -> Vec<Alias> {
    let text = source.text();
    if source.format() != Format::Yaml || !text.contains('&') || !text.contains('*') {
        return Vec::new();
    }
    let mut walker = Walker::default();
    let mut anchors: BTreeMap<&str, KeyPath> = BTreeMap::new();
    let mut found = Vec::new();
    // Where the last node ended: an anchor stands between that and its own.
    let mut behind = 0;
    // An error later on takes nothing away that stands before it.
    let _ = source.format().parse(text, &mut |event| match &event {
        Event::Scalar(token) => {
            walker.scalar(token.is_key, || token.text.clone());
            if token.properties.anchor != 0
                && !token.is_key
                && let Some(name) = anchor(text, behind..token.span.start)
            {
                anchors.insert(name, without_merges(walker.path()));
            }
            behind = token.span.end;
        }
        event => {
            walker.take(event);
            match event {
                Event::Document => anchors.clear(),
                Event::Open { properties, at, .. } => {
                    if properties.anchor != 0
                        && let Some(name) = anchor(text, behind..*at)
                    {
                        anchors.insert(name, without_merges(walker.path()));
                    }
                    behind = (*at).max(behind);
                }
                Event::Fixed(fixed) => {
                    let start = fixed.as_ptr().addr() - text.as_ptr().addr();
                    if let Some(node) = fixed.strip_prefix('*').and_then(|name| anchors.get(name)) {
                        let (span, place) = (start..start + fixed.len(), without_merges(walker.path()));
                        found.push(Alias { span, node: node.clone(), place });
                    }
                    behind = start + fixed.len();
                }
                _ => {}
            }
        }
    });
    found
}

impl Alias {
    /// Where the alias repeats what stands at a place of the text, if it does.
    pub fn of(&self, place: &KeyPath) -> Option<KeyPath> {
        let rest = place.0.strip_prefix(&self.node.0[..])?;
        Some(KeyPath(self.place.0.iter().chain(rest).cloned().collect()))
    }
}

/// The name of the anchor in a stretch before its node, where nothing else stands but a tag and comments.
fn anchor(text: &str, before: Span) -> Option<&str> {
    // A comment may hold the sign too.
    let codes = text.get(before)?.lines().filter(|line| !line.trim_start().starts_with('#'));
    let codes = codes.map(|line| line.split_once(" #").map_or(line, |(code, _)| code));
    let mut names = codes.filter_map(|code| code.rsplit_once('&')?.1.split_whitespace().next());
    names.next_back()
}

/// A place without the `<<` that merge it into another.
fn without_merges(path: KeyPath) -> KeyPath {
    let mut segments = Vec::with_capacity(path.0.len());
    let mut was_merge = false;
    for segment in path.0 {
        let is_merge = matches!(&segment, Segment::Key(key) if key == "<<");
        // `<<` may have a list of what is merged.
        if !(is_merge || was_merge && matches!(segment, Segment::Index(_))) {
            segments.push(segment);
        }
        was_merge = is_merge;
    }
    KeyPath(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_lead_to_their_nodes() {
        let text = "a: &k 'x'\nb: {c: *k}\nm: &m # a & b\n  q: 1\nn:\n  <<: *m\no:\n- <<: [*m]\n---\nz: *k\n";
        let found = aliases(&Source::new("x", text, Format::Yaml));
        let told: Vec<String> = found
            .iter()
            .map(|one| format!("{} {} {}", &text[one.span.clone()], one.node, one.place))
            .collect();
        assert_eq!(told, ["*k a b.c", "*m m n", "*m m o[0]"]);
        let place = |path: &str| KeyPath::parse(path).expect("a path");
        assert_eq!(found[1].of(&place("m.q")), Some(place("n.q")));
        assert_eq!(found[1].of(&place("a")), None);
        assert!(aliases(&Source::new("x", "a: '&k *k'", Format::Yaml)).is_empty());
    }
}
