//! The fixtures of the `expression` dialect, with their own values and with nasty ones.

use std::fs;
use std::path::Path;

use redeem_syntax::{Format, Source};
use serde_json::Value;

use super::corners::VALUES;
use super::line::{Case, Refusal};

/// One `.case` file: a header of `field: value` lines, then sections that begin with `--- name`.
pub(crate) struct Fixture {
    name: String,
    format: Format,
    secrets: Vec<(String, String)>,
    text: String,
    /// Whether a line of a configuration holds for it.
    is_configured: bool,
    /// The codes of its errors, if it has no `out`.
    refused: Option<Vec<String>>,
}

/// All fixtures of the dialect by name.
pub(crate) fn all() -> Vec<Fixture> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/dialects/expression"));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    paths.sort();
    // What a configuration changes is tried by parts of its own.
    paths.iter().map(|path| read(path)).filter(|fixture| !fixture.is_configured).collect()
}

/// A line for the values of a fixture, and one for each nasty value in their place.
pub(crate) fn lines(fixture: &Fixture) -> impl Iterator<Item = Value> {
    let own = fixture.case(fixture.secrets.clone());
    let nasty = VALUES.iter().map(|value| {
        let secrets = fixture.secrets.iter().map(|(name, _)| (name.clone(), (*value).to_owned())).collect();
        fixture.case(secrets)
    });
    std::iter::once(own).chain(nasty).map(|case| case.line())
}

impl Fixture {
    fn case(&self, secrets: Vec<(String, String)>) -> Case {
        Case {
            part: "fixtures",
            name: self.name.clone(),
            expression: None,
            source: Source::new(self.name.clone(), self.text.clone(), self.format),
            secrets,
            refusal: self.refused.clone().map_or(Refusal::Never, Refusal::Must),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the crate reads no files, but this program does")]
fn read(path: &Path) -> Fixture {
    let text = fs::read_to_string(path).expect("a readable case");
    let (header, body) = text.split_once("--- in\n").expect("a section `in`");
    let field = |name: &'static str| header.lines().filter_map(move |line| line.strip_prefix(name));
    let secrets = field("secret: ").map(|line| {
        let (name, value) = line.split_once('=').expect("name=value");
        (name.to_owned(), value.replace("\\n", "\n").replace("\\\\", "\\"))
    });
    let mut sections = body.split("--- ");
    let before = sections.next().expect("a text");
    let sections: Vec<_> =
        sections.map(|section| section.split_once('\n').expect("a section's name")).collect();
    let section = |name: &str| sections.iter().find(|(found, _)| *found == name).map(|(_, body)| *body);
    let errors = || {
        let lines = section("problems").unwrap_or_default().lines();
        lines.filter_map(|line| Some(line.strip_prefix("error ")?.split(' ').next()?.to_owned())).collect()
    };
    Fixture {
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        format: field("format: ").next().and_then(Format::from_name).expect("a known format"),
        secrets: secrets.collect(),
        is_configured: field("config: ").next().is_some(),
        text: before.to_owned(),
        refused: if section("out").is_some() { None } else { Some(errors()) },
    }
}
