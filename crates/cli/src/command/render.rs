//! `redeem render`: writes files with the values in place of their references.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redeem_host::config::{Config, Treatment};
use redeem_host::guard::{Guard, guard};
use redeem_host::identity::Identities;
use redeem_host::inputs::{Input, Inputs, Kind, Selection, conflicts, named, only};
use redeem_host::paths::shown;
use redeem_host::write::Outputs;
use redeem_host::{
    Code, Diagnostic, Diffs, Disk, Fakes, FileState, Format, Judge, Rendering, Run, Severity, Target,
    TextInput, World, render_text,
};

use super::{add, counted, set_levels, trusted_config};
use crate::args::{Global, Render};
use crate::exit::{Exit, Stop, told};
use crate::report::{Reporter, on_one_line, print};
use crate::terminal::Asking;

pub(crate) fn run(options: &Render, global: &Global, reporter: &Reporter) -> Result<Exit, Stop> {
    let mut config = trusted_config(global, options.fake)?;
    set_levels(&mut config, &options.levels)?;
    let identities = Arc::new(Identities::of_environment().with_prompt(Arc::new(Asking)));
    let world: Box<dyn World> = if options.fake {
        Box::new(Fakes::new(&config))
    } else {
        let world = Disk::open_with(&config, Arc::clone(&identities))?;
        if config.asks_for_identities() {
            super::vault::warn(&identities, reporter);
        }
        Box::new(world)
    };
    match job(options, &config)? {
        Job::Print(input) => to_stdout(&input, options, &config, world.as_ref(), reporter),
        Job::Write { inputs, output, is_file } => {
            let job = Writing { inputs, output, is_file, options, config: &config };
            job.run(world.as_ref(), reporter)
        }
    }
}

/// What a render has to do.
enum Job {
    /// One text goes to standard output.
    Print(PathBuf),
    /// Files go to a folder, or one to a file.
    Write { inputs: Inputs, output: PathBuf, is_file: bool },
}

fn job(options: &Render, config: &Config) -> Result<Job, Stop> {
    let only = options
        .only
        .as_deref()
        .map(only)
        .transpose()
        .map_err(|error| Stop::usage(error, "see `redeem render --help`"))?;
    let is_folder = |path: &Path| path.is_dir();
    let wanted = options.output.as_ref().filter(|output| *output != Path::new("-"));
    let (paths, output) = match (&options.paths[..], wanted) {
        ([], output) => {
            let source = config.source.clone().ok_or_else(|| {
                Stop::usage(
                    "nothing to render",
                    "name a file or a folder, or set `source` under [render] in redeem.toml",
                )
            })?;
            (vec![source], output.cloned().or_else(|| config.output.clone()))
        }
        ([one], None) if !is_folder(one) => {
            if options.check || options.dry_run || options.diff {
                return Err(Stop::usage("there is no output to compare with", "name it with `-o`"));
            }
            return Ok(Job::Print(one.clone()));
        }
        ([one], None) => (vec![one.clone()], config.output.clone()),
        (several, None) => {
            return Err(Stop::usage(
                format!("{} need a folder to go to", counted(several.len(), "path")),
                "name it with `-o FOLDER`",
            ));
        }
        (paths, Some(output)) => (paths.to_vec(), Some(output.clone())),
    };
    let output = output.ok_or_else(|| {
        Stop::usage(
            "a folder needs a folder to go to",
            "name it with `-o FOLDER`, or set `output` under [render] in redeem.toml",
        )
    })?;
    let mut inputs = Inputs::default();
    let ends_in_slash = output.as_os_str().as_encoded_bytes().ends_with(b"/");
    let is_file = matches!(&paths[..], [one] if !is_folder(one)) && !is_folder(&output) && !ends_in_slash;
    for path in &paths {
        if path == Path::new("-") {
            if !is_file {
                return Err(Stop::usage(
                    "standard input has no name in a folder",
                    "name the file with `-o FILE`",
                ));
            }
            inputs.taken.push(stdin_input(options, config));
        } else {
            let selection =
                Selection { only: only.as_ref(), output: Some(&output), respects_gitignore: false };
            add(&mut inputs, path, config, selection);
        }
    }
    if is_file && let (Some(input), Some(name)) = (inputs.taken.first_mut(), output.file_name()) {
        input.output = PathBuf::from(name);
    }
    if let Some(format) = options.format {
        inputs.taken.iter_mut().for_each(|input| read_as(input, format, config));
    }
    Ok(Job::Write { inputs, output, is_file })
}

fn stdin_input(options: &Render, config: &Config) -> Input {
    let path = PathBuf::from("/dev/stdin");
    let mut live = config.rules.nameless();
    live.format = options.format.unwrap_or_default();
    Input { output: PathBuf::from("stdin"), path, ..Input::at_hand("<stdin>", live) }
}

/// Reads an input as the user says, whatever a rule says of its format.
fn read_as(input: &mut Input, wanted: Format, config: &Config) {
    let Kind::File(treatment) = &mut input.kind else { return };
    if let Treatment::Copy = treatment {
        *treatment = Treatment::Live(config.rules.nameless());
    }
    if let Treatment::Live(live) = treatment {
        live.format = wanted;
    }
}

/// Renders one file, or standard input, to standard output.
fn to_stdout(
    path: &Path,
    options: &Render,
    config: &Config,
    world: &dyn World,
    reporter: &Reporter,
) -> Result<Exit, Stop> {
    let is_stdin = path == Path::new("-");
    if is_stdin && options.format.is_none() {
        return Err(Stop::usage(
            "the format of standard input is not known",
            "say `--as yaml`, `toml`, `json`, `dotenv` or `text`",
        ));
    }
    let mut input = if is_stdin { stdin_input(options, config) } else { named(path, config) };
    if let Some(format) = options.format {
        read_as(&mut input, format, config);
    }
    if !matches!(&input.kind, Kind::File(Treatment::Live(_))) {
        return copy_to_stdout(path);
    }
    let text = if is_stdin {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        TextInput::from_bytes(bytes, "<stdin>")
    } else {
        TextInput::read(path)
    };
    let text = match text {
        Ok(TextInput::Text(text)) => text,
        Ok(TextInput::Opaque(bytes)) => return Ok(print(&bytes).map(|()| Exit::Done)?),
        Err(problem) => {
            reporter.diagnostics(&[*problem]);
            return Ok(Exit::Unrendered);
        }
    };
    let judge = judge(options, config, world);
    let outcome = render_text(&input, &text, world, &judge);
    reporter.diagnostics(&outcome.diagnostics);
    let Some(rendered) = outcome.rendered else {
        return Ok(Exit::of_render(&outcome.diagnostics, false));
    };
    let shows_secrets = !rendered.is_unchanged() && !options.fake;
    if shows_secrets && io::stdout().is_terminal() && !options.reveal {
        return Err(Stop::usage(
            "this would print secrets on the terminal",
            "write to a file with `-o FILE`, or say `--reveal`",
        ));
    }
    print(rendered.text().as_bytes())?;
    Ok(Exit::Done)
}

/// Who says where secrets may stand. With made-up values nobody knows of any secret.
fn judge<'a>(options: &Render, config: &'a Config, world: &'a dyn World) -> Judge<'a> {
    Judge::new(config, (!options.fake).then_some(world))
}

fn copy_to_stdout(path: &Path) -> Result<Exit, Stop> {
    let bytes = std::fs::read(path).map_err(|error| Stop {
        exit: Exit::Unrendered,
        diagnostics: vec![redeem_host::inputs::unreadable_path(path, &error)],
        message: None,
    })?;
    print(&bytes)?;
    Ok(Exit::Done)
}

/// A render to a folder or a file.
struct Writing<'a> {
    inputs: Inputs,
    output: PathBuf,
    is_file: bool,
    options: &'a Render,
    config: &'a Config,
}

impl Writing<'_> {
    fn run(&self, world: &dyn World, reporter: &Reporter) -> Result<Exit, Stop> {
        let folder = if self.is_file { parent(&self.output) } else { self.output.clone() };
        let mut problems = self.inputs.problems.clone();
        problems.extend(conflicts(&self.inputs.taken, &folder));
        if !problems.is_empty() && !self.options.keep_going {
            reporter.diagnostics(&problems);
            reporter.problem("nothing was written", None);
            return Ok(Exit::Unrendered);
        }
        let judge = judge(self.options, self.config, world);
        let run = Run { inputs: &self.inputs.taken, world, mode: self.options.mode, judge: &judge };
        if self.options.check || self.options.dry_run || self.options.diff {
            return self.compare(&run, &folder, problems, reporter);
        }
        if self.is_file && leads_to_no_file(&self.output) {
            return Err(Stop {
                exit: Exit::Unwritten,
                ..Stop::usage(
                    format!(
                        "{} leads to something that is no file, and would be replaced by one",
                        self.output.display()
                    ),
                    "leave out `-o` to write to standard output",
                )
            });
        }
        let outputs =
            if self.is_file { Outputs::beside(&self.output)?.0 } else { Outputs::in_folder(&self.output)? };
        let target = Target::Write(&outputs);
        let (mut rendering, may_go_there) = self.guarded(&folder, &judge, reporter, || run.render(&target));
        rendering.diagnostics.extend(problems);
        let exit = Self::tell(&rendering, reporter);
        let is_good = rendering.is_whole() || self.options.keep_going;
        if !rendering.write_errors.is_empty() || !may_go_there || !is_good {
            drop(outputs);
            reporter.problem("nothing was written", None);
            return Ok(exit);
        }
        let summary = outputs.commit()?;
        let failed = rendering.files.iter().filter(|(_, state)| *state == FileState::Failed).count();
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        reporter.note(&format!(
            "rendered {} to {}{}: {} changed, {} unchanged{failed}",
            counted(rendering.files.len(), "file"),
            shown(&self.output),
            if self.options.fake { " with fake values" } else { "" },
            summary.written + summary.modes_only,
            summary.unchanged,
        ));
        Ok(exit)
    }

    /// Renders, and meanwhile looks whether git or others could get at what is written. Says too whether it may go
    /// there all the same.
    fn guarded(
        &self,
        folder: &Path,
        judge: &Judge<'_>,
        reporter: &Reporter,
        render: impl FnOnce() -> Rendering,
    ) -> (Rendering, bool) {
        // A made-up value may go anywhere.
        if self.options.fake {
            return (render(), true);
        }
        let outputs: Vec<PathBuf> = self.inputs.taken.iter().map(|input| input.output.clone()).collect();
        let (mut rendering, mut guarded) = std::thread::scope(|scope| {
            let guarded = scope.spawn(|| guard(folder, Guard::Outputs(&outputs)));
            (render(), guarded.join().unwrap_or_default())
        });
        if let Some(why) = guarded.unknown {
            reporter.detail(&format!("git cannot tell whether it tracks the outputs: {why}"));
            // Whoever denies such places wants to be sure.
            let levels = self.config.policy.levels();
            if levels.is_denied(Code::OutputTracked) || levels.is_denied(Code::OutputExposed) {
                let message = format!("git cannot tell whether it has the outputs: {why}");
                let told = Diagnostic::new(Code::OutputTracked, message).with_severity(Severity::Error);
                let help = "mend the repository or git, or choose an output outside of it";
                guarded.problems.push(told.in_origin(shown(folder)).with_help(help));
            }
        }
        if !rendering.files.iter().any(|(_, state)| *state == FileState::Changed) {
            return (rendering, true);
        }
        judge.settle(&mut guarded.problems);
        let may_go_there = guarded.problems.iter().all(|problem| problem.severity != Severity::Error);
        rendering.diagnostics.extend(guarded.problems);
        (rendering, may_go_there)
    }

    /// `--check`, `--dry-run` and `--diff`: what a render would change.
    fn compare(
        &self,
        run: &Run<'_>,
        folder: &Path,
        problems: Vec<redeem_host::Diagnostic>,
        reporter: &Reporter,
    ) -> Result<Exit, Stop> {
        let diffs = self.options.diff.then(|| Diffs::new(folder)).transpose()?;
        let diffs = diffs.map(|diffs| diffs.hiding(&self.config.backends, &self.inputs.taken));
        let target = match &diffs {
            Some(diffs) => Target::Diff(diffs),
            None => Target::Compare(folder),
        };
        let levels = self.config.policy.levels();
        // Of a place that is a mere warning a render tells when it writes.
        let is_denied = [Code::OutputTracked, Code::OutputExposed].iter().any(|&code| levels.is_denied(code));
        let mut rendering = if is_denied {
            self.guarded(folder, run.judge, reporter, || run.render(&target)).0
        } else {
            run.render(&target)
        };
        rendering.diagnostics.extend(problems);
        let exit = Self::tell(&rendering, reporter);
        let changed: Vec<&PathBuf> = rendering
            .files
            .iter()
            .filter(|(_, state)| *state == FileState::Changed)
            .map(|(path, _)| path)
            .collect();
        let word = if self.options.check { "stale" } else { "would write" };
        let told = |path: &PathBuf| match diffs.as_ref().and_then(|diffs| diffs.of(path)) {
            Some(lines) => reporter.diff(&lines),
            None => format!("{word} {}\n", shown(&folder.join(path))),
        };
        print(changed.iter().map(|path| told(path)).collect::<String>().as_bytes())?;
        let state = if self.options.check { "stale" } else { "would change" };
        let fake = if self.options.fake { ", with fake values" } else { "" };
        let outputs = counted(rendering.files.len(), "output");
        reporter.note(&format!("{} of {outputs} {state}{fake}", changed.len()));
        Ok(match exit {
            Exit::Done if self.options.check && !changed.is_empty() => Exit::Found,
            exit => exit,
        })
    }

    fn tell(rendering: &Rendering, reporter: &Reporter) -> Exit {
        reporter.diagnostics(&rendering.diagnostics);
        for error in &rendering.write_errors {
            reporter.problem(&told(error), Some(error.help()));
        }
        for (path, state) in &rendering.files {
            let state = format!("{state:?}").to_lowercase();
            reporter.detail(&format!("{state}: {}", on_one_line(&path.to_string_lossy())));
        }
        let errors =
            rendering.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        if errors > 0 {
            let files: std::collections::BTreeSet<_> =
                rendering.diagnostics.iter().filter_map(redeem_host::Diagnostic::place).collect();
            reporter.note(&format!("{} in {}", counted(errors, "error"), counted(files.len(), "file")));
        }
        Exit::of_render(&rendering.diagnostics, !rendering.write_errors.is_empty())
    }
}

/// Whether a path is a link to a device, a pipe or a terminal, as `/dev/stdout` is.
fn leads_to_no_file(path: &Path) -> bool {
    path.is_symlink()
        && (path.starts_with("/dev") || path.metadata().is_ok_and(|metadata| !metadata.is_file()))
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
