//! What is found in whole texts: references, escapes, near misses, paths, ignored lines.

use super::*;
use crate::Place;

/// Scans `text` and describes what was found, one line each, checking every span on the way.
fn told(format: Format, text: &str) -> Vec<String> {
    let source = Source::new("x", text, format);
    let found = scan(&source, &Dialects::default());
    let mut lines = Vec::new();
    for reference in &found.references {
        assert!(source.slice(&reference.span).contains(source.slice(&reference.name_span)));
        let path = match reference.place {
            Place::Kept { .. } => String::new(),
            _ => found
                .strings
                .get(reference.string)
                .map_or(String::new(), |s| format!(" at {}", s.scalar.path)),
        };
        lines.push(format!("{} {}{path}", reference.dialect, source.slice(&reference.span)));
    }
    for string in &found.strings {
        for mark in &string.marks {
            if let Mark::Escape(range, text) = mark {
                lines.push(format!(
                    "escape {} -> {text}",
                    source.slice(&string.scalar.decoded.source_span(range))
                ));
            }
        }
    }
    for diagnostic in &found.diagnostics {
        let span = diagnostic.label.as_ref().map(|label| label.span.clone()).unwrap_or_default();
        let mut line = format!("{} {} {:?}", diagnostic.severity, diagnostic.code, source.slice(&span));
        for fix in &diagnostic.fixes {
            line.push_str(&format!(" fix {}", fix.replacement));
        }
        lines.push(line);
    }
    lines
}

#[test]
fn inline_references_in_each_format() {
    for (format, text, expected) in [
        (Format::Yaml, "a:\n- b: x-{secret:k}-y # {secret:no}\n", "brace {secret:k} at a[0].b"),
        (Format::Yaml, "&a !t '{secret:k}': ${secret.a.b}\n", "dollar ${secret.a.b} at \"{secret:k}\""),
        (Format::Toml, "[x.\"y z\"]\na.b = '{secret:k}'\n", "brace {secret:k} at x.\"y z\".a.b"),
        (Format::Toml, "[[t]]\n[[t]]\na = ['{secret:k}']\n", "brace {secret:k} at t[1].a[0]"),
        (Format::Json, "{\"a\": [1, \"\\u007bsecret:k}\"]}", "brace \\u007bsecret:k} at a[1]"),
        (Format::Json, "{\"{\\u0073ecret:k}\": 1}", "brace {\\u0073ecret:k} at \"{secret:k}\""),
        (Format::Dotenv, "A='${secret.k}' # {secret:no}\n", "dollar ${secret.k} at A"),
        (Format::Text, "a {secret:k | default('}')} b", "brace {secret:k | default('}')} at "),
        (Format::Yaml, "secret_name: openai_key\n", "by-name openai_key"),
        (Format::Yaml, "a: \"{sec\\\n  ret:k}\"\n", "brace {sec\\\n  ret:k} at a"),
    ] {
        assert!(told(format, text).contains(&expected.to_owned()), "{text:?}: {:?}", told(format, text));
    }
}

#[test]
fn escapes_write_what_they_escape() {
    for (text, expected) in [
        ("$${secret.a}", vec!["escape $$ -> $"]),
        ("$$${secret.a}", vec!["dollar ${secret.a} at ", "escape $$ -> $"]),
        ("$$$${secret.a}", vec!["escape $$$$ -> $$"]),
        ("{{secret:a}}", vec!["escape {{secret:a}} -> {secret:a}"]),
        ("{{{secret:a}}}", vec!["brace {secret:a} at "]),
        ("{{secret:a}", vec!["brace {secret:a} at "]),
    ] {
        assert_eq!(told(Format::Text, text), expected, "{text}");
    }
}

#[test]
fn near_misses_are_told_with_their_fix_and_lookalikes_are_not() {
    for (text, expected) in [
        ("{secret: k}", "error near-miss \"{secret: k}\" fix {secret:k}"),
        ("{ secret:k }", "error near-miss \"{ secret:k }\" fix {secret:k}"),
        ("{secret:k", "error near-miss \"{secret:k\" fix {secret:k}"),
        ("{secret:}", "error near-miss \"{secret:}\""),
        ("${secrets.k}", "error near-miss \"${secrets.k}\" fix ${secret.k}"),
        ("${secret:k}", "error near-miss \"${secret:k}\" fix ${secret.k}"),
        ("${SECRET.k}", "error near-miss \"${SECRET.k}\" fix ${secret.k}"),
        ("${secret.}", "error near-miss \"${secret.}\""),
        ("${ secret.k }", "error near-miss \"${ secret.k }\" fix ${secret.k}"),
        ("{SECRET:k}", "error near-miss \"{SECRET:k}\" fix {secret:k}"),
        ("{secrets:k}", "error near-miss \"{secrets:k}\" fix {secret:k}"),
        ("${secrets:k}", "error near-miss \"${secrets:k}\" fix ${secret.k}"),
        ("${secret.k", "error near-miss \"${secret.k\" fix ${secret.k}"),
        ("{secret:a b}", "error invalid-name \"a b\""),
        ("{secret:k | }", "error unknown-filter \"}\""),
    ] {
        assert_eq!(told(Format::Text, text), [expected], "{text}");
    }
    for text in [
        "\"{secret:?}\"",
        "{secret:#?}",
        "session({secret: 'x'})",
        "${{ secrets.X }}",
        "${{secrets.X}}",
        "${SECRET}",
        "${Secret.Arn}",
        "${secret:-d} ${secret:?x} ${secret:+x} ${secret:0:3}",
        "$SECRET_KEY",
        "{{ .Values.secret.name }}",
        "{ secret: x }",
        "kubectl get secrets",
    ] {
        assert_eq!(told(Format::Text, text), Vec::<String>::new(), "{text}");
    }
    for (text, expected) in [
        ("a: $secrets.k", "warning near-miss \"$secrets.k\" fix $ secrets.k"),
        ("a: \"$\\tsecrets.k\"", "warning near-miss \"$\\\\tsecrets.k\" fix $ secrets.k"),
        ("a: Bearer $ secrets.k", "warning near-miss \"$ secrets.k\" fix $ f'Bearer {secrets.k}'"),
    ] {
        assert_eq!(told(Format::Yaml, text), [expected], "{text}");
    }
}

#[test]
fn a_name_without_end_is_no_reference_and_no_flood() {
    for text in [format!("{{secret:{}}}", "n".repeat(10_000)), format!("${{secret.{}}}", "n".repeat(10_000))]
    {
        let lines = told(Format::Text, &text);
        assert!(
            matches!(&lines[..], [line] if line.starts_with("error invalid-name") && line.len() < 1000),
            "{lines:?}"
        );
    }
}

#[test]
fn unquoted_references_are_told_even_where_the_file_does_not_parse() {
    for (text, expected) in [
        ("a: {secret:k}\n", "error unquoted-reference \"{secret:k}\" fix \"{secret:k}\""),
        ("a: [x, {secret:k}]\n", "error unquoted-reference \"{secret:k}\" fix \"{secret:k}\""),
        (
            "a: {secret:k} and b # c\n",
            "error unquoted-reference \"{secret:k} and b\" fix \"{secret:k} and b\"",
        ),
        (
            "a: {secret:k}{secret:l}\n",
            "error unquoted-reference \"{secret:k}{secret:l}\" fix \"{secret:k}{secret:l}\"",
        ),
        (
            "a: [b c-${secret.k} d, e]\n",
            "error unquoted-reference \"b c-${secret.k} d\" fix \"b c-${secret.k} d\"",
        ),
        (
            "- {secret:k | default('a, b')}\n",
            "error unquoted-reference \"{secret:k | default('a, b')}\" fix \"{secret:k | default('a, b')}\"",
        ),
        ("a: {secret:k}-s\n", "error unquoted-reference \"{secret:k}-s\" fix \"{secret:k}-s\""),
        ("a: [${secret.k}]\n", "error unquoted-reference \"${secret.k}\" fix \"${secret.k}\""),
        (
            "a: {secret:k | base64}\n",
            "error unquoted-reference \"{secret:k | base64}\" fix \"{secret:k | base64}\"",
        ),
    ] {
        assert!(
            told(Format::Yaml, text).contains(&expected.to_owned()),
            "{text:?}: {:?}",
            told(Format::Yaml, text)
        );
    }
    assert_eq!(
        told(Format::Yaml, "a: ${secret.k} # {secret:no}\nb: {secret: k}\n"),
        ["dollar ${secret.k} at a"]
    );
}

#[test]
fn expressions_hold_python_and_other_dialects_only_in_string_literals() {
    for (text, expected) in [
        ("a: $ secrets.k\n", vec!["expression secrets.k at a"]),
        ("a: $ f'x{secrets.k}'\n", vec!["expression {secrets.k} at a"]),
        ("a: $ f'{{secrets.k}}'\n", vec![]),
        ("a: $ 'secrets.k'\n", vec![]),
        ("a: $ my.secrets.x + secrets_x.y\n", vec![]),
        ("a: $ kubectl get secrets\n", vec![]),
        ("a: $ '${secret.k}'\n", vec!["dollar ${secret.k} at a"]),
        ("a: $ f'{secret:k}'\n", vec!["error ambiguous-reference \"{secret:k}\""]),
        ("a: $ f'{secrets[t]}'\n", vec!["error dynamic-reference \"secrets[t]\""]),
        ("a: $ secrets\n", vec!["error dynamic-reference \"secrets\""]),
        ("a: $ secrets.k )\n", vec!["error syntax-error \")\""]),
        ("a: $ curl -H {secret:k}\n", vec!["error ambiguous-reference \"{secret:k}\""]),
    ] {
        assert_eq!(told(Format::Yaml, text), expected, "{text}");
    }
}

#[test]
fn a_comment_leaves_its_line_as_it_is() {
    for (format, text) in [
        (Format::Yaml, "a: '{secret:k}' # redeem: ignore\n"),
        (Format::Yaml, "# redeem: ignore\na: '{secret:k}'\n"),
        (Format::Yaml, "a: | # redeem: ignore\n  x\n  {secret:k}\n"),
        (Format::Toml, "# redeem: ignore\na = '{secret:k}'\n"),
        (Format::Json, "{\"a\": \"{secret:k}\" // redeem: ignore\n}"),
        (Format::Json, "{\n/* redeem: ignore */\n\"a\": \"{secret:k}\"}"),
        (Format::Dotenv, "A={secret:k} # redeem: ignore\n"),
        (Format::Text, "# redeem: ignore\n{secret:k}\n"),
        (Format::Text, "{secret:k} ; redeem: ignore\n"),
        (Format::Yaml, "# redeem: ignore\na: {secret:k}\n"),
    ] {
        assert_eq!(told(format, text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(told(Format::Yaml, "a: '{secret:k}' # redeem: ignored\n").len(), 1);
    assert_eq!(told(Format::Yaml, "# redeem: ignore\na: b\nc: '{secret:k}'\n").len(), 1);
    assert_eq!(told(Format::Yaml, "a: '{secret:k} redeem: ignore'\n").len(), 1);
}
