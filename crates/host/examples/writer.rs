//! Writes a set of files whose content tells their version; the tests kill it, and the measurements time it.
#![expect(clippy::unwrap_used, reason = "a program for tests")]

use std::{
    error::Error,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use redeem_host::write::{Durability, ModeRule, Outputs, WriteError, abandon};

#[derive(Default)]
struct Options {
    words: Vec<String>,
    threads: usize,
    mode: Option<u32>,
    source: Option<PathBuf>,
    durability: Durability,
    wait: bool,
    abandon_after: Option<Duration>,
}

fn main() -> ExitCode {
    let options = options();
    if let Some(delay) = options.abandon_after {
        thread::spawn(move || {
            thread::sleep(delay);
            abandon();
            std::process::exit(130);
        });
    }
    let Err(error) = run(&options) else { return ExitCode::SUCCESS };
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text = format!("{text}: {next}");
        source = next.source();
    }
    let _ = writeln!(std::io::stderr(), "{text}; {}", error.help());
    ExitCode::from(if matches!(error, WriteError::Partly { .. }) { 7 } else { 6 })
}

/// What `main` reads: `[--threads N] [--mode OCTAL] [--source DIR] … ROOT [FILES VERSION]`.
fn options() -> Options {
    let mut options = Options { threads: 1, ..Options::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--threads" => options.threads = words.next().unwrap().parse().unwrap(),
            "--mode" => options.mode = Some(u32::from_str_radix(&words.next().unwrap(), 8).unwrap()),
            "--source" => options.source = words.next().map(PathBuf::from),
            "--each" => options.durability = Durability::EachFile,
            "--no-sync" => options.durability = Durability::None,
            "--wait" => options.wait = true,
            "--abandon-after" => {
                options.abandon_after = Some(Duration::from_micros(words.next().unwrap().parse().unwrap()));
            }
            _ => options.words.push(word),
        }
    }
    options
}

fn run(options: &Options) -> Result<(), WriteError> {
    let root = Path::new(&options.words[0]);
    let outputs = Outputs::in_folder(root)?.durability(options.durability);
    if let Some(source) = &options.source {
        copy_tree(&outputs, source, options)?;
    } else {
        let (count, version) = (options.words[1].parse().unwrap(), &options.words[2]);
        for number in 0..count {
            let mode = ModeRule { source: Some(0o644), explicit: options.mode };
            outputs.prepare(&name(number), content(version, number).as_bytes(), mode)?;
        }
    }
    if options.wait {
        say("prepared");
        thread::sleep(Duration::from_hours(1));
    }
    let summary = outputs.commit()?;
    say(&format!("{summary:?}"));
    Ok(())
}

/// An output that takes nothing is no failure of the writer: the tests make writes fail.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Two thirds of the files are in folders, some nested.
fn name(number: usize) -> PathBuf {
    match number % 3 {
        0 => format!("file-{number}").into(),
        1 => format!("folder/file-{number}").into(),
        _ => format!("other/deep-{}/file-{number}", number % 2).into(),
    }
}

fn content(version: &str, number: usize) -> String {
    format!("{version} {number}\n").repeat(100 + 300 * number)
}

fn copy_tree(outputs: &Outputs, source: &Path, options: &Options) -> Result<(), WriteError> {
    let mut files = Vec::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let work = || -> Result<(), WriteError> {
            loop {
                // Neighbours go to one thread, since they share a folder.
                let start = next.fetch_add(32, Ordering::Relaxed);
                if start >= files.len() {
                    return Ok(());
                }
                for file in &files[start..files.len().min(start + 32)] {
                    let content = std::fs::read(file).unwrap();
                    let mode = file.metadata().unwrap().permissions().mode();
                    let mode = ModeRule { source: Some(mode), explicit: options.mode };
                    outputs.prepare(file.strip_prefix(source).unwrap(), &content, mode)?;
                }
            }
        };
        let threads: Vec<_> = (0..options.threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|one| one.join().unwrap())
    })
}
