//! Secrets on their way out: `.env` files, JSON, SOPS files, and Secrets of Kubernetes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use redeem_core::{Answers, Encoding, Name, Reader, Secret, render};
use redeem_syntax::{Dialects, Format, Source, scan};
use zeroize::Zeroizing;

use crate::backend::{Variables, dotenv::pairs};
use crate::identity::Recipient;
use crate::import::{Exchange, Item};
use crate::sops::{self, Plain, Rule, Selection, SopsError, Store, Tree, Value};
use crate::vault::Content;
use crate::wiped::push;

/// A text that holds values, and what has to be said about it.
pub struct Outgoing {
    /// The text.
    pub text: Zeroizing<String>,
    /// Sentences for people.
    pub notes: Vec<String>,
}

/// How the text is written.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// All values become keys of one Secret, or of one object, of this name.
    pub bundle: Option<String>,
    /// Kubernetes: JSON in place of YAML.
    pub is_json: bool,
}

/// Why secrets could not be exported. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No spelling of a value can stand there.
    #[error("`{name}` cannot stand in {place}: {why}")]
    Value {
        /// The secret, with its key.
        name: String,
        /// What kind of file.
        place: &'static str,
        /// What is wrong.
        why: String,
    },
    /// Two values would have one name.
    #[error("`{first}` and `{second}` would both be `{name}`")]
    Twins {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// What both would be.
        name: String,
    },
    /// A SOPS file cannot be made.
    #[error(transparent)]
    Sops(#[from] SopsError),
    /// Single values stand in no Secret of their own.
    #[error("`{0}` is a single value, and a Secret of Kubernetes has keys")]
    Single(String),
}

impl ExportError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Value { .. } => "leave it out, or export it as JSON",
            Self::Twins { .. } => "export them one by one, or rename one",
            Self::Sops(error) => error.help().unwrap_or("name other recipients with `--recipient`"),
            Self::Single(_) => "say `--bundle NAME` for the Secret that they stand in together",
        }
    }
}

/// Writes secrets as `kind` has them, in their order. A SOPS file is the business of [`crate::sops`].
///
/// # Errors
/// Which of them has no place or no spelling there.
pub fn write(items: &[Item], kind: Exchange, layout: &Layout) -> Result<Outgoing, ExportError> {
    match kind {
        Exchange::Dotenv => dotenv(items, layout),
        Exchange::Kubernetes => kubernetes(items, layout),
        Exchange::Json | Exchange::Sops => json(items, layout),
    }
}

/// Every value with its name.
fn values(items: &[Item]) -> impl Iterator<Item = (Name, &Secret)> {
    items.iter().flat_map(|item| {
        let name = |key: Option<&String>| Name { secret: item.name.clone(), key: key.cloned() };
        let pairs: Vec<(Name, &Secret)> = match &item.content {
            Content::Value(value) => vec![(name(None), value)],
            Content::Bundle(keys) => keys.iter().map(|(key, value)| (name(Some(key)), value)).collect(),
        };
        pairs
    })
}

/// The variables that the backends `dotenv` and `env` look the names up in.
fn dotenv(items: &[Item], layout: &Layout) -> Result<Outgoing, ExportError> {
    let mut text = Zeroizing::new(String::new());
    let mut of_shells = Vec::new();
    for (variable, name, value) in variables(items, layout)? {
        let spell = |reader| {
            let line = spelled(Format::Dotenv, &format!("{variable}={{secret:v}}\n"), value, reader).ok()?;
            // Who wrote it for Redeem wants to read it with Redeem.
            let is_read = matches!(&pairs(&line)[..], [(key, read)] if *key == variable && read == value);
            is_read.then_some(line)
        };
        let line = if let Some(line) = spell(None) {
            line
        } else {
            of_shells.push(variable.clone());
            spell(Some(Reader::Sh)).ok_or_else(|| ExportError::Value {
                name: name.to_string(),
                place: "a `.env` file",
                why: "it holds what no such file can, or is no text".to_owned(),
            })?
        };
        push(&mut text, &line);
    }
    let mut notes = Vec::new();
    if !of_shells.is_empty() {
        let names = of_shells.join(", ");
        notes.push(format!("only shells and Redeem read these right, dotenv libraries may not: {names}"));
    }
    Ok(Outgoing { text, notes })
}

/// Each value with its variable; no two have the same.
fn variables<'i>(items: &'i [Item], layout: &Layout) -> Result<Vec<(String, Name, &'i Secret)>, ExportError> {
    let rule = Variables { bare_keys: layout.bundle.is_some(), ..Variables::default() };
    let mut taken: Vec<(String, Name, &Secret)> = Vec::new();
    for (name, value) in values(items) {
        let variable = rule.variable(&name).ok_or_else(|| ExportError::Value {
            name: name.to_string(),
            place: "a `.env` file",
            why: "no backend reads that variable".to_owned(),
        })?;
        if let Some((_, first, _)) = taken.iter().find(|(known, ..)| *known == variable) {
            let (first, second) = (first.to_string(), name.to_string());
            return Err(ExportError::Twins { first, second, name: variable });
        }
        taken.push((variable, name, value));
    }
    Ok(taken)
}

/// A SOPS file of a tree as JSON has it; `.env` files have variables, as without encryption.
///
/// # Errors
/// What has no place there, and what the encryption fails for.
pub fn sops(
    items: &[Item],
    layout: &Layout,
    store: Store,
    recipients: &[Recipient],
    now: Timestamp,
) -> Result<Outgoing, ExportError> {
    let leaf = |name: &Name, value: &Secret| match std::str::from_utf8(value.expose()) {
        Ok(text) => Ok(Value::from(Plain::str(text))),
        Err(_) => Err(ExportError::Value {
            name: name.to_string(),
            place: "a SOPS file",
            why: "it is no text".to_owned(),
        }),
    };
    let mut entries = Vec::new();
    if store == Store::Dotenv {
        for (variable, name, value) in variables(items, layout)? {
            entries.push((variable, leaf(&name, value)?));
        }
    } else {
        let mut bundle = Vec::new();
        for item in items {
            let mut keys = Vec::new();
            for (name, value) in values(std::slice::from_ref(item)) {
                let key = name.key.clone().unwrap_or_else(|| name.secret.clone());
                keys.push(sops::Item::Entry { value: leaf(&name, value)?, key });
            }
            match (&layout.bundle, &item.content, keys.pop()) {
                (Some(_), _, last) => bundle.extend(keys.into_iter().chain(last)),
                (None, Content::Value(_), Some(sops::Item::Entry { key, value })) => {
                    entries.push((key, value));
                }
                (None, _, last) => {
                    keys.extend(last);
                    entries.push((item.name.clone(), Value::Map(keys)));
                }
            }
        }
        if let Some(name) = &layout.bundle {
            one_bundle(items)?;
            entries.push((name.clone(), Value::Map(bundle)));
        }
    }
    let tree = Tree::of_entries(entries);
    // By default `sops` leaves in the clear what has a key with this ending on its path: of a secret, of a bundle, or of
    // the variable that they became.
    let is_key = |step: &sops::Step| matches!(step, sops::Step::Key(key) if key.contains("_unencrypted"));
    let rule = if tree.leaves().iter().any(|(path, _)| path.0.iter().any(is_key)) {
        Rule::EncryptedRegex("^".to_owned())
    } else {
        Rule::default()
    };
    let selection = Selection::new("the rule", rule)?;
    let text = sops::create(store, &tree, &selection, recipients, now)?;
    Ok(Outgoing { text: Zeroizing::new(text), notes: Vec::new() })
}

/// An object of names and values; a bundle is an object of its own.
fn json(items: &[Item], layout: &Layout) -> Result<Outgoing, ExportError> {
    let string = |name: &Name, value: &Secret| {
        spelled(Format::Json, "\"{secret:v}\"", value, None).map_err(|why| ExportError::Value {
            name: name.to_string(),
            place: "JSON",
            why,
        })
    };
    let quoted = |key: &str| string(&Name::split(key), &Secret::from(key));
    let object = |keys: &[(Name, &Secret)], indent: &str| {
        let mut text = Zeroizing::new("{\n".to_owned());
        for (position, (name, value)) in keys.iter().enumerate() {
            let key = name.key.as_ref().unwrap_or(&name.secret);
            push(&mut text, &format!("{indent}  {}: ", *quoted(key)?));
            push(&mut text, &string(name, value)?);
            push(&mut text, if position + 1 < keys.len() { ",\n" } else { "\n" });
        }
        push(&mut text, indent);
        push(&mut text, "}");
        Ok::<_, ExportError>(text)
    };
    let mut text = Zeroizing::new(String::new());
    if let Some(bundle) = &layout.bundle {
        let all = one_bundle(items)?;
        for part in ["{\n  ", &quoted(bundle)?, ": ", &object(&all, "  ")?, "\n}\n"] {
            push(&mut text, part);
        }
        return Ok(Outgoing { text, notes: Vec::new() });
    }
    push(&mut text, "{");
    for (position, item) in items.iter().enumerate() {
        push(&mut text, if position > 0 { ",\n  " } else { "\n  " });
        push(&mut text, &quoted(&item.name)?);
        push(&mut text, ": ");
        let keys: Vec<(Name, &Secret)> = values(std::slice::from_ref(item)).collect();
        match &item.content {
            Content::Value(value) => push(&mut text, &string(&Name::split(&item.name), value)?),
            Content::Bundle(_) => push(&mut text, &object(&keys, "  ")?),
        }
    }
    push(&mut text, "\n}\n");
    Ok(Outgoing { text, notes: Vec::new() })
}

/// All values under the keys that they have in one bundle.
fn one_bundle(items: &[Item]) -> Result<Vec<(Name, &Secret)>, ExportError> {
    let mut all: Vec<(Name, &Secret)> = Vec::new();
    for (name, value) in values(items) {
        let key = |name: &Name| name.key.clone().unwrap_or_else(|| name.secret.clone());
        if let Some((first, _)) = all.iter().find(|(known, _)| key(known) == key(&name)) {
            let (first, second, name) = (first.to_string(), name.to_string(), key(&name));
            return Err(ExportError::Twins { first, second, name });
        }
        all.push((name, value));
    }
    Ok(all)
}

/// One Secret for each bundle, or one for all.
fn kubernetes(items: &[Item], layout: &Layout) -> Result<Outgoing, ExportError> {
    let mut notes = Vec::new();
    let mut secrets: Vec<(String, Vec<(Name, &Secret)>)> = Vec::new();
    if let Some(bundle) = &layout.bundle {
        secrets.push((bundle.clone(), one_bundle(items)?));
    } else {
        for item in items {
            if let Content::Value(_) = &item.content {
                return Err(ExportError::Single(item.name.clone()));
            }
            secrets.push((item.name.clone(), values(std::slice::from_ref(item)).collect()));
        }
    }
    let mut written: Vec<(String, String)> = Vec::new();
    let mut texts = Vec::new();
    for (own, keys) in &secrets {
        // A Secret's name is a DNS subdomain: RFC 1123, in small letters.
        let name = own.to_lowercase().replace('_', "-").trim_matches(['-', '.']).to_owned();
        if let Some((first, _)) = written.iter().find(|(_, known)| *known == name) {
            return Err(ExportError::Twins { first: first.clone(), second: own.clone(), name });
        }
        if name != *own {
            notes.push(format!("Kubernetes does not allow the name `{own}`: its Secret is `{name}`"));
        }
        texts.push(if layout.is_json { secret_json(&name, keys)? } else { secret_yaml(&name, keys)? });
        written.push((own.clone(), name));
    }
    let mut text = Zeroizing::new(String::new());
    match (&texts[..], layout.is_json) {
        (texts, false) => push(&mut text, &joined(texts, "---\n")),
        ([one], true) => {
            push(&mut text, one);
            push(&mut text, "\n");
        }
        (texts, true) => {
            push(&mut text, "{\n\"apiVersion\": \"v1\",\n\"kind\": \"List\",\n\"items\": [\n");
            push(&mut text, &joined(texts, ",\n"));
            push(&mut text, "\n]\n}\n");
        }
    }
    Ok(Outgoing { text, notes })
}

fn joined(texts: &[Zeroizing<String>], between: &str) -> Zeroizing<String> {
    let mut joined = Zeroizing::new(String::new());
    for (position, text) in texts.iter().enumerate() {
        push(&mut joined, if position > 0 { between } else { "" });
        push(&mut joined, text);
    }
    joined
}

/// A key of a Secret: letters, digits, `-`, `_` and `.`, at most 253 of them.
fn data_key(name: &Name) -> Result<&str, ExportError> {
    let key = name.key.as_ref().unwrap_or(&name.secret);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !key.is_empty() && key.len() <= 253 && key.chars().all(fits) && key != "." && !key.starts_with("..") {
        return Ok(key);
    }
    Err(ExportError::Value {
        name: name.to_string(),
        place: "a Secret",
        why: "its key may have letters, digits, `-`, `_` and `.` alone".to_owned(),
    })
}

fn secret_yaml(name: &str, keys: &[(Name, &Secret)]) -> Result<Zeroizing<String>, ExportError> {
    let head = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"{name}\"\ntype: Opaque\ndata:");
    let mut text = Zeroizing::new(head);
    push(&mut text, if keys.is_empty() { " {}\n" } else { "\n" });
    for (key, value) in keys {
        let value = Zeroizing::new(STANDARD.encode(value.expose()));
        // In quotes: without them some base64 is a number to YAML.
        for part in ["  \"", data_key(key)?, "\": \"", &value, "\"\n"] {
            push(&mut text, part);
        }
    }
    Ok(text)
}

fn secret_json(name: &str, keys: &[(Name, &Secret)]) -> Result<Zeroizing<String>, ExportError> {
    let mut text = Zeroizing::new(format!(
        "{{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Secret\",\n  \"metadata\": {{ \"name\": \"{name}\" }},\n  \"type\": \"Opaque\",\n  \"data\": {{"
    ));
    for (position, (key, value)) in keys.iter().enumerate() {
        let value = Zeroizing::new(STANDARD.encode(value.expose()));
        let comma = if position > 0 { "," } else { "" };
        for part in [comma, "\n    \"", data_key(key)?, "\": \"", &value, "\""] {
            push(&mut text, part);
        }
    }
    push(&mut text, "\n  }\n}");
    Ok(text)
}

/// Writes a value where `{secret:v}` stands in a text of ours, with the encoders that a render uses.
///
/// # Errors
/// Why it has no spelling there.
pub(crate) fn spelled(
    format: Format,
    template: &str,
    value: &Secret,
    reader: Option<Reader>,
) -> Result<Zeroizing<String>, String> {
    let source = Source::new("value", template, format);
    let found = scan(&source, &Dialects::default());
    let answers = Answers::from_iter([(Name::split("v"), value.clone())]);
    let outcome = render(&source, &found, &answers, &Encoding { reader, ..Encoding::default() });
    let first = || outcome.diagnostics.first().map(|problem| problem.message.clone()).unwrap_or_default();
    match &outcome.rendered {
        Some(rendered) => Ok(Zeroizing::new(rendered.text().to_owned())),
        None => Err(first()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identities;
    use crate::import::{Naming, read_text};

    const AWKWARD: &[&str] = &[
        "plain",
        "",
        " a # b ",
        "it's",
        "\"x\" \\n $HOME `id` ${x}",
        "line 1\nline 2\n",
        "a\nEVIL=1",
        "it's\n\"two\" lines\\",
        "ä🦀\u{2028}",
        "{secret:v}",
        "true",
        "a\tb",
    ];

    fn items() -> Vec<Item> {
        let value = |text: &&str| Secret::from(*text);
        let keys = AWKWARD.iter().enumerate().map(|(at, text)| (format!("K{at}"), value(text))).collect();
        let single = |(at, text): (usize, &&str)| Item {
            name: format!("s{at}"),
            content: Content::Value(value(text)),
        };
        let singles = AWKWARD.iter().enumerate().map(single);
        singles.chain([Item { name: "bundle".into(), content: Content::Bundle(keys) }]).collect()
    }

    /// Names and values, to compare.
    fn told(items: &[Item]) -> Vec<(String, Vec<u8>)> {
        values(items).map(|(name, value)| (name.to_string(), value.expose().to_vec())).collect()
    }

    fn back(name: &str, text: &str, naming: &Naming) -> Vec<Item> {
        let none = Identities::from_text("none", "").expect("none");
        read_text(name, name, text, None, naming, &none).expect(text).items
    }

    #[test]
    fn what_is_written_reads_back() {
        let items = items();
        let json = write(&items, Exchange::Json, &Layout::default()).expect("JSON");
        assert_eq!(told(&back("a.json", &json.text, &Naming::default())), told(&items));
        let env = write(&items, Exchange::Dotenv, &Layout::default()).expect("dotenv");
        let read: Vec<Secret> = pairs(&env.text).into_iter().map(|(_, value)| value).collect();
        let expected: Vec<Secret> = values(&items).map(|(_, value)| value.clone()).collect();
        assert_eq!(read, expected);
        assert!(env.text.contains("BUNDLE_K0=plain\n"));
        assert_eq!(env.notes.len(), 1, "{:?}", env.notes);
        let bundle = &items[AWKWARD.len()..];
        for is_json in [false, true] {
            let layout = Layout { is_json, ..Layout::default() };
            let secret = write(bundle, Exchange::Kubernetes, &layout).expect("a Secret");
            let name = if is_json { "a.json" } else { "a.yaml" };
            assert_eq!(told(&back(name, &secret.text, &Naming::default())), told(bundle));
        }
        let (identity, recipient) = crate::identity::generate();
        let identities = Identities::from_text("own", &identity).expect("an identity");
        for (name, store) in [("a.yaml", Store::Yaml), ("a.json", Store::Json)] {
            let now = "2026-11-21T09:00:00Z".parse().expect("a time");
            let layout = Layout::default();
            let file = sops(&items, &layout, store, std::slice::from_ref(&recipient), now).expect("a file");
            let read = read_text(name, name, &file.text, None, &Naming::default(), &identities);
            assert_eq!(told(&read.expect("it opens").items), told(&items), "{}", *file.text);
            assert!(!file.text.contains("plain") && !file.text.contains("EVIL"));
        }
        let layout = Layout { bundle: Some("all".into()), is_json: true };
        let one = write(&items[..2], Exchange::Kubernetes, &layout).expect("a Secret");
        let held = back("a.json", &one.text, &Naming::default());
        assert!(
            matches!(&held[..], [Item { name, content: Content::Bundle(keys) }] if name == "all" && keys.len() == 2)
        );
    }

    #[test]
    fn what_has_no_place_is_told_without_its_value() {
        let single = |name: &str, value: &[u8]| Item {
            name: name.into(),
            content: Content::Value(Secret::new(value.to_vec())),
        };
        for (items, kind, words) in [
            (vec![single("a", b"hunter2\0")], Exchange::Dotenv, "cannot stand"),
            (vec![single("a", b"hunter2\xff")], Exchange::Json, "cannot stand"),
            (vec![single("a-b", b"hunter2"), single("a_b", b"hunter2")], Exchange::Dotenv, "both"),
            (vec![single("a", b"hunter2")], Exchange::Kubernetes, "single value"),
        ] {
            let error = write(&items, kind, &Layout::default()).err().expect("refused").to_string();
            assert!(error.contains(words) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn no_name_leaves_a_value_of_a_sops_file_in_the_clear() {
        let (_, recipient) = crate::identity::generate();
        let item = |name: &str, content| Item { name: name.to_owned(), content };
        let single = |name| vec![item(name, Content::Value(Secret::from("hunter2")))];
        let bundle =
            |key: &str| vec![item("b", Content::Bundle(vec![(key.to_owned(), Secret::from("hunter2"))]))];
        for (items, layout) in [
            (single("a"), Layout { bundle: Some("prod_unencrypted".into()), is_json: false }),
            (single("a_unencrypted"), Layout::default()),
            (bundle("k_unencrypted"), Layout::default()),
            (bundle("k_unencrypted"), Layout { bundle: Some("all".into()), is_json: false }),
        ] {
            for store in [Store::Yaml, Store::Json, Store::Dotenv] {
                let now = "2026-11-21T09:00:00Z".parse().expect("a time");
                let file =
                    sops(&items, &layout, store, std::slice::from_ref(&recipient), now).expect("a file");
                assert!(!file.text.contains("hunter2"), "{}", *file.text);
            }
        }
    }
}
