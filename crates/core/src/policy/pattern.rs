//! Patterns over key paths: `**.pagerduty.**.routing_key`.

use std::fmt;

use redeem_syntax::scan::quoted_key;
use redeem_syntax::{KeyPath, Segment};

/// A pattern over the ways from a document's root to its values.
///
/// Segments stand between dots. `**` is any number of segments, `*` is one; inside a segment `*` is any run of
/// characters. A position of a list is a segment: `servers.0.key`, `servers[0].key`, `servers[*].key`. A key that
/// holds a dot, a bracket or a star stands in double quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `**`
    Many,
    /// The parts around each `*` of a segment; a single one has no star.
    Glob(Vec<String>),
    /// `[0]`
    Index(usize),
}

impl KeyPattern {
    /// Reads a pattern.
    ///
    /// ```
    /// use redeem_core::policy::KeyPattern;
    /// use redeem_syntax::KeyPath;
    ///
    /// let pattern = KeyPattern::parse("**.pagerduty.*.routing_key").unwrap();
    /// assert!(pattern.matches(&KeyPath::parse("montecarlo.pagerduty[0].routing_key").unwrap()));
    /// assert!(!pattern.matches(&KeyPath::parse("database.password").unwrap()));
    /// ```
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (index, after) = inside.split_once(']').ok_or("a `[` is not closed")?;
                steps.push(match index {
                    "*" => Step::Glob(vec![String::new(), String::new()]),
                    index => Step::Index(
                        index.parse().map_err(|_| "between `[` and `]` stands no number and no `*`")?,
                    ),
                });
                rest = after;
            } else if let Some(inside) = rest.strip_prefix('"') {
                let (key, after) = quoted_key(inside)?;
                steps.push(Step::Glob(vec![key]));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (segment, after) = rest.split_at(end);
                steps.push(match segment {
                    "" => return Err("a segment is empty"),
                    "**" => Step::Many,
                    _ if segment.contains("**") => return Err("`**` has to be a whole segment"),
                    _ => Step::Glob(segment.split('*').map(str::to_owned).collect()),
                });
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some("") => return Err("it ends in a dot"),
                Some(after) => rest = after,
                None if rest.is_empty() || rest.starts_with('[') => {}
                None => return Err("a dot is missing between two segments"),
            }
        }
        // Two in a row say no more than one, and would be tried in each way.
        steps.dedup_by(|one, other| *one == Step::Many && *other == Step::Many);
        if steps.is_empty() { Err("it is empty") } else { Ok(Self { text: text.to_owned(), steps }) }
    }

    /// Whether this is the way to a place.
    pub fn matches(&self, path: &KeyPath) -> bool {
        // The way back to the last `**` is enough: what an earlier one could take, the last one can too.
        let (mut step, mut segment) = (0, 0);
        let mut again: Option<(usize, usize)> = None;
        loop {
            match self.steps.get(step) {
                Some(Step::Many) => {
                    again = Some((step + 1, segment));
                    step += 1;
                    continue;
                }
                Some(one) if path.0.get(segment).is_some_and(|own| one.fits(own)) => {
                    step += 1;
                    segment += 1;
                    continue;
                }
                None if segment == path.0.len() => return true,
                _ => {}
            }
            match &mut again {
                Some((behind, from)) if *from < path.0.len() => {
                    *from += 1;
                    (step, segment) = (*behind, *from);
                }
                _ => return false,
            }
        }
    }

    /// A text that stands in every key that a matching path ends in; none if there is no such text.
    pub fn last_word(&self) -> Option<&str> {
        match self.steps.last()? {
            Step::Glob(parts) => {
                parts.iter().max_by_key(|part| part.len()).map(String::as_str).filter(|part| !part.is_empty())
            }
            Step::Many | Step::Index(_) => None,
        }
    }
}

impl Step {
    fn fits(&self, segment: &Segment) -> bool {
        match (self, segment) {
            (Self::Many, _) => true,
            (Self::Index(own), Segment::Index(index)) => own == index,
            (Self::Index(_), Segment::Key(_)) => false,
            (Self::Glob(parts), Segment::Key(key)) => fits(parts, key),
            (Self::Glob(parts), Segment::Index(index)) => fits(parts, &index.to_string()),
        }
    }
}

/// Whether a text is these parts with anything between them.
fn fits(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    middle.iter().all(|part| match rest.split_once(part.as_str()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

impl fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_their_places() {
        for (pattern, path, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a", false),
            ("a.b", "a.b.c", false),
            ("**", "a.b", true),
            ("**.b", "b", true),
            ("**.b", "a.x.b", true),
            ("**.b", "a.b.c", false),
            ("a.**", "a", true),
            ("a.**", "a[0].b", true),
            ("a.**.**.b", "a.b", true),
            ("**.pagerduty.**.routing_key", "montecarlo.pagerduty[3].x.routing_key", true),
            ("**.pagerduty.**.routing_key", "pagerduty.routing_key", true),
            ("**.pagerduty.**.routing_key", "opsgenie.routing_key", false),
            ("**.a.**.a.b", "a.b.a.a.b", true),
            ("a.*.c", "a.b.c", true),
            ("a.*.c", "a[0].c", true),
            ("a.*.c", "a.b.b.c", false),
            ("a[0].c", "a[0].c", true),
            ("a[0].c", "a[1].c", false),
            ("a.0.c", "a[0].c", true),
            ("a[*].c", "a[7].c", true),
            ("*_key", "api_key", true),
            ("*_key", "api_keys", false),
            ("*a*a", "aa", true),
            ("*a*a", "a", false),
            ("x*y*z", "x-y-z", true),
            ("\"a.b\".c", "\"a.b\".c", true),
            ("\"*\".c", "x.c", false),
            (r#""a\nb\u{1}\"c""#, r#""a\nb\u{1}\"c""#, true),
        ] {
            let read = KeyPattern::parse(pattern).expect(pattern);
            assert_eq!(read.matches(&KeyPath::parse(path).expect(path)), expected, "{pattern} at {path}");
            assert_eq!(read.to_string(), pattern);
        }
        assert!(KeyPattern::parse("**").expect("a pattern").matches(&KeyPath::default()));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for text in ["", "a.", ".a", "a..b", "a[x]", "a[0", "\"a", "a[0]b", "a**", "**b"] {
            assert!(KeyPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_word_stands_in_every_key_that_fits() {
        for (pattern, expected) in [
            ("**.routing_key", Some("routing_key")),
            ("a.*_key", Some("_key")),
            ("a.*", None),
            ("a.**", None),
            ("a[0]", None),
        ] {
            assert_eq!(KeyPattern::parse(pattern).expect(pattern).last_word(), expected, "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = KeyPattern::parse("**.a.".repeat(30).trim_end_matches('.'));
        let path = KeyPath(vec![Segment::Key("a".into()); 2000]);
        let pattern = pattern.expect("a pattern");
        assert!(pattern.matches(&path));
        let stars = KeyPattern::parse(&format!("{}b", "*a".repeat(30))).expect("a pattern");
        assert!(!stars.matches(&KeyPath(vec![Segment::Key("a".repeat(4000))])));
    }
}
