//! `redeem explain`: what a problem's code means, with an example; or what stands at a place of a file.

use redeem_host::Code;
use serde_json::{Value, json};

use crate::args::{Explain, Global};
use crate::exit::{Exit, Stop};
use crate::report::{print, print_json};

mod place;
mod target;

use target::Target;

/// The page that is made of the explanations and the fixtures; the examples are taken from it.
const PAGE: &str = include_str!("../../../../docs/diagnostics.md");

pub(crate) fn run(options: &Explain, global: &Global) -> Result<Exit, Stop> {
    let Some(what) = &options.what else {
        if options.json {
            print_json(&Code::ALL.iter().map(|code| as_json(*code)).collect())?;
        } else {
            print(list().as_bytes())?;
        }
        return Ok(Exit::Done);
    };
    let Some(code) = what.to_str().and_then(Code::from_name) else {
        return place::run(&Target::read(what)?, options.json, global);
    };
    if options.json {
        print_json(&as_json(code))?;
    } else {
        print(explained(code).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// One line for each code.
fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
    Code::ALL
        .iter()
        .map(|code| format!("{:width$}  {}\n", code.name(), code.what().trim_end_matches('.')))
        .collect()
}

fn explained(code: Code) -> String {
    let mut text = format!("{code} ({})\n", code.severity());
    for (word, part) in [("What", code.what()), ("Why", code.why()), ("Fix", code.fix())] {
        text.push_str(&format!("\n{word}: {part}\n"));
    }
    if let Some(example) = example(code) {
        text.push_str(&format!("\n{}", as_text(example)));
    }
    text
}

fn as_json(code: Code) -> Value {
    json!({
        "code": code.name(),
        "severity": code.severity().to_string(),
        "what": code.what(),
        "why": code.why(),
        "fix": code.fix(),
        "example": example(code).map(as_text),
    })
}

/// The part of a code's section that stands behind its explanation, as Markdown.
fn example(code: Code) -> Option<&'static str> {
    let heading = format!("\n## `{code}`\n");
    let section = PAGE.split_once(&heading)?.1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    section.split_once("\n**Fix:** ")?.1.split_once("\n\n").map(|(_, example)| example)
}

/// Markdown as people read it in a terminal: what stands in a fence is set in by four blanks.
fn as_text(markdown: &str) -> String {
    let mut is_fenced = false;
    let mut text = String::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if is_fenced && !line.is_empty() {
            text.push_str(&format!("    {line}\n"));
        } else {
            text.push_str(&format!("{}\n", line.replace("**", "")));
        }
    }
    format!("{}\n", text.trim_end())
}
