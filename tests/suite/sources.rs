//! Sources of every kind: links, pipes, binaries, other encodings, files that cannot be read.

use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;

use crate::support::{Project, Run};

#[test]
fn links_inside_the_source_stay_links_and_others_are_refused() {
    let project = Project::new(&[("src/a.yaml", "k: ${secret.x}\n"), ("src/d/b.yaml", ""), ("outside", "o")])
        .secret("X", "v");
    symlink("../a.yaml", project.path("src/d/link")).expect("a link");
    symlink("d", project.path("src/folder")).expect("a link");
    project.redeem("render src -o out").exits(0);
    assert_eq!(
        std::fs::read_link(project.path("out/d/link")).expect("a link"),
        std::path::Path::new("../a.yaml")
    );
    assert_eq!(project.read("out/d/link"), "k: v\n", "it leads to the rendered file");
    assert!(project.path("out/folder").is_symlink());
    for target in ["../outside", "/etc/hostname", "d/../../outside"] {
        symlink(target, project.path("src/bad")).expect("a link");
        project
            .redeem("render src -o out2")
            .exits(3)
            .says(&["src/bad: this link leads out of the source folder"]);
        assert!(!project.exists("out2"));
        std::fs::remove_file(project.path("src/bad")).expect("removed");
    }
    symlink("src", project.path("root")).expect("a link");
    project.redeem("render root -o out3").exits(0);
    assert_eq!(project.read("out3/a.yaml"), "k: v\n", "a folder that is named may be a link");
}

#[test]
fn pipes_and_devices_are_refused_in_a_folder_and_read_when_named() {
    let project = Project::new(&[("src/a.yaml", "k: 1\n")]).secret("X", "v");
    let fifo = project.path("src/pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
    project.redeem("render src -o out").exits(3).says(&["src/pipe: this is no regular file"]);
    let writer = std::thread::spawn(move || std::fs::write(fifo, "k: ${secret.x}\n"));
    assert_eq!(project.redeem("render src/pipe --as yaml").exits(0).stdout, "k: v\n");
    writer.join().expect("the writer").expect("written");
}

#[test]
fn binaries_are_copied_and_other_encodings_refused_by_name() {
    let utf16: Vec<u8> = "k: ${secret.x}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, Option<&str>); 6] = [
        ("binary.conf", b"\x89\0{secret:x}".to_vec(), None),
        ("latin.conf", b"caf\xe9".to_vec(), None),
        ("latin-secret.conf", b"caf\xe9 {secret:x}".to_vec(), Some("not UTF-8: byte 3")),
        ("marked.yaml", [&b"\xff\xfe"[..], &utf16].concat(), Some("this file is UTF-16")),
        ("unmarked.yaml", utf16, Some("looks like UTF-16")),
        ("logo.png", b"\xff\xfe{secret:x}".to_vec(), None),
    ];
    for (name, bytes, refusal) in cases {
        let project = Project::new(&[]).secret("X", "v");
        project.write(&format!("src/{name}"), &bytes);
        let run = project.redeem("render src -o out");
        if let Some(words) = refusal {
            run.exits(3).says(&[words, name]);
        } else {
            run.exits(0);
            assert_eq!(
                std::fs::read(project.path(&format!("out/{name}"))).expect("an output"),
                bytes,
                "{name}"
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let project = Project::new(&[("src/a.yaml", "k: 1\n"), ("src/b.txt", "t")]);
    project.chmod("src/a.yaml", 0o000);
    let mut command = project.command("render src -o out");
    if rustix::process::geteuid().is_root() {
        // Nothing is closed to root, so the run is somebody else's.
        for path in ["", "src"] {
            project.chmod(path, 0o777);
        }
        command.uid(65534).gid(65534);
    }
    Run::of(command.output().expect("a run"))
        .exits(3)
        .says(&["src/a.yaml: cannot be read", "nothing was written"]);
    assert!(!project.exists("out"));
}

#[test]
fn case_19_line_ends_marks_and_tabs_are_kept() {
    for text in [
        "\u{feff}k: 'a'\r\nl: ${secret.x}\r\n",
        "k: 1\r\nl: ${secret.x}",
        "k:\t${secret.x}\t# c\n",
        "\n\n\nk: ${secret.x}\n\n\n",
        "--- # a\nk: ${secret.x}\n...\n# end",
    ] {
        let project = Project::new(&[("a.yaml", text)]).secret("X", "v");
        assert_eq!(project.redeem("render a.yaml").exits(0).stdout, text.replace("${secret.x}", "v"));
    }
}
