//! The filters and tests that a template may name: ours, and those of the engine that make sense here.

use crate::filter::FILTERS;
use crate::filter::meant;
use crate::suggest::nearest;

/// Filters of the engine beside [`FILTERS`].
///
/// Left out are `pprint`, which shows how values are held, `escape`, which is for HTML, and `format` and `batch`,
/// whose numbers can ask for any amount of memory.
pub(super) const ENGINE_FILTERS: &[&str] = &[
    "abs",
    "attr",
    "capitalize",
    "chain",
    "count",
    "d",
    "dictsort",
    "first",
    "groupby",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "unique",
    "zip",
];

/// Tests of the engine.
const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Filters of ours that take nothing but the value.
const WITHOUT_ARGUMENTS: &[&str] = &[
    "urlencode",
    "base64",
    "b64decode",
    "json",
    "shell",
    "sha256",
    "pem1line",
    "upper",
    "lower",
    "int",
    "float",
    "bool",
];

/// Every filter that a template may use.
pub(super) fn filters() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().map(|info| info.name).chain(ENGINE_FILTERS.iter().copied())
}

/// What is wrong with a filter as it is written, if anything is.
pub(super) fn filter_problem(name: &str, arguments: usize) -> Option<String> {
    if !filters().any(|known| known == name) {
        let hint = match meant(name) {
            Some(own) => format!("; did you mean `{own}`?"),
            None => hint(name, filters()),
        };
        return Some(format!("there is no filter `{name}`{hint}"));
    }
    if arguments > 0 && WITHOUT_ARGUMENTS.contains(&name) {
        return Some(format!("`{name}` takes no argument, not {arguments}"));
    }
    (arguments == 0 && name == "default").then(|| "`default` takes one argument, not 0".to_owned())
}

/// What is wrong with a test as it is written, if anything is.
pub(super) fn test_problem(name: &str) -> Option<String> {
    // An operator stands for itself: `select('==', 1)`.
    let is_known = TESTS.contains(&name) || !name.starts_with(|c: char| c.is_ascii_alphabetic());
    (!is_known).then(|| format!("there is no test `{name}`{}", hint(name, TESTS.iter().copied())))
}

fn hint(name: &str, known: impl Iterator<Item = &'static str>) -> String {
    nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}
