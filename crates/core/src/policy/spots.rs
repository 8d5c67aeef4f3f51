//! The places of a reference, and what is wrong with them.

use std::collections::{BTreeSet, VecDeque};

use redeem_syntax::scan::{Alias, aliases};
use redeem_syntax::{Code, Diagnostic, KeyPath, Reference, Segment, Span};

use super::{Context, Judge, Places};
use crate::facts::{Facts, GLOBAL};

/// How many places of one string are judged: aliases of aliases grow without measure. One with more is refused.
const MOST: usize = 4096;

/// A place where a string stands, or where an alias of YAML repeats it.
struct Spot<'a> {
    path: KeyPath,
    /// The alias that repeats it there.
    alias: Option<Span>,
    /// The contexts that hold there.
    contexts: Vec<&'a Context>,
}

impl<'a> Judge<'a> {
    /// Tells of a reference outside the places that are listed, if they are.
    pub(super) fn check_places(&mut self, reference: &Reference) {
        if self.policy.places == Places::Listed
            && let Some(spot) = self.spots(reference).into_iter().find(|spot| spot.contexts.is_empty())
        {
            let message = "references may stand only where a context allows them";
            let mut told =
                self.at_spot(Code::PlaceNotAllowed, message, reference, &spot, "no context names this place");
            if let Some((source, span)) = &self.policy.places_rule {
                told = told.with_related(source, span.clone(), "asked for here");
            }
            let place = self.as_context(&spot.path);
            self.told.push(told.with_help(format!(
                "add a `[[context]]` with a `scope` and `{place}` to redeem.toml, or move the reference"
            )));
        }
    }

    /// Tells of a place that does not accept the scope of a secret.
    pub(super) fn check_scope(&mut self, reference: &Reference, facts: &Facts) {
        if facts.is_global() {
            return;
        }
        let (name, scope) = (&reference.name.secret, &facts.scope);
        let accepts = |spot: &Spot<'_>| spot.contexts.iter().any(|context| context.scope == *scope);
        let Some(spot) = self.spots(reference).into_iter().find(|spot| !accepts(spot)) else { return };
        let place = match spot.alias {
            None => "this place".to_owned(),
            Some(_) => format!("`{}`", spot.path),
        };
        let message = format!("`{name}` has the scope `{scope}`, which {place} does not accept");
        let own = &spot.contexts;
        let mut accepted: Vec<String> = own.iter().map(|context| format!("`{}`", context.scope)).collect();
        accepted.push(format!("`{GLOBAL}`"));
        accepted.dedup();
        let only = format!("only {} secrets may stand here", accepted.join(" and "));
        let mut told = self.at_spot(Code::ScopeMismatch, &message, reference, &spot, &only);
        if let Some((noted, span)) =
            facts.noted.as_ref().and_then(|noted| Some((noted, noted.scope.clone()?)))
        {
            told = told.with_related(&noted.source, span, "its scope is set here");
        }
        let of_scope = self.judged.contexts.iter().filter(|context| context.scope == *scope);
        let mut rules = own.iter().chain(of_scope);
        if let Some((rule, (source, span))) = rules.find_map(|rule| Some((rule, rule.rule.as_ref()?))) {
            let words = if own.is_empty() {
                format!("`{scope}` secrets may stand here")
            } else {
                format!("this place accepts `{}`", rule.scope)
            };
            told = told.with_related(source, span.clone(), words);
        }
        let place = self.as_context(&spot.path);
        let help = format!(
            "use a secret of the scope `{GLOBAL}` here, or let the place accept it in redeem.toml: \
             `[[context]]` with `scope = \"{scope}\"` and `{place}`"
        );
        self.told.push(told.with_help(help));
    }

    /// A problem of a reference at one of its places.
    fn at_spot(
        &self,
        code: Code,
        message: &str,
        reference: &Reference,
        spot: &Spot<'_>,
        words: &str,
    ) -> Diagnostic {
        match &spot.alias {
            None => self.at(code, message, reference, words),
            Some(alias) => self.at(code, message, reference, "an alias repeats this").with_related(
                self.judged.source,
                alias.clone(),
                words,
            ),
        }
    }

    /// The place of a reference's value, and those where aliases repeat it.
    fn spots(&self, reference: &Reference) -> Vec<Spot<'a>> {
        let string = self.judged.scan.strings.get(reference.string);
        let path = string.map_or_else(KeyPath::default, |string| string.scalar.path.clone());
        let renamed = string.and_then(|string| string.renamed.clone());
        let spot = |mut path: KeyPath, renamed: Option<&(usize, String)>, alias: Option<Span>| {
            if let Some((at, key)) = renamed
                && let Some(step) = path.0.get_mut(*at)
            {
                *step = Segment::Key(key.clone());
            }
            let contexts = self.judged.contexts.iter().copied();
            let contexts = contexts.filter(|context| context.holds_at(&path)).collect();
            Spot { path, alias, contexts }
        };
        let aliases = self.aliases.get_or_init(|| aliases(self.judged.source));
        let is_near = |alias: &&Alias| alias.document.contains(&reference.span.start);
        let aliases: Vec<&Alias> = aliases.iter().filter(is_near).collect();
        let mut spots = vec![spot(path.clone(), renamed.as_ref(), None)];
        let mut seen = BTreeSet::from([path.to_string()]);
        let mut open = VecDeque::from([(path, renamed)]);
        while let Some((place, renamed)) = open.pop_front() {
            for alias in &aliases {
                let Some(path) = alias.of(&place) else { continue };
                if !seen.insert(path.to_string()) {
                    continue;
                }
                if spots.len() == MOST {
                    spots.push(Spot { path, alias: Some(alias.span.clone()), contexts: Vec::new() });
                    return spots;
                }
                // What is renamed above the anchor is not repeated.
                let renamed = renamed.as_ref().and_then(|(at, key)| {
                    let below = at.checked_sub(alias.node.0.len())?;
                    Some((alias.place.0.len() + below, key.clone()))
                });
                spots.push(spot(path.clone(), renamed.as_ref(), Some(alias.span.clone())));
                open.push_back((path, renamed));
            }
        }
        spots
    }

    /// How a context names a place.
    fn as_context(&self, path: &KeyPath) -> String {
        let (key, text) =
            if path.0.is_empty() { ("files", (self.judged.file)()) } else { ("at", path.to_string()) };
        format!("{key} = [{}]", toml::Value::String(text))
    }
}
