//! Drawings beside what they are of.

use redeem_host::syntax::Span;
use redeem_host::{Format, Source};
use unicode_width::UnicodeWidthStr;

use super::*;

fn place(text: &str, what: &str) -> (Source, Span) {
    let source = Source::new("a.yaml", text, Format::Yaml);
    let start = text.find(what).expect("it is there");
    (source, start..start + what.len())
}

/// A problem with the first `what` of a text.
fn problem(text: &str, what: &str, label: &str) -> Diagnostic {
    let (source, span) = place(text, what);
    Diagnostic::new(Code::NearMiss, "it is wrong").at(&source, span, label)
}

fn drawing(diagnostics: &[Diagnostic]) -> String {
    let text = drawn(diagnostics, Looks { width: 80, is_coloured: false });
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Compares the lines of the box, without its code and sentence.
#[track_caller]
fn check(diagnostic: Diagnostic, expected: &str) {
    let text = drawing(&[diagnostic]);
    let shown = text.strip_prefix("near-miss\n\n  × it is wrong\n").expect("the head").trim_end();
    assert_eq!(shown, expected.trim_matches('\n'), "\n{shown}");
}

#[test]
fn places_are_labels_here_and_notes_elsewhere() {
    let text = "a: 1\nsecret: 'x'\nb: 2\n";
    let (own, near) = place(text, "b: 2");
    let other = Source::new("redeem.toml", "[[context]]\nscope = \"x\"\n", Format::Toml);
    let told = problem(text, "'x'", "here")
        .with_related(&own, near, "and here")
        .with_related(&other, 20..23, "this place is for other secrets")
        .with_help("do this");
    check(
        told,
        "
   ╭─[a.yaml:2:9]
 2 │ secret: 'x'
   ·         ─┬─
   ·          ╰── here
 3 │ b: 2
   · ──┬─
   ·   ╰── and here
   ╰────
  ☞ this place is for other secrets
   ╭─[redeem.toml:2:9]
 2 │ scope = \"x\"
   ·         ───
   ╰────
  help: do this
",
    );
    let text = format!("a: {{x}}\n{}b: {{y}}\n", "c: 1\n".repeat(9));
    let (own, far) = place(&text, "{y}");
    check(
        problem(&text, "{x}", "").with_related(&own, far, "the other one"),
        "
   ╭─[a.yaml:1:4]
 1 │ a: {x}
   ·    ───
   ╰────
    ╭─[a.yaml:11:4]
 11 │ b: {y}
    ·    ─┬─
    ·     ╰── the other one
    ╰────
",
    );
    // A place that is not in the text is a defect, and no reason to stop.
    let nowhere = Diagnostic::new(Code::NearMiss, "it is wrong").at(&own, 900..950, "nowhere");
    assert!(drawing(&[nowhere]).contains("[a.yaml:12:1]"));
}

#[test]
fn carets_stand_below_their_place() {
    check(
        problem("a:\tx\t{y}\tz\n", "{y}", "behind tabs"),
        "
   ╭─[a.yaml:1:6]
 1 │ a:  x   {y} z
   ·         ─┬─
   ·          ╰── behind tabs
   ╰────
",
    );
    check(
        problem("日本: e\u{301}{y}\n", "{y}", "behind wide and combining characters"),
        "
   ╭─[a.yaml:1:7]
 1 │ 日本: e\u{301}{y}
   ·        ─┬─
   ·         ╰── behind wide and combining characters
   ╰────
",
    );
    check(
        problem("a: \u{202e}{y}\u{7}\u{1b}[2J\n", "{y}", "\u{2066}"),
        "
   ╭─[a.yaml:1:5]
 1 │ a: \\u{202e}{y}\\u{7}\\u{1b}[2J
   ·            ─┬─
   ·             ╰── \\u{2066}
   ╰────
",
    );
    check(
        problem("a: b\r\nc\r\n", "\r", "at the end"),
        "
   ╭─[a.yaml:1:5]
 1 │ a: b
   ·     ┬
   ·     ╰── at the end
   ╰────
",
    );
    let source = Source::new("a\u{202e}\n.yaml", "", Format::Yaml);
    check(
        Diagnostic::new(Code::NearMiss, "it is wrong").at(&source, 0..0, "empty"),
        "
   ╭─[a\\u{202e}\\n.yaml:1:1]
 1 │
   · ┬
   · ╰── empty
   ╰────
",
    );
}

#[test]
fn a_long_line_is_cut_around_its_place() {
    check(
        problem(&format!("a: {}{{y}}{}\n", "x".repeat(300), "z".repeat(300)), "{y}", "here"),
        "
   ╭─[a.yaml:1:304]
 1 │ …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{y}zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz…
   ·                                     ─┬─
   ·                                      ╰── here
   ╰────
",
    );
    let label = "a label of so many words that not all of them can stand beside the place";
    check(
        problem(&format!("a: {}{{y}}\n", "x".repeat(300)), "{y}", label),
        "
   ╭─[a.yaml:1:304]
 1 │ …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{y}
   ·                                          ─┬─
   ·                                           ╰─┤ a label of so many words that
   ·                                             │ not all of them can stand
   ·                                             │ beside the place
   ╰────
",
    );
    check(
        problem("a: {y\nb: }\nc: d\n", "{y\nb: }", "two lines"),
        "
   ╭─[a.yaml:1:4]
 1 │ ╭─▶ a: {y
 2 │ ├─▶ b: }
   · ╰──── two lines
   ╰────
",
    );
}

#[test]
fn what_is_hidden_is_a_sign_whatever_its_length() {
    let expected = "
   ╭─[a.yaml:1:11]
 1 │ password: [hidden] # c
   ·           ────┬───
   ·               ╰── a value
   ╰────
";
    for value in ["x", "hunter2", "日本語\u{301}", &"x".repeat(70), &"x".repeat(7000)] {
        let text = format!("password: {value} # c\nb: 1\n");
        check(problem(&text, value, "a value").hiding(10..10 + value.len()), expected);
        let key = problem(&text, "password", "a value").hiding(10..10 + value.len());
        assert!(drawing(&[key]).contains(" 1 │ password: [hidden] # c\n   · ────┬───\n"));
    }
    for value in ["|\n  abc\n", "|\n  abc\n  def\n", "|\n  abc\n  def"] {
        let text = format!("p: {value}\nq: {{y}}\n");
        let hidden = 3..3 + value.len();
        for what in ["p", value, &text[..text.len() - 6]] {
            let told = drawing(&[problem(&text, what, "").hiding(hidden.clone())]);
            assert!(told.contains("\n 1 │ p: [hidden]\n   · ") && !told.contains("abc"), "{told}");
            assert!(!told.contains(" 2 │"), "{told}");
        }
    }
}

#[test]
fn no_text_breaks_a_drawing_and_nothing_hidden_is_in_it() {
    let pieces = [
        "a",
        "日",
        "\n",
        "\r\n",
        "\t",
        "\u{1b}",
        "e\u{301}",
        "{y}",
        "\u{202e}",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for _ in 0..20_000 {
        let mut text = String::new();
        let mut ends = vec![0];
        for _ in 0..random(20) {
            text.push_str(pieces[random(pieces.len())]);
            ends.push(text.len());
        }
        let mut span = || {
            let (one, other) = (ends[random(ends.len())], ends[random(ends.len())]);
            one.min(other)..one.max(other)
        };
        let (label, related, hidden) = (span(), span(), span());
        // All that is hidden is a `Q`, of three bytes, or a line break.
        let covered: String = text[hidden.clone()].chars().map(|c| if c == '\n' { c } else { 'ￆ' }).collect();
        let before = text[..hidden.start].to_owned();
        let moved = |at: usize| {
            if at >= hidden.end {
                at - hidden.end + hidden.start + covered.len()
            } else {
                at.min(hidden.start)
            }
        };
        let moved = |span: Span| moved(span.start)..moved(span.end);
        let text = format!("{before}{covered}{}", &text[hidden.end..]);
        let source = Source::new("a.yaml", text.clone(), Format::Yaml);
        let told = Diagnostic::new(Code::NearMiss, "it is wrong")
            .at(&source, moved(label), "here")
            .with_related(&source, moved(related), "there")
            .hiding(hidden.start..hidden.start + covered.len());
        let shown = drawing(&[told]);
        assert!(!shown.contains('ￆ') && shown.contains("here"), "{text:?}\n{shown}");
        let is_source = |line: &&str| line.contains(" │ ") && !line.contains(" · ");
        assert!(shown.lines().filter(is_source).all(|line| line.width() <= 80), "{text:?}\n{shown}");
        let obeyed = |c: char| c != '\n' && super::super::words::is_unseen(c);
        assert!(!shown.contains(obeyed), "{text:?}\n{shown}");
    }
}

#[test]
fn what_is_said_over_and_over_is_drawn_a_few_times() {
    let text = "a: {y}\n".repeat(40);
    let source = Source::new("a.yaml", text, Format::Yaml);
    let all: Vec<Diagnostic> = (0..40)
        .map(|line| {
            Diagnostic::new(Code::NearMiss, "it is wrong").at(&source, 7 * line + 3..7 * line + 6, "")
        })
        .collect();
    assert_eq!(drawing(&all[..5]).matches("it is wrong").count(), 5);
    let told = drawing(&all[..6]);
    assert_eq!(told.matches("it is wrong").count(), 3);
    let list = "\n  the same 3 more times:\n    a.yaml:4:4\n    a.yaml:5:4\n    a.yaml:6:4\n";
    assert!(told.contains(list) && !told.contains("--format short"), "{told}");
    let told = drawing(&all);
    assert!(told.contains("  the same 37 more times:\n    a.yaml:4:4\n"), "{told}");
    assert!(told.contains("    … and 17 more; `redeem check --format short` tells each\n"), "{told}");
    let each: Vec<Diagnostic> =
        (0..300).map(|at| Diagnostic::new(Code::NearMiss, format!("wrong: {at}"))).collect();
    let told = drawing(&each);
    assert_eq!(told.matches("wrong: ").count(), 200);
    assert!(told.ends_with("… and 100 more; `redeem check --format short` tells each in a line\n"), "{told}");
}
