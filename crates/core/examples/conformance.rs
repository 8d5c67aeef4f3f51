//! Renders generated documents and prints one JSON line for each: what the judges in `tests/conformance` read.
//!
//! `cargo run --example conformance -- --seed 1 --count 1000 --format yaml`. With `--templates` each document is
//! turned into a template first.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use redeem_syntax::Format;
use serde_json::json;

#[path = "../tests/generator/mod.rs"]
mod generator;

use generator::{Case, Rendering};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Some((format, seed, count)) = read(&arguments) else {
        let _ = writeln!(
            io::stderr(),
            "usage: conformance --format yaml|toml|json|dotenv --seed N --count N [--templates]"
        );
        return ExitCode::from(2);
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let as_templates = arguments.iter().any(|argument| argument == "--templates");
    let written = (0..count)
        .filter_map(|index| line(format, seed * 1_000_000 + index, as_templates))
        .try_for_each(|line| writeln!(out, "{line}"));
    match written.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // A judge that has stopped reading says why itself.
        Err(_) => ExitCode::FAILURE,
    }
}

fn read(arguments: &[String]) -> Option<(Format, u64, u64)> {
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let number = |name: &str| value(name)?.parse().ok();
    Some((Format::from_name(value("--format")?)?, number("--seed")?, number("--count")?))
}

/// One case. `read_before` and `read_after` are what judges read in place of the texts themselves:
/// JSON without comments, a dotenv file with plain words for its references.
///
/// A template has none if the document asks for a type where a template has no way to.
fn line(format: Format, seed: u64, as_template: bool) -> Option<serde_json::Value> {
    let new = || {
        let case = Case::new(format, seed);
        if as_template { case.without_extras() } else { case }
    };
    let case = new();
    let template = if as_template { Some(case.template()?) } else { None };
    let read = if format == Format::Dotenv { case.with_plain_words() } else { new() };
    let told = |(text, value): &(String, String)| {
        let is_typed = read.typed.contains(text);
        json!({ "text": text, "value": value, "typed": is_typed })
    };
    let references: Vec<_> = read.references.iter().map(told).collect();
    let mut line = json!({
        "seed": seed,
        "format": format.name(),
        "styles": case.styles,
        "before": case.text,
        "read_before": if format == Format::Json { case.strict() } else { read.text },
        "references": references,
        "has_touched_key": case.has_touched_key,
        "reader": case.reader.map(|reader| format!("{reader:?}").to_lowercase()),
        "prefix_len": case.touched[0].start,
        "suffix_len": case.text.len() - case.touched.last().map_or(0, |span| span.end),
    });
    let rendering =
        template.as_ref().map_or_else(|| case.render(), |template| case.render_template(template));
    match rendering {
        Rendering::Text(text, now) => {
            if as_template {
                line["template"] = template.into();
                line["read_after"] = text.as_str().into();
            } else if format == Format::Json {
                line["read_after"] = case.strict_rendered(&text, &now).into();
            }
            line["after"] = text.into();
        }
        Rendering::Refused(code, message) => {
            line["refused"] = json!({ "code": code.to_string(), "message": message });
        }
    }
    Some(line)
}
