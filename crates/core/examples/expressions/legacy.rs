//! Julep's strings before `$ `, which it takes for the inside of an f-string, with nasty values.

use redeem_syntax::{Format, Source};
use serde_json::{Value, json};

use super::line::{Case, Refusal};
use super::rng::Rng;
use super::values;

const TEXTS: &[&str] = &[
    "{secrets.a}",
    "x{secrets.a}y",
    " { secrets['a'] } ",
    "{{ secrets.a }}",
    "{{secrets.a}} and {{ _.name }}",
    "Bearer {secrets.a}{secrets.b}",
    "it's {secrets.a}",
    "a[{secrets.a}",
    "{secrets.a}]",
    "{secrets.a}[0]",
    "_{secrets.a}]",
    "\\1{secrets.a}",
    "\\n{secrets.a}\\n",
    "{ _.name }{secrets.a}",
];

/// Every text with every value, and some with values made of several.
pub(crate) fn lines(mut rng: Rng) -> impl Iterator<Item = Value> {
    let some: Vec<String> = (0..200).map(|_| values::value(&mut rng)).collect();
    let values: Vec<String> = values::VALUES.iter().map(|&value| value.to_owned()).chain(some).collect();
    TEXTS.iter().flat_map(move |text| {
        let line = |value: &String| {
            let source = Source::new("legacy", json!({ "e": text }).to_string(), Format::Json);
            Case {
                part: "legacy",
                name: (*text).to_owned(),
                expression: Some((*text).to_owned()),
                source,
                secrets: vec![("a".to_owned(), value.clone()), ("b".to_owned(), "[b]".to_owned())],
                refusal: Refusal::Never,
            }
            .line()
        };
        values.iter().map(line).collect::<Vec<_>>()
    })
}
