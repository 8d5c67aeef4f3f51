//! What a made-up value becomes at its place: always something that can stand there.

use redeem_syntax::pipeline::Filter;
use redeem_syntax::{Reference, Scalar};
use zeroize::Zeroizing;

use crate::Secret;
use crate::filter::{self, Filtered, is_typed};

/// The made-up value of a reference, behind its filters.
pub(crate) fn filtered(secret: &Secret, reference: &Reference, scalar: &Scalar) -> Filtered {
    let filters = &reference.filters;
    if is_typed(filters) {
        let kind = filters.last().map_or("", |filter| &filter.name);
        return Filtered::Bare(of_type(kind).unwrap_or("0").to_owned());
    }
    let is_whole = reference.range == (0..scalar.decoded.text.len());
    if let Some(text) = tag(scalar).and_then(of_type).filter(|_| is_whole) {
        return Filtered::Text(Zeroizing::new(text.to_owned()));
    }
    // The only filter that refuses some texts is the one that decodes: without it the others still show.
    let others: Vec<Filter> = filters.iter().filter(|filter| filter.name != "b64decode").cloned().collect();
    match filter::run(Some(secret.expose()), &others) {
        Ok(Some(filtered)) => filtered,
        _ => Filtered::Text(Zeroizing::new(String::from_utf8_lossy(secret.expose()).into_owned())),
    }
}

fn tag(scalar: &Scalar) -> Option<&str> {
    scalar.tag.as_deref().and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"))
}

/// The value that stands for one of a type, by its filter or its YAML tag.
fn of_type(kind: &str) -> Option<&'static str> {
    match kind {
        "int" => Some("0"),
        "float" => Some("0.0"),
        "bool" => Some("false"),
        "null" => Some("null"),
        "binary" => Some("ZmFrZQ=="),
        "timestamp" => Some("2000-01-01"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use redeem_syntax::{Dialects, Format, Name, Source, scan};

    use super::*;
    use crate::{Answers, render};

    #[test]
    fn a_fake_fits_wherever_its_reference_may_stand() {
        for (text, expected) in [
            ("a: ${secret.x}", "a: fake-x"),
            ("a: '{secret:x.KEY}'", "a: 'fake-x.KEY'"),
            ("a: ${secret.x | base64}", "a: ZmFrZS14"),
            ("a: ${secret.x | b64decode | upper}", "a: FAKE-X"),
            ("a: ${secret.x | replace(1, 2)}", "a: fake-x"),
            ("a: ${secret.x | default('d')}", "a: fake-x"),
            ("a: '${secret.x | int}'", "a: 0"),
            ("a: ${secret.x | float}", "a: 0.0"),
            ("a: ${secret.x | b64decode | bool}", "a: false"),
            ("a: !!int ${secret.x}", "a: !!int 0"),
            ("a: !!float '${secret.x}'", "a: !!float '0.0'"),
            ("a: !!bool ${secret.x}", "a: !!bool false"),
            ("a: !!str ${secret.x}", "a: !!str fake-x"),
            ("a: p://u:${secret.x}@h", "a: p://u:fake-x@h"),
            ("a: $ secrets.get('x', 'd') + f'{secrets.y}'", "a: $ 'fake-x' + f'fake-y'"),
        ] {
            let source = Source::new("a.yaml", text, Format::Yaml);
            let found = scan(&source, &Dialects::default());
            let names = ["x", "x.KEY", "y"].map(Name::split);
            let answers: Answers = names.iter().map(|name| (name.clone(), Secret::fake(name))).collect();
            let outcome = render(&source, &found, &answers, &crate::Encoding::default());
            let rendered = outcome.rendered.map(|rendered| rendered.text().to_owned());
            assert_eq!(rendered.as_deref(), Some(expected), "{text}: {:?}", outcome.diagnostics);
        }
    }
}
