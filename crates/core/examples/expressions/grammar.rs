//! Random expressions: templates that name each other, expanded from a seed.

use serde_json::Value;

use super::corners::VALUES;
use super::host;
use super::line::{Case, Refusal};
use super::rng::Rng;
use super::values;

/// The line that follows from a seed.
pub(crate) fn line(part: &'static str, seed: u64) -> Value {
    let mut rng = Rng::new(seed ^ 0x0E09_8E55);
    let secrets = secrets(&mut rng);
    let mut draft = Draft { rng, secrets, has_inline: false, is_hard: false };
    let mut expression = draft.expression();
    let is_damaged = !draft.has_inline && draft.rng.chance(8);
    if is_damaged {
        expression = draft.damage(&expression);
    }
    let refusal = match (is_damaged, draft.is_hard) {
        (true, _) => Refusal::Damaged,
        (false, true) => Refusal::May(vec!["unencodable-value".to_owned()]),
        (false, false) => Refusal::Never,
    };
    let source = host::document(&mut draft.rng, &expression);
    let (name, secrets) = (seed.to_string(), draft.secrets);
    Case { part, name, expression: Some(expression), source, secrets, refusal }.line()
}

/// The secrets that an expression may ask for, with their values.
fn secrets(rng: &mut Rng) -> Vec<(String, String)> {
    let mut value = || if rng.chance(30) { values::value(rng) } else { rng.pick(VALUES).to_owned() };
    let names = ["a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1"];
    let mut secrets: Vec<_> = names.map(|name| (name.to_owned(), value())).into();
    let fill = rng.pick(&["*", "0", "x", "{", "}", "'", "\"", "\\", "\n", ""]);
    let spec = rng.pick(&[">9", "^12s", "", "'>5", "\\>4", "{>4"]);
    let formats = [("num", "12"), ("fill", fill), ("spec", spec)];
    secrets.extend(formats.map(|(name, value)| (name.to_owned(), value.to_owned())));
    secrets
}

/// Whole expressions. `<str>` is one whose value is text, unless something in it raises.
const WHOLE: &[(usize, &str)] = &[
    (1, "$ [<str>, {<str>: <str>}, (<str>,)]"),
    (1, " $  <str> + <str>\n"),
    (1, "$ len(<str>)"),
    (1, "$ <str> in <str>"),
    (1, "$ <str>, <str>"),
    (3, "$ <str>"),
];

const STRINGS: &[(usize, &str)] = &[
    (7, "<ref>"),
    (2, "<literal>"),
    (8, "<fstring>"),
    (1, "(<line><str><line>+<line><str><line>)"),
    (1, "(<str>).upper()"),
    (1, "<ref>[::-1]"),
    (1, "(<str>\nif len(<str>) > 2 else <str>)"),
    (1, "''.join([x for x in [<str>, <str>] if x != <str>])"),
    (1, "''.join(x + <str> for x in <ref>)"),
    (1, "repr(<str>)"),
    (1, "'%s|%r' % (<str>, <str>)"),
    (1, "{'k': <str>, **{}}['k']"),
    (1, "(<str>, <str>,)[1]"),
    (1, "(lambda x, *y, z=<str>: x + z + <str>)(<str>)"),
    (1, "(w := <str>)"),
    (1, "str([*<ref>, <str>][:3])"),
    (1, "dict(secrets=<str>)['secrets']"),
    (1, "''.join([secrets + <literal> for secrets in [<str>]])"),
    (1, "(lambda secrets: secrets)(<str>)"),
    (1, "(not <ref> and <str> or <str>)"),
    (1, "<literal><blank><fstring>"),
    (1, "<fstring><blank><literal>"),
];

/// The deepest strings, so that there is an end.
const SHALLOW: &[(usize, &str)] = &[(1, "<literal>"), (2, "<ref>")];

const REFERENCES: &[(usize, &str)] = &[
    (3, "secrets<blank>.<blank>a<digit>"),
    (2, "secrets<blank>[<line><name><line>]"),
    (1, "secrets['a' '<digit>']"),
    (1, "secrets<blank>.<blank>get<blank>(<line><name><line>)"),
    (1, "secrets.get(<name>,<line><str>)"),
    (1, "secrets.get(<no name>,<line><str><line>)"),
    (1, "secrets.get(<no name>, <str>,)"),
];

/// What may stand between a field's expression and its closing brace.
const TAILS: &[(usize, &str)] = &[
    (14, ""),
    (1, "!r"),
    (1, "!s"),
    (1, "!a "),
    (1, "!r\n"),
    (1, ":>12"),
    (1, ":{secrets.spec}"),
    (1, "!r:*^{secrets.num}"),
    (1, ":{secrets['fill']}>{ secrets.num }s"),
    (4, "="),
    (1, "=<line>"),
    (1, "=<line>!s"),
    (1, "=<line>:^{secrets.num}"),
];

const QUOTES: &[&str] = &["'", "\"", "'''", "\"\"\""];

/// What may stand in the text of a literal.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "x", " ", "secrets.a1", "é😀", "'", "\"", "\\n", "\\\\", "\\x41", "\\1", "\\07", "\\N{EM DASH}", "{{",
    "}}", "{", "\n", "#", "${", "7", "a=", "!r", ":", "\\'", "\\\"", "''", "\"\"", "\\\n", "1", "\\", "N",
];

/// References of other dialects, each with the secret that it asks for.
const INLINE: &[(&str, &str)] = &[("${secret.b0}", "b0"), ("{secret:b1}", "b1")];

/// What is put into an expression to damage it.
#[rustfmt::skip]
const DAMAGE: &[&str] = &[
    "'", "\"", "(", ")", "[", "]", "{", "}", "\\", "\n", " ", ",", ":", "=", "!", ".", "*", "x", "1", "#",
    "f", "r", "-", "$", "\r", "@", "_", " if ", " else ", " for ", " in ", " lambda ", " not ", " and ",
    " is ", "0x1", "1.", ":=", "**", "!=", " await ", "...", " None ", "!r", "=}", "{{", "}}",
];

/// An expression as it grows.
struct Draft {
    rng: Rng,
    secrets: Vec<(String, String)>,
    /// Whether a reference of another dialect stands in it.
    has_inline: bool,
    /// Whether one stands where its value may have no spelling.
    is_hard: bool,
}

impl Draft {
    fn expression(&mut self) -> String {
        let depth = self.rng.between(1, 4);
        self.one_of(WHOLE, depth)
    }

    fn one_of(&mut self, from: &[(usize, &'static str)], depth: usize) -> String {
        let mut at = self.rng.below(from.iter().map(|(weight, _)| weight).sum());
        let chosen = from.iter().find(|(weight, _)| {
            let is_here = at < *weight;
            at = at.saturating_sub(*weight);
            is_here
        });
        self.expand(chosen.expect("a weight below the sum").1, depth)
    }

    /// Replaces each `<word>` of a template.
    fn expand(&mut self, template: &str, depth: usize) -> String {
        let mut out = String::new();
        let mut parts = template.split('<');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (word, rest) = part.split_once('>').expect("a word and its end");
            match word {
                "str" if depth == 0 => out.push_str(&self.one_of(SHALLOW, 0)),
                "str" => out.push_str(&self.one_of(STRINGS, depth - 1)),
                "ref" => out.push_str(&self.one_of(REFERENCES, depth)),
                "literal" => {
                    let literal = self.literal();
                    // An empty literal and the next one's quote would be three quotes.
                    if ["''", "\"\""]
                        .iter()
                        .any(|empty| out.ends_with(empty) && literal.starts_with(&empty[..1]))
                    {
                        out.push(' ');
                    }
                    out.push_str(&literal);
                }
                "fstring" => out.push_str(&self.fstring(depth)),
                "digit" => out.push_str(&self.rng.below(6).to_string()),
                "name" => out.push_str(&self.name("a")),
                "no name" => out.push_str(&self.name("nope")),
                "blank" => out.push_str(self.blank()),
                "line" => out.push_str(self.line()),
                other => panic!("no template is called {other}"),
            }
            out.push_str(rest);
        }
        out
    }

    /// Blanks where no line may end.
    fn blank(&mut self) -> &'static str {
        if self.rng.chance(12) { self.rng.pick(&[" ", "  ", "\t", "\\\n"]) } else { "" }
    }

    /// Blanks inside brackets.
    fn line(&mut self) -> &'static str {
        if !self.rng.chance(8) {
            return self.blank();
        }
        self.rng.pick(&["\n", " \n ", "\r\n", COMMENT, "\n\t"])
    }

    /// A secret's name as a literal; a digit tells those that are there apart.
    fn name(&mut self, name: &str) -> String {
        let digit = if name == "a" { self.rng.below(6).to_string() } else { String::new() };
        let (prefix, quote) = (self.rng.pick(&["", "", "", "r", "u", "R"]), self.rng.pick(QUOTES));
        format!("{prefix}{quote}{name}{digit}{quote}")
    }

    fn literal(&mut self) -> String {
        let (prefix, quote) = (self.rng.pick(&["", "", "", "r", "u", "R", "U"]), self.rng.pick(QUOTES));
        let mut text = String::new();
        let is_raw = prefix.eq_ignore_ascii_case("r");
        for _ in 0..self.rng.below(5) {
            if self.rng.chance(10) {
                self.inline(&mut text, is_raw);
            } else {
                self.text(&mut text, quote, is_raw, false);
            }
        }
        close(&mut text, quote);
        format!("{prefix}{quote}{text}{quote}")
    }

    /// Appends a reference of another dialect, unless the text before would be a part of it.
    fn inline(&mut self, text: &mut String, is_raw: bool) {
        if text.ends_with(['{', '$']) {
            return;
        }
        let (reference, name) = self.rng.pick(INLINE);
        let value = self.secrets.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        // A raw literal has no escapes, an open one would swallow the value's first character, and where nothing is
        // written two quotes may run together.
        let needs_escape = !value.chars().all(|c| c.is_ascii_alphanumeric() || " -_.:/+=#%{}$".contains(c));
        self.is_hard |= (is_raw && needs_escape) || is_open(text) || value.is_empty();
        self.has_inline = true;
        text.push_str(reference);
    }

    fn fstring(&mut self, depth: usize) -> String {
        let prefix = self.rng.pick(&["f", "f", "f", "F", "rf", "fr", "Rf", "fR"]);
        let quote = self.rng.pick(QUOTES);
        let mut text = String::new();
        for _ in 0..self.rng.between(1, 3) {
            for _ in 0..self.rng.below(5) {
                self.text(&mut text, quote, prefix.len() == 2, true);
            }
            if self.rng.chance(90) {
                text.push_str(&self.field(depth.saturating_sub(1)));
            }
        }
        close(&mut text, quote);
        format!("{prefix}{quote}{text}{quote}")
    }

    fn field(&mut self, depth: usize) -> String {
        let had_inline = std::mem::take(&mut self.has_inline);
        let template = if self.rng.chance(50) { "<ref>" } else { "<str>" };
        let expression = self.expand(template, depth);
        let (mut before, after) = (self.line(), self.line());
        if expression.starts_with('{') && before.is_empty() {
            before = " ";
        }
        let inner = format!("{before}{expression}{after}");
        let mut tail = self.one_of(TAILS, depth);
        let is_misprinted = is_misprinted(&inner) || tail.contains('\\');
        // Nor is it clear what a reference of another dialect would print.
        if tail.starts_with('=') && (self.has_inline || is_misprinted) {
            tail.clear();
        }
        self.has_inline |= had_inline;
        format!("{{{inner}{tail}}}")
    }

    /// Appends a piece of text that leaves the literal whole.
    fn text(&mut self, text: &mut String, quote: &str, is_raw: bool, is_format: bool) {
        let piece = self.rng.pick(TEXTS);
        let is_open = is_open(text);
        let is_escape = piece.starts_with('\\');
        let delimiter = &quote[..1];
        let joins = quote.len() == 1 || text.ends_with(delimiter) || piece.len() > 1 || is_open;
        let ends_literal = piece.contains(delimiter) && !is_escape && joins;
        let ends_line = piece.contains('\n') && quote.len() == 1 && !is_escape;
        let opens_field = is_format && (piece == "{" || piece == "${" || (is_raw && piece.contains("N{")));
        let breaks_escape = is_open && (is_escape || piece.starts_with(['x', 'N', '\'', '"', '\n']));
        let doubles_brace = text.ends_with('}') && piece.starts_with('}') && !is_format;
        // `${secrets.NAME}` is a near miss of another dialect.
        let is_near_miss = text.ends_with("${") && piece.starts_with("secrets");
        if !(is_near_miss || ends_literal || ends_line || opens_field || breaks_escape || doubles_brace) {
            text.push_str(piece);
        }
    }

    /// Takes out, puts in or swaps a few characters, most of which leaves no Python.
    fn damage(&mut self, expression: &str) -> String {
        let mut text: Vec<char> = expression.chars().collect();
        for _ in 0..self.rng.between(1, 2) {
            // The dollar and its blank stay.
            let first = 4.min(text.len() - 1);
            let at = self.rng.between(first, text.len() - 1);
            match self.rng.below(4) {
                0 => drop(text.remove(at)),
                1 => {
                    let other = self.rng.between(first, text.len() - 1);
                    text.swap(at, other);
                }
                _ => {
                    let put = self.rng.pick(DAMAGE);
                    text.splice(at..at, put.chars());
                }
            }
        }
        text.into_iter().collect()
    }
}

const COMMENT: &str = " # a ' } secrets.x\n";

/// Whether `CPython` 3.12 prints something else than the source of this expression for a field `{…=}`.
///
/// It takes any `#` for the beginning of a comment, in a string too (3.13 does so as well), decodes escapes in what it
/// prints, and ends it at a colon behind another `=`, as in a lambda. What is right there it cannot judge.
fn is_misprinted(expression: &str) -> bool {
    let expression = expression.replace(COMMENT, "");
    expression.contains(['#', '\\']) || expression.split_once('=').is_some_and(|(_, rest)| rest.contains(':'))
}

/// Ends a text so that its closing quote stands for itself.
fn close(text: &mut String, quote: &str) {
    if is_open(text) || text.ends_with(&quote[..1]) {
        text.push(' ');
    }
}

/// Whether the last character is a backslash that escapes what comes next.
fn is_open(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}
