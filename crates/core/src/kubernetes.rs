//! References below `data` of a Kubernetes Secret, where values have to be base64.
//!
//! <https://kubernetes.io/docs/concepts/configuration/secret/>: the values of all keys in `data` have to be
//! base64-encoded strings, those of `stringData` are taken as they are.

use std::collections::{BTreeMap, BTreeSet};

use redeem_syntax::{
    Code, Diagnostic, Format, KeyPath, Place, Reference, Scalar, Scan, Segment, Source, strings,
};

use crate::filter::added;

/// The warnings of references that are all of a value in `data` of a Secret, and have no `base64` filter.
pub(crate) fn check(source: &Source, scan: &Scan) -> Vec<Diagnostic> {
    if !matches!(source.format(), Format::Yaml | Format::Json) {
        return Vec::new();
    }
    let wanted: BTreeMap<usize, (&Reference, &Scalar)> = scan
        .references
        .iter()
        .filter_map(|reference| Some((reference, &scan.strings.get(reference.string)?.scalar)))
        .filter(|(reference, scalar)| stands_bare(reference, scalar))
        .map(|(reference, scalar)| (scalar.span.start, (reference, scalar)))
        .collect();
    if wanted.is_empty() || !source.text().contains("Secret") {
        return Vec::new();
    }
    let mut secrets = BTreeSet::new();
    let mut found = Vec::new();
    strings(source, &mut |document, token, KeyPath(path)| {
        if let Some(object) = object(&path, &["kind"])
            && token.text == "Secret"
        {
            secrets.insert((document, object));
        }
        if let (Some(&at), Some(object)) = (wanted.get(&token.span.start), object(&path, &["data", "*"])) {
            found.push(((document, object), at));
        }
    });
    found.retain(|(object, _)| secrets.contains(object));
    found.into_iter().map(|(_, (reference, scalar))| told(source, reference, scalar)).collect()
}

fn told(source: &Source, reference: &Reference, scalar: &Scalar) -> Diagnostic {
    let message = "Kubernetes decodes this value from base64, and nothing here encodes it";
    let problem = Diagnostic::new(Code::UnencodedData, message).at(
        source,
        reference.span.clone(),
        "in `data` of a Secret",
    );
    let written = added(reference, scalar, "base64");
    let edit = written.as_ref().and_then(|written| scalar.edit(source.text(), &reference.range, written));
    let problem = match &written {
        Some(written) => problem.with_help(format!("write `{written}`, or move the key to `stringData`")),
        None => problem.with_help("move the key to `stringData`"),
    };
    // The stored value may be base64 already.
    edit.into_iter().fold(problem, |problem, (span, text)| problem.with_unsafe_fix(span, text))
}

/// Whether a reference is all of a value and nothing encodes it.
fn stands_bare(reference: &Reference, scalar: &Scalar) -> bool {
    let is_whole = reference.range.start == 0 && scalar.decoded.text[reference.range.end..].trim().is_empty();
    let is_encoded = reference.filters.iter().any(|filter| filter.name == "base64");
    is_whole && !is_encoded && !scalar.is_key && matches!(reference.place, Place::Text)
}

/// An object that a document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Object {
    /// All of it.
    Whole,
    /// An item of its list.
    Item(usize),
}

/// Which object of a document a path leads into, if it goes on with these keys there: the document itself, or an
/// item of its list. `*` is any key.
fn object(path: &[Segment], keys: &[&str]) -> Option<Object> {
    let (object, rest) = match path {
        [Segment::Key(items), Segment::Index(index), rest @ ..] if items == "items" => {
            (Object::Item(*index), rest)
        }
        rest => (Object::Whole, rest),
    };
    let fits = |(segment, key): (&Segment, &&str)| match segment {
        Segment::Key(found) => *key == "*" || found == key,
        Segment::Index(_) => false,
    };
    (rest.len() == keys.len() && rest.iter().zip(keys).all(fits)).then_some(object)
}

#[cfg(test)]
mod tests {
    use redeem_syntax::{Dialects, scan};

    use super::*;

    fn told(format: Format, text: &str) -> Vec<String> {
        let source = Source::new("x", text, format);
        let found = scan(&source, &Dialects::default());
        check(&source, &found)
            .iter()
            .map(|problem| {
                let fix = &problem.fixes[0];
                assert!(!fix.safe);
                [&text[..fix.span.start], &fix.replacement, &text[fix.span.end..]].concat()
            })
            .collect()
    }

    #[test]
    fn data_of_a_secret_is_told_wherever_its_kind_stands() {
        for (format, text, expected) in [
            (
                Format::Yaml,
                "kind: Secret\ndata:\n  a: ${secret.x}\n",
                "kind: Secret\ndata:\n  a: ${secret.x | base64}\n",
            ),
            (
                Format::Yaml,
                "kind: Pod\n---\ndata:\n  a: '{secret:x | trim}'\nkind: Secret\n",
                "kind: Pod\n---\ndata:\n  a: '{secret:x | trim | base64}'\nkind: Secret\n",
            ),
            (
                Format::Json,
                r#"{"items": [{"kind": "Secret", "data": {"a": "\u007bsecret:x}"}}]}"#,
                r#"{"items": [{"kind": "Secret", "data": {"a": "\u007bsecret:x | base64}"}}]}"#,
            ),
            (
                Format::Yaml,
                "kind: Secret\ndata:\n  a: |\n    {secret:x}\n",
                "kind: Secret\ndata:\n  a: |\n    {secret:x | base64}\n",
            ),
        ] {
            assert_eq!(told(format, text), [expected]);
        }
    }

    #[test]
    fn what_is_encoded_or_no_data_of_a_secret_is_silent() {
        for text in [
            "kind: Secret\nstringData:\n  a: ${secret.x}\n",
            "kind: Secret\ndata:\n  a: ${secret.x | base64}\n",
            "kind: Secret\ndata:\n  a: x-${secret.x}\n",
            "kind: ConfigMap\ndata:\n  a: ${secret.x}\n",
            "kind: Secret\n---\nkind: ConfigMap\ndata:\n  a: ${secret.x}\n",
            "kind: Secret\nx:\n  data:\n    a: ${secret.x}\n",
            "items:\n- kind: Secret\n- kind: ConfigMap\n  data:\n    a: ${secret.x}\n",
        ] {
            assert_eq!(told(Format::Yaml, text), Vec::<String>::new(), "{text}");
        }
    }
}
