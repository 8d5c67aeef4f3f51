//! What stands in a template outside of its expressions: text, and the names of other files.

use minijinja::machinery::ast::Expr;
use redeem_syntax::{Code, Diagnostic, Severity};

use super::{Include, Walk, range, spelled};

impl Walk<'_> {
    /// A file that is included; which one it is has to be known before the template runs.
    pub(super) fn include(&mut self, name: &Expr<'_>, may_be_missing: bool) {
        let span = range(name.span());
        match name {
            Expr::Const(constant) if constant.value.as_str().is_some() => {
                let path = constant.value.as_str().unwrap_or_default().to_owned();
                self.found.includes.push(Include { path, span, may_be_missing });
            }
            // The first one that is there is taken.
            Expr::List(list) => list.items.iter().for_each(|item| self.include(item, true)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.include(item, true)),
            Expr::IfExpr(condition) => {
                self.expression(&condition.test_expr);
                self.include(&condition.true_expr, may_be_missing);
                condition.false_expr.iter().for_each(|other| self.include(other, may_be_missing));
            }
            _ => self.problem(
                Code::DynamicReference,
                "which file is included is known only when the template runs",
                span,
                "name it with a constant, and choose among several with `if`",
            ),
        }
    }

    /// Text outside of `{{ … }}`, where references of other dialects are not live.
    pub(super) fn static_text(&mut self, text: &str) {
        if self.captures > 0 {
            self.found.longest_captured = self.found.longest_captured.max(text.len());
        }
        let offset = text.as_ptr().addr() - self.source.text().as_ptr().addr();
        for (range, name) in self.dialects.references_in(text) {
            let span = offset + range.start..offset + range.end;
            let written = format!("{{{{ {} }}}}", spelled(&name.to_string()));
            let diagnostic = Diagnostic::new(Code::NearMiss, "in a template this is text: it stays as it is")
                .with_severity(Severity::Warning)
                .at(self.source, span.clone(), "not a reference here")
                .with_help(format!("write `{written}`"));
            self.found.diagnostics.push(diagnostic.with_unsafe_fix(span, written));
        }
    }
}
