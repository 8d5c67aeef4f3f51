//! A generated document as a template: each reference an expression, in its quotes or without any.

use redeem_core::{Answers, Encoding, Library, Name, Secret, Variables, read_template, render_template};
use redeem_syntax::pipeline::{Filter, Literal};
use redeem_syntax::scan::MarkedString;
use redeem_syntax::{Dialects, Format, Mark, Scan, Source, Style, scan};

use super::{Case, Rendering};

/// Templates that include nothing.
struct Nothing;

impl Library for Nothing {
    fn load(&self, _: &str) -> Result<Option<Source>, String> {
        Ok(None)
    }
}

impl Case {
    /// The case as templates are judged by it: without what a strict JSON reader does not take.
    pub(crate) fn without_extras(self) -> Self {
        let removed = |at: usize| -> usize {
            self.extras.iter().filter(|extra| extra.end <= at).map(std::ops::Range::len).sum()
        };
        let touched =
            self.touched.iter().map(|span| span.start - removed(span.start)..span.end - removed(span.end));
        Self { text: self.strict(), touched: touched.collect(), extras: Vec::new(), ..self }
    }

    /// The document as a template, or none if it asks for a type where a template has no way to.
    pub(crate) fn template(&self) -> Option<String> {
        let source = Source::new("case", self.text.as_str(), self.format);
        let found = scan(&source, &Dialects::default());
        let mut out = String::new();
        let mut at = 0;
        for (number, string) in found.strings.iter().enumerate() {
            let span = &string.scalar.span;
            if let Some(expression) = whole(&found, string) {
                let is_typed = expression.ends_with("| int")
                    || expression.ends_with("| float")
                    || expression.ends_with("| bool");
                let is_block = matches!(string.scalar.style, Style::YamlLiteral | Style::YamlFolded);
                if is_typed && (is_block || string.scalar.is_key || self.format == Format::Dotenv) {
                    return None;
                }
                // Every other one stands without the quotes that it had.
                let is_bare = is_typed || (number + self.text.len()).is_multiple_of(2);
                let has_room = self.format != Format::Yaml || self.has_room(span);
                if is_typed && !has_room {
                    return None;
                }
                if is_bare && has_room && !is_block && self.format != Format::Dotenv {
                    guard(&mut out, &self.text[at..span.start]);
                    out.push_str(&format!("{{{{ {expression} }}}}"));
                    at = span.end;
                    continue;
                }
            }
            for mark in &string.marks {
                let (range, expression) = match mark {
                    Mark::Reference(index) => {
                        let reference = &found.references[*index];
                        (&reference.range, written(&reference.name, &reference.filters))
                    }
                    Mark::Escape(range, says) => (range, format!("'{says}'")),
                };
                let span = string.scalar.decoded.source_span(range);
                guard(&mut out, &self.text[at..span.start]);
                out.push_str(&format!("{{{{ {expression} }}}}"));
                at = span.end;
            }
        }
        guard(&mut out, &self.text[at..]);
        Some(out)
    }

    /// Whether a YAML scalar keeps its neighbours at a distance: `"a":"b"` needs its quotes.
    fn has_room(&self, span: &std::ops::Range<usize>) -> bool {
        let before = self.text[..span.start].chars().next_back();
        let mut behind = self.text[span.end..].chars();
        let ends = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || ",]}".contains(c));
        before.is_none_or(|c| c.is_whitespace() || "[{,".contains(c))
            && match behind.next() {
                Some(':') => behind.next().is_none_or(char::is_whitespace),
                next => ends(next),
            }
    }

    /// Renders the document as a template.
    pub(crate) fn render_template(&self, template: &str) -> Rendering {
        let source = Source::new("case.j2", template, self.format);
        let (scan, read) = read_template(&source, "case.j2", &Nothing, &Dialects::default());
        let secrets =
            self.answers.iter().map(|(name, value)| (Name::split(name), Secret::from(value.as_str())));
        let encoding = Encoding { reader: self.reader, ..Encoding::default() };
        let answers = secrets.collect::<Answers>();
        let outcome = render_template(&source, &scan, &read, &answers, &Variables::default(), &encoding);
        let Some(rendered) = outcome.rendered else {
            let problem =
                outcome.diagnostics.iter().find(|problem| problem.severity == redeem_syntax::Severity::Error);
            let problem = problem.expect("a refusal says why");
            return Rendering::Refused(problem.code, problem.message.clone());
        };
        let text = rendered.text().to_owned();
        let (first, last) = (&self.touched[0], &self.touched[self.touched.len() - 1]);
        assert!(text.starts_with(&self.text[..first.start]), "the bytes before in {text:?}");
        assert!(text.ends_with(&self.text[last.end..]), "the bytes behind in {text:?}");
        Rendering::Text(text, Vec::new())
    }
}

/// The expression of a string that is one reference and nothing else.
fn whole(found: &Scan, string: &MarkedString) -> Option<String> {
    let [Mark::Reference(index)] = string.marks[..] else { return None };
    let reference = &found.references[index];
    let is_whole = reference.range == (0..string.scalar.decoded.text.len());
    is_whole.then(|| written(&reference.name, &reference.filters))
}

fn written(name: &Name, filters: &[Filter]) -> String {
    let mut out = format!("secrets['{name}']");
    for filter in filters {
        out.push_str(" | ");
        out.push_str(&filter.name);
        if let [argument] = &filter.arguments[..]
            && let Literal::Text(text) = &argument.literal
        {
            out.push_str(&format!("('{text}')"));
        }
    }
    out
}

/// Appends text that is none of the template's: what looks like a tag in it is raw.
fn guard(out: &mut String, text: &str) {
    if text.contains('{') {
        out.push_str(&format!("{{% raw %}}{text}{{% endraw %}}"));
    } else {
        out.push_str(text);
    }
}
