//! A set that is larger than what is kept in memory: its files are read again once their secrets are known.

#![expect(clippy::disallowed_methods, reason = "tests put files in place")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use redeem_host::inputs::{Selection, walk};
use redeem_host::write::Outputs;
use redeem_host::{Backend, Config, Fetched, Judge, Name, Rendering, Run, Secret, Target, World};

/// A store that knows every secret, notes what it was asked for, and does something meanwhile.
struct Store<F>(Mutex<Vec<String>>, F);

impl<F: Fn() + Send + Sync> Backend for Store<F> {
    fn name(&self) -> &'static str {
        "store"
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        let mut asked = self.0.lock().expect("no panic");
        asked.push(names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        (self.1)();
        names.iter().map(|name| Fetched::Found(Secret::from(&*format!("<{name}>")))).collect()
    }
}

struct One(Vec<Box<dyn Backend>>);

impl World for One {
    fn backends(&self) -> &[Box<dyn Backend>] {
        &self.0
    }
}

/// Renders a folder of a file that fills what is kept and a small one; `meanwhile` gets the small one's path.
fn render(folder: &Path, meanwhile: impl Fn(&Path) + Send + Sync + 'static) -> Rendering {
    let source = folder.join("in");
    fs::create_dir(&source).expect("a folder");
    let large =
        format!("{}{{secret:large}}\n", "a line of text without any reference in it\n".repeat(1 << 20));
    fs::write(source.join("a.conf"), large).expect("a file");
    let small: PathBuf = source.join("b.conf");
    fs::write(&small, "is {secret:small}\n").expect("a file");
    // Both are taken by threads in any order; with a second large file one of them is over the limit.
    fs::copy(source.join("a.conf"), source.join("c.conf")).expect("a file");
    let inputs = walk(&source, &Config::default(), Selection::default());
    let world = One(vec![Box::new(Store(Mutex::default(), move || meanwhile(&small)))]);
    let outputs = Outputs::in_folder(&folder.join("out")).expect("a folder");
    let config = Config::default();
    let judge = Judge::new(&config, None);
    let run = Run { inputs: &inputs.taken, world: &world, mode: None, judge: &judge };
    let rendering = run.render(&Target::Write(&outputs));
    if rendering.is_whole() {
        outputs.commit().expect("written");
    }
    rendering
}

#[test]
fn what_was_forgotten_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let rendering = render(folder.path(), |_| {});
    assert!(rendering.is_whole(), "{:?}", rendering.diagnostics);
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).expect("an output");
    assert_eq!(read("b.conf"), "is <small>\n");
    assert!(read("a.conf").ends_with("it\n<large>\n") && read("a.conf") == read("c.conf"));
}

#[test]
fn a_file_that_asks_for_another_name_by_then_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let rendering = render(folder.path(), |small| {
        // Whichever files wait in memory, one of the large ones is read again.
        for name in ["a.conf", "b.conf", "c.conf"] {
            fs::write(small.with_file_name(name), "is {secret:other}\n").expect("a file");
        }
    });
    assert!(!rendering.is_whole());
    let told: Vec<&str> = rendering.diagnostics.iter().map(|diagnostic| &*diagnostic.message).collect();
    assert!(told.contains(&"this file changed while its secrets were fetched"), "{told:?}");
    assert!(!folder.path().join("out").exists());
}
