//! dotenv values, spelled so that every reader of the file gets the same.
//!
//! What the readers make of quotes was read in their sources: POSIX `sh` (2.2), python-dotenv 1.x
//! `parser.py` and `variables.py`, Node's dotenv 16/17 `lib/main.js`, and `docker run --env-file`,
//! which takes each line as it stands.

use redeem_syntax::Style;
use zeroize::Zeroizing;

use super::{Reader, Spot, Unencodable};

/// Writes the pieces in the value's own quotes, or chooses quotes that all its readers read alike.
pub(super) fn encode(spot: &Spot<'_>, reader: Option<Reader>) -> Result<Zeroizing<String>, Unencodable> {
    let text = spot.new_text();
    if spot.scalar.is_key {
        return if is_variable(&text) {
            Ok(text)
        } else {
            Err(Unencodable::new(
                "this is no name of a variable: letters, digits and `_`, not beginning with a digit",
                "correct the secret's value, or write the name out",
            ))
        };
    }
    if reader == Some(Reader::Docker) {
        return as_it_stands(spot, text);
    }
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(is_plain_char);
    let pieces_are = |fits: &dyn Fn(&str) -> bool| spot.pieces.iter().all(|piece| fits(&piece.text));
    match spot.scalar.style {
        Style::EnvBare if is_plain(&text) => return Ok(text),
        // Node takes any `#` without quotes for a comment.
        Style::EnvBare if pieces_are(&is_plain) && !text.contains('#') => return in_place(spot, reader),
        Style::EnvDouble if pieces_are(&fits_double) => return in_place(spot, reader),
        Style::EnvSingle if fits_single(&text, reader).is_ok() => {
            return Ok(spot.splice(|piece, out| out.push_str(piece)));
        }
        Style::EnvBacktick if reader == Some(Reader::Node) && !text.contains('`') => {
            return Ok(spot.splice(|piece, out| out.push_str(piece)));
        }
        _ => {}
    }
    // Other quotes change what the readers make of the text around the value, if that has a meaning.
    let is_bare = spot.scalar.style == Style::EnvBare;
    let is_for_shell = matches!(reader, None | Some(Reader::Sh));
    let has_meaning = |part: &str| match spot.scalar.style {
        Style::EnvSingle => part.contains('\''),
        _ => {
            part.contains(['$', '`', '\\', '"', '\''])
                || is_bare && (part.starts_with('~') || part.contains(":~"))
                // Without quotes these end a shell's word: what follows is another assignment, or a command.
                || is_bare && is_for_shell && part.contains([' ', '\t', ';', '&', '|', '(', ')', '<', '>'])
        }
    };
    if spot.scalar.style == Style::EnvBacktick || spot.untouched().any(has_meaning) {
        return Err(Unencodable::new(
            "the value needs other quotes, and the text around it would be read differently in them",
            "put single quotes around the whole value, or move the reference to a variable of its own",
        ));
    }
    match fits_single(&text, reader) {
        Ok(()) => Ok(Zeroizing::new(format!("'{}'", *text))),
        Err(_) if fits_double(&text) => Ok(Zeroizing::new(format!("\"{}\"", *text))),
        Err(problem) => for_one(&text, reader).ok_or(problem),
    }
}

/// Splices the pieces, if what stands before each leaves it as it is.
fn in_place(spot: &Spot<'_>, reader: Option<Reader>) -> Result<Zeroizing<String>, Unencodable> {
    let reads = |one: Reader| reader.is_none_or(|reader| reader == one);
    let mut before = Zeroizing::new(String::new());
    let mut parts = spot.untouched().peekable();
    for piece in spot.pieces {
        before.push_str(parts.next().unwrap_or_default());
        let follows = parts.peek().copied().unwrap_or_default();
        if reads(Reader::Sh)
            && (is_in_expansion(&before) || is_in_name(&before) && extends_name(&piece.text, follows))
            || reads(Reader::Python) && before.rfind("${").is_some_and(|open| !before[open..].contains('}'))
            || reads(Reader::Sh) && piece.text.ends_with(':') && follows.starts_with('~')
        {
            return Err(Unencodable::new(
                "the value would be a part of what a reader of this file runs or expands",
                "give the reference a variable of its own",
            )
            .of(piece));
        }
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        // Node's dotenv expands `\n` and `\r` however many backslashes stand before it.
        let is_break = |letter: &char| reads(Reader::Node) && matches!(letter, 'n' | 'r');
        let first = piece.text.chars().chain(follows.chars()).next();
        let is_escaped = backslashes % 2 == 1 || backslashes > 0 && first.as_ref().is_some_and(is_break);
        if is_escaped && spot.scalar.style == Style::EnvDouble {
            return Err(Unencodable::new(
                "with the backslash before it, the value's first letter may be an escape that a reader expands",
                "put single quotes around the whole value",
            )
            .of(piece));
        }
        before.push_str(&piece.text);
    }
    Ok(spot.splice(|piece, out| out.push_str(piece)))
}

/// Whether a shell that has read `before` is inside a command or a parameter (POSIX 2.6).
fn is_in_expansion(before: &str) -> bool {
    let mut open = Vec::new();
    let mut chars = before.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '$' if matches!(chars.peek(), Some('(' | '{')) => open.extend(chars.next()),
            '`' if open.last() == Some(&'`') => {
                open.pop();
            }
            '`' => open.push('`'),
            ')' if open.last() == Some(&'(') => {
                open.pop();
            }
            '}' if open.last() == Some(&'{') => {
                open.pop();
            }
            _ => {}
        }
    }
    !open.is_empty()
}

/// Whether `before` ends in `$NAME`, so that a letter behind it would be a part of the name.
fn is_in_name(before: &str) -> bool {
    before.trim_end_matches(is_word).ends_with('$')
}

/// Whether a value, or where it is empty what follows it, goes on with a name.
fn extends_name(value: &str, follows: &str) -> bool {
    value.chars().chain(follows.chars()).next().is_some_and(is_word)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Characters that mean themselves without quotes to every reader.
fn is_plain_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c)
}

fn is_variable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether `text` means itself between double quotes to `sh`, python-dotenv and Node.
fn fits_double(text: &str) -> bool {
    !text.contains(|c: char| matches!(c, '"' | '\\' | '$' | '`' | '!') || c.is_control() && c != '\t')
}

/// Whether `text` means itself between single quotes to its readers.
fn fits_single(text: &str, reader: Option<Reader>) -> Result<(), Unencodable> {
    let reads = |one: Reader| reader.is_none_or(|reader| reader == one);
    if text.contains('\0') {
        return Err(Unencodable::new(
            "the value holds a NUL, which no environment variable can",
            "add a filter such as `| base64`",
        ));
    }
    let refuse = |what: &str, why: &str| {
        // Another reader than the one that was chosen would not read the file.
        let help = match reader {
            None => {
                "say `reader = \"sh\"`, `\"python\"` or `\"node\"` for the file in `redeem.toml`, or add a filter such as `| base64`"
            }
            Some(_) => "add a filter such as `| base64`",
        };
        Err(Unencodable::new(format!("{what}: {why}"), help))
    };
    if text.contains('\r') && (reads(Reader::Python) || reads(Reader::Node)) {
        return refuse(
            "the value holds a carriage return",
            "python-dotenv and Node's dotenv turn it into a line feed",
        );
    }
    if text.contains('\n') && reader.is_none() {
        return refuse(
            "the value holds a line break",
            "`sh` needs it as it is, and readers that go line by line take the rest for a new variable",
        );
    }
    if text.contains('\'') {
        return refuse(
            "the value holds a single quote",
            "`sh`, python-dotenv and Node's dotenv have no common spelling for it here",
        );
    }
    if reads(Reader::Python) && (text.contains("\\\\") || text.ends_with('\\')) {
        return refuse(
            "the value holds backslashes",
            "python-dotenv undoes them in single quotes, `sh` does not",
        );
    }
    if reads(Reader::Node) && text.ends_with('\\') {
        return refuse("the value ends in a backslash", "Node's dotenv takes the closing quote for text");
    }
    if reads(Reader::Python) && text.contains("${") {
        return refuse(
            "the value holds `${`",
            "python-dotenv expands it in every kind of quotes, `sh` does not in single ones",
        );
    }
    Ok(())
}

/// A spelling that the one reader of the file understands, where the common ones fail.
fn for_one(text: &str, reader: Option<Reader>) -> Option<Zeroizing<String>> {
    let has = |what: &str| text.contains(what);
    match reader? {
        Reader::Sh if !has("\0") => Some(for_shell(text)),
        Reader::Python if !has("\0") && !has("${") => {
            let escaped =
                text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
            Some(Zeroizing::new(format!("\"{escaped}\"")))
        }
        // Node expands `\n` and `\r` in double quotes and has no other escape.
        Reader::Node if !has("\0") && !has("\"") && !has("\\n") && !has("\\r") && !text.ends_with('\\') => {
            Some(Zeroizing::new(format!("\"{}\"", text.replace('\n', "\\n").replace('\r', "\\r"))))
        }
        Reader::Node if !has("\0") && !has("`") && !has("\r") && !text.ends_with('\\') => {
            Some(Zeroizing::new(format!("`{text}`")))
        }
        _ => None,
    }
}

/// Single quotes for a shell, with `'\''` for each of the value's own.
fn for_shell(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
    out.push('\'');
    out.push_str(&text.replace('\'', "'\\''"));
    out.push('\'');
    out
}

/// Docker takes everything behind the `=` as it stands, quotes included.
fn as_it_stands(spot: &Spot<'_>, text: Zeroizing<String>) -> Result<Zeroizing<String>, Unencodable> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(Unencodable::new(
            "the value holds a line break or a NUL, and docker reads line by line",
            "add a filter such as `| base64`",
        ));
    }
    Ok(match spot.scalar.style {
        Style::EnvBare => text,
        _ => spot.splice(|piece, out| out.push_str(piece)),
    })
}
