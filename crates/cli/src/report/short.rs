//! Problems in a line each, as compilers tell them.

use redeem_host::Diagnostic;

use super::words::on_one_line;

/// `file:line:column: error[code]: message`
pub(super) fn short(diagnostic: &Diagnostic) -> String {
    let place = place(diagnostic).map_or_else(String::new, |place| format!("{place}: "));
    let message = on_one_line(&diagnostic.message);
    format!("{place}{}[{}]: {message}", diagnostic.severity, diagnostic.code)
}

/// `file:line:column`, or what else people call the place; lines and columns from 1, columns in characters.
pub(super) fn place(diagnostic: &Diagnostic) -> Option<String> {
    let name = on_one_line(diagnostic.place()?).into_owned();
    Some(match diagnostic.source.as_ref().zip(diagnostic.label.as_ref()) {
        Some((source, label)) => {
            let (line, column) = source.position(label.span.start);
            format!("{name}:{line}:{column}")
        }
        None => name,
    })
}
