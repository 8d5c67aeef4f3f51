//! What a person is asked while an identity opens, through whoever can ask.

use redeem_core::Secret;

/// Someone who can ask a person: the command line, an editor. Each answer may be `None`: there is nobody to ask.
///
/// The texts come from plugins too; they hold no control characters.
pub trait Prompt: Send + Sync {
    /// Asks for the passphrase of `what`, or for a PIN, without showing what is typed.
    fn passphrase(&self, what: &str) -> Option<Secret>;

    /// Asks for a text that need not be hidden.
    fn text(&self, what: &str) -> Option<String> {
        let _ = what;
        None
    }

    /// Asks for one of two answers; `no` may be missing, when there is nothing to choose.
    fn confirm(&self, what: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let _ = (what, yes, no);
        None
    }

    /// Shows a message, such as `touch your key`, and whether it was shown.
    fn message(&self, text: &str) -> bool {
        let _ = text;
        false
    }
}

/// Nobody: every question has no answer.
pub(super) struct Nobody;

impl Prompt for Nobody {
    fn passphrase(&self, _what: &str) -> Option<Secret> {
        None
    }
}
