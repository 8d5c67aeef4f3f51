//! What configurations say, and what is said about broken ones.

use super::*;

fn parse(text: &str, profile: Option<&str>) -> Result<Config, String> {
    let source = Source::new("redeem.toml", text, Format::Toml);
    Config::parse(&source, Path::new("/project"), profile).map_err(|error| {
        let label = error.0.label.as_ref().map(|label| label.span.clone()).unwrap_or_default();
        format!(
            "{} | {} | {}",
            error.0.message,
            source.slice(&label),
            error.0.help.as_deref().unwrap_or_default()
        )
    })
}

#[test]
fn paths_are_whole_and_profiles_lie_over_backends() {
    let text = "[render]\nsource = 'config'\noutput = '../out'\n\
        [[backend]]\nname = 'a'\ntype = 'env'\nprefix = 'P_'\n\
        [[profile.ci.backend]]\nname = 'a'\nprefix = 'Q_'\n[[profile.ci.backend]]\nname = 'b'\ntype = 'files'\npath = '/run/s'\n";
    let config = parse(text, None).expect("a configuration");
    assert_eq!(config.source.as_deref(), Some(Path::new("/project/config")));
    assert_eq!(config.backends[0].prefix, "P_");
    assert_eq!(config.needs_trust().len(), 1, "`../out` is outside");
    let config = parse(text, Some("ci")).expect("a configuration");
    let told: Vec<_> =
        config.backends.iter().map(|b| (b.name.as_str(), b.kind.as_str(), b.prefix.as_str())).collect();
    assert_eq!(told, [("a", "env", "Q_"), ("b", "files", "")]);
    assert_eq!(config.needs_trust().len(), 2, "`/run/s` is outside too");
}

#[test]
fn mistakes_are_told_at_their_place_with_a_suggestion() {
    for (text, profile, words) in [
        ("[rendr]\n", None, "did you mean `render`"),
        ("[render]\nsorce = 'x'\n", None, "sorce | did you mean `source`"),
        ("[[backend]]\nname = 'a'\n", None, "has no `type`"),
        (
            "[[backend]]\nname = 'a'\ntype = 'env'\n[[backend]]\nname = 'a'\ntype = 'env'\n",
            None,
            "two backends",
        ),
        ("[[backend]]\nname = 'a'\ntype = 'env'\nprefx = ''\n", None, "did you mean `prefix`"),
        ("[[files]]\nmatch = '*'\nformat = 'yamll'\n", None, "did you mean `yaml`"),
        ("[[files]]\nmatch = '*'\ndialects = ['+brase']\n", None, "did you mean `brace`"),
        ("[[files]]\nmatch = '['\n", None, "no pattern"),
        ("[[files]]\nmatch = '*'\nescape = 'xlm'\n", None, "did you mean `xml`"),
        ("[render\n", None, "unclosed table"),
        ("", Some("ci"), "no profile `ci`"),
    ] {
        let error = parse(text, profile).map(|_| ()).expect_err(text);
        assert!(error.contains(words), "{text:?}: {error}");
    }
    let config = parse("[[backend]]\nname = 'a'\ntype = 'evn'\n", None).expect("a configuration");
    let error = crate::Disk::open(&config).map(|_| ()).expect_err("no such type");
    assert_eq!(error.0.help.as_deref(), Some("did you mean `env`?"));
}

#[test]
fn vars_are_any_toml() {
    let text =
        "[render]\nvars = { a = 'x', n = 1, f = 0.5, on = true, l = [1, 'b'], t = { k = 2020-01-01 } }\n";
    let vars = parse(text, None).expect("a configuration").vars;
    assert_eq!(vars["l"], Variable::List(vec![Variable::Integer(1), Variable::Text("b".into())]));
    let day = BTreeMap::from([("k".to_owned(), Variable::Text("2020-01-01".into()))]);
    assert_eq!(vars["t"], Variable::Table(day));
    assert_eq!((&vars["f"], &vars["on"]), (&Variable::Float(0.5), &Variable::Boolean(true)));
}

#[test]
fn later_rules_win() {
    let text = "[[files]]\nmatch = '*.tpl'\nformat = 'text'\nescape = 'xml'\n\
        [[files]]\nmatch = 'charts/**/*.yaml'\nformat = 'copy'\n\
        [[files]]\nmatch = 'charts/a/*.yaml'\nformat = 'yaml'\ndialects = ['-dollar']\n\
        [[files]]\nmatch = '*.jinja2'\ntemplate = false\n[[files]]\nmatch = '*.html'\ntemplate = true\n";
    let config = parse(text, None).expect("a configuration");
    let told = |path: &str, is_named: bool| match config.rules.treatment(Path::new(path), is_named) {
        Treatment::Copy => "copy".to_owned(),
        Treatment::Live(live) if live.is_template => {
            format!("template {} {:?}", live.format, live.encoding.escape)
        }
        Treatment::Live(live) => {
            format!("{} {} {:?}", live.format, live.dialects.is_live("dollar"), live.encoding.escape)
        }
    };
    for (path, is_named, expected) in [
        ("x.tpl", false, "text true Some(Xml)"),
        ("deep/er/x.tpl", false, "text true Some(Xml)"),
        ("charts/b/x.yaml", false, "copy"),
        ("charts/a/x.yaml", false, "yaml false None"),
        ("x.rs", false, "copy"),
        ("x.rs", true, "text true None"),
        ("x.conf", false, "text true None"),
        ("x.yaml.j2", false, "template yaml None"),
        ("x.JINJA", false, "template text None"),
        ("main.rs.j2", false, "template text None"),
        ("page.jinja2", false, "copy"),
        ("page.html", false, "template text None"),
    ] {
        assert_eq!(told(path, is_named), expected, "{path}");
    }
}
