//! The JSON Schema of `redeem.toml`: what every configuration of the documents and fixtures holds to.

use std::fs;
use std::path::Path;

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::support::{Project, root, tree};

fn schema() -> Value {
    let printed = Project::new(&[]).redeem("schema").exits(0).stdout;
    let path = root().join("docs/redeem.schema.json");
    if std::env::var_os("REDEEM_ACCEPT").is_some_and(|value| value == "1") {
        fs::write(&path, &printed).expect("the schema");
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(printed == committed, "docs/redeem.schema.json is stale: run `make accept`, which makes it anew");
    serde_json::from_str(&printed).expect("JSON")
}

fn configuration(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).expect("TOML");
    serde_json::to_value(table).expect("a value")
}

#[test]
fn every_configuration_that_is_right_holds_to_the_schema() {
    let schema = schema();
    let mut count = 0;
    let mut check = |place: &str, text: &str| {
        count += 1;
        let problems = problems(&schema, &schema, &configuration(text));
        assert!(problems.is_empty(), "{place}: {problems:?}\n{text}");
    };
    for path in tree(&root().join("fixtures")) {
        let whole = root().join("fixtures").join(&path);
        if path.ends_with("redeem.toml") {
            check(&path, &fs::read_to_string(&whole).expect("a configuration"));
        }
        let is_wrong = path.contains("invalid-config") && !path.ends_with("silent.case");
        if Path::new(&path).extension().is_some_and(|ending| ending == "case") && !is_wrong {
            let text = fs::read_to_string(&whole).expect("a case");
            let files = text.split("\n--- file redeem.toml").skip(1);
            files.for_each(|behind| check(&path, behind.split("\n--- ").next().unwrap_or_default()));
        }
    }
    for path in tree(&root().join("docs")).iter().filter(|path| path.contains(".md")) {
        let text = fs::read_to_string(root().join("docs").join(path)).expect("a document");
        for block in text.split("\n```toml ").skip(1) {
            let (info, body) = block.split_once('\n').expect("a block");
            if info.ends_with("redeem.toml") {
                check(path, body.split("```").next().unwrap_or_default());
            }
        }
    }
    let project = Project::new(&[]);
    project.redeem("init").exits(0);
    check("redeem init", &project.read("redeem.toml"));
    assert!(count >= 20, "only {count} configurations were found");
}

#[test]
fn what_the_program_refuses_the_schema_refuses_too() {
    let schema = schema();
    for (text, words) in [
        ("[rendr]\n", "rendr"),
        ("[render]\nsorce = 'x'\n", "sorce"),
        ("[render]\nexclude = 'x'\n", "array"),
        ("[[backend]]\ntype = 'env'\n", "name"),
        ("[[backend]]\nname = 'a'\n", "type"),
        ("[[backend]]\nname = 'a'\ntype = 'evn'\n", "evn"),
        ("[[backend]]\nname = 'a'\ntype = 'env'\npath = 'x'\n", "path"),
        ("[[backend]]\nname = 'a'\ntype = 'files'\npath = 1\n", "anyOf"),
        ("[[files]]\nformat = 'yaml'\n", "match"),
        ("[[files]]\nmatch = 'x'\nformat = 'yamll'\n", "yamll"),
        ("[[files]]\nmatch = 'x'\nescape = 'x'\n", "xml"),
        ("[[files]]\nmatch = 'x'\nreader = 'x'\n", "docker"),
        ("[[files]]\nmatch = 'x'\ndialects = ['~brace']\n", "~brace"),
        ("[[profile.ci.backend]]\nprefix = 'x'\n", "name"),
        ("target = 'jullep'\n", "montecarlo"),
        ("[render]\nexpressions = 'x'\n", "fold"),
        ("[[by_name]]\nrender = 'x'\n", "key"),
        ("[[dialect]]\nname = 'x'\nopen = '<'\nclose = '>'\n", "names"),
    ] {
        let told = problems(&schema, &schema, &configuration(text)).join("\n");
        assert!(told.contains(words), "{text} → {told}");
        let project = Project::new(&[("redeem.toml", text), ("a.yaml", "k: 1\n")]);
        assert_eq!(project.redeem("render a.yaml").code, Some(2), "{text}");
    }
}

/// What is wrong with a value, by the part of JSON Schema that ours is written in; any other keyword is a panic.
///
/// `tests/conformance/schema.py` and `tests/conformance/check.py` have a complete validator look at the schemas.
pub(crate) fn problems(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut told = Vec::new();
    if *schema == Value::Bool(true) {
        return told;
    }
    for (keyword, rule) in schema.as_object().expect("a schema") {
        let fails = |fails: bool| fails.then(|| format!("{keyword}: {rule}: {value}"));
        match keyword.as_str() {
            "$ref" => {
                let target = rule.as_str().and_then(|path| root.pointer(path.trim_start_matches('#')));
                told.extend(problems(root, target.expect("a definition"), value));
            }
            "type" => told.extend(fails(match rule.as_str() {
                Some("object") => !value.is_object(),
                Some("array") => !value.is_array(),
                Some("string") => !value.is_string(),
                Some("boolean") => !value.is_boolean(),
                Some("integer") => !value.is_i64(),
                Some("null") => !value.is_null(),
                other => panic!("no type is called {other:?}"),
            })),
            "enum" => told.extend(fails(rule.as_array().is_none_or(|words| !words.contains(value)))),
            "minimum" => told.extend(fails(value.as_i64() < rule.as_i64())),
            "const" => told.extend(fails(rule != value)),
            "required" => {
                let is_there = |key: &Value| key.as_str().is_some_and(|key| value.get(key).is_some());
                told.extend(fails(!rule.as_array().is_some_and(|keys| keys.iter().all(is_there))));
            }
            "properties" => {
                for (key, rule) in rule.as_object().expect("properties") {
                    told.extend(value.get(key).into_iter().flat_map(|value| problems(root, rule, value)));
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let is_other = |key: &str| known.is_none_or(|known| !known.contains_key(key));
                for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| is_other(key)) {
                    match rule {
                        Value::Bool(false) => told.push(format!("{key} is not known")),
                        rule => told.extend(problems(root, rule, value)),
                    }
                }
            }
            "propertyNames" => {
                for key in value.as_object().into_iter().flat_map(|table| table.keys()) {
                    told.extend(problems(root, rule, &json!(key)));
                }
            }
            "items" => {
                let values = value.as_array().into_iter().flatten();
                told.extend(values.flat_map(|value| problems(root, rule, value)));
            }
            "anyOf" => {
                let mut choices = rule.as_array().into_iter().flatten();
                told.extend(fails(!choices.any(|rule| problems(root, rule, value).is_empty())));
            }
            "pattern" => {
                let pattern = Regex::new(rule.as_str().expect("a pattern")).expect("a pattern");
                told.extend(fails(value.as_str().is_some_and(|text| !pattern.is_match(text))));
            }
            "allOf" => {
                let rules = rule.as_array().into_iter().flatten();
                told.extend(rules.flat_map(|rule| problems(root, rule, value)));
            }
            "if" if problems(root, rule, value).is_empty() => {
                told.extend(schema.get("then").into_iter().flat_map(|rule| problems(root, rule, value)));
            }
            "$schema" | "$defs" | "title" | "description" | "if" | "then" => {}
            other => panic!("this test does not know `{other}`"),
        }
    }
    told
}
