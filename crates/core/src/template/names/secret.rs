//! Uses of `secrets` in a template: each is a reference, or told as something that cannot be one.

use minijinja::machinery::ast::{Call, Expr};
use redeem_syntax::pipeline::Filter;
use redeem_syntax::{Code, Diagnostic, Name, Place, Reference, Span};

use super::chain::{self, Chain, chain};
use super::{DIALECT, RULE, Walk, range};

impl Walk<'_> {
    pub(super) fn call(&mut self, call: &Call<'_>) {
        match chain(&call.expr) {
            Some(Chain::Named { span, .. } | Chain::Whole { span } | Chain::Dynamic { span }) => self
                .problem(
                    Code::TemplateFailed,
                    "a secret has no methods",
                    span,
                    "use a filter, as in `{{ secrets.x | default('…') }}`",
                ),
            None => self.expression(&call.expr),
        }
        self.arguments(&call.args);
    }

    /// A use of `secrets`.
    pub(super) fn secret(&mut self, chain: Chain, filters: &[Filter]) {
        let (message, span) = match chain {
            Chain::Named { name, span, parts } => match RULE.read(&name) {
                Ok(name) => {
                    let name_span = chain::name_span(self.source.text(), parts);
                    return self.reference(name, span, name_span, filters);
                }
                Err(problem) => {
                    let message = format!("this is no name of a secret: {problem}");
                    let diagnostic = Diagnostic::new(Code::InvalidName, message);
                    self.found.diagnostics.push(diagnostic.at(self.source, span, "this name"));
                    return;
                }
            },
            Chain::Whole { span } => ("this names no secret but all of them", span),
            Chain::Dynamic { span } => ("the secret's name is known only when the template runs", span),
        };
        self.problem(
            Code::DynamicReference,
            message,
            span,
            "name each secret with a constant, as in `secrets.x` or `secrets['a-b']`",
        );
    }

    fn reference(&mut self, name: Name, span: Span, name_span: Span, filters: &[Filter]) {
        self.found.references.push(Reference {
            dialect: DIALECT.into(),
            name,
            filters: filters.iter().rev().cloned().collect(),
            name_span,
            range: span.clone(),
            span,
            string: usize::MAX,
            place: Place::Template { is_optional: false },
        });
        self.found.certain.push(self.branches == 0);
    }

    /// A name that gets a value of its own.
    pub(super) fn binds(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(variable) if variable.id == "secrets" => self.problem(
                Code::DynamicReference,
                "`secrets` is the name of the secrets and cannot stand for anything else",
                range(variable.span()),
                "use another name",
            ),
            Expr::List(list) => list.items.iter().for_each(|item| self.binds(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.binds(item)),
            Expr::GetAttr(_) | Expr::GetItem(_) => self.expression(target),
            _ => {}
        }
    }
}
