//! The two readers of YAML apart, for the test that holds them to the same events.

use crate::format::yaml::{parse_fully, parse_quickly};
use crate::{Event, SyntaxError};

/// Hands over the events of `text` if the quick scanner is sure of all of it, and says whether it is.
pub fn yaml_quick<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> bool {
    parse_quickly(text, sink)
}

/// Hands over the events of `text` as the library that decides about unusual texts sees them.
///
/// # Errors
/// The first place where `text` is not YAML.
pub fn yaml_full<'s>(text: &'s str, sink: &mut dyn FnMut(Event<'s>)) -> Result<(), SyntaxError> {
    parse_fully(text, sink)
}
