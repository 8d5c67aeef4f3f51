//! The INI store, which is read alone: sections of `key = value`, the metadata flat in `[sops]`.

use std::collections::HashSet;
use std::ops::Range;

use super::Plain;
use super::node::{Comment, Container, Entry, Item, Kind, Node, Trouble};

/// The section of the keys before any header.
const DEFAULT: &str = "DEFAULT";

/// Reads `text` as `gopkg.in/ini.v1` does for `sops`: sections are maps, all values are texts.
pub(super) fn read(text: &str) -> Result<Vec<Node>, Trouble> {
    let mut reader =
        Reader { text, at: 0, sections: vec![Section::new(DEFAULT, 0..0)], comments: Vec::new() };
    while reader.at < text.len() {
        reader.line()?;
    }
    let items = reader.sections.into_iter().map(|section| {
        let map = Container { is_list: false, is_flow: false, items: section.items };
        let start = section.name.1.start;
        let value = Node { span: section.name.1.clone(), kind: Kind::Container(map) };
        Item::Entry(Entry { key: Some(section.name), start, value })
    });
    let root = Container { is_list: false, is_flow: false, items: items.collect() };
    Ok(vec![Node { span: 0..text.len(), kind: Kind::Container(root) }])
}

struct Section {
    name: (String, Range<usize>),
    items: Vec<Item>,
    keys: HashSet<String>,
}

impl Section {
    fn new(name: &str, span: Range<usize>) -> Self {
        Self { name: (name.to_owned(), span), items: Vec::new(), keys: HashSet::new() }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    sections: Vec<Section>,
    /// The comment lines since the last key or header.
    comments: Vec<Range<usize>>,
}

impl Reader<'_> {
    fn line(&mut self) -> Result<(), Trouble> {
        let end = memchr::memchr(b'\n', &self.text.as_bytes()[self.at..])
            .map_or(self.text.len(), |found| self.at + found);
        let whole = &self.text[self.at..end];
        let line = whole.trim();
        let start = self.at + (whole.len() - whole.trim_start().len());
        let trouble = |message: &'static str| Err(Trouble { at: start, message: message.into() });
        self.at = end + 1;
        if line.is_empty() {
            return Ok(());
        }
        if line.starts_with(['#', ';']) {
            self.comments.push(start..start + line.len());
            return Ok(());
        }
        if let Some(name) = line.strip_prefix('[') {
            let Some(name) = name.split_once(']').map(|(name, _)| name.trim()) else {
                return trouble("a section without an end");
            };
            if self.sections.iter().any(|section| section.name.0 == name) {
                return trouble("the same section a second time");
            }
            self.sections.push(Section::new(name, start..start + line.len()));
            self.take_comments();
            return Ok(());
        }
        let Some(mark) = line.find(['=', ':']) else { return trouble("a line that is no `key = value`") };
        let key = line[..mark].trim();
        if key.starts_with(['"', '`']) || key == "-" {
            return trouble("a key in quotes, or one without a name");
        }
        let after = &line[mark + 1..];
        let value_start = start + mark + 1 + (after.len() - after.trim_start().len());
        let (span, value) = self.value(value_start, after.trim())?;
        let Some(section) = self.sections.last_mut() else { return Ok(()) };
        if !section.keys.insert(key.to_owned()) {
            return trouble("the same key a second time");
        }
        section.items.push(Item::Entry(Entry {
            key: Some((key.to_owned(), start..start + key.len())),
            start,
            value: Node { span, kind: Kind::Leaf(Plain::str(value)) },
        }));
        // `sops` puts the comment of a key behind it.
        self.take_comments();
        Ok(())
    }

    /// What a value says and where it stands; one in `"""` or backticks may go over lines.
    fn value(&mut self, start: usize, line: &str) -> Result<(Range<usize>, String), Trouble> {
        for quote in ["\"\"\"", "`"] {
            if line.starts_with(quote) {
                let inner = start + quote.len();
                let Some(length) = self.text[inner..].find(quote) else {
                    return Err(Trouble { at: start, message: "a value whose quotes do not end".into() });
                };
                let end = inner + length + quote.len();
                self.at = self.at.max(
                    memchr::memchr(b'\n', &self.text.as_bytes()[end..])
                        .map_or(self.text.len(), |found| end + found + 1),
                );
                return Ok((start..end, self.text[inner..inner + length].to_owned()));
            }
        }
        if line.ends_with('\\') {
            return Err(Trouble { at: start, message: "a value that goes on on the next line".into() });
        }
        let value = match line.find(['#', ';']) {
            Some(at) => {
                self.comments.push(start + at..start + line.len());
                line[..at].trim()
            }
            None => line,
        };
        let said = ['"', '\''].into_iter().find_map(|quote| {
            let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains(quote)).then_some(inner)
        });
        Ok((start..start + value.len(), said.unwrap_or(value).to_owned()))
    }

    /// The comments become one, in the section that they were found before, without their sign.
    fn take_comments(&mut self) {
        let Some(first) = self.comments.first() else { return };
        let span = first.start..self.comments.last().map_or(first.end, |last| last.end);
        self.comments.clear();
        let lines: Vec<&str> = self.text[span.clone()].lines().map(str::trim).collect();
        let text = lines.join("\n").trim_start_matches([';', '#', ' ']).to_owned();
        if let Some(section) = self.sections.last_mut() {
            section.items.push(Item::Comment(Comment { text, span, is_inline: false }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_maps_and_values_texts() {
        let text = "a = 1\n[db] \n; user\nuser: ada # who\nq = \"x=y\"\nm = \"\"\"1\n2\"\"\"\nb = `;`\ne =\n";
        let root = read(text).expect("valid").remove(0);
        let root = root.container().expect("a map");
        let section = |name: &str| -> Vec<(&str, &str)> {
            let map = root.entry(name).expect(name).value.container().expect("a section");
            map.entries()
                .map(|entry| {
                    (entry.key.as_ref().expect("a key").0.as_str(), entry.value.text().expect("a text"))
                })
                .collect()
        };
        assert_eq!(section("DEFAULT"), [("a", "1")]);
        assert_eq!(section("db"), [("user", "ada"), ("q", "x=y"), ("m", "1\n2"), ("b", ";"), ("e", "")]);
        for broken in ["[x", "x", "a=1\na=2", "[a]\n[a]", "a=`x"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
