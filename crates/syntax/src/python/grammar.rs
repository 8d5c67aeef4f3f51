//! Walks the tokens as Python's expression grammar does and notes each place where the name `secrets` stands.
//!
//! The walk accepts every valid expression; it is lenient where Python's compiler is strict beyond the shape
//! (`await` outside a coroutine, mixed bytes and text, dict items in a set). Each function is named for the rule of
//! Python's reference grammar it follows and leaves `at` behind what it read.

use std::ops::Range;

use super::fstring::{Field, Part};
use super::lexer::{Kind, Lexed, Token};
use super::{
    Constant, DebugField, Delimiters, Expression, Literal, MAX_DEPTH, Place, Problem, PyDefault, Quote, QuoteKind,
    Stop, Use, is_secret_name,
};

mod constant;
mod reference;

type Walked<T = ()> = Result<T, Stop>;

/// Walks a whole expression string.
pub(super) fn walk(text: &str, lexed: &Lexed) -> Walked<Expression> {
    let end = lexed.tokens.last().map_or(text.trim_end().len(), |last| last.span.end);
    let mut walker = Walker {
        text,
        tokens: &lexed.tokens,
        at: 0,
        end,
        depth: 0,
        enclosing: Delimiters::default(),
        found: Expression::default(),
        rebound: false,
    };
    if let Some(stop) = &lexed.stop {
        return Err(stop.clone());
    }
    walker.skip_newlines();
    walker.star_expressions()?;
    walker.skip_newlines();
    walker.expect_end()?;
    Ok(walker.finish())
}

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

const BINARY: [&str; 13] = ["+", "-", "*", "/", "//", "%", "@", "<<", ">>", "&", "^", "|", "**"];

struct Walker<'t> {
    text: &'t str,
    tokens: &'t [Token],
    /// The index of the next token.
    at: usize,
    /// Where the tokens end in the text.
    end: usize,
    depth: usize,
    /// The quotes of the f-strings around these tokens.
    enclosing: Delimiters,
    found: Expression,
    /// Whether a walrus gives the name `secrets` another value.
    rebound: bool,
}

/// How much was found so far, to take back what turns out to be another variable named `secrets`.
#[derive(Clone, Copy)]
struct Mark {
    uses: usize,
    problems: usize,
}

impl<'t> Walker<'t> {
    fn finish(self) -> Expression {
        let Expression { mut uses, mut literals, mut debugs, mut problems } = self.found;
        if self.rebound {
            uses.clear();
            problems.clear();
        }
        // A debug field without a reference prints the same before and after.
        debugs.retain(|debug| {
            let first = uses.partition_point(|use_| use_.span.start < debug.text.start);
            uses.get(first).is_some_and(|use_| use_.span.end <= debug.text.end)
        });
        debugs.sort_by_key(|debug| debug.text.start);
        literals.sort_by_key(|literal| literal.span.start);
        problems.sort_by_key(|problem| problem.span().start);
        Expression { uses, literals, debugs, problems }
    }

    // --- Expressions, from the loosest binding to the tightest.

    /// `a, *b, c`, or `yield …`, up to the end of the tokens.
    fn star_expressions(&mut self) -> Walked {
        if self.eat("yield") {
            return self.yield_value("");
        }
        loop {
            self.star_expression()?;
            if !self.eat(",") || self.peek().is_empty() || self.peek() == "=" {
                return Ok(());
            }
        }
    }

    fn star_expression(&mut self) -> Walked {
        if self.eat("*") { self.bitwise_or() } else { self.expression() }
    }

    /// What follows `yield`, up to `close`.
    fn yield_value(&mut self, close: &str) -> Walked {
        if self.eat("from") {
            return self.expression();
        }
        while self.peek() != close {
            self.star_expression()?;
            if !self.eat(",") {
                break;
            }
        }
        Ok(())
    }

    /// An expression that may be named: `a`, `a := b`.
    fn named_expression(&mut self) -> Walked {
        let first = self.at;
        self.expression()?;
        if self.peek() == ":=" {
            if self.at != first + 1 || !matches!(self.tokens[first].kind, Kind::Name) {
                return Err(self.broken("a `:=` after something other than a name"));
            }
            self.rebound |= self.slice(first) == "secrets";
            self.at += 1;
            self.expression()?;
        }
        Ok(())
    }

    fn expression(&mut self) -> Walked {
        self.descend()?;
        if self.eat("lambda") {
            self.lambda()?;
        } else {
            self.disjunction()?;
            while self.eat("if") {
                self.disjunction()?;
                self.expect("else", "an `if` without an `else`")?;
                if self.peek() == "lambda" {
                    self.expression()?;
                    break;
                }
                self.disjunction()?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn lambda(&mut self) -> Walked {
        let mut bound = false;
        while self.peek() != ":" {
            if !(self.eat("*") || self.eat("**") || self.eat("/")) || self.is_name() {
                bound |= self.name("a parameter expected")? == "secrets";
                if self.eat("=") {
                    self.expression()?;
                }
            }
            if !self.eat(",") {
                break;
            }
        }
        self.expect(":", "a `lambda` without its `:`")?;
        let body = self.mark();
        self.expression()?;
        if bound {
            self.forget(body, self.mark());
        }
        Ok(())
    }

    fn disjunction(&mut self) -> Walked {
        loop {
            while self.eat("not") {}
            self.comparison()?;
            if !(self.eat("and") || self.eat("or")) {
                return Ok(());
            }
        }
    }

    fn comparison(&mut self) -> Walked {
        loop {
            self.bitwise_or()?;
            match self.peek() {
                "<" | ">" | "<=" | ">=" | "==" | "!=" | "in" => self.at += 1,
                "is" => {
                    self.at += 1;
                    self.eat("not");
                }
                "not" if self.slice(self.at + 1) == "in" => self.at += 2,
                _ => return Ok(()),
            }
        }
    }

    /// All arithmetic at one level: which operator binds tighter changes nothing here.
    fn bitwise_or(&mut self) -> Walked {
        loop {
            while self.eat("+") || self.eat("-") || self.eat("~") {}
            self.eat("await");
            self.primary()?;
            if !BINARY.contains(&self.peek()) {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn primary(&mut self) -> Walked {
        self.atom()?;
        loop {
            match self.peek() {
                "." => {
                    self.at += 1;
                    self.name("a name expected after the `.`")?;
                }
                "(" => self.arguments()?,
                "[" => self.subscript()?,
                _ => return Ok(()),
            }
        }
    }

    fn atom(&mut self) -> Walked {
        let Some(token) = self.tokens.get(self.at) else { return Err(self.broken("a value expected")) };
        match &token.kind {
            Kind::Name if self.peek() == "secrets" => return self.reference(),
            Kind::Name if self.is_name() || matches!(self.peek(), "None" | "True" | "False") => self.at += 1,
            Kind::Number => self.at += 1,
            Kind::Text(..) | Kind::Format(_) => return self.strings(),
            Kind::Operator => match self.peek() {
                "(" => return self.group(),
                "[" => return self.list(),
                "{" => return self.braces(),
                "..." => self.at += 1,
                _ => return Err(self.broken("a value expected")),
            },
            _ => return Err(self.broken("a value expected")),
        }
        Ok(())
    }

    // --- Brackets.

    fn group(&mut self) -> Walked {
        let open = self.open();
        if self.eat("yield") {
            self.yield_value(")")?;
        } else {
            self.elements(")")?;
        }
        self.close(open, ")")
    }

    fn list(&mut self) -> Walked {
        let open = self.open();
        self.elements("]")?;
        self.close(open, "]")
    }

    /// The elements of a tuple, a list or a group, or a comprehension.
    fn elements(&mut self, close: &str) -> Walked {
        while self.peek() != close {
            let element = self.mark();
            if self.eat("*") {
                self.bitwise_or()?;
            } else {
                self.named_expression()?;
            }
            self.comprehension(element)?;
            if !self.eat(",") {
                break;
            }
        }
        Ok(())
    }

    /// A dict or a set.
    fn braces(&mut self) -> Walked {
        let open = self.open();
        while self.peek() != "}" {
            let element = self.mark();
            if self.eat("*") || self.eat("**") {
                self.bitwise_or()?;
            } else {
                self.named_expression()?;
                if self.eat(":") {
                    self.expression()?;
                }
            }
            self.comprehension(element)?;
            if !self.eat(",") {
                break;
            }
        }
        self.close(open, "}")
    }

    fn arguments(&mut self) -> Walked {
        let open = self.open();
        self.more_arguments()?;
        self.close(open, ")")
    }

    fn more_arguments(&mut self) -> Walked {
        while self.peek() != ")" {
            if self.eat("*") || self.eat("**") {
                self.expression()?;
            } else if self.is_name() && self.slice(self.at + 1) == "=" {
                // The name of a keyword argument is no variable, even if it is `secrets`.
                self.at += 2;
                self.expression()?;
            } else {
                let argument = self.mark();
                self.named_expression()?;
                self.comprehension(argument)?;
            }
            if !self.eat(",") {
                break;
            }
        }
        Ok(())
    }

    fn subscript(&mut self) -> Walked {
        let open = self.open();
        loop {
            if self.eat("*") {
                self.bitwise_or()?;
            } else {
                self.slice_expression()?;
            }
            if !self.eat(",") || self.peek() == "]" {
                return self.close(open, "]");
            }
        }
    }

    /// `a`, `a:b`, `a:b:c`, with any of the three left out.
    fn slice_expression(&mut self) -> Walked {
        if self.peek() != ":" {
            self.named_expression()?;
        }
        for _ in 0..2 {
            if !self.eat(":") {
                break;
            }
            if !matches!(self.peek(), ":" | "," | "]") {
                self.expression()?;
            }
        }
        Ok(())
    }

    /// Any `for … in …` and `if …` behind an element, which began at `element`.
    fn comprehension(&mut self, element: Mark) -> Walked {
        // Python evaluates the first iterable outside, so there `secrets` is still the free name.
        let mut first_iterable = None;
        let mut bound = false;
        loop {
            if self.peek() == "async" && self.slice(self.at + 1) == "for" {
                self.at += 1;
            }
            if !self.eat("for") {
                break;
            }
            bound |= self.targets()?;
            self.expect("in", "a `for` without its `in`")?;
            let start = self.mark();
            self.disjunction()?;
            let end = self.mark();
            first_iterable.get_or_insert((start, end));
            while self.eat("if") {
                self.disjunction()?;
            }
        }
        if let Some((start, end)) = first_iterable.filter(|_| bound) {
            self.forget(end, self.mark());
            self.forget(element, start);
        }
        Ok(())
    }

    /// The targets of a `for`; yields whether `secrets` is one.
    fn targets(&mut self) -> Walked<bool> {
        let before = self.mark();
        loop {
            self.eat("*");
            let first = self.at;
            let target = self.mark();
            self.bitwise_or()?;
            self.refuse_assignment(first, target);
            if !self.eat(",") || self.peek() == "in" {
                break;
            }
        }
        let is_bare = |problem: &Problem| matches!(problem, Problem::NamesNoSecret { .. });
        let bound = self.found.problems[before.problems..].iter().any(is_bare);
        let mut index = 0;
        self.found.problems.retain(|problem| {
            index += 1;
            index <= before.problems || !is_bare(problem)
        });
        Ok(bound)
    }

    /// `for secrets.x in …` would store into the map: no value can stand there.
    fn refuse_assignment(&mut self, first: usize, target: Mark) {
        let span = self.tokens[first].span.start..self.behind();
        if self.found.uses.get(target.uses).is_some_and(|use_| use_.span == span) {
            self.found.uses.truncate(target.uses);
            self.found.problems.push(Problem::Dynamic { span });
        }
    }

    // --- Strings.

    /// One string literal, or several side by side.
    fn strings(&mut self) -> Walked {
        let tokens = self.tokens;
        while let Some(token) = tokens.get(self.at) {
            match &token.kind {
                Kind::Text(quote, inner) => self.literal(*quote, inner.clone()),
                Kind::Format(format) => self.parts(&format.parts, format.quote, false)?,
                _ => break,
            }
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, quote: Quote, span: Range<usize>) {
        if quote.kind != QuoteKind::Bytes && !span.is_empty() {
            self.found.literals.push(Literal { span, quote });
        }
    }

    fn parts(&mut self, parts: &'t [Part], quote: Quote, in_spec: bool) -> Walked {
        for part in parts {
            match part {
                // The text of a spec says how to pad and round, and is no place for a reference.
                Part::Text(_) if in_spec => {}
                Part::Text(span) => self.literal(quote, span.clone()),
                Part::Field(field) => self.field(field, quote, in_spec)?,
            }
        }
        Ok(())
    }

    /// Walks a replacement field and decides how a reference in it is written.
    fn field(&mut self, field: &'t Field, quote: Quote, in_spec: bool) -> Walked {
        self.descend()?;
        let (tokens, at, end, enclosing) = (self.tokens, self.at, self.end, self.enclosing);
        let first_use = self.found.uses.len();
        let inside = enclosing.and(quote.delimiter);
        (self.tokens, self.at, self.end, self.enclosing) = (&field.tokens, 0, field.head_end, inside);

        self.star_expressions()?;
        let code = self.tokens[0].span.start..self.behind();
        let debug = self.eat("=");
        self.expect_end()?;
        if debug {
            self.found.debugs.push(DebugField {
                text: field.span.start + 1..field.head_end,
                equals: code.end..field.head_end,
                repr: !field.conversion && field.spec.is_none(),
                in_spec,
                quote,
                enclosing: inside,
            });
        } else if !field.conversion && field.spec.is_none() && !in_spec {
            // Text in a spec is read anew by the value's own `__format__`, so only fields outside become text.
            if let Some(use_) = self.found.uses.get_mut(first_use).filter(|use_| use_.span == code) {
                use_.span = field.span.clone();
                use_.place = Place::Field { quote, enclosing: inside };
            }
        }

        (self.tokens, self.at, self.end, self.enclosing) = (tokens, at, end, enclosing);
        if let Some(spec) = &field.spec {
            self.parts(spec, quote, true)?;
        }
        self.depth -= 1;
        Ok(())
    }

    // --- Tokens.

    fn slice(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| &self.text[token.span.clone()])
    }

    fn peek(&self) -> &'t str {
        self.slice(self.at)
    }

    fn eat(&mut self, word: &str) -> bool {
        let eaten = self.peek() == word;
        self.at += usize::from(eaten);
        eaten
    }

    fn expect(&mut self, word: &str, what: &'static str) -> Walked {
        if self.eat(word) { Ok(()) } else { Err(self.broken(what)) }
    }

    fn is_name(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|token| matches!(token.kind, Kind::Name)) && !KEYWORDS.contains(&self.peek())
    }

    fn name(&mut self, what: &'static str) -> Walked<&'t str> {
        if !self.is_name() {
            return Err(self.broken(what));
        }
        self.at += 1;
        Ok(self.slice(self.at - 1))
    }

    /// Where the token before the next one ends.
    fn behind(&self) -> usize {
        self.tokens[self.at - 1].span.end
    }

    fn open(&mut self) -> usize {
        self.at += 1;
        self.at - 1
    }

    fn close(&mut self, open: usize, close: &'static str) -> Walked {
        if self.eat(close) {
            return Ok(());
        }
        if self.at == self.tokens.len() {
            return Err(Stop::Broken { span: self.tokens[open].span.clone(), what: "a bracket that is never closed" });
        }
        Err(self.broken("an operator, a comma or the closing bracket expected"))
    }

    fn skip_newlines(&mut self) {
        while self.tokens.get(self.at).is_some_and(|token| matches!(token.kind, Kind::Newline)) {
            self.at += 1;
        }
    }

    fn expect_end(&self) -> Walked {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.broken("an operator or the end expected")) }
    }

    fn broken(&self, what: &'static str) -> Stop {
        let span = self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone());
        Stop::Broken { span, what }
    }

    fn descend(&mut self) -> Walked {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let (Stop::Broken { span, .. } | Stop::TooDeep { span }) = self.broken("");
        Err(Stop::TooDeep { span })
    }

    fn mark(&self) -> Mark {
        Mark { uses: self.found.uses.len(), problems: self.found.problems.len() }
    }

    /// Takes back what was found between two marks.
    fn forget(&mut self, from: Mark, to: Mark) {
        self.found.uses.drain(from.uses..to.uses);
        self.found.problems.drain(from.problems..to.problems);
    }
}
