//! Steps through tokens: what comes next, what must come next, and what is wrong if it does not.

use std::ops::Range;

use super::{KEYWORDS, Kind, MAX_DEPTH, Stop, Walked, Walker};

impl<'t> Walker<'t> {
    pub(super) fn slice(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| &self.text[token.span.clone()])
    }

    pub(super) fn peek(&self) -> &'t str {
        self.slice(self.at)
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        let eaten = self.peek() == word;
        self.at += usize::from(eaten);
        eaten
    }

    pub(super) fn expect(&mut self, word: &str, what: &'static str) -> Walked {
        if self.eat(word) { Ok(()) } else { Err(self.broken(what)) }
    }

    pub(super) fn is_name(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|token| matches!(token.kind, Kind::Name))
            && !KEYWORDS.contains(&self.peek())
    }

    pub(super) fn name(&mut self, what: &'static str) -> Walked<&'t str> {
        if !self.is_name() {
            return Err(self.broken(what));
        }
        self.at += 1;
        Ok(self.slice(self.at - 1))
    }

    /// Where the token before the next one ends.
    pub(super) fn behind(&self) -> usize {
        self.tokens[self.at - 1].span.end
    }

    /// Passes an opening bracket; yields its index, for [`Self::close`].
    pub(super) fn open(&mut self) -> Walked<usize> {
        self.descend()?;
        self.at += 1;
        Ok(self.at - 1)
    }

    pub(super) fn close(&mut self, open: usize, close: &'static str) -> Walked {
        if self.eat(close) {
            self.depth -= 1;
            return Ok(());
        }
        if self.at == self.tokens.len() {
            return Err(Stop::Broken {
                span: self.tokens[open].span.clone(),
                what: "a bracket that is never closed",
            });
        }
        Err(self.broken("an operator, a comma or the closing bracket expected"))
    }

    pub(super) fn skip_newlines(&mut self) {
        while self.tokens.get(self.at).is_some_and(|token| matches!(token.kind, Kind::Newline)) {
            self.at += 1;
        }
    }

    pub(super) fn expect_end(&self) -> Walked {
        if self.at == self.tokens.len() {
            Ok(())
        } else {
            Err(self.broken("an operator or the end expected"))
        }
    }

    pub(super) fn broken(&self, what: &'static str) -> Stop {
        Stop::Broken { span: self.next_span(), what }
    }

    pub(super) fn next_span(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }

    /// Counts a bracket, a field or a lambda: only through them do the rules call themselves.
    pub(super) fn descend(&mut self) -> Walked {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        Err(Stop::TooDeep { span: self.next_span() })
    }
}
