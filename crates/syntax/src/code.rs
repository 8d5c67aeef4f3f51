//! Every kind of problem Redeem can tell of, with its one explanation.

use std::fmt;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file renders; somebody should look.
    Warning,
    /// The file is not rendered.
    Error,
}

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $severity:ident; )+) => {
        /// A kind of problem. Its explanation is the doc comment of its variant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $( $(#[doc = $doc])+ $variant, )+ }

        impl Code {
            /// All kinds, in the order of their table.
            pub const ALL: &'static [Code] = &[$( Code::$variant, )+];

            /// The name people type: `unknown-secret`.
            pub fn name(self) -> &'static str {
                match self { $( Code::$variant => $name, )+ }
            }

            /// How bad it usually is.
            pub fn severity(self) -> Severity {
                match self { $( Code::$variant => Severity::$severity, )+ }
            }

            /// What it means, why it matters and how to mend it, as Markdown.
            pub fn explanation(self) -> &'static str {
                match self { $( Code::$variant => concat!($( $doc, "\n", )+), )+ }
            }
        }
    };
}

codes! {
    /// What: no configured backend holds a secret of this name.
    ///
    /// Why: a missing secret is never an empty text, so the file is not rendered.
    ///
    /// Fix: correct the name, store the secret, or make the reference optional with `| default('…')`.
    UnknownSecret = "unknown-secret", Error;
    /// What: the text behind a right opening is no secret's name.
    ///
    /// Why: names are taken exactly as written; blanks and other signs are in no name rule.
    ///
    /// Fix: write a name that the dialect's rule allows.
    InvalidName = "invalid-name", Error;
    /// What: the secret exists but has no key of this name.
    ///
    /// Why: `NAME.KEY` reaches into a bundle, and this bundle lacks the key.
    ///
    /// Fix: use one of the keys that the message lists.
    UnknownKey = "unknown-key", Error;
    /// What: the secret has several keys and the reference names none.
    ///
    /// Why: which value was meant cannot be known.
    ///
    /// Fix: write `NAME.KEY` with one of the keys that the message lists.
    BundleWithoutKey = "bundle-without-key", Error;
    /// What: a reference stands in YAML without quotes.
    ///
    /// Why: `{` opens a mapping in YAML, so the reference is no text at all to a YAML parser.
    ///
    /// Fix: put quotes around the whole value.
    UnquotedReference = "unquoted-reference", Error;
    /// What: a text that is almost a reference.
    ///
    /// Why: it would be left as it is, and the program would get the placeholder for a secret.
    ///
    /// Fix: write it as the message shows, or escape it if it is meant as text.
    NearMiss = "near-miss", Error;
    /// What: an expression asks for a secret whose name is computed.
    ///
    /// Why: the name is known only when the expression runs, so it cannot be fetched before.
    ///
    /// Fix: name the secret with a literal.
    DynamicReference = "dynamic-reference", Error;
    /// What: a reference has two readings.
    ///
    /// Why: two syntaxes claim the same text, and they do not mean the same.
    ///
    /// Fix: move the reference into a string literal, or write it in the syntax of its place.
    AmbiguousReference = "ambiguous-reference", Error;
    /// What: the value cannot be written at this place.
    ///
    /// Why: the format has no spelling for it here, or its readers do not agree on one.
    ///
    /// Fix: follow the message: other quotes, a filter such as `| base64`, or a named reader.
    UnencodableValue = "unencodable-value", Error;
    /// What: a filter that does not exist, or one that does not take what it was given.
    ///
    /// Why: a filter that is skipped would write a wrong value.
    ///
    /// Fix: use one of the filters in the guide.
    UnknownFilter = "unknown-filter", Error;
    /// What: the file is not valid in its format.
    ///
    /// Why: where values end cannot be known in a file that does not parse, so nothing is written.
    ///
    /// Fix: mend the file, or say `format = "text"` for it in `redeem.toml`.
    SyntaxError = "syntax-error", Error;
    /// What: a file cannot be read as text that may hold references.
    ///
    /// Why: it is not UTF-8, too large, not a regular file, a link that leads outside, or not readable.
    ///
    /// Fix: follow the message, or leave the file out with `exclude` or `format = "copy"`.
    UnreadableFile = "unreadable-file", Error;
    /// What: two sources render to one output, or an output would overwrite a source.
    ///
    /// Why: which one wins would depend on chance.
    ///
    /// Fix: rename one of them or leave it out.
    OutputConflict = "output-conflict", Error;
    /// What: a backend could not answer.
    ///
    /// Why: only "not here" lets the next backend answer; a failure never turns into a missing secret.
    ///
    /// Fix: follow the message.
    BackendFailed = "backend-failed", Error;
    /// What: the rendered text failed its own proof.
    ///
    /// Why: parsed again, it did not hold the same tree with the values in place.
    ///
    /// Fix: this is a defect in Redeem; nothing was written. Please report it.
    ProofFailed = "proof-failed", Error;
    /// What: a value that breaks the URL it stands in.
    ///
    /// Why: a reserved character ends the part of the URL that the value belongs to.
    ///
    /// Fix: add `| urlencode` to the reference.
    UrlWithoutFilter = "url-without-filter", Error;
    /// What: `redeem.toml` says something that cannot be used.
    ///
    /// Why: a key that is not known, or a value that has no meaning, would be ignored without a word.
    ///
    /// Fix: follow the message; it points at the place.
    InvalidConfig = "invalid-config", Error;
    /// What: `redeem.toml` reaches outside its folder and has not been trusted.
    ///
    /// Why: a configuration that came with a repository must not read or write elsewhere unseen.
    ///
    /// Fix: read it, then run `redeem trust`.
    UntrustedConfig = "untrusted-config", Error;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_says_what_why_and_fix() {
        for code in Code::ALL {
            for part in ["What: ", "Why: ", "Fix: "] {
                assert!(code.explanation().contains(part), "{code} lacks {part}");
            }
        }
    }
}
