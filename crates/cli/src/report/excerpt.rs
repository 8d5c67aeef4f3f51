//! The lines of a text that a problem is shown with: cut to a width, without what a terminal obeys or nobody may see.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use redeem_host::Source;
use redeem_host::syntax::Span;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::words::{is_unseen, on_one_line, wrapped};

/// What stands for a stretch that is never shown, whatever its length.
const HIDDEN: &str = "[hidden]";

/// A place that covers more lines is shown by its first.
const MOST_LINES: usize = 6;

/// Where a tab leads to: the next multiple of it.
const TAB: usize = 4;

/// The narrowest column that the words beside a place are wrapped to.
const NARROWEST: usize = 12;

/// What is kept free for them where a line is cut anyway.
const COMFORTABLE: usize = 30;

/// A place of the text, with what is said there.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    /// Byte offsets into the source.
    pub(super) span: &'a Span,
    /// What is said there; may be empty.
    pub(super) text: &'a str,
}

/// The lines of some places of one text, as they are shown.
pub(super) struct Excerpt {
    name: String,
    chunks: Vec<Chunk>,
    /// The places as they are shown, the first of them the one that all is about.
    pub(super) labels: Vec<Label>,
}

/// A place in what is shown.
pub(super) struct Label {
    /// Byte offsets into what is shown.
    pub(super) span: Range<usize>,
    /// What is said there; may be empty.
    pub(super) text: String,
    /// The line and the column in the source, from 1.
    position: (usize, usize),
}

/// Lines that follow one another, and what is shown of them.
struct Chunk {
    /// The number of the first, from 1.
    line: usize,
    /// Where this begins in all that is shown.
    offset: usize,
    text: String,
}

impl Excerpt {
    /// What is shown of `spots`, the first of which is what all is about.
    ///
    /// A line with its number is cut to `width` columns; of `hidden` nothing is shown, nor how long it is.
    pub(super) fn new(source: &Source, spots: &[Spot<'_>], hidden: &[Span], width: usize) -> Self {
        let hidden = &apart(hidden);
        let mut excerpt =
            Self { name: on_one_line(source.path()).into_owned(), chunks: Vec::new(), labels: Vec::new() };
        let view = View { source, hidden, width };
        let mut open: Vec<Spot<'_>> = spots.to_vec();
        while let Some(first) = open.first().copied() {
            let lines = view.lines_around(first, &open);
            let offset = excerpt.chunks.last().map_or(0, |chunk| chunk.offset + chunk.text.len() + 1);
            let (chunk, mut labels, left) = view.chunk(offset, lines, open);
            excerpt.chunks.push(chunk);
            excerpt.labels.append(&mut labels);
            open = left;
        }
        excerpt
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let is_in = |chunk: &&Chunk| chunk.offset <= start && end <= chunk.offset + chunk.text.len();
        let chunk = self.chunks.iter().find(is_in).ok_or(MietteError::OutOfBounds)?;
        // Without context the question is where the place is, not what is around it.
        let is_position = before == 0 && after == 0;
        let label = self.labels.iter().find(|label| is_position && label.span == (start..end));
        let (line, column) = label.map_or((chunk.line, 1), |label| label.position);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            chunk.text.as_bytes(),
            (chunk.offset, chunk.text.len()).into(),
            line - 1,
            column - 1,
            chunk.text.lines().count() - 1,
        )))
    }
}

/// How a text is looked at.
struct View<'a> {
    source: &'a Source,
    /// In order and apart, none of them empty.
    hidden: &'a [Span],
    width: usize,
}

/// A piece of a line that is shown whole or not at all.
struct Piece {
    /// Where it begins in the source.
    start: usize,
    /// Where it ends there.
    end: usize,
    shown: String,
    /// The columns it takes.
    width: usize,
}

impl View<'_> {
    /// The lines of a place, from 1, the last included.
    fn lines_of(&self, spot: Spot<'_>) -> (usize, usize) {
        let last = spot.span.end.min(self.source.end()).max(spot.span.start + 1) - 1;
        let (first, last) = (self.source.line(spot.span.start), self.source.line(last));
        if last - first < MOST_LINES { (first, last) } else { (first, first) }
    }

    /// The lines of a place and of those near it.
    fn lines_around(&self, first: Spot<'_>, spots: &[Spot<'_>]) -> (usize, usize) {
        let (mut top, mut bottom) = self.lines_of(first);
        // A line in between is shown for their sake, unless it may tell how much is hidden.
        let reach = if self.hidden.is_empty() { 2 } else { 0 };
        let mut ranges: Vec<_> = spots.iter().map(|&spot| self.lines_of(spot)).collect();
        while let Some(near) =
            ranges.iter().position(|&(first, last)| first <= bottom + reach && top <= last + reach)
        {
            let (first, last) = ranges.swap_remove(near);
            (top, bottom) = (top.min(first), bottom.max(last));
        }
        (top, bottom)
    }

    /// What is shown of some lines, the places in them, and those that are elsewhere.
    fn chunk<'s>(
        &self,
        offset: usize,
        (top, bottom): (usize, usize),
        spots: Vec<Spot<'s>>,
    ) -> (Chunk, Vec<Label>, Vec<Spot<'s>>) {
        let mut chunk = Chunk { line: top, offset, text: String::new() };
        let is_long = |&spot: &Spot<'_>| self.lines_of(spot).0 != self.lines_of(spot).1;
        let gutter = bottom.to_string().len() + 4 + if spots.iter().any(is_long) { 5 } else { 0 };
        let budget = self.width.saturating_sub(gutter).max(COMFORTABLE);
        // Per place: where it begins and ends in what is shown, and the columns of that.
        let mut starts: Vec<Option<(usize, usize)>> = vec![None; spots.len()];
        let mut ends: Vec<Option<(usize, usize)>> = vec![None; spots.len()];
        let mut line = top;
        while line <= bottom {
            let (span, last) = self.whole_line(line);
            let in_line = |at: usize| span.start <= at && self.source.line(at) <= last;
            let spot = spots.iter().find(|spot| in_line(spot.span.start));
            let focus = spot.map_or(span.start..span.start, |spot| spot.span.clone());
            let beside = spot.map_or(0, |spot| spot.text.width().min(COMFORTABLE));
            let pieces = self.pieces(&span, &focus);
            let (pieces, is_cut) = window(pieces, &span, &focus, (budget, beside));
            let begin = chunk.text.len();
            let mut column = 0;
            if is_cut.0 {
                chunk.text.push('…');
                column += 1;
            }
            for piece in &pieces {
                for (index, spot) in spots.iter().enumerate() {
                    if (piece.start..piece.end).contains(&spot.span.start) {
                        starts[index] = Some((chunk.text.len(), column));
                    }
                    if (piece.start..piece.end).contains(&spot.span.end.saturating_sub(1)) {
                        ends[index] = Some((chunk.text.len() + piece.shown.len(), column + piece.width));
                    }
                }
                chunk.text.push_str(&piece.shown);
                column += piece.width;
            }
            if is_cut.1 {
                chunk.text.push('…');
            }
            let shown_to = pieces.last().map_or(span.start, |piece| piece.end);
            for (index, spot) in spots.iter().enumerate() {
                // Behind the last character of the line stands its end, which is shown as one column.
                if starts[index].is_none()
                    && !is_cut.1
                    && in_line(spot.span.start)
                    && spot.span.start >= shown_to
                {
                    starts[index] = Some((chunk.text.len(), column));
                    ends[index] = Some((chunk.text.len() + 1, column + 1));
                }
                // What reaches further than the line is shown goes to the end of it.
                if starts[index].is_some_and(|(at, _)| at >= begin) && ends[index].is_none() && is_cut.1 {
                    ends[index] = Some((chunk.text.len(), column + 1));
                }
            }
            chunk.text.push('\n');
            line = last + 1;
            if span_lines(line, top, &chunk.text) {
                break;
            }
        }
        let mut labels = Vec::new();
        let mut left = Vec::new();
        for ((spot, start), end) in spots.into_iter().zip(starts).zip(ends) {
            let Some((start, column)) = start else {
                left.push(spot);
                continue;
            };
            let line_end = chunk.text[start..].find('\n').map_or(chunk.text.len(), |at| start + at);
            let (end, end_column) = match end {
                Some((end, end_column)) if end > start => (end, end_column),
                // Where there is nothing, what follows is pointed at.
                _ if spot.span.is_empty() => (chunk.text.ceil_char_boundary(start + 1), column + 1),
                _ => (line_end.max(start + 1), column + 1),
            };
            let middle = gutter + column + end_column.saturating_sub(column) / 2 + 4;
            let words = wrapped(&on_one_line(spot.text), self.width.saturating_sub(middle).max(NARROWEST));
            let position = self.source.position(spot.span.start);
            labels.push(Label { span: offset + start..offset + end, text: words, position });
        }
        // A place that no window shows has been tried: it is not tried for ever.
        if labels.is_empty() && !left.is_empty() {
            left.remove(0);
        }
        (chunk, labels, left)
    }

    /// The bytes of a line and its last line: what is hidden may go on in the next.
    fn whole_line(&self, line: usize) -> (Span, usize) {
        let mut last = line;
        let mut span = self.source.line_span(line);
        while self.hidden.iter().any(|hidden| {
            hidden.start <= span.end
                && hidden.end > self.source.line_span(last + 1).start
                && hidden.end > span.end
        }) {
            last += 1;
            span.end = self.source.line_span(last).end.max(span.end);
        }
        (span, last)
    }

    /// A line in pieces; of a very long one what may be shown of it.
    fn pieces(&self, line: &Span, focus: &Span) -> Vec<Piece> {
        // Offsets count from the start of the text, of which no more may be kept than what is shown.
        let (text, base) = (self.source.text(), self.source.start());
        let ceil = |at: usize| base + text.ceil_char_boundary(at.saturating_sub(base));
        // What is hidden takes no room, or where a line is cut would tell how long it is.
        let hidden_in = |span: Span| -> usize {
            let within =
                |hidden: &Span| hidden.end.min(span.end).saturating_sub(hidden.start.max(span.start));
            self.hidden.iter().map(within).sum()
        };
        let around = 8 * self.width;
        let start = focus.start.clamp(line.start, line.end);
        let before = around + hidden_in(line.start..start);
        let behind = around + hidden_in(start..line.end);
        let from = base + text.floor_char_boundary(start.saturating_sub(before).saturating_sub(base));
        let mut at = from.max(line.start);
        let to = ceil((start + behind).min(line.end));
        let hidden_at = |at: usize| self.hidden.iter().find(|hidden| hidden.contains(&at));
        if let Some(hidden) = hidden_at(at) {
            at = hidden.start.max(line.start);
        }
        // A mark of the byte order is nothing to look at.
        if at == 0 && text.starts_with('\u{feff}') {
            at = '\u{feff}'.len_utf8();
        }
        let mut pieces = Vec::new();
        let mut column = 0;
        while at < to {
            let (end, shown) = if let Some(hidden) = hidden_at(at) {
                (hidden.end.max(at + 1), HIDDEN.to_owned())
            } else {
                let Some(c) = text[at - base..].chars().next() else { break };
                let shown = match c {
                    '\t' => " ".repeat(TAB - column % TAB),
                    c if is_unseen(c) => c.escape_default().to_string(),
                    c => c.to_string(),
                };
                (at + c.len_utf8(), shown)
            };
            let width = shown.chars().map(|c| c.width().unwrap_or(0)).sum();
            column += width;
            pieces.push(Piece { start: at, end, shown, width });
            at = ceil(end);
        }
        pieces
    }
}

/// The stretches in order, with those that touch made one: each is shown as one sign.
fn apart(stretches: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<Span> = stretches.iter().filter(|span| !span.is_empty()).cloned().collect();
    sorted.sort_by_key(|span| span.start);
    let mut apart: Vec<Span> = Vec::new();
    for span in sorted {
        match apart.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}

/// Whether lines were left out so far, for what follows would have a wrong number.
fn span_lines(next: usize, top: usize, shown: &str) -> bool {
    shown.lines().count() != next - top
}

/// The pieces that fit into some columns around the place that matters, and whether others are left out on either side.
///
/// `beside` columns of them are kept for what is said there.
fn window(
    mut pieces: Vec<Piece>,
    line: &Span,
    focus: &Span,
    (budget, beside): (usize, usize),
) -> (Vec<Piece>, (bool, bool)) {
    let goes_on = |pieces: &[Piece]| {
        let first = pieces.first().is_some_and(|piece| piece.start > line.start.max(3));
        let last = pieces.last().is_some_and(|piece| piece.end < line.end);
        (first, last)
    };
    let total: usize = pieces.iter().map(|piece| piece.width).sum();
    if total <= budget && goes_on(&pieces) == (false, false) {
        return (pieces, (false, false));
    }
    let before: usize = pieces.iter().filter(|piece| piece.end <= focus.start).map(|piece| piece.width).sum();
    let place: usize = pieces
        .iter()
        .filter(|piece| piece.start < focus.end && focus.start < piece.end)
        .map(|piece| piece.width)
        .sum();
    // As much is shown on either side, if the place leaves any room; two columns are kept for the signs of a cut.
    let room = budget - 2;
    let aside = room.saturating_sub(place.max(1)) / 2;
    let left = before.saturating_sub(aside.max(room / 8)).min((total + beside).saturating_sub(room));
    let mut column = 0;
    let (mut from, mut to) = (pieces.len(), pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        if column >= left && from == pieces.len() {
            from = index;
        }
        column += piece.width;
        if column > left + room {
            to = index;
            break;
        }
    }
    let is_cut_behind = to < pieces.len() || goes_on(&pieces).1;
    pieces.truncate(to);
    let shown = pieces.split_off(from.min(to));
    let is_cut_before = !pieces.is_empty() || goes_on(&shown).0;
    (shown, (is_cut_before, is_cut_behind))
}
