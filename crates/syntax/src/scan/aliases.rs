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
    /// The document that both are in.
    pub document: Span,
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
    let mut found: Vec<Alias> = Vec::new();
    let mut document = 0;
    // Where the last node ended: an anchor stands between that and its own.
    let mut behind = 0;
    // An error later on takes nothing away that stands before it.
    let _ = source.format().parse(text, &mut |event| match &event {
        Event::Scalar(token) => {
            walker.scalar(token.is_key, || token.text.clone());
            if token.properties.anchor != 0
                && !token.is_key
                && let Some(name) = anchors_in(text, behind..token.span.start).last()
            {
                anchors.insert(name, without_merges(walker.path()));
            }
            behind = token.span.end;
        }
        event => {
            walker.take(event);
            match event {
                Event::Document => {
                    anchors.clear();
                    let own = found.iter_mut().rev().take_while(|one| one.document.start == document);
                    own.for_each(|one| one.document.end = behind);
                    document = behind;
                }
                Event::Open { properties, at, .. } => {
                    if properties.anchor != 0
                        // A key at its beginning may have one of its own.
                        && let Some(name) = anchors_in(text, behind..*at).next()
                    {
                        anchors.insert(name, without_merges(walker.path()));
                    }
                    behind = (*at).max(behind);
                }
                Event::Fixed(fixed) => {
                    let start = fixed.as_ptr().addr() - text.as_ptr().addr();
                    if let Some(node) = fixed.strip_prefix('*').and_then(|name| anchors.get(name)) {
                        let (span, place) = (start..start + fixed.len(), without_merges(walker.path()));
                        let document = document..text.len() + 1;
                        found.push(Alias { span, node: node.clone(), document, place });
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

/// The names of anchors in a stretch between two nodes, where nothing else stands but signs, tags and comments.
fn anchors_in(text: &str, between: Span) -> impl Iterator<Item = &str> {
    let lines = text.get(between).unwrap_or_default().lines();
    let words = lines.flat_map(|line| line[..comment_start(line)].split_whitespace());
    words.filter_map(|word| word.trim_start_matches(['[', '{', ',', '?', '-', ':']).strip_prefix('&'))
}

/// Where the comment of a line begins, or the line ends.
fn comment_start(line: &str) -> usize {
    let is_comment = |at: &usize| *at == 0 || line[..*at].ends_with([' ', '\t']);
    line.match_indices('#').map(|(at, _)| at).find(is_comment).unwrap_or(line.len())
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
        let text = "a: &k 'x'\nb: {c: *k}\nm: &m\t# a &b\n  q: 1\nn:\n  <<: *m\no:\n- <<: [*m]\n- [&a&b !<x&y> z, *a&b]\n---\nz: &z\n  &y y: 1\nx: *z\n";
        let found = aliases(&Source::new("x", text, Format::Yaml));
        let told: Vec<String> = found
            .iter()
            .map(|one| format!("{} {} {}", &text[one.span.clone()], one.node, one.place))
            .collect();
        assert_eq!(told, ["*k a b.c", "*m m n", "*m m o[0]", "*a&b o[1][0] o[1][1]", "*z z x"]);
        assert!(found[3].document.end == found[4].document.start && found[0].document.start == 0);
        let place = |path: &str| KeyPath::parse(path).expect("a path");
        assert_eq!(found[1].of(&place("m.q")), Some(place("n.q")));
        assert_eq!(found[1].of(&place("a")), None);
        assert!(aliases(&Source::new("x", "a: '&k *k'", Format::Yaml)).is_empty());
    }
}
