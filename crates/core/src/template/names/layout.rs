//! Which expressions are text that the template laid out, with marks in it: it may be written, not looked into.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{CallType, Expr, Stmt};

/// Functions of the engine, which give values; any other call gives text.
const FUNCTIONS: &[&str] = &["range", "dict", "namespace"];

/// Whether an expression is such text: the call of a macro or a block, or a variable of `names`.
pub(super) fn is_laid_out(expression: &Expr<'_>, names: &BTreeSet<String>) -> bool {
    match expression {
        Expr::Var(variable) => names.contains(variable.id),
        Expr::Call(call) => match call.identify_call() {
            CallType::Function(name) => !FUNCTIONS.contains(&name),
            CallType::Method(of, _) => !matches!(of, Expr::Var(variable) if variable.id == "loop"),
            CallType::Block(_) => true,
            CallType::Object(_) => false,
        },
        Expr::Filter(filter) if matches!(filter.name, "default" | "d" | "safe" | "trim" | "indent") => {
            filter.expr.as_ref().is_some_and(|inner| is_laid_out(inner, names))
        }
        Expr::IfExpr(condition) => {
            let other = condition.false_expr.as_ref();
            is_laid_out(&condition.true_expr, names) || other.is_some_and(|other| is_laid_out(other, names))
        }
        _ => false,
    }
}

/// Whether statements write values, and not text of the template alone.
pub(super) fn writes_values(statements: &[Stmt<'_>]) -> bool {
    statements.iter().any(|statement| match statement {
        Stmt::EmitRaw(_) | Stmt::Set(_) | Stmt::SetBlock(_) | Stmt::Macro(_) => false,
        Stmt::IfCond(condition) => {
            writes_values(&condition.true_body) || writes_values(&condition.false_body)
        }
        Stmt::ForLoop(each) => writes_values(&each.body) || writes_values(&each.else_body),
        _ => true,
    })
}
