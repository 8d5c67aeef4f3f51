//! The JSON Schema of `redeem.toml`, made of the structs that read it and the tables that their words come from.

use redeem_core::policy::Places;
use redeem_core::{Escape, Expressions, Reader};
use redeem_syntax::Target;
use redeem_syntax::dialect::DIALECTS;
use redeem_syntax::format::FORMATS;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, json_schema};
use serde_json::{Value, json};

use super::raw::RawConfig;
use crate::backend::BACKENDS;

/// The schema, in draft 2020-12.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(RecursiveTransform(without_null))
        .into_generator()
        .into_root_schema_for::<RawConfig>();
    schema.insert("title".to_owned(), "redeem.toml".into());
    // A profile's table may leave the type to the backend that it lies over; any other has to say it.
    if let Some(items) = schema.pointer_mut("/properties/backend/items").and_then(Value::as_object_mut) {
        items.insert("required".to_owned(), json!(["type"]));
    }
    // Validators look for `$schema` first of all, and so do people.
    let mut ordered = serde_json::Map::new();
    let keys = ["$schema", "title", "description"];
    for key in keys {
        ordered.extend(schema.remove(key).map(|value| (key.to_owned(), value)));
    }
    if let Value::Object(rest) = schema.to_value() {
        ordered.extend(rest);
    }
    Value::Object(ordered)
}

/// TOML has no null: a key is there or it is not. Nor does an editor have to offer a key's default.
fn without_null(schema: &mut Schema) {
    schema.remove("default");
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = &kinds[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    }
}

/// Says which keys the table of a backend has, by its type.
pub(super) fn keys_of_types(schema: &mut Schema) {
    let rules: Vec<Value> = BACKENDS
        .iter()
        .map(|backend| {
            let keys: Vec<&str> = ["name", "type"].into_iter().chain(backend.keys.iter().copied()).collect();
            json!({
                "if": { "properties": { "type": { "const": backend.name } }, "required": ["type"] },
                "then": { "propertyNames": { "enum": keys } },
            })
        })
        .collect();
    schema.insert("allOf".to_owned(), rules.into());
}

pub(super) fn backend_types() -> Vec<&'static str> {
    BACKENDS.iter().map(|backend| backend.name).collect()
}

pub(super) fn formats() -> Vec<&'static str> {
    let mut words: Vec<&str> = FORMATS.iter().map(|format| format.name).chain(["copy"]).collect();
    // An ending is as good as the name: `yml`, `env`.
    for ending in FORMATS.iter().flat_map(|format| format.extensions) {
        if !words.contains(ending) {
            words.push(ending);
        }
    }
    words
}

pub(super) fn escapes() -> Vec<&'static str> {
    Escape::NAMES.iter().map(|(name, _)| *name).collect()
}

pub(super) fn readers() -> Vec<&'static str> {
    Reader::NAMES.iter().map(|(name, _)| *name).collect()
}

pub(super) fn places() -> Vec<&'static str> {
    Places::NAMES.iter().map(|(name, _)| *name).collect()
}

pub(super) fn targets() -> Vec<&'static str> {
    Target::NAMES.iter().map(|(name, _)| *name).collect()
}

pub(super) fn expressions() -> Vec<&'static str> {
    Expressions::NAMES.iter().map(|(name, _)| *name).collect()
}

/// Each dialect's name, and the same with the sign that adds it or takes it away; or a name of one's own.
pub(super) fn dialect_words() -> Schema {
    let signs = ["", "+", "-"].into_iter();
    let words: Vec<String> = signs
        .flat_map(|sign| DIALECTS.iter().map(move |dialect| format!("{sign}{}", dialect.name)))
        .collect();
    json_schema!({
        "type": "string",
        "anyOf": [{ "enum": words }, { "pattern": "^[+-]?[A-Za-z0-9_][A-Za-z0-9_-]*$" }],
    })
}
