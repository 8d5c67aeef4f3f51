//! `redeem refs`: every reference, where it stands and what it asks for.

use redeem_host::syntax::Reference;
use redeem_host::{Found, Seen, scan_inputs};
use serde_json::{Value, json};

use super::{config, inputs};
use crate::args::{Global, Refs};
use crate::exit::{Exit, Stop};
use crate::report::{Reporter, print, print_json};

pub(crate) fn run(options: &Refs, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let config = config(global)?;
    let inputs = inputs(&options.paths, &config);
    let (rows, mut problems) = scan_inputs(&inputs.taken, |_, seen| match seen {
        Seen::Live(file) => Some(rows(&file)),
        Seen::Plain(..) => None,
    });
    problems.extend(inputs.problems);
    let rows: Vec<Value> = rows.into_iter().flatten().collect();
    if options.json {
        print_json(&Value::Array(rows))?;
    } else {
        print(table(&rows).as_bytes())?;
    }
    reporter.diagnostics(&problems);
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Found })
}

/// What is told of each reference of a file.
fn rows(file: &Found) -> Vec<Value> {
    let row = |reference: &Reference| {
        let (line, column) = file.source.position(reference.span.start);
        let path = file.scan.strings.get(reference.string).map(|string| string.scalar.path.to_string());
        json!({
            "file": &**file.source.path(),
            "line": line,
            "column": column,
            "start": reference.span.start,
            "end": reference.span.end,
            "dialect": reference.dialect,
            "name": reference.name.secret,
            "key": reference.name.key,
            "filters": reference.filters.iter().map(|filter| filter.name.as_str()).collect::<Vec<_>>(),
            "path": path.filter(|_| reference.is_rendered()),
            "optional": reference.is_optional(),
            "rendered": reference.is_rendered(),
        })
    };
    file.scan.references.iter().map(row).collect()
}

/// `file:line:column  dialect  name`, in columns.
fn table(rows: &[Value]) -> String {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| {
            let place = format!("{}:{}:{}", text(row, "file"), row["line"], row["column"]);
            let key = row["key"].as_str().map_or_else(String::new, |key| format!(".{key}"));
            [place, text(row, "dialect"), format!("{}{key}", text(row, "name"))]
        })
        .collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    cells
        .iter()
        .map(|[place, dialect, name]| format!("{place:first$}  {dialect:second$}  {name}\n"))
        .collect()
}
