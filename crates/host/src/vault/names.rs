//! What secrets, their keys, their scopes and the members of a vault may be called.

/// The longest name, in characters, which are bytes.
const LONGEST: usize = 128;

/// The keys of a secret's file that hold what is encrypted. A key of metadata may not be called so: the rule that
/// says what is encrypted holds at any depth.
pub(super) const ENCRYPTED: &[&str] = &["value", "values", "previous", "seal"];

/// A text that cannot be what it is meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be {what}: {why}")]
pub struct NameError {
    text: String,
    what: &'static str,
    why: String,
}

impl NameError {
    fn new(text: &str, what: &'static str, why: impl Into<String>) -> Self {
        // A name may hold what a terminal obeys, and be of any length.
        Self { text: text.chars().take(64).flat_map(char::escape_debug).collect(), what, why: why.into() }
    }
}

/// Checks the name of a secret: `[A-Za-z0-9_][A-Za-z0-9_-]{0,127}`.
///
/// # Errors
/// Which rule it breaks.
pub fn check_name(name: &str) -> Result<(), NameError> {
    check(name, "the name of a secret", "_-")
}

/// Checks the key of a bundle: as a name, and dots between its parts.
///
/// # Errors
/// Which rule it breaks.
pub fn check_key(key: &str) -> Result<(), NameError> {
    let what = "a key of a secret";
    check(key, what, "_-.")?;
    if key.split('.').any(str::is_empty) {
        return Err(NameError::new(key, what, "no reference can spell a dot without a part behind it"));
    }
    Ok(())
}

/// Checks a scope, which has the form of a name.
///
/// # Errors
/// Which rule it breaks.
pub fn check_scope(scope: &str) -> Result<(), NameError> {
    check(scope, "a scope", "_-")
}

/// Checks the name of a member: as a name, and with what addresses of mail have.
pub(super) fn check_member(name: &str) -> Result<(), NameError> {
    check(name, "the name of a member", "_-.@+")
}

/// Checks a key of a secret's metadata.
pub(super) fn check_metadata_key(key: &str) -> Result<(), NameError> {
    let what = "a key of metadata";
    check(key, what, "_-./")?;
    if ENCRYPTED.contains(&key) {
        return Err(NameError::new(key, what, "what has this name is encrypted"));
    }
    Ok(())
}

fn check(text: &str, what: &'static str, signs: &str) -> Result<(), NameError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    let error = |why: &str| Err(NameError::new(text, what, why));
    match text.chars().next() {
        None => return error("it is empty"),
        Some(first) if !(first.is_ascii_alphanumeric() || first == '_') => {
            return error("it has to begin with a letter, a digit or `_`");
        }
        Some(_) => {}
    }
    if !text.chars().all(is_allowed) {
        let signs: Vec<String> = signs.chars().map(|sign| format!("`{sign}`")).collect();
        return error(&format!("it may hold letters, digits, {}", signs.join(", ")));
    }
    if text.len() > LONGEST {
        return error(&format!("it has {} characters, {LONGEST} are allowed", text.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rules() {
        let long = "a".repeat(LONGEST);
        for name in ["pagerduty-key", "OPENAI_API_KEY", "_x", "7", &long] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "-a", ".a", "a.b", "a/b", "ä", "a b", "a\n", "..", &format!("{long}a")] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_key("tls.crt").is_ok() && check_key("a..b").is_err() && check_key("a.").is_err());
        assert!(check_metadata_key("owner").is_ok() && check_metadata_key("seal").is_err());
        assert!(check_member("ada@example.com").is_ok());
    }

    #[test]
    fn a_message_holds_nothing_that_a_terminal_obeys() {
        let told = check_name("\u{1b}[2J\n").expect_err("no name").to_string();
        assert!(!told.contains(char::is_control), "{told:?}");
    }
}
