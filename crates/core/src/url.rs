//! Whether a reference stands in the user part of a URL, where reserved characters break it.

use redeem_syntax::Span;

/// How far a URL is followed on each side of a reference, in bytes.
const LONGEST: usize = 4096;

/// Whether `range` of `text` lies between `://` and the `@` of a URL's authority (RFC 3986, 3.2.1).
pub(crate) fn is_in_userinfo(text: &str, range: &Span) -> bool {
    let ends_url = |c: char| c.is_whitespace() || "\"'<>`".contains(c);
    // No URL is longer; with a bound, a long text of many references is not read once for each.
    let first = text.ceil_char_boundary(range.start.saturating_sub(LONGEST));
    let last = text.floor_char_boundary(range.end.saturating_add(LONGEST).min(text.len()));
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
