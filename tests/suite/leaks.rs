//! No value in any message, file or crash: a canary goes through everything that can go wrong.

use crate::support::Project;

const CANARY: &str = "c4n4ry-\u{1}\n'\"\\$ v4lue";

#[test]
fn case_34_no_output_holds_the_canary() {
    let files = [
        ("src/a.yaml", "k: ${secret.canary}\nu: p://u:${secret.canary}@h\n"),
        ("src/b.env", "K={secret:canary}\n"),
        ("src/c.conf", "k {secret:canary};\n"),
        ("src/d.yaml", "k: '${secret.canary | int}'\n"),
        ("src/e.yaml", "k: '${secret.canary | b64decode}'\n"),
        ("src/f.yaml", "k: [\n# {secret:canary}\n"),
        ("src/g.json", "{\"{secret:canary}\": 1, \"{secret:canary | trim}\": 2}"),
        ("src/h.yaml", "k: '{secret:canari}'\n"),
        ("src/i.yaml", "k: '{secret:canary | nope}'\n"),
        ("src/j.yaml", "k: \"$ rb'{secret:canary}' + r'{secret:canary}'\"\n"),
    ];
    let project = Project::new(&files).secret("CANARY", CANARY).secret("RUST_BACKTRACE", "full");
    for line in [
        "render src -o out -v",
        "render src -o out --keep-going -v",
        "render src -o out --dry-run",
        "render src -o out --diff --keep-going",
        "render src -o out --diff",
        "check src",
        "check src --format json",
        "refs src --json",
    ] {
        let run = project.redeem(line);
        for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            for part in ["c4n4ry", "v4lue"] {
                assert!(!text.contains(part), "{line}: {stream} holds {part:?}:\n{text}");
            }
        }
        assert!(run.code.is_some(), "{line} ended by a signal");
    }
    for path in project.tree("") {
        let whole = project.path(&path);
        if whole.is_file() && !path.starts_with("out/") {
            let text = std::fs::read(&whole).expect("a file");
            assert!(!String::from_utf8_lossy(&text).contains("c4n4ry"), "{path}");
        }
    }
    assert!(project.tree("").iter().all(|path| !path.contains(".redeem-")), "{:?}", project.tree(""));
}

#[test]
fn no_template_shows_the_canary() {
    let texts = [
        "{{ secrets.canary | int }}",
        "{{ secrets.canary | b64decode }}",
        "{{ secrets.canary + 1 }}",
        "{{ secrets.canary * secrets.canary }}",
        "{{ secrets.canary.KEY }}",
        "{{ secrets.canary[0] }}",
        "{{ 1 is divisibleby(secrets.canary) }}",
        "{{ secrets.canary | round }}",
        "{{ range(secrets.canary) }}",
        "{{ {secrets.canary: 1} }}",
        "{{ [secrets.canary] }}",
        "{{ [1, 2] | map(secrets.canary) | list }}",
        "{{ [1, 2] | sum(start=secrets.canary) }}",
        "{{ secrets.canary | attr('x') | default(secrets.canary) | float }}",
        "{% set a, b = secrets.canary %}",
        "{% for a, b in [secrets.canary] %}{% endfor %}",
        "{{ secrets.canary() }}",
        "{{ vars[secrets.canary] }}",
        "{% set ns = namespace(a=secrets.canary) %}{{ ns.a.b }}",
        "{% set s = secrets.canary %}{{ s.x }}",
        "{% set s = secrets.canary %}{{ s() }}",
        "{{ secrets.canary | indent(secrets.canary) }}",
        "{{ secrets.canary | replace(1, 2, 3, 4) }}",
        "# {{ secrets.canary }}",
        "[ {{ secrets.canary | safe }}",
        "a: {{ secrets.canary }}\n b: {{ secrets.canary }}",
        "a: p://u:{{ secrets.canary }}@h",
        "{{ secrets.canary }}: 1\n{{ secrets.canary }}: 2",
        "a: {{ secrets.canary | safe }}: {{ secrets.canary | safe }}",
    ];
    let project = Project::new(&[]).secret("CANARY", CANARY).secret("RUST_BACKTRACE", "full");
    for (index, text) in texts.iter().enumerate() {
        for ending in ["yaml", "toml", "json", "env", "conf"] {
            project.write(&format!("src/t{index}.{ending}.j2"), text);
        }
    }
    for line in [
        "render src -o out",
        "render src -o out --keep-going -v",
        "check src",
        "check src --format json",
        "refs src --json",
    ] {
        let run = project.redeem(line);
        for part in ["c4n4ry", "v4lue"] {
            assert!(!run.stdout.contains(part) && !run.stderr.contains(part), "{line}:\n{}", run.stderr);
        }
        assert!(run.code.is_some_and(|code| code < 100), "{line} ended with {:?}: {}", run.code, run.stderr);
    }
}

#[test]
fn case_16_a_value_is_not_expanded_again() {
    let project =
        Project::new(&[("a.yaml", "k: '{secret:a}'\n")]).secret("A", "{secret:b}").secret("B", "no");
    assert_eq!(project.redeem("render a.yaml").exits(0).stdout, "k: '{secret:b}'\n");
}

#[test]
fn case_20_what_is_not_resolved_is_told() {
    for text in [
        "k: '{secret:nope}'",
        "k: '{secret: x}'",
        "k: {secret:x}",
        "k: \"\\u007bsecret:nope}\"",
        "k: '${SECRET.x}'",
        "k: '{secret:x'",
    ] {
        let project = Project::new(&[("a.yaml", text)]).secret("X", "v");
        project.redeem("render a.yaml").exits(3).says(&["a.yaml:1:"]);
    }
}

#[test]
fn case_14_references_count_where_values_do() {
    let text = "%YAML 1.2\n---\n# ${secret.no}\n&secret.no !secret.no '${secret.x}': 1 # ${secret.no}\nb: |\n  ${secret.x} # text\nc: [ '${secret.x}' , {'{secret:x}': \"${secret.x}\"} ]\nd: a ${secret.x}\n   b ${secret.x}\n";
    let project =
        Project::new(&[("a.yaml", text), ("b.toml", "'${secret.x}'.a = '{secret:x}' # {secret:no}\n")])
            .secret("X", "v");
    let rendered = project.redeem("render a.yaml").exits(0).stdout;
    assert_eq!(rendered, text.replace("${secret.x}", "v").replace("{secret:x}", "v"));
    assert_eq!(project.redeem("render b.toml").exits(0).stdout, "'v'.a = 'v' # {secret:no}\n");
}

#[test]
fn case_17_a_value_adds_no_key_and_runs_nothing() {
    let yaml = Project::new(&[("a.yaml", "user: ${secret.x}\nlist: [\"${secret.x}\"]\n")])
        .secret("X", "a\n  admin: true\nroot: 1");
    let rendered = yaml.redeem("render a.yaml").exits(0).stdout;
    assert_eq!(rendered.lines().count(), 2, "{rendered}");
    for value in [
        "$(touch pwned)",
        "`touch pwned`",
        "x; touch pwned",
        "x\\'; touch pwned; '",
        "'; touch pwned; '",
        "\"; touch pwned; \"",
        "x & touch pwned",
        "a\nEVIL=1",
        "$((1))",
        "~",
        "*",
    ] {
        for line in ["A={secret:x}", "A='{secret:x}'", "A=\"{secret:x}\"", "export A=x{secret:x}y"] {
            let project = Project::new(&[("a.env", &format!("{line}\n"))]).secret("X", value);
            let run = project.redeem("render a.env -o b.env");
            if run.code != Some(0) {
                assert_eq!(run.code, Some(3), "{value:?} in {line}: {}", run.stderr);
                continue;
            }
            let script = "set -f; . ./b.env; printf '%s|%s' \"$A\" \"$EVIL\"";
            let shell = std::process::Command::new("sh")
                .args(["-c", script])
                .current_dir(project.path(""))
                .env_clear()
                .output();
            let said = String::from_utf8(shell.expect("a shell").stdout).expect("UTF-8");
            let expected = if line.contains('y') { format!("x{value}y|") } else { format!("{value}|") };
            assert_eq!(said, expected, "{value:?} in {line}");
            assert!(!project.exists("pwned"), "{value:?} in {line}");
        }
    }
}
