//! The pure core: from references and a way to ask for secrets to a rendered text.
//!
//! [`Plan`] gathers the distinct secrets that some scans ask for, [`resolve`] asks the
//! [`World`]'s backends for them in one batch each, and [`render`] writes the
//! [`Answers`] into one source: each value goes through its filters, is encoded for the
//! exact place where it lands, and the result is parsed again as a proof.
//!
//! ```
//! use redeem_core::{Answers, Name, Secret, render};
//! use redeem_syntax::{Dialects, Format, Source, scan};
//!
//! let source = Source::new("app.toml", "key = '{secret:api-key}' # live\n", Format::Toml);
//! let found = scan(&source, &Dialects::default());
//! let answers = Answers::from_iter([(Name::split("api-key"), Secret::from("it's"))]);
//! let outcome = render(&source, &found, &answers, &Default::default());
//! assert_eq!(outcome.rendered.unwrap().text(), "key = \"it's\" # live\n");
//! ```
//!
//! Nothing here opens a file or a socket; a [`World`] does.

#![forbid(unsafe_code)]

mod answers;
mod backend;
mod edit;
mod encode;
mod facts;
mod fake;
mod filter;
mod kubernetes;
mod plan;
pub mod policy;
mod proof;
mod render;
mod secret;
mod suggest;
mod template;
mod url;

pub use answers::{Answer, Answers, resolve};
pub use backend::{Backend, Failure, Fetched, World};
pub use edit::Rendered;
pub use encode::{Encoding, Escape, Expressions, Reader};
pub use facts::{Catalogue, Expires, Facts, GLOBAL, Known, Noted, Survey};
pub use filter::{FILTERS, FilterInfo, check_filters};
pub use plan::{Plan, Request};
pub use redeem_syntax::Name;
pub use render::{Outcome, check, render};
pub use secret::Secret;
pub use suggest::nearest;
pub use template::{Library, Template, Variable, Variables, read_template, render_template};
