//! A text that does not parse: its references are told all the same, and why it does not parse.

use super::{Scan, Scanner, quoted, unquoted};
use crate::dialect::What;
use crate::scalar::Decoded;
use crate::sigil::{may_be_escaped, unescaped};
use crate::{Code, Diagnostic, Dialects, Format, KeyPath, Node, Scalar, Source, Span, Style, SyntaxError};

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
        });
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
    found.diagnostics.push(match culprit {
        Some(range) => unquoted(source, whole_value(source, &range)),
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

/// The unquoted value around a reference: what has to stand in quotes for the parser to get beyond it.
fn whole_value(source: &Source, reference: &Span) -> Span {
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
    let before = &text[line.start..reference.start];
    let key = [": ", "- ", ":\t"].iter().filter_map(|sign| Some(before.rfind(sign)? + sign.len())).max();
    let start = line.start + key.unwrap_or(0);
    let start = (start + text[start..].len() - text[start..].trim_start().len()).min(reference.start);
    let rest = &text[reference.end..line.end];
    let end = reference.end + rest.find(" #").unwrap_or(rest.len());
    let in_block = start..start + text[start..end].trim_end().len();
    // What follows a value is the end of its line, or a sign that the parser has to get over.
    let gets_further = |span: &&Span, is_in_flow: bool| {
        let quoted = quoted(&text[(*span).clone()]);
        let behind = text[span.end..line.end].trim_start();
        let is_followed = is_in_flow && behind.starts_with([',', ']', '}']);
        let end = if is_followed { line.end - behind.len() } else { line.end };
        let end = end - span.len() + quoted.len();
        let new = [&text[..span.start], &quoted, &text[span.end..]].concat();
        source.format().parse(&new, &mut |_| {}).map_or_else(|error| error.span.start > end, |()| true)
    };
    let candidates = [(Some(&token), true), (in_flow.as_ref(), true), (Some(&in_block), false)];
    let mut candidates = candidates.into_iter().filter_map(|(span, is_in_flow)| Some((span?, is_in_flow)));
    let found = candidates.find(|(span, is_in_flow)| gets_further(span, *is_in_flow)).map(|(span, _)| span);
    found.unwrap_or(&token).clone()
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
    fn what_needs_a_parser_to_be_found_is_not_ruled_out() {
        let broken = "a: [\nb: !secret x\nc: {{ secrets.x }}\n";
        let told = |word: &str| is_told(broken, &Dialects::from_words([word]).expect("a dialect"));
        assert!(!told("+github") && !told("-by-name") && !told("brace"));
        assert!(told("+tag") && told("+julep-legacy") && told("+zenml") && told("+from-secret"));
    }
}
