//! What a format's parser sees in a text, in file order, the same for all formats.

use std::borrow::Cow;

use crate::scalar::Decoded;
use crate::{KeyPath, Node, Scalar, Span, Style};

/// The words of a comment that leave a line as it is. A format tells its comments if they stand anywhere.
pub(crate) const IGNORE: &str = "redeem: ignore";

/// One thing in a text. Scanning takes the scalars from the stream; the proof compares two streams.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'s> {
    /// A new document of a multi-document stream, or the first.
    Document,
    /// A mapping or a list begins.
    Open {
        /// Whether it is a list.
        is_list: bool,
        /// Whether it is written with brackets.
        is_flow: bool,
        /// Its anchor and tag, if any.
        properties: Properties,
        /// Where it begins.
        at: usize,
    },
    /// The innermost mapping or list ends.
    Close {
        /// The offset behind its bracket, if it is written with brackets.
        end: Option<usize>,
    },
    /// A string.
    Scalar(Token<'s>),
    /// A node that holds no reference: a number, a date, an alias. Its source text is its identity.
    Fixed(&'s str),
    /// A TOML table header begins; its keys follow, then [`Event::HeaderEnd`].
    Header {
        /// Whether it is `[[…]]`.
        is_array: bool,
    },
    /// A TOML table header ends.
    HeaderEnd,
    /// A comment, its opening sign included.
    Comment(Span),
}

/// A string as its format's parser sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'s> {
    /// The whole token, quotes and block header included.
    pub span: Span,
    /// How it is written.
    pub style: Style,
    /// What it says.
    pub text: Cow<'s, str>,
    /// Whether it is a key.
    pub is_key: bool,
    /// Whether it stands in a flow collection.
    pub in_flow: bool,
    /// Its anchor and tag, if any.
    pub properties: Properties,
}

impl Token<'_> {
    /// The scalar that this string is, with what it says; the way to it is not known here.
    pub fn into_scalar(self, decoded: Decoded) -> Scalar {
        Scalar {
            span: self.span,
            style: self.style,
            decoded,
            path: KeyPath::default(),
            is_key: self.is_key,
            in_flow: self.in_flow,
            tag: self.properties.tag,
            node: Node::Scalar,
        }
    }
}

/// A YAML node's anchor and tag; empty in other formats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// The anchor's number in the document, 0 for none.
    pub anchor: usize,
    /// The resolved tag.
    pub tag: Option<String>,
}

/// Why a text is not valid in its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where the parser gave up.
    pub span: Span,
    /// One sentence, lower-case.
    pub message: String,
}
