//! The way from a document's root to the node that its parser has just told of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{Event, KeyPath, Segment};

/// Follows the events of a document and knows the path to the current node.
#[derive(Default)]
pub(super) struct Walker<'s> {
    path: Vec<Step<'s>>,
    levels: Vec<Level>,
    root: Level,
    header_is_array: bool,
    /// How many `[[tables]]` of each name have been seen.
    tables: BTreeMap<Vec<Step<'s>>, usize>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'s> {
    Key(Cow<'s, str>),
    Index(usize),
}

#[derive(Default)]
struct Level {
    is_list: bool,
    is_flow: bool,
    /// How much of the path leads to this collection.
    depth: usize,
    next_index: usize,
    /// Whether the path's end is a key whose value has not come yet.
    has_key: bool,
}

impl<'s> Walker<'s> {
    /// A walker that has come this way, before a value at its end or a key in the mapping there.
    pub(super) fn at(path: KeyPath) -> Self {
        let step = |segment| match segment {
            Segment::Key(key) => Step::Key(Cow::Owned(key)),
            Segment::Index(index) => Step::Index(index),
        };
        let path: Vec<_> = path.0.into_iter().map(step).collect();
        Self { root: Level { depth: path.len(), ..Level::default() }, path, ..Self::default() }
    }

    pub(super) fn take(&mut self, event: &Event<'s>) {
        match event {
            Event::Document => *self = Self::default(),
            Event::Open { is_list, is_flow, .. } => {
                self.value();
                let depth = self.path.len();
                self.levels.push(Level { is_list: *is_list, is_flow: *is_flow, depth, ..Level::default() });
            }
            Event::Close { .. } => {
                self.levels.pop();
            }
            Event::Fixed(_) => self.value(),
            Event::Header { is_array } => {
                self.levels.clear();
                self.path.clear();
                self.root = Level::default();
                self.header_is_array = *is_array;
            }
            Event::HeaderEnd => {
                if self.header_is_array {
                    let index = self.table_index();
                    self.path.push(Step::Index(index));
                }
                self.root = Level { depth: self.path.len(), ..Level::default() };
            }
            Event::Scalar(_) | Event::Comment(_) => {}
        }
    }

    /// The position of the `[[table]]` whose header has just been read, among those of its name.
    fn table_index(&mut self) -> usize {
        let count = self.tables.entry(self.path.clone()).or_default();
        *count += 1;
        *count - 1
    }

    pub(super) fn scalar(&mut self, is_key: bool, text: impl FnOnce() -> Cow<'s, str>) {
        if !is_key {
            return self.value();
        }
        let level = self.levels.last_mut().unwrap_or(&mut self.root);
        if !std::mem::replace(&mut level.has_key, true) {
            self.path.truncate(level.depth);
        }
        self.path.push(Step::Key(text()));
    }

    /// A node that is a value begins.
    fn value(&mut self) {
        let level = self.levels.last_mut().unwrap_or(&mut self.root);
        if !std::mem::take(&mut level.has_key) {
            self.path.truncate(level.depth);
        }
        if level.is_list {
            self.path.push(Step::Index(level.next_index));
            level.next_index += 1;
        }
    }

    /// Whether the innermost open collection is written with brackets.
    pub(super) fn is_in_flow(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_flow)
    }

    pub(super) fn path(&self) -> KeyPath {
        let segment = |step: &Step<'_>| match step {
            Step::Key(key) => Segment::Key(key.clone().into_owned()),
            Step::Index(index) => Segment::Index(*index),
        };
        KeyPath(self.path.iter().map(segment).collect())
    }
}
