//! `redeem refs`: every reference, where it stands and what it asks for; who uses a secret, and which none uses.

use std::collections::BTreeSet;

use redeem_host::graph::{Graph, Standing, Unused, Use};
use redeem_host::{Config, Disk, Judge, Lock, LockFile, Name, World};
use serde_json::{Value, json};

use super::{config, counted, inputs};
use crate::args::{Global, Refs, RefsFormat};
use crate::exit::{Exit, Stop};
use crate::report::{Reporter, columns, on_one_line, print, print_json};

mod picture;

use picture::Picture;

pub(crate) fn run(options: &Refs, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let format = if options.json { RefsFormat::Json } else { options.format };
    if options.unused && matches!(format, RefsFormat::Dot | RefsFormat::Mermaid) {
        let help = "leave out `--format`, or say `--format json`";
        return Err(Stop::usage("there is no picture of secrets that nothing uses", help));
    }
    let config = config(global)?;
    // What nobody uses is not locked.
    let lock = if options.unused { Lock::default() } else { LockFile::read(&config).lock };
    let world = Disk::open_for_survey(&config, &lock)?;
    // Where nothing is configured nobody has said what secrets there are.
    let judge = Judge::new(&config, config.has_stores().then_some(&world as &dyn World));
    let mut graph = Graph::of(inputs(&options.paths, &config), &config, &judge);
    let problems = std::mem::take(&mut graph.problems);
    let exit = if options.unused {
        unused(&graph, &config, &judge, format, reporter)?
    } else {
        let wanted: Vec<Name> = options.who_uses.iter().map(|name| Name::split(name)).collect();
        let standings = if wanted.is_empty() { Vec::new() } else { graph.keep_users_of(&wanted, &judge) };
        draw(&graph, format, !wanted.is_empty())?;
        let exit = tell(&wanted, &standings, reporter);
        if !wanted.is_empty() && format == RefsFormat::Human && !graph.uses.is_empty() {
            reporter.note(&summary(&graph));
        }
        exit
    };
    reporter.diagnostics(&problems);
    Ok(if problems.is_empty() { exit } else { Exit::Found })
}

fn draw(graph: &Graph, format: RefsFormat, with_outputs: bool) -> Result<(), Stop> {
    match format {
        RefsFormat::Human => print(table(graph, with_outputs).as_bytes())?,
        RefsFormat::Json => print_json(&graph.uses.iter().map(|one| as_json(graph, one)).collect())?,
        RefsFormat::Dot => print(Picture::of(graph).as_dot().as_bytes())?,
        RefsFormat::Mermaid => print(Picture::of(graph).as_mermaid().as_bytes())?,
    }
    Ok(())
}

/// What is told of each name that was asked about and that no reference uses.
fn tell(wanted: &[Name], standings: &[Standing], reporter: &Reporter) -> Exit {
    let mut exit = Exit::Done;
    for (name, standing) in wanted.iter().zip(standings) {
        match standing {
            Standing::Used => {}
            Standing::Unused => reporter.note(&format!("nothing uses `{name}`")),
            Standing::Unknown { near } => {
                let help = near.as_ref().map(|near| format!("did you mean `{near}`?"));
                let help = help.unwrap_or_else(|| "`redeem refs` lists every reference".to_owned());
                reporter.problem(
                    &format!("no reference uses `{name}`, and no store is known to have it"),
                    Some(&help),
                );
                exit = Exit::Found;
            }
        }
    }
    exit
}

/// `3 references in 2 files, 2 outputs`
fn summary(graph: &Graph) -> String {
    let files: BTreeSet<&str> = graph.uses.iter().map(|one| &*one.file).collect();
    let outputs: BTreeSet<&str> =
        graph.uses.iter().flat_map(|one| graph.outputs(one)).map(|output| &**output).collect();
    format!(
        "{} in {}, {}",
        counted(graph.uses.len(), "reference"),
        counted(files.len(), "file"),
        counted(outputs.len(), "output")
    )
}

/// What is told of a reference.
pub(crate) fn as_json(graph: &Graph, one: &Use) -> Value {
    json!({
        "file": &*one.file,
        "line": one.line,
        "column": one.column,
        "start": one.span.start,
        "end": one.span.end,
        "dialect": one.dialect,
        "name": one.name.secret,
        "key": one.name.key,
        "filters": one.filters,
        "path": one.path,
        "optional": one.is_optional,
        "rendered": one.is_rendered,
        "backend": one.backend(),
        "scope": one.scope(),
        "accepts": one.accepts,
        "included_by": graph.included_by(one).map(|file| &**file).collect::<Vec<_>>(),
        "outputs": graph.outputs(one).map(|output| &**output).collect::<Vec<_>>(),
    })
}

/// `file:line:column  dialect  name`, and the scope where one is not global, in columns.
fn table(graph: &Graph, with_outputs: bool) -> String {
    let is_special = |one: &Use| one.scope().is_some_and(|scope| scope != redeem_host::core::GLOBAL);
    let with_scopes = graph.uses.iter().any(is_special);
    let row = |one: &Use| {
        let place = format!("{}:{}:{}", one.file, one.line, one.column);
        let mut row = vec![place, one.dialect.to_string(), one.name.to_string()];
        if with_scopes {
            row.push(one.scope().unwrap_or_default().to_owned());
        }
        if with_outputs {
            let outputs: Vec<&str> = graph.outputs(one).map(|output| &**output).collect();
            row.push(if outputs.is_empty() { String::new() } else { format!("-> {}", outputs.join(", ")) });
        }
        row
    };
    columns(&graph.uses.iter().map(row).collect::<Vec<_>>())
}

/// Lists what no file refers to.
fn unused(
    graph: &Graph,
    config: &Config,
    judge: &Judge<'_>,
    format: RefsFormat,
    reporter: &Reporter,
) -> Result<Exit, Stop> {
    let stores = graph.unused(config, judge);
    if format == RefsFormat::Json {
        let as_json = |one: &Unused| {
            let place = one
                .noted
                .as_ref()
                .map(|(file, line, column)| json!({ "file": &**file, "line": line, "column": column }));
            json!({ "name": one.name, "backend": one.backend, "place": place })
        };
        print_json(&stores.unused.iter().map(as_json).collect())?;
    } else {
        let names: BTreeSet<&str> = stores.unused.iter().map(|one| &*one.name).collect();
        let lines: String = names.into_iter().map(|name| format!("{}\n", on_one_line(name))).collect();
        print(lines.as_bytes())?;
    }
    if stores.listed == 0 && stores.problems.is_empty() {
        reporter
            .note("no store is configured that could be listed: a vault, a SOPS file, a folder, a .env file");
    }
    reporter.diagnostics(&stores.problems);
    Ok(if stores.problems.is_empty() { Exit::Done } else { Exit::Backend })
}
