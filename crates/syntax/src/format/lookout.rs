//! The strings of a text that are worth a look, and the way to each, without the events around them.
//!
//! Most strings of a config file hold nothing that a dialect looks at. Where the live dialects ask only for
//! what a string says and for the key before it, a reader that knows a text is valid passes the others over.

use std::borrow::Cow;

use crate::sigil::Sightings;
use crate::{Event, KeyPath, Segment, Span, Token};

/// What is worth a look in a text.
pub(crate) enum Sight<'s> {
    /// A string with the way to it.
    String(Sighted<'s>),
    /// An event of a stretch of the text. The stretches left out lead nowhere and hold nothing of interest.
    Event(Event<'s>),
}

/// A string that is worth a look.
#[derive(Debug)]
pub(crate) struct Sighted<'s> {
    pub(crate) token: Token<'s>,
    /// The way to it; for a key, the way to its mapping.
    pub(crate) path: KeyPath,
    /// Whether it is the value of the key that was handed over last.
    pub(crate) follows_key: bool,
}

/// Follows the strings and collections of a text, and hands over the strings that hold a sigil.
///
/// The value of such a key is handed over too: `secret_name: x` names a secret.
pub(super) struct Lookout<'s, 'f> {
    text: &'s str,
    sigils: Sightings<'f>,
    /// Where the next sigil stands, or more than any offset.
    next: usize,
    levels: Vec<Level>,
    /// Whether the last string was a key that has been handed over.
    is_behind_key: bool,
    follows_key: bool,
    key_says: fn(&'s str) -> Cow<'s, str>,
    sink: &'f mut dyn FnMut(Sighted<'s>),
}

/// A collection that is open.
struct Level {
    is_list: bool,
    /// How many values of a list have begun.
    count: usize,
    /// Where a mapping's last key stands.
    key: (usize, usize),
}

impl<'s, 'f> Lookout<'s, 'f> {
    /// A lookout for these sigils. `key_says` undoes what a key is written with.
    pub(super) fn new(
        text: &'s str,
        mut sigils: Sightings<'f>,
        key_says: fn(&'s str) -> Cow<'s, str>,
        sink: &'f mut dyn FnMut(Sighted<'s>),
    ) -> Self {
        let next = sigils.next(0).unwrap_or(usize::MAX);
        let levels = Vec::new();
        Self { text, sigils, next, levels, is_behind_key: false, follows_key: false, key_says, sink }
    }

    /// Takes note of a value that is no string.
    #[inline]
    pub(super) fn passed(&mut self) {
        self.is_behind_key = false;
        if let Some(level) = self.levels.last_mut() {
            level.count += 1;
        }
    }

    /// Takes note of a collection that begins.
    #[inline]
    pub(super) fn opened(&mut self, is_list: bool) {
        self.passed();
        self.levels.push(Level { is_list, count: 0, key: (0, 0) });
    }

    /// Takes note of the innermost collection's end.
    #[inline]
    pub(super) fn closed(&mut self) {
        self.is_behind_key = false;
        self.levels.pop();
    }

    /// How many collections are open.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Whether the innermost collection is a list.
    pub(super) fn is_in_list(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_list)
    }

    /// Takes note of a string, and returns whether it is to be handed over.
    ///
    /// Strings come in file order. `may_hide` says that it may spell a sigil without showing it.
    #[inline]
    pub(super) fn sees(&mut self, span: &Span, is_key: bool, may_hide: bool) -> bool {
        let follows_key = self.is_behind_key;
        if let Some(level) = self.levels.last_mut() {
            if is_key {
                level.key = (span.start, span.end);
            } else {
                level.count += 1;
            }
        }
        let is_seen = follows_key || may_hide || span.end > self.next && self.is_sigil_in(span);
        self.follows_key = follows_key;
        self.is_behind_key = is_key && is_seen;
        is_seen
    }

    fn is_sigil_in(&mut self, span: &Span) -> bool {
        self.next = self.sigils.next(span.start).unwrap_or(usize::MAX);
        self.next < span.end
    }

    /// Hands over the string that has just been seen.
    pub(super) fn hand_over(&mut self, token: Token<'s>) {
        let leading = self.levels.len() - usize::from(token.is_key && !self.levels.is_empty());
        let segment = |level: &Level| {
            if level.is_list {
                return Segment::Index(level.count.saturating_sub(1));
            }
            Segment::Key((self.key_says)(&self.text[level.key.0..level.key.1]).into_owned())
        };
        let path = KeyPath(self.levels[..leading].iter().map(segment).collect());
        (self.sink)(Sighted { token, path, follows_key: self.follows_key });
    }
}
