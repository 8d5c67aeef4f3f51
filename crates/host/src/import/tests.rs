//! What is read from each kind of file, and what is refused.

use super::*;

fn read(name: &str, text: &str, naming: &Naming) -> Result<Vec<String>, ImportError> {
    let identities = Identities::from_text("none", "").expect("none");
    let incoming = read_text(name, name, text, None, naming, &identities)?;
    let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
    let told = |item: &Item| match &item.content {
        Content::Value(value) => format!("{}={}", item.name, text(value)),
        Content::Bundle(keys) => {
            let keys: Vec<String> =
                keys.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
            format!("{}: {}", item.name, keys.join(" "))
        }
    };
    Ok(incoming.items.iter().map(told).chain(incoming.notes).collect())
}

#[test]
fn a_line_of_dotenv_that_says_nothing_stops_the_import() {
    for (text, line) in [
        ("A=x\nbad name=y\n", 2),
        ("# c\n\nNOEQ\nA=x\n", 3),
        ("export FOO\n", 1),
        ("A=x\nQ=\"unterm\nB=y\n", 2),
        ("A='it'\"'\"'s'\n", 1),
    ] {
        let error = read(".env", text, &Naming::default()).expect_err("a refusal");
        assert!(matches!(error, ImportError::Syntax { line: told, .. } if told == line), "{text:?}: {error}");
        assert!(!error.to_string().contains("unterm"), "{error}");
    }
}

#[test]
fn each_kind_of_file_is_known_and_read() {
    let bundle = Naming { bundle: Some("all".into()), ..Naming::default() };
    let kebab = Naming { is_kebab: true, ..Naming::default() };
    let flat = Naming { is_flat: true, ..Naming::default() };
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  USER: YWRh\n  PASSWORD: |\n    aHVu\n    dGVy\nstringData: {USER: bob}\n";
    for (name, text, naming, expected) in [
        (".env", "A_KEY='x y'\nB=\nA_KEY=z # c\n", &Naming::default(), &["B=", "A_KEY=z"][..]),
        (".env", "A_KEY=x\n", &kebab, &["a-key=x"]),
        (".env", "A_KEY=x\nB=y\n", &bundle, &["all: A_KEY=x B=y"]),
        (
            "a.json",
            "{\"a\": \"x\", \"b\": {\"C\": 1, \"d\": {\"e\": true}}, \"n\": null, \"l\": [\"p\"]}",
            &Naming::default(),
            &["a=x", "b: C=1 d.e=true", "l: 0=p", "`n` is null and was left out"],
        ),
        ("a.json", "{\"a\": {\"b\": \"x\"}}", &bundle, &["all: a.b=x"]),
        ("s.yaml", secret, &Naming::default(), &["db: PASSWORD=hunter USER=bob"]),
        ("s.yaml", secret, &bundle, &["all: PASSWORD=hunter USER=bob"]),
        ("s.yaml", secret, &flat, &["PASSWORD=hunter", "USER=bob"]),
        (
            "s.json",
            "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"kind\": \"ConfigMap\"}, {\"kind\": \"Secret\", \"metadata\": {\"name\": \"a\"}, \"data\": {\"K\": \"dg==\"}}]}",
            &Naming::default(),
            &["a: K=v", "a document that is no Secret was left out"],
        ),
    ] {
        let found = super::tests::read(name, text, naming).expect(text);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_without_values() {
    let naming = Naming::default();
    for (name, text, words) in [
        ("a.json", "[\"hunter2\"]", "object"),
        ("a.json", "{\"a\": \"hunter2\"", "line 1"),
        ("a.yaml", "a: hunter2", "does not tell"),
        ("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {K: hunter2!}\n", "no base64"),
        ("a.yaml", "apiVersion: v1\nkind: Secret\ndata: {K: dg==}\n", "--bundle"),
        ("a.json", "{\"a\": \"hunter2\", \"a\": \"x\"}", "twice"),
    ] {
        let error = read(name, text, &naming).expect_err(text).to_string();
        assert!(error.contains(words) && !error.contains("hunter2"), "{text}: {error}");
    }
}

#[test]
fn many_keys_take_time_in_proportion() {
    let names: Vec<String> = (0..100_000).map(|at| format!("K{at}")).collect();
    let json: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"v\"")).collect();
    let dotenv: String = names.iter().map(|name| format!("{name}=v\n")).collect();
    let data: String = names.iter().map(|name| format!("  {name}: dg==\n")).collect();
    let start = std::time::Instant::now();
    for (name, text) in [
        ("a.json", format!("{{{}}}", json.join(","))),
        ("b.json", format!("{{\"b\":{{{}}}}}", json.join(","))),
        (".env", dotenv),
        ("s.yaml", format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\ndata:\n{data}")),
    ] {
        assert!(!read(name, &text, &Naming::default()).expect("read").is_empty());
    }
    // Each key compared with all others would take minutes.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
