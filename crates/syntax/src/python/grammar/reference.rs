//! Reads what follows the name `secrets`: an attribute, a subscript or a call of `.get`.

use std::ops::Range;

use crate::python::{Constant, Delimiters, Place, Problem, PyDefault, Use, is_secret_name};

use super::{Kind, Walked, Walker};

/// The methods of Python's `dict` (`get` apart): called, they are no names of secrets.
const DICT_METHODS: [&str; 10] =
    ["clear", "copy", "fromkeys", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

impl Walker<'_> {
    /// Reads a reference, from the name `secrets` on; what trails it (`.upper()`) is left standing.
    pub(super) fn reference(&mut self) -> Walked {
        let start = self.tokens[self.at].span.start;
        self.at += 1;
        match self.peek() {
            "." => self.attribute(start),
            "[" => self.item(start),
            _ => {
                self.found.problems.push(Problem::NamesNoSecret { span: start..self.behind() });
                Ok(())
            }
        }
    }

    fn attribute(&mut self, start: usize) -> Walked {
        self.at += 1;
        let name = self.name("a name expected after `secrets.` (a keyword is spelled `secrets['class']`)")?;
        let name_span = self.tokens[self.at - 1].span.clone();
        let called = self.peek() == "(";
        if name == "get" && called {
            return self.get(start);
        }
        if name == "get" || (called && DICT_METHODS.contains(&name)) {
            self.found.problems.push(Problem::Dynamic { span: start..name_span.end });
        } else {
            self.note(self.found.uses.len(), start, name.to_owned(), name_span, None);
        }
        Ok(())
    }

    fn item(&mut self, start: usize) -> Walked {
        if let Some((name, span, next)) = self.constant(self.at + 1)
            && self.slice(next) == "]"
        {
            self.at = next + 1;
            self.note(self.found.uses.len(), start, name, span, None);
            return Ok(());
        }
        self.subscript()?;
        self.found.problems.push(Problem::Dynamic { span: start..self.behind() });
        Ok(())
    }

    /// Reads the call of `secrets.get`, from its bracket on.
    fn get(&mut self, start: usize) -> Walked {
        let open = self.open()?;
        // The reference comes before those in its default, so its place among the uses is kept.
        let slot = self.found.uses.len();
        let mut named = None;
        if let Some((name, span, next)) = self.constant(self.at)
            && matches!(self.slice(next), "," | ")")
        {
            self.at = next;
            let default = self.default()?;
            if self.peek() == ")" {
                named = Some((name, span, default));
            }
        }
        // Nothing is read twice: nested calls would make that exponential.
        if self.at == open + 1 || self.slice(self.at - 1) == "," {
            self.more_arguments()?;
        }
        self.close(open, ")")?;
        match named {
            Some((name, span, default)) => self.note(slot, start, name, span, Some(default)),
            None => self.found.problems.push(Problem::Dynamic { span: start..self.behind() }),
        }
        Ok(())
    }

    /// Reads on behind the first argument: the second, if it is a plain one, and the commas.
    fn default(&mut self) -> Walked<PyDefault> {
        let none = PyDefault { span: None, constant: Some(Constant::None) };
        if !self.eat(",") {
            return Ok(none);
        }
        let first = self.at;
        let keyword = self.is_name() && self.slice(self.at + 1) == "=";
        if keyword || matches!(self.peek(), ")" | "*" | "**") {
            return Ok(none);
        }
        self.named_expression()?;
        let span = self.tokens[first].span.start..self.behind();
        let constant = self.constant_default(first);
        self.eat(",");
        Ok(PyDefault { span: Some(span), constant })
    }

    /// The constant that the tokens from `first` up to the next one spell, if they do.
    fn constant_default(&self, first: usize) -> Option<Constant> {
        let is_number = |at: usize| matches!(self.tokens[at].kind, Kind::Number);
        if let Some((text, _, next)) = self.constant(first) {
            return (next == self.at).then_some(Constant::Text(text));
        }
        match self.at - first {
            1 if self.slice(first) == "None" => Some(Constant::None),
            1 if is_number(first) => Some(Constant::Number(self.slice(first).to_owned())),
            2 if matches!(self.slice(first), "-" | "+") && is_number(first + 1) => {
                Some(Constant::Number([self.slice(first), self.slice(first + 1)].concat()))
            }
            _ => None,
        }
    }

    /// Notes a use that ends before the next token, or the problem its name is.
    fn note(
        &mut self,
        slot: usize,
        start: usize,
        name: String,
        name_span: Range<usize>,
        default: Option<PyDefault>,
    ) {
        if !is_secret_name(&name) {
            self.found.problems.push(Problem::InvalidName { span: name_span, name });
            return;
        }
        let place = if self.enclosing == Delimiters::default() {
            Place::Code
        } else {
            Place::Nested { enclosing: self.enclosing }
        };
        self.found.uses.insert(slot, Use { name, name_span, span: start..self.behind(), default, place });
    }
}
