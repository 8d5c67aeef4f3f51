//! What the scan finds, written as one line for each use, debug field and problem.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{Constant, Delimiters, Expression, MAX_DEPTH, Place, Problem, QuoteKind, scan};

/// Scans `input`, compares what it holds with `expected` and verifies each span.
#[track_caller]
fn check(input: &str, expected: &str) {
    let found = scan(input);
    if let Some(found) = &found {
        verify(input, found);
    }
    assert_eq!(found.map_or("left alone".to_owned(), |found| show(input, &found)), expected, "{input}");
}

fn show(input: &str, found: &Expression) -> String {
    let mut shown = String::new();
    for use_ in &found.uses {
        let place = match &use_.place {
            Place::Code => "code",
            Place::Nested { .. } => "nested",
            Place::Field { .. } => "field",
        };
        write!(shown, "{} {place} <{}>", use_.name, &input[use_.span.clone()]).expect("a String takes all");
        if let Some(default) = &use_.default {
            write!(shown, " or <{}>", default.span.clone().map_or("", |span| &input[span]))
                .expect("a String takes all");
        }
        shown.push('\n');
    }
    for debug in &found.debugs {
        writeln!(shown, "debug <{}> <{}>", debug.printed, &input[debug.equals.clone()])
            .expect("a String takes all");
    }
    for problem in &found.problems {
        let what = match problem {
            Problem::Dynamic { .. } => "dynamic".to_owned(),
            Problem::NamesNoSecret { .. } => "no name".to_owned(),
            Problem::InvalidName { name, .. } => format!("invalid name {name}"),
            Problem::NotPython { what, .. } => (*what).to_owned(),
            Problem::TooDeep { .. } => "too deep".to_owned(),
        };
        writeln!(shown, "{what} <{}>", &input[problem.span()]).expect("a String takes all");
    }
    shown.trim_end().to_owned()
}

/// Each span is a slice of the input, in order.
#[track_caller]
fn verify(input: &str, found: &Expression) {
    let mut last = 0;
    for use_ in &found.uses {
        assert!(last <= use_.span.start, "uses out of order in {input}");
        last = use_.span.start;
        let written = &input[use_.span.clone()];
        assert!(written.contains("secrets"), "{written}");
        assert!(use_.span.start <= use_.name_span.start && use_.name_span.end <= use_.span.end);
        let name = &input[use_.name_span.clone()];
        assert!(name == use_.name || name.contains(['\\', '\'', '"']), "{name}");
        if let Some(kept) = use_.default.as_ref().and_then(|default| default.span.clone()) {
            assert!(use_.name_span.end < kept.start && kept.end < use_.span.end, "{written}");
            assert!(!input[kept].is_empty());
        }
        if matches!(use_.place, Place::Field { .. }) {
            assert!(written.starts_with('{') && written.ends_with('}'), "{written}");
        }
    }
    for literal in &found.literals {
        assert!(!input[literal.span.clone()].is_empty() && literal.quote.kind != QuoteKind::Bytes);
    }
    for debug in &found.debugs {
        assert!(input[debug.text.clone()].ends_with(&input[debug.equals.clone()]));
        assert!(input[debug.equals.clone()].contains('=') && input[..debug.text.start].ends_with('{'));
    }
    for problem in &found.problems {
        assert!(input.get(problem.span()).is_some(), "{problem:?}");
    }
}

#[test]
fn finds_each_spelling_of_a_reference() {
    check("$ secrets.api_key", "api_key code <secrets.api_key>");
    check("  $  secrets.api_key\n", "api_key code <secrets.api_key>");
    check("$ secrets['api_key']", "api_key code <secrets['api_key']>");
    check("$ secrets[ r\"a\" ]", "a code <secrets[ r\"a\" ]>");
    check("$ secrets['\\x61' \"\"\"b\"\"\"]", "ab code <secrets['\\x61' \"\"\"b\"\"\"]>");
    check("$ secrets . a", "a code <secrets . a>");
    check("$ (secrets # secrets.b\n.a)", "a code <secrets # secrets.b\n.a>");
    check("$ secrets \\\n .a", "a code <secrets \\\n .a>");
    check("$ secrets.a.b['c'].upper()", "a code <secrets.a>");
    check("$ [secrets.a, secrets.b][0:1]", "a code <secrets.a>\nb code <secrets.b>");
    check("$ 'é' + secrets.a", "a code <secrets.a>");
}

#[test]
fn a_get_is_optional() {
    check("$ secrets.get('a')", "a code <secrets.get('a')> or <>");
    check("$ secrets.get('a',)", "a code <secrets.get('a',)> or <>");
    check("$ secrets.get('a', 'd')", "a code <secrets.get('a', 'd')> or <'d'>");
    check("$ secrets.get ( 'a' , 1 + x , )", "a code <secrets.get ( 'a' , 1 + x , )> or <1 + x>");
    check(
        "$ secrets.get('a', secrets.get('b', secrets.c))",
        "a code <secrets.get('a', secrets.get('b', secrets.c))> or <secrets.get('b', secrets.c)>\n\
         b code <secrets.get('b', secrets.c)> or <secrets.c>\n\
         c code <secrets.c>",
    );
    let constant = |text: &str| scan(text).and_then(|found| found.uses[0].default.clone()?.constant);
    assert_eq!(constant("$ secrets.get('a')"), Some(Constant::None));
    assert_eq!(constant("$ secrets.get('a', None)"), Some(Constant::None));
    assert_eq!(constant("$ secrets.get('a', -1.5)"), Some(Constant::Number("-1.5".to_owned())));
    assert_eq!(constant("$ secrets.get('a', 'x\\n' 'y')"), Some(Constant::Text("x\ny".to_owned())));
    assert_eq!(constant("$ secrets.get('a', 'x'.upper())"), None);
}

#[test]
fn a_field_of_its_own_becomes_text() {
    check("$ f'k={secrets.a}'", "a field <{secrets.a}>");
    check("$ f'''k={ secrets['a'] }'''", "a field <{ secrets['a'] }>");
    check("$ f'{secrets['a']}'", "a field <{secrets['a']}>");
    check("$ f'{f\"{secrets.a}\"}'", "a field <{secrets.a}>");
    check(
        "$ f'{secrets.get(\"a\", secrets.b)}'",
        "a field <{secrets.get(\"a\", secrets.b)}> or <secrets.b>\nb nested <secrets.b>",
    );
}

#[test]
fn a_field_that_does_more_stays_a_field() {
    check("$ f'{secrets.a:>6}{secrets.b!r}'", "a nested <secrets.a>\nb nested <secrets.b>");
    check("$ f'{secrets.a.upper()}'", "a nested <secrets.a>");
    check("$ f'{_.a:0{secrets.n}d}'", "n nested <secrets.n>");
    check("$ f'{secrets.a!=secrets.b}'", "a nested <secrets.a>\nb nested <secrets.b>");
    check("$ f'{secrets.a=}'", "a nested <secrets.a>\ndebug <secrets.a=> <=>");
    check("$ f'{ secrets.a = !r}'", "a nested <secrets.a>\ndebug < secrets.a = > < = >");
    check("$ f'{secrets.a # c\n=}'", "a nested <secrets.a>\ndebug <secrets.a \n=> < # c\n=>");
    check("$ f'{x=}' + secrets.a", "a code <secrets.a>");
    let found = scan("$ f\"{f'{secrets.a!r}'}\"").expect("it is Python");
    assert_eq!(found.uses[0].place, Place::Nested { enclosing: Delimiters { single: true, double: true } });
}

#[test]
fn text_and_other_names_hold_no_reference() {
    for text in [
        "$ f'{{secrets.api_key}}'",
        "$ 'secrets.api_key'",
        "$ b'secrets.api_key'",
        "$ my.secrets.x",
        "$ secrets_x.y",
        "$ dict(secrets=1)",
        "$ (lambda secrets: secrets.a)(1)",
        "$ [secrets.a for secrets in x]",
        "$ (secrets := x).a",
        "$ {'secrets': 1}",
        "$ f'\\N{EM DASH}'",
        "$ x # secrets.a",
    ] {
        check(text, "");
    }
    // What is evaluated outside a scope of its own is still the free name.
    check("$ [secrets.a for secrets in [secrets.b]]", "b code <secrets.b>");
    check("$ [secrets.c, [secrets.a for (x, secrets) in y]]", "c code <secrets.c>");
    check("$ (lambda secrets=secrets.b: secrets.a)()", "b code <secrets.b>");
}

#[test]
fn what_is_no_expression_is_left_alone() {
    for text in [
        "secrets.a",
        "$secrets.a",
        "$\tsecrets.a",
        "Bearer $ secrets.a",
        "$ ",
        "$ kubectl get secrets",
        "$ a 'secrets.b'",
        "$ ls || true",
        "$ 'it",
        "$ echo $X",
        "$ my.secrets.x y",
    ] {
        check(text, "left alone");
    }
}

#[test]
fn a_name_that_is_not_written_down_is_a_problem() {
    check("$ secrets", "no name <secrets>");
    check("$ len(secrets)", "no name <secrets>");
    check("$ (secrets).a", "no name <secrets>");
    check("$ secrets[x]", "dynamic <secrets[x]>");
    check("$ secrets['a' + secrets.b]", "b code <secrets.b>\ndynamic <secrets['a' + secrets.b]>");
    check("$ secrets['a',]", "dynamic <secrets['a',]>");
    check("$ secrets[f'a'] + secrets[b'a']", "dynamic <secrets[f'a']>\ndynamic <secrets[b'a']>");
    check("$ f'{secrets[tenant + \"_key\"]}'", "dynamic <secrets[tenant + \"_key\"]>");
    check("$ secrets.get(x)", "dynamic <secrets.get(x)>");
    check("$ secrets.get('a', default=1)", "dynamic <secrets.get('a', default=1)>");
    check("$ secrets.get('a', *x)", "dynamic <secrets.get('a', *x)>");
    check("$ secrets.get('a', 1, 2)", "dynamic <secrets.get('a', 1, 2)>");
    check("$ secrets.get", "dynamic <secrets.get>");
    check("$ secrets.items()", "dynamic <secrets.items>");
    check("$ [1 for secrets.a in x]", "dynamic <secrets.a>");
    check("$ secrets._a", "invalid name _a <_a>");
    check("$ secrets['a-b']", "invalid name a-b <a-b>");
    check("$ secrets.é", "invalid name é <é>");
}

#[test]
fn a_mention_in_broken_python_names_the_place() {
    check("$ secrets.api key value", "an operator or the end expected <key>");
    check("$ secrets.a +", "a value expected <>");
    check("$ + * secrets.a", "a value expected <*>");
    check("$ (secrets.a", "a bracket that is never closed <(>");
    check("$ (secrets.a]", "an operator, a comma or the closing bracket expected <]>");
    check("$ secrets.a)", "an operator or the end expected <)>");
    check("$ secrets.a\nx", "an operator or the end expected <x>");
    check("$ 'Bearer + secrets.a", "a string that is never closed <'>");
    check("$ f'{secrets.a}", "a string that is never closed <f'>");
    check("$ f'{secrets.a'", "a string that is never closed <'>");
    check("$ f'{secrets.a }}'", "a single `}` in an f-string <}>");
    check("$ f'{secrets.a!x}'", "a conversion other than `!r`, `!s` and `!a` <!>");
    check("$ f'{}{secrets.a}'", "a value expected <>");
    check("$ secrets.a if x", "an `if` without an `else` <>");
    check(
        "$ secrets.class",
        "a name expected after `secrets.` (a keyword is spelled `secrets['class']`) <class>",
    );
    check("$ secrets.a + \u{201c}x\u{201d}", "a value expected <\u{201c}>");
    check("$ secrets.a\u{a0}", "a code <secrets.a>");
    check("$ secrets.a\u{a0}+ 1", "an operator or the end expected <\u{a0}>");
}

#[test]
fn the_grammar_takes_all_of_python() {
    for text in [
        "1if x else.5",
        "0x_ff | 0b1 | 0o17 | 00 | 1_0.0_1e-1_0j",
        "not x is not y not in z",
        "-x ** -y @ ~z // 2",
        "[*a, *b]",
        "{**a, 'b': 1}",
        "{*a, b}",
        "a[1:2, ::3, ..., *b]",
        "f(*a, b, c=1, **d)",
        "(yield)",
        "(yield from x)",
        "lambda: 0",
        "lambda *a, b=1, **c: (a, b)",
        "lambda a, /, b, *, c: a",
        "a if b else lambda: c if d else e",
        "[x async for x in y]",
        "{a: b for a, *b in c if d if e for f in g}",
        "f(x for x in y)",
        "(a := 1, b)",
        "await x",
        "a[b := 1]",
        "a, *b",
        "()",
        "[]",
        "{}",
        "a.b(c)(d)[e].f",
        "a < b == c >= d != e in f",
        "f'{x:{y}{z!r:>{w}}}' rf'' ''",
        "f'{x!r:^10}' f\"{(lambda q: 1)}\"",
        "f'{x:=5}{y = :>5}'",
        "f'''{\nx\n}'''",
        "'a' \"b\" '''c'd''' u'' rb'' Br'\\''",
        "(x\n+ # c\n\ny)",
        "x\n# c\n",
        "f'{{}}{ {1: 2} }\\{x}'",
        "f'{*a, b}{yield}'",
        "f'{x:{y}{{}' f'{x:{y}{{z}}}' f'{x:{{y}}}'",
    ] {
        check(&format!("$ {text}"), "");
    }
}

#[test]
fn literals_are_where_other_dialects_may_stand() {
    let text = "$ f'a{secrets.b:>{n}}c' 'd' b'e' + secrets['f'] + r\"\"\"g{\"\"\"";
    let found = scan(text).expect("it is Python");
    let literals: Vec<_> = found.literals.iter().map(|literal| &text[literal.span.clone()]).collect();
    assert_eq!(literals, ["a", "c", "d", "g{"]);
    let last = found.literals[3].quote;
    assert!(last.raw && last.triple && last.closing() == "\"\"\"" && last.kind == QuoteKind::Plain);
}

#[test]
fn nesting_is_bounded() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("$ {}secrets.a{}", open.repeat(depth), close.repeat(depth))
    };
    let brackets = [
        ("(", ")"),
        ("[*", "]"),
        ("{**", "}"),
        ("f(", ")"),
        ("[x for x in ", "]"),
        ("lambda: ", ""),
        ("x[", "]"),
    ];
    for (open, close) in brackets {
        check(&nested(open, close, MAX_DEPTH), "a code <secrets.a>");
        let deep = scan(&nested(open, close, 100 * MAX_DEPTH)).expect("it mentions a secret");
        assert!(matches!(deep.problems[..], [Problem::TooDeep { .. }]), "{open}");
    }
    assert_eq!(scan(&nested("f'{", "}'", MAX_DEPTH)).map(|found| found.uses.len()), Some(1));
    assert!(matches!(
        scan(&nested("f'{", "}'", 9000)).expect("a mention").problems[..],
        [Problem::TooDeep { .. }]
    ));
    assert_eq!(scan(&"(".repeat(9000)), None);
}

const PIECES: [&str; 44] = [
    "secrets",
    ".a",
    "['a']",
    ".get('a', ",
    "f'",
    "f\"",
    "rf'''",
    "'",
    "\"",
    "\"\"\"",
    "{",
    "}",
    "{{",
    "}}",
    "(",
    ")",
    "[",
    "]",
    "!r",
    ":",
    "=",
    ":=",
    ",",
    " ",
    "\n",
    "\\",
    "#",
    "x",
    "1",
    "0x",
    "é",
    "😀",
    " if ",
    " else ",
    " for ",
    " in ",
    "lambda ",
    "not ",
    "+",
    "**",
    "\\N{",
    "\r\n",
    "$",
    "\u{a0}",
];

proptest! {
    /// Whatever the text, the scan ends and its spans are slices.
    #[test]
    fn any_text_is_scanned(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        let text = format!("$ {}", pieces.concat());
        if let Some(found) = scan(&text) {
            verify(&text, &found);
        }
    }

    #[test]
    fn any_characters_are_scanned(text in "\\$ .{0,60}", tail in "\\PC*") {
        let text = format!("$ f'{text}{{secrets.a}}' + {tail}");
        if let Some(found) = scan(&text) {
            verify(&text, &found);
        }
    }
}
