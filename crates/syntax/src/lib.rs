//! Finds secret references in text, with exact byte spans, and never fails.
//!
//! The way of a file through this crate:
//! a [`Source`] is read by its [`Format`] into [`Event`]s; each event that is a
//! string becomes a [`Scalar`] when a sigil stands in it; the live
//! [`Dialects`] look at the scalar's decoded text and yield [`Reference`]s and
//! [`Diagnostic`]s; all of it together is a [`Scan`].
//!
//! ```
//! use redeem_syntax::{Dialects, Format, Source, scan};
//!
//! let source = Source::new("app.yaml", "key: '{secret:pagerduty-key}' # paging\n", Format::Yaml);
//! let found = scan(&source, &Dialects::default());
//! assert_eq!(found.references[0].name.to_string(), "pagerduty-key");
//! assert_eq!(source.slice(&found.references[0].span), "{secret:pagerduty-key}");
//! ```
//!
//! Nothing here reads a file, an environment variable or the clock, and no
//! function returns an error: what is wrong with a text is a [`Diagnostic`]
//! beside whatever else was found.

#![forbid(unsafe_code)]

pub mod code;
pub mod diagnostic;
pub mod dialect;
mod dialects;
pub mod event;
pub mod format;
pub mod name;
pub mod pipeline;
pub mod python;
pub mod reference;
pub mod scalar;
pub mod scan;
mod sigil;
pub mod source;
#[doc(hidden)]
pub mod testing;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Fix, Label, Related};
pub use dialect::custom::{Custom, CustomError};
pub use dialects::{ByName, Dialects, Target};
pub use event::{Event, Properties, SyntaxError, Token};
pub use format::Format;
pub use name::Name;
pub use reference::{Mark, Place, Reference};
pub use scalar::{KeyPath, Node, Scalar, Segment, Style};
pub use scan::{Literal, Located, Scan, literals, locate, scan, strings, unquoted_lines};
pub use source::Source;

/// Byte offsets into a text: 0-based, end exclusive.
pub type Span = std::ops::Range<usize>;
