//! `[[files]]`: which files are live, in which format and dialects, and how values are escaped in them.

use std::path::Path;
use std::sync::Arc;

use super::raw::{ByNameRule, DialectRule, FilesRule};
use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet};
use redeem_core::{Encoding, Escape, Expressions, Reader, nearest};
use redeem_syntax::dialect::DIALECTS;
use redeem_syntax::{ByName, Custom, Dialects, Format, Target, format::FORMATS};

use crate::template;

/// All rules, in order: later ones win.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The globs of all rules, matched at once.
    set: GlobSet,
    /// What the rule of each glob says, in the same order.
    effects: Vec<Effect>,
    /// Whether a rule says of every file which dialects are live.
    has_rule_for_all: bool,
    by_name: Vec<ByName>,
    custom: Vec<Custom>,
    target: Target,
    expressions: Expressions,
    /// The dialects of a file that no rule speaks of.
    default: Arc<Dialects>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Effect {
    dialects: Option<Arc<Dialects>>,
    format: Option<FormatRule>,
    escape: Option<Escape>,
    reader: Option<Reader>,
    template: Option<bool>,
}

/// What a rule says of a file's format.
#[derive(Clone, Copy, Debug)]
enum FormatRule {
    Copy,
    Read(Format),
}

/// What is done with a file.
#[derive(Clone, Debug)]
pub enum Treatment {
    /// It is copied as it is.
    Copy,
    /// It is read, and written with its values.
    Live(Live),
}

/// How a file is read and written.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// How it is read; of a template, how its output is read.
    pub format: Format,
    /// Which dialects are live; in a template, which would be if it were none.
    pub dialects: Arc<Dialects>,
    /// How values are written.
    pub encoding: Encoding,
    /// Whether it is a template.
    pub is_template: bool,
}

/// What is wrong with a rule, and what to write instead.
pub(super) type RuleError = (String, Option<String>);

/// A rule that was read: which files it is about, and what it says of them.
pub(super) type Rule = (Glob, Effect);

impl Rules {
    pub(super) fn set_target(&mut self, name: &str) -> Result<(), RuleError> {
        self.target = choose("target", Some(name), Target::NAMES)?.unwrap_or_default();
        self.default = Arc::new(self.told(Dialects::default()));
        Ok(())
    }

    pub(super) fn set_expressions(&mut self, name: &str) -> Result<(), RuleError> {
        self.expressions =
            choose("way to write expressions", Some(name), Expressions::NAMES)?.unwrap_or_default();
        Ok(())
    }

    pub(super) fn add_by_name(&mut self, rule: &ByNameRule) -> Result<(), RuleError> {
        let is_empty = rule.key.is_empty() || rule.render.as_deref() == Some("");
        if is_empty || self.by_name.iter().any(|known| known.key == rule.key) {
            let why = if is_empty { "a key cannot be empty" } else { "two rules speak of this key" };
            return Err((why.to_owned(), None));
        }
        let render = rule.render.clone().filter(|render| render != "keep");
        self.by_name.push(ByName { key: rule.key.clone(), render, takes_maps: true, is_certain: true });
        self.default = Arc::new(self.told(Dialects::default()));
        Ok(())
    }

    pub(super) fn add_dialect(&mut self, rule: &DialectRule) -> Result<(), RuleError> {
        if self.custom.iter().any(|known| known.name() == rule.name) {
            return Err((format!("two dialects are called `{}`", rule.name), None));
        }
        let custom = Custom::new(&rule.name, &rule.open, &rule.close, &rule.names)
            .map_err(|error| (format!("`{}`: {}", error.key, error.message), None))?;
        self.custom.push(custom);
        Ok(())
    }

    /// The dialects with what is said of all files.
    fn told(&self, dialects: Dialects) -> Dialects {
        dialects.with_by_name(&self.by_name).with_target(self.target)
    }

    /// Sets the rules for files: later ones win.
    pub(super) fn set_files(&mut self, rules: Vec<Rule>) -> Result<(), String> {
        let is_for_all =
            |(glob, effect): &Rule| effect.dialects.is_some() && ["**/*", "**/**"].contains(&glob.glob());
        self.has_rule_for_all = rules.iter().any(is_for_all);
        let (globs, effects): (Vec<_>, Vec<_>) = rules.into_iter().unzip();
        self.set = GlobSet::new(globs).map_err(|error| format!("the patterns under [[files]]: {error}"))?;
        self.effects = effects;
        Ok(())
    }

    /// Reads a rule for files; what holds for all files has been set before.
    pub(super) fn read(&self, rule: &FilesRule) -> Result<Rule, RuleError> {
        let glob = glob(&rule.r#match).map_err(|error| (error, None))?;
        let dialects = match &rule.dialects {
            None => None,
            Some(words) => {
                let own = self.custom.iter().map(Custom::name);
                let known = DIALECTS.iter().map(|dialect| dialect.name).chain(own);
                let dialects = Dialects::from_words_and(words.iter().map(String::as_str), &self.custom)
                    .map_err(|word| unknown("dialect", word.trim_start_matches(['+', '-']), known))?;
                Some(Arc::new(self.told(dialects)))
            }
        };
        let format = match rule.format.as_deref() {
            None => None,
            Some("copy") => Some(FormatRule::Copy),
            Some(name) => {
                let known = FORMATS.iter().map(|format| format.name).chain(["copy"]);
                let format = Format::from_name(name).ok_or_else(|| unknown("format", name, known))?;
                Some(FormatRule::Read(format))
            }
        };
        let escape = choose("escape", rule.escape.as_deref(), Escape::NAMES)?;
        let reader = choose("reader", rule.reader.as_deref(), Reader::NAMES)?;
        Ok((glob, Effect { dialects, format, escape, reader, template: rule.template }))
    }

    /// Whose rules hold beyond those of the dialects.
    pub(super) fn target(&self) -> Target {
        self.target
    }

    /// Whether there is no rule for files, so that a file's name alone says what is done with it.
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
    }

    /// Whether a dialect that is live in some file can spell a name.
    pub fn can_spell(&self, name: &redeem_syntax::Name) -> bool {
        let of_rules = self.effects.iter().filter_map(|effect| effect.dialects.as_ref());
        // Where a rule speaks of every file, no file has the default.
        let default = Some(&self.default).filter(|_| !self.has_rule_for_all);
        default.into_iter().chain(of_rules).any(|dialects| dialects.can_spell(name))
    }

    /// How a text without a name is read: no rule for files holds for it.
    pub fn nameless(&self) -> Live {
        let runs_expressions = self.target == Target::Julep;
        let encoding = Encoding { expressions: self.expressions, runs_expressions, ..Encoding::default() };
        Live { dialects: Arc::clone(&self.default), encoding, ..Live::default() }
    }

    /// What is done with the file at `path`, which is relative to the configuration's folder.
    ///
    /// A file that was named on the command line is live even if its ending is not known.
    pub fn treatment(&self, path: &Path, is_named: bool) -> Treatment {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let output_name = template::output_name(&name);
        let rules = self.set.matches(path);
        let matching = || rules.iter().map(|&rule| &self.effects[rule]);
        let is_template = matching().filter_map(|effect| effect.template).next_back();
        let is_template = is_template.unwrap_or(output_name != name);
        let mut format = if is_template {
            Format::of_file_name(output_name).or(Some(Format::Text))
        } else {
            Format::of_file_name(&name).or(is_named.then_some(Format::Text))
        };
        let mut dialects = None;
        let mut encoding = Encoding { runs_expressions: self.target == Target::Julep, ..Encoding::default() };
        for effect in matching() {
            format = match effect.format {
                None => format,
                Some(FormatRule::Copy) => None,
                Some(FormatRule::Read(format)) => Some(format),
            };
            dialects = effect.dialects.as_ref().or(dialects);
            encoding.escape = effect.escape.or(encoding.escape);
            encoding.reader = effect.reader.or(encoding.reader);
        }
        let dialects = Arc::clone(dialects.unwrap_or(&self.default));
        match format {
            None => Treatment::Copy,
            Some(format) => {
                // Where each string is a program a text cannot stand for one.
                if !dialects.is_live("julep-legacy") {
                    encoding.expressions = self.expressions;
                }
                Treatment::Live(Live { format, dialects, encoding, is_template })
            }
        }
    }
}

/// A glob over paths, ready to match.
pub(crate) fn matcher(pattern: &str) -> Result<GlobMatcher, String> {
    glob(pattern).map(|glob| glob.compile_matcher())
}

/// A glob over paths; one without a `/` holds at any depth.
pub(crate) fn glob(pattern: &str) -> Result<Glob, String> {
    // A folder that is left out is not entered, so its name is all that has to match.
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    let whole = if pattern.contains('/') {
        pattern.trim_start_matches("./").to_owned()
    } else {
        format!("**/{pattern}")
    };
    let glob = GlobBuilder::new(&whole).literal_separator(true).build();
    glob.map_err(|error| format!("this is no pattern: {}", error.kind()))
}

pub(super) fn choose<T: Copy>(
    what: &str,
    name: Option<&str>,
    known: &[(&str, T)],
) -> Result<Option<T>, RuleError> {
    let Some(name) = name else { return Ok(None) };
    match known.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => Ok(Some(*value)),
        None => Err(unknown(what, name, known.iter().map(|(name, _)| *name))),
    }
}

fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k str>) -> RuleError {
    let known: Vec<&str> = known.collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of: {}", known.join(", ")),
    };
    (format!("there is no {what} `{name}`"), Some(help))
}
