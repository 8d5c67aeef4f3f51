//! A folder with one secret a file, as Docker, Kubernetes and systemd put them in place.
//!
//! `NAME` is the file `NAME`; `NAME.KEY` is the file `NAME/KEY`, as a mounted Kubernetes Secret has it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use redeem_core::{Backend, Fetched, Name, Survey};
use redeem_syntax::Code;

use super::{failed, found, here, without_final_break};
use crate::config::{BackendConfig, ConfigError};

/// A secret file larger than this is a mistake: 16 MiB.
const LARGEST: u64 = 16 << 20;

/// The key of a bundle that is just a value.
const VALUE: &str = "value";

/// A folder of secret files as a store of secrets.
pub struct Files {
    name: String,
    folder: PathBuf,
    raw: bool,
}

/// Makes the backend of a `type = "files"` table.
pub(crate) fn open(config: &BackendConfig) -> Result<Box<dyn Backend>, ConfigError> {
    Ok(Box::new(Files::new(&config.name, config.required_path()?, config.raw)))
}

impl Files {
    /// The folder at `folder`. Unless `raw`, one final line break of a file is not part of its value.
    pub fn new(name: &str, folder: PathBuf, raw: bool) -> Self {
        Self { name: name.to_owned(), folder, raw }
    }

    fn one(&self, name: &Name) -> Fetched {
        match self.place(name) {
            Ok(path) => self.read(&path),
            Err(answer) => answer,
        }
    }

    /// The file of a name, or the answer if there is none.
    fn place(&self, name: &Name) -> Result<PathBuf, Fetched> {
        // A name of a dialect cannot leave the folder; one that came another way must not either.
        let parts = [Some(&name.secret), name.key.as_ref()];
        if parts.into_iter().flatten().any(|part| part.starts_with('.') || part.contains(['/', '\0'])) {
            return Err(Fetched::NotHere);
        }
        let path = self.folder.join(&name.secret);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Err(self.check_folder()),
            Err(error) => return Err(self.unreadable(&path, &error)),
        };
        match (&name.key, metadata.is_dir()) {
            (None, false) => Ok(path),
            (Some(key), true) => match fs::metadata(path.join(key)) {
                Err(error) if is_absent(&error) => Err(self.unknown_key(name, key, &keys(&path))),
                _ => Ok(path.join(key)),
            },
            (None, true) => match &keys(&path)[..] {
                [only] if only == VALUE => Ok(path.join(VALUE)),
                keys => Err(failed(
                    &self.name,
                    Code::BundleWithoutKey,
                    format!("`{}` has several keys and the reference names none", name.secret),
                    Some(format!("write `{}.KEY` with one of: {}", name.secret, keys.join(", "))),
                )),
            },
            (Some(key), false) => Err(self.unknown_key(name, key, &[])),
        }
    }

    fn unknown_key(&self, name: &Name, key: &str, keys: &[String]) -> Fetched {
        let help = match keys {
            [] => format!("`{}` is one plain value: leave out `.{key}`", name.secret),
            keys => format!("its keys are: {}", keys.join(", ")),
        };
        failed(&self.name, Code::UnknownKey, format!("`{}` has no key `{key}`", name.secret), Some(help))
    }

    /// A secret is missing only if its folder is there to be looked into.
    fn check_folder(&self) -> Fetched {
        match fs::read_dir(&self.folder) {
            Ok(_) => Fetched::NotHere,
            Err(error) => self.unreadable(&self.folder, &error),
        }
    }

    fn unreadable(&self, path: &Path, error: &io::Error) -> Fetched {
        failed(
            &self.name,
            Code::BackendFailed,
            format!("cannot read {}: {error}", path.display()),
            Some("correct `path` in redeem.toml, or make it readable".to_owned()),
        )
    }

    fn read(&self, path: &Path) -> Fetched {
        let read = || -> io::Result<Option<Vec<u8>>> {
            // A pipe is opened without waiting for its writer, and refused.
            let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
            let file = File::options().read(true).custom_flags(flags).open(path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() || metadata.len() > LARGEST {
                return Ok(None);
            }
            // The room for all of it at once: a vector that grows leaves copies behind.
            let mut value = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
            file.take(LARGEST + 1).read_to_end(&mut value)?;
            Ok(Some(value))
        };
        match read() {
            Ok(Some(value)) => found(if self.raw { value } else { without_final_break(value) }),
            Ok(None) => failed(
                &self.name,
                Code::BackendFailed,
                format!("{} is no regular file of at most 16 MiB", path.display()),
                None,
            ),
            Err(error) => self.unreadable(path, &error),
        }
    }
}

impl Backend for Files {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        names.iter().map(|name| self.one(name)).collect()
    }

    /// Looks for the file and does not read it. A folder that is not here may be where a render runs.
    fn survey(&self, name: &Name) -> Survey {
        if !self.folder.is_dir() {
            return Survey::Perhaps;
        }
        match self.place(name) {
            Ok(_) => here(&self.name),
            Err(Fetched::NotHere) => Survey::NotHere,
            Err(Fetched::Failed(failure)) => Survey::Failed(failure),
            Err(Fetched::Found(_) | Fetched::Described(..)) => Survey::Perhaps,
        }
    }

    fn list(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for secret in keys(&self.folder) {
            let path = self.folder.join(&secret);
            if path.is_dir() {
                names.extend(keys(&path).into_iter().map(|key| format!("{secret}.{key}")));
            } else {
                names.push(secret);
            }
        }
        Some(names)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The names in a folder, sorted. Kubernetes keeps its versions in hidden folders, which are none.
fn keys(folder: &Path) -> Vec<String> {
    let mut keys: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    keys.sort_unstable();
    keys
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
pub(crate) mod tests {
    use super::*;

    /// What every backend has to do, with `plain`, `empty`, `bundle.KEY` and `raw` in it.
    pub(crate) fn contract(backend: &dyn Backend) {
        let names = ["raw", "nope", "plain", "bundle.KEY", "empty", "plain"].map(Name::split);
        let asked: Vec<&Name> = names.iter().collect();
        let fetched = backend.fetch(&asked);
        assert_eq!(fetched.len(), names.len(), "one answer a name, in order");
        let value = |at: usize| match &fetched[at] {
            Fetched::Found(secret) | Fetched::Described(secret, _) => secret.expose().to_vec(),
            other => panic!("{}: {other:?}", names[at]),
        };
        assert_eq!(value(0), b" a\n", "bytes are kept");
        assert!(matches!(fetched[1], Fetched::NotHere), "what is not there is not here, no failure");
        assert_eq!(value(2), b"v1");
        assert_eq!(value(3), b"v2");
        assert_eq!(value(4), b"", "empty is found");
        assert_eq!(value(5), b"v1", "a name may be asked for twice");
        assert!(backend.fetch(&[]).is_empty());
        let told = format!("{fetched:?}");
        assert!(!told.contains("v1") && !told.contains("v2"), "{told}");
        for name in ["..", ".", "a/../plain", "/etc/hostname", "bundle/../plain", "a\0b"] {
            let name = Name { secret: name.to_owned(), key: None };
            let fetched = backend.fetch(&[&name]);
            assert!(matches!(fetched[..], [Fetched::NotHere]), "{name}: {fetched:?}");
        }
        if let Some(names) = backend.list() {
            // The environment lists what the process has, not the table that this test looks things up in.
            let is_listed = names.iter().any(|name| name == "plain");
            assert!(is_listed || backend.name() == "shell", "{names:?}");
        }
    }

    #[test]
    fn a_folder_of_files_keeps_the_contract() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).expect("a file");
        fs::create_dir(folder.path().join("bundle")).expect("a folder");
        for (path, text) in [("plain", "v1\n"), ("empty", ""), ("bundle/KEY", "v2\r\n"), ("raw", " a\n\n")] {
            write(path, text);
        }
        let backend = Files::new("files", folder.path().to_owned(), false);
        contract(&backend);
        fs::create_dir(folder.path().join("one")).expect("a folder");
        write("one/value", "v3");
        write("bundle/OTHER", "x");
        for (name, code) in [
            ("bundle", Some(Code::BundleWithoutKey)),
            ("bundle.NOPE", Some(Code::UnknownKey)),
            ("plain.KEY", Some(Code::UnknownKey)),
            ("one", None),
        ] {
            match (&backend.fetch(&[&Name::split(name)])[..], code) {
                ([Fetched::Failed(failure)], Some(code)) => assert_eq!(failure.code, code, "{name}"),
                ([Fetched::Found(_)], None) => {}
                (other, _) => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_failure_and_not_a_missing_secret() {
        let backend = Files::new("files", "/nonexistent".into(), false);
        assert!(matches!(backend.fetch(&[&Name::split("a")])[..], [Fetched::Failed(_)]));
    }
}
