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
            problem.unsafe_fix(range.clone(), format!("$ secrets.{}", &rest[..name]))
        } else {
            let problem = problem.help("an expression is the whole value and begins with a dollar and one blank: `$ f'… {secrets.NAME}'`");
            match as_expression(text) {
                Some(written) => problem.unsafe_fix(0..text.len(), written),
                None => problem,
            }
        };
        hits.push(if is_error { problem } else { problem.warning() }.at(range));
    }
    hits
}

/// The text as an expression: what looks like a part of one in a field, all else as the text of an f-string.
fn as_expression(text: &str) -> Option<String> {
    // A text of several lines has its line breaks, and one of braces its own meaning.
    if text.contains(|c: char| c.is_control() && c != '\t') || text.contains(['{', '}']) {
        return None;
    }
    let quote = ['\'', '"'].into_iter().find(|quote| !text.contains(*quote))?;
    let mut written = format!("$ f{quote}");
    let mut rest = text.trim();
    while let Some(at) = rest.find("secrets.") {
        let before = rest[..at].trim_end_matches([' ', '\t']);
        let name = at + "secrets.".len();
        let end = name + rest[name..].find(|c: char| !is_name_char(c)).unwrap_or(rest.len() - name);
        match before.strip_suffix('$').filter(|before| end > name && !before.ends_with('$')) {
            Some(before) => {
                // What follows a name may go on with it: a key, a call.
                if rest[end..].starts_with(['.', '[', '('])
                    && !rest[end..].starts_with(". ")
                    && rest[end..].len() > 1
                {
                    return None;
                }
                written.push_str(&before.replace('\\', "\\\\"));
                written.push_str(&format!("{{{}}}", &rest[at..end]));
            }
            None => written.push_str(&rest[..end].replace('\\', "\\\\")),
        }
        rest = &rest[end..];
    }
    written.push_str(&rest.replace('\\', "\\\\"));
    written.push(quote);
    Some(written)
}
