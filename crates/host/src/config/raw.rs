//! What `redeem.toml` may hold, as serde reads it. The comments here are the descriptions of its JSON Schema.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

#[cfg(feature = "schema")]
use super::schema;

/// What Redeem renders, where secrets come from, and how single files are treated.
#[derive(Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Config"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    /// Whose rules hold beyond those of the dialects.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = schema::targets())))]
    pub(super) target: Option<Spanned<String>>,
    /// What is rendered when no path is given, and where to.
    pub(super) render: RawRender,
    /// The places that values come from, asked in the order of the file. Without one the environment is asked.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawBackend>"))]
    pub(super) backend: Vec<Spanned<RawBackend>>,
    /// Rules for single files. Later rules win, key by key.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<FilesRule>"))]
    pub(super) files: Vec<Spanned<FilesRule>>,
    /// Keys whose value names a secret.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ByNameRule>"))]
    pub(super) by_name: Vec<Spanned<ByNameRule>>,
    /// Dialects of your own, live where `dialects` of a rule for files names them.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<DialectRule>"))]
    pub(super) dialect: Vec<Spanned<DialectRule>>,
    /// Places that accept secrets of a scope besides `global`.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ContextRule>"))]
    pub(super) context: Vec<Spanned<ContextRule>>,
    /// What `check` and `render` ask for beyond what has to be.
    pub(super) policy: RawPolicy,
    /// Changes of the backends, chosen with `--profile NAME` or `REDEEM_PROFILE`.
    pub(super) profile: BTreeMap<String, RawProfile>,
}

/// What is rendered when no path is given, and where to.
#[derive(Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Render"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRender {
    /// The folder, or the file, that is rendered when no path is given; `check` and `refs` look here too.
    #[cfg_attr(feature = "schema", schemars(with = "Option<PathBuf>"))]
    pub(super) source: Option<Spanned<PathBuf>>,
    /// Where a folder goes without `-o`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<PathBuf>"))]
    pub(super) output: Option<Spanned<PathBuf>>,
    /// Files and folders that are left out: patterns, relative to `redeem.toml`.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub(super) exclude: Vec<Spanned<String>>,
    /// Whether an expression of which only a text is left becomes that text.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = schema::expressions())))]
    pub(super) expressions: Option<Spanned<String>>,
    /// What templates see as `vars`.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub(super) vars: toml::Table,
}

/// A profile: its backends lie over those of the same name, and new ones are added at the end.
#[derive(Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Profile"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawProfile {
    /// Keys that override those of the backend of the same name.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawBackend>"))]
    pub(super) backend: Vec<Spanned<RawBackend>>,
}

/// A place that values come from.
#[derive(Deserialize, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Backend"), schemars(transform = schema::keys_of_types))]
#[serde(deny_unknown_fields)]
pub(super) struct RawBackend {
    /// What messages and profiles call it.
    pub(super) name: String,
    /// What kind of place it is.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = schema::backend_types())))]
    pub(super) r#type: Option<Spanned<String>>,
    /// The file or the folder, or the variable that holds its path.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawPath>"))]
    pub(super) path: Option<Spanned<RawPath>>,
    /// The file of the identity that opens it, or the variable that holds its path; without it the user's own open it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawPath>"))]
    pub(super) identity: Option<Spanned<RawPath>>,
    /// Stands before each variable.
    pub(super) prefix: Option<String>,
    /// Whether the variable of `creds.API_KEY` is just `API_KEY`.
    pub(super) bare_keys: Option<bool>,
    /// Names with a variable of their own, without the prefix.
    pub(super) map: Option<BTreeMap<String, String>>,
    /// The only names that this backend is asked for.
    pub(super) names: Option<Vec<String>>,
    /// Whether a final line break belongs to the value.
    pub(super) raw: Option<bool>,
}

/// A path, or the variable that holds it: systemd tells its folder in `CREDENTIALS_DIRECTORY`.
#[derive(Deserialize, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Path"))]
#[serde(untagged)]
pub(super) enum RawPath {
    /// A path, relative to `redeem.toml`.
    Written(PathBuf),
    /// The variable of the environment that holds the path.
    Variable {
        /// The variable's name.
        env: String,
    },
}

/// A rule for the files that its `match` fits.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct FilesRule {
    /// Which files: a glob, relative to `redeem.toml`; without a `/` at any depth.
    pub(super) r#match: String,
    /// Which dialects are live: `+x` and `-x` change the default, plain names replace it.
    #[cfg_attr(feature = "schema", schemars(extend("items" = schema::dialect_words())))]
    pub(super) dialects: Option<Vec<String>>,
    /// How the file is read, or `copy` to leave it alone. Without it the file's name decides.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = schema::formats())))]
    pub(super) format: Option<String>,
    /// How values are escaped in `text`. Without it only plain values are written.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = schema::escapes())))]
    pub(super) escape: Option<String>,
    /// Which program reads a `dotenv` file. Without it all of them have to read the value alike.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = schema::readers())))]
    pub(super) reader: Option<String>,
    /// Whether the file is a template. Without it the ending `.j2`, `.jinja` or `.jinja2` decides.
    pub(super) template: Option<bool>,
}

/// A key whose value names a secret.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ByNameRule {
    /// The key whose value, or whose map's values, name secrets.
    pub(super) key: String,
    /// `keep`, or the key that gets the value.
    pub(super) render: Option<String>,
}

/// A place that accepts secrets of a scope besides `global`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ContextRule {
    /// The scope that it accepts.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(super) scope: Spanned<String>,
    /// Patterns over the keys that lead to a value: `**.pagerduty.**.routing_key`. `**` is any number of segments, `*` is
    /// one, a position of a list is one, and a key that holds a dot stands in double quotes.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub(super) at: Vec<Spanned<String>>,
    /// Which files: globs, relative to `redeem.toml`; without a `/` at any depth. Without it all files.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub(super) files: Vec<Spanned<String>>,
}

/// What `check` and `render` ask for beyond what has to be.
#[derive(Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Policy"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPolicy {
    /// How long before its end a secret is told to be expiring: `14d`, `2w`, `12h`. Without it 14 days.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) expires_within: Option<Spanned<String>>,
    /// `any`, or `listed`: references stand only where a context allows them.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = schema::places())))]
    pub(super) places: Option<Spanned<String>>,
    /// Codes whose warnings are errors; `warnings` is all of them.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub(super) deny: Vec<Spanned<String>>,
    /// Codes whose warnings are not told.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub(super) allow: Vec<Spanned<String>>,
}

/// A dialect of your own.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct DialectRule {
    /// What lists of dialects call it.
    pub(super) name: String,
    /// The text that opens a reference.
    pub(super) open: String,
    /// The text that closes it.
    pub(super) close: String,
    /// A regular expression for the whole name.
    pub(super) names: String,
}
