//! Judgements of small texts.

use std::sync::Arc;

use redeem_syntax::{ByName, Dialects, Format, scan};

use super::*;
use crate::Failure;
use crate::facts::{Expires, Noted};

/// What is known in these tests: `pd-key` for notifications, `old` and `soon` that expire, `creds` with keys.
struct Team(Vec<String>);

const NOTED: &str = "scope: notifications\nexpires_at: 2026-01-04\n";

impl Knowledge for Team {
    fn of(&self, name: &Name) -> Option<Known> {
        let mut facts = Facts::plain("team");
        let source = Source::new("secrets/x.yaml", NOTED, Format::Yaml);
        facts.noted = Some(Noted { source, name: 0..5, scope: Some(7..20), expires: Some(33..43) });
        let expires = |text: &str, day: i64| Some(Expires { text: text.into(), at: day * 86_400 });
        match &*name.secret {
            "pd-key" => facts.scope = "notifications".into(),
            "db-password" => {}
            "old" => facts.expires = expires("2026-01-01", 10),
            "soon" => facts.expires = expires("2026-01-04", 13),
            "creds" => {
                return Some(Known::Failed(Arc::new(Failure {
                    code: Code::UnknownKey,
                    backend: "team".into(),
                    message: "`creds` has no such key".into(),
                    help: Some("its keys are: API_KEY".into()),
                })));
            }
            "maybe" | "pdkey" => return Some(Known::Perhaps(vec!["shell".into()])),
            _ => return Some(Known::Nowhere),
        }
        Some(Known::Here(Arc::new(facts)))
    }

    fn names(&self) -> &[String] {
        &self.0
    }

    fn asked(&self) -> Vec<String> {
        vec!["team".into()]
    }
}

fn known() -> Team {
    Team(["creds.API_KEY", "db-password", "old", "pd-key", "soon"].map(str::to_owned).into())
}

fn context(at: &str) -> Context {
    let rule = Source::new("redeem.toml", "[[context]]", Format::Toml);
    let at = (!at.is_empty()).then(|| KeyPattern::parse(at).expect(at));
    Context { scope: "notifications".into(), at: at.into_iter().collect(), rule: Some((rule, 0..11)) }
}

fn judge(
    policy: &Policy,
    contexts: &[Context],
    format: Format,
    text: &str,
    dialects: &Dialects,
) -> Vec<Diagnostic> {
    let source = Source::new("app", text, format);
    let scan = scan(&source, dialects);
    let contexts: Vec<&Context> = contexts.iter().collect();
    policy.judge(
        Judged {
            source: &source,
            scan: &scan,
            contexts: &contexts,
            file: &|| "app".to_owned(),
            is_rendered: false,
        },
        &known(),
    )
}

fn policy() -> Policy {
    Policy { expires_within: 14 * 86_400, now: 10 * 86_400 + 1, ..Policy::default() }
}

/// `severity[code] place`, for each problem.
fn told(contexts: &[Context], policy: &Policy, text: &str) -> Vec<String> {
    let told = judge(policy, contexts, Format::Yaml, text, &Dialects::default());
    let tell = |told: &Diagnostic| {
        let (source, label) = (told.source.as_ref().expect("a text"), told.label.as_ref().expect("a place"));
        format!("{}[{}] {}", told.severity, told.code, source.slice(&label.span))
    };
    told.iter().map(tell).collect()
}

#[test]
fn a_scope_stands_where_a_context_accepts_it() {
    let rules = [context("**.pagerduty.**.routing_key")];
    for (text, expected) in [
        ("n: {pagerduty: {routing_key: '{secret:pd-key}'}}", vec![]),
        ("n: {pagerduty: [{routing_key: '{secret:db-password}'}]}", vec![]),
        ("database: {password: '{secret:db-password}'}", vec![]),
        ("database: {password: 'ä{secret:pd-key}'}", vec!["error[scope-mismatch] {secret:pd-key}"]),
        ("secret_name: pd-key", vec!["warning[scope-mismatch] pd-key"]),
    ] {
        assert_eq!(told(&rules, &policy(), text), expected, "{text}");
    }
    assert!(told(&[context("")], &policy(), "a: '{secret:pd-key}'").is_empty(), "all of a file");
    let all = judge(
        &policy(),
        &rules,
        Format::Yaml,
        "database: {\"a.b\": '{secret:pd-key}'}",
        &Dialects::default(),
    );
    let related: Vec<_> = all[0].related.iter().map(|one| one.source.slice(&one.span).to_owned()).collect();
    assert_eq!(related, ["notifications", "[[context]]"]);
    assert!(
        all[0].help.as_deref().unwrap_or_default().contains("at = ['database.\"a.b\"']"),
        "{:?}",
        all[0].help
    );
}

#[test]
fn with_listed_places_all_others_are_refused() {
    let listed = Policy { places: Places::Listed, ..policy() };
    let rules = [context("n.key")];
    for (text, expected) in [
        ("n: {key: '{secret:db-password}'}", vec![]),
        ("n: {key: '{secret:pd-key}'}", vec![]),
        ("x: '{secret:db-password}'", vec!["error[place-not-allowed] {secret:db-password}"]),
    ] {
        assert_eq!(told(&rules, &listed, text), expected, "{text}");
    }
}

#[test]
fn the_end_of_a_secret_is_told_before_and_after() {
    for (text, expected) in [
        ("a: '{secret:old}'", vec!["error[expired-secret] {secret:old}"]),
        ("a: '{secret:soon}'\nb: '{secret:soon}'", vec!["warning[expiring-secret] {secret:soon}"]),
    ] {
        assert_eq!(told(&[], &policy(), text), expected, "{text}");
    }
    let words = |text: &str, policy: &Policy| {
        let all = judge(policy, &[], Format::Yaml, text, &Dialects::default());
        all.first().map(|told| told.message.clone())
    };
    let soon = "a: '{secret:soon}'";
    assert_eq!(
        words(soon, &policy()).as_deref(),
        Some("`soon` expires in 2 days: it is usable until 2026-01-04")
    );
    let later = |days: i64| Policy { now: days * 86_400, ..policy() };
    assert_eq!(words(soon, &later(-2)), None, "more than 14 days are left");
    assert!(
        words(soon, &later(13)).is_some_and(|words| words.contains("has expired")),
        "unusable from that day on"
    );
    assert!(words(soon, &later(12)).is_some_and(|words| words.contains("in 1 day:")));
}

#[test]
fn names_that_lead_nowhere_are_told_with_the_one_that_is_meant() {
    for (text, expected) in [
        ("a: '{secret:db-pasword}'", vec!["error[unknown-secret] db-pasword"]),
        ("a: '{secret:stripe}'", vec!["error[unknown-secret] stripe"]),
        ("a: \"{secret:stripe | default('x')}\"", vec![]),
        ("a: '{secret:maybe}'", vec!["warning[unknown-secret] maybe"]),
        ("a: '{secret:pdkey}'", vec!["error[unknown-secret] pdkey"]),
        ("a: '{secret:creds.API_KYE}'", vec!["error[unknown-key] {secret:creds.API_KYE}"]),
        ("secret_name: stripe", vec!["warning[unknown-secret] stripe"]),
    ] {
        assert_eq!(told(&[], &policy(), text), expected, "{text}");
    }
    let fix = |text: &str| {
        let all = judge(&policy(), &[], Format::Yaml, text, &Dialects::default());
        all[0].fixes.first().map(|fix| (fix.replacement.clone(), fix.safe))
    };
    assert_eq!(fix("a: '{secret:pdkey}'"), Some(("pd-key".into(), true)));
    assert_eq!(fix("a: '{secret:db-pasword}'"), Some(("db-password".into(), false)));
    assert_eq!(fix("a: '{secret:creds.API_KYE}'"), Some(("creds.API_KEY".into(), false)));
    assert_eq!(fix("a: $ secrets.pdkey"), None, "no name of an expression");
}

#[test]
fn where_a_rule_names_a_key_its_name_has_to_be_known() {
    let rule = ByName { key: "secret_name".into(), render: None, takes_maps: true, is_certain: true };
    let dialects = Dialects::default().with_by_name(&[rule]);
    let all = judge(&policy(), &[], Format::Yaml, "secret_name: stripe", &dialects);
    assert_eq!(all[0].severity, Severity::Error);
}
