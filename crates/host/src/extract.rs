//! Moves a value that is written into a file out of it: a reference takes its place, and a render gives the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use redeem_core::{Answers, Encoding, Name, Secret, render};
use redeem_syntax::{Diagnostic, Dialects, Format, KeyPath, Located, Source, Span, locate, scan};
use zeroize::Zeroizing;

use crate::Config;
use crate::config::Treatment;
use crate::inputs::{Kind, named};
use crate::paths::shown;
use crate::read::{Content, read};
use crate::write::{ModeRule, Outputs, WriteError};

/// A place in a file: `config/app.yaml:smtp.password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub file: PathBuf,
    /// The keys that lead to the value.
    pub path: KeyPath,
}

/// What an extraction will do. Nothing is written yet.
pub struct Extraction {
    /// The value that stands in the file.
    pub value: Secret,
    /// The reference that takes its place.
    pub reference: String,
    /// Where that is: `config/app.yaml:3:13`.
    pub place: String,
    text: Zeroizing<String>,
    /// What the file said when it was read.
    before: Zeroizing<String>,
    /// The file itself, behind any link.
    file: PathBuf,
    mode: u32,
}

/// Why a value cannot be moved out of a file. No message holds it.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The text names no place.
    #[error("`{text}` is no place in a file: {why}")]
    Spot {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be read, or cannot be rendered as it is.
    #[error("{}", _0.message)]
    File(Box<Diagnostic>),
    /// The file is none in which a value has a place of its own.
    #[error("{file} is {what}, where a key leads to no value")]
    NoKeys {
        /// The file.
        file: String,
        /// What it is: `text`.
        what: &'static str,
    },
    /// The file does not parse.
    #[error("{file}, line {line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Its line, 1-based.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// No value that could be moved stands there.
    #[error("{file}: {what} at `{path}`")]
    NoValue {
        /// The file.
        file: String,
        /// The path.
        path: String,
        /// What is there instead: `there is nothing`.
        what: &'static str,
    },
    /// Another program changed the file after it was read.
    #[error("{file} was changed by another program meanwhile, and is left as it is")]
    Changed {
        /// The file.
        file: String,
    },
    /// With any reference there a render would write other bytes than stand there now.
    #[error("{place}: no reference here renders back to the bytes that stand here now")]
    NotRestored {
        /// The place.
        place: String,
    },
}

impl ExtractError {
    /// What to do next.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Spot { .. } => {
                Some("write FILE:KEY.PATH, such as config/app.yaml:smtp.password or app.json:\"a.b\"[0]")
            }
            Self::NotRestored { .. } => Some(
                "write the value in plain double quotes, without escapes that it does not need, and on a line that no `redeem: ignore` holds; then run this again",
            ),
            _ => None,
        }
    }
}

impl Spot {
    /// Reads `FILE:KEY.PATH`; the file has to be there, since its name may hold a colon too.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ExtractError> {
        let wrong = |why: &str| ExtractError::Spot { text: text.to_owned(), why: why.to_owned() };
        let mut colons = text.match_indices(':').map(|(at, _)| at).peekable();
        if colons.peek().is_none() {
            return Err(wrong("there is no `:` between the file and the keys"));
        }
        let at = colons
            .find(|&at| Path::new(&text[..at]).is_file())
            .ok_or_else(|| wrong("there is no such file"))?;
        let path = KeyPath::parse(&text[at + 1..]).map_err(wrong)?;
        Ok(Self { file: PathBuf::from(&text[..at]), path })
    }
}

impl Extraction {
    /// Finds the value at `spot` and a reference to `name` that renders back to it, byte for byte.
    ///
    /// # Errors
    /// Why there is no such value, or no such reference.
    pub fn plan(spot: &Spot, name: &Name, config: &Config) -> Result<Self, ExtractError> {
        let input = named(&spot.file, config);
        let file = input.shown.to_string();
        let no_keys = |what| ExtractError::NoKeys { file: file.clone(), what };
        let Kind::File(Treatment::Live(live)) = &input.kind else {
            return Err(no_keys("copied as it is"));
        };
        if live.is_template {
            return Err(no_keys("a template"));
        }
        if live.format == Format::Text {
            return Err(no_keys("text"));
        }
        let found = read(&spot.file, true, &|_| true).map_err(ExtractError::File)?;
        let Content::Text(text) = found.content else { return Err(no_keys("no text")) };
        let source = Source::new(file.as_str(), text, live.format);
        let old = Old { source: &source, dialects: &live.dialects, encoding: live.encoding, name };
        let (value, written) = old.value(spot)?;
        let at = source.position(written.whole.start);
        let place = format!("{file}:{}:{}", at.0, at.1);
        let (reference, text) = old
            .replaced(&value, &written)?
            .ok_or_else(|| ExtractError::NotRestored { place: place.clone() })?;
        let path = fs::canonicalize(&spot.file).unwrap_or_else(|_| spot.file.clone());
        let before = Zeroizing::new(source.text().to_owned());
        Ok(Self { value, reference, place, text, before, file: path, mode: found.mode })
    }

    /// Looks whether the file still says what it said: between the plan and the commit somebody may be asked for a
    /// passphrase, or another writer waited for.
    ///
    /// # Errors
    /// [`ExtractError::Changed`]; when the file cannot be read any more.
    pub fn unchanged(&self) -> Result<(), ExtractError> {
        let now = read(&self.file, true, &|_| true).map_err(ExtractError::File)?;
        let is_same = match now.content {
            Content::Text(text) => Zeroizing::new(text) == self.before,
            Content::Opaque(_) => false,
        };
        if is_same { Ok(()) } else { Err(ExtractError::Changed { file: shown(&self.file).to_string() }) }
    }

    /// Prepares the new file, which a commit moves into place. Its mode stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn prepare(&self) -> Result<Outputs, WriteError> {
        let (outputs, name) = Outputs::beside(&self.file)?;
        let rule = ModeRule { source: None, explicit: Some(self.mode) };
        outputs.prepare(name, self.text.as_bytes(), rule)?;
        Ok(outputs)
    }
}

/// How a value stands in the source.
struct Written {
    /// All of it, quotes included.
    whole: Span,
    /// What spells the value itself.
    inner: Span,
}

/// The file as it is.
struct Old<'a> {
    source: &'a Source,
    dialects: &'a Dialects,
    encoding: Encoding,
    name: &'a Name,
}

impl Old<'_> {
    /// The value at a place.
    fn value(&self, spot: &Spot) -> Result<(Secret, Written), ExtractError> {
        let file = self.source.path().to_string();
        let located = locate(self.source, &spot.path).map_err(|error| ExtractError::Syntax {
            file: file.clone(),
            line: self.source.line(error.span.start),
            message: error.message,
        })?;
        let none = |what| ExtractError::NoValue { file: file.clone(), path: spot.path.to_string(), what };
        let scalar = match located {
            Located::Scalar(scalar) => scalar,
            Located::Fixed(span) if self.source.slice(&span).starts_with('*') => {
                return Err(none("there is an alias"));
            }
            Located::Fixed(span) => {
                let written = Written { whole: span.clone(), inner: span.clone() };
                return Ok((Secret::from(self.source.slice(&span)), written));
            }
            Located::Nothing => return Err(none("there is nothing")),
            Located::Several => return Err(none("there are several values")),
            Located::Collection => return Err(none("there is a map or a list, and no single value")),
            Located::Odd(_) => return Err(none("there is a value that cannot be edited safely")),
        };
        // The line break at the end of a block stays in the file.
        let is_block = scalar.decoded.block_indent > 0;
        let text = &scalar.decoded.text;
        let text = if is_block { text.trim_end_matches('\n') } else { text };
        if text.is_empty() {
            return Err(none("there is an empty value"));
        }
        if !self.dialects.references_in(text).is_empty() {
            return Err(none("there is a reference already"));
        }
        let inner = scalar.decoded.source_span(&(0..text.len()));
        let written = Written { whole: scalar.span.clone(), inner };
        Ok((Secret::from(text), written))
    }

    /// The first reference that renders back to what stands there, and the whole text with it.
    fn replaced(
        &self,
        value: &Secret,
        written: &Written,
    ) -> Result<Option<(String, Zeroizing<String>)>, ExtractError> {
        let found = scan(self.source, self.dialects);
        let answers = self.answers(&found, value);
        let before = render(self.source, &found, &answers, &self.encoding);
        let Some(before) = before.rendered else {
            let first = before.diagnostics.into_iter().next();
            let broken = || Diagnostic::new(redeem_syntax::Code::SyntaxError, "this file cannot be rendered");
            return Err(ExtractError::File(Box::new(first.unwrap_or_else(broken))));
        };
        // A file that speaks one dialect goes on with it.
        let used =
            found.references.first().map(|reference| self.source.slice(&reference.span).chars().next());
        // A number or a truth value is written by its filter alone.
        for filter in [None, Some("int"), Some("float"), Some("bool")] {
            let mut spellings = self.dialects.spellings(self.name, filter);
            spellings.sort_by_key(|spelled| used.is_some_and(|used| spelled.chars().next() != used));
            for quoted in [false, true] {
                for spelled in &spellings {
                    let (span, new) = if quoted {
                        (&written.whole, format!("\"{spelled}\""))
                    } else {
                        (&written.inner, spelled.clone())
                    };
                    let text = self.with(span, &new);
                    if self.restores(&text, before.text(), found.references.len(), value) {
                        return Ok(Some((spelled.clone(), text)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn with(&self, span: &Span, new: &str) -> Zeroizing<String> {
        let text = self.source.text();
        Zeroizing::new([&text[..span.start], new, &text[span.end..]].concat())
    }

    /// Whether a text has one reference more and renders to what the old one renders to.
    fn restores(&self, text: &str, expected: &str, references: usize, value: &Secret) -> bool {
        let source = Source::new(self.source.path().as_ref(), text, self.source.format());
        let found = scan(&source, self.dialects);
        let is_one_more = found.is_valid && found.references.len() == references + 1;
        is_one_more
            && render(&source, &found, &self.answers(&found, value), &self.encoding)
                .rendered
                .is_some_and(|rendered| rendered.text() == expected)
    }

    /// The value for its name, and made-up ones for all others: only whether the two texts are equal counts.
    fn answers(&self, found: &redeem_syntax::Scan, value: &Secret) -> Answers {
        let names = found.references.iter().map(|reference| reference.name.clone());
        let answer = |name: Name| {
            let secret = if name == *self.name { value.clone() } else { Secret::fake(&name) };
            (name, secret)
        };
        names.map(answer).collect()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use super::*;

    fn extracted(name: &str, text: &str, path: &str) -> Result<(String, String), ExtractError> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        fs::write(&file, text).expect("a file");
        let spot = Spot::parse(&format!("{}:{path}", file.display()))?;
        let config = Config::discover(folder.path(), None).expect("the defaults");
        let extraction = Extraction::plan(&spot, &Name::split("x"), &config)?;
        extraction.prepare().expect("prepared").commit().expect("written");
        let value = String::from_utf8_lossy(extraction.value.expose()).into_owned();
        Ok((value, fs::read_to_string(file).expect("the file")))
    }

    #[test]
    fn a_reference_takes_the_place_of_a_value() {
        for (file, text, path, value, expected) in [
            ("a.yaml", "a: hunter2 # c\n", "a", "hunter2", "a: ${secret.x} # c\n"),
            ("a.yaml", "a: 'it''s'\n", "a", "it's", "a: '{secret:x}'\n"),
            ("a.yaml", "a: \"p\\n\"\n", "a", "p\n", "a: \"{secret:x}\"\n"),
            ("a.yaml", "- b: 5432\n", "[0].b", "5432", "- b: ${secret.x | int}\n"),
            ("a.yaml", "a: true\nb: ${secret.y}\n", "a", "true", "a: ${secret.x | bool}\nb: ${secret.y}\n"),
            ("a.yaml", "k: |\n  one\n  two\nl: 1\n", "k", "one\ntwo", "k: |\n  {secret:x}\nl: 1\n"),
            ("a.yaml", "a: [b, \"c\"]\n", "a[1]", "c", "a: [b, \"{secret:x}\"]\n"),
            ("a.toml", "[t]\nk = 'v' # c\n", "t.k", "v", "[t]\nk = '{secret:x}' # c\n"),
            ("a.toml", "k = 7\n", "k", "7", "k = \"{secret:x | int}\"\n"),
            ("a.json", "{\"k\": \"v\\\"\"}", "k", "v\"", "{\"k\": \"{secret:x}\"}"),
            (".env", "export A=v # c\n", "A", "v", "export A={secret:x} # c\n"),
            (".env", "A='v w'\n", "A", "v w", "A='{secret:x}'\n"),
        ] {
            let found = extracted(file, text, path);
            let (found, new) = found.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((found.as_str(), new.as_str()), (value, expected), "{text}");
        }
    }

    #[test]
    fn a_file_that_changed_after_it_was_read_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.yaml");
        fs::write(&file, "a: hunter2\n").expect("a file");
        let spot = Spot::parse(&format!("{}:a", file.display())).expect("a place");
        let config = Config::discover(folder.path(), None).expect("the defaults");
        let extraction = Extraction::plan(&spot, &Name::split("x"), &config).expect("a plan");
        extraction.unchanged().expect("the same");
        fs::write(&file, "a: hunter2\nb: theirs\n").expect("a file");
        let error = extraction.unchanged().expect_err("another").to_string();
        assert!(error.contains("a.yaml was changed") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_would_not_come_back_is_refused() {
        for (file, text, path, words) in [
            ("a.yaml", "a: \"\\u0061\"\n", "a", "renders back"),
            ("a.yaml", "a: hunter2 # redeem: ignore\n", "a", "renders back"),
            ("a.yaml", "a: [b, hunter2]\n", "a[1]", "renders back"),
            ("a.yaml", "a: ''\n", "a", "empty"),
            ("a.yaml", "a: ${secret.y}\n", "a", "reference already"),
            ("a.yaml", "a: {b: hunter2}\n", "a", "map or a list"),
            ("a.yaml", "a: hunter2\n", "b", "nothing"),
            ("a.yaml", "a: [hunter2\n", "a", "line"),
            ("a.conf", "a = hunter2\n", "a", "text"),
            ("a.yaml.j2", "a: hunter2\n", "a", "template"),
        ] {
            let error = extracted(file, text, path).expect_err(text).to_string();
            assert!(error.contains(words) && !error.contains("hunter2"), "{text}: {error}");
        }
        assert!(matches!(Spot::parse("/nonexistent:a"), Err(ExtractError::Spot { .. })));
    }
}
