//! A text that does not parse: its references are told all the same, and why it does not parse.

use super::{Scan, Scanner, unquoted};
use crate::dialect::What;
use crate::scalar::Decoded;
use crate::{Code, Diagnostic, Dialects, Format, KeyPath, Node, Scalar, Source, Span, Style, SyntaxError};

/// Looks through a text that does not parse: its references are told, and why it does not parse.
pub(super) fn scan_broken(source: &Source, dialects: &Dialects, error: &SyntaxError) -> Scan {
    let text = source.text();
    let mut scanner = Scanner::new(source, dialects, false);
    let mut hits = dialects.find_inline(text);
    let mut comment = (0, text.len());
    hits.retain(|hit| {
        let line = source.line(hit.range.start);
        if comment.0 != line {
            comment = (line, comment_start(source, line));
        }
        hit.range.start < comment.1
    });
    let culprit =
        hits.iter().filter(|hit| matches!(hit.what, What::Reference(_))).map(|hit| hit.range.clone()).find(
            |range| {
                source.format() == Format::Yaml
                    && range.start <= error.span.start
                    && error.span.start <= range.end
            },
        );
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
        Some(range) => unquoted(source, plain_token(text, &range)),
        None => Diagnostic::new(
            Code::SyntaxError,
            format!("this is not valid {}: {}", source.format().title(), error.message),
        )
        .at(source, error.span.clone(), "here")
        .with_help("a file with a syntax error is not rendered; mend it, or say `format = \"text\"` for it"),
    });
    found
}

/// The unquoted value around a reference: up to a blank, a comma or a closing bracket.
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
