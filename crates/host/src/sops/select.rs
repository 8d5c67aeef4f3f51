//! Which values of a file are encrypted: the six selectors of SOPS.

use std::sync::{Arc, Mutex, PoisonError};

use regex::bytes::Regex;

use super::SopsError;

mod re2;

/// The expressions that were compiled last. The files of a vault all have the same, and compiling it would take a
/// third of the time that one of them takes to read. A copy of one would not know what it has been asked before.
static COMPILED: Mutex<Vec<(String, Arc<Regex>)>> = Mutex::new(Vec::new());

/// How many of them are kept.
const KEPT: usize = 8;

/// What says which values are encrypted. A file has exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// All but what has a key with this ending on its path. `sops` takes `_unencrypted` where nothing is said.
    UnencryptedSuffix(String),
    /// What has a key with this ending on its path.
    EncryptedSuffix(String),
    /// All but what has a matching key on its path.
    UnencryptedRegex(String),
    /// What has a matching key on its path.
    EncryptedRegex(String),
    /// All but what stands under a matching comment.
    UnencryptedCommentRegex(String),
    /// What stands under a matching comment; not that comment itself.
    EncryptedCommentRegex(String),
}

impl Rule {
    /// The key of the metadata.
    pub fn field(&self) -> &'static str {
        match self {
            Self::UnencryptedSuffix(_) => "unencrypted_suffix",
            Self::EncryptedSuffix(_) => "encrypted_suffix",
            Self::UnencryptedRegex(_) => "unencrypted_regex",
            Self::EncryptedRegex(_) => "encrypted_regex",
            Self::UnencryptedCommentRegex(_) => "unencrypted_comment_regex",
            Self::EncryptedCommentRegex(_) => "encrypted_comment_regex",
        }
    }

    /// The ending, or the expression.
    pub fn pattern(&self) -> &str {
        match self {
            Self::UnencryptedSuffix(text)
            | Self::EncryptedSuffix(text)
            | Self::UnencryptedRegex(text)
            | Self::EncryptedRegex(text)
            | Self::UnencryptedCommentRegex(text)
            | Self::EncryptedCommentRegex(text) => text,
        }
    }

    /// Whether comments decide.
    pub(super) fn is_of_comments(&self) -> bool {
        matches!(self, Self::UnencryptedCommentRegex(_) | Self::EncryptedCommentRegex(_))
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::UnencryptedSuffix("_unencrypted".to_owned())
    }
}

/// A [`Rule`] that is ready to be asked, and whether the MAC leaves out what is not encrypted.
#[derive(Clone, Debug)]
pub struct Selection {
    rule: Rule,
    regex: Option<Arc<Regex>>,
    mac_only_encrypted: bool,
}

impl Selection {
    /// Makes a rule ready. `shown` names the file in an error.
    ///
    /// The expression is one of Go's RE2. Like there, asking it takes time in proportion to the text alone.
    ///
    /// # Errors
    /// [`SopsError::Regex`] where `sops` would go on and quietly match nothing.
    pub fn new(shown: &str, rule: Rule) -> Result<Self, SopsError> {
        let regex = match &rule {
            Rule::UnencryptedSuffix(_) | Rule::EncryptedSuffix(_) => None,
            Rule::UnencryptedRegex(text)
            | Rule::EncryptedRegex(text)
            | Rule::UnencryptedCommentRegex(text)
            | Rule::EncryptedCommentRegex(text) => {
                Some(compiled(text).map_err(|error| SopsError::Regex {
                    shown: shown.to_owned(),
                    selector: rule.field(),
                    message: last_line(&error),
                })?)
            }
        };
        Ok(Self { rule, regex, mac_only_encrypted: false })
    }

    /// The same, with a MAC over the encrypted values alone, or over all.
    #[must_use]
    pub fn with_mac_only_encrypted(self, mac_only_encrypted: bool) -> Self {
        Self { mac_only_encrypted, ..self }
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Whether the MAC leaves out what is not encrypted.
    pub fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
    }

    /// Whether a value under these keys is encrypted, if the rule looks at keys alone.
    pub fn covers_keys<'k>(&self, mut keys: impl Iterator<Item = &'k str>) -> bool {
        let hit = keys.any(|key| self.hits_key(key));
        self.is_encrypted(hit)
    }

    fn hits_key(&self, key: &str) -> bool {
        match &self.rule {
            Rule::UnencryptedSuffix(suffix) | Rule::EncryptedSuffix(suffix) => key.ends_with(suffix.as_str()),
            Rule::UnencryptedRegex(_) | Rule::EncryptedRegex(_) => self.matches(key),
            _ => false,
        }
    }

    fn hits_comment(&self, comment: &str) -> bool {
        self.rule.is_of_comments() && self.matches(comment)
    }

    fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text.as_bytes()))
    }

    fn is_encrypted(&self, is_hit: bool) -> bool {
        match self.rule {
            Rule::UnencryptedSuffix(_) | Rule::UnencryptedRegex(_) | Rule::UnencryptedCommentRegex(_) => {
                !is_hit
            }
            Rule::EncryptedSuffix(_) | Rule::EncryptedRegex(_) | Rule::EncryptedCommentRegex(_) => is_hit,
        }
    }
}

/// The default of `sops`: everything is encrypted but what has `_unencrypted` at the end of a key.
impl Default for Selection {
    fn default() -> Self {
        Self { rule: Rule::default(), regex: None, mac_only_encrypted: false }
    }
}

/// The expression, compiled now or before.
fn compiled(text: &str) -> Result<Arc<Regex>, regex::Error> {
    let known = |kept: &[(String, Arc<Regex>)]| {
        kept.iter().find(|(own, _)| own == text).map(|(_, regex)| Arc::clone(regex))
    };
    let kept = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known(&kept()) {
        return Ok(regex);
    }
    let regex = Arc::new(Regex::new(&re2::translated(text))?);
    let mut kept = kept();
    if known(&kept).is_none() {
        kept.truncate(KEPT - 1);
        kept.insert(0, (text.to_owned(), Arc::clone(&regex)));
    }
    Ok(regex)
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// What a rule says inside one container: what its path and the comments around it have decided so far.
///
/// `sops` asks the whole path and all comments for each value anew (`shouldBeEncrypted` in `sops.go`); this asks
/// each key and each comment once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope {
    /// A key on the path, or a comment over a container on the way, was hit.
    above: bool,
    /// A comment before the next entry of this container was hit.
    here: bool,
}

impl Scope {
    /// Takes the next comment of the container and says whether it is encrypted itself.
    pub(super) fn comment(&mut self, selection: &Selection, text: &str) -> bool {
        let hit = selection.hits_comment(text);
        // The comment that turns encryption on stays readable; the one that turns it off does so for itself too.
        let counts_itself = matches!(selection.rule, Rule::UnencryptedCommentRegex(_));
        let is_hit = self.above || self.here || (hit && counts_itself);
        self.here |= hit;
        selection.is_encrypted(is_hit)
    }

    /// Takes the next entry's key and gives the scope of its value. The comments before it hold for no other.
    pub(super) fn entry(&mut self, selection: &Selection, key: Option<&str>) -> Self {
        let above = self.above || self.here || key.is_some_and(|key| selection.hits_key(key));
        self.here = false;
        Self { above, here: false }
    }

    /// Whether the value that this is the scope of is encrypted.
    pub(super) fn is_encrypted(self, selection: &Selection) -> bool {
        selection.is_encrypted(self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &Rule, path: &[&str], expected: bool) {
        let selection = Selection::new("x", rule.clone()).expect("a valid rule");
        let mut scope = Scope::default();
        for key in path {
            scope = match key.strip_prefix('#') {
                Some(comment) => {
                    scope.comment(&selection, comment);
                    scope
                }
                None => scope.entry(&selection, Some(key)),
            };
        }
        assert_eq!(scope.is_encrypted(&selection), expected, "{rule:?} {path:?}");
    }

    #[test]
    fn a_rule_holds_for_any_key_on_the_path() {
        check(&Rule::default(), &["a", "b"], true);
        check(&Rule::default(), &["a_unencrypted", "b"], false);
        check(&Rule::EncryptedSuffix("_s".into()), &["a_s", "b"], true);
        check(&Rule::EncryptedSuffix("_s".into()), &["a", "b"], false);
        check(&Rule::EncryptedRegex("^(data|value)$".into()), &["data", "b"], true);
        check(&Rule::EncryptedRegex("^(data|value)$".into()), &["datax", "b"], false);
        check(&Rule::UnencryptedRegex("^x".into()), &["a", "xb"], false);
    }

    #[test]
    fn a_comment_holds_for_the_entry_behind_it_and_all_in_it() {
        let rule = Rule::EncryptedCommentRegex("sops:enc".into());
        check(&rule, &["#sops:enc", "a", "b"], true);
        check(&rule, &["a", "b"], false);
        let selection = Selection::new("x", rule).expect("valid");
        let mut scope = Scope::default();
        assert!(!scope.comment(&selection, "sops:enc"), "the comment that says so stays clear");
        assert!(scope.comment(&selection, "another"), "the one behind it is encrypted");
        assert!(scope.entry(&selection, Some("a")).is_encrypted(&selection));
        assert!(!scope.entry(&selection, Some("b")).is_encrypted(&selection));
        check(&Rule::UnencryptedCommentRegex("clear".into()), &["#clear", "a", "b"], false);
    }

    #[test]
    fn a_rule_that_is_no_expression_is_an_error() {
        let error = Selection::new("x.yaml", Rule::EncryptedRegex("a(".into())).expect_err("invalid");
        assert_eq!(
            error.to_string(),
            "x.yaml: `encrypted_regex` is not a valid regular expression: unclosed group"
        );
        Selection::new("x", Rule::EncryptedRegex("(a{1000}){1000}".into())).expect_err("too large");
    }
}
