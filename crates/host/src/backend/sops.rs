//! A SOPS file: a name is the path of a value in it, `db.password`, and `hosts.0.password` goes through a list.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use redeem_core::{Backend, Failure, Fetched, Name, Survey};
use redeem_syntax::Code;

use super::{failed, found, here};
use crate::config::{BackendConfig, ConfigError};
use crate::identity::{DataKey, Identities, UnwrapError};
use crate::paths;
use crate::sops::{File, LARGEST_FILE, Plain, Store, Stored, Type};

/// A SOPS file as a store of secrets.
pub struct SopsFile {
    name: String,
    path: PathBuf,
    identities: Arc<Identities>,
    file: OnceLock<Result<Read, Arc<Failure>>>,
    opened: OnceLock<Result<DataKey, Arc<Failure>>>,
}

/// The file without its values.
struct Read {
    file: File,
    /// Each value by its path as a name spells it; several if two paths are spelt alike.
    leaves: HashMap<String, Vec<usize>>,
}

/// Makes the backend of a `type = "sops"` table.
pub(crate) fn open(config: &BackendConfig) -> Result<Box<dyn Backend>, ConfigError> {
    Ok(Box::new(SopsFile::new(&config.name, config.required_path()?, config.identities()?)))
}

impl SopsFile {
    /// The file at `path`, read when it is first asked. Its name says how it is laid out.
    pub fn new(name: &str, path: PathBuf, identities: impl Into<Arc<Identities>>) -> Self {
        let identities = identities.into();
        Self { name: name.to_owned(), path, identities, file: OnceLock::new(), opened: OnceLock::new() }
    }

    fn failure(&self, code: Code, message: String, help: Option<String>) -> Arc<Failure> {
        Arc::new(Failure { code, backend: self.name.clone(), message, help })
    }

    fn file(&self) -> Result<&Read, Arc<Failure>> {
        self.file.get_or_init(|| self.read()).as_ref().map_err(Arc::clone)
    }

    fn read(&self) -> Result<Read, Arc<Failure>> {
        let shown = paths::shown(&self.path);
        let unreadable = |why: String| {
            let help = "correct `path` in redeem.toml, or make the file readable".to_owned();
            self.failure(Code::BackendFailed, format!("cannot read {shown}: {why}"), Some(help))
        };
        let metadata = fs::metadata(&self.path).map_err(|error| unreadable(error.to_string()))?;
        if !metadata.is_file() || metadata.len() > LARGEST_FILE as u64 {
            return Err(unreadable(format!("it is no regular file of at most {} MiB", LARGEST_FILE >> 20)));
        }
        let text = fs::read_to_string(&self.path).map_err(|error| unreadable(error.to_string()))?;
        let file = File::parse(&shown, text, Store::of_file_name(&self.path.to_string_lossy()));
        let file = file.map_err(|error| {
            let code = if error.is_integrity() { Code::Integrity } else { Code::BackendFailed };
            self.failure(code, error.to_string(), error.help().map(str::to_owned))
        })?;
        let mut leaves: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, leaf) in file.leaves().iter().enumerate() {
            // A null is no value: "not here" lets the next backend answer, as it would for a key that is not there.
            if !matches!(leaf.stored, Stored::Null) {
                leaves.entry(leaf.path.to_string()).or_default().push(at);
            }
        }
        Ok(Read { file, leaves })
    }

    /// The data key of the file, whose MAC fits.
    fn key(&self, file: &File) -> Result<&DataKey, Arc<Failure>> {
        let open = || {
            let key = file.data_key(&self.identities).map_err(|error| self.not_opened(file, &error))?;
            file.verify(&key).map_err(|error| {
                self.failure(Code::Integrity, error.to_string(), error.help().map(str::to_owned))
            })?;
            Ok(key)
        };
        self.opened.get_or_init(open).as_ref().map_err(Arc::clone)
    }

    fn not_opened(&self, file: &File, error: &UnwrapError) -> Arc<Failure> {
        let shown = paths::shown(&self.path);
        if error.is_damaged() {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default();
            let help = "restore the file from git".to_owned();
            return self.failure(Code::Integrity, format!("{shown} cannot be decrypted: {why}"), Some(help));
        }
        let others = file.metadata().foreign.iter().map(ToString::to_string);
        let readers: Vec<String> = file.recipients().into_iter().map(str::to_owned).chain(others).collect();
        let tried = match &error.tried()[..] {
            [] => "no identity was found".to_owned(),
            tried => format!("tried: {}", tried.join("; ")),
        };
        let help = match error {
            UnwrapError::Foreign { .. } => format!(
                "it can be read by: {}, none of which Redeem asks; add an age recipient with `sops`",
                readers.join(", ")
            ),
            _ => format!("it can be read by: {}; {tried}", readers.join(", ")),
        };
        let message = format!("{shown} cannot be decrypted with the identities at hand");
        self.failure(Code::UnreadableSecret, message, Some(help))
    }

    fn one(&self, read: &Read, name: &Name) -> Fetched {
        let at = match self.place(read, name) {
            Ok(at) => at,
            Err(answer) => return answer,
        };
        let plain = self.key(&read.file).and_then(|key| {
            let opened = read.file.open(key, &read.file.leaves()[at]);
            opened.map_err(|error| self.failure(Code::Integrity, error.to_string(), None))
        });
        match plain {
            Ok(plain) => found(text(&plain)),
            Err(failure) => Fetched::Failed(failure),
        }
    }

    /// Which of the file's values a name leads to, or the answer if it is none.
    fn place(&self, read: &Read, name: &Name) -> Result<usize, Fetched> {
        let path = name.to_string();
        match read.leaves.get(&path).map(Vec::as_slice) {
            Some(&[at]) => Ok(at),
            Some(_) => Err(failed(
                &self.name,
                Code::BackendFailed,
                format!("`{path}` is the name of several values of {}", paths::shown(&self.path)),
                Some("a key that holds a dot looks like two: rename one of them".to_owned()),
            )),
            None => Err(self.no_value(read, name, &path)),
        }
    }

    /// A name that leads to no value: to several, to none of a map's, or nowhere.
    fn no_value(&self, read: &Read, name: &Name, path: &str) -> Fetched {
        let below = |path: &str| -> BTreeSet<&str> {
            let keys = read.leaves.keys().filter_map(|own| own.strip_prefix(path)?.strip_prefix('.'));
            keys.collect()
        };
        let listed = |keys: &BTreeSet<&str>| keys.iter().copied().collect::<Vec<_>>().join(", ");
        let keys = below(path);
        if !keys.is_empty() {
            return failed(
                &self.name,
                Code::BundleWithoutKey,
                format!("`{path}` has several keys and the reference names none"),
                Some(format!("write `{path}.KEY` with one of: {}", listed(&keys))),
            );
        }
        let keys = below(&name.secret);
        let is_value = read.leaves.contains_key(&name.secret);
        let Some(key) = name.key.as_ref().filter(|_| is_value || !keys.is_empty()) else {
            return Fetched::NotHere;
        };
        let help = if is_value {
            format!("`{}` is one plain value: leave out `.{key}`", name.secret)
        } else {
            match redeem_core::nearest(key, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its keys are: {}", listed(&keys)),
            }
        };
        failed(&self.name, Code::UnknownKey, format!("`{}` has no key `{key}`", name.secret), Some(help))
    }
}

impl Backend for SopsFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch(&self, names: &[&Name]) -> Vec<Fetched> {
        if names.is_empty() {
            return Vec::new();
        }
        match self.file() {
            Ok(read) => names.iter().map(|name| self.one(read, name)).collect(),
            Err(failure) => vec![Fetched::Failed(failure); names.len()],
        }
    }

    fn survey(&self, name: &Name) -> Survey {
        let read = match self.file() {
            Ok(read) => read,
            Err(failure) => return Survey::Failed(failure),
        };
        match self.place(read, name) {
            Ok(_) => here(&self.name),
            Err(Fetched::Failed(failure)) => Survey::Failed(failure),
            Err(_) => Survey::NotHere,
        }
    }

    fn list(&self) -> Option<Vec<String>> {
        let mut names: Vec<String> = self.file().ok()?.leaves.keys().cloned().collect();
        names.sort_unstable();
        Some(names)
    }
}

/// A value as a config file would have it: truth values as `sops --decrypt` prints them.
pub(crate) fn text(plain: &Plain) -> Vec<u8> {
    match plain.r#type {
        Type::Bool => plain.bytes.to_ascii_lowercase(),
        _ => plain.bytes.to_vec(),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files in place")]
mod tests {
    use super::*;
    use crate::backend::files::tests::contract;
    use crate::identity::generate;
    use crate::sops::{Item, Rule, Selection, Tree, Value, create};

    fn text(text: &str) -> Value {
        Value::from(Plain::str(text))
    }

    fn entry(key: &str, value: Value) -> Item {
        Item::Entry { key: key.to_owned(), value }
    }

    /// A file of that name with what the contract asks for and more.
    fn file(name: &str) -> (tempfile::TempDir, SopsFile) {
        let tree = Tree::of_entries([
            ("plain".to_owned(), text("v1")),
            ("empty".to_owned(), text("")),
            ("bundle".to_owned(), Value::Map(vec![entry("KEY", text("v2")), entry("tls.crt", text("v4"))])),
            ("raw".to_owned(), text(" a\n")),
            ("number".to_owned(), Value::from(Plain::int(7))),
            ("truth".to_owned(), Value::from(Plain::bool(true))),
            ("nothing".to_owned(), Value::Null),
            (
                "servers".to_owned(),
                Value::List(vec![Item::Element(Value::Map(vec![entry("pw", text("v3"))]))]),
            ),
            ("twice.a".to_owned(), text("v5")),
            ("twice".to_owned(), Value::Map(vec![entry("a", text("v6"))])),
        ]);
        let (identity, recipient) = generate();
        let identities = Identities::from_text("ada", &identity).expect("an identity");
        let selection = Selection::new(name, Rule::default()).expect("a selection");
        let store = Store::of_file_name(name);
        let written = create(store, &tree, &selection, &[recipient], jiff::Timestamp::now()).expect("a file");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), written).expect("a file");
        let backend = SopsFile::new("sops", folder.path().join(name), identities);
        (folder, backend)
    }

    #[test]
    fn a_sops_file_keeps_the_contract() {
        for name in ["prod.yaml", "prod.json"] {
            let (_folder, backend) = file(name);
            contract(&backend);
            for (name, expected) in [
                ("servers.0.pw", Ok("v3")),
                ("bundle.tls.crt", Ok("v4")),
                ("number", Ok("7")),
                ("truth", Ok("true")),
                ("bundle", Err(Code::BundleWithoutKey)),
                ("servers.0", Err(Code::BundleWithoutKey)),
                ("bundle.NOPE", Err(Code::UnknownKey)),
                ("plain.KEY", Err(Code::UnknownKey)),
                ("twice.a", Err(Code::BackendFailed)),
            ] {
                match (&backend.fetch(&[&Name::split(name)])[..], expected) {
                    ([Fetched::Found(secret)], Ok(value)) => assert_eq!(secret.expose(), value.as_bytes()),
                    ([Fetched::Failed(failure)], Err(code)) => assert_eq!(failure.code, code, "{name}"),
                    (other, _) => panic!("{name}: {other:?}"),
                }
            }
            let nothing = backend.fetch(&[&Name::split("nothing")]);
            assert!(matches!(nothing[..], [Fetched::NotHere]), "{nothing:?}");
        }
    }

    #[test]
    fn a_file_that_is_damaged_or_anothers_is_told() {
        let (folder, backend) = file("prod.yaml");
        let path = folder.path().join("prod.yaml");
        let whole = fs::read_to_string(&path).expect("a file");
        let code = |backend: &SopsFile| match &backend.fetch(&[&Name::split("plain")])[..] {
            [Fetched::Failed(failure)] => failure.code,
            other => panic!("{other:?}"),
        };
        let again =
            |identities: &Arc<Identities>| SopsFile::new("sops", path.clone(), Arc::clone(identities));
        let own = Arc::clone(&backend.identities);
        fs::write(&path, whole.replace("lastmodified: \"20", "lastmodified: \"19")).expect("a file");
        assert_eq!(code(&again(&own)), Code::Integrity);
        fs::write(&path, &whole).expect("a file");
        let other = Arc::new(Identities::from_text("eve", &generate().0).expect("an identity"));
        assert_eq!(code(&again(&other)), Code::UnreadableSecret);
        let before = whole.split("    age:").next().expect("the metadata").to_owned();
        let after = whole.split("    lastmodified:").nth(1).expect("the metadata");
        let pgp = format!("{before}    pgp:\n        - fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n");
        fs::write(&path, format!("{pgp}          enc: x\n    lastmodified:{after}")).expect("a file");
        match &again(&own).fetch(&[&Name::split("plain")])[..] {
            [Fetched::Failed(failure)] => {
                assert_eq!(failure.code, Code::UnreadableSecret, "{failure:?}");
                let help = failure.help.as_deref().unwrap_or_default();
                assert!(help.contains("pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21"), "{help}");
            }
            other => panic!("{other:?}"),
        }
        fs::write(&path, "plain: v1\n").expect("a file");
        assert_eq!(code(&again(&own)), Code::BackendFailed);
        fs::remove_file(&path).expect("removed");
        assert_eq!(code(&again(&own)), Code::BackendFailed);
    }
}
