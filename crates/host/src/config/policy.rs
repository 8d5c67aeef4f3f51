//! `[[context]]` and `[policy]`: where secrets may stand, and which problems are errors.

use std::cell::OnceCell;
use std::path::PathBuf;

use globset::{GlobSet, GlobSetBuilder};
use redeem_core::policy::{Context, KeyPattern, LevelError, Levels, Places, Policy};
use redeem_syntax::{Source, Span, Target};
use toml::Spanned;

use super::raw::{ContextRule, RawPolicy};
use super::rules::{choose, glob};
use super::{Config, ConfigError};
use crate::duration;
use crate::vault::check_scope;

/// How long before its end a secret is told to be expiring where nothing says otherwise: 14 days, in seconds.
const EXPIRES_WITHIN: i64 = 14 * 86_400;

/// What a configuration asks for beyond what has to be.
#[derive(Clone, Debug)]
pub struct PolicyConfig {
    policy: Policy,
    contexts: Vec<(Context, Files)>,
}

/// Which files a context is about.
#[derive(Clone, Debug)]
enum Files {
    All,
    Matching(GlobSet),
}

/// The places of Monte Carlo's table that take secrets, by the key above them and the key itself
/// (<https://docs.getmontecarlo.com/docs/secret-management-with-the-cli>).
const MONTE_CARLO: &[(&str, &str)] =
    &[("pagerduty", "routing_key"), ("opsgenie", "api_key"), ("webhook", "secret")];

/// The scope of those places.
const NOTIFICATIONS: &str = "notifications";

impl Default for PolicyConfig {
    fn default() -> Self {
        let policy = Policy { expires_within: EXPIRES_WITHIN, ..Policy::default() };
        Self { policy, contexts: Vec::new() }
    }
}

impl PolicyConfig {
    /// Reads both tables of a configuration, and adds the contexts that its target brings along.
    pub(super) fn read(
        source: &Source,
        target: Target,
        contexts: &[Spanned<ContextRule>],
        raw: &RawPolicy,
    ) -> Result<Self, ConfigError> {
        let mut read = Self::default();
        for rule in contexts {
            let context = context(source, rule)?;
            read.contexts.push(context);
        }
        if target == Target::MonteCarlo {
            read.contexts.extend(MONTE_CARLO.iter().map(|(above, key)| (ready_made(above, key), Files::All)));
        }
        if let Some(places) = &raw.places {
            let chosen = choose("choice of places", Some(places.get_ref()), Places::NAMES);
            let chosen = chosen.map_err(|(message, help)| {
                let error = ConfigError::at(source, places.span(), message);
                help.into_iter().fold(error, ConfigError::help)
            })?;
            read.policy.places = chosen.unwrap_or_default();
            read.policy.places_rule = Some((source.clone(), places.span()));
        }
        if let Some(within) = &raw.expires_within {
            let time = duration::parse(within.get_ref())
                .map_err(|message| ConfigError::at(source, within.span(), message))?;
            read.policy.expires_within = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        }
        let levels = &mut read.policy.levels;
        let told = |span: Span| {
            move |error: LevelError| ConfigError::at(source, span, error.message).help(error.help)
        };
        for word in &raw.allow {
            levels.allow(word.get_ref()).map_err(told(word.span()))?;
        }
        for word in &raw.deny {
            if levels.is_allowed_by_name(word.get_ref()) {
                let message = format!("`{}` is both denied and allowed", word.get_ref());
                return Err(ConfigError::at(source, word.span(), message));
            }
            levels.deny(word.get_ref()).map_err(told(word.span()))?;
        }
        Ok(read)
    }

    /// The rules for all texts, at a time: seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn at(&self, now: i64) -> Policy {
        Policy { now, ..self.policy.clone() }
    }

    /// Which problems are errors, and which are not told.
    pub fn levels(&self) -> &Levels {
        &self.policy.levels
    }

    /// The same, to be changed by the command line.
    pub fn levels_mut(&mut self) -> &mut Levels {
        &mut self.policy.levels
    }

    /// The contexts that are about a file, by its path from the configuration's folder, which is asked for if a context
    /// names files.
    pub(crate) fn contexts_of(&self, path_of: impl Fn() -> PathBuf) -> Vec<&Context> {
        let path = OnceCell::new();
        let is_about = |files: &Files| match files {
            Files::All => true,
            Files::Matching(set) => set.is_match(path.get_or_init(&path_of)),
        };
        self.contexts.iter().filter(|(_, files)| is_about(files)).map(|(context, _)| context).collect()
    }

    /// Whether a file may hold a value in the clear where a context expects a reference.
    ///
    /// `false` is certain.
    pub(crate) fn may_expect_references(&self, text: &[u8]) -> bool {
        let has = |sign: &str| memchr::memmem::find(text, sign.as_bytes()).is_some();
        // A key may be spelled with escapes.
        if has("\\u00") || has("\\x") || has("\\U") {
            return true;
        }
        let patterns = self.contexts.iter().flat_map(|(context, _)| &context.at);
        patterns.into_iter().any(|pattern| match pattern.last_word() {
            Some(word) => has(word),
            None => true,
        })
    }

    /// Whether there is a place that expects a reference.
    pub(crate) fn has_places(&self) -> bool {
        self.contexts.iter().any(|(context, _)| !context.at.is_empty())
    }
}

impl Config {
    /// Whether a store is configured, or the vault stands where it is looked for.
    pub fn has_stores(&self) -> bool {
        !self.backends.is_empty() || crate::vault::Vault::is_vault(&self.folder.join(crate::vault::FOLDER))
    }
}

fn context(source: &Source, rule: &Spanned<ContextRule>) -> Result<(Context, Files), ConfigError> {
    let (span, rule) = (rule.span(), rule.get_ref());
    let (scope, scope_span) = (rule.scope.get_ref(), rule.scope.span());
    check_scope(scope).map_err(|error| ConfigError::at(source, scope_span.clone(), error.to_string()))?;
    if rule.at.is_empty() && rule.files.is_empty() {
        let error = ConfigError::at(source, span, "this context names no place");
        return Err(
            error.help("say where it is: `at = [\"**.routing_key\"]`, `files = [\"notifications/*.yml\"]`")
        );
    }
    let mut at = Vec::new();
    for pattern in &rule.at {
        let read = KeyPattern::parse(pattern.get_ref());
        at.push(read.map_err(|why| {
            let message = format!("this is no pattern over keys: {why}");
            ConfigError::at(source, pattern.span(), message)
        })?);
    }
    let mut files = GlobSetBuilder::new();
    for pattern in &rule.files {
        let glob = glob(pattern.get_ref()).map_err(|error| ConfigError::at(source, pattern.span(), error))?;
        files.add(glob);
    }
    let set = files.build().map_err(|error| ConfigError::at(source, span.clone(), error.to_string()))?;
    let files = if rule.files.is_empty() { Files::All } else { Files::Matching(set) };
    Ok((Context { scope: scope.clone(), at, rule: Some((source.clone(), scope_span)) }, files))
}

/// A context that nobody wrote.
fn ready_made(above: &str, key: &str) -> Context {
    let pattern = KeyPattern::parse(&format!("**.{above}.**.{key}"));
    Context { scope: NOTIFICATIONS.to_owned(), at: pattern.into_iter().collect(), rule: None }
}
