//! Text of no known structure: one scalar from the first byte to the last.

use std::borrow::Cow;

use crate::event::Properties;
use crate::{Event, Style, SyntaxError, Token};

/// Hands the whole text over as one scalar.
#[expect(clippy::unnecessary_wraps, reason = "all formats share one signature")]
pub(super) fn parse<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    sink(Event::Scalar(Token {
        span: 0..text.len(),
        style: Style::Text,
        text: Cow::Borrowed(text),
        is_key: false,
        in_flow: false,
        properties: Properties::default(),
    }));
    Ok(())
}
