//! Which dialects are live in a file, and how they share its strings.

use std::borrow::Cow;

use crate::dialect::custom::Custom;
use crate::dialect::{BY_NAME, DIALECTS, Dialect, EXPRESSION, Find, Finds, Hit, What};
use crate::dialect::{JULEP_LEGACY, loose_expressions, may_be_expression, settle};
use crate::sigil::{Sightings, Sigil, may_be_escaped};
use crate::{Format, Name, Span};

/// Which dialects are live in a file, and what they are told.
#[derive(Clone, Debug)]
pub struct Dialects {
    /// In the order of the table.
    live: Vec<&'static Dialect>,
    custom: Vec<Custom>,
    by_name: Vec<ByName>,
    target: Target,
    /// What strings hold that the live dialects look at.
    sigils: Vec<Sigil>,
    /// What a file holds that is worth parsing; none if that cannot be told without parsing.
    marks: Option<Vec<Sigil>>,
}

/// A key whose value names a secret: `secret_name: openai_api_key`, or a map of such names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByName {
    /// The key.
    pub key: String,
    /// The key that gets the value in its place; none if the pair is kept for a runtime to look up.
    pub render: Option<String>,
    /// Whether its value may also be a map whose values name secrets.
    pub takes_maps: bool,
    /// Whether somebody said so; else it is a key that usually names a secret.
    pub is_certain: bool,
}

/// Whose rules hold beyond those of the dialects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nobody's in particular.
    #[default]
    Any,
    /// Monte Carlo reads `{secret:…}` up to the last `}` of a string: where that differs, it is an error.
    MonteCarlo,
    /// Julep takes `$secrets.x` and `Bearer $ secrets.x` literally, so they are errors.
    Julep,
}

impl Target {
    /// The names that `redeem.toml` knows.
    pub const NAMES: &'static [(&'static str, Self)] =
        &[("any", Self::Any), ("montecarlo", Self::MonteCarlo), ("julep", Self::Julep)];
}

impl Default for Dialects {
    fn default() -> Self {
        let live = DIALECTS.iter().filter(|dialect| dialect.is_default).collect();
        let by_name = vec![ByName {
            key: "secret_name".to_owned(),
            render: None,
            takes_maps: false,
            is_certain: false,
        }];
        Self { live, custom: Vec::new(), by_name, target: Target::Any, sigils: Vec::new(), marks: None }
            .with_sigils()
    }
}

impl Dialects {
    /// Reads a list as `redeem.toml` has it: `+x` and `-x` change the default, plain names replace it.
    ///
    /// # Errors
    /// The first word that names no dialect.
    pub fn from_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, &'w str> {
        Self::from_words_and(words, &[])
    }

    /// The same with dialects of the user's own, which are live where they are named.
    ///
    /// # Errors
    /// The first word that names no dialect.
    pub fn from_words_and<'w>(
        words: impl IntoIterator<Item = &'w str>,
        custom: &[Custom],
    ) -> Result<Self, &'w str> {
        let mut dialects = Self::default();
        let mut words = words.into_iter().peekable();
        let mut is_replaced = words.peek().is_none();
        if is_replaced {
            dialects.live.clear();
        }
        for word in words {
            let name = word.trim_start_matches(['+', '-']);
            if !word.starts_with(['+', '-']) && !std::mem::replace(&mut is_replaced, true) {
                dialects.live.clear();
                dialects.custom.clear();
            }
            let is_added = !word.starts_with('-');
            if let Some(known) = DIALECTS.iter().find(|dialect| dialect.name == name) {
                dialects.live.retain(|live| live.name != name);
                dialects.live.extend(is_added.then_some(known));
            } else {
                let known = custom.iter().find(|custom| custom.name() == name).ok_or(word)?;
                dialects.custom.retain(|live| live.name() != name);
                dialects.custom.extend(is_added.then(|| known.clone()));
            }
        }
        Ok(dialects.with_sigils())
    }

    /// Adds keys whose value names a secret; one that is there already is told anew.
    #[must_use]
    pub fn with_by_name(mut self, rules: &[ByName]) -> Self {
        self.by_name.retain(|known| rules.iter().all(|rule| rule.key != known.key));
        self.by_name.extend_from_slice(rules);
        self.with_sigils()
    }

    /// Sets whose rules hold.
    #[must_use]
    pub fn with_target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Whether the dialect of this name is live.
    pub fn is_live(&self, name: &str) -> bool {
        self.live.iter().any(|live| live.name == name)
            || self.custom.iter().any(|custom| custom.name() == name)
    }

    /// Whose rules hold.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Whether `text` may hold a reference, a near miss, or an escaped spelling of one.
    ///
    /// `false` is certain; `true` means that it is worth parsing. Bytes need not be UTF-8 to be asked about.
    pub fn may_stand_in(&self, text: impl AsRef<[u8]>, format: Format) -> bool {
        let (Some(marks), text) = (&self.marks, text.as_ref()) else { return true };
        marks.iter().any(|mark| mark.is_in(text)) || format.has_escapes() && may_be_escaped(text)
    }

    /// Whether a string with no sigil in it, behind a key with none, is nothing to any live dialect.
    ///
    /// Tags, maps of one pair and maps of names are told by what stands around a string, and `zenml` without
    /// quotes by the brackets around a key.
    pub(crate) fn ask_for_strings_only(&self) -> bool {
        let by_name = |rule: &ByName| !rule.takes_maps && Sigil::Secret.is_in(rule.key.as_bytes());
        self.marks.is_some()
            && !["tag", "from-secret", "zenml"].iter().any(|name| self.is_live(name))
            && (!self.is_live("by-name") || self.by_name.iter().all(by_name))
    }

    /// What is done with the value of this key, if it names a secret.
    pub(crate) fn by_name(&self, key: &str) -> Option<&ByName> {
        self.by_name.iter().find(|rule| rule.key == key).filter(|_| self.is_live("by-name"))
    }

    /// The references that stand anywhere in a text, each with its span: what a template would not resolve.
    pub fn references_in(&self, text: &str) -> Vec<(Span, Name)> {
        let hits = self.find_inline(text).into_iter();
        hits.filter_map(|hit| match hit.what {
            What::Reference(found) => Some((hit.range, found.name)),
            _ => None,
        })
        .collect()
    }

    /// The ways to write a reference to `name` into a string, each with `filter` behind the name if there is one.
    ///
    /// The dialects stand in the order of their table, then those of the user's own.
    pub fn spellings(&self, name: &Name, filter: Option<&str>) -> Vec<String> {
        let spelled = match filter {
            Some(filter) => format!("{name} | {filter}"),
            None => name.to_string(),
        };
        let known = self.live.iter().map(|dialect| dialect.form.replacen("NAME", &spelled, 1));
        let known = known.map(|form| form.replacen("name.key", &spelled, 1));
        let custom = self.custom.iter().map(|custom| format!("{}{spelled}{}", custom.open(), custom.close()));
        let is_read = |text: &String| match &self.find_inline(text)[..] {
            [Hit { range, what: What::Reference(found) }] => {
                *range == (0..text.len())
                    && found.name == *name
                    && found.filters.len() == usize::from(filter.is_some())
            }
            _ => false,
        };
        known.chain(custom).filter(is_read).collect()
    }

    /// Whether a live dialect can spell a name at all: in a string, as a whole string, or by a node.
    pub fn can_spell(&self, name: &Name) -> bool {
        let by_node = |dialect: &Dialect| matches!(dialect.find, Find::ByNode) && name.key.is_none();
        let whole = |dialect: &Dialect| match dialect.find {
            Find::WholeScalar(find) => {
                let text = dialect.form.replacen("NAME", &name.to_string(), 1);
                find(&text, &|_| Vec::new()).is_some_and(|finds| {
                    matches!(&finds.hits[..], [Hit { what: What::Reference(found), .. }] if found.name == *name)
                })
            }
            _ => false,
        };
        !self.spellings(name, None).is_empty() || self.live.iter().any(|one| by_node(one) || whole(one))
    }

    /// Whether a string of a document may hold something that a live dialect looks at.
    pub(crate) fn may_be_in(&self, string: &str) -> bool {
        self.sigils.iter().any(|sigil| sigil.is_in(string.as_bytes()))
    }

    /// Whether a text whose strings nobody knows, and in which [`Self::find_inline`] finds nothing, may hold a
    /// reference that is told by what stands around it.
    ///
    /// A key that usually names a secret is none: nothing is ever written there.
    pub(crate) fn may_stand_unparsed(&self, text: &str) -> bool {
        let by_name = |rule: &ByName| rule.is_certain && text.contains(&rule.key);
        let may_find = |dialect: &&Dialect| match dialect.find {
            Find::AtSigil(_) | Find::OutsideExpressions(_) => false,
            Find::WholeScalar(_) if dialect.name == EXPRESSION => may_be_expression(text),
            Find::ByNode if dialect.name == BY_NAME => self.by_name.iter().any(by_name),
            Find::WholeScalar(_) | Find::ByNode => dialect.sigil.is_none_or(|sigil| text.contains(sigil)),
        };
        self.live.iter().any(may_find)
    }

    /// Where in a whole text something stands that a live dialect looks at.
    pub(crate) fn sightings<'t>(&'t self, text: &'t str) -> Sightings<'t> {
        Sightings::new(text, &self.sigils)
    }

    /// Puts the live dialects in order and gathers what their references hold.
    fn with_sigils(mut self) -> Self {
        let rank = |live: &&Dialect| DIALECTS.iter().position(|dialect| dialect.name == live.name);
        self.live.sort_by_key(rank);
        let mut sigils = vec![Sigil::Secret];
        let mut add = |sigil: Cow<'static, str>| {
            let sigil = Sigil::Text(sigil);
            if !sigils.contains(&sigil) {
                sigils.push(sigil);
            }
        };
        self.live.iter().filter_map(|dialect| dialect.sigil).for_each(|sigil| add(sigil.into()));
        self.custom.iter().for_each(|custom| add(custom.open().to_owned().into()));
        let mut marks = sigils.clone();
        if self.is_live("by-name") {
            let keys = self.by_name.iter().filter(|rule| !Sigil::Secret.is_in(rule.key.as_bytes()));
            marks.extend(keys.map(|rule| Sigil::Text(rule.key.clone().into())));
        }
        let is_spelled_one_way = |mark: &Sigil| match mark {
            Sigil::Secret => true,
            // A format may fold or double these, and escape others in ways that are not looked for.
            Sigil::Text(text) => text.chars().all(|c| c.is_ascii_graphic() && !"\"'\\/".contains(c)),
        };
        self.marks = marks.iter().all(is_spelled_one_way).then_some(marks);
        self.sigils = sigils;
        self
    }

    /// Everything that stands in the decoded text of one scalar.
    pub(crate) fn find(&self, text: &str, format: Format, is_key: bool) -> Finds {
        // A line of plain text is no scalar of its own, so nothing there is a whole one.
        let is_scalar = format != Format::Text;
        let is_document = matches!(format, Format::Yaml | Format::Toml | Format::Json);
        let inline = |text: &str| self.inline(text, true);
        let whole = self.live.iter().filter(|_| is_scalar).find_map(|dialect| match dialect.find {
            // An expression is one scalar of a document; an env line is none.
            Find::WholeScalar(find) if is_document || dialect.name != EXPRESSION => find(text, &inline),
            _ => None,
        });
        whole.unwrap_or_else(|| {
            let mut hits = self.find_inline(text);
            if is_document && self.is_live(JULEP_LEGACY) {
                settle(text, &mut hits, is_key);
            }
            if is_document && self.is_live(EXPRESSION) {
                hits.extend(loose_expressions(text, self.target == Target::Julep));
                hits.sort_by_key(|hit| hit.range.start);
            }
            Finds { hits, expression: None }
        })
    }

    /// What the dialects that stand anywhere in a text find in it, in order, without overlap.
    pub(crate) fn find_inline(&self, text: &str) -> Vec<Hit> {
        self.inline(text, false)
    }

    fn inline(&self, text: &str, in_expression: bool) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let (mut from, mut taken) = (0, 0);
        let mut sightings = self.sightings(text);
        while let Some(at) = sightings.next(from) {
            // A sign of one character may be part of another dialect's opening, which is found behind it.
            from = at + 1;
            let known = self.live.iter().find_map(|dialect| {
                let find = match dialect.find {
                    Find::AtSigil(find) => Some(find),
                    Find::OutsideExpressions(find) => Some(find).filter(|_| !in_expression),
                    _ => None,
                }?;
                let found = if stands_at(dialect.sigil, text, at) { find(text, at) } else { Vec::new() };
                Some(found).filter(|found| !found.is_empty())
            });
            let custom = || {
                let opens = |custom: &&Custom| stands_at(Some(custom.open()), text, at);
                self.custom.iter().find(opens).map(|custom| custom.find(text, at))
            };
            for hit in known.or_else(custom).into_iter().flatten().filter(|hit| hit.range.start >= taken) {
                from = from.max(hit.range.end);
                hits.push(hit);
            }
            taken = hits.last().map_or(0, |hit| hit.range.end);
        }
        hits
    }
}

/// Whether a sigil, or the word `secret` in any case, stands at an offset.
fn stands_at(sigil: Option<&str>, text: &str, at: usize) -> bool {
    let rest = &text.as_bytes()[at..];
    match sigil {
        Some(sigil) => rest.starts_with(sigil.as_bytes()),
        None => rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"secret")),
    }
}
