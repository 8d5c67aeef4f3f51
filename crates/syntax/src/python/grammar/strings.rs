//! Walks string literals: notes their text, and walks the fields of f-strings as the code they are.

use std::ops::Range;

use crate::python::fstring::{Field, Part};
use crate::python::{DebugField, Literal, Place, Quote, QuoteKind};

use super::{Kind, Walked, Walker};

impl<'t> Walker<'t> {
    /// One string literal, or several side by side.
    pub(super) fn strings(&mut self) -> Walked {
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

    pub(super) fn literal(&mut self, quote: Quote, span: Range<usize>) {
        if quote.kind != QuoteKind::Bytes && !span.is_empty() {
            self.found.literals.push(Literal { span, quote });
        }
    }

    pub(super) fn parts(&mut self, parts: &'t [Part], quote: Quote, in_spec: bool) -> Walked {
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
    pub(super) fn field(&mut self, field: &'t Field, quote: Quote, in_spec: bool) -> Walked {
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
                printed: self.printed(field.span.start + 1..field.head_end),
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

    /// What a debug field prints as its source: Python leaves out comments and reads any line's end as `\n`.
    pub(super) fn printed(&self, span: Range<usize>) -> String {
        let mut printed = String::new();
        let mut at = span.start;
        let first = self.comments.partition_point(|comment| comment.start < span.start);
        for comment in self.comments[first..].iter().take_while(|comment| comment.end <= span.end) {
            printed.push_str(&self.text[at..comment.start]);
            at = comment.end;
        }
        printed.push_str(&self.text[at..span.end]);
        printed.replace("\r\n", "\n").replace('\r', "\n")
    }
}
