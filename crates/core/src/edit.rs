//! A text with some spans replaced.

use std::fmt;

use redeem_syntax::Span;
use zeroize::Zeroizing;

/// A span of the source and what stands there afterwards, already encoded.
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: Zeroizing<String>,
}

/// A rendered text. It may hold values, so nothing prints it.
pub struct Rendered {
    text: Zeroizing<String>,
    moved: Vec<(Span, Span)>,
}

impl Rendered {
    /// Replaces the spans of `edits`, which are in order and do not overlap.
    pub(crate) fn apply(source: &str, edits: &[Edit]) -> Self {
        let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
        // One allocation of the full size: a text that grows leaves copies of values behind.
        let mut text = Zeroizing::new(String::with_capacity(source.len() + grown));
        let mut moved = Vec::with_capacity(edits.len());
        let mut at = 0;
        for edit in edits {
            text.push_str(&source[at..edit.span.start]);
            let start = text.len();
            text.push_str(&edit.text);
            moved.push((edit.span.clone(), start..text.len()));
            at = edit.span.end;
        }
        text.push_str(&source[at..]);
        Self { text, moved }
    }

    /// A text that a template made of `source`: what moved where is not known part by part.
    pub(crate) fn whole(source: &str, text: Zeroizing<String>) -> Self {
        let is_same = source == text.as_str();
        let moved = if is_same { Vec::new() } else { vec![(0..source.len(), 0..text.len())] };
        Self { text, moved }
    }

    /// Takes the text out.
    pub(crate) fn into_text(self) -> Zeroizing<String> {
        self.text
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether no byte changed.
    pub fn is_unchanged(&self) -> bool {
        self.moved.is_empty()
    }

    /// The replaced spans: where each was in the source, and where it is now.
    pub fn moved(&self) -> &[(Span, Span)] {
        &self.moved
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rendered(redacted)")
    }
}
