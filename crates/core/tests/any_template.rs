//! Any text is a template or is told not to be: nothing panics, every place is in its text, no value is told.

#![expect(clippy::disallowed_methods, reason = "the seed is told from outside")]

use redeem_core::{
    Answers, Encoding, Library, Name, Secret, Variable, Variables, read_template, render_template,
};
use redeem_syntax::{Dialects, Format, Source};

#[path = "generator/rng.rs"]
mod rng;

use rng::Rng;

const CANARY: &str = "c4n4ry: \"v4lue\"\n#'";

const PIECES: &[&str] = &[
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{# ",
    " #}",
    "{%- ",
    " -%}",
    "secrets.x",
    "secrets['x']",
    "secrets.n",
    "secrets",
    "secrets.no",
    "vars.l",
    "vars.t",
    "env.E",
    "if ",
    "else",
    "elif ",
    "endif",
    "for a in ",
    "endfor",
    "set a = ",
    "set a",
    "endset",
    "macro m(a)",
    "endmacro",
    "m(",
    ")",
    "call m()",
    "endcall",
    "filter upper",
    "endfilter",
    "include 'i.j2'",
    "extends 'i.j2'",
    "block b",
    "endblock",
    "raw",
    "endraw",
    " | ",
    "upper",
    "safe",
    "int",
    "json",
    "indent(2)",
    "default('d')",
    "base64",
    "~",
    " + ",
    " * ",
    " == ",
    " is defined",
    " not ",
    " and ",
    "[0]",
    "[:3]",
    "'s'",
    "1",
    "1.5",
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "\"",
    "'",
    "#",
    "|\n  ",
    ">-\n ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "!t ",
    "k = ",
    "k: ",
    "\"k\": ",
    "\\",
    "\\u",
    "ü",
    "\u{feff}",
    "\r\n",
    "=",
    "$",
    "---\n",
    "<!--",
    "{secret:x}",
];

const VALUES: &[&str] = &[
    "secrets.x",
    "secrets['x']",
    "secrets.n",
    "secrets.no",
    "vars.l",
    "vars.t",
    "env.E",
    "'s'",
    "1",
    "1.5",
    "a",
    "t",
    "m(secrets.x)",
    "secrets.x ~ 'a'",
    "secrets.n | int",
    "true",
    "none",
    "secrets.x[0]",
    "t[0]",
    "''",
];

const FILTERS: &[&str] = &[
    "upper",
    "safe",
    "int",
    "json",
    "indent(2)",
    "default('d')",
    "base64",
    "list",
    "first",
    "trim",
    "length",
    "float",
];

const BLOCKS: &[(&str, &str)] = &[
    ("if true", "endif"),
    ("if secrets.no is defined", "endif"),
    ("for a in [secrets.x, 'b']", "endfor"),
    ("set t", "endset"),
    ("macro m(a)", "endmacro"),
    ("filter indent(2)", "endfilter"),
    ("filter upper", "endfilter"),
    ("block b", "endblock"),
    ("with a = secrets.x", "endwith"),
    ("include 'i.j2'", "raw"),
    ("raw", "endraw"),
];

const STATIC: &[&str] = &[
    "k: ", "- ", "\n", "\n", "  ", "\"", "'", "# ", "|\n  ", ">-\n ", "[", "]", "{", "}", ", ", "&a ", "*a",
    "!t ", "k = ", "\"k\": ", "\\", "ü", "\u{feff}", "\r\n", "K=", "$", "---\n", "p://u:", "@h", "? ", ": ",
    "x",
];

struct One;

impl Library for One {
    fn load(&self, path: &str) -> Result<Option<Source>, String> {
        let text = "i: {{ secrets.x }}{% block b %}{{ a }}{% endblock %}\n";
        Ok((path == "i.j2").then(|| Source::new("i.j2", text, Format::Text)))
    }
}

fn check(text: &str, format: Format) -> bool {
    let source = Source::new("t.j2", text, format);
    let (scan, template) = read_template(&source, "t.j2", &One, &Dialects::default());
    let secrets = [("x", CANARY), ("n", "5")];
    let answers: Answers =
        secrets.into_iter().map(|(name, value)| (Name::split(name), Secret::from(value))).collect();
    let mut variables = Variables::default();
    variables.vars.insert("l".to_owned(), Variable::List(vec![Variable::Integer(1)]));
    variables.vars.insert("t".to_owned(), Variable::Text("a: b".to_owned()));
    variables.env.insert("E".to_owned(), "e".to_owned());
    let encoding = Encoding::default();
    let outcome = render_template(&source, &scan, &template, &answers, &variables, &encoding);
    for problem in &outcome.diagnostics {
        let place = problem.source.as_ref().zip(problem.label.as_ref());
        let (source, label) = place.unwrap_or_else(|| panic!("{text:?}: {problem:?} has no place"));
        assert!(source.text().get(label.span.clone()).is_some(), "{text:?}: {problem:?}");
    }
    let told = format!("{:?}", outcome.diagnostics);
    assert!(!told.contains("c4n4ry") && !told.contains("v4lue"), "{text:?}: {told}");
    assert!(!told.contains("ProofFailed"), "{format} {text:?}: {told}");
    outcome.rendered.is_some()
}

#[test]
fn any_pieces() {
    let formats = [Format::Yaml, Format::Toml, Format::Json, Format::Dotenv, Format::Text];
    let seed =
        std::env::var("REDEEM_SEED").map_or(Ok(1), |seed| seed.parse()).expect("REDEEM_SEED is a number");
    let mut rng = Rng::new(seed);
    let mut rendered = 0;
    for index in 0..6_000 {
        let mut text = String::new();
        for _ in 0..rng.between(1, 14) {
            // Whole tags, so that more than a few texts are valid.
            if rng.chance(25) {
                text.push_str(&format!("{{{{ {} | {} }}}}", rng.pick(VALUES), rng.pick(FILTERS)));
            } else if rng.chance(30) {
                text.push_str(&format!("{{{{ {} }}}}", rng.pick(VALUES)));
            } else if rng.chance(10) {
                let (open, close) = rng.pick(BLOCKS);
                text.push_str(&format!(
                    "{{% {open} %}}{}{{{{ {} }}}}{{% {close} %}}",
                    rng.pick(STATIC),
                    rng.pick(VALUES)
                ));
            } else if rng.chance(80) {
                text.push_str(rng.pick(STATIC));
            } else {
                text.push_str(rng.pick(PIECES));
            }
        }
        rendered += usize::from(check(&text, formats[index % formats.len()]));
    }
    assert!(rendered > 100, "only {rendered} were rendered");
}
