//! What values look like once they are written, for every style.

use redeem_syntax::{Code, Dialects, Format, Name, Source, scan};

use crate::{Answers, Encoding, Reader, Secret, render};

/// Renders `text` with the secret `x` and returns the new text, or the code of the first problem.
fn rendered_for(format: Format, text: &str, value: &str, encoding: Encoding) -> Result<String, Code> {
    let source = Source::new("x", text, format);
    let found = scan(&source, &Dialects::default());
    let answers = Answers::from_iter([(Name::split("x"), Secret::from(value))]);
    let outcome = render(&source, &found, &answers, &encoding);
    match outcome.rendered {
        Some(rendered) => {
            for (was, is) in rendered.moved() {
                assert!(text.get(was.clone()).is_some() && rendered.text().get(is.clone()).is_some());
            }
            Ok(rendered.text().to_owned())
        }
        None => Err(outcome.diagnostics.first().unwrap_or_else(|| panic!("no word about {text:?}")).code),
    }
}

fn check(format: Format, cases: &[(&str, &str, Result<&str, Code>)]) {
    for (text, value, expected) in cases {
        let rendered = rendered_for(format, text, value, Encoding::default());
        assert_eq!(rendered.as_deref().map_err(|code| *code), *expected, "{text:?} with {value:?}");
    }
}

#[test]
fn yaml_plain_stays_plain_or_is_quoted() {
    check(
        Format::Yaml,
        &[
            ("a: ${secret.x} # c\n", "abc", Ok("a: abc # c\n")),
            ("a: ${secret.x}\n", "5432", Ok("a: \"5432\"\n")),
            ("a: ${secret.x}\n", "no", Ok("a: \"no\"\n")),
            ("a: ${secret.x}\n", "a: b", Ok("a: \"a: b\"\n")),
            ("a: ${secret.x}\n", "a\"b: ", Ok("a: 'a\"b: '\n")),
            ("a: ${secret.x}\n", "", Ok("a: \"\"\n")),
            ("a: ${secret.x}\n", "l1\nl2", Ok("a: \"l1\\nl2\"\n")),
            ("a: pre ${secret.x} post\n", "mid", Ok("a: pre mid post\n")),
            ("a: pre ${secret.x}\n  post\n", "b ", Ok("a: \"pre b  post\"\n")),
            ("a: pre ${secret.x}\n  post\n", "b", Ok("a: pre b\n  post\n")),
            ("a: !!int ${secret.x}\n", "5432", Ok("a: !!int 5432\n")),
            ("a: !!int \"${secret.x}\"\n", "AA", Err(Code::UnencodableValue)),
            ("a: !!bool ${secret.x}\n", "true", Ok("a: !!bool true\n")),
            ("a: ! ${secret.x}\n", "null", Err(Code::UnencodableValue)),
            ("a: &q ${secret.x}\nb: *q\n", "-", Ok("a: &q \"-\"\nb: *q\n")),
            ("${secret.x}: 1\n", "k", Ok("k: 1\n")),
            ("${secret.x}: 1\n", "k: 2", Ok("\"k: 2\": 1\n")),
            ("{a: x${secret.x}}", "y", Err(Code::UnquotedReference)),
            ("a: $${secret.x}\n", "v", Ok("a: ${secret.x}\n")),
            ("port: '${secret.x | int}'\n", "5432", Ok("port: 5432\n")),
            ("port: |- # c\n  ${secret.x | int}\n", "5432", Ok("port: 5432 # c\n")),
            ("port: 'a${secret.x | int}'\n", "5432", Err(Code::UnencodableValue)),
        ],
    );
}

#[test]
fn yaml_quotes_keep_their_kind_where_they_can() {
    check(
        Format::Yaml,
        &[
            ("a: '${secret.x}''s'\n", "it's", Ok("a: 'it''s''s'\n")),
            ("a: '${secret.x}'\n", "a\tb", Ok("a: \"a\\tb\"\n")),
            ("a: \"\\t${secret.x}\"\n", "\"\\\u{85}\u{1}", Ok("a: \"\\t\\\"\\\\\\x85\\x01\"\n")),
            ("a: \"x\n  ${secret.x}\n  y\"\n", " v ", Ok("a: \"x\n  \\x20v\\x20\n  y\"\n")),
            ("a: \"x\n  ${secret.x}\n  y\"\n", "", Ok("a: \"x  y\"\n")),
            ("a: 'x\n  ${secret.x}\n  y'\n", " v", Ok("a: \"x  v y\"\n")),
            ("\"x\n${secret.x} y\"\n", "...", Ok("\"x ... y\"\n")),
            ("'x\n${secret.x}--- y'\n", "", Ok("\"x --- y\"\n")),
            ("[\"${secret.x}\", '${secret.x}']\n", "a,]", Ok("[\"a,]\", 'a,]']\n")),
        ],
    );
}

#[test]
fn yaml_blocks_keep_their_lines() {
    check(
        Format::Yaml,
        &[
            ("a: |\n  p ${secret.x}\n  q\n", "1\n2", Ok("a: |\n  p 1\n  2\n  q\n")),
            ("a: |\n  ${secret.x}\nb: 1\n", "1\n2\n", Ok("a: |+\n  1\n  2\n\nb: 1\n")),
            ("a: |\n  ${secret.x}\n\nb: 1\n", "1\n2\n", Ok("a: |+\n  1\n  2\n\nb: 1\n")),
            ("a: |\n  ${secret.x}\n\n\n\nb: 1\n", "1\n", Ok("a: \"1\\n\\n\"\n\n\n\nb: 1\n")),
            ("a: |-\n  ${secret.x}\n", "1\n", Ok("a: |\n  1\n")),
            ("a: | # c\n  ${secret.x}\n", " 1", Ok("a: \" 1\\n\" # c\n")),
            ("a: |2\n  ${secret.x}\n", " 1", Ok("a: |2\n   1\n")),
            ("a: |\n  ${secret.x}\n", "\u{85}", Ok("a: \"\\x85\\n\"\n")),
            ("a: |\r\n  ${secret.x}\r\n", "1\n2", Ok("a: |\r\n  1\r\n  2\r\n")),
            ("a: >\n  p\n  ${secret.x}\n  q\n", "v", Ok("a: >\n  p\n  v\n  q\n")),
            ("a: >\n  p\n  ${secret.x}\n", "1\n2", Ok("a: \"p 1\\n2\\n\"\n")),
            ("a: >\n  ${secret.x}\n", "", Ok("a: \"\\n\"\n")),
            ("a: >\n  ${secret.x} p\n", "", Ok("a: \" p\\n\"\n")),
            ("a: >-\n  ${secret.x}\n   p\n", "", Ok("a: \"\\n p\"\n")),
            ("a: >\n  p ${secret.x}\n", "", Ok("a: >\n  p \n")),
            ("a: |\n  ${secret.x}", "v", Ok("a: |\n  v")),
            ("a: |\n  ${secret.x}", "v\n", Err(Code::UnencodableValue)),
            ("a: |-\n  ${secret.x}", "v\n", Ok("a: \"v\\n\"")),
        ],
    );
}

#[test]
fn yaml_keys_are_as_short_as_every_reader_wants_them() {
    let fits = |text: &str, length: usize| {
        rendered_for(Format::Yaml, text, &"k".repeat(length), Encoding::default()).is_ok()
    };
    for (text, longest) in [
        ("${secret.x}: 1\n", 1024),
        ("- 'é${secret.x}' : 1\n", 1019),
        ("{a: 1, &a !!str \"${secret.x}\": 1}\n", 1013),
        ("? ${secret.x}\n: 1\n", 5000),
        ("{ ? '${secret.x}' : 1}\n", 5000),
    ] {
        assert!(fits(text, longest), "{text}");
        assert!(longest == 5000 || !fits(text, longest + 1), "{text}");
    }
}

#[test]
fn toml_strings_and_keys() {
    check(
        Format::Toml,
        &[
            ("a = \"${secret.x}\"\n", "\"\\\n\u{7f}\u{1}", Ok("a = \"\\\"\\\\\\n\\u007F\\u0001\"\n")),
            ("a = '${secret.x}'\n", "a\\b", Ok("a = 'a\\b'\n")),
            ("a = '${secret.x}'\n", "it's", Ok("a = \"it's\"\n")),
            ("a = '''\r\n${secret.x}\r\nq'''\r\n", "it's", Ok("a = \"\"\"\nit's\r\nq\"\"\"\r\n")),
            ("a = '''${secret.x}'''\n", "\nb", Ok("a = \"\"\"\n\\nb\"\"\"\n")),
            ("a = \"\"\"\nx \\\n  ${secret.x}y\"\"\"\n", " v", Ok("a = \"\"\"\nx  vy\"\"\"\n")),
            ("a = \"\"\"${secret.x}\"\"\"\n", "\"\"\"", Ok("a = \"\"\"\\\"\\\"\\\"\"\"\"\n")),
            ("'${secret.x}' = 1\n", "k", Ok("'k' = 1\n")),
            ("a = \"\"\"x\"\"${secret.x}\"\"y\"\"\"\n", "", Ok("a = \"\"\"\nx\\\"\\\"\\\"\\\"y\"\"\"\n")),
            ("a = '''x''${secret.x}''y'''\n", "", Ok("a = \"\"\"\nx''''y\"\"\"\n")),
            ("[\"${secret.x}\"]\na = 1\n", "k.l", Ok("[\"k.l\"]\na = 1\n")),
            ("a = '${secret.x | bool}'\n", "yes", Ok("a = true\n")),
        ],
    );
}

#[test]
fn json_strings() {
    check(
        Format::Json,
        &[
            (
                "{\"a\": \"\\u007bsecret:x}\"} // c",
                "\"\\\n\u{1}\u{2028}",
                Ok("{\"a\": \"\\\"\\\\\\n\\u0001\\u2028\"} // c"),
            ),
            ("{\"{secret:x}\": 1, \"b\": 2}", "b", Err(Code::UnencodableValue)),
            ("[\"{secret:x | float}\",]", "1e3", Ok("[1000.0,]")),
            ("[1, \"{secret:x | int}\", \"${secret.x | int}\", 2]", "5", Ok("[1, 5, 5, 2]")),
        ],
    );
}

#[test]
fn dotenv_quotes_are_those_that_all_readers_share() {
    check(
        Format::Dotenv,
        &[
            ("A={secret:x} # c\n", "abc", Ok("A=abc # c\n")),
            ("A={secret:x}\n", "a b", Ok("A='a b'\n")),
            ("A={secret:x}\n", "$(id)`id`\"#", Ok("A='$(id)`id`\"#'\n")),
            ("A={secret:x}\n", "it's", Ok("A=\"it's\"\n")),
            ("A={secret:x}\n", "it's $5", Err(Code::UnencodableValue)),
            ("A={secret:x}\n", "a\nB=1", Err(Code::UnencodableValue)),
            ("A={secret:x}\n", "a\\", Err(Code::UnencodableValue)),
            ("A={secret:x}\n", "${B}", Err(Code::UnencodableValue)),
            ("A={secret:x}\n", "", Ok("A=''\n")),
            ("A=\"$HOST {secret:x}\"\n", "a b", Ok("A=\"$HOST a b\"\n")),
            ("A=\"$HOST {secret:x}\"\n", "a$b", Err(Code::UnencodableValue)),
            ("A=\"h {secret:x}\"\n", "a$b", Ok("A='h a$b'\n")),
            ("A=$HOST/{secret:x}\n", "ab", Ok("A=$HOST/ab\n")),
            ("A=~/{secret:x}\n", "ab", Ok("A=~/ab\n")),
            ("A=~/{secret:x}\n", "a b", Err(Code::UnencodableValue)),
            ("A={secret:x}~\n", "a:", Err(Code::UnencodableValue)),
            ("{secret:x}=1\n", "a b", Err(Code::UnencodableValue)),
            ("{secret:x}=1\n", "AB", Ok("AB=1\n")),
            ("K=\"a\"{secret:x}\"b\"\n", "x;touch pwned #", Err(Code::UnencodableValue)),
            ("K=\"a\\\\\"{secret:x}\n", "x y", Err(Code::UnencodableValue)),
            ("K='a'{secret:x}'b'\n", "x y", Err(Code::UnencodableValue)),
            ("export K=1 B={secret:x}\n", "x y", Err(Code::UnencodableValue)),
            ("K=1; B={secret:x}\n", "x y", Err(Code::UnencodableValue)),
            ("K=#{secret:x}\n", "v", Ok("K='#v'\n")),
        ],
    );
    for (reader, value, expected) in [
        (Reader::Sh, "it's $5\n", Ok("A='it'\\''s $5\n'\n")),
        (Reader::Sh, "'\n#' # B", Ok("A=''\\''\n#'\\'' # B'\n")),
        (Reader::Python, "it's \"\n\\", Ok("A=\"it's \\\"\\n\\\\\"\n")),
        (Reader::Node, "it's\n$5", Ok("A=\"it's\\n$5\"\n")),
        (Reader::Docker, "it's \"$5", Ok("A=it's \"$5\n")),
        (Reader::Docker, "'", Ok("A='\n")),
        (Reader::Docker, "a\nB=1", Err(Code::UnencodableValue)),
    ] {
        let encoding = Encoding { reader: Some(reader), ..Encoding::default() };
        let rendered = rendered_for(Format::Dotenv, "A={secret:x}\n", value, encoding);
        assert_eq!(rendered.as_deref().map_err(|code| *code), expected, "{reader:?} {value:?}");
    }
}

#[test]
fn dotenv_values_are_no_part_of_what_a_reader_runs_or_expands() {
    for (text, value) in [
        ("A=\"$(echo {secret:x})\"\n", "; id"),
        ("A=\"`echo {secret:x}`\"\n", "ab"),
        ("A=\"${B:-$(echo) {secret:x}}\"\n", "a}b"),
        ("A=$(echo {secret:x})\n", "ab"),
        ("A=\"$HOST{secret:x}\"\n", "ab"),
        ("A=\"$HOST{secret:x}b\"\n", ""),
        ("A=$HOST{secret:x}\n", "ab"),
        ("A=\"C:\\{secret:x}\"\n", "new"),
    ] {
        check(Format::Dotenv, &[(text, value, Err(Code::UnencodableValue))]);
    }
    check(
        Format::Dotenv,
        &[
            ("A=\"$(echo) {secret:x}\"\n", "; id", Ok("A=\"$(echo) ; id\"\n")),
            ("A=\"$HOST{secret:x}\"\n", "/b", Ok("A=\"$HOST/b\"\n")),
            ("A=\"\\\\{secret:x}\"\n", "ew", Ok("A=\"\\\\ew\"\n")),
            ("A=\"\\\\{secret:x}\"\n", "new", Err(Code::UnencodableValue)),
        ],
    );
}

#[test]
fn expressions_are_encoded_as_python_first_and_then_for_their_format() {
    check(
        Format::Yaml,
        &[
            ("a: $ secrets.x\n", "K1", Ok("a: $ 'K1'\n")),
            ("a: $ secrets.x\n", "a: b", Ok("a: \"$ 'a: b'\"\n")),
            ("a: $ f'u={secrets.x}'\n", "{it's}\n", Ok("a: $ f'u={{it\\'s}}\\n'\n")),
            ("a: \"$ f'{secrets.x:>6}'\"\n", "K1", Ok("a: \"$ f'{\\\"K1\\\":>6}'\"\n")),
            ("a: '$ ''${secret.x}'''\n", "it's", Ok("a: '$ ''it\\''s'''\n")),
            ("a: $ secrets.get('nope', 'd')\n", "v", Ok("a: $ 'd'\n")),
            ("a: $ secrets.get('x', secrets.nope)\n", "v", Err(Code::UnknownSecret)),
            ("a: |\n  $ [secrets.x,\n     1]\n", "v", Ok("a: |\n  $ ['v',\n     1]\n")),
        ],
    );
}

#[test]
fn a_value_is_never_scanned_again() {
    for value in ["${secret.x}", "{secret:x}", "$ secrets.x", "{{secret:x}}"] {
        let rendered = rendered_for(Format::Json, "[\"{secret:x}${secret.x}\"]", value, Encoding::default());
        assert_eq!(rendered, Ok(format!("[\"{value}{value}\"]")));
    }
}

#[test]
fn urls_are_guarded() {
    check(
        Format::Yaml,
        &[
            ("a: p://u:${secret.x}@h\n", "a/b", Err(Code::UrlWithoutFilter)),
            ("a: p://u:${secret.x}@h\n", "ab", Ok("a: p://u:ab@h\n")),
            ("a: p://u:${secret.x | urlencode}@h\n", "a/b", Ok("a: p://u:a%2Fb@h\n")),
        ],
    );
}

#[test]
fn missing_and_misused_references_are_errors() {
    check(
        Format::Yaml,
        &[
            ("a: ${secret.y}\n", "v", Err(Code::UnknownSecret)),
            ("a: ${secret.y | default('d')}\n", "v", Ok("a: d\n")),
            ("a: ${secret.x | nope}\n", "v", Err(Code::UnknownFilter)),
            ("a: ${secret.x | int}\n", "v", Err(Code::UnencodableValue)),
            ("a: [\n", "v", Ok("a: [\n")),
            ("a: [\n# secret\n", "v", Ok("a: [\n# secret\n")),
            ("a: [\n# ${secret.x}\n", "v", Err(Code::SyntaxError)),
        ],
    );
}
