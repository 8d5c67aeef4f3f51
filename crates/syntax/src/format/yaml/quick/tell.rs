//! What is told of a text while it is read: nothing, every event, or only the strings that are worth a look.

use super::Role;
use crate::format::lookout::Lookout;
use crate::{Event, Span, Style, Token};

/// A scalar before what it says is known.
pub(super) struct Written {
    pub(super) span: Span,
    pub(super) style: Style,
    pub(super) role: Role,
    /// Whether each byte of it, or between its quotes, stands for itself.
    pub(super) is_verbatim: bool,
}

impl Written {
    pub(super) fn plain(span: Span, role: Role) -> Self {
        Self { span, style: Style::YamlPlain, role, is_verbatim: true }
    }
}

/// Who is told. Each of them is compiled with the scanner, so that one who asks for nothing costs nothing.
pub(super) trait Tell<'s> {
    /// Whether every event is asked for.
    const EVENTS: bool;

    /// Takes an event that is no scalar, if events are asked for.
    fn event(&mut self, _: Event<'s>) {}
    /// A collection begins.
    fn open(&mut self, _is_list: bool) {}
    /// The innermost collection ends.
    fn close(&mut self) {}
    /// A value that is no scalar and no collection.
    fn value(&mut self) {}
    /// A scalar, in file order; returns whether its token is asked for.
    fn wants(&mut self, scalar: &Written) -> bool;
    /// Takes the token of the scalar that has just been asked for.
    fn token(&mut self, token: Token<'s>);
}

/// To see whether a text is known.
pub(super) struct Nothing;

impl Tell<'_> for Nothing {
    const EVENTS: bool = false;

    #[inline]
    fn wants(&mut self, _: &Written) -> bool {
        false
    }

    fn token(&mut self, _: Token<'_>) {}
}

/// Every event.
pub(super) struct Events<'f, 's>(pub(super) &'f mut dyn FnMut(Event<'s>));

impl<'s> Tell<'s> for Events<'_, 's> {
    const EVENTS: bool = true;

    #[inline]
    fn event(&mut self, event: Event<'s>) {
        (self.0)(event);
    }

    #[inline]
    fn wants(&mut self, _: &Written) -> bool {
        true
    }

    #[inline]
    fn token(&mut self, token: Token<'s>) {
        (self.0)(Event::Scalar(token));
    }
}

impl<'s> Tell<'s> for Lookout<'s, '_> {
    const EVENTS: bool = false;

    #[inline]
    fn open(&mut self, is_list: bool) {
        self.opened(is_list);
    }

    #[inline]
    fn close(&mut self) {
        self.closed();
    }

    #[inline]
    fn value(&mut self) {
        self.passed();
    }

    #[inline]
    fn wants(&mut self, scalar: &Written) -> bool {
        // A backslash in double quotes can spell a letter, or join two over a line break; all else shows.
        let may_hide = scalar.style == Style::YamlDouble && !scalar.is_verbatim;
        self.sees(&scalar.span, scalar.role.is_key, may_hide)
    }

    fn token(&mut self, token: Token<'s>) {
        self.hand_over(token);
    }
}
