//! Whatever a file holds: scanning ends, does not panic, and every span is a slice of the text.

use proptest::prelude::*;
use redeem_syntax::{Dialects, Format, Mark, Source, scan};

const FORMATS: [Format; 5] = [Format::Yaml, Format::Toml, Format::Json, Format::Dotenv, Format::Text];

/// Pieces that references, their near misses and the formats' own signs are made of.
const PIECES: &[&str] = &[
    "{secret:",
    "${secret.",
    "$ ",
    "secrets.",
    "secrets['",
    "']",
    "}",
    "}}",
    "{",
    "{{",
    "$",
    "$$",
    "key",
    "a.b",
    " | ",
    "urlencode",
    "default('",
    "')",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "`",
    "\\",
    "\\u0073",
    "\\x7b",
    "\n",
    "\r\n",
    "\t",
    "  ",
    ": ",
    "- ",
    "? ",
    "|",
    "|-\n",
    ">\n",
    "&a ",
    "*a",
    "!t ",
    "#",
    " # redeem: ignore",
    "[",
    "]",
    ",",
    "=",
    "[[t]]\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "export ",
    "ü",
    "😀",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\0",
    "secret_name",
    "f'",
    "SECRET",
    "1",
    "true",
    "//",
    "/*",
    "*/",
];

fn check(text: &str) {
    for format in FORMATS {
        let source = Source::new("x", text, format);
        let found = scan(&source, &Dialects::default());
        for reference in &found.references {
            assert!(
                text.get(reference.span.clone()).is_some_and(|slice| !slice.is_empty()),
                "{format} {text:?}"
            );
            assert!(text.get(reference.name_span.clone()).is_some(), "{format} {text:?}");
        }
        for string in &found.strings {
            let decoded = &string.scalar.decoded;
            assert!(text.get(string.scalar.span.clone()).is_some(), "{format} {text:?}");
            for mark in &string.marks {
                let range = match mark {
                    Mark::Reference(index) => found.references[*index].range.clone(),
                    Mark::Escape(range, _) => range.clone(),
                };
                assert!(decoded.text.get(range.clone()).is_some(), "{format} {text:?}");
                assert!(text.get(decoded.source_span(&range)).is_some(), "{format} {text:?}");
            }
        }
        for diagnostic in &found.diagnostics {
            if let Some(label) = &diagnostic.label {
                assert!(text.get(label.span.clone()).is_some(), "{format} {text:?}: {diagnostic:?}");
            }
            for fix in &diagnostic.fixes {
                assert!(text.get(fix.span.clone()).is_some(), "{format} {text:?}: {diagnostic:?}");
            }
        }
    }
}

/// How many texts are tried: `REDEEM_TEXTS`, or enough for a second.
#[expect(clippy::disallowed_methods, reason = "a test may ask how long it should run")]
fn cases() -> u32 {
    std::env::var("REDEEM_TEXTS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
        check(&pieces.concat());
    }

    #[test]
    fn any_characters(before in "\\PC{0,20}", after in ".{0,40}") {
        check(&format!("{before}{{secret:{after}"));
    }
}

#[test]
fn case_18_depth_and_length_are_bounded() {
    for text in [
        format!("secret: {}", "[".repeat(100_000)),
        format!("secret: {}", "{a: ".repeat(100_000)),
        format!("{}secret", "- ".repeat(100_000)),
        format!("a: $ {}secrets.x", "(".repeat(100_000)),
        format!("a: \"$ {}secrets.x\"", "f'{".repeat(100_000)),
        format!("[\"{}\"]", "{secret:x}".repeat(100_000)),
        format!("a: {}", "${secret.".repeat(100_000)),
        "{secret:".repeat(100_000),
        "&a [*a, *a, secret]".to_owned(),
        format!("k: {}", "&x [*x, ".repeat(50)),
        "\u{feff}|-\nü|-\n{secret:".to_owned(),
    ] {
        check(&text);
    }
    let long = format!("a: '{}{{secret:x}}'", "x".repeat(20_000_000));
    let source = Source::new("x", long, Format::Yaml);
    assert_eq!(scan(&source, &Dialects::default()).references.len(), 1);
}
