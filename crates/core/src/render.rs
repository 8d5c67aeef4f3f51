//! Writes the answers into one text: filters, encoders, edits, proof.

use std::collections::BTreeMap;

use redeem_syntax::python::constant_text;
use redeem_syntax::scalar::Scalar;
use redeem_syntax::{
    Code, Diagnostic, Format, Mark, Node, Place, Reference, Scan, Severity, Source, Span, scan::MarkedString,
};
use zeroize::Zeroizing;

use crate::answers::{Answer, Answers};
use crate::edit::{Edit, Rendered};
use crate::encode::{
    Encoding, Expressions, Piece, Reader, Spot, Unencodable, bare, encode, has_types, python,
};
use crate::fake;
use crate::filter::{self, Filtered, check_filters};
use crate::kubernetes;
use crate::policy::not_found;
use crate::proof::{self, Expected, Touched};
use crate::url;

/// What became of one text.
#[derive(Debug)]
pub struct Outcome {
    /// The new text, if every reference had an answer that could be written.
    pub rendered: Option<Rendered>,
    /// Everything that is wrong, the scan's own diagnostics included.
    pub diagnostics: Vec<Diagnostic>,
}

/// Renders `source`, of which `scan` was made, with the values in `answers`.
///
/// There is no half-rendered text: any error leaves [`Outcome::rendered`] empty.
/// A text without references or escapes comes out byte for byte as it was.
pub fn render(source: &Source, scan: &Scan, answers: &Answers, encoding: &Encoding) -> Outcome {
    let mut diagnostics = check(source, scan);
    let mut writer = Writer { source, scan, answers, encoding, diagnostics: Vec::new() };
    let mut edits = Vec::new();
    let mut expected = Vec::new();
    for string in &scan.strings {
        if let Some((edit, says)) = writer.string(string) {
            if let Node::Tagged(tag) = &string.scalar.node {
                edits.push(Edit { span: tag.clone(), text: Zeroizing::default() });
            }
            edits.push(edit);
            expected.push((&string.scalar, says));
        }
    }
    // What is wrong for certain takes the place of the warning that it may be.
    diagnostics.retain(|warning| {
        let is_same = |error: &Diagnostic| (error.code, &error.label) == (warning.code, &warning.label);
        warning.code != Code::UrlWithoutFilter || !writer.diagnostics.iter().any(is_same)
    });
    diagnostics.append(&mut writer.diagnostics);
    let is_stopped = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    // Two edits of one place would be a defect of ours, and no text could be made of them.
    let are_apart = edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start);
    if !is_stopped && !are_apart {
        diagnostics.push(unproved(source, scan));
    }
    let mut rendered =
        (!is_stopped && are_apart && scan.is_valid).then(|| Rendered::apply(source.text(), &edits));
    if let Some(text) = rendered.as_ref().filter(|text| !text.is_unchanged())
        && !proves(source, text, &expected, *encoding)
    {
        rendered = None;
        diagnostics.push(unproved(source, scan));
    }
    Outcome { rendered, diagnostics }
}

/// Everything that is wrong with a text as far as it can be known without any value.
pub fn check(source: &Source, scan: &Scan) -> Vec<Diagnostic> {
    let mut diagnostics = scan.diagnostics.clone();
    for reference in &scan.references {
        for (position, message) in check_filters(&reference.filters) {
            let scalar = scan.strings.get(reference.string).map(|string| &string.scalar);
            let filter = &reference.filters[position].span;
            let at = scalar.map_or(reference.span.clone(), |scalar| scalar.decoded.source_span(filter));
            diagnostics.push(Diagnostic::new(Code::UnknownFilter, message).at(source, at, "this filter"));
        }
        if let Some(string) = scan.strings.get(reference.string)
            && filter::is_typed(&reference.filters)
            && let Err(problem) = can_be_bare(reference, &string.scalar)
        {
            diagnostics.push(unencodable(source, reference.span.clone(), problem));
        }
    }
    diagnostics.append(&mut url::check(source, scan));
    diagnostics.append(&mut kubernetes::check(source, scan));
    diagnostics.sort_by_cached_key(Diagnostic::sort_key);
    diagnostics
}

/// What a scalar says once its values are in place.
pub(crate) enum Says {
    Text(Zeroizing<String>),
    Bare(String),
}

pub(crate) fn proves(
    source: &Source,
    rendered: &Rendered,
    expected: &[(&Scalar, Says)],
    encoding: Encoding,
) -> bool {
    // Text has no structure that could be broken.
    if source.format() == Format::Text {
        return true;
    }
    let touched: BTreeMap<usize, Touched<'_>> = expected
        .iter()
        .map(|(scalar, says)| {
            let says = match says {
                Says::Text(text) => Expected::Text(text),
                Says::Bare(text) => Expected::Bare(text),
            };
            (scalar.span.start, Touched { says, node: &scalar.node })
        })
        .collect();
    // The text of a dotenv value depends on its reader; only the structure around it is compared.
    if source.format() == Format::Dotenv {
        // Docker goes by lines and knows no quotes, whose two ends `keeps_structure` would look for.
        if encoding.reader == Some(Reader::Docker) {
            return source.text().split('\n').count() == rendered.text().split('\n').count();
        }
        return proof::keeps_structure(source.format(), source.text(), rendered.text(), &touched);
    }
    proof::holds(source.format(), source.text(), rendered.text(), &touched)
}

fn unproved(source: &Source, scan: &Scan) -> Diagnostic {
    let has_key = scan.strings.iter().any(|string| string.scalar.is_key && !string.marks.is_empty());
    let first = scan.references.first().map_or(0..0, |reference| reference.span.clone());
    if source.format() == Format::Toml
        && let Some((span, why)) = proof::toml_error(source.text())
    {
        return Diagnostic::new(Code::SyntaxError, format!("this is not valid TOML: {why}"))
            .at(source, span, "here")
            .with_help(
                "a file with a syntax error is not rendered; mend it, or say `format = \"text\"` for it",
            );
    }
    // A key that gets a value is likelier to meet another than one whose new name anyone can read.
    let holds_reference =
        |string: &&MarkedString| string.marks.iter().any(|mark| matches!(mark, Mark::Reference(_)));
    let mut keys = scan.strings.iter().filter(|string| string.scalar.is_key);
    let renamed = keys.clone().find_map(|string| {
        let new = string.marks.iter().find_map(|mark| match mark {
            Mark::Escape(_, new) => Some(new),
            Mark::Reference(_) => None,
        });
        new.map(|new| (string, new))
    });
    if let Some((string, new)) = renamed
        && !keys.any(|string| holds_reference(&string))
    {
        let message = format!("with `{new}` in place of this key its mapping may have that key twice");
        return Diagnostic::new(Code::UnencodableValue, message)
            .at(source, string.scalar.span.clone(), "")
            .with_help("rename the other key, or choose another one with `render` in redeem.toml");
    }
    let is_map = |string: &&MarkedString| string.scalar.node == Node::Map;
    if let Some(string) = scan.strings.iter().find(is_map) {
        return Diagnostic::new(Code::UnencodableValue, "this map cannot become a string here")
            .at(source, string.scalar.span.clone(), "")
            .with_help("it is a key, or something in it is named elsewhere: write its value in another way");
    }
    if has_key {
        return Diagnostic::new(
            Code::UnencodableValue,
            "with its value in place a key may stand twice in one mapping, or a table in one document",
        )
        .at(source, first, "")
        .with_help("use a secret that gives each key a name of its own");
    }
    Diagnostic::new(
        Code::ProofFailed,
        "the rendered text does not read as the source with the values in place",
    )
    .at(source, first, "in this file")
    .with_help("nothing was written; please report this with the file's structure, without the values")
}

struct Writer<'a> {
    source: &'a Source,
    scan: &'a Scan,
    answers: &'a Answers,
    encoding: &'a Encoding,
    diagnostics: Vec<Diagnostic>,
}

impl Writer<'_> {
    /// The edit of one string, and what it says then; none if anything is wrong with it.
    fn string(&mut self, string: &MarkedString) -> Option<(Edit, Says)> {
        let values = self.values(string)?;
        let scalar = &string.scalar;
        if let [(reference, Filtered::Bare(text))] = &values[..] {
            return self.bare(reference, scalar, text);
        }
        let own: Vec<&Reference> = values.iter().map(|(reference, _)| *reference).collect();
        let to_blame = |piece: Option<&Span>| {
            let reference = own.iter().find(|reference| piece.is_some_and(|piece| *piece == reference.range));
            reference.or(own.first()).map_or(scalar.span.clone(), |reference| reference.span.clone())
        };
        let mut pieces = self.pieces(string, values)?;
        if let Some(text) = self.folded(string, &pieces) {
            pieces = vec![Piece { range: 0..scalar.decoded.text.len(), text }];
        }
        let spot = Spot { source: self.source.text(), scalar, pieces: &pieces };
        let begins = |text: &str| text.trim_start().starts_with("$ ");
        if self.encoding.runs_expressions && !begins(&scalar.decoded.text) && begins(&spot.new_text()) {
            self.unencodable(
                to_blame(None),
                Unencodable::new(
                    "with the value in place Julep would run this text as an expression",
                    "write it as one: `$ secrets.NAME`",
                ),
            );
            return None;
        }
        match encode(&spot, self.encoding) {
            Ok(edit) => Some((edit, Says::Text(spot.new_text()))),
            Err(problem) => {
                self.unencodable(to_blame(problem.piece.as_ref()), problem);
                None
            }
        }
    }

    /// What an expression says, if it is to be folded and nothing but a text is left of it.
    fn folded(&self, string: &MarkedString, pieces: &[Piece]) -> Option<Zeroizing<String>> {
        string.expression.as_ref().filter(|_| self.encoding.expressions == Expressions::Fold)?;
        let spot = Spot { source: self.source.text(), scalar: &string.scalar, pieces };
        let text = Zeroizing::new(constant_text(&spot.new_text())?);
        // What begins like an expression would be taken for one.
        (!text.trim_start().starts_with("$ ")).then_some(text)
    }

    /// The filtered value of each reference of a string that is there; none if one lacks an answer.
    fn values<'s>(&mut self, string: &'s MarkedString) -> Option<Vec<(&'s Reference, Filtered)>>
    where
        Self: 's,
    {
        let indices = string.marks.iter().filter_map(|mark| match mark {
            Mark::Reference(index) => Some(*index),
            Mark::Escape(..) => None,
        });
        let mut values = Vec::new();
        let mut is_whole = true;
        let scan: &Scan = self.scan;
        for reference in indices.map(|index| &scan.references[index]) {
            match self.value(reference, &string.scalar) {
                Ok(Some(value)) => values.push((reference, value)),
                Ok(None) => {}
                Err(diagnostic) => {
                    is_whole = false;
                    self.diagnostics.push(*diagnostic);
                }
            }
        }
        // The references belong to the scan, which outlives the string that they were found in.
        is_whole.then_some(values)
    }

    /// The filtered value of a reference, or none if it is missing and may be.
    fn value(&self, reference: &Reference, scalar: &Scalar) -> Result<Option<Filtered>, Box<Diagnostic>> {
        let at = |code, message: String| {
            Diagnostic::new(code, message).at(self.source, reference.span.clone(), "")
        };
        if !check_filters(&reference.filters).is_empty() {
            // `check` has told of it.
            return Ok(None);
        }
        let value = match self.answers.of(&reference.name) {
            Answer::Found(secret) if secret.is_fake() => {
                return Ok(Some(fake::filtered(secret, reference, scalar)));
            }
            Answer::Found(secret) => Some(secret.expose()),
            Answer::Missing => None,
            Answer::Failed(failure) => {
                let mut diagnostic =
                    at(failure.code, format!("backend `{}`: {}", failure.backend, failure.message));
                diagnostic.help.clone_from(&failure.help);
                return Err(Box::new(diagnostic));
            }
        };
        let filtered = filter::run(value, &reference.filters).map_err(|error| {
            let mut diagnostic = at(Code::UnencodableValue, error.message);
            diagnostic.help = error.help;
            Box::new(diagnostic)
        })?;
        if filtered.is_none() && !reference.is_optional() {
            return Err(Box::new(self.unknown(reference)));
        }
        if let Some(Filtered::Text(text)) = &filtered {
            self.check_url(reference, scalar, text)?;
        }
        Ok(filtered)
    }

    fn unknown(&self, reference: &Reference) -> Diagnostic {
        not_found(self.source, reference, self.answers)
    }

    fn check_url(&self, reference: &Reference, scalar: &Scalar, text: &str) -> Result<(), Box<Diagnostic>> {
        if !url::wants_filter(reference, self.scan) || !url::breaks_userinfo(text) {
            return Ok(());
        }
        let message = "the value holds a character that ends this part of the URL";
        let problem = url::problem(self.source, reference, scalar, message);
        Err(Box::new(problem.with_severity(Severity::Error)))
    }

    fn bare(&mut self, reference: &Reference, scalar: &Scalar, text: &str) -> Option<(Edit, Says)> {
        // Where it cannot be, `check` has told of it.
        can_be_bare(reference, scalar).ok()?;
        let edit = bare(&Spot { source: self.source.text(), scalar, pieces: &[] }, text);
        Some((edit, Says::Bare(text.to_owned())))
    }

    /// The parts of a string's text that change, with what stands there before the format's encoding.
    fn pieces(&mut self, string: &MarkedString, values: Vec<(&Reference, Filtered)>) -> Option<Vec<Piece>> {
        let text = &string.scalar.decoded.text;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut in_code: BTreeMap<usize, Zeroizing<String>> = BTreeMap::new();
        for mark in &string.marks {
            if let Mark::Escape(range, says) = mark {
                pieces.push(Piece { range: range.clone(), text: Zeroizing::new(says.clone()) });
            }
        }
        for (reference, value) in values {
            let Filtered::Text(value) = value else {
                // A number beside other text: `check` has told of it.
                return None;
            };
            match &reference.place {
                Place::Text => pieces.push(Piece { range: reference.range.clone(), text: value }),
                Place::PythonText(literal) => {
                    let range = reference.range.clone();
                    let Some(written) = python::text_in_literal(text, literal, range.clone(), &value) else {
                        self.unencodable(
                            reference.span.clone(),
                            Unencodable::new(
                                "this string literal cannot hold the value",
                                "leave out the literal's prefix `r` or `b`",
                            ),
                        );
                        return None;
                    };
                    pieces.push(Piece { range, text: Zeroizing::new(written) });
                }
                Place::FString => {
                    let range = reference.range.clone();
                    let (before, after) = (&text[..range.start], &text[range.end..]);
                    let Some(written) = python::bare_fstring_text(before, after, &value) else {
                        self.unencodable(
                            reference.span.clone(),
                            Unencodable::new(
                                "a backslash before the reference would change its value",
                                "write two backslashes, for this text is read as Python's f-strings are",
                            ),
                        );
                        return None;
                    };
                    pieces.push(Piece { range, text: Zeroizing::new(written) });
                }
                Place::Python(place) => {
                    in_code.insert(place.span.start, value);
                }
                Place::Kept { .. } | Place::Template { .. } => {}
            }
        }
        if let Some(expression) = &string.expression {
            let edits = python::edits(text, expression, |place| {
                in_code.get(&place.span.start).map(|value| value.as_str().to_owned())
            });
            // A literal inside a reference that goes as a whole, its default, goes with it.
            pieces.retain(|piece| {
                !edits
                    .iter()
                    .any(|edit| edit.span.start < piece.range.start && piece.range.end < edit.span.end)
            });
            pieces.extend(
                edits.into_iter().map(|edit| Piece { range: edit.span, text: Zeroizing::new(edit.text) }),
            );
        }
        pieces.sort_by_key(|piece| (piece.range.start, piece.range.end));
        Some(pieces)
    }

    fn unencodable(&mut self, span: Span, problem: Unencodable) {
        self.diagnostics.push(unencodable(self.source, span, problem));
    }
}

pub(crate) fn unencodable(source: &Source, span: Span, problem: Unencodable) -> Diagnostic {
    Diagnostic::new(Code::UnencodableValue, problem.message)
        .at(source, span, "the value does not fit here")
        .with_help(problem.help)
}

/// Whether a reference may become a number or a truth value: it has to be all of a value that can be one.
fn can_be_bare(reference: &Reference, scalar: &Scalar) -> Result<(), Unencodable> {
    let is_whole =
        reference.range == (0..scalar.decoded.text.len()) && matches!(reference.place, Place::Text);
    if !is_whole {
        return Err(Unencodable::new(
            "a number or truth value has to be the whole value",
            "leave out the filter `int`, `float` or `bool`, or the text around the reference",
        ));
    }
    if has_types(scalar) {
        return Ok(());
    }
    Err(Unencodable::new(
        "a number or truth value has no spelling of its own here",
        "leave out the filter `int`, `float` or `bool`",
    ))
}
