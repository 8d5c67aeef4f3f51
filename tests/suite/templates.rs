//! Templates as people use them: names, formats, includes, and what is told when one goes wrong.

use std::os::unix::fs::symlink;

use crate::support::Project;

const CONFIG: &str = "[render]\nsource = 'src'\noutput = 'out'\n\
    vars = { region = 'eu: west', hosts = ['a', 'b'] }\n\
    [[files]]\nmatch = 'page.html'\ntemplate = true\nescape = 'xml'\n\
    [[files]]\nmatch = 'raw.j2'\ntemplate = false\n";

#[test]
fn a_folder_of_templates_is_rendered_beside_other_files() {
    let project = Project::new(&[
        ("redeem.toml", CONFIG),
        (
            "src/app.yaml.j2",
            "region: {{ vars.region }}\nkey: {{ secrets['api-key'] }}\nuser: '{{ env.WHO }}'\n",
        ),
        ("src/list.toml.jinja", "hosts = [{% for h in vars.hosts %}{{ h }}, {% endfor %}]\n"),
        ("src/page.html", "<p title=\"{{ secrets['api-key'] }}\">\n"),
        ("src/raw.j2", "{{ not a template }}\n"),
        ("src/plain.json", "{\"k\": \"${secret.api-key}\"}\n"),
        ("src/none.conf.j2", "nothing here\r\n"),
    ])
    .secret("API_KEY", "a: \"b\" <c>")
    .secret("WHO", "it's me");
    project.redeem("check").exits(0);
    project.redeem("render").exits(0).says(&["rendered 6 files", "6 changed"]);
    assert_eq!(project.read("out/app.yaml"), "region: \"eu: west\"\nkey: 'a: \"b\" <c>'\nuser: 'it''s me'\n");
    assert_eq!(project.read("out/list.toml"), "hosts = [\"a\", \"b\", ]\n");
    assert_eq!(project.read("out/page.html"), "<p title=\"a: &quot;b&quot; &lt;c&gt;\">\n");
    assert_eq!(project.read("out/raw.j2"), "{{ not a template }}\n");
    assert_eq!(project.read("out/none.conf"), "nothing here\r\n");
    assert!(!project.exists("out/app.yaml.j2"));
    project.redeem("render --check").exits(0);
    let one = project.redeem("render src/app.yaml.j2").exits(0);
    assert_eq!(one.stdout, project.read("out/app.yaml"));
    project.redeem("render src/app.yaml.j2 -o other/").exits(0);
    assert_eq!(project.read("other/app.yaml"), one.stdout);
    project.write("out/app.yaml", "changed by hand\n");
    assert_eq!(project.redeem("render --dry-run").exits(0).stdout, "would write out/app.yaml\n");
    let refs = project.redeem("refs src/app.yaml.j2").exits(0).stdout;
    assert_eq!(refs, "src/app.yaml.j2:2:9  template  api-key\n");
}

#[test]
fn two_sources_of_one_output_are_refused() {
    let project = Project::new(&[("src/a.yaml", "k: 1\n"), ("src/a.yaml.j2", "k: 2\n")]);
    project.redeem("render src -o out").exits(3).says(&["output-conflict", "would both become a.yaml"]);
    assert!(!project.exists("out"));
}

/// One of each way to go wrong, with where it is told.
const BROKEN: &[(&str, &str)] = &[
    ("src/a-missing.yaml.j2", "a: 1\nk: {{ secrets.nope }}\n"),
    (
        "src/b-bomb.yaml.j2",
        "{% for a in range(100000) %}\n{% for b in range(100000) %}{{ b }}{% endfor %}{% endfor %}\n",
    ),
    ("src/c-above.yaml.j2", "a: {% include '../outside.j2' %}\n"),
    ("src/d-absolute.yaml.j2", "a: {% include '/etc/hostname' %}\n"),
    ("src/e-link.yaml.j2", "a: {% include 'link.txt' %}\n"),
    ("src/f-syntax.yaml.j2", "a: 1\nb: {{ 1 + }}\n"),
    ("src/g-filter.yaml.j2", "a: {{ secrets.x | uper }}\n"),
    ("src/h-dynamic.yaml.j2", "a: {{ secrets[vars.x] }}\n"),
    ("src/i-comment.yaml.j2", "a: 1 # {{ secrets.x }}\n"),
    ("src/j-part.yaml.j2", "a: 1\n{% include 'parts/bad.txt' %}\n"),
    ("src/k-undefined.yaml.j2", "a: {{ vars.y | upper }}\n"),
    ("src/l-output.json.j2", "{\"a\": 1,\n \"b\": {{ 2 }} 3}\n"),
    ("src/m-other.yaml.j2", "a: '{secret:x}'\n"),
];

#[test]
fn each_problem_is_told_at_its_place() {
    let project = Project::new(BROKEN).secret("X", "v4lue");
    project.write("src/parts/bad.txt", "\nb: {{ secrets.nope }}\n");
    project.write("outside.j2", "x");
    project.write("redeem.toml", "[[files]]\nmatch = '*.txt'\nformat = 'copy'\n");
    symlink("../outside.j2", project.path("src/link.txt")).expect("a link");
    let checked = project.redeem("check src --format short").exits(1);
    let expected = "\
src/c-above.yaml.j2:1:15: error[template-failed]: this path leads out of the source folder
src/d-absolute.yaml.j2:1:15: error[template-failed]: an absolute path cannot be included
src/e-link.yaml.j2:1:15: error[template-failed]: this path leads out of the source folder, through a link
src/f-syntax.yaml.j2:2:11: error[syntax-error]: this template is not valid: unexpected end of variable block
src/g-filter.yaml.j2:1:19: error[unknown-filter]: there is no filter `uper`; did you mean `upper`?
src/h-dynamic.yaml.j2:1:7: error[dynamic-reference]: the secret's name is known only when the template runs
src/link.txt: error[unreadable-file]: this link leads out of the source folder
src/m-other.yaml.j2:1:5: warning[near-miss]: in a template this is text: it stays as it is
";
    assert_eq!(checked.stdout, expected);
    for (file, code, place, words) in [
        ("a-missing", "unknown-secret", "2:15", "no secret `nope`"),
        ("b-bomb", "template-failed", "2:1", "too many steps"),
        ("c-above", "template-failed", "1:15", "out of the source folder"),
        ("d-absolute", "template-failed", "1:15", "absolute"),
        ("e-link", "template-failed", "1:15", "through a link"),
        ("f-syntax", "syntax-error", "2:11", "not valid"),
        ("i-comment", "unencodable-value", "1:11", "no string here"),
        ("j-part", "unknown-secret", "2:15", "no secret `nope`"),
        ("k-undefined", "template-failed", "1:7", "`vars.y | upper` is not defined"),
        ("l-output", "syntax-error", "2:14", "not valid JSON"),
    ] {
        let path = BROKEN.iter().find(|(path, _)| path.contains(file)).expect("a file").0;
        let shown = if file == "j-part" { "src/parts/bad.txt" } else { path };
        for line in [format!("render {path}"), format!("render {path} -o out/")] {
            let run = project.redeem(&line).exits(3).says(&[code, words, &format!("{shown}:")]);
            assert!(run.stderr.contains(place), "{file} at {place}:\n{}", run.stderr);
            assert!(!run.stderr.contains("v4lue") && run.stdout.is_empty(), "{}", run.stderr);
        }
    }
    assert!(!project.exists("out"), "nothing is written");
}

#[test]
fn includes_stay_in_the_source_folder() {
    let project = Project::new(&[
        ("redeem.toml", "[render]\nsource = 'src'\nexclude = ['src/parts']\n"),
        ("src/d/a.yaml.j2", "a: 1\n{% include '../parts/b.j2' %}"),
        ("src/parts/b.j2", "b: {{ secrets.x }}\n"),
        ("alone/a.yaml.j2", "{% include '../src/parts/b.j2' %}"),
    ])
    .secret("X", "v");
    project.redeem("render -o out").exits(0);
    assert_eq!(project.read("out/d/a.yaml"), "a: 1\nb: v\n");
    // A file in `source` that is named alone may include what it may in a render of all.
    assert_eq!(project.redeem("render src/d/a.yaml.j2").exits(0).stdout, "a: 1\nb: v\n");
    project.redeem("render alone/a.yaml.j2").exits(3).says(&["out of the source folder"]);
}

#[test]
fn a_problem_of_a_part_is_told_once() {
    let project = Project::new(&[
        ("src/a.yaml.j2", "{% include 'part.txt.j2' %}"),
        ("src/b.yaml.j2", "{% include 'part.txt.j2' %}"),
        ("src/part.txt.j2", "a: {{ secrets.nope }}\n"),
        ("src/c.yaml.j2", "{% include 'syntax.txt.j2' %}"),
        ("src/syntax.txt.j2", "{{ 1 + }}"),
    ]);
    let run = project.redeem("render src -o out").exits(3);
    assert_eq!(run.stderr.matches("no secret `nope`").count(), 1, "{}", run.stderr);
    let run = project.redeem("check src --format short").exits(1);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
}

#[test]
fn deep_templates_do_not_crash() {
    let project = Project::new(&[]);
    let nested = |open: &str, inner: &str, close: &str, count: usize| {
        format!("{}{inner}{}", open.repeat(count), close.repeat(count))
    };
    for (index, text) in [
        format!("{{{{ 1{} }}}}", " + 1".repeat(499)),
        format!("{{{{ {}1 }}}}", "not ".repeat(499)),
        format!("{{{{ {} }}}}", nested("[", "1", "]", 140)),
        format!("{{{{ '' {} }}}}", "| upper".repeat(499)),
        nested("{% if true %}", "1", "{% endif %}", 140),
        format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(499)),
        "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}".to_owned(),
        "{% include 'i.txt.j2' %}".to_owned(),
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}".to_owned(),
        "{% extends 'i.txt.j2' %}{% block b %}{{ self.b() }}{% endblock %}".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        project.write(&format!("src/t{index}.txt.j2"), text);
    }
    project.write("src/i.txt.j2", "{% include 'i.txt.j2' %}{% block b %}{% endblock %}");
    // The operators, `not` and `elif` are just as many as are allowed.
    for (index, code) in [0, 0, 3, 0, 0, 0, 3, 3, 3, 3].into_iter().enumerate() {
        let run = project.redeem(&format!("render src/t{index}.txt.j2"));
        assert_eq!(run.code, Some(code), "t{index}: {}", run.stderr);
    }
    project.redeem("render src -o out").exits(3);
}
