//! Whether a reference stands in the user part of a URL, where reserved characters break it.

use redeem_syntax::{Code, Diagnostic, Mark, Place, Reference, Scalar, Scan, Source, Span};

use crate::filter::added;

/// How far a URL is followed on each side of a reference, in bytes.
const LONGEST: usize = 4096;

/// The warnings of references in the user part of a URL that any value with a `/` or `@` would break.
pub(crate) fn check(source: &Source, scan: &Scan) -> Vec<Diagnostic> {
    let told = |reference: &Reference| {
        let scalar = &scan.strings.get(reference.string)?.scalar;
        wants_filter(reference, scan).then(|| {
            let message = "a value with `/`, `@` or `:` in it would end this part of the URL";
            problem(source, reference, scalar, message)
        })
    };
    scan.references.iter().filter_map(told).collect()
}

/// Whether a reference is a part of a URL that its value may end early, and has no filter against that.
pub(crate) fn wants_filter(reference: &Reference, scan: &Scan) -> bool {
    let is_text = matches!(reference.place, Place::Text | Place::PythonText(_) | Place::FString);
    let has_filter = reference.filters.iter().any(|filter| filter.name == "urlencode");
    let Some(string) = scan.strings.get(reference.string).filter(|_| is_text && !has_filter) else {
        return false;
    };
    let text = &string.scalar.decoded.text;
    let (first, last) = window(text, &reference.range);
    if !text[first..reference.range.start].contains("://") {
        return false;
    }
    // Other references are parts of the URL too, and what is written in them, blanks and all, is no part of it.
    let mut around = text[first..last].to_owned();
    let other = |mark: &Mark| match mark {
        Mark::Reference(index) => scan.references.get(*index).map(|other| other.range.clone()),
        Mark::Escape(..) => None,
    };
    let start = |mark: &Mark| match mark {
        Mark::Reference(index) => scan.references.get(*index).map_or(0, |other| other.range.start),
        Mark::Escape(range, _) => range.start,
    };
    let near = &string.marks[string.marks.partition_point(|mark| start(mark) < first)..];
    let ranges = near.iter().take_while(|mark| start(mark) < last).filter_map(other);
    for range in ranges.filter(|range| first <= range.start && range.end <= last && *range != reference.range)
    {
        around.replace_range(range.start - first..range.end - first, &"x".repeat(range.len()));
    }
    is_in_userinfo(&around, &(reference.range.start - first..reference.range.end - first))
}

/// The problem of such a reference, with the filter as its fix where its dialect takes one.
pub(crate) fn problem(source: &Source, reference: &Reference, scalar: &Scalar, message: &str) -> Diagnostic {
    let problem = Diagnostic::new(Code::UrlWithoutFilter, message).at(
        source,
        reference.span.clone(),
        "in the user part of a URL",
    );
    match added(reference, scalar, "urlencode") {
        Some(written) => {
            let problem = problem.with_help(format!("write `{written}`"));
            match scalar.edit(source.text(), &reference.range, &written) {
                Some((span, text)) => problem.with_fix(span, text),
                None => problem,
            }
        }
        None => problem
            .with_help("store the value as a URL needs it, or write the reference in a dialect with filters"),
    }
}

/// Whether `range` of `text` lies between `://` and the `@` of a URL's authority (RFC 3986, 3.2.1).
pub(crate) fn is_in_userinfo(text: &str, range: &Span) -> bool {
    let ends_url = |c: char| c.is_whitespace() || "\"'<>`".contains(c);
    let (first, last) = window(text, range);
    // Few texts hold a URL, and looking for its sign costs less than looking for its start.
    if !text[first..range.start].contains("://") {
        return false;
    }
    let before = text[first..range.start].rsplit(ends_url).next().unwrap_or_default();
    let Some((_, authority)) = before.rsplit_once("://") else { return false };
    let after = text[range.end..last].split(ends_url).next().unwrap_or_default();
    let rest = after.split(['/', '?', '#']).next().unwrap_or_default();
    !authority.contains(['/', '?', '#', '@']) && rest.contains('@')
}

/// The part of a text that a URL around `range` can reach.
fn window(text: &str, range: &Span) -> (usize, usize) {
    // No URL is longer; with a bound, a long text of many references is not read once for each.
    let first = text.ceil_char_boundary(range.start.saturating_sub(LONGEST));
    (first, text.floor_char_boundary(range.end.saturating_add(LONGEST).min(text.len())))
}

/// Whether a value ends its part of the URL early, or is read as something else.
pub(crate) fn breaks_userinfo(value: &str) -> bool {
    value.chars().any(|c| ":/?#[]@%\\".contains(c) || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_part_is_told_from_the_rest() {
        for (text, expected) in [
            ("postgres://u:REF@h/db", true),
            ("x https://REF@h", true),
            ("https://REF:p@h", true),
            ("https://h/REF", false),
            ("https://h/?a=REF@b", false),
            ("https://REF/x@y", false),
            ("mailto:REF@h", false),
            ("https://u@REF", false),
        ] {
            let at = text.find("REF").expect("a mark");
            assert_eq!(is_in_userinfo(text, &(at..at + 3)), expected, "{text}");
        }
    }
}
