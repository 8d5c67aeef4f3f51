//! The graph of secrets, files and outputs as a picture: text for Graphviz and for Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use redeem_host::graph::Graph;

/// What is drawn. Everything is sorted, so that the same references make the same text.
#[derive(Debug, Default)]
pub(super) struct Picture<'g> {
    /// Each node with the backend of its secret, if that is known.
    nodes: BTreeMap<Node<'g>, Option<&'g str>>,
    /// Each arrow, and whether a value goes along it: else only a name does.
    arrows: BTreeMap<(Node<'g>, Node<'g>), bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node<'g> {
    Secret(Name<'g>),
    File(&'g str),
    Output(&'g str),
}

/// A secret and a key of it.
type Name<'g> = (&'g str, Option<&'g str>);

impl<'g> Picture<'g> {
    pub(super) fn of(graph: &'g Graph) -> Self {
        let mut picture = Self::default();
        for one in &graph.uses {
            let secret = Node::Secret((&one.name.secret, one.name.key.as_deref()));
            let own = Node::File(&one.file);
            picture.nodes.insert(secret, one.backend());
            picture.arrow(secret, own, one.is_rendered);
            for file in one.through.iter().filter_map(|&at| graph.files.get(at)) {
                if file.file != one.file {
                    picture.arrow(own, Node::File(&file.file), true);
                }
                if let Some(output) = file.output.as_ref().filter(|_| one.is_rendered) {
                    picture.arrow(Node::File(&file.file), Node::Output(output), true);
                }
            }
        }
        picture
    }

    fn arrow(&mut self, from: Node<'g>, to: Node<'g>, has_value: bool) {
        self.nodes.entry(from).or_default();
        self.nodes.entry(to).or_default();
        *self.arrows.entry((from, to)).or_default() |= has_value;
    }

    /// The backends, each with its secrets; the secrets of none stand last, with the files and outputs.
    fn stores(&self) -> BTreeMap<&'g str, BTreeSet<Node<'g>>> {
        let mut stores: BTreeMap<&str, BTreeSet<Node<'_>>> = BTreeMap::new();
        for (node, backend) in &self.nodes {
            if let Some(backend) = backend {
                stores.entry(backend).or_default().insert(*node);
            }
        }
        stores
    }

    fn others(&self) -> impl Iterator<Item = &Node<'g>> {
        self.nodes.iter().filter(|(_, backend)| backend.is_none()).map(|(node, _)| node)
    }

    /// The DOT language of Graphviz: <https://graphviz.org/doc/info/lang.html>.
    pub(super) fn as_dot(&self) -> String {
        let mut text = "digraph redeem {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        let node = |node: &Node<'_>| {
            let shape = match node {
                Node::Secret(_) => ", shape=ellipse",
                Node::File(_) => "",
                Node::Output(_) => ", style=dashed",
            };
            format!("{} [label={}{shape}];\n", node.id(), in_dot(&node.label()))
        };
        for (backend, nodes) in self.stores() {
            text += &format!("  subgraph cluster_{} {{\n    label={};\n", word(backend), in_dot(backend));
            text.extend(nodes.iter().map(|one| format!("    {}", node(one))));
            text += "  }\n";
        }
        text.extend(self.others().map(|one| format!("  {}", node(one))));
        for ((from, to), has_value) in &self.arrows {
            let style = if *has_value { "" } else { " [style=dashed]" };
            text += &format!("  {} -> {}{style};\n", from.id(), to.id());
        }
        text + "}\n"
    }

    /// A flowchart of Mermaid: <https://mermaid.js.org/syntax/flowchart.html>.
    pub(super) fn as_mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        let node = |node: &Node<'_>| {
            let label = in_mermaid(&node.label());
            let (open, close) = match node {
                Node::Secret(_) => ("([", "])"),
                Node::File(_) => ("[", "]"),
                Node::Output(_) => ("[/", "/]"),
            };
            format!("{}{open}\"{label}\"{close}\n", node.id())
        };
        for (backend, nodes) in self.stores() {
            text += &format!("  subgraph store_{}[\"{}\"]\n", word(backend), in_mermaid(backend));
            text.extend(nodes.iter().map(|one| format!("    {}", node(one))));
            text += "  end\n";
        }
        text.extend(self.others().map(|one| format!("  {}", node(one))));
        for ((from, to), has_value) in &self.arrows {
            let arrow = if *has_value { "-->" } else { "-.->" };
            text += &format!("  {} {arrow} {}\n", from.id(), to.id());
        }
        text
    }
}

impl Node<'_> {
    /// A word that no other node has, made of its name alone: it stays when others come and go.
    fn id(&self) -> String {
        match self {
            Self::Secret(_) => format!("secret_{}", word(&self.label())),
            Self::File(file) => format!("file_{}", word(file)),
            Self::Output(output) => format!("output_{}", word(output)),
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Secret((secret, None)) => (*secret).to_owned(),
            Self::Secret((secret, Some(key))) => format!("{secret}.{key}"),
            Self::File(name) | Self::Output(name) => (*name).to_owned(),
        }
    }
}

/// ASCII letters and digits of a name, and each other character as `_HEX_`.
fn word(name: &str) -> String {
    let spell =
        |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}_", u32::from(c)) };
    name.chars().map(spell).collect()
}

/// What is shown of a name: what a screen obeys is told in words.
fn visible(name: &str) -> Arc<str> {
    crate::report::on_one_line(name).into()
}

/// A quoted string of DOT. A label may hold entities of HTML, and escapes behind a backslash.
fn in_dot(label: &str) -> String {
    let label = visible(label).replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{label}\"")
}

/// The inside of a quoted label of Mermaid, which reads Markdown and HTML there: what may be a sign of either is told
/// by its number.
fn in_mermaid(label: &str) -> String {
    let label = visible(label);
    let characters: Vec<char> = label.chars().collect();
    let is_inner = |at: usize| {
        let of =
            |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.is_alphanumeric());
        of(at.checked_sub(1)) && of(at.checked_add(1))
    };
    let spell = |(at, c): (usize, &char)| match c {
        c if c.is_alphanumeric() => c.to_string(),
        '/' | '.' => c.to_string(),
        '-' | '_' if is_inner(at) => c.to_string(),
        c => format!("#{};", u32::from(*c)),
    };
    characters.iter().enumerate().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_end_where_they_should_not() {
        for (name, dot, mermaid) in [
            ("db-password", "\"db-password\"", "db-password"),
            ("a\"b\\", "\"a\\\"b\\\\\"", "a#34;b#92;"),
            ("a\nb", "\"a\\\\nb\"", "a#92;nb"),
            ("a --> b", "\"a --> b\"", "a#32;#45;#45;#62;#32;b"),
            ("&quot;", "\"&amp;quot;\"", "#38;quot#59;"),
            ("__x_y", "\"__x_y\"", "#95;#95;x_y"),
            ("schlüssel", "\"schlüssel\"", "schlüssel"),
        ] {
            assert_eq!((&*in_dot(name), &*in_mermaid(name)), (dot, mermaid), "{name}");
        }
    }

    #[test]
    fn no_two_names_make_one_word() {
        let names = ["a-b", "a_b", "a.b", "a_2d_b", "a2db", "ü", "_fc_", "a", "A"];
        let words: BTreeSet<String> = names.iter().map(|name| word(name)).collect();
        assert_eq!(words.len(), names.len());
        let is_word = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        assert!(words.iter().all(is_word), "{words:?}");
    }
}
