//! Finds the secrets that a template uses in its syntax tree, with what it includes and what is wrong.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{CallArg, Expr, Filter as FilterCall, Macro, Spanned, Stmt};
use minijinja::machinery::{ast, parse};
use redeem_syntax::name::{NameRule, is_name_char};
use redeem_syntax::pipeline::Filter;
use redeem_syntax::{Code, Diagnostic, Dialects, Name, Place, Reference, Source, Span};

use super::{DIALECT, engine, failure, known, limits};

mod chain;
mod layout;
mod outside;
mod secret;

pub(crate) use chain::spelled;
use chain::{Chain, chain};
use layout::{is_laid_out, writes_values};

/// The names that stores can hold and some reference can spell.
const RULE: NameRule =
    NameRule { longest: 255, first: is_name_char, rest: is_name_char, words: "letters, digits, `_` and `-`" };

/// What stands in one template.
#[derive(Default)]
pub(super) struct Found {
    pub(super) references: Vec<Reference>,
    /// Whether each of them is used whenever the template runs.
    pub(super) certain: Vec<bool>,
    pub(super) includes: Vec<Include>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The longest text that a loop may write into a variable, in bytes.
    pub(super) longest_captured: usize,
    /// Whether it can run.
    pub(super) is_valid: bool,
}

/// A file that a template includes, extends or imports.
#[derive(Debug)]
pub(super) struct Include {
    /// As the template writes it.
    pub(super) path: String,
    pub(super) span: Span,
    pub(super) may_be_missing: bool,
}

/// Finds everything in `source`, whose name in its library is `name`.
pub(super) fn find(source: &Source, name: &str, dialects: &Dialects) -> Found {
    let mut walk = Walk {
        source,
        dialects,
        branches: 0,
        tested: BTreeSet::new(),
        laid_out: BTreeSet::new(),
        captures: 0,
        found: Found::default(),
    };
    let is_deep = limits::too_deep(source).map(|problem| walk.found.diagnostics.push(problem)).is_some();
    match parse(if is_deep { "" } else { source.text() }, name, engine::syntax()) {
        Ok(_) if is_deep => {}
        Ok(tree) => {
            walk.found.is_valid = true;
            walk.statement(&tree);
        }
        Err(error) => walk.found.diagnostics.push(failure::syntax(source, &error)),
    }
    let Walk { tested, mut found, .. } = walk;
    for (reference, certain) in found.references.iter_mut().zip(&mut found.certain) {
        let has_default =
            reference.filters.iter().any(|filter| matches!(filter.name.as_str(), "default" | "d"));
        let is_optional = has_default || tested.contains(&reference.name);
        reference.place = Place::Template { is_optional };
        *certain &= !is_optional;
    }
    found.is_valid &= !found.diagnostics.iter().any(super::is_error);
    found
}

/// A walk over a syntax tree.
struct Walk<'a> {
    source: &'a Source,
    dialects: &'a Dialects,
    /// How many branches that may not run stand around this place.
    branches: usize,
    /// The names that a test asks whether they are there.
    tested: BTreeSet<Name>,
    /// The variables that hold text with marks in it.
    laid_out: BTreeSet<String>,
    /// How many statements that write into a variable stand around this place, and may do so often.
    captures: usize,
    found: Found,
}

impl Walk<'_> {
    fn statements(&mut self, statements: &[Stmt<'_>]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    /// Walks over statements that may not run.
    fn branch(&mut self, statements: &[Stmt<'_>]) {
        self.branches += 1;
        self.statements(statements);
        self.branches -= 1;
    }

    /// Walks over statements whose text goes into a variable.
    fn captured(&mut self, statements: &[Stmt<'_>]) {
        self.captures += 1;
        self.statements(statements);
        self.captures -= 1;
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::EmitRaw(raw) => self.static_text(raw.raw),
            Stmt::ForLoop(each) => {
                self.binds(&each.target);
                self.looks_into(&each.iter);
                self.expression(&each.iter);
                self.branches += 1;
                each.filter_expr.iter().for_each(|filter| self.expression(filter));
                self.statements(&each.body);
                self.statements(&each.else_body);
                self.branches -= 1;
            }
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr);
                self.branch(&condition.true_body);
                self.branch(&condition.false_body);
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.binds(target);
                    self.expression(value);
                }
                self.statements(&with.body);
            }
            Stmt::Set(set) => {
                self.binds(&set.target);
                self.expression(&set.expr);
                if let Expr::Var(variable) = &set.target {
                    self.holds(variable.id, is_laid_out(&set.expr, &self.laid_out));
                }
            }
            Stmt::SetBlock(set) => {
                self.binds(&set.target);
                set.filter.iter().for_each(|filter| self.expression(filter));
                if let Expr::Var(variable) = &set.target {
                    self.holds(variable.id, writes_values(&set.body));
                }
                self.captured(&set.body);
            }
            Stmt::AutoEscape(block) => {
                let span = range(block.span());
                self.problem(
                    Code::TemplateFailed,
                    "`autoescape` has no meaning here: values are escaped for the format of the output",
                    span,
                    "leave it out, or write raw text with `| safe`",
                );
                self.statements(&block.body);
            }
            Stmt::FilterBlock(block) => {
                self.expression(&block.filter);
                self.captured(&block.body);
            }
            // Another template may put its own block in the place of this one.
            Stmt::Block(block) => self.branch(&block.body),
            Stmt::Import(import) => {
                self.binds(&import.name);
                self.include(&import.expr, false);
            }
            Stmt::FromImport(import) => {
                for (name, alias) in &import.names {
                    self.binds(alias.as_ref().unwrap_or(name));
                }
                self.include(&import.expr, false);
            }
            Stmt::Extends(extends) => self.include(&extends.name, false),
            Stmt::Include(include) => self.include(&include.name, include.ignore_missing),
            Stmt::Macro(declared) => self.declared(declared),
            Stmt::CallBlock(block) => {
                self.call(&block.call);
                self.declared(&block.macro_decl);
            }
            Stmt::Do(statement) => self.call(&statement.call),
            Stmt::Continue(_) | Stmt::Break(_) => {}
        }
    }

    fn declared(&mut self, declared: &Macro<'_>) {
        self.branches += 1;
        declared.args.iter().for_each(|argument| self.binds(argument));
        declared.defaults.iter().for_each(|default| self.expression(default));
        self.captured(&declared.body);
        self.branches -= 1;
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        self.filtered(expression, &mut Vec::new());
    }

    /// Walks over an expression whose value goes through `filters`, the last one first.
    fn filtered(&mut self, expression: &Expr<'_>, filters: &mut Vec<Filter>) {
        if let Some(chain) = chain(expression) {
            return self.secret(chain, filters);
        }
        match expression {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.looks_into(&slice.expr);
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                    .for_each(|e| self.expression(e));
            }
            Expr::UnaryOp(operation) => self.expression(&operation.expr),
            Expr::BinOp(operation) => self.operation(operation),
            Expr::Compare(comparison) => {
                self.looks_into(&comparison.expr);
                self.expression(&comparison.expr);
                for op in &comparison.ops {
                    self.looks_into(&op.expr);
                    self.expression(&op.expr);
                }
            }
            Expr::IfExpr(condition) => {
                self.expression(&condition.test_expr);
                self.branches += 1;
                self.expression(&condition.true_expr);
                condition.false_expr.iter().for_each(|e| self.expression(e));
                self.branches -= 1;
            }
            Expr::Filter(filter) => self.filter(filter, filters),
            Expr::Test(test) => {
                let asks = matches!(test.name, "defined" | "undefined");
                if let Some(problem) = known::test_problem(test.name) {
                    let diagnostic = Diagnostic::new(Code::UnknownFilter, problem);
                    self.found.diagnostics.push(diagnostic.at(self.source, range(test.span()), "this test"));
                }
                if asks && let Some(Chain::Named { name, .. }) = chain(&test.expr) {
                    self.tested.extend(RULE.read(&name));
                }
                if !asks {
                    self.looks_into(&test.expr);
                }
                self.expression(&test.expr);
                self.arguments(&test.args);
            }
            Expr::GetAttr(attribute) => self.expression(&attribute.expr),
            Expr::GetItem(item) => {
                self.looks_into(&item.expr);
                self.expression(&item.expr);
                self.expression(&item.subscript_expr);
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => {
                map.keys.iter().chain(&map.values).for_each(|item| self.expression(item));
            }
        }
    }

    fn operation(&mut self, operation: &ast::BinOp<'_>) {
        use ast::BinOpKind::{Concat, ScAnd, ScOr, Sub};
        // `secrets.db-password` takes `password` from `secrets.db`, which nobody means.
        if let (Sub, Some(Chain::Named { name, span: left, .. }), Expr::Var(right)) =
            (operation.op, chain(&operation.left), &operation.right)
            && self.source.slice(&(left.end..range(right.span()).start)) == "-"
        {
            let whole = left.start..range(right.span()).end;
            let written = spelled(&format!("{name}-{}", right.id));
            let diagnostic = Diagnostic::new(Code::NearMiss, "without quotes the `-` is a minus")
                .at(self.source, whole.clone(), "a difference, not a name")
                .with_help(format!("write `{written}`"));
            self.found.diagnostics.push(diagnostic.with_fix(whole, written));
            return;
        }
        if !matches!(operation.op, Concat | ScAnd | ScOr) {
            self.looks_into(&operation.left);
            self.looks_into(&operation.right);
        }
        self.expression(&operation.left);
        let may_not_run = matches!(operation.op, ScAnd | ScOr);
        self.branches += usize::from(may_not_run);
        self.expression(&operation.right);
        self.branches -= usize::from(may_not_run);
    }

    fn filter(&mut self, filter: &Spanned<FilterCall<'_>>, filters: &mut Vec<Filter>) {
        let span = range(filter.span());
        if let Some(problem) = known::filter_problem(filter.name, filter.args.len()) {
            let diagnostic = Diagnostic::new(Code::UnknownFilter, problem);
            self.found.diagnostics.push(diagnostic.at(self.source, span.clone(), "this filter"));
        }
        self.arguments(&filter.args);
        filters.push(Filter { name: filter.name.to_owned(), arguments: Vec::new(), span });
        if let Some(inner) = &filter.expr {
            self.filtered(inner, filters);
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => self.expression(value),
            }
        }
    }

    /// Notes what a variable holds from here on.
    fn holds(&mut self, name: &str, is_laid_out: bool) {
        // What a branch sets may hold or not, so it counts.
        if is_laid_out {
            self.laid_out.insert(name.to_owned());
        } else if self.branches == 0 {
            self.laid_out.remove(name);
        }
    }

    /// An operation that would see the marks of a text in place of its values.
    fn looks_into(&mut self, expression: &Expr<'_>) {
        if is_laid_out(expression, &self.laid_out) {
            self.problem(
                Code::TemplateFailed,
                "text with values in it can be written, but not compared or taken apart",
                range(expression.span()),
                "compare or cut the value itself, before a macro or `{% set %}` makes text of it",
            );
        }
    }

    fn problem(&mut self, code: Code, message: &str, span: Span, help: &str) {
        let diagnostic = Diagnostic::new(code, message).at(self.source, span, "").with_help(help);
        self.found.diagnostics.push(diagnostic);
    }
}

fn range(span: minijinja::machinery::Span) -> Span {
    span.start_offset as usize..span.end_offset as usize
}
