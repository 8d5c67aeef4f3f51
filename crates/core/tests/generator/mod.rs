//! Documents of every format and style with references in known places, from a seed.
//!
//! A document is put together from parts, so the spans of its touched scalars are known without a parser.

use std::fmt::Write;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redeem_core::{Answers, Encoding, Name, Reader, Secret};
use redeem_syntax::{Code, Dialects, Format, Source, scan};

mod dotenv;
mod json;
mod rng;
mod template;
mod toml;
mod values;
mod yaml;

use rng::Rng;

/// A document with references, and what they stand for.
pub(crate) struct Case {
    pub(crate) format: Format,
    pub(crate) text: String,
    /// The styles of its touched scalars.
    pub(crate) styles: Vec<&'static str>,
    /// The spans of its touched scalars, in order.
    pub(crate) touched: Vec<Range<usize>>,
    /// Each reference or escape as its scalar says it, and what stands there afterwards.
    pub(crate) references: Vec<(String, String)>,
    /// The references among them whose scalar becomes a number or a truth value.
    pub(crate) typed: Vec<String>,
    /// Whether a touched scalar is a key.
    pub(crate) has_touched_key: bool,
    /// Who reads a dotenv file, if it is one program alone.
    pub(crate) reader: Option<Reader>,
    /// Comments, trailing commas and the byte order mark of a JSON document: no strict reader takes them.
    extras: Vec<Range<usize>>,
    answers: Vec<(String, String)>,
}

/// What came of rendering a case.
pub(crate) enum Rendering {
    /// The new text, and where each touched scalar stands in it.
    Text(String, Vec<Range<usize>>),
    /// The code of the first problem, and what it says.
    Refused(Code, String),
}

impl Case {
    /// The case that follows from a format and a seed.
    pub(crate) fn new(format: Format, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ (0x5EC_2E70 << 8 | format as u64));
        let is_big = matches!(seed % 1_000_000, 124 | 224 | 324 | 424);
        loop {
            let mut draft = Draft::new(&mut rng, is_big);
            match format {
                Format::Yaml => yaml::document(&mut draft),
                Format::Toml => toml::document(&mut draft),
                Format::Json => json::document(&mut draft),
                _ => {
                    draft.reader = dotenv::reader(&mut draft);
                    dotenv::document(&mut draft);
                }
            }
            if !draft.touched.is_empty() {
                return Self {
                    format,
                    text: draft.text,
                    styles: draft.styles,
                    touched: draft.touched,
                    references: draft.references,
                    typed: draft.typed,
                    has_touched_key: draft.has_touched_key,
                    reader: draft.reader,
                    extras: draft.extras,
                    answers: draft.answers,
                };
            }
        }
    }

    /// Renders the document, and checks that only the touched scalars changed.
    pub(crate) fn render(&self) -> Rendering {
        let source = Source::new("case", self.text.as_str(), self.format);
        let found = scan(&source, &Dialects::default());
        let secrets =
            self.answers.iter().map(|(name, value)| (Name::split(name), Secret::from(value.as_str())));
        let encoding = Encoding { reader: self.reader, ..Encoding::default() };
        let outcome = redeem_core::render(&source, &found, &secrets.collect::<Answers>(), &encoding);
        let Some(rendered) = outcome.rendered else {
            let first = outcome.diagnostics.first().expect("a refusal says why");
            return Rendering::Refused(first.code, first.message.clone());
        };
        let was: Vec<_> = rendered.moved().iter().map(|(was, _)| was.clone()).collect();
        assert_eq!(was, self.touched, "the spans of the touched scalars in {:?}", self.text);
        let now: Vec<_> = rendered.moved().iter().map(|(_, now)| now.clone()).collect();
        let text = rendered.text().to_owned();
        let around = |text: &str, spans: &[Range<usize>]| -> Vec<String> {
            let starts = std::iter::once(0).chain(spans.iter().map(|span| span.end));
            let ends = spans.iter().map(|span| span.start).chain([text.len()]);
            starts.zip(ends).map(|(start, end)| text[start..end].to_owned()).collect()
        };
        assert_eq!(around(&self.text, &was), around(&text, &now), "the bytes around the touched scalars");
        Rendering::Text(text, now)
    }

    /// The document without what a strict JSON reader does not take.
    pub(crate) fn strict(&self) -> String {
        without(&self.text, &self.extras)
    }

    /// The rendered document without what a strict JSON reader does not take.
    pub(crate) fn strict_rendered(&self, rendered: &str, now: &[Range<usize>]) -> String {
        let moved = |at: usize| match self.touched.iter().rposition(|was| was.end <= at) {
            Some(last) => now[last].end + (at - self.touched[last].end),
            None => at,
        };
        let extras: Vec<_> = self.extras.iter().map(|extra| moved(extra.start)..moved(extra.end)).collect();
        without(rendered, &extras)
    }

    /// The document with plain words for its references, for readers that would expand them.
    pub(crate) fn with_plain_words(&self) -> Self {
        // The sign keeps a word apart from a variable's name before it.
        let words = |index: usize| format!("+REDEEM{index}Z");
        let mut references: Vec<_> =
            self.references.iter().map(|(text, _)| text.clone()).enumerate().collect();
        references.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
        let text = references
            .iter()
            .fold(self.text.clone(), |text, (index, reference)| text.replace(reference, &words(*index)));
        let told = self.references.iter().enumerate();
        let references = told.map(|(index, (_, value))| (words(index), value.clone())).collect();
        Self {
            format: self.format,
            text,
            styles: self.styles.clone(),
            touched: Vec::new(),
            references,
            typed: Vec::new(),
            has_touched_key: self.has_touched_key,
            reader: self.reader,
            extras: Vec::new(),
            answers: Vec::new(),
        }
    }
}

fn without(text: &str, extras: &[Range<usize>]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for extra in extras {
        out.push_str(&text[at..extra.start]);
        at = extra.end;
    }
    out.push_str(&text[at..]);
    out
}

/// A document as it grows.
struct Draft<'r> {
    rng: &'r mut Rng,
    text: String,
    /// The document's line break.
    newline: &'static str,
    touched: Vec<Range<usize>>,
    styles: Vec<&'static str>,
    references: Vec<(String, String)>,
    typed: Vec<String>,
    answers: Vec<(String, String)>,
    extras: Vec<Range<usize>>,
    has_touched_key: bool,
    reader: Option<Reader>,
    is_big: bool,
    /// How many names have been given, to keys, secrets and anchors.
    names: usize,
}

/// Which references may stand in a scalar.
#[derive(Clone, Copy, PartialEq)]
enum Taste {
    /// Both dialects, anywhere.
    Any,
    /// What an unquoted YAML scalar may hold: no `{` at its start.
    Plain,
    /// One word, without blanks or quotes.
    Word,
}

impl<'r> Draft<'r> {
    fn new(rng: &'r mut Rng, is_big: bool) -> Self {
        let newline = if rng.chance(15) { "\r\n" } else { "\n" };
        Self {
            rng,
            text: String::new(),
            newline,
            touched: Vec::new(),
            styles: Vec::new(),
            references: Vec::new(),
            typed: Vec::new(),
            answers: Vec::new(),
            extras: Vec::new(),
            has_touched_key: false,
            reader: None,
            is_big,
            names: 0,
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn newline(&mut self) {
        self.text.push_str(self.newline);
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Whether the next scalar gets references.
    fn touches(&mut self) -> bool {
        self.touched.len() < 3 && self.rng.chance(35)
    }

    /// Appends `written` as a touched scalar.
    fn touch(&mut self, style: &'static str, written: &str) {
        let start = self.text.len();
        self.text.push_str(written);
        self.touched.push(start..self.text.len());
        self.styles.push(style);
    }

    /// What a scalar with references says: whole, in front, behind, in the middle, several, touching.
    fn wording(&mut self, taste: Taste, words: &[&str]) -> String {
        let blank = |draft: &mut Self| if taste != Taste::Word && draft.rng.chance(60) { " " } else { "" };
        let mut text = String::new();
        let shape = self.rng.pick(&[0, 0, 0, 1, 2, 3, 4, 5, 6]);
        if matches!(shape, 2..=4) {
            text.push_str(self.rng.pick(words));
            text.push_str(blank(self));
        }
        text.push_str(&self.reference(taste, text.is_empty()));
        if shape == 4 || shape == 5 {
            text.push_str(blank(self));
            text.push_str(self.rng.pick(words));
            text.push_str(blank(self));
        }
        if shape >= 4 {
            text.push_str(&self.reference(taste, false));
        }
        if matches!(shape, 1 | 3 | 6) {
            text.push_str(blank(self));
            text.push_str(self.rng.pick(words));
        }
        text
    }

    /// A reference that is a whole scalar and asks for a type, and remembers what is written for it.
    fn typed(&mut self) -> String {
        let name = self.name("s");
        let (filter, value, says) = self.rng.pick(&[
            ("int", "5432", "5432"),
            ("int", "-007", "-7"),
            ("int", "0", "0"),
            ("float", "1.50", "1.50"),
            ("float", "1e300", "1.0e+300"),
            ("float", "5", "5.0"),
            ("bool", "Yes", "true"),
            ("bool", "0", "false"),
        ]);
        let text = format!("${{secret.{name} | {filter}}}");
        self.references.push((text.clone(), says.to_owned()));
        self.typed.push(text.clone());
        self.answers.push((name, value.to_owned()));
        text
    }

    /// A new reference, or an escape, and remembers what it stands for.
    fn reference(&mut self, taste: Taste, is_first: bool) -> String {
        let name = self.name("s");
        let is_dollar = taste == Taste::Plain && is_first || self.rng.chance(50);
        let (open, close) = if is_dollar { ("${secret.", "}") } else { ("{secret:", "}") };
        if taste == Taste::Any && self.rng.chance(3) {
            let (escape, says) = if is_dollar {
                (format!("$${{secret.{name}}}"), format!("${{secret.{name}}}"))
            } else {
                (format!("{{{{secret:{name}}}}}"), format!("{{secret:{name}}}"))
            };
            self.references.push((escape.clone(), says));
            return escape;
        }
        let value =
            if std::mem::take(&mut self.is_big) { values::mebibyte() } else { values::value(self.rng) };
        let filter = if taste == Taste::Word { 9 } else { self.rng.below(10) };
        let (filters, says) = match filter {
            0 => (" | base64", STANDARD.encode(&value)),
            1 => (" | default('x y')", value.clone()),
            2 => (" | urlencode", urlencoded(&value)),
            3 => ("|default('')|base64", STANDARD.encode(&value)),
            _ => ("", value.clone()),
        };
        let text = format!("{open}{name}{filters}{close}");
        if filter == 1 && self.rng.chance(30) {
            // No backend has it.
            self.references.push((text.clone(), "x y".to_owned()));
        } else {
            self.references.push((text.clone(), says));
            self.answers.push((name, value));
        }
        text
    }
}

/// Percent-encoding as RFC 3986, 2.3 has it, written here once more so that it judges.
fn urlencoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("strings take all");
        }
        out
    })
}
