//! The values that some format, version or reader has a second opinion about.

use super::rng::Rng;

/// One secret's value each.
#[rustfmt::skip]
pub(crate) const VALUES: &[&str] = &[
    // Ordinary ones, so that staying in place is tried as well.
    "hunter2", "sk-live-4eC39HqLyjWDarjtT1zdp7dc", "correct horse battery staple", "a", "v1.2/x@y+z=", "p@ss,w0rd!",
    // Quotes and backslashes.
    "'", "\"", "`", "''", "\"\"", "'''", "\"\"\"", "it's", "say \"hi\"", "it's \"both\"", "\\", "\\\\", "a\\", "\\n",
    "C:\\dir\\file", "\\u0041", "\\'", "\\\"", "'\"'\"'", "''''''", "a''b\"\"c",
    // Line breaks.
    "\n", "\n\n", "a\n", "a\n\n", "a\n\n\n", "\na", "\n\na", "a\nb", "a\n\nb", "a\n b\n  c", " a\nb", "a \nb", "a\n ",
    "\r", "\r\n", "a\r\nb", "a\rb", "a\r\n", "a\n\r", "a\\\nb", "a\n\tb", "\ta\nb", "a\n \nb",
    // Controls and what only some readers take for a break, a blank or nothing.
    "\0", "a\0b", "\t", "a\tb", "\ta", "a\t", "\u{7F}", "\u{1B}[31m", "\u{1}", "\u{8}\u{C}\u{B}", "\u{85}", "a\u{85}b",
    "\u{2028}", "a\u{2028}b\u{2029}c", "\u{FEFF}", "\u{FEFF}a", "a\u{FEFF}b", "\u{FFFE}", "\u{FFFF}", "\u{80}\u{9F}",
    "\u{A0}", "a\u{A0}b", "\u{A0}a", "a\u{3000}", "a\u{200B}b", "\u{200F}a", "e\u{301}", "\u{301}", "😀", "👩‍👩‍👧‍👦",
    "\u{1FFFE}", "\u{10FFFF}", "\u{E000}", "\u{D7FF}", "ß — Ελ 中文",
    // What has a meaning at the beginning of a YAML scalar.
    "-", "?", ":", "- a", "-a", "? a", "?a", ": a", ":a", "&a", "*a", "!a", "!!int 5", "%a", "%YAML 1.2", "@a", "`a",
    "|", "|-", ">", "#a", "# a", "[", "[a]", "{", "{a: b}", ",", ",a", "]", "}", "-\ta", ":\ta",
    // What has one further on, or around it.
    ": ", "a: b", "a:", "a :b", " #", "a #b", "a# b", "a\t#b", "a:\tb", "---", "...", "--- a", "... a", "---\na: b", "a\n---\nb",
    "a\n...\n", " ", "  ", "   a", "a   ", " a ", "a  b", "", "{{", "}}", "{{ a }}", "{% a %}", "]]>", "<!--", "&amp;", "a,b]c}d",
    // Words and numbers that are no strings to some reader.
    "no", "No", "yes", "y", "n", "on", "off", "true", "False", "~", "null", "NULL", "Null", "none", "nil", "undefined", "1",
    "-1", "+1", "0", "-0", "1:30", "190:20:30", "014", "0o14", "0x1F", "0X1f", "0b101", "1e3", "1E400", "1_000", "1,000", "1.", ".5", "-.5", "1.5e+3",
    "685_230.15", ".inf", "-.inf", "+.INF", ".NaN", "nan", "inf", "Infinity", "=", "<<", "2001-12-14", "2001-12-14 21:59:43.10 -5",
    "2001-12-14T21:59:43.10Z", "12:30:45", "1979-05-27T07:32:00", "12e03", "0.", "1__0", "0x", "+", ".", "..", "__proto__", "constructor",
    // Structure in disguise.
    "\n  admin: true", "\nadmin: true\n", "a: b\n- c", "\nB=1", "x\nB=1\n", "x\"\nB=1", "x'\nB=1", "\"\nadmin = true\n", "\", \"admin\": true, \"x\": \"",
    "', admin: true, x: '", "]\nadmin = true", "\"]\n", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n",
    "{\"type\": \"service_account\", \"key\": \"-----BEGIN\\nX\\n\", \"n\": [1, null]}", "{\n  \"a\": \"b\",\n  \"c\": [\n    1\n  ]\n}\n",
    "a:\n  - b: c # d\n    e: |\n      f\n\n      g\n  - 'h'\n",
    // What some expander would act upon.
    "${secret.other}", "{secret:other}", "$${secret.other}", "{{secret:other}}", "$ secrets.other", "$(id)", "`id`", "$HOME", "${HOME}", "${HOME:-x}", "$$",
    "$", "a$", "%s", "%HOME%", "!history", "~root", "*", "a;id", "a&id", "a|id", "a>b", "a<b", "(id)", "#", "a=b", "=a", "export A=b", "a b=c",
    // Every ASCII character that shows, and long ones.
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
    "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\t\n\u{B}\u{C}\r\u{E}\u{F}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1A}\u{1B}\u{1C}\u{1D}\u{1E}\u{1F}\u{7F}",
];

/// A value of the table, or one made of it.
pub(crate) fn value(rng: &mut Rng) -> String {
    match rng.below(100) {
        0 => "long word ".repeat(30),
        1 => "x".repeat(300),
        2 => "é\"\\\n".repeat(80),
        3..=14 => format!("{}{}", rng.pick(VALUES), rng.pick(VALUES)),
        15..=24 => format!("{} {}", rng.pick(VALUES), rng.pick(VALUES)),
        _ => rng.pick(VALUES).to_owned(),
    }
}

/// A value of one mebibyte, with something to escape in it.
pub(crate) fn mebibyte() -> String {
    let line = "0123456789abcdef 'quotes\" \\ and: # more\n";
    line.chars().cycle().take(1 << 20).collect()
}
