//! TOML and dotenv as people write them, line by line, with odd neighbours now and then.

use crate::chance::Chance;

const TOML_KEYS: &[&str] = &[
    "a",
    "key-1",
    "secret_name",
    "SECRET",
    "a.b",
    "\"q.r\"",
    "'l'",
    "a . secret_name",
    "1",
    "\"\"",
    "\"s\\u0065cret_name\"",
];

const TOML_VALUES: &[&str] = &[
    "\"x\"",
    "\"\"",
    "''",
    "'{secret:a}'",
    "\"Bearer ${secret.b}\"",
    "\"a\\nb\"",
    "\"{\\u0073ecret:a}\"",
    "\"value of cluster and region\"",
    "'C:\\x'",
    "\"ü😀\"",
    "\"tab\there\"",
    "1",
    "12",
    "-1",
    "0",
    "1.5",
    "1_000",
    "0x1F",
    "inf",
    "true",
    "false",
    "2020-01-01T00:00:00Z",
    "2020-01-01 00:00:00",
    "[]",
    "[1, \"{secret:a}\"]",
    "[\n  \"a\", # c\n  \"{secret:b}\",\n]",
    "[\n\n  [\"x = 1\"],\n\n  'y',\n  '''\nz = \"w\"\n''',\n]",
    "{a = \"{secret:a}\", secret_name = 'x'}",
    "{secret_name = [\"x\"]}",
    "\"\"\"\na = \"b\"\n[t]\n{secret:a}\n\"\"\"",
    "'''\n# c\n'''",
    "\"\"\"x\\\n   y\"\"\"",
];

const TOML_ODD: &[&str] = &[
    "tru",
    "truex",
    "01",
    "1x",
    "\"a",
    "'a",
    "\"\\q\"",
    "\"\u{1}\"",
    "\"\u{7f}\"",
    "[1",
    "{a = 1",
    "",
    "\"a\"b",
    "'''",
    "1 2",
    "\"a\"\r",
    "\"\"\"\"",
];

const ENV_LINES: &[&str] = &[
    "A=b",
    "A='{secret:a}'",
    "A='value of x'",
    "A=\"b\"",
    "A=`b`",
    "A=\"b\nC='{secret:a}'\n\"",
    "A='b\n'",
    "A='it'\\''s'",
    "A='it's {secret:a}'",
    "A=\"b\\\" c\"",
    "A=\"b\\\"",
    "A='b' # '",
    "A= 'b'",
    "A='b' ",
    "  A='b'",
    "export A='b'",
    "export secret_name=x",
    "secret_name=x",
    "secret_name",
    "SECRET={secret:a}",
    "# it's {secret:a}",
    "no pair {secret:a}",
    "no pair",
    "='x'",
    "ü='x'",
    "A.b=x",
    "{secret:a}=x",
    "A=",
    "",
    "'",
    "A='",
    "A=''",
    "A='''",
    "A=''''",
    "A='b'\r",
    "A='b'\rc",
];

const BREAKS: &[&str] = &["\n", "\n", "\n", "\n\n", "\r\n"];

/// A TOML document.
pub(crate) fn toml(chance: &mut Chance) -> String {
    let mut out = String::from(if chance.one_in(20) { "\u{FEFF}" } else { "" });
    for _ in 0..chance.below(8) {
        let blank = |chance: &mut Chance| chance.pick(&["", "", " ", "\t"]);
        out.push_str(blank(chance));
        match chance.below(8) {
            0 => out.push_str(chance.pick(&[
                "[t]",
                "[[t]]",
                "[ t.u ]",
                "[[t.secret_name]]",
                "[\"{secret:a}\"]",
                "[[ t ]]",
            ])),
            1 => out.push_str(chance.pick(&["# c", "#", "# it's \"", "# {secret:a}", "#\u{1}"])),
            _ => {
                out.push_str(chance.pick(TOML_KEYS));
                out.push_str(chance.pick(&["=", " = ", " ="]));
                let values = if chance.odd(10) { TOML_ODD } else { TOML_VALUES };
                out.push_str(chance.pick(values));
                if chance.one_in(5) {
                    out.push_str(chance.pick(&[" # c", "#c", " ", "\t# {secret:c}"]));
                }
            }
        }
        if chance.odd(20) {
            out.push_str(chance.pick(&["\r", "x", "\u{FEFF}", "\u{B}", "\n\u{FEFF}"]));
        }
        out.push_str(chance.pick(BREAKS));
    }
    if chance.one_in(3) {
        out.truncate(out.trim_end_matches(['\n', '\r']).len());
    }
    out
}

/// A dotenv file.
pub(crate) fn dotenv(chance: &mut Chance) -> String {
    let mut out = String::from(if chance.one_in(20) { "\u{FEFF}" } else { "" });
    for _ in 0..chance.below(8) {
        out.push_str(chance.pick(ENV_LINES));
        out.push_str(chance.pick(BREAKS));
    }
    if chance.one_in(3) {
        out.truncate(out.trim_end_matches(['\n', '\r']).len());
    }
    out
}
