//! `redeem explain FILE:LINE[:COL]`: what stands at a place, for people and for programs.

use redeem_host::core::Known;
use redeem_host::explain::{Explained, ExplainedUse, Spot, explain};
use redeem_host::inputs::Inputs;
use redeem_host::{Diagnostic, Disk, Judge, LockFile, World};
use serde_json::{Map, Value, json};

use super::target::Target;
use crate::args::Global;
use crate::command::refs::as_json as refs_json;
use crate::command::{config, inputs};
use crate::exit::{Exit, Stop};
use crate::report::{columns, escaped, print, print_json};

/// Says what is at a place. It ends with [`Exit::Found`] where no reference is.
pub(super) fn run(target: &Target, is_json: bool, global: &Global) -> Result<Exit, Stop> {
    let config = config(global)?;
    let world = Disk::open_for_survey(&config, &LockFile::read(&config).lock)?;
    // Where nothing is configured nobody has said what secrets there are.
    let judge = Judge::new(&config, config.has_stores().then_some(&world as &dyn World));
    // Without a redeem.toml nobody has said where a project ends.
    let project = if config.path.is_some() { inputs(&[], &config) } else { Inputs::default() };
    let spot = Spot { file: &target.file, line: target.line, column: target.column };
    let explained = explain(spot, project, &config, &judge).map_err(|error| {
        let message = match &error {
            redeem_host::explain::ExplainError::Unreadable(told) => {
                format!("{}: {error}", told.place().unwrap_or_default())
            }
            _ => error.to_string(),
        };
        let stop = Stop::plain(message);
        match error.help() {
            Some(help) => Stop { message: stop.message.map(|(message, _)| (message, Some(help))), ..stop },
            None => stop,
        }
    })?;
    if is_json {
        print_json(&as_json(&explained, target))?;
    } else {
        print(escaped(&drawn(&explained, target)).as_bytes())?;
    }
    Ok(if explained.references.is_empty() { Exit::Found } else { Exit::Done })
}

fn drawn(explained: &Explained, target: &Target) -> String {
    let mut parts: Vec<String> =
        explained.references.iter().map(|reference| reference_drawn(explained, reference)).collect();
    if parts.is_empty() {
        let column = target.column.map_or_else(String::new, |column| format!(":{column}"));
        let place = format!("{}:{}{column}", explained.file, target.line);
        parts.push(format!("{place}: no reference stands here\n{}", hint(explained, target)));
    }
    let problems: String = explained.problems.iter().map(|told| problem(told, "")).collect();
    if !problems.is_empty() {
        parts.push(problems);
    }
    parts.join("\n")
}

/// Where to look instead.
fn hint(explained: &Explained, target: &Target) -> String {
    let places: Vec<String> = explained
        .nearest
        .iter()
        .map(|(line, column)| format!("{}:{line}:{column}", explained.file))
        .collect();
    match &explained.nearest[..] {
        [] => "this file has no reference\n".to_owned(),
        [(line, _), ..] if *line == target.line => format!("in this line: {}\n", places.join(", ")),
        _ => format!("the nearest one: {}\n", places.join(", ")),
    }
}

fn reference_drawn(explained: &Explained, reference: &ExplainedUse) -> String {
    let one = &reference.one;
    let mut rows: Vec<(&str, String)> = vec![("dialect", one.dialect.to_string())];
    if let Some(path) = &one.path {
        rows.push(("path", path.clone()));
    }
    if !one.filters.is_empty() {
        rows.push(("filters", one.filters.join(" | ")));
    }
    rows.push(("written", reference.written.clone()));
    rows.push(("optional", if one.is_optional { "yes" } else { "no" }.to_owned()));
    rows.push((
        "accepts",
        if one.accepts.is_empty() { "nothing".to_owned() } else { one.accepts.join(", ") },
    ));
    for rule in &reference.rules {
        let at = match &rule.at {
            Some((file, line)) => format!("{file}:{line}"),
            None => "from `target`".to_owned(),
        };
        rows.push(("rule", format!("{at}: {}", rule.says)));
    }
    rows.push(("backend", backend(one.known.as_ref())));
    if let Some(Known::Here(facts)) = &one.known {
        rows.push(("scope", facts.scope.clone()));
        if let Some(expires) = &facts.expires {
            let left = reference.left.map_or_else(String::new, |left| format!(", {}", left_words(left)));
            rows.push(("expires", format!("{}{left}", expires.text)));
        }
        rows.extend(facts.details.iter().map(|(what, text)| (*what, text.clone())));
    }
    let graph = &explained.graph;
    rows.extend(graph.included_by(one).map(|file| ("included by", file.to_string())));
    rows.extend(graph.outputs(one).map(|output| ("output", output.to_string())));
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(what, text)| vec![format!("  {what}"), text]).collect();
    let problems: String = reference.problems.iter().map(|told| problem(told, "  ")).collect();
    format!("{}:{}:{}: {}\n{}{problems}", one.file, one.line, one.column, one.name, columns(&rows))
}

fn backend(known: Option<&Known>) -> String {
    match known {
        Some(Known::Here(facts)) => match &facts.noted {
            Some(noted) => format!("{} ({})", facts.backend, noted.source.path()),
            None => facts.backend.clone(),
        },
        Some(Known::Failed(failure)) => failure.backend.clone(),
        Some(Known::Nowhere) => "none has it".to_owned(),
        Some(Known::Perhaps(backends)) => {
            format!("not known, only `{}` may have it when a render asks", backends.join("`, `"))
        }
        None => "none is configured".to_owned(),
    }
}

/// How long a secret may still be used.
fn left_words(seconds: i64) -> String {
    let days = |seconds: i64| match seconds / 86_400 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    if seconds > 0 { format!("{} left", days(seconds)) } else { format!("expired {} ago", days(-seconds)) }
}

/// `error[code]: message`, with its help.
fn problem(told: &Diagnostic, indent: &str) -> String {
    let help = told.help.as_ref().map_or_else(String::new, |help| format!("{indent}  help: {help}\n"));
    format!("{indent}{}[{}]: {}\n{help}", told.severity, told.code, told.message)
}

fn as_json(explained: &Explained, target: &Target) -> Value {
    let place = |(line, column): &(usize, usize)| json!({ "line": line, "column": column });
    json!({
        "file": &*explained.file,
        "line": target.line,
        "column": target.column,
        "references": explained.references.iter().map(|one| reference_json(explained, one)).collect::<Vec<_>>(),
        "problems": explained.problems.iter().map(problem_json).collect::<Vec<_>>(),
        "nearest": explained.nearest.iter().map(place).collect::<Vec<_>>(),
    })
}

/// What `redeem refs` tells of a reference, and more.
fn reference_json(explained: &Explained, reference: &ExplainedUse) -> Value {
    let mut value = refs_json(&explained.graph, &reference.one);
    let facts = match &reference.one.known {
        Some(Known::Here(facts)) => Some(facts),
        _ => None,
    };
    let noted = facts.and_then(|facts| facts.noted.as_ref()).map(|noted| {
        let (line, column) = noted.source.position(noted.name.start);
        json!({ "file": &**noted.source.path(), "line": line, "column": column })
    });
    let rules = reference.rules.iter().map(|rule| {
        let at = rule.at.as_ref();
        json!({ "says": rule.says, "file": at.map(|(file, _)| &**file), "line": at.map(|(_, line)| line) })
    });
    let details = facts.map(|facts| {
        facts.details.iter().map(|(what, text)| (what.replace(' ', "_"), json!(text))).collect::<Map<_, _>>()
    });
    let more = json!({
        "written": reference.written,
        "rules": rules.collect::<Vec<_>>(),
        "expires": facts.and_then(|facts| facts.expires.as_ref()).map(|expires| &expires.text),
        "days_left": reference.left.map(|left| left.div_euclid(86_400)),
        "noted": noted,
        "details": details,
        "problems": reference.problems.iter().map(problem_json).collect::<Vec<_>>(),
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn problem_json(told: &Diagnostic) -> Value {
    let place = told.source.as_ref().zip(told.label.as_ref());
    let place = place.map(|(source, label)| source.position(label.span.start));
    json!({
        "code": told.code.name(),
        "severity": told.severity.to_string(),
        "message": told.message,
        "line": place.map(|(line, _)| line),
        "column": place.map(|(_, column)| column),
        "help": told.help,
    })
}
