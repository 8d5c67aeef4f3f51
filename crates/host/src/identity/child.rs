//! Programs that identities are asked of: where they are found, what they see, and how long they may take.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Surroundings;

/// How long a program may stay silent. Waiting for a person at our own prompt does not count.
pub(super) const SILENCE: Duration = Duration::from_mins(1);
/// Bytes that a program may say.
pub(super) const MAX_SAID: usize = 1 << 20;

/// The variables that such a program sees, with those of [`PREFIXES`]: what it needs to find itself, the person's
/// language, terminal, session and agents. No key is among them.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TERM",
    "TMPDIR",
    "TZ",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "GPG_TTY",
];
const PREFIXES: &[&str] = &["LC_", "XDG_"];

/// A command for the program at `path`, with the few variables that it may see and nothing to read.
pub(super) fn command(path: &Path, surroundings: &Surroundings) -> Command {
    let mut command = Command::new(path);
    command.env_clear().envs(allowed(surroundings)).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Looks a program up in the folders of `PATH`. Those that are not absolute are passed over: what lies in the current
/// folder may come with somebody else's files.
pub(super) fn find(program: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    let path = surroundings.variable("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|file| is_program(file))
}

/// Runs a command to its end and gives what it wrote.
pub(super) fn output(mut command: Command, silence: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("it does not start: {error}"))?;
    let mut stdout = child.stdout.take().ok_or("it has no output")?;
    let (send, receive) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut said = Zeroizing::new(Vec::with_capacity(4096));
        let read = stdout.by_ref().take(MAX_SAID as u64 + 1).read_to_end(&mut said);
        // Nobody listens any more when it took too long.
        drop(send.send(read.map(|_| said)));
    });
    let said = match receive.recv_timeout(silence) {
        Ok(Ok(said)) if said.len() <= MAX_SAID => said,
        Ok(Ok(_)) => return fail(child, "it writes more than 1 MiB".to_owned()),
        Ok(Err(error)) => return fail(child, format!("what it writes cannot be read: {error}")),
        Err(_) => return fail(child, format!("it did not end within {} seconds", silence.as_secs_f32())),
    };
    match wait(&mut child, silence) {
        Some(status) if status.success() => Ok(said),
        Some(status) => Err(format!("it ended with {status}")),
        None => fail(child, "it closed its output and did not end".to_owned()),
    }
}

/// Waits for a program's end, for a time.
pub(super) fn wait(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if start.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends a program at once.
pub(super) fn end(child: &mut Child) {
    // It may have ended by itself, which is as good.
    drop(child.kill());
    drop(child.wait());
}

fn fail<T>(mut child: Child, why: String) -> Result<T, String> {
    end(&mut child);
    Err(why)
}

fn allowed(surroundings: &Surroundings) -> Vec<(String, OsString)> {
    let is_allowed = |name: &String| {
        VARIABLES.contains(&&**name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let names = surroundings.names().into_iter().filter(is_allowed);
    names.filter_map(|name| Some((name.clone(), surroundings.variable(&name)?))).collect()
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
