//! A use of `secrets` in an expression: a variable with attributes and items behind it.

use minijinja::machinery::ast::Expr;
use redeem_syntax::Span;

use super::range;

/// A use of `secrets`.
pub(super) enum Chain {
    /// `secrets.a`, `secrets['a-b'].KEY`: the name, all of the use, and where its parts stand.
    Named { name: String, span: Span, parts: Span },
    /// `secrets` alone.
    Whole { span: Span },
    /// `secrets[x]`
    Dynamic { span: Span },
}

/// Reads an expression as a use of `secrets`; none if it is something else.
pub(super) fn chain(expression: &Expr<'_>) -> Option<Chain> {
    let mut names: Vec<String> = Vec::new();
    let mut is_constant = true;
    let mut first = 0;
    let end = range(expression.span()).end;
    let mut at = expression;
    let start = loop {
        match at {
            Expr::Var(variable) if variable.id == "secrets" => break range(variable.span()).start,
            Expr::GetAttr(attribute) => {
                first = range(attribute.span()).end - attribute.name.len();
                names.push(attribute.name.to_owned());
                at = &attribute.expr;
            }
            Expr::GetItem(item) => {
                first = range(item.subscript_expr.span()).start;
                match &item.subscript_expr {
                    Expr::Const(constant) if constant.value.as_str().is_some() => {
                        names.push(constant.value.as_str().unwrap_or_default().to_owned());
                    }
                    _ => is_constant = false,
                }
                at = &item.expr;
            }
            _ => return None,
        }
    };
    let span = start..end;
    if !is_constant {
        return Some(Chain::Dynamic { span });
    }
    if names.is_empty() {
        return Some(Chain::Whole { span });
    }
    names.reverse();
    Some(Chain::Named { name: names.join("."), span, parts: first..end })
}

/// The name in its written form, without the quotes and brackets around it.
pub(super) fn name_span(text: &str, parts: Span) -> Span {
    let written = text.get(parts.clone()).unwrap_or_default();
    let is_around = ['\'', '"', '[', ']', ' ', '\t', '\n', '\r'];
    let start = parts.start + (written.len() - written.trim_start_matches(is_around).len());
    let end = parts.start + written.trim_end_matches(is_around).len();
    start..end.max(start)
}

/// A secret of this name as a template writes it.
pub(crate) fn spelled(name: &str) -> String {
    let mut out = "secrets".to_owned();
    let (secret, key) = name.split_once('.').map_or((name, None), |(secret, key)| (secret, Some(key)));
    for part in std::iter::once(secret).chain(key) {
        let is_word = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if is_word {
            out.push('.');
            out.push_str(part);
        } else {
            out.push_str(&format!("['{part}']"));
        }
    }
    out
}
