//! What is too deep to be read: the engine goes down an expression by calls, and its stack has an end.

use minijinja::machinery::{Token, tokenize};
use redeem_syntax::{Code, Diagnostic, Source};

use super::engine;

/// How many operators may stand in one tag, names and punctuation of lists and tables not counted.
const MOST_OPERATORS: usize = 500;

/// How many `elif` may stand in one template: each is an `if` inside the one before.
const MOST_ELIFS: usize = 500;

/// The first place that is too deep, if there is one. What cannot be read at all is told by the parser.
pub(super) fn too_deep(source: &Source) -> Option<Diagnostic> {
    let mut operators = 0;
    let mut elifs = 0;
    for token in tokenize(source.text(), false, engine::syntax()) {
        let (token, span) = token.ok()?;
        match token {
            Token::VariableStart | Token::BlockStart => operators = 0,
            Token::Ident("elif") => elifs += 1,
            Token::Ident("not" | "and" | "or" | "if" | "is" | "in") => operators += 1,
            Token::Ident(_)
            | Token::Str(_)
            | Token::String(_)
            | Token::Int(_)
            | Token::Int128(_)
            | Token::Float(_)
            | Token::Comma
            | Token::Colon
            | Token::Assign
            | Token::TemplateData(_)
            | Token::VariableEnd
            | Token::BlockEnd
            | Token::BracketClose
            | Token::BraceClose
            | Token::BraceOpen
            | Token::ParenClose => {}
            _ => operators += 1,
        }
        let span = span.start_offset as usize..span.end_offset as usize;
        let tell = |message: String| {
            let help = "take it apart with `{% set %}`, or put what it chooses from into `vars`";
            Some(Diagnostic::new(Code::SyntaxError, message).at(source, span.clone(), "").with_help(help))
        };
        if operators > MOST_OPERATORS {
            return tell(format!("this expression has more than {MOST_OPERATORS} operators"));
        }
        if elifs > MOST_ELIFS {
            return tell(format!("this template has more than {MOST_ELIFS} `elif`"));
        }
    }
    None
}
