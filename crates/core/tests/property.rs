//! Thousands of generated documents, rendered and read by parsers that Redeem does not scan with.
//!
//! `REDEEM_SEED` varies the documents; the same seed gives the same ones.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a shell is one of the judges")]

use redeem_core::Reader;
use redeem_syntax::{Code, Format};

mod generator;
mod judge;

use generator::{Case, Rendering};

/// Renders `count` documents of a format: none may come out wrong, and few may be refused.
fn check(format: Format, count: usize, most_refused: usize) {
    let seed: u64 =
        std::env::var("REDEEM_SEED").map_or(Ok(1), |seed| seed.parse()).expect("REDEEM_SEED is a number");
    let mut tally = judge::Tally::default();
    let mut refused = 0;
    let mut files = Vec::new();
    for index in 0..count as u64 {
        let case = Case::new(format, seed * 1_000_000 + index);
        match case.render() {
            Rendering::Text(text, now) => {
                judge::compare(&case, &text, &now, &mut tally);
                if format == Format::Dotenv && matches!(case.reader, None | Some(Reader::Sh)) {
                    files.push((case, text));
                }
            }
            Rendering::Refused(code, message) => {
                assert!(
                    may_refuse(&case, code, &message),
                    "{code}: {message}\n{}\n{:?}",
                    case.text,
                    case.references
                );
                refused += 1;
            }
        }
    }
    if format == Format::Dotenv {
        judge::sourced(&files);
    }
    assert!(refused * 100 <= count * most_refused, "{refused} of {count} are refused");
    // dotenvy knows fewer escapes than the readers that the promise names.
    let most_skipped = if format == Format::Dotenv { 25 } else { 5 };
    let cases = tally.read + tally.skipped;
    assert!(
        tally.skipped * 100 <= cases * most_skipped,
        "{} of {cases} are not read by a judge",
        tally.skipped
    );
}

/// Renders `count` documents as templates, which are judged by the same measure.
fn check_templates(format: Format, count: usize, most_refused: usize) {
    let seed: u64 =
        std::env::var("REDEEM_SEED").map_or(Ok(1), |seed| seed.parse()).expect("REDEEM_SEED is a number");
    let mut tally = judge::Tally::default();
    let (mut refused, mut rendered) = (0, 0);
    for index in 0..count as u64 {
        let case = Case::new(format, seed * 1_000_000 + index).without_extras();
        let Some(template) = case.template() else { continue };
        match case.render_template(&template) {
            Rendering::Text(text, now) => {
                judge::compare(&case, &text, &now, &mut tally);
                rendered += 1;
            }
            Rendering::Refused(code, message) => {
                assert!(
                    may_refuse(&case, code, &message),
                    "{code}: {message}\n{template}\n{:?}",
                    case.references
                );
                refused += 1;
            }
        }
    }
    assert!(refused * 100 <= count * most_refused, "{refused} of {count} are refused");
    assert!(rendered * 10 >= count * (9 - most_refused / 10), "only {rendered} of {count} are rendered");
}

#[test]
fn templates_of_yaml_are_read_with_the_values_in_place() {
    check_templates(Format::Yaml, 1_500, 2);
}

#[test]
fn templates_of_toml_are_read_with_the_values_in_place() {
    check_templates(Format::Toml, 700, 1);
}

#[test]
fn templates_of_json_are_read_with_the_values_in_place() {
    check_templates(Format::Json, 500, 1);
}

#[test]
fn templates_of_dotenv_are_read_with_the_values_in_place() {
    check_templates(Format::Dotenv, 500, 50);
}

/// Whether a refusal is one that the promise allows.
fn may_refuse(case: &Case, code: Code, message: &str) -> bool {
    let is_hard = |value: &str| value.contains(|c: char| c.is_control() || "'\"\\$`!".contains(c));
    // A key is a string, whatever type is asked for.
    let words = ["twice in one mapping", "longer than 1024", "no spelling of its own"];
    let is_about_key = words.iter().any(|words| message.contains(words));
    code == Code::UnencodableValue
        && match case.format {
            Format::Dotenv => {
                let words = ["needs other quotes", "runs or expands", "with the backslash before it"];
                words.iter().any(|words| message.contains(words))
                    || case.references.iter().any(|(_, value)| is_hard(value))
            }
            Format::Yaml if message.contains("the file ends inside this block") => !case.text.ends_with('\n'),
            // What an alias that is a key says is not looked up.
            Format::Yaml if message.contains("may have that key twice") => {
                case.has_touched_key && case.text.contains('*')
            }
            _ => is_about_key && case.has_touched_key,
        }
}

#[test]
fn yaml_is_read_as_it_was_with_the_values_in_place() {
    check(Format::Yaml, 3_500, 2);
}

#[test]
fn toml_is_read_as_it_was_with_the_values_in_place() {
    check(Format::Toml, 1_200, 1);
}

#[test]
fn json_is_read_as_it_was_with_the_values_in_place() {
    check(Format::Json, 800, 1);
}

#[test]
fn dotenv_is_read_as_it_was_with_the_values_in_place() {
    check(Format::Dotenv, 1_000, 50);
}
