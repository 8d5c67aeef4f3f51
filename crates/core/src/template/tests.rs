//! Templates from their text to their output, in every format.

use redeem_syntax::Format;

use super::*;
use crate::encode::Encoding;
use crate::filter::FILTERS;
use crate::{Answers, Escape, Name, Outcome, Secret};

/// Files that templates include, by their path.
struct Files(&'static [(&'static str, &'static str)]);

impl Library for Files {
    fn load(&self, path: &str) -> Result<Option<Source>, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        Ok(found.map(|(name, text)| Source::new(*name, *text, Format::Text)))
    }
}

/// What most tests see: a plain value, one that no format takes as it is, a bundle, a number.
const SECRETS: &[(&str, &str)] = &[
    ("x", "plain"),
    ("odd", "p@ss: \"w0rd\" #1\n'\\"),
    ("a-b", "dash"),
    ("creds.USER", "u"),
    ("creds.a-b", "k"),
    ("port", "5432"),
    ("empty", ""),
    ("url", "a/b c"),
];

fn variables() -> Variables {
    let text = |text: &str| Variable::Text(text.to_owned());
    let hosts = Variable::List(vec![text("a"), text("b: c")]);
    let table = Variable::Table(BTreeMap::from([("k".to_owned(), Variable::Integer(1))]));
    let vars = [
        ("region", text("eu: west")),
        ("n", Variable::Integer(5)),
        ("ratio", Variable::Float(0.5)),
        ("on", Variable::Boolean(true)),
        ("hosts", hosts),
        ("table", table),
    ];
    Variables {
        vars: vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        env: BTreeMap::from([("HOME".to_owned(), "/home/you".to_owned())]),
    }
}

fn outcome(format: Format, text: &str, files: &'static [(&'static str, &'static str)]) -> (Source, Outcome) {
    let source = Source::new("t.j2", text, format);
    let (scan, template) = read_template(&source, "t.j2", &Files(files), &Dialects::default());
    for reference in &scan.references {
        let (whole, name) = (source.slice(&reference.span), source.slice(&reference.name_span));
        assert!(whole.starts_with("secrets") && whole.contains(name), "{whole} {name}");
        let first = reference.name.secret.as_str();
        assert!(name.starts_with(first), "{name} is the name of {}", reference.name);
    }
    let answers: Answers =
        SECRETS.iter().map(|(name, value)| (Name::split(name), Secret::from(*value))).collect();
    let encoding = Encoding { escape: Some(Escape::None), ..Encoding::default() };
    let outcome = render_template(&source, &scan, &template, &answers, &variables(), &encoding);
    (source, outcome)
}

#[track_caller]
fn check(format: Format, text: &str, expected: &str) {
    let (_, outcome) = outcome(format, text, &[]);
    let rendered = outcome.rendered.map(|rendered| rendered.text().to_owned());
    assert_eq!(rendered.as_deref(), Some(expected), "{text}\n{:#?}", outcome.diagnostics);
}

/// Checks the problems of a template: code, what is pointed at, and words of the message.
#[track_caller]
fn fails(format: Format, text: &str, expected: &[(Code, &str, &str)]) {
    fails_with(format, text, &[], expected);
}

#[track_caller]
fn fails_with(
    format: Format,
    text: &str,
    files: &'static [(&'static str, &'static str)],
    expected: &[(Code, &str, &str)],
) {
    let (_, outcome) = outcome(format, text, files);
    assert!(outcome.rendered.is_none(), "{text} was rendered");
    let told: Vec<_> = outcome
        .diagnostics
        .iter()
        .map(|problem| {
            let source = problem.source.as_ref().expect("a source");
            let label = problem.label.as_ref().expect("a label");
            (problem.code, source.slice(&label.span).to_owned(), problem.message.clone())
        })
        .collect();
    let fits = told.len() == expected.len()
        && told
            .iter()
            .zip(expected)
            .all(|(told, (code, at, words))| told.0 == *code && told.1 == *at && told.2.contains(words));
    assert!(fits, "{text}\n{told:#?}\nexpected {expected:#?}");
    let shown = format!("{:?}", outcome.diagnostics);
    assert!(!shown.contains("w0rd"), "{shown}");
}

#[test]
fn captured_text_is_escaped_with_what_json_writes_around_it() {
    let text = r#"{"a": {% set s %}{{ secrets.odd }}{% endset %}{{ {s: [s, {"k": s}]} | json | safe }}}"#;
    let value = SECRETS.iter().find(|(name, _)| *name == "odd").expect("a secret").1;
    let (_, outcome) = outcome(Format::Json, text, &[]);
    let rendered = outcome.rendered.expect("a text");
    let read: serde_json::Value = serde_json::from_str(rendered.text()).expect("JSON");
    assert_eq!(read, serde_json::json!({ "a": { value: [value, { "k": value }] } }));
}

#[test]
fn values_land_right_in_yaml() {
    for (text, expected) in [
        ("a: {{ secrets.x }}\n", "a: plain\n"),
        ("a: {{ secrets.odd }} # c\n", "a: \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\" # c\n"),
        ("a: '{{ secrets.odd }}'\n", "a: \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\"\n"),
        ("a: \"x {{ secrets.odd }}\"", "a: \"x p@ss: \\\"w0rd\\\" #1\\n'\\\\\""),
        ("a: |\n  {{ secrets.odd }}\n", "a: |\n  p@ss: \"w0rd\" #1\n  '\\\n"),
        ("a: [{{ secrets.x }}, {{ secrets.port }}]\n", "a: [plain, \"5432\"]\n"),
        ("{{ vars.region }}: {{ secrets.empty }}\n", "\"eu: west\": \"\"\n"),
        (
            "p: {{ secrets.port | int }}\nq: {{ vars.n }}\nr: {{ vars.ratio }}\ns: {{ vars.on }}\n",
            "p: 5432\nq: 5\nr: 0.5\ns: true\n",
        ),
        (
            "a: {{ secrets['a-b'] }} {{ secrets[\"creds\"][\"a-b\"] }} {{ secrets.creds.USER }}\n",
            "a: dash k u\n",
        ),
        ("a: {{ 'l: ' ~ secrets.x }}\n", "a: \"l: plain\"\n"),
        ("a: {{ env.HOME }}\nb: {{ 1 + 2 }}\n", "a: /home/you\nb: 3\n"),
        ("{% for h in vars.hosts %}- {{ h }}\n{% endfor %}", "- a\n- \"b: c\"\n"),
        ("a: {{ vars.hosts | json | safe }}\n", "a: [\"a\", \"b: c\"]\n"),
        ("# {{ 'raw' | safe }} {{ 5 }}\n", "# raw 5\n"),
    ] {
        check(Format::Yaml, text, expected);
    }
}

#[test]
fn values_land_right_in_toml_json_dotenv_and_text() {
    check(
        Format::Toml,
        "a = {{ secrets.odd }}\n[{{ vars.region }}]\nb = '{{ secrets.x }}'\nc = \"\"\"\n{{ secrets.odd }}\"\"\"\n",
        "a = \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\"\n[\"eu: west\"]\nb = 'plain'\nc = \"\"\"\np@ss: \\\"w0rd\\\" #1\\n'\\\\\"\"\"\n",
    );
    check(
        Format::Toml,
        "a = {{ secrets.port | int }}\nb = [{{ secrets.x }}, {{ secrets.x }}{{ secrets.port }}]\n",
        "a = 5432\nb = [\"plain\", \"plain5432\"]\n",
    );
    check(
        Format::Json,
        "{\"a\": {{ secrets.odd }}, \"b\": \"{{ secrets.odd }}\", {{ vars.region }}: {{ vars.on }}} // c\n",
        "{\"a\": \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\", \"b\": \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\", \"eu: west\": true} // c\n",
    );
    check(Format::Dotenv, "A={{ secrets.url }}\nB=\"{{ secrets.x }}\"\n", "A='a/b c'\nB=\"plain\"\n");
    check(Format::Text, "k {{ secrets.odd }};\r\n", "k p@ss: \"w0rd\" #1\n'\\;\r\n");
}

#[test]
fn defaults_cover_what_is_missing() {
    for (text, expected) in [
        ("{{ secrets.no | default('d') }}", "d"),
        ("{{ secrets.no | upper | default('d') }}", "d"),
        ("{{ secrets.no | default('d') | upper }}", "D"),
        ("{{ secrets.empty | default('d') }}", ""),
        ("{{ secrets.creds.NO | default('d') }}", "d"),
        ("{% if secrets.no is defined %}{{ secrets.no }}{% else %}none{% endif %}", "none"),
        ("{% if secrets.x is defined %}{{ secrets.x }}{% endif %}", "plain"),
        ("{% if vars.n == 1 %}{{ secrets.no }}{% endif %}", ""),
        ("{{ env.NO | default('d') }}", "d"),
    ] {
        check(Format::Text, text, expected);
    }
}

#[test]
fn each_filter_of_references_does_the_same() {
    for info in FILTERS {
        let (value, pipeline, expected) = info.example;
        let source = Source::new("t.j2", format!("{{{{ secrets.v | {pipeline} }}}}"), Format::Text);
        let (scan, template) = read_template(&source, "t.j2", &Files(&[]), &Dialects::default());
        let answers = Answers::from_iter([(Name::split("v"), Secret::from(value))]);
        let encoding = Encoding { escape: Some(Escape::None), ..Encoding::default() };
        let outcome = render_template(&source, &scan, &template, &answers, &variables(), &encoding);
        let rendered = outcome.rendered.expect(pipeline);
        assert_eq!(rendered.text(), expected, "{pipeline}");
    }
}

#[test]
fn each_filter_and_test_that_may_be_named_is_there() {
    for name in known::filters() {
        let (_, outcome) = outcome(Format::Text, &format!("{{{{ 'x' | {name} }}}}"), &[]);
        let told = outcome.diagnostics.iter().any(|problem| problem.message.contains("no filter"));
        assert!(!told, "{name}: {:?}", outcome.diagnostics);
    }
    fails(Format::Text, "{{ 'x' | pprint }}", &[(Code::UnknownFilter, "pprint", "no filter `pprint`")]);
    fails(Format::Text, "{{ 'x' is uppr }}", &[(Code::UnknownFilter, "uppr", "did you mean `upper`")]);
    fails(Format::Text, "{{ debug() }}", &[(Code::TemplateFailed, "debug()", "no function")]);
}

#[test]
fn captured_text_keeps_its_values_sealed() {
    for (text, expected) in [
        (
            "{% macro m(v) %}k: {{ v }}\n{% endmacro %}{{ m(secrets.odd) }}",
            "k: \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\"\n",
        ),
        ("{% set t %}k: {{ secrets.odd }}{% endset %}{{ t }}", "k: \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\""),
        ("{% filter indent(2) %}a:\nb: {{ vars.region }}{% endfilter %}", "a:\n  b: \"eu: west\""),
        ("{% set t %}{{ secrets.x }}{% endset %}k: {{ t | base64 }}", "k: cGxhaW4="),
        ("{% set t %}{{ secrets.x }}{% endset %}k: {{ t ~ ': ' }}", "k: \"plain: \""),
        ("{% set t %}{{ secrets.x }}{% endset %}k: {{ t | upper }}", "k: PLAIN"),
        ("{% set t %}{{ secrets.x }}{% endset %}a: {{ t }}\nb: {{ t }}", "a: plain\nb: plain"),
        (
            "{% macro m() %}{{ caller() }}!{% endmacro %}a: {% call m() %}{{ secrets.x }}{% endcall %}",
            "a: plain!",
        ),
        ("{% macro m() %}{% endmacro %}a: {{ [secrets.x, 'b: '] | join(',') }}", "a: \"plain,b: \""),
    ] {
        check(Format::Yaml, text, expected);
    }
    for text in [
        "{% set t %}{{ secrets.x }}{% endset %}a: {{ t[:5] }}",
        "{% set s %}{{ secrets.x }}{% endset %}{% set t = s %}{% if t == 'plain' %}{% endif %}",
        "{% set t %}{{ secrets.x }}{% endset %}{% set t = t[:5] %}",
        "{% macro t() %}{{ 1 }}{% endmacro %}{% for c in t() %}{% endfor %}",
    ] {
        let at = if text.contains("macro") { "t()" } else { "t" };
        fails(Format::Yaml, text, &[(Code::TemplateFailed, at, "not compared or taken apart")]);
    }
    fails(
        Format::Yaml,
        "{% macro m(a) %}{{ a[:9] }}{% endmacro %}{% set t %}{{ secrets.x }}{% endset %}a: {{ m(t) }}",
        &[(Code::TemplateFailed, "a[:9]", "cut into pieces")],
    );
    check(Format::Yaml, "{% set t %}a{% endset %}{% if t == 'a' %}a: 1{% endif %}", "a: 1");
}

#[test]
fn a_value_breaks_out_of_nothing() {
    for (format, text, at) in [
        (Format::Yaml, "# {{ secrets.odd }}\na: 1\n", "secrets.odd"),
        (Format::Yaml, "a: &{{ secrets.x }} b\n", "secrets.x"),
        (Format::Yaml, "a: !{{ secrets.x }} b\n", "secrets.x"),
        (Format::Json, "{} // {{ secrets.odd }}\n", "secrets.odd"),
        (Format::Toml, "a = 1 # {{ secrets.odd }}\n", "secrets.odd"),
        (Format::Dotenv, "A=1 # {{ secrets.odd }}\n", "secrets.odd"),
    ] {
        fails(format, text, &[(Code::UnencodableValue, at, "no string here")]);
    }
    fails(
        Format::Dotenv,
        "A={{ secrets.odd }}\nB={{ secrets.odd | upper }}\n",
        &[(Code::UnencodableValue, "secrets.odd", ""), (Code::UnencodableValue, "secrets.odd | upper", "")],
    );
    fails(Format::Json, "{\"a\": x{{ secrets.odd }}}", &[(Code::SyntaxError, "", "not valid JSON")]);
    fails(
        Format::Json,
        "{\"a\": {{ secrets.odd | safe }}}",
        &[(Code::SyntaxError, "secrets.odd | safe", "not valid JSON")],
    );
    fails(Format::Yaml, "a: [\n# {{ 'x' | safe }}\n", &[(Code::SyntaxError, "", "not valid YAML")]);
    fails(
        Format::Yaml,
        "a: p://u:{{ secrets.url }}@h\n",
        &[(Code::UrlWithoutFilter, "secrets.url", "ends this part")],
    );
    check(Format::Yaml, "a: p://u:{{ secrets.url | urlencode }}@h\n", "a: p://u:a%2Fb%20c@h\n");
    fails(
        Format::Yaml,
        "{{ secrets.x }}: 1\n{{ secrets.x }}: 2\n",
        &[(Code::UnencodableValue, "secrets.x", "twice in one mapping")],
    );
}

#[test]
fn names_are_found_without_values() {
    let text = "{% if a and secrets.one %}{{ f(secrets['two'], k=secrets.three.KEY) }}{{ vars.m[secrets.four] }}{% endif %}\
        {% for s in [secrets.five] if secrets.six %}{% endfor %}{% set s = {secrets.seven: [secrets.eight]} %}\
        {% macro m(a=secrets.nine) %}{{ secrets.ten is defined }}{% endmacro %}{% call m(secrets.eleven) %}{% endcall %}\
        {{ 1 if secrets.twelve else -secrets.thirteen }}{{ secrets . fourteen [ 'K' ] | upper | default(secrets.fifteen) }}\
        {% filter replace('a', secrets.sixteen) %}{% endfilter %}{% with w = secrets.seventeen %}{% endwith %}\
        {{ 'a' < secrets.eighteen < secrets.nineteen }}{{ 'abc'[secrets.twenty:] }}";
    let source = Source::new("t.j2", text, Format::Text);
    let (scan, _) = read_template(&source, "t.j2", &Files(&[]), &Dialects::default());
    assert!(scan.is_valid, "{:?}", scan.diagnostics);
    let mut names: Vec<_> = scan.references.iter().map(|r| r.name.to_string()).collect();
    names.sort_unstable();
    let mut expected = [
        "one",
        "two",
        "three.KEY",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen.K",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    let told = |name: &str| scan.references.iter().find(|r| r.name.to_string() == name).expect(name);
    assert!(told("ten").is_optional() && told("fourteen.K").is_optional() && !told("fifteen").is_optional());
    assert_eq!(source.slice(&told("fourteen.K").span), "secrets . fourteen [ 'K' ]");
    assert_eq!(source.slice(&told("two").name_span), "two");
    assert_eq!(source.slice(&told("fourteen.K").name_span), "fourteen [ 'K");
    let filters: Vec<_> = told("fourteen.K").filters.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(filters, ["upper", "default"]);
}

#[test]
fn uses_that_name_no_secret_are_refused() {
    for (text, at) in [
        ("{{ secrets }}", "secrets"),
        ("{{ secrets[vars.n] }}", "secrets[vars.n]"),
        ("{{ secrets['a' ~ 'b'] }}", "secrets['a' ~ 'b']"),
        ("{% for s in secrets %}{% endfor %}", "secrets"),
        ("{% set s = secrets %}", "secrets"),
        ("{% set secrets = 1 %}", "secrets"),
        ("{% macro m(secrets) %}{% endmacro %}", "secrets"),
        ("{{ secrets | items }}", "secrets"),
        ("{{ secrets | attr('x') }}", "secrets"),
        ("{{ secrets[1:] }}", "secrets"),
        ("{% include vars.region %}", "vars.region"),
    ] {
        fails(Format::Text, text, &[(Code::DynamicReference, at, "")]);
    }
    fails(Format::Text, "{{ secrets['a b'] }}", &[(Code::InvalidName, "secrets['a b']", "a blank")]);
    fails(Format::Text, "{{ secrets.a-b }}", &[(Code::NearMiss, "secrets.a-b", "minus")]);
    fails(Format::Text, "{{ secrets.get('x') }}", &[(Code::TemplateFailed, "secrets.get", "no methods")]);
    let (_, outcome) = outcome(Format::Text, "{secret:x} ${secret.a-b} {{ 1 }}", &[]);
    let fixes: Vec<_> = outcome.diagnostics.iter().map(|d| d.fixes[0].replacement.as_str()).collect();
    assert_eq!(fixes, ["{{ secrets.x }}", "{{ secrets['a-b'] }}"]);
    assert_eq!(outcome.rendered.expect("warnings only").text(), "{secret:x} ${secret.a-b} 1");
}

#[test]
fn what_goes_wrong_is_told_at_its_place() {
    for (text, code, at, words) in [
        ("{{ secrets.nope }}", Code::UnknownSecret, "nope", "no secret `nope`"),
        (
            "{% if vars.on %}{{ secrets.nope | upper }}{% endif %}",
            Code::UnknownSecret,
            "nope",
            "no secret `nope`",
        ),
        ("{{ vars.nope }}", Code::TemplateFailed, "vars.nope", "`vars.nope` is not defined"),
        ("a\n{{ env.NOPE | upper }}", Code::TemplateFailed, "env.NOPE | upper", "is not defined"),
        ("{{ vars.hosts }}", Code::TemplateFailed, "vars.hosts", "a list"),
        ("{{ none }}", Code::TemplateFailed, "none", "none"),
        ("{{ secrets.odd + 1 }}", Code::TemplateFailed, "secrets.odd + 1", "cannot be computed"),
        ("{{ secrets.odd | int }}", Code::TemplateFailed, "int", "whole number"),
        ("{{ secrets.odd | b64decode }}", Code::TemplateFailed, "b64decode", "base64"),
        (
            "{{ range(100000) | join('x' * 1000000) }}",
            Code::TemplateFailed,
            "join('x' * 1000000)",
            "more than 256 MiB",
        ),
        (
            "{{ ('a' * 1000000) | replace('a', 'x' * 1000) }}",
            Code::TemplateFailed,
            "replace('a', 'x' * 1000)",
            "more than 256 MiB",
        ),
        ("{{ 'a' | indent(100000) }}", Code::TemplateFailed, "indent(100000)", "width"),
        (
            "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
            Code::TemplateFailed,
            "",
            "too many steps",
        ),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", Code::TemplateFailed, "m()", "without end"),
        ("{{ 'a' | uper }}", Code::UnknownFilter, "uper", "did you mean `upper`"),
        ("{{ 'a' | base64(1) }}", Code::UnknownFilter, "base64(1)", "takes no argument"),
        ("a {{ b", Code::SyntaxError, "", "not valid"),
        ("a {% endif %}", Code::SyntaxError, "endif", "not valid"),
        (
            "{% autoescape false %}{% endautoescape %}",
            Code::TemplateFailed,
            "autoescape false %}{% endautoescape",
            "autoescape",
        ),
    ] {
        let (_, outcome) = outcome(Format::Text, text, &[]);
        assert!(outcome.rendered.is_none(), "{text}");
        let problem = &outcome.diagnostics[0];
        let source = problem.source.as_ref().expect("a source");
        let span = problem.label.as_ref().expect("a label").span.clone();
        let fits = problem.code == code
            && problem.message.contains(words)
            && (at.is_empty() || source.slice(&span) == at);
        assert!(fits, "{text}: {} {:?} {}", problem.code, source.slice(&span), problem.message);
        assert!(!format!("{:?}", outcome.diagnostics).contains("w0rd"), "{text}");
    }
    for text in [
        format!("{{{{ 1{} }}}}", " + 1".repeat(100_000)),
        format!("{{{{ 1{} }}}}", "[0]".repeat(100_000)),
        format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(10_000)),
    ] {
        let (_, outcome) = outcome(Format::Text, &text, &[]);
        assert!(outcome.rendered.is_none() && outcome.diagnostics.len() == 1, "{:?}", outcome.diagnostics);
    }
    // All that is certain to be missing is told at once.
    fails(
        Format::Text,
        "{{ secrets.no1 }} {{ secrets.no2 }}",
        &[(Code::UnknownSecret, "no1", ""), (Code::UnknownSecret, "no2", "")],
    );
}

#[test]
fn files_are_included_from_the_folder_of_the_template() {
    const FILES: &[(&str, &str)] = &[
        ("d/tls.j2", "key: {{ secrets.odd }}\n{% include '../e.j2' %}"),
        ("e.j2", "e: {{ secrets.x }}\n"),
        ("bad.j2", "\n{{ secrets.nope }}"),
        ("undefined.j2", "{{ vars.nope }}"),
        ("syntax.j2", "{{ % }}"),
        ("base.j2", "a: 1\n{% block b %}{% endblock %}"),
        ("macros.j2", "{% macro m(v) %}{{ v }}{% endmacro %}"),
        ("loop.j2", "{% include 'loop.j2' %}"),
    ];
    let render = |text: &str| {
        let (_, outcome) = outcome(Format::Yaml, text, FILES);
        outcome.rendered.map(|rendered| rendered.text().to_owned()).ok_or(outcome.diagnostics)
    };
    let odd = "key: \"p@ss: \\\"w0rd\\\" #1\\n'\\\\\"\n";
    assert_eq!(render("{% include 'd/tls.j2' %}").ok(), Some(format!("{odd}e: plain\n")));
    assert_eq!(
        render("{% extends 'base.j2' %}{% block b %}b: {{ secrets.odd }}{% endblock %}").ok(),
        Some(format!("a: 1\n{}", odd.replace("key", "b").trim_end()))
    );
    assert_eq!(
        render("{% from 'macros.j2' import m %}a: {{ m(secrets.odd) }}").ok(),
        Some(odd.replace("key", "a").trim_end().to_owned())
    );
    assert_eq!(render("{% include 'no.j2' ignore missing %}a: 1").ok().as_deref(), Some("a: 1"));
    for (text, code, at, words) in [
        ("{% include 'no.j2' %}", Code::TemplateFailed, "'no.j2'", "no file `no.j2`"),
        ("{% include '../x' %}", Code::TemplateFailed, "'../x'", "out of the source folder"),
        ("{% include '/etc/passwd' %}", Code::TemplateFailed, "'/etc/passwd'", "absolute"),
        ("{% include 'bad.j2' %}", Code::UnknownSecret, "nope", "no secret"),
        ("{% include 'undefined.j2' %}", Code::TemplateFailed, "vars.nope", "not defined"),
        ("{% include 'syntax.j2' %}", Code::SyntaxError, "%", "not valid"),
        ("{% include 'loop.j2' %}", Code::TemplateFailed, "include 'loop.j2'", "without end"),
    ] {
        fails_with(Format::Yaml, text, FILES, &[(code, at, words)]);
    }
}

#[test]
fn text_without_a_template_stays() {
    for text in ["", "a: 1", "a: 1\r\n\r\n", "\u{feff}a: {b}\n", "a: ${x}}\n"] {
        check(Format::Text, text, text);
    }
    check(Format::Text, "{# c #}\n{% if true %}\n a\n{% endif %}\n", "\n\n a\n\n");
    check(Format::Yaml, "a: {% raw %}'{{ x }}'{% endraw %}\n", "a: '{{ x }}'\n");
}
