//! One case for the judge: a document is rendered, and what went in and what came out is told.

use redeem_core::{Answers, Encoding, Expressions, Name, Secret, render};
use redeem_syntax::{Code, Dialects, Format, Severity, Source, scan};
use serde_json::{Value, json};

/// A document with an expression, before it is rendered.
pub(crate) struct Case {
    /// `fixtures`, `corners`, `random`, `folded` or `legacy`.
    pub(crate) part: &'static str,
    /// What people look for when it fails: a file's name, a seed.
    pub(crate) name: String,
    /// The expression, if it is known without reading the document.
    pub(crate) expression: Option<String>,
    pub(crate) source: Source,
    pub(crate) secrets: Vec<(String, String)>,
    pub(crate) refusal: Refusal,
}

/// Whether a case may or must be refused, and with which codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Never,
    May(Vec<String>),
    Must(Vec<String>),
    /// The text was damaged, so it may be wrong in any way but one that would be Redeem's own.
    Damaged,
}

impl Case {
    /// Renders the case.
    ///
    /// A JSON document is read back here; a YAML one the judge reads with a parser of its own.
    pub(crate) fn line(&self) -> Value {
        let dialects = match self.part {
            "legacy" => Dialects::from_words(["+julep-legacy"]).expect("a known dialect"),
            _ => Dialects::default(),
        };
        let expressions = if self.part == "folded" { Expressions::Fold } else { Expressions::Keep };
        let encoding = Encoding { expressions, ..Encoding::default() };
        let found = scan(&self.source, &dialects);
        let answers =
            self.secrets.iter().map(|(name, value)| (Name::split(name), Secret::from(value.as_str())));
        let outcome = render(&self.source, &found, &answers.collect::<Answers>(), &encoding);
        let secrets: serde_json::Map<_, _> =
            self.secrets.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        // References of other dialects are no Python: the judge puts their values into the string literals.
        let inline: Vec<_> = found
            .references
            .iter()
            .filter(|reference| !matches!(&*reference.dialect, "expression" | "julep-legacy"))
            .map(|reference| {
                let text = &found.strings[reference.string].scalar.decoded.text[reference.range.clone()];
                json!([text, secrets.get(&reference.name.to_string())])
            })
            .collect();
        let mut line = json!({
            "part": self.part,
            "name": self.name,
            "before": self.expression,
            "secrets": secrets,
            "inline": inline,
            "refusal": self.refusal.told(),
        });
        let is_yaml = self.source.format() == Format::Yaml;
        if is_yaml {
            line["source"] = self.source.text().into();
        }
        if let Some(rendered) = outcome.rendered {
            if is_yaml {
                line["rendered"] = rendered.text().into();
            } else {
                line["after"] = expression(rendered.text());
            }
            line["left"] = references_left(&self.source, rendered.text()).into();
        } else {
            let errors = outcome.diagnostics.iter().filter(|problem| problem.severity == Severity::Error);
            line["problems"] = errors
                .map(|problem| json!({ "code": problem.code.name(), "message": problem.message }))
                .collect();
        }
        line
    }
}

impl Refusal {
    fn told(&self) -> Value {
        let (when, codes) = match self {
            Self::Never => ("never", Vec::new()),
            Self::May(codes) => ("may", codes.iter().map(String::as_str).collect()),
            Self::Must(codes) => ("must", codes.iter().map(String::as_str).collect()),
            Self::Damaged => {
                let ours = [Code::ProofFailed, Code::UnencodableValue];
                let all = Code::ALL.iter().filter(|code| !ours.contains(code));
                ("damaged", all.map(|code| code.name()).collect())
            }
        };
        json!({ "when": when, "codes": codes })
    }
}

/// The expression of a JSON document.
fn expression(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).expect("a rendered document that is JSON");
    document["e"].take()
}

/// How many references a second rendering would find: values are not looked at again, so there is none in code.
fn references_left(source: &Source, rendered: &str) -> usize {
    let again = Source::new("again", rendered, source.format());
    let found = scan(&again, &Dialects::default());
    found.references.iter().filter(|reference| reference.dialect == "expression").count()
}
