//! Expressions at the corners of Python's grammar, and values at the corners of its literals: each meets each.

use serde_json::Value;

use super::host;
use super::line::{Case, Refusal};
use super::rng::Rng;
use super::values;

/// A line for each corner with each value.
pub(crate) fn lines(mut rng: Rng) -> impl Iterator<Item = Value> {
    let rendered = RENDERED.iter().map(|text| (*text, Refusal::Never));
    let refused = REFUSED.iter().map(|(text, code)| (*text, Refusal::Must(vec![(*code).to_owned()])));
    let long = values::mebibyte();
    let mut cases = Vec::new();
    for (text, refusal) in rendered.chain(refused) {
        cases.extend(VALUES.iter().map(|value| case(&mut rng, text, value, refusal.clone())));
    }
    cases.extend(["$ secrets.a", "$ f'{secrets.a}'"].map(|text| case(&mut rng, text, &long, Refusal::Never)));
    cases.into_iter().map(|case| case.line())
}

fn case(rng: &mut Rng, expression: &str, value: &str, refusal: Refusal) -> Case {
    let secrets = [("a", value), ("b", "B2"), ("n", "5"), ("x", value), ("api_key", value), ("get", value)];
    Case {
        part: "corners",
        name: expression.to_owned(),
        source: host::document(rng, expression),
        expression: Some(expression.to_owned()),
        secrets: secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        refusal,
    }
}

/// Values that some kind of literal, or the text beside them, has an opinion about.
#[rustfmt::skip]
pub(crate) const VALUES: &[&str] = &[
    "K1", "5", "it's", "say \"hi\"", "'\"", "\\", "a\\", "\\n", "{", "}", "{}", "{{x}}", "{secrets.a0}",
    "line\nline", "\r", "\r\n", "\0", "\u{0}007", "\t", "\u{2028}", "\u{2029}x", "\u{feff}bom", "\u{85}",
    "é😀👩\u{200d}🔧", "", "'''", "\"\"\"", "''", "\"\"", "x'''y", "\\N{DASH}", "\\N{EM DASH}", "N{DASH}",
    "\\x41", "7", "08", "x41", "u0041", "${secret.y}", "$ secrets.a1", "%s", "#c", "!r", ":>5", "=",
    "\u{7f}\u{80}\u{9f}", "\u{a0}\u{ad}", "\u{e000}\u{10ffff}\u{ffff}", "\\'", "\\\"", "'", "\"",
    "\u{1b}[0m", "a b", "-----BEGIN KEY-----\nMII+/=\n-----END KEY-----\n", "p@ss:w/rd?&=#%", "n", "'a",
    "a'", "\"a", "a\"", "\\\\", "\\\\'", "\u{300}x",
];

/// What has to be rendered whatever the value.
const RENDERED: &[&str] = &[
    // A secret on its own, and as a field.
    "$ secrets.api_key",
    "$ secrets['api_key']",
    r#"$ secrets["api_key"]"#,
    "  $ secrets.api_key  ",
    "$  secrets.api_key",
    "$ f'https://x/?k={secrets.api_key}'",
    r#"$ f"https://x/?k={secrets.api_key}""#,
    r#"$ f"""https://x/?k={secrets.api_key}""""#,
    "$ f'''https://x/?k={secrets.api_key}'''",
    "$ f'{ secrets.api_key }'",
    // Fields that stay fields.
    "$ f'{secrets.api_key:>6}'",
    "$ f'{secrets.api_key!r}'",
    "$ f'{secrets.api_key!s}'",
    "$ f'{secrets.api_key!a}'",
    "$ f'{secrets.api_key!r:>20}'",
    // Fields that print their source.
    "$ f'{secrets.api_key=}'",
    r#"$ f"{secrets.api_key=}""#,
    r#"$ f"""{secrets.api_key=}""""#,
    "$ f'{ secrets.api_key = }'",
    "$ f'{secrets.api_key=!s}'",
    "$ f'{secrets.api_key=!r}'",
    "$ f'{secrets.api_key=:>9}'",
    "$ f'{secrets.api_key=:}'",
    "$ f'{secrets.api_key:}'",
    "$ f'{secrets['api_key']=}'",
    "$ rf'{secrets['api_key']=}'",
    "$ f'{ {1: secrets.a}[1] = }'",
    // Format specs with fields.
    "$ f'{x:0{secrets.n}.1f}'",
    "$ f'{x:0{secrets.n}}'",
    "$ f'{x!r:>{secrets.n}}'",
    "$ f'{x:{secrets.n=}}'",
    r#"$ f'{3:0{secrets.get("n")}d}'"#,
    // Text that only looks like a reference.
    "$ f'{{secrets.api_key}}'",
    "$ 'secrets.api_key'",
    r#"$ "secrets.api_key" + secrets.api_key"#,
    // Quotes in quotes.
    "$ f'{secrets['api_key']}'",
    r#"$ f"{secrets["api_key"]}""#,
    r#"$ f'{secrets["api_key"]}'"#,
    // `.get` and its defaults.
    "$ secrets.get('nope', 'd')",
    "$ secrets.get('nope')",
    "$ secrets.get('a', 'd')",
    "$ secrets.get('nope', secrets.a)",
    "$ secrets.get('nope', secrets.get('nada', secrets.b + secrets.a))",
    r#"$ f'{secrets.get("nope", secrets.a)}'"#,
    r#"$ f'{secrets.get("nope", {1: secrets.a})}'"#,
    r#"$ f'{secrets.get("nope", "d")=}'"#,
    r#"$ f'{secrets.get("nope", secrets.a)=}'"#,
    r#"$ f'{secrets.get("nope")}'"#,
    "$ secrets.get('nope', 5) + 1",
    "$ secrets.get('nope', 5).real",
    "$ secrets.get('nope', -5) ** 2",
    "$ secrets.get('nope', 1 if 0 else 2) + 1",
    "$ secrets.get('nope', lambda: 0)() if 1 else 2",
    "$ secrets.get('nope', (y := 1)) + y",
    "$ secrets.get('nope', 'a' 'b').upper()",
    "$ secrets.get('nope', 'x' if 1 else 'y').upper()",
    "$ secrets.get('nope', None)",
    "$ secrets.get('nope', f'{secrets.a}-{secrets.b!r}')",
    // The rest of the expression.
    "$ 'Bearer ' + secrets.api_key",
    "$ [secrets.a, secrets.b]",
    "$ (secrets.a, secrets.b,)",
    "$ {secrets.a: secrets.b}",
    "$ {'secrets': secrets.b}",
    "$ secrets.a if secrets.b else secrets.n",
    "$ secrets.api_key.upper()",
    "$ secrets.api_key[0:2]",
    "$ secrets['api_key'][::-1]",
    "$ len(secrets.api_key)",
    "$ f'{secrets.api_key.upper()}'",
    "$ f'{secrets.a + secrets.b}'",
    // Text of an f-string, and what it may run into.
    "$ f'{secrets.a}{secrets.b}'",
    "$ f'{{{secrets.a}}}'",
    "$ f'{{{secrets.a}{secrets.b}}}'",
    r"$ f'\{secrets.a}'",
    r"$ rf'\{secrets.a}'",
    "$ rf'{secrets.a}'",
    r#"$ fr"{secrets.a}""#,
    r#"$ rf"""{secrets.a}""""#,
    "$ rf'''x{secrets.a}y'''",
    r"$ f'\1{secrets.a}2'",
    r"$ f'\01{secrets.a}2'",
    r"$ f'\001{secrets.a}2'",
    r"$ f'\\1{secrets.a}2'",
    r"$ f'\x41{secrets.a}2'",
    r"$ f'\u0041{secrets.a}2'",
    r"$ f'\N{EM DASH}{secrets.a}'",
    "$ f'{secrets.a}''b'",
    "$ f'' f'{secrets.a}' ''",
    r#"$ f"{secrets.a}""b""#,
    r"$ f'''\'{secrets.a}'b'''",
    r"$ f'''\'\'{secrets.a}'b'''",
    r#"$ f"""x"{secrets.a}\"""""#,
    "$ f'{secrets.a}' '{secrets.a}'",
    // F-strings in f-strings.
    r#"$ f'{f"{secrets.a}"}'"#,
    "$ f'{f'{secrets.a}'}'",
    r#"$ f'{f"{f'{secrets.a!r}'}"!r}'"#,
    r#"$ f"{f'{secrets.a=}'}""#,
    // Lines and comments.
    r#"$ f'{f"{secrets.a=}"=}'"#,
    "$ f'{f\"\"\"{\nsecrets.a\n}\"\"\"}'",
    "$ f'{\nsecrets.a\n}'",
    "$ f'{secrets.a # the key }\n}'",
    "$ f'{secrets.a # the key\n=}'",
    "$ (\n  secrets.a # secrets.b '\n  +\n  secrets.b\n)",
    // Names of secrets as literals.
    "$ secrets \\\n .a",
    "$ secrets . a + secrets [ 'b' ]",
    r#"$ secrets['a' 'pi' "_key"]"#,
    // Names that are bound, and other names.
    r"$ secrets['\x61']",
    "$ secrets[\"\\141\\\n\"]",
    "$ secrets[r'a'] + secrets[u'b'] + secrets['''n''']",
    r#"$ f'{(lambda z: z + secrets.a)("q")}'"#,
    "$ (lambda z=secrets.a, /, *w, k=1, **q: z)()",
    "$ (lambda secrets: secrets.a)(my)",
    "$ [secrets.a for secrets in [my]]",
    "$ [secrets.a for secrets in [secrets.b, my] if secrets][1:]",
    "$ [c + secrets.a for c in secrets.b if c != secrets.n]",
    "$ {c: secrets.a for c in secrets.b}",
    "$ ''.join(c for c in secrets.a)",
    "$ (secrets := my).a",
    // More of Python's grammar.
    "$ dict(secrets=1)",
    "$ dict(secrets=secrets.a)",
    "$ my.secrets.x",
    "$ secrets_x.y",
    "$ kubectl get secrets",
    "$ (w := secrets.a) + w",
    "$ f'{(w := secrets.a)}'",
    "$ f'{secrets.a != secrets.b}'",
    "$ f'{secrets.a!=secrets.b!r}'",
    "$ f'{secrets.a==secrets.b}'",
    "$ f'{ {'k': secrets.a}['k'] }'",
    "$ f'{secrets.a,}'",
    "$ f'{*secrets.a,}'",
    "$ secrets.a in secrets.b",
    "$ secrets.a not in secrets.b and secrets.a is not None",
    "$ not secrets.a or-1",
    "$ 1if secrets.a else 0x1f",
    "$ '%s %s' % (secrets.a, secrets.b)",
    "$ '{} {x}'.format(secrets.a, x=secrets.b)",
    "$ max([secrets.a], key=len, default=secrets.b)",
    "$ [*secrets.a, *secrets.b][1:2]",
    "$ {**{secrets.a: 1}, 'z': secrets.b}",
    "$ u'x' + secrets.a",
    r#"$ b'x' if secrets.a else B"y""#,
    "$ secrets.a,",
    "$ (*secrets.a, secrets.b)",
    r#"$ f'a\'b{secrets.a}"c'"#,
    r#"$ f"a\"b{secrets.a}'c""#,
    "$ f'{secrets.a:{'>'}{secrets.n}}'",
    r"$ f'{secrets.a:\x3e9}'",
    "$ f'''{secrets.a:\n>9}'''",
    r#"$ f'{"a" "b" + secrets.a}'"#,
    r#"$ f'{secrets.a}' f"{secrets.b}" 'c' rf'{secrets.n}'"#,
    "$ f'x' 'y' f'{secrets.a!r}'.upper()",
    "$ f'{secrets.a[0:1]}'",
    "$ f'{[secrets.a][0]}'",
    "$ f'{x:.{secrets.n}f}{secrets.a}'",
    r#"$ F'{secrets.get("nope", default)}' if 0 else 1"#,
    "$ ...",
    "$ f'{secrets.a}\\\n{secrets.b}'",
    "$ f'\\\n{secrets.a}'",
    "$ f'${secrets.a}$'",
    "$ f'${{secrets.a}}'",
    "$ '${secret.x}' + f'${{secret.y}}{secrets.a}'",
    // Other dialects in string literals.
    "$ '${secret.x}'",
    r#"$ "it is {secret:x}.""#,
    "$ '''${secret.x}'''",
    "$ len('${secret.x}')",
    "$ secrets.get('nope', '${secret.x}')",
    "$ secrets.get('a', '${secret.x}')",
    "$ secrets.a + '${secret.x}' 'y' + secrets.b",
    r#"$ f'{"${secret.x}"}{secrets.a}'"#,
    r#"$ f'{"${secret.x}" + secrets.a!r}'"#,
    r"$ '\0${secret.x}a'",
    r"$ '\'${secret.x}\''",
];

/// What has to be refused, and with which code.
const REFUSED: &[(&str, &str)] = &[
    ("$ secrets.a ; x", "syntax-error"),
    ("$ secrets.api key value", "syntax-error"),
    ("$ f'{secrets.a'", "syntax-error"),
    ("$ 'it is secrets.a", "syntax-error"),
    ("$ (secrets.a", "syntax-error"),
    ("$ secrets.a)", "syntax-error"),
    ("$ secrets", "dynamic-reference"),
    ("$ len(secrets)", "dynamic-reference"),
    ("$ secrets[x]", "dynamic-reference"),
    ("$ secrets.get(x)", "dynamic-reference"),
    ("$ secrets.get", "dynamic-reference"),
    ("$ secrets.items()", "dynamic-reference"),
    ("$ secrets['a' + 'b']", "dynamic-reference"),
    ("$ secrets.class", "syntax-error"),
    ("$ secrets['a-b']", "invalid-name"),
    (r#"$ f'{secrets[tenant + "_key"]}'"#, "dynamic-reference"),
    ("$ f'${secret.x}' + secrets.a", "ambiguous-reference"),
    ("$ b'${secret.x}' + secrets.a", "ambiguous-reference"),
    ("$ {secret:x}", "ambiguous-reference"),
];
