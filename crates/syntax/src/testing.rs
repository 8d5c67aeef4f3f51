//! The readers of a format apart, for the tests that hold them to the same findings.

use crate::format::yaml::{parse_fully, parse_quickly};
use crate::scan::{scan_events, scan_sighted};
use crate::{Dialects, Event, Scan, Source, SyntaxError};

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

/// What [`crate::scan()`] finds by looking at strings with a sigil only, if it is sure of that.
pub fn sighted(source: &Source, dialects: &Dialects) -> Option<Scan> {
    scan_sighted(source, dialects)
}

/// What [`crate::scan()`] finds by looking at every event.
pub fn by_events(source: &Source, dialects: &Dialects) -> Scan {
    scan_events(source, dialects)
}
