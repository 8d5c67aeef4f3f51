//! Walks the tokens as Python's expression grammar does and notes each place where the name `secrets` stands.
//!
//! The walk accepts every valid expression; it is lenient where Python's compiler is strict beyond the shape
//! (`await` outside a coroutine, mixed bytes and text, dict items in a set). Each function is named for the rule of
//! Python's reference grammar it follows and leaves `at` behind what it read.

use std::ops::Range;

use super::lexer::{Kind, Lexed, Token};
use super::{Delimiters, Expression, MAX_DEPTH, Problem, Stop};

mod brackets;
mod constant;
mod reference;
mod strings;
mod tokens;

pub(super) use constant::decode;

type Walked<T = ()> = Result<T, Stop>;

/// Walks a whole expression string.
pub(super) fn walk(text: &str, lexed: &Lexed) -> Walked<Expression> {
    let end = lexed.tokens.last().map_or(text.trim_end().len(), |last| last.span.end);
    let mut walker = Walker {
        text,
        tokens: &lexed.tokens,
        comments: &lexed.comments,
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
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

const BINARY: [&str; 13] = ["+", "-", "*", "/", "//", "%", "@", "<<", ">>", "&", "^", "|", "**"];

struct Walker<'t> {
    text: &'t str,
    tokens: &'t [Token],
    comments: &'t [Range<usize>],
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

impl Walker<'_> {
    fn finish(self) -> Expression {
        let Expression { mut uses, literals, mut debugs, mut problems } = self.found;
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
        problems.sort_by_key(|problem| problem.span().start);
        Expression { uses, literals, debugs, problems }
    }

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
        if self.peek() == "lambda" {
            return self.lambda();
        }
        self.disjunction()?;
        while self.eat("if") {
            self.disjunction()?;
            self.expect("else", "an `if` without an `else`")?;
            if self.peek() == "lambda" {
                return self.lambda();
            }
            self.disjunction()?;
        }
        Ok(())
    }

    fn lambda(&mut self) -> Walked {
        self.descend()?;
        self.at += 1;
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
        self.depth -= 1;
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
        let Some(token) = self.tokens.get(self.at) else {
            return Err(self.broken("a value expected"));
        };
        match &token.kind {
            Kind::Name if self.peek() == "secrets" => return self.reference(),
            Kind::Name if self.is_name() || matches!(self.peek(), "None" | "True" | "False") => {
                self.at += 1;
            }
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

    fn mark(&self) -> Mark {
        Mark { uses: self.found.uses.len(), problems: self.found.problems.len() }
    }

    /// Takes back what was found between two marks.
    fn forget(&mut self, from: Mark, to: Mark) {
        self.found.uses.drain(from.uses..to.uses);
        self.found.problems.drain(from.problems..to.problems);
    }
}
