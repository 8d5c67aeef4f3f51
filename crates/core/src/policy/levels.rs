//! Which problems are errors, and which are not told: `deny` and `allow`.

use std::collections::BTreeSet;

use redeem_syntax::{Code, Diagnostic, Severity};

use crate::nearest;

/// The word that stands for every warning.
const WARNINGS: &str = "warnings";

/// Which warnings are errors, and which are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    denied: BTreeSet<Code>,
    allowed: BTreeSet<Code>,
    denies_warnings: bool,
}

/// A word that names no code which could be denied or allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    /// One sentence, lower-case.
    pub message: String,
    /// What to do instead.
    pub help: String,
}

impl Levels {
    /// Makes errors of the warnings of this code, or of all with `warnings`.
    ///
    /// # Errors
    /// A word that is no code.
    pub fn deny(&mut self, word: &str) -> Result<(), LevelError> {
        if word == WARNINGS {
            self.denies_warnings = true;
            return Ok(());
        }
        let code = code(word)?;
        self.allowed.remove(&code);
        self.denied.insert(code);
        Ok(())
    }

    /// Leaves out the warnings of this code.
    ///
    /// # Errors
    /// A word that is no code, or the code of errors alone: a file that has one cannot be rendered.
    pub fn allow(&mut self, word: &str) -> Result<(), LevelError> {
        if word == WARNINGS {
            return Err(LevelError {
                message: format!("only `deny` takes `{WARNINGS}`, for all codes"),
                help: "name each code that is to be allowed".to_owned(),
            });
        }
        let code = code(word)?;
        if !code.may_warn() {
            return Err(LevelError {
                message: format!("`{code}` is always an error, which cannot be allowed"),
                help: "mend the problem, or leave the file out with `exclude` in redeem.toml".to_owned(),
            });
        }
        self.denied.remove(&code);
        self.allowed.insert(code);
        Ok(())
    }

    /// Whether the warnings of this code are errors.
    pub fn is_denied(&self, code: Code) -> bool {
        self.denied.contains(&code) || self.denies_warnings && !self.allowed.contains(&code)
    }

    /// Whether the warnings of this code are not told.
    pub fn is_allowed(&self, code: Code) -> bool {
        self.allowed.contains(&code)
    }

    /// Whether the code of this name is not told.
    pub fn is_allowed_by_name(&self, word: &str) -> bool {
        Code::from_name(word).is_some_and(|code| self.is_allowed(code))
    }

    /// Gives each problem its severity, and takes those away that are not told.
    pub fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        let is_warning = |told: &Diagnostic| told.severity == Severity::Warning;
        diagnostics.retain(|told| !(is_warning(told) && self.is_allowed(told.code)));
        for told in diagnostics.iter_mut().filter(|told| is_warning(told) && self.is_denied(told.code)) {
            told.severity = Severity::Error;
        }
    }
}

fn code(word: &str) -> Result<Code, LevelError> {
    Code::from_name(word).ok_or_else(|| {
        let known = Code::ALL.iter().map(|code| code.name()).chain([WARNINGS]);
        LevelError {
            message: format!("there is no code `{word}`"),
            help: match nearest(word, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`redeem explain` lists all codes".to_owned(),
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(levels: &Levels, code: Code, severity: Severity) -> Option<Severity> {
        let mut told = vec![Diagnostic::new(code, "x").with_severity(severity)];
        levels.apply(&mut told);
        told.first().map(|told| told.severity)
    }

    #[test]
    fn warnings_are_denied_and_allowed_and_errors_stay() {
        use Severity::{Error, Warning};
        let mut levels = Levels::default();
        levels.deny("unused-secret").expect("a code");
        levels.allow("near-miss").expect("a code");
        assert_eq!(after(&levels, Code::UnusedSecret, Warning), Some(Error));
        assert_eq!(after(&levels, Code::NearMiss, Warning), None);
        assert_eq!(after(&levels, Code::NearMiss, Error), Some(Error));
        assert_eq!(after(&levels, Code::ExpiringSecret, Warning), Some(Warning));
        levels.deny("warnings").expect("a word");
        assert_eq!(after(&levels, Code::ExpiringSecret, Warning), Some(Error));
        assert_eq!(after(&levels, Code::NearMiss, Warning), None, "what is allowed stays so");
        levels.deny("near-miss").expect("a code");
        assert_eq!(after(&levels, Code::NearMiss, Warning), Some(Error), "the last word counts");
    }

    #[test]
    fn words_that_cannot_be_used_are_told() {
        let mut levels = Levels::default();
        assert!(levels.deny("unused-secrets").expect_err("no code").help.contains("`unused-secret`"));
        assert!(levels.allow("warnings").expect_err("no code").message.contains("only `deny`"));
        assert!(levels.allow("integrity").expect_err("an error").message.contains("always an error"));
    }
}
