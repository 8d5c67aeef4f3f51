//! What a set of outputs does to a folder, seen from inside one process.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests, which say what they skip")]
#![expect(clippy::disallowed_methods, reason = "tests put files in place")]

use std::{
    fs::{self, File},
    io::Write,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use redeem_host::write::{Durability, ModeRule, Outputs, Prepared, Summary, WriteError};
use tempfile::TempDir;

const PLAIN: ModeRule = ModeRule { source: None, explicit: None };

fn begin(root: &Path) -> Outputs {
    Outputs::in_folder(root).unwrap()
}

/// Writes one output as a set of its own.
fn write(root: &Path, rel: &str, content: &str, mode: ModeRule) -> Result<Prepared, WriteError> {
    let outputs = Outputs::in_folder(root)?;
    let prepared = outputs.prepare(rel.as_ref(), content.as_bytes(), mode)?;
    outputs.commit()?;
    Ok(prepared)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// Every path below a folder, sorted, folders with a slash.
fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let is_folder = path.symlink_metadata().unwrap().is_dir();
            let rel = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push(if is_folder { format!("{rel}/") } else { rel.to_owned() });
            if is_folder {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_new_folder_comes_whole_and_private() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("build/config");
    let outputs = begin(&root);
    outputs.prepare("a.yaml".as_ref(), b"a", PLAIN).unwrap();
    outputs.prepare("x/y/b.yaml".as_ref(), b"b", ModeRule { source: Some(0o755), explicit: None }).unwrap();
    assert!(!dir.path().join("build").exists());
    let summary = outputs.commit().unwrap();
    assert_eq!(summary, Summary { written: 2, modes_only: 0, unchanged: 0 });
    assert_eq!(
        tree(dir.path()),
        [
            "build/",
            "build/config/",
            "build/config/a.yaml",
            "build/config/x/",
            "build/config/x/y/",
            "build/config/x/y/b.yaml"
        ]
    );
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(&root.join("x/y")), 0o700);
    assert_eq!(mode(&root.join("a.yaml")), 0o600);
    assert_eq!(mode(&root.join("x/y/b.yaml")), 0o700);
}

#[test]
fn an_empty_set_makes_its_root() {
    let dir = TempDir::new().unwrap();
    begin(&dir.path().join("a/b")).commit().unwrap();
    assert_eq!(tree(dir.path()), ["a/", "a/b/"]);
}

#[test]
fn a_set_that_is_dropped_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), "old", "old", PLAIN).unwrap();
    let outputs = begin(dir.path());
    for rel in ["old", "new", "p/new", "p/q/r/s/new", "p/q/t/new"] {
        outputs.prepare(rel.as_ref(), b"new", PLAIN).unwrap();
    }
    outputs.prepare_symlink("p/link".as_ref(), "new".as_ref()).unwrap();
    assert!(tree(dir.path()).len() > 5);
    drop(outputs);
    assert_eq!(tree(dir.path()), ["old"]);
    assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"old");
}

#[test]
fn case_01_an_output_that_is_a_link_is_replaced_and_its_target_untouched() {
    let dir = TempDir::new().unwrap();
    let (root, target) = (dir.path().join("out"), dir.path().join("passwd"));
    fs::create_dir(&root).unwrap();
    fs::write(&target, "target").unwrap();
    symlink(&target, root.join("a")).unwrap();
    write(&root, "a", "new", PLAIN).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"target");
    assert!(root.join("a").symlink_metadata().unwrap().is_file());
}

#[test]
fn case_02_a_folder_that_is_a_link_is_refused() {
    let dir = TempDir::new().unwrap();
    let (root, outside) = (dir.path().join("out"), dir.path().join("outside"));
    fs::create_dir_all(root.join("real")).unwrap();
    fs::create_dir(&outside).unwrap();
    symlink(&outside, root.join("real/link")).unwrap();
    for rel in ["real/link/a", "real/link/deep/a"] {
        let error = write(&root, rel, "new", PLAIN).unwrap_err();
        assert!(
            matches!(&error, WriteError::NotAFolder { kind: "symbolic link", path } if path.ends_with("real/link")),
            "{error}"
        );
    }
    symlink("nowhere", dir.path().join("dangling")).unwrap();
    write(&dir.path().join("dangling"), "a", "new", PLAIN).unwrap_err();
    assert_eq!(tree(dir.path()), ["dangling", "out/", "out/real/", "out/real/link", "outside/"]);
}

#[test]
fn case_02_a_folder_swapped_for_a_link_leads_nowhere() {
    let dir = TempDir::new().unwrap();
    let (root, outside) = (dir.path().join("out"), dir.path().join("outside"));
    fs::create_dir_all(root.join("p")).unwrap();
    fs::create_dir(&outside).unwrap();
    symlink(&outside, dir.path().join("trap")).unwrap();
    let stop = AtomicBool::new(false);
    let (mut written, mut refused) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let (cwd, exchange) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
                rustix::fs::renameat_with(cwd, root.join("p"), cwd, dir.path().join("trap"), exchange)
                    .unwrap();
                thread::yield_now();
            }
        });
        for number in 0..10_000 {
            let attempt = || {
                let outputs = Outputs::in_folder(&root)?.durability(Durability::None);
                outputs.prepare(
                    format!("p/{}", number % 10).as_ref(),
                    format!("{number}").as_bytes(),
                    PLAIN,
                )?;
                outputs.commit()
            };
            match attempt() {
                Ok(_) => written += 1,
                Err(
                    WriteError::NotAFolder { .. } | WriteError::System { .. } | WriteError::Partly { .. },
                ) => refused += 1,
                Err(other) => {
                    stop.store(true, Ordering::Relaxed);
                    panic!("{other}");
                }
            }
            if outside.read_dir().unwrap().next().is_some() {
                stop.store(true, Ordering::Relaxed);
                panic!("written outside at try {number}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(written > 0 && refused > 0, "the race was none: {written} written, {refused} refused");
}

#[test]
fn case_03_names_that_leave_the_folder_are_refused() {
    let dir = TempDir::new().unwrap();
    let outputs = begin(dir.path());
    let reserved = format!(".redeem-{}.tmp/a", "0123456789abcdef".repeat(2));
    for bad in ["", "/etc/passwd", "../a", "a/../../b", "a/..", "a/", "a/.", ".", "..", "a\0b", &reserved] {
        let error = outputs.prepare(bad.as_ref(), b"", PLAIN).unwrap_err();
        assert!(matches!(error, WriteError::Name { .. }), "{bad:?}: {error}");
    }
    for good in ["%2e%2e", "a ", "...", "-", "./b", "c//d"] {
        outputs.prepare(good.as_ref(), b"", PLAIN).unwrap();
    }
    outputs.commit().unwrap();
    assert_eq!(tree(dir.path()), ["%2e%2e", "-", "...", "a ", "b", "c/", "c/d"]);
    for bad in ["out/", "..", "/", ""] {
        assert!(Outputs::beside(bad.as_ref()).is_err(), "{bad:?}");
    }
}

#[test]
fn case_04_another_hard_link_keeps_the_old_content() {
    let dir = TempDir::new().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    fs::write(&one, "old").unwrap();
    fs::hard_link(&one, &other).unwrap();
    write(dir.path(), "one", "new", PLAIN).unwrap();
    assert_eq!((fs::read(&one).unwrap(), fs::read(&other).unwrap()), (b"new".to_vec(), b"old".to_vec()));
    // The same content with a wider mode: the mode of the other link is not ours to change.
    fs::remove_file(&other).unwrap();
    set_mode(&one, 0o644);
    fs::hard_link(&one, &other).unwrap();
    assert_eq!(write(dir.path(), "one", "new", PLAIN).unwrap(), Prepared::Written);
    assert_eq!((mode(&one), mode(&other)), (0o600, 0o644));
}

#[test]
fn case_05_modes() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a");
    // (existing mode, source, explicit, new content) -> mode
    let table = [
        (None, None, None, 0o600),
        (None, Some(0o644), None, 0o600),
        (None, Some(0o4755), None, 0o700),
        (None, Some(0o400), None, 0o400),
        (None, Some(0o600), Some(0o640), 0o640),
        (None, Some(0o600), Some(0o7777), 0o777),
        (Some(0o644), Some(0o755), None, 0o600),
        (Some(0o400), Some(0o644), None, 0o400),
        (Some(0o755), Some(0o755), None, 0o700),
        (Some(0o600), Some(0o755), None, 0o600),
        (Some(0o600), None, Some(0o644), 0o644),
        (Some(0o666), None, Some(0o600), 0o600),
    ];
    for (existing, source, explicit, expected) in table {
        for content in ["new", "old"] {
            let _ = fs::remove_file(&file);
            if let Some(existing) = existing {
                fs::write(&file, "old").unwrap();
                set_mode(&file, existing);
            }
            let before = fs::metadata(&file).ok();
            let prepared = write(dir.path(), "a", content, ModeRule { source, explicit }).unwrap();
            assert_eq!(mode(&file), expected, "{existing:?} {source:?} {explicit:?} {content}");
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
            let expected = match existing {
                Some(_) if content == "new" => Prepared::Written,
                Some(existing) if existing == expected => Prepared::Unchanged,
                Some(_) => Prepared::ModeOnly,
                None => Prepared::Written,
            };
            assert_eq!(prepared, expected);
            if expected != Prepared::Written {
                assert_eq!(fs::metadata(&file).unwrap().ino(), before.unwrap().ino());
            }
        }
    }
}

#[test]
fn unchanged_content_keeps_its_time() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a");
    write(dir.path(), "a", "same", PLAIN).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
    set_mode(&file, 0o666);
    assert_eq!(write(dir.path(), "a", "same", PLAIN).unwrap(), Prepared::ModeOnly);
    assert_eq!(write(dir.path(), "a", "same", PLAIN).unwrap(), Prepared::Unchanged);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
    for other in ["sam", "samE", "same\n", ""] {
        assert_eq!(write(dir.path(), "a", other, PLAIN).unwrap(), Prepared::Written);
        assert_eq!(fs::read_to_string(&file).unwrap(), other);
    }
}

#[test]
fn modes_change_only_with_the_set() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a");
    fs::write(&file, "same").unwrap();
    set_mode(&file, 0o644);
    let outputs = begin(dir.path());
    assert_eq!(outputs.prepare("a".as_ref(), b"same", PLAIN).unwrap(), Prepared::ModeOnly);
    drop(outputs);
    assert_eq!(mode(&file), 0o644);
}

#[test]
fn case_05_the_owner_is_kept_but_where_anybody_could_have_made_the_file() {
    if !is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a");
    for (folder_mode, uid, gid) in [(0o755, 1234, 2345), (0o1777, 0, 0)] {
        fs::write(&file, "old").unwrap();
        chown(&file, Some(1234), Some(2345)).unwrap();
        set_mode(dir.path(), folder_mode);
        write(dir.path(), "a", "new", PLAIN).unwrap();
        let facts = fs::metadata(&file).unwrap();
        assert_eq!((facts.uid(), facts.gid(), mode(&file)), (uid, gid, 0o600));
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn case_12_what_is_no_file_stays() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("fifo"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    let _listener = UnixListener::bind(dir.path().join("socket")).unwrap();
    let mut kinds = vec![("folder", "folder"), ("fifo", "FIFO"), ("socket", "socket")];
    if is_root() {
        let null = rustix::fs::makedev(1, 3);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            dir.path().join("device"),
            rustix::fs::FileType::CharacterDevice,
            0o600.into(),
            null,
        )
        .unwrap();
        kinds.push(("device", "device"));
    }
    let before = tree(dir.path());
    for (name, expected) in kinds {
        let outputs = begin(dir.path());
        outputs.prepare("other".as_ref(), b"new", PLAIN).unwrap();
        let error = outputs.prepare(name.as_ref(), b"new", PLAIN).unwrap_err();
        assert!(matches!(error, WriteError::NotAFile { kind, .. } if kind == expected), "{error}");
        drop(outputs);
        assert_eq!(tree(dir.path()), before);
    }
    assert!(fs::metadata(dir.path().join("fifo")).unwrap().file_type().is_fifo());
    let error = write(dir.path(), "fifo/a", "new", PLAIN).unwrap_err();
    assert!(matches!(error, WriteError::NotAFolder { kind: "FIFO", .. }), "{error}");
}

#[test]
fn two_outputs_of_one_path_are_refused() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("old")).unwrap();
    for root in [dir.path().to_owned(), dir.path().join("new")] {
        for (one, other) in [
            ("a", "a"),
            ("a", "./a"),
            ("a", "a/b"),
            ("a/b", "a"),
            ("x/y", "x/y"),
            ("old/a", "old//a"),
            ("old/a", "old/a/b"),
            ("old/a/b", "old/a"),
        ] {
            let outputs = begin(&root);
            outputs.prepare(one.as_ref(), b"", PLAIN).unwrap();
            let error = outputs.prepare(other.as_ref(), b"", PLAIN).unwrap_err();
            assert!(
                matches!(error, WriteError::Twice { .. } | WriteError::NotAFolder { .. }),
                "{one} {other}: {error}"
            );
        }
    }
    assert_eq!(tree(dir.path()), ["old/"]);
}

#[test]
fn one_file_beside_its_place() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("app.env");
    for content in ["one", "two"] {
        let (outputs, name) = Outputs::beside(&file).unwrap();
        outputs.prepare(name, content.as_bytes(), PLAIN).unwrap();
        outputs.commit().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
    assert!(Outputs::beside(&dir.path().join("missing/a")).is_err());
    assert_eq!(tree(dir.path()), ["app.env"]);
}

#[test]
fn copies_and_links() {
    let dir = TempDir::new().unwrap();
    let source_path = dir.path().join("source");
    let big: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(&source_path, &big).unwrap();
    let source = File::open(&source_path).unwrap();
    let root = dir.path().join("out");
    for round in 0..3 {
        let outputs = begin(&root);
        let copied = outputs
            .prepare_copy("big".as_ref(), &source, ModeRule { source: Some(0o755), explicit: None })
            .unwrap();
        let linked = outputs.prepare_symlink("link".as_ref(), "big".as_ref()).unwrap();
        outputs.commit().unwrap();
        let expected = if round == 0 { Prepared::Written } else { Prepared::Unchanged };
        assert_eq!((copied, linked), (expected, expected));
        assert_eq!(fs::read(root.join("big")).unwrap(), big);
        assert_eq!(fs::read_link(root.join("link")).unwrap(), Path::new("big"));
    }
    let mut changed = big.clone();
    changed[1_000_000] ^= 1;
    File::options().write(true).open(&source_path).unwrap().write_all(&changed).unwrap();
    let outputs = begin(&root);
    assert_eq!(outputs.prepare_copy("big".as_ref(), &source, PLAIN).unwrap(), Prepared::Written);
    assert_eq!(outputs.prepare_symlink("link".as_ref(), "elsewhere".as_ref()).unwrap(), Prepared::Written);
    outputs.commit().unwrap();
    assert_eq!(fs::read(root.join("big")).unwrap(), changed);
    assert_eq!(fs::read_link(root.join("link")).unwrap(), Path::new("elsewhere"));
    assert_eq!(mode(&root.join("big")), 0o600);
}

#[test]
fn case_11_a_source_that_changes_is_not_copied() {
    // A file of /proc says that it is empty and is not, as one that grows after we looked.
    let Ok(source) = File::open("/proc/self/status") else {
        eprintln!("skipped: no /proc");
        return;
    };
    let dir = TempDir::new().unwrap();
    let outputs = begin(dir.path());
    let error = outputs.prepare_copy("a".as_ref(), &source, PLAIN).unwrap_err();
    assert!(matches!(error, WriteError::Changing { .. }), "{error}");
    assert!(matches!(outputs.commit(), Err(WriteError::Incomplete)));
    assert_eq!(tree(dir.path()), Vec::<String>::new());
}

#[test]
fn case_10_two_writers_that_both_make_the_folder() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    let (one, other) = (begin(&root), begin(&root));
    for (outputs, content) in [(&one, b"one"), (&other, b"two")] {
        for rel in ["a", "x/a", "x/y/a"] {
            outputs.prepare(rel.as_ref(), content, PLAIN).unwrap();
        }
    }
    other.prepare("x/only-other".as_ref(), b"two", PLAIN).unwrap();
    one.prepare("only-one/a".as_ref(), b"one", PLAIN).unwrap();
    other.commit().unwrap();
    one.commit().unwrap();
    assert_eq!(
        tree(dir.path()),
        [
            "out/",
            "out/a",
            "out/only-one/",
            "out/only-one/a",
            "out/x/",
            "out/x/a",
            "out/x/only-other",
            "out/x/y/",
            "out/x/y/a"
        ]
    );
    assert_eq!(fs::read(root.join("x/y/a")).unwrap(), b"one");
}

#[test]
fn case_10_many_writers_at_once() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    thread::scope(|scope| {
        for writer in 0..4 {
            let root = &root;
            scope.spawn(move || {
                for round in 0..25 {
                    let outputs = begin(root).durability(Durability::None);
                    for number in 0..20 {
                        let content = format!("{writer}-{round}\n").repeat(500);
                        outputs
                            .prepare(format!("d{}/{number}", number % 4).as_ref(), content.as_bytes(), PLAIN)
                            .unwrap();
                    }
                    outputs.commit().unwrap();
                }
            });
        }
    });
    let found = tree(&root);
    assert_eq!(found.len(), 24, "{found:?}");
    for file in found.iter().filter(|name| !name.ends_with('/')) {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert!(text == format!("{}\n", text.lines().next().unwrap()).repeat(500), "{file} is mixed");
    }
}

#[test]
fn several_threads_prepare_one_set() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    for content in ["one", "two"] {
        let outputs = begin(&root);
        thread::scope(|scope| {
            for worker in 0..4 {
                let outputs = &outputs;
                scope.spawn(move || {
                    for number in 0..500 {
                        let rel = format!("{}/{}/{worker}-{number}", number % 7, number % 41);
                        outputs.prepare(rel.as_ref(), content.as_bytes(), PLAIN).unwrap();
                    }
                });
            }
        });
        assert_eq!(outputs.commit().unwrap().written, 2000);
        let files: Vec<_> = tree(&root).into_iter().filter(|name| !name.ends_with('/')).collect();
        assert_eq!(files.len(), 2000);
        assert!(files.iter().all(|file| fs::read_to_string(root.join(file)).unwrap() == content));
    }
}

#[test]
fn depth_is_no_problem() {
    let dir = TempDir::new().unwrap();
    let rel: PathBuf = std::iter::repeat_n("d", 1500).chain(["a"]).collect();
    let outputs = begin(dir.path());
    outputs.prepare(&rel, b"", PLAIN).unwrap();
    drop(outputs);
    assert_eq!(tree(dir.path()), Vec::<String>::new());
    let outputs = begin(dir.path());
    outputs.prepare(&rel, b"", PLAIN).unwrap();
    outputs.commit().unwrap();
    let outputs = begin(dir.path());
    assert_eq!(outputs.prepare(&rel, b"", PLAIN).unwrap(), Prepared::Unchanged);
    assert_eq!(outputs.prepare(&rel.with_file_name("b"), b"", PLAIN).unwrap(), Prepared::Written);
    outputs.commit().unwrap();
    assert!(dir.path().join(rel.with_file_name("b")).exists());
}

#[test]
fn case_09_stale_staging_is_swept_and_live_is_not() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("out");
    fs::create_dir(&root).unwrap();
    let stale = format!(".redeem-{}.tmp", "0123456789abcdef".repeat(2));
    for parent in [dir.path(), &root] {
        fs::create_dir_all(parent.join(&stale).join("t/deep/er")).unwrap();
        fs::write(parent.join(&stale).join("t/deep/secret"), "s3cret").unwrap();
        fs::create_dir(parent.join(".redeem-mine.tmp")).unwrap();
    }
    let live = begin(&root);
    live.prepare("a".as_ref(), b"live", PLAIN).unwrap();
    assert_eq!(tree(dir.path()).len(), 5, "{:?}", tree(dir.path()));
    drop(begin(&root));
    live.commit().unwrap();
    assert_eq!(tree(dir.path()), [".redeem-mine.tmp/", "out/", "out/.redeem-mine.tmp/", "out/a"]);
}

#[test]
fn a_link_in_a_stale_staging_folder_leads_nowhere() {
    let dir = TempDir::new().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a"), "a").unwrap();
    let stale = format!(".redeem-{}.tmp", "ab".repeat(16));
    let other = format!(".redeem-{}.tmp", "cd".repeat(16));
    fs::create_dir_all(dir.path().join("out").join(&stale)).unwrap();
    symlink(&outside, dir.path().join("out").join(&stale).join("link")).unwrap();
    symlink(&outside, dir.path().join("out").join(&other)).unwrap();
    begin(&dir.path().join("out")).commit().unwrap();
    assert_eq!(tree(dir.path()), ["out/", &format!("out/{other}"), "outside/", "outside/a"]);
}

#[test]
fn errors_say_what_and_what_next() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("a")).unwrap();
    let error = write(dir.path(), "a", "s3cret", PLAIN).unwrap_err();
    let text = format!("{error}; {} {error:?}", error.help());
    assert!(text.contains("a is a folder, not a file; remove it, or choose another output"), "{text}");
    assert!(!text.contains("s3cret"));
}
