//! A text that does not parse: its references are told all the same, and why it does not parse.

use super::{Scan, Scanner, ignored_lines, quoted, unquoted};
use crate::dialect::What;
use crate::scalar::Decoded;
use crate::sigil::{may_be_escaped, unescaped};
use crate::{
    Code, Diagnostic, Dialects, Fix, Format, KeyPath, Node, Scalar, Source, Span, Style, SyntaxError,
};

/// Looks through a text that does not parse: its references are told, and why it does not parse.
///
/// One with nothing that could be a reference is as good as one without a sigil: templates of Helm, say, speak of
/// secrets and are no YAML.
pub(super) fn scan_broken(source: &Source, dialects: &Dialects, error: &SyntaxError) -> Scan {
    let text = source.text();
    let mut scanner = Scanner::new(source, dialects, false);
    let mut hits = dialects.find_inline(text);
    if hits.is_empty() && !may_be_elsewhere(source, dialects) {
        return Scan { is_valid: true, ..Scan::default() };
    }
    let mut comment = (0, text.len());
    hits.retain(|hit| {
        let line = source.line(hit.range.start);
        if comment.0 != line {
            comment = (line, comment_start(source, line));
        }
        hit.range.start < comment.1
    });
    let culprit = hits
        .iter()
        .filter(|hit| matches!(hit.what, What::Reference(_)))
        .map(|hit| hit.range.clone())
        .find(|range| {
            // A parser may stop at what stands behind the brackets.
            let behind = text[range.end..].len() - text[range.end..].trim_start_matches([' ', '\t']).len();
            source.format() == Format::Yaml
                && range.start <= error.span.start
                && error.span.start <= range.end + behind
        })
        .and_then(|range| whole_value(source, &range, |span| parses_beyond(source, span)));
    let scalar = Scalar {
        span: 0..text.len(),
        style: Style::Text,
        decoded: Decoded::verbatim(text, 0),
        path: KeyPath::default(),
        is_key: false,
        in_flow: false,
        tag: None,
        node: Node::default(),
    };
    scanner.marks(hits, &scalar, 0);
    let mut found = scanner.found;
    if source.format() == Format::Yaml {
        for problem in &mut found.diagnostics {
            problem.fixes.retain(|fix| !is_mapping(source, &fix.span));
        }
    }
    found.diagnostics.push(match culprit {
        Some(span) => unquoted(source, span),
        None => Diagnostic::new(
            Code::SyntaxError,
            format!("this is not valid {}: {}", source.format().title(), error.message),
        )
        .at(source, error.span.clone(), "here")
        .with_help("a file with a syntax error is not rendered; mend it, or say `format = \"text\"` for it"),
    });
    found
}

/// Whether there may be a reference that is not found by its characters alone, or is spelled with escapes.
fn may_be_elsewhere(source: &Source, dialects: &Dialects) -> bool {
    let text = source.text();
    dialects.may_stand_unparsed(text)
        || source.format().has_escapes() && may_be_escaped(text.as_bytes()) && {
            let text = unescaped(text);
            !dialects.find_inline(&text).is_empty() || dialects.may_stand_unparsed(&text)
        }
}

/// The edits that may mend the lines of a YAML text that does not parse, where a reference without quotes is why.
///
/// Each is worked out from its line alone, so that all are known in one go; only a parser can tell whether they are right.
pub fn unquoted_lines(source: &Source, dialects: &Dialects) -> Vec<Fix> {
    let ignored = ignored_lines(source);
    let text = source.text();
    let mut last = 0;
    let mut fixes = Vec::new();
    for hit in dialects.find_inline(text) {
        let number = source.line(hit.range.start);
        let is_reference = matches!(hit.what, What::Reference(_));
        if !is_reference || hit.range.start < last || ignored.contains(&number) {
            continue;
        }
        let line = source.line_span(number);
        // An item of brackets that were opened further up means the same in brackets of its own.
        let is_item = above(source, number).ends_with(['[', '{', ',']);
        let (open, close) = if is_item { ("[", "\n]") } else { ("", "") };
        let own = [open, &text[line.clone()], close].concat();
        if hit.range.start >= comment_start(source, number) || !own.contains(['[', '{']) || parses(&own) {
            continue;
        }
        let opens_up = |span: &Span| {
            let place = |at: usize| at.min(line.end) - line.start + open.len();
            gets_further(Format::Yaml, &own, &(place(span.start)..place(span.end)))
        };
        if let Some(span) = whole_value(source, &hit.range, opens_up) {
            last = span.end;
            fixes.push(Fix { replacement: quoted(source.slice(&span)), span, safe: true });
        }
    }
    fixes
}

fn parses(text: &str) -> bool {
    Format::Yaml.parse(text, &mut |_| {}).is_ok()
}

/// The unquoted value around a reference: what has to stand in quotes for the parser to get beyond it. None if the
/// reference is inside a text that no quotes can open.
fn whole_value(source: &Source, reference: &Span, opens_up: impl Fn(&Span) -> bool) -> Option<Span> {
    let text = source.text();
    let mut line = source.line_span(source.line(reference.start));
    line.end = line.end.max(reference.end);
    let token = plain_token(text, reference);
    let in_flow = text[line.start..reference.start].rfind(['[', '{', ',']).map(|opening| {
        let start = line.start + opening + 1;
        let end =
            text[reference.end..line.end].find([',', ']', '}']).map_or(line.end, |at| reference.end + at);
        let value = &text[start..end];
        let start = start + value.len() - value.trim_start().len();
        start..start + value.trim().len()
    });
    let rest = &text[reference.end..line.end];
    let end = reference.end + rest.find(" #").unwrap_or(rest.len());
    let in_block = reference.start..reference.start + text[reference.start..end].trim_end().len();
    let may_open = |span: &&Span| {
        let in_brackets = text[line.start..span.start].trim_end().ends_with(['[', '{', ',']);
        (span.start == reference.start || in_brackets) && begins_value(source, span.start)
    };
    let candidates = [Some(&token), in_flow.as_ref(), Some(&in_block)];
    let mut candidates = candidates.into_iter().flatten().filter(may_open).peekable();
    let first = candidates.peek().copied();
    candidates.find(|span| opens_up(span)).or(first).cloned()
}

/// Whether a value or an item of a list may begin at a place, as far as that can be told without a parser.
fn begins_value(source: &Source, at: usize) -> bool {
    let text = source.text();
    let line = source.line_span(source.line(at));
    let before = text[line.start..at].trim_start_matches('\u{feff}');
    let told = before.trim_end();
    let has_gap = told.len() < before.len();
    let offset = |len: usize| at - before.len() + len;
    let Some(last) = told.chars().next_back() else {
        let above = above(source, source.line(at));
        return above.is_empty() || above.ends_with([':', '-', '[', '{', ',']);
    };
    let word = told.rfind([' ', '\t', '[', '{', ',']).map_or(0, |blank| blank + 1);
    match last {
        ':' => has_gap || told.ends_with("\":") || told.ends_with("':"),
        '-' | '?' => has_gap && told.chars().all(|c| "-? \t".contains(c)),
        '[' | '{' => begins_value(source, offset(told.len() - 1)),
        ',' => opening(told).is_some_and(|opening| begins_value(source, offset(opening))),
        // An anchor or a tag belongs to the value.
        _ => has_gap && told[word..].starts_with(['!', '&']) && begins_value(source, offset(word)),
    }
}

/// The last line above another with more than a comment in it, without its comment; empty if there is none.
fn above(source: &Source, line: usize) -> &str {
    let lines = (1..line).rev().map(|line| {
        let start = source.line_span(line).start;
        source.text()[start..comment_start(source, line)].trim()
    });
    lines.into_iter().find(|told| !told.is_empty()).unwrap_or_default()
}

/// The last bracket that is open at the end of a text.
fn opening(text: &str) -> Option<usize> {
    let mut closed = 0;
    text.char_indices().rev().find_map(|(at, c)| {
        match c {
            ']' | '}' => closed += 1,
            '[' | '{' if closed == 0 => return Some(at),
            '[' | '{' => closed -= 1,
            _ => {}
        }
        None
    })
}

/// Whether the parser gets over a stretch, and what follows it on its line, once it stands in quotes.
fn gets_further(format: Format, text: &str, span: &Span) -> bool {
    let quoted = quoted(&text[span.clone()]);
    let end = span.end + text[span.end..].find(['\r', '\n']).unwrap_or(text.len() - span.end);
    let behind = text[span.end..end].trim_start();
    // What follows a value is the end of its line, or a sign that the parser has to get over.
    let is_followed = behind.starts_with([',', ']', '}']);
    let end = if is_followed { end - behind.len() } else { end };
    let end = end - span.len() + quoted.len();
    let new = [&text[..span.start], &quoted, &text[span.end..]].concat();
    format.parse(&new, &mut |_| {}).map_or_else(|error| error.span.start > end, |()| true)
}

fn parses_beyond(source: &Source, span: &Span) -> bool {
    gets_further(source.format(), source.text(), span)
}

/// Whether a stretch reads as a mapping in YAML: `{secret: x}`, and not in quotes.
///
/// In a text that does not parse nobody can say that it was meant as a reference.
fn is_mapping(source: &Source, span: &Span) -> bool {
    let written = source.slice(span);
    let Some((key, rest)) = written.strip_prefix('{').and_then(|inner| inner.split_once(':')) else {
        return false;
    };
    let is_pair = !key.contains(['|', '}']) && rest.starts_with([' ', '\t', '\r', '\n']);
    is_pair && !is_in_quotes(&source.text()[source.line_span(source.line(span.start)).start..span.start])
}

/// Whether a quote is open at the end of a part of a line.
fn is_in_quotes(text: &str) -> bool {
    let mut open = None;
    let mut may_open = true;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match open {
            Some('"') if c == '\\' => {
                chars.next();
            }
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if may_open && matches!(c, '"' | '\'') => open = Some(c),
            None => may_open = c.is_whitespace() || matches!(c, '[' | '{' | ',' | ':'),
        }
    }
    open.is_some()
}

/// The word around a reference: up to a blank, a comma or a closing bracket.
fn plain_token(text: &str, reference: &Span) -> Span {
    let is_edge = |c: char| c.is_whitespace() || "[{,".contains(c);
    let start = text[..reference.start].trim_end_matches(|c| !is_edge(c)).len();
    let rest = &text[reference.end..];
    let end = rest.find(|c: char| c.is_whitespace() || ",]}".contains(c)).unwrap_or(rest.len());
    start..reference.end + end
}

/// Where a `#` opens a comment on a line, as far as that can be told without a parser.
fn comment_start(source: &Source, line: usize) -> usize {
    let span = source.line_span(line);
    let text = source.slice(&span);
    if text.trim_start().starts_with('#') {
        return span.start;
    }
    let comment = text.find(" #").filter(|&at| !text[..at].contains(['"', '\'']));
    comment.map_or(span.end, |at| span.start + at)
}

#[cfg(test)]
mod tests {
    use crate::{Dialects, Format, Source, scan};

    fn is_told(text: &str, dialects: &Dialects) -> bool {
        let found = scan(&Source::new("a.yaml", text, Format::Yaml), dialects);
        assert_eq!(found.is_valid, found.diagnostics.is_empty(), "{text}: {:?}", found.diagnostics);
        !found.is_valid
    }

    /// Each behind a line that is no YAML.
    #[test]
    fn what_may_hold_a_reference_is_told_and_all_else_is_silent() {
        let broken = |line: &str| format!("{{{{- if .Values.secret.create -}}}}\n{line}\n");
        let dialects = Dialects::default();
        for silent in [
            "kind: Secret",
            "name: {{ .Values.secret.name }}",
            "secretName: {{ include \"x.secrets\" $ | quote }}",
            "secret_name: {{ .Values.x }}",
            "{{- range $name, $secrets := $.Values.secrets }}",
            "run: \"a \\\n  kubectl get secrets\"",
            "token: ${{ secrets.TOKEN }}",
            "a: $ kubectl get secrets -n $NS",
            "a: \"\\u00e9 {secret:?}\"",
        ] {
            assert!(!is_told(&broken(silent), &dialects), "{silent}");
        }
        for told in [
            "a: \"{secret:x}\"",
            "a: \"{secret: x}\"",
            "a: \"{secret:x\"",
            "a: ${secret.x}",
            "# ${secret.x}",
            "a: \"\\u007bsecret:x}\"",
            "a: \"{\\x73ecret:x}\"",
            "a: \"{sec\\\n  ret:x}\"",
            "a: $ secrets.x",
            "a: $ secrets",
            "a: \"$ f'{secrets.x}'\"",
            "a: '$ len(secrets[''x''])'",
            "a: |\n  $ [\n  secrets.x]",
            "a: \"\\x24 secrets.x\"",
        ] {
            assert!(is_told(&broken(told), &dialects), "{told}");
        }
    }

    #[test]
    fn what_nobody_can_know_of_a_broken_text_gets_no_fix() {
        for (text, fixes) in [
            ("v:\n  - {secret: x}\nnote: a: b\n", 0),
            ("v: [a, {secret: x}]\nnote: a: b\n", 0),
            ("v: 'it''s {secret: x}'\nnote: a: b\n", 1),
            ("v: [\"{secret: x}\"]\nnote: a: b\n", 1),
            ("v: it's {secret: x}\nnote: a: b\n", 0),
            ("v: {secrets:x}\nnote: a: b\n", 1),
            ("n: x {secret:y}: z\n", 0),
            ("n: x, {secret:y}: z\n", 0),
            ("n: x [{secret:y}: z\n", 0),
            ("n: {secret:y} z\n", 1),
            ("n: [pre-{secret:y}, z]\n", 1),
            ("n: !t {secret:y} z\n", 1),
            ("- - {secret:y} z\n", 1),
            ("n:\n  {secret:y} z\n", 1),
            ("n: [ # c\n\n  # d\n  ${secret.y}, z]\n", 1),
        ] {
            let found = scan(&Source::new("a.yaml", text, Format::Yaml), &Dialects::default());
            assert!(!found.is_valid, "{text}");
            let count = found.diagnostics.iter().map(|told| told.fixes.len()).sum::<usize>();
            assert_eq!(count, fixes, "{text}: {:?}", found.diagnostics);
        }
    }

    #[test]
    fn what_needs_a_parser_to_be_found_is_not_ruled_out() {
        let broken = "a: [\nb: !secret x\nc: {{ secrets.x }}\n";
        let told = |word: &str| is_told(broken, &Dialects::from_words([word]).expect("a dialect"));
        assert!(!told("+github") && !told("-by-name") && !told("brace"));
        assert!(told("+tag") && told("+julep-legacy") && told("+zenml") && told("+from-secret"));
    }
}
