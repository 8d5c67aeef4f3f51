//! Texts that look like Julep expressions and are none: warnings, never resolved.

use super::{Hit, Problem};
use crate::code::Code;
use crate::name::is_name_char;
use crate::sigil::{Sightings, Sigil};

/// `$secrets.x`, `$<TAB>secrets.x`, and `Bearer $ secrets.x` which is not at the start.
///
/// Julep takes each of them literally, though its own documentation shows the last. For a file that is
/// meant for Julep that is an error.
pub(crate) fn loose_expressions(text: &str, is_error: bool) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut from = 0;
    let mut sightings = Sightings::new(text, &[Sigil::Secret]);
    while let Some(sigil) = sightings.next(from) {
        from = sigil + "secret".len();
        let Some(rest) = text[sigil..].strip_prefix("secrets.") else { continue };
        let name = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
        let before = text[..sigil].trim_end_matches([' ', '\t']);
        if name == 0 || !before.ends_with('$') || before.ends_with("$$") {
            continue;
        }
        let open = before.len() - 1;
        let range = open..text.len() - rest.len() + name;
        let is_at_start = text[..open].trim().is_empty();
        let problem = Problem::new(
            Code::NearMiss,
            "this text is no expression, so it stays as it is",
            "taken literally",
        );
        let problem = if is_at_start && text[range.end..].trim().is_empty() {
            problem.fix(range.clone(), format!("$ secrets.{}", &rest[..name]))
        } else {
            problem.help("an expression is the whole value and begins with a dollar and one blank: `$ f'… {secrets.NAME}'`")
        };
        hits.push(if is_error { problem } else { problem.warning() }.at(range));
    }
    hits
}
