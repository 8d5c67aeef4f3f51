//! The user's editor, told to keep no copies of what it edits.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// An editor, as `$VISUAL` or `$EDITOR` name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    /// The program and the arguments that come before the file.
    words: Vec<String>,
    /// Whether the words are one text for the shell.
    is_for_shell: bool,
}

/// What editors are told, by their program's name: no swap, backup, undo, lock or history file.
const OPTIONS: &[(&[&str], &[&str])] = &[
    (&["vim", "nvim", "vi", "gvim", "mvim", "vimx", "rvim"], VIM),
    (&["emacs", "emacs-nox", "emacs-gtk", "emacs-lucid", "emacs-pgtk"], EMACS),
    (&["nano", "rnano", "pico"], &["--ignorercfiles"]),
    (
        &["micro"],
        &["-backup", "false", "-saveundo", "false", "-savecursor", "false", "-savehistory", "false"],
    ),
    (&["kak"], &["-n"]),
];

/// `-n`: no swap file; `-i NONE`: no history in viminfo or shada. What a vimrc turns on is turned off behind it.
const VIM: &[&str] = &[
    "-n",
    "-i",
    "NONE",
    "--cmd",
    "set nobackup nowritebackup noundofile noswapfile",
    "-c",
    "set nobackup nowritebackup noundofile noswapfile",
];

const EMACS: &[&str] =
    &["--eval", "(setq make-backup-files nil auto-save-default nil create-lockfiles nil backup-inhibited t)"];

/// Variables that an editor has no business with.
const WITHHELD: &[&str] = &[
    "REDEEM_IDENTITY",
    "REDEEM_IDENTITY_FILE",
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE",
    "SOPS_AGE_KEY_CMD",
    "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
];

impl Editor {
    /// The editor that the user has chosen; where there is a terminal for it, else one that is installed.
    pub fn of_environment() -> Option<Self> {
        let set = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        if let Some(text) = set("VISUAL").or_else(|| set("EDITOR")) {
            return Some(Self::new(&text));
        }
        let has_terminal =
            std::io::IsTerminal::is_terminal(&std::io::stdin()) || std::fs::File::open("/dev/tty").is_ok();
        let usual: &[&str] = if has_terminal { &["editor", "vi", "nano"] } else { &[] };
        usual.iter().copied().find(|name| program(name).is_some()).map(Self::new)
    }

    /// The editor of a text such as `code --wait`; one with a shell's signs is left to the shell.
    pub fn new(text: &str) -> Self {
        let is_for_shell = text.contains(['"', '\'', '\\', '$', '`', ';', '&', '|', '<', '>', '(', '*', '~']);
        if is_for_shell {
            return Self { words: vec![text.to_owned()], is_for_shell };
        }
        Self { words: text.split_whitespace().map(str::to_owned).collect(), is_for_shell }
    }

    /// What it is called, for messages.
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Opens `file` and waits until the editor has ended.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn open(&self, file: &Path) -> io::Result<ExitStatus> {
        self.command(file).status()
    }

    fn command(&self, file: &Path) -> Command {
        let mut command = if self.is_for_shell {
            let mut shell = Command::new("/bin/sh");
            // As git does: the text is code, and the file is its argument.
            shell.arg("-c").arg(format!("{} \"$@\"", self.name())).arg(self.name());
            shell
        } else {
            let mut command = Command::new(self.name());
            command.args(&self.words[1..]).args(self.options());
            command
        };
        command.arg(file);
        WITHHELD.iter().for_each(|name| {
            command.env_remove(name);
        });
        // What was piped in is not what the editor is to read.
        if !std::io::IsTerminal::is_terminal(&std::io::stdin())
            && let Ok(terminal) = std::fs::File::open("/dev/tty")
        {
            command.stdin(Stdio::from(terminal));
        }
        command
    }

    /// The options that keep it from writing copies; none if it is not known.
    fn options(&self) -> &'static [&'static str] {
        let own = Path::new(self.name()).file_name().map(OsString::from).unwrap_or_default();
        // `editor` and `vi` are links to what there is.
        let real = program(self.name()).and_then(|path| path.canonicalize().ok());
        let real = real.and_then(|path| Some(path.file_name()?.to_owned()));
        let of = |name: &OsString| {
            let name = name.to_string_lossy();
            let name = name.split('.').next().unwrap_or_default();
            let is_known = |names: &&[&str]| names.contains(&name);
            OPTIONS.iter().find(|(names, _)| is_known(names)).map(|(_, options)| *options)
        };
        match real {
            // busybox has a vi that takes no such options, and writes no such files.
            Some(real) if real.to_string_lossy().starts_with("busybox") => &[],
            Some(real) => of(&real).or_else(|| of(&own)).unwrap_or_default(),
            None => of(&own).unwrap_or_default(),
        }
    }
}

/// Where a program is.
fn program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(editor: &str) -> String {
        let command = Editor::new(editor).command(Path::new("/x/a.yaml"));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn known_editors_are_told_to_keep_no_copies() {
        for (editor, expected) in [
            ("/opt/none/vim -u x", "/opt/none/vim -u x -n -i NONE --cmd"),
            ("/opt/none/nvim", "/opt/none/nvim -n -i NONE"),
            ("/opt/none/emacs -nw", "/opt/none/emacs -nw --eval (setq make-backup-files nil"),
            ("/opt/none/nano", "/opt/none/nano --ignorercfiles /x/a.yaml"),
            ("/opt/none/code --wait", "/opt/none/code --wait /x/a.yaml"),
            ("sh -c 'true'", "/bin/sh -c sh -c 'true' \"$@\" sh -c 'true' /x/a.yaml"),
        ] {
            assert!(line(editor).starts_with(expected), "{editor}: {}", line(editor));
        }
    }
}
