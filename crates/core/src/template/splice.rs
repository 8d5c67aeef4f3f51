//! Writes values in the places of their marks, each encoded for the scalar it stands in.

use std::collections::BTreeSet;

use redeem_syntax::format::decode;
use redeem_syntax::{Code, Event, Format, Scalar, Source};
use zeroize::Zeroizing;

use super::marks::Marks;
use super::quotes;
use crate::edit::Rendered;
use crate::encode::{Encoding, Piece, Spot, encode};
use crate::proof::toml_error;
use crate::render::{Says, proves};
use crate::url;

/// Why the output of a template is not written, with its place.
pub(super) struct Problem {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) at: At,
}

/// A place in an output.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// Where a mark was written.
    Mark(usize),
    /// A byte offset of the output.
    Offset(usize),
}

/// A scalar with marks in it.
struct Marked {
    scalar: Scalar,
    pieces: Vec<Piece>,
    /// The mark of each piece.
    indices: Vec<usize>,
}

/// The output with its values, or every reason why there is none.
pub(super) fn splice(
    marks: &Marks,
    format: Format,
    encoding: Encoding,
) -> Result<Zeroizing<String>, Vec<Problem>> {
    let all: Vec<_> = marks.find(&marks.text).collect();
    if let Some((at, _)) = all.iter().find(|(_, mark)| mark.is_none()) {
        return Err(vec![problem(
            Code::TemplateFailed,
            "text with values in it was cut into pieces",
            "cut the value itself, before `{% set %}` or a macro makes text of it",
            At::Offset(*at),
        )]);
    }
    let spans: Vec<_> = all.iter().filter_map(|(start, mark)| mark.map(|(end, _)| (*start, end))).collect();
    let (text, added) = quotes::quoted(&marks.text, format, &spans);
    let source = Source::new("output", text.as_str(), format);
    let found = find(marks, &source).and_then(|marked| {
        match Some(format).filter(|&format| format == Format::Toml).and_then(|_| toml_error(&text)) {
            Some((span, why)) => Err((span.start, why)),
            None => Ok(marked),
        }
    });
    let marked = match found {
        Ok(marked) => marked,
        Err((at, message)) => {
            // Raw text may hold a value, and the parser may quote it.
            let why = if marks.has_raw { String::new() } else { format!(": {message}") };
            return Err(vec![Problem {
                code: Code::SyntaxError,
                message: format!("what this writes is not valid {}{why}", format.title()),
                help: None,
                at: At::Offset(quotes::before(at, &added)),
            }]);
        }
    };
    let mut problems = unplaced(marks, &text, &marked);
    let mut edits = Vec::new();
    let mut expected = Vec::new();
    for Marked { scalar, pieces, indices } in &marked {
        for (piece, index) in pieces.iter().zip(indices) {
            let is_userinfo = url::is_in_userinfo(&scalar.decoded.text, &piece.range);
            if is_userinfo && url::breaks_userinfo(&piece.text) && !is_percent_encoded(&piece.text) {
                problems.push(problem(
                    Code::UrlWithoutFilter,
                    "the value holds a character that ends this part of the URL",
                    "add `| urlencode`",
                    At::Mark(*index),
                ));
            }
        }
        let spot = Spot { source: &text, scalar, pieces };
        match encode(&spot, &encoding) {
            Ok(edit) => {
                edits.push(edit);
                expected.push((scalar, Says::Text(spot.new_text())));
            }
            Err(error) => {
                problems.push(Problem {
                    code: Code::UnencodableValue,
                    message: error.message,
                    help: Some(error.help),
                    at: At::Mark(indices[0]),
                });
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let rendered = Rendered::apply(&text, &edits);
    if !rendered.is_unchanged() && !proves(&source, &rendered, &expected, encoding) {
        return Err(vec![unproved(&marked)]);
    }
    Ok(rendered.into_text())
}

/// The scalars that marks stand in, or where the text is not valid.
fn find(marks: &Marks, source: &Source) -> Result<Vec<Marked>, (usize, String)> {
    let text = source.text();
    let mut marked = Vec::new();
    let mut odd = None;
    let parsed = source.format().parse(text, &mut |event| {
        let Event::Scalar(token) = event else { return };
        if !token.text.contains(&marks.stem) {
            return;
        }
        let Some(decoded) = decode(text, &token) else {
            odd.get_or_insert(token.span.start);
            return;
        };
        let found: Vec<_> = marks.find(&decoded.text).collect();
        let mut pieces = Vec::new();
        let mut indices = Vec::new();
        for (start, mark) in found {
            if let Some((end, index)) = mark {
                let text = Zeroizing::new(marks.value(index).to_owned());
                pieces.push(Piece { range: start..end, text });
                indices.push(index);
            }
        }
        let scalar = token.into_scalar(decoded);
        if !indices.is_empty() {
            marked.push(Marked { scalar, pieces, indices });
        }
    });
    match (parsed, odd) {
        (Err(error), _) => Err((error.span.start, error.message)),
        (Ok(()), Some(at)) => {
            Err((at, "a value is written in a way that cannot be edited safely".to_owned()))
        }
        (Ok(()), None) => Ok(marked),
    }
}

/// The marks that stand in no scalar.
fn unplaced(marks: &Marks, text: &str, marked: &[Marked]) -> Vec<Problem> {
    let placed: BTreeSet<usize> = marked
        .iter()
        .flat_map(|Marked { scalar, pieces, .. }| {
            pieces.iter().map(|piece| scalar.decoded.source_span(&piece.range).start)
        })
        .collect();
    let mut told = BTreeSet::new();
    marks
        .find(text)
        .filter_map(|(start, mark)| mark.filter(|_| !placed.contains(&start)))
        .filter(|(_, index)| told.insert(marks.call_of(*index)))
        .map(|(_, index)| {
            problem(
                Code::UnencodableValue,
                "there is no string here that could hold a value: this is a comment, a tag or another name",
                "move it into a value; text that needs no escape can be written raw with `| safe`",
                At::Mark(index),
            )
        })
        .collect()
}

fn unproved(marked: &[Marked]) -> Problem {
    let key = marked.iter().find(|marked| marked.scalar.is_key);
    let at = key.or(marked.first()).and_then(|marked| marked.indices.first());
    let at = at.map_or(At::Offset(0), |index| At::Mark(*index));
    if key.is_some() {
        return problem(
            Code::UnencodableValue,
            "with its value in place a key may stand twice in one mapping",
            "give each key a name of its own",
            at,
        );
    }
    problem(
        Code::ProofFailed,
        "the rendered text does not read as the template's output with the values in place",
        "nothing was written; please report this with the file's structure, without the values",
        at,
    )
}

/// Whether a text may be what `urlencode` made: which filters a value went through, a mark does not tell.
fn is_percent_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    let is_plain = |part: &str| !url::breaks_userinfo(part);
    let is_escape = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    parts.next().is_some_and(is_plain) && parts.all(|part| is_escape(part) && is_plain(part))
}

fn problem(code: Code, message: &str, help: &str, at: At) -> Problem {
    Problem { code, message: message.to_owned(), help: Some(help.to_owned()), at }
}
