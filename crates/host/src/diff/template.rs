//! A source as its reader sees it, with a hole for each value, and how its lines correspond to the rendered ones.

use std::ops::Range;

use memchr::memmem;
use redeem_syntax::Span;

/// A part of a shown line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// This part of the source. What is shown of any text is always taken from the source.
    Text(Span),
    /// The hole of this number.
    Hole(usize),
}

/// A source with holes.
pub(super) struct Template<'s> {
    pub(super) text: &'s str,
    /// Its lines; where a hole goes over several lines they count as one.
    pub(super) lines: Vec<Vec<Part>>,
    /// Where each line is in the source, its line break included.
    spans: Vec<Span>,
}

/// Lines of the source and the lines that they become.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) shown: Range<usize>,
    pub(super) rendered: Range<usize>,
}

/// What stands in the holes of some lines.
pub(super) struct Filled {
    pub(super) holes: Vec<(usize, Span)>,
    /// Whether there is no other way to cut the text.
    pub(super) is_sure: bool,
}

impl<'s> Template<'s> {
    /// `holes` are in order and do not overlap.
    pub(super) fn new(text: &'s str, holes: &[Span]) -> Self {
        let mut spans: Vec<Span> = Vec::new();
        for line in lines(text.as_bytes()) {
            let open = holes.partition_point(|hole| hole.end <= line.start);
            let is_in_hole = holes.get(open).is_some_and(|hole| hole.start < line.start);
            match spans.last_mut() {
                Some(last) if is_in_hole => last.end = line.end,
                _ => spans.push(line),
            }
        }
        let mut next = 0;
        let parts = |line: &Span| {
            let mut parts = Vec::new();
            let mut at = line.start;
            while let Some(hole) = holes.get(next).filter(|hole| hole.start < line.end) {
                parts.push(Part::Text(at..hole.start));
                parts.push(Part::Hole(next));
                at = hole.end;
                next += 1;
            }
            parts.push(Part::Text(at..line.end));
            parts
        };
        Self { text, lines: spans.iter().map(parts).collect(), spans }
    }

    /// Pairs the lines with those of the rendered text; all but the touched strings is the same in both.
    pub(super) fn units(&self, rendered: &[Span], moved: &[(Span, Span)]) -> Vec<Unit> {
        let line =
            |spans: &[Span], at: usize| spans.partition_point(|span| span.start <= at).saturating_sub(1);
        let mut units: Vec<Unit> = Vec::new();
        let mut last_block = None;
        let (mut shown, mut made) = (0, 0);
        for (from, to) in moved {
            let own = line(&self.spans, from.start)..(line(&self.spans, from.end) + 1).min(self.spans.len());
            let new = line(rendered, to.start)..(line(rendered, to.end) + 1).min(rendered.len());
            match last_block.and_then(|at: usize| units.get_mut(at)) {
                Some(last) if own.start < last.shown.end || new.start < last.rendered.end => {
                    last.shown.end = own.end.max(last.shown.end);
                    last.rendered.end = new.end.max(last.rendered.end);
                }
                _ => {
                    same(&mut units, shown..own.start, made..new.start);
                    last_block = Some(units.len());
                    units.push(Unit { shown: own.clone(), rendered: new.clone() });
                }
            }
            (shown, made) = (own.end.max(shown), new.end.max(made));
        }
        same(&mut units, shown..self.spans.len(), made..rendered.len());
        units
    }

    /// Whether a line has no hole.
    pub(super) fn is_fixed(&self, line: usize) -> bool {
        matches!(self.lines[line][..], [Part::Text(_)])
    }

    /// The text of a line without its line break.
    pub(super) fn content(&self, line: usize) -> &'s str {
        without_break(&self.text[self.spans[line].clone()])
    }

    /// Where a line is in the source, its line break included.
    pub(super) fn span(&self, line: usize) -> Span {
        self.spans[line].clone()
    }

    /// Cuts units into lines where no value has a line break, so that each line stands for itself.
    ///
    /// In plain text only the references change, so there it is enough that the lines are as many as before.
    pub(super) fn refined(
        &self,
        units: Vec<Unit>,
        rendered: &[u8],
        lines: &[Span],
        is_plain_text: bool,
    ) -> Vec<Unit> {
        let mut refined = Vec::new();
        for unit in units {
            let is_even = unit.shown.len() == unit.rendered.len();
            let holds = || {
                let text = &rendered[lines[unit.rendered.start].start..lines[unit.rendered.end - 1].end];
                let filled = self.align(unit.shown.clone(), text, false);
                filled.is_some_and(|filled| {
                    !filled.holes.iter().any(|(_, span)| text[span.clone()].contains(&b'\n'))
                })
            };
            if is_even && !unit.shown.is_empty() && (is_plain_text || holds()) {
                same(&mut refined, unit.shown, unit.rendered);
            } else {
                refined.push(unit);
            }
        }
        refined
    }

    /// Finds what stands in the holes of some lines, if `text` is those lines with the holes filled.
    ///
    /// With `trims` the line break of the last line does not count.
    pub(super) fn align(&self, lines: Range<usize>, text: &[u8], trims: bool) -> Option<Filled> {
        let mut fixed: Vec<Vec<u8>> = vec![Vec::new()];
        let mut holes = Vec::new();
        for part in self.lines[lines].iter().flatten() {
            match part {
                Part::Text(span) => {
                    fixed.last_mut()?.extend_from_slice(self.text[span.clone()].as_bytes());
                }
                Part::Hole(hole) => {
                    holes.push(*hole);
                    fixed.push(Vec::new());
                }
            }
        }
        let mut last = fixed.pop()?;
        if trims {
            while last.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                last.pop();
            }
        }
        if holes.is_empty() {
            return (text == last).then(|| Filled { holes: Vec::new(), is_sure: true });
        }
        let first = fixed.remove(0);
        let end = text.len().checked_sub(last.len()).filter(|end| first.len() <= *end)?;
        if !text.starts_with(&first) || !text.ends_with(&last) {
            return None;
        }
        // What stands between two holes may stand in a value too: where it is looked for from either end and found
        // at one place, there is one way to cut.
        let mut cuts = Vec::new();
        let mut at = first.len();
        for between in &fixed {
            let start = at + memmem::find(&text[at..end], between)?;
            at = start + between.len();
            cuts.push(start);
        }
        let mut is_sure = true;
        let mut stop = end;
        for (between, cut) in fixed.iter().zip(&cuts).rev() {
            let start = first.len() + memmem::rfind(&text[first.len()..stop], between)?;
            is_sure &= start == *cut;
            stop = start;
        }
        let starts =
            std::iter::once(first.len()).chain(cuts.iter().zip(&fixed).map(|(cut, text)| cut + text.len()));
        let ends = cuts.iter().copied().chain([end]);
        let spans = starts.zip(ends).map(|(start, end)| start..end);
        Some(Filled { holes: holes.into_iter().zip(spans).collect(), is_sure })
    }

    /// What the rendered text has in the holes, as far as its lines are those of the source.
    pub(super) fn filled(&self, units: &[Unit], rendered: &[u8], lines: &[Span]) -> Vec<(usize, Span)> {
        let mut found = Vec::new();
        for unit in units.iter().filter(|unit| !unit.rendered.is_empty()) {
            let from = lines[unit.rendered.start].start;
            let to = lines[unit.rendered.end - 1].end;
            let filled = self.align(unit.shown.clone(), &rendered[from..to], false);
            let holes = filled.filter(|filled| filled.is_sure).map(|filled| filled.holes).unwrap_or_default();
            found.extend(holes.into_iter().map(|(hole, span)| (hole, from + span.start..from + span.end)));
        }
        found
    }
}

/// Lines outside of touched strings, which are the same one by one.
fn same(units: &mut Vec<Unit>, shown: Range<usize>, rendered: Range<usize>) {
    if shown.len() == rendered.len() {
        units.extend(
            shown.zip(rendered).map(|(own, new)| Unit { shown: own..own + 1, rendered: new..new + 1 }),
        );
    } else {
        units.push(Unit { shown, rendered });
    }
}

/// The byte spans of lines, line breaks included.
pub(super) fn lines(text: &[u8]) -> Vec<Span> {
    let mut start = 0;
    let mut lines: Vec<Span> = memchr::memchr_iter(b'\n', text)
        .map(|at| {
            let line = start..at + 1;
            start = at + 1;
            line
        })
        .collect();
    if start < text.len() {
        lines.push(start..text.len());
    }
    lines
}

pub(super) fn without_break(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template<'_> {
        let holes: Vec<Span> = text.match_indices("<>").map(|(at, _)| at..at + 2).collect();
        Template::new(text, &holes)
    }

    fn aligned<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
        let template = template(pattern);
        let found = template.align(0..template.lines.len(), text.as_bytes(), false)?;
        Some(found.holes.into_iter().map(|(_, span)| &text[span]).collect())
    }

    #[test]
    fn what_stands_in_the_holes_is_found() {
        for (pattern, text, expected) in [
            ("a: <>\n", "a: v\n", Some(vec!["v"])),
            ("a: <>\n", "b: v\n", None),
            ("a: <>@<>:1\n", "a: x@y@z:1\n", Some(vec!["x", "y@z"])),
            ("k: |\n  <>\n", "k: |\n  l1\n  l2\n", Some(vec!["l1\n  l2"])),
            ("<><>", "ab", Some(vec!["", "ab"])),
            ("ab<>ba", "aba", None),
            ("a\n", "a\n", Some(vec![])),
            ("a\n", "b\n", None),
        ] {
            assert_eq!(aligned(pattern, text), expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_text_that_can_be_cut_in_two_ways_is_not_sure() {
        for (pattern, text, expected) in
            [("<>-<>", "a-b", true), ("<>-<>", "a-b-c", false), ("<><>", "a", false), ("a<>", "aa", true)]
        {
            let filled = template(pattern).align(0..1, text.as_bytes(), false).expect("a fit");
            assert_eq!(filled.is_sure, expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hole_over_several_lines_makes_them_one() {
        let template = Template::new("a\nb<\n>c\nd", &vec![3..6; 1]);
        assert_eq!(template.lines.len(), 3);
        assert_eq!(template.lines[1], [Part::Text(2..3), Part::Hole(0), Part::Text(6..8)]);
        assert_eq!((template.content(0), template.content(2)), ("a", "d"));
    }
}
