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
    /// Why: a missing secret never turns into an empty text, so the file is not rendered. Where a backend may have it
    /// that cannot be asked before a render, such as the environment, `redeem check` tells a warning.
    ///
    /// Fix: correct the name, store the secret, or make the reference optional with `| default('…')`. The message
    /// names the backends that were asked.
    UnknownSecret = "unknown-secret", Error;
    /// What: the text behind a right opening is no secret's name.
    ///
    /// Why: a name is taken exactly as it is written, and no rule for names allows blanks and most other signs.
    /// The text would stay as it is, and the program would get it in place of a secret.
    ///
    /// Fix: write a name that the rule of the dialect allows, or escape it if it is meant as text.
    InvalidName = "invalid-name", Error;
    /// What: the secret is there, but has no key of this name.
    ///
    /// Why: `NAME.KEY` asks for one value of a bundle, and this bundle does not have it.
    ///
    /// Fix: use one of the keys that the message lists.
    UnknownKey = "unknown-key", Error;
    /// What: the secret is a bundle of several keys, and the reference names none of them.
    ///
    /// Why: which of its values is meant cannot be known.
    ///
    /// Fix: write `NAME.KEY` with one of the keys that the message lists.
    BundleWithoutKey = "bundle-without-key", Error;
    /// What: the secret has a scope that this place does not accept.
    ///
    /// Why: a secret of the scope `global` may stand anywhere, any other only where a context in `redeem.toml` names its
    /// scope. So a key that was made for one purpose does not end up in another's configuration.
    ///
    /// Fix: use another secret, or add a `[[context]]` for the place as the message shows.
    ScopeMismatch = "scope-mismatch", Error;
    /// What: a reference stands where no context allows one.
    ///
    /// Why: `places = "listed"` in `redeem.toml` asks that references stand only in places that a `[[context]]` names.
    ///
    /// Fix: add a context for the place, or move the reference to one that there is.
    PlaceNotAllowed = "place-not-allowed", Error;
    /// What: a reference stands in YAML without quotes.
    ///
    /// Why: a `{` without quotes opens a mapping in YAML, so the program would read a mapping and no text.
    ///
    /// Fix: put quotes around the whole value.
    UnquotedReference = "unquoted-reference", Error;
    /// What: a text is almost a reference.
    ///
    /// Why: it would stay as it is, and the program would get the placeholder in place of a secret.
    ///
    /// Fix: write it as the message shows, or escape it if it is meant as text. Where only some programs would
    /// take it for a reference, this is a warning.
    NearMiss = "near-miss", Error;
    /// What: an expression asks for a secret whose name is computed.
    ///
    /// Why: the name is known only when the expression runs, so the value cannot be fetched before.
    ///
    /// Fix: name the secret with a literal, such as `secrets['api-key']`.
    DynamicReference = "dynamic-reference", Error;
    /// What: a reference can be read in two ways.
    ///
    /// Why: two syntaxes claim the same text, and they do not mean the same.
    ///
    /// Fix: move the reference into a string literal, or write it in the syntax of its place.
    AmbiguousReference = "ambiguous-reference", Error;
    /// What: the value cannot be written at this place.
    ///
    /// Why: the format has no spelling for it here, or the programs that read the format do not agree on one.
    ///
    /// Fix: follow the message: other quotes, a filter such as `| base64`, or a `reader` or `escape` for the file
    /// in `redeem.toml`.
    UnencodableValue = "unencodable-value", Error;
    /// What: a filter does not exist, or does not take the arguments that it was given.
    ///
    /// Why: to leave it out would write a wrong value.
    ///
    /// Fix: use one of the filters that the guide lists.
    UnknownFilter = "unknown-filter", Error;
    /// What: the file, or an expression in it, is not valid in its format.
    ///
    /// Why: where a value ends cannot be known in a text that does not parse, so nothing is written.
    ///
    /// Fix: mend it at the place that the message shows, or say `format = "text"` for the file in `redeem.toml`.
    SyntaxError = "syntax-error", Error;
    /// What: a template stopped while it ran, or includes what it may not.
    ///
    /// Why: something it needs is not defined, it never comes to an end, or a file is missing or lies outside.
    ///
    /// Fix: follow the message; it points at the place in the template.
    TemplateFailed = "template-failed", Error;
    /// What: a file cannot be read as text that may hold references.
    ///
    /// Why: it is not UTF-8, too large, no regular file, a link that leads outside, or may not be read. To pass
    /// over it could leave a reference in the output.
    ///
    /// Fix: follow the message, or leave the file out with `exclude` or `format = "copy"` in `redeem.toml`.
    UnreadableFile = "unreadable-file", Error;
    /// What: two sources would become one output, or an output would overwrite a source.
    ///
    /// Why: which of the two wins would depend on chance, and a source that is overwritten is lost.
    ///
    /// Fix: rename one of them, leave one out with `exclude`, or choose another output.
    OutputConflict = "output-conflict", Error;
    /// What: a backend could not tell whether it has the secret.
    ///
    /// Why: only a clear "not here" lets the next backend answer. A failure is never taken for a missing secret,
    /// and no `| default('…')` covers it.
    ///
    /// Fix: mend what the message names: a file that is not there, a folder that may not be read.
    BackendFailed = "backend-failed", Error;
    /// What: the secret has expired.
    ///
    /// Why: from the day in its `expires_at`, 00:00 UTC, a secret is not handed out. What it opens may be closed to
    /// it already, and an old value that still works is the one to worry about.
    ///
    /// Fix: give it a new value and a new date with `redeem secrets rotate` or `redeem secrets set`.
    ExpiredSecret = "expired-secret", Error;
    /// What: the secret expires soon.
    ///
    /// Why: from the day in its `expires_at`, 00:00 UTC, it is not handed out any more. How long before that it is told
    /// is `expires_within` in `redeem.toml`, 14 days if that says nothing.
    ///
    /// Fix: rotate it in time: `redeem secrets rotate NAME --expires-at DATE`.
    ExpiringSecret = "expiring-secret", Warning;
    /// What: the secret is there, and no identity at hand decrypts it.
    ///
    /// Why: it is encrypted to others. Who can read it stands in its file, and the message names them.
    ///
    /// Fix: bring your identity along as the message says, or ask an owner of the vault for `redeem vault grant`.
    UnreadableSecret = "unreadable-secret", Error;
    /// What: the file of a secret is damaged, or it was changed in a way that its checks do not cover.
    ///
    /// Why: a value that was moved, swapped or cut off would decrypt and still be wrong. No value of such a file is
    /// used.
    ///
    /// Fix: restore the file from git. If you have changed it with `sops`, look at it and run
    /// `redeem vault verify --accept`.
    Integrity = "integrity", Error;
    /// What: the rendered text did not pass its proof.
    ///
    /// Why: it is parsed again before it is written, and it was not the same tree with the values in place.
    ///
    /// Fix: this is a defect of Redeem. Nothing was written. Please report the structure of the file, without the
    /// values.
    ProofFailed = "proof-failed", Error;
    /// What: a reference stands in the user part of a URL without `| urlencode`.
    ///
    /// Why: a value that holds a character such as `/` or `@` ends the part of the URL that it belongs to. A render
    /// with such a value is refused; with any other this is a warning.
    ///
    /// Fix: add `| urlencode` to the reference.
    UrlWithoutFilter = "url-without-filter", Warning;
    /// What: a value stands in the clear where a context expects a reference.
    ///
    /// Why: whoever can read the file has the secret, and git keeps it for good. The message does not show it.
    ///
    /// Fix: move it into a secret with `redeem secrets create NAME --extract FILE:KEY.PATH`, and rotate it. A
    /// `redeem: ignore` comment says that it is no secret.
    PlaintextValue = "plaintext-value", Warning;
    /// What: no file refers to a secret of the vault.
    ///
    /// Why: a secret that nobody needs is one more that can leak. It is told only when all of the source is checked, and
    /// only of vaults: what else a store holds may be for others.
    ///
    /// Fix: delete it with `redeem secrets delete NAME`, or say `allow = ["unused-secret"]` if programs read it
    /// themselves.
    UnusedSecret = "unused-secret", Warning;
    /// What: two names of secrets differ in nothing but upper and lower case.
    ///
    /// Why: some file systems take their two files for one, and in the environment both are one variable.
    ///
    /// Fix: rename one of them with `redeem secrets rename`.
    CaseCollision = "case-collision", Warning;
    /// What: no dialect that is live can spell the name of a secret.
    ///
    /// Why: a reference to it cannot be written, so it can only be read by hand.
    ///
    /// Fix: rename it, or turn a dialect on that takes such names: `dialects` under `[[files]]` in `redeem.toml`.
    UnreachableName = "unreachable-name", Warning;
    /// What: a reference stands below `data` of a Kubernetes Secret without `| base64`.
    ///
    /// Why: Kubernetes decodes what stands there from base64. A plain value is refused, or decoded into something
    /// that nobody stored.
    ///
    /// Fix: add `| base64` to the reference, or move the key to `stringData`. If the stored value is base64 already,
    /// leave it as it is and say `redeem: ignore` or `--allow unencoded-data`.
    UnencodedData = "unencoded-data", Warning;
    /// What: an output that holds values is tracked by git.
    ///
    /// Why: the next commit would put the values into the history, from where they are hard to take back.
    ///
    /// Fix: run `git rm --cached` on it, add it to `.gitignore`, and give the secrets new values if they have been
    /// pushed.
    OutputTracked = "output-tracked", Warning;
    /// What: others can get at an output: it lies in a git tree that does not ignore it, or in a folder that others
    /// may write to.
    ///
    /// Why: `git add .` would take it along; and who may write to its folder may put another file in its place.
    ///
    /// Fix: add the output to `.gitignore`, or take away the right to write with `chmod go-w`.
    OutputExposed = "output-exposed", Warning;
    /// What: `redeem.toml` or `vault.toml` says something that cannot be used.
    ///
    /// Why: a key that is not known, or a value that means nothing, would be passed over without a word.
    ///
    /// Fix: correct it at the place that the message shows.
    InvalidConfig = "invalid-config", Error;
    /// What: `redeem.toml` reaches outside its folder and has not been trusted.
    ///
    /// Why: a configuration that came with a repository must not read or write elsewhere unseen.
    ///
    /// Fix: read it. If it is right, run `redeem trust`, or set `REDEEM_TRUST` to its digest in CI.
    UntrustedConfig = "untrusted-config", Error;
    /// What: `redeem.lock` does not fit the project, or cannot be used.
    ///
    /// Why: it says which names the backends have that cannot be listed, such as the environment. One that was edited by
    /// hand or merged badly, that speaks of a backend that `redeem.toml` does not have, or, with `--locked`, that lacks
    /// a backend or a name, would let a misspelt name pass.
    ///
    /// Fix: run `redeem lock` where the secrets are, and commit what it writes.
    StaleLock = "stale-lock", Error;
}

impl Code {
    /// Whether there are warnings of this kind: only of a kind that has some, they can be allowed.
    pub fn may_warn(self) -> bool {
        let sometimes = [
            Self::UnknownSecret,
            Self::UnknownKey,
            Self::BundleWithoutKey,
            Self::NearMiss,
            Self::ScopeMismatch,
            Self::PlaceNotAllowed,
            Self::ExpiredSecret,
        ];
        self.severity() == Severity::Warning || sometimes.contains(&self)
    }

    /// The kind of problem of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// What the problem is: the first part of its explanation, as Markdown on one line.
    pub fn what(self) -> String {
        self.part("What: ")
    }

    /// Why it matters, as Markdown on one line.
    pub fn why(self) -> String {
        self.part("Why: ")
    }

    /// How to mend it, as Markdown on one line.
    pub fn fix(self) -> String {
        self.part("Fix: ")
    }

    /// A paragraph of the explanation, without the word that it begins with.
    fn part(self, word: &str) -> String {
        let lines: Vec<&str> = self.explanation().lines().map(str::trim).collect();
        let mut paragraphs = lines.split(|line| line.is_empty());
        let found = paragraphs.find(|lines| lines.first().is_some_and(|line| line.starts_with(word)));
        found.unwrap_or_default().join(" ").trim_start_matches(word).to_owned()
    }
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
            for (word, part) in [("What", code.what()), ("Why", code.why()), ("Fix", code.fix())] {
                assert!(part.ends_with('.') && part.len() > 10, "{code}: {word}: {part:?} is no sentence");
            }
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
    }
}
