//! Walks what stands in brackets: groups, displays, comprehensions, arguments and subscripts.

use super::{Mark, Problem, Walked, Walker};

impl Walker<'_> {
    pub(super) fn group(&mut self) -> Walked {
        let open = self.open()?;
        if self.eat("yield") {
            self.yield_value(")")?;
        } else {
            self.elements(")")?;
        }
        self.close(open, ")")
    }

    pub(super) fn list(&mut self) -> Walked {
        let open = self.open()?;
        self.elements("]")?;
        self.close(open, "]")
    }

    /// The elements of a tuple, a list or a group, or a comprehension.
    pub(super) fn elements(&mut self, close: &str) -> Walked {
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
    pub(super) fn braces(&mut self) -> Walked {
        let open = self.open()?;
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

    pub(super) fn arguments(&mut self) -> Walked {
        let open = self.open()?;
        self.more_arguments()?;
        self.close(open, ")")
    }

    pub(super) fn more_arguments(&mut self) -> Walked {
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

    pub(super) fn subscript(&mut self) -> Walked {
        let open = self.open()?;
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
    pub(super) fn slice_expression(&mut self) -> Walked {
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
    pub(super) fn comprehension(&mut self, element: Mark) -> Walked {
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
    pub(super) fn targets(&mut self) -> Walked<bool> {
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
        let since = self.found.problems.split_off(before.problems);
        let (bare, others): (Vec<_>, Vec<_>) =
            since.into_iter().partition(|problem| matches!(problem, Problem::NamesNoSecret { .. }));
        self.found.problems.extend(others);
        Ok(!bare.is_empty())
    }

    /// `for secrets.x in …` would store into the map: no value can stand there.
    pub(super) fn refuse_assignment(&mut self, first: usize, target: Mark) {
        let span = self.tokens[first].span.start..self.behind();
        if self.found.uses.get(target.uses).is_some_and(|use_| use_.span == span) {
            self.found.uses.truncate(target.uses);
            self.found.problems.push(Problem::Dynamic { span });
        }
    }
}
