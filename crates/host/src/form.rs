//! A secret as a text that somebody edits, and what they changed in it.

use redeem_core::Secret;
use redeem_syntax::{Format, SyntaxError};
use zeroize::Zeroizing;

use crate::export::spelled;
use crate::import::tree::{self, Tree};
use crate::vault::{
    Content, Expiry, ExpiryError, NameError, Update, VaultSecret, Visibility, check_key, check_scope,
};

/// What may be edited of a secret.
#[derive(Clone, Debug)]
pub struct Form {
    scope: String,
    description: String,
    visibility: Visibility,
    expires_at: Option<Expiry>,
    metadata: Vec<(String, String)>,
    content: Content,
}

/// What to do to a secret so that it becomes what the form says.
#[derive(Debug, Default)]
pub struct Edits {
    /// New and changed fields and keys.
    pub update: Update,
    /// Keys of a bundle that are gone.
    pub removed: Vec<String>,
    /// Whether there is nothing to do.
    pub is_empty: bool,
}

/// Why a form cannot be used. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// It is no YAML.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, 1-based.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// A field is there that a secret does not have.
    #[error("there is no field `{0}`; the fields are: {fields}", fields = FIELDS.join(", "))]
    Unknown(String),
    /// A field is not what it has to be.
    #[error("`{field}` has to be {expected}")]
    Shape {
        /// The field.
        field: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A single value cannot become a bundle, nor a bundle a single value.
    #[error("a secret with {was} cannot become one with {is}: delete it and make it anew")]
    OtherKind {
        /// What it has.
        was: &'static str,
        /// What the form has.
        is: &'static str,
    },
    /// The date of expiry cannot be used.
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
    /// A key or a scope cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
}

const FIELDS: &[&str] = &["scope", "description", "visibility", "expires_at", "metadata", "value", "values"];

impl Form {
    /// What a secret is now.
    pub fn of(secret: &VaultSecret) -> Self {
        let summary = secret.summary();
        let is_bundle = summary.keys.is_some();
        let mut values =
            secret.values().map(|(key, value)| (key.unwrap_or_default().to_owned(), value.clone()));
        let content = if is_bundle {
            Content::Bundle(values.collect())
        } else {
            Content::Value(values.next().map_or_else(|| Secret::from(""), |(_, value)| value))
        };
        Self {
            scope: summary.scope.clone(),
            description: summary.description.clone().unwrap_or_default(),
            visibility: summary.visibility,
            expires_at: summary.expires_at.clone(),
            metadata: summary.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            content,
        }
    }

    /// The form as YAML, with words on top for whoever edits it.
    ///
    /// # Errors
    /// The field that has no spelling in YAML.
    pub fn text(&self, name: &str) -> Result<Zeroizing<String>, FormError> {
        let mut text = Zeroizing::new(format!(
            "# The secret `{name}`. Save it and quit; without a change nothing is stored.\n# This file is private, and wiped when you quit.\n"
        ));
        field(&mut text, "", "scope", &Secret::from(self.scope.as_str()))?;
        field(&mut text, "", "description", &Secret::from(self.description.as_str()))?;
        field(&mut text, "", "visibility", &Secret::from(self.visibility.name()))?;
        let expiry = self.expires_at.as_ref().map_or_else(String::new, ToString::to_string);
        text.push_str(&format!(
            "expires_at: {expiry}{}\n",
            if expiry.is_empty() { "# 2027-01-31" } else { "" }
        ));
        text.push_str(if self.metadata.is_empty() { "metadata: {}\n" } else { "metadata:\n" });
        for (key, value) in &self.metadata {
            field(&mut text, "  ", key, &Secret::from(value.as_str()))?;
        }
        match &self.content {
            Content::Value(value) => field(&mut text, "", "value", value)?,
            Content::Bundle(keys) => {
                text.push_str("values:\n");
                for (key, value) in keys {
                    field(&mut text, "  ", key, value)?;
                }
            }
        }
        Ok(text)
    }

    /// Reads a form that was edited. A field that is gone is empty; the value has to be there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, FormError> {
        let syntax = |error: SyntaxError| {
            let line = text[..error.span.start.min(text.len())].matches('\n').count() + 1;
            FormError::Syntax { line, message: error.message }
        };
        let mut documents = tree::read(text, Format::Yaml).map_err(syntax)?;
        let shape = |field: &str, expected| FormError::Shape { field: field.to_owned(), expected };
        let (Some(Tree::Map(fields)), true) = (documents.pop(), documents.is_empty()) else {
            return Err(shape("the text", "one map of fields"));
        };
        let mut form = Self {
            scope: String::new(),
            description: String::new(),
            visibility: Visibility::Public,
            expires_at: None,
            metadata: Vec::new(),
            content: Content::Bundle(Vec::new()),
        };
        let mut has_content = false;
        for (name, node) in fields {
            let said = |node: &Tree| match node {
                Tree::Null => Some(String::new()),
                node => node.text().map(str::to_owned),
            };
            let text = || said(&node).ok_or_else(|| shape(&name, "a text"));
            match name.as_str() {
                "scope" => form.scope = text()?,
                "description" => form.description = text()?,
                "visibility" => {
                    let named = Visibility::from_name(&text()?);
                    form.visibility = named.ok_or_else(|| shape("visibility", "`public` or `private`"))?;
                }
                "expires_at" => {
                    let day = text()?;
                    form.expires_at = (!day.is_empty()).then(|| Expiry::parse(&day)).transpose()?;
                }
                "metadata" => {
                    for (key, node) in pairs(&node).ok_or_else(|| shape("metadata", "a map"))? {
                        let value = said(node).ok_or_else(|| shape(key, "a text"))?;
                        form.metadata.push((key.clone(), value));
                    }
                }
                "value" | "values" if has_content => return Err(shape("value", "one value, or `values`")),
                "value" => {
                    let value =
                        node.text().ok_or_else(|| shape("value", "a text; an empty one is `\"\"`"))?;
                    form.content = Content::Value(Secret::from(value));
                    has_content = true;
                }
                "values" => {
                    let mut keys = Vec::new();
                    for (key, node) in pairs(&node).ok_or_else(|| shape("values", "a map"))? {
                        check_key(key)?;
                        let value = node.text();
                        let value = value.ok_or_else(|| shape(key, "a text; an empty one is `\"\"`"))?;
                        keys.push((key.clone(), Secret::from(value)));
                    }
                    if keys.is_empty() {
                        return Err(shape("values", "a map with a key or more"));
                    }
                    form.content = Content::Bundle(keys);
                    has_content = true;
                }
                _ => return Err(FormError::Unknown(name)),
            }
        }
        if !has_content {
            return Err(shape("value", "there, or `values`"));
        }
        if form.scope.is_empty() {
            crate::vault::GLOBAL.clone_into(&mut form.scope);
        }
        check_scope(&form.scope)?;
        Ok(form)
    }

    /// What to do so that a secret that was `self` becomes `new`.
    ///
    /// # Errors
    /// When a single value would become a bundle, or a bundle a single value.
    pub fn edits(&self, new: &Self) -> Result<Edits, FormError> {
        let mut edits = Edits { is_empty: true, ..Edits::default() };
        let update = &mut edits.update;
        if new.scope != self.scope {
            update.scope = Some(new.scope.clone());
        }
        if new.description != self.description {
            update.description = Some(new.description.clone());
        }
        if new.visibility != self.visibility {
            update.visibility = Some(new.visibility);
        }
        if new.expires_at != self.expires_at {
            update.expires_at = Some(new.expires_at.clone());
        }
        let known = |pairs: &[(String, String)], key: &str| {
            pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        };
        for (key, value) in &new.metadata {
            if known(&self.metadata, key).as_ref() != Some(value) {
                update.metadata.push((key.clone(), Some(value.clone())));
            }
        }
        for (key, _) in &self.metadata {
            if known(&new.metadata, key).is_none() {
                update.metadata.push((key.clone(), None));
            }
        }
        match (&self.content, &new.content) {
            (Content::Value(old), Content::Value(new)) => {
                update.content = (old != new).then(|| Content::Value(new.clone()));
            }
            (Content::Bundle(old), Content::Bundle(new)) => {
                let changed: Vec<_> = new.iter().filter(|pair| !old.contains(pair)).cloned().collect();
                update.content = (!changed.is_empty()).then_some(Content::Bundle(changed));
                let is_gone = |key: &&String| new.iter().all(|(known, _)| known != *key);
                edits.removed = old.iter().map(|(key, _)| key).filter(is_gone).cloned().collect();
            }
            (Content::Value(_), Content::Bundle(_)) => {
                return Err(FormError::OtherKind { was: "one value", is: "several" });
            }
            (Content::Bundle(_), Content::Value(_)) => {
                return Err(FormError::OtherKind { was: "several values", is: "one" });
            }
        }
        let update = &edits.update;
        edits.is_empty = edits.removed.is_empty()
            && update.metadata.is_empty()
            && update.content.is_none()
            && update.scope.is_none()
            && update.description.is_none()
            && update.visibility.is_none()
            && update.expires_at.is_none();
        Ok(edits)
    }
}

fn pairs(node: &Tree) -> Option<&[(String, Tree)]> {
    match node {
        Tree::Null => Some(&[]),
        Tree::Map(pairs) => Some(pairs),
        _ => None,
    }
}

/// Writes a field in the plainest style that says exactly this text.
fn field(text: &mut String, indent: &str, key: &str, value: &Secret) -> Result<(), FormError> {
    let block = format!("{indent}{key}: |-\n{indent}  ${{secret.v}}\n");
    let plain = format!("{indent}{key}: ${{secret.v}}\n");
    let quoted = format!("{indent}{key}: \"${{secret.v}}\"\n");
    let has_lines = value.expose().contains(&b'\n');
    let forms = [has_lines.then_some(block), Some(plain), Some(quoted)];
    let spell = |form: String| {
        // The template is read alone, so it stands at the margin.
        let flush: String =
            form.lines().map(|line| format!("{}\n", line.strip_prefix(indent).unwrap_or(line))).collect();
        spelled(Format::Yaml, &flush, value, None).ok()
    };
    let Some(written) = forms.into_iter().flatten().find_map(spell) else {
        return Err(FormError::Shape { field: key.to_owned(), expected: "a text that YAML can hold" });
    };
    for line in written.lines() {
        let indent = if line.is_empty() { "" } else { indent };
        text.push_str(indent);
        text.push_str(line);
        text.push('\n');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(content: Content) -> Form {
        Form {
            scope: "notifications".into(),
            description: "it's: # a key".into(),
            visibility: Visibility::Private,
            expires_at: Expiry::parse("2027-01-31").ok(),
            metadata: vec![("owner".into(), "a: b".into()), ("on".into(), "yes".into())],
            content,
        }
    }

    #[test]
    fn a_form_reads_back_as_it_was() {
        let values = [
            "x",
            "",
            "null",
            "true",
            "a\nb",
            "a\n\n  b\n",
            " a ",
            "\ttab",
            "it's \"q\" \\",
            "-----\nMII\n-----\n",
            "\u{1}",
        ];
        for value in values {
            let single = form(Content::Value(Secret::from(value)));
            let keys = vec![("A".to_owned(), Secret::from(value)), ("b.c".to_owned(), Secret::from("x"))];
            for form in [single, form(Content::Bundle(keys))] {
                let text = form.text("x").expect("a text");
                let back = Form::read(&text).unwrap_or_else(|error| panic!("{error}\n{}", *text));
                let edits = form.edits(&back).expect("edits");
                assert!(edits.is_empty, "{value:?}: {:?}\n{}", edits.update, *text);
            }
        }
    }

    #[test]
    fn what_changed_is_all_that_is_done() {
        let old = form(Content::Bundle(vec![("A".into(), "1".into()), ("B".into(), "2".into())]));
        let text = old.text("x").expect("a text");
        let edited =
            text.replace("B: \"2\"", "C: \"3\"").replace("  on: \"yes\"\n", "").replace("2027-01-31", "");
        let new = Form::read(&edited).unwrap_or_else(|error| panic!("{error}\n{edited}"));
        let edits = old.edits(&new).expect("edits");
        assert_eq!(edits.removed, ["B"], "{edited}");
        assert!(
            matches!(&edits.update.content, Some(Content::Bundle(keys)) if keys.len() == 1 && keys[0].0 == "C")
        );
        assert_eq!(edits.update.metadata, [("on".to_owned(), None)]);
        assert_eq!(edits.update.expires_at, Some(None));
        assert!(edits.update.scope.is_none() && !edits.is_empty);
    }

    #[test]
    fn what_cannot_be_stored_is_told_without_values() {
        for (text, words) in [
            ("value: [hunter2", "line 1"),
            ("value: {a: hunter2}", "a text"),
            ("scope: x", "`values`"),
            ("vaule: hunter2", "no field `vaule`"),
            ("value: hunter2\nexpires_at: soon", "soon"),
            ("value: hunter2\nvisibility: hidden", "`private`"),
            ("values: {}", "a key or more"),
            ("values: {a/b: hunter2}", "a/b"),
            ("value: a\n---\nvalue: b", "one map"),
        ] {
            let error = Form::read(text).expect_err(text).to_string();
            assert!(error.contains(words) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
