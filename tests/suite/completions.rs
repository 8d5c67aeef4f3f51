//! `redeem completions`: every shell gets its file, and every option its place in a man page.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::Project;

/// The commands, by the help of the program.
fn commands(project: &Project) -> Vec<String> {
    below(project, "")
}

/// The commands below one, by its help.
fn below(project: &Project, command: &str) -> Vec<String> {
    let help = project.redeem(&format!("{command} --help")).exits(0).stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn each_shell_gets_its_completions() {
    let project = Project::new(&[]);
    let commands = commands(&project);
    assert!(commands.len() >= 8, "{commands:?}");
    for (shell, file) in [
        ("bash", "redeem.bash"),
        ("zsh", "_redeem"),
        ("fish", "redeem.fish"),
        ("elvish", "redeem.elv"),
        ("powershell", "_redeem.ps1"),
    ] {
        let text = project.redeem(&format!("completions {shell}")).exits(0).stdout;
        for word in commands.iter().map(String::as_str).chain(["keep-going"]) {
            assert!(text.contains(word), "{shell} lacks {word}");
        }
        project.redeem(&format!("completions {shell} -o out")).exits(0).says(&["wrote 1 file to out"]);
        assert_eq!(project.read(&format!("out/{file}")), text);
    }
    project.redeem("completions cmd").exits(2);
    project.redeem("completions man").exits(2).says(&["-o DIR"]);
}

#[test]
fn bash_reads_its_completions() {
    let text = Project::new(&[]).redeem("completions bash").exits(0).stdout;
    let mut shell =
        Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash");
    shell.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("bash reads");
    let said = shell.wait_with_output().expect("an end");
    assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn a_man_page_holds_each_option_of_its_command() {
    let project = Project::new(&[]);
    project.redeem("completions man -o man").exits(0);
    let commands = commands(&project);
    let inner = commands.iter().flat_map(|command| {
        below(&project, command).into_iter().map(move |inner| format!("{command} {inner}"))
    });
    let all: Vec<String> = commands.iter().cloned().chain(inner).collect();
    assert!(all.iter().any(|command| command == "secrets create"), "{all:?}");
    assert_eq!(project.tree("man").len(), all.len() + 1);
    for command in &all {
        let name = command.replace(' ', "-");
        let page = project.read(&format!("man/redeem-{name}.1"));
        let plain = page.replace("\\-", "-");
        let help = project.redeem(&format!("{command} --help")).exits(0).stdout;
        let words = help.split(|c: char| c.is_whitespace() || ",.[=".contains(c));
        let options: Vec<&str> = words.filter(|word| word.starts_with("--") && word.len() > 2).collect();
        assert!(options.contains(&"--quiet"), "{options:?}");
        for option in options {
            assert!(plain.contains(option), "redeem-{name}.1 lacks {option}:\n{plain}");
        }
        assert!(plain.contains(&format!("redeem-{name}")), "{plain}");
    }
    let page = project.read("man/redeem.1").replace("\\-", "-");
    for command in &commands {
        assert!(page.contains(&format!("redeem-{command}(1)")), "{page}");
    }
}
