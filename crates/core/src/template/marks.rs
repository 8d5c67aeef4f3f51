//! What a template writes while it runs: its text, with a mark in place of each value.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// No config file is larger: a template that writes more than this is stopped. 256 MiB.
pub(super) const LARGEST: usize = 256 << 20;

/// A part of a stem this long is in no other text.
const PIECE: usize = 8;

/// Ends a mark, so that `…1` and `…10` are told apart.
const END: char = 'z';

/// A run of a template, as it is written down.
#[derive(Default)]
pub(super) struct Marks {
    /// What every mark begins with.
    pub(super) stem: String,
    /// What each mark stands for, and which call of the formatter made it.
    values: Vec<(Zeroizing<String>, usize)>,
    /// How often the formatter was called.
    pub(super) calls: usize,
    /// The call of the formatter that is to fail, so that the engine tells its place.
    pub(super) fails_at: Option<usize>,
    /// Whether the last thing that was written went to the output, and not into a variable.
    pub(super) is_top: bool,
    /// Whether values are made up, so that no filter may refuse one.
    pub(super) is_fake: bool,
    /// Whether raw text was written that may hold a value.
    pub(super) has_raw: bool,
    /// How numbers were spelled that the filter `float` read, by their bits: `1.50` stays so.
    pub(super) spellings: BTreeMap<u64, String>,
    /// How much the formatter wrote.
    written: usize,
    /// The output.
    pub(super) text: Zeroizing<String>,
    /// The parts of the output that are a template's own text: where they begin, and their address.
    pieces: Vec<(usize, usize, usize)>,
    /// Where calls of the formatter wrote to the output.
    emitted: Vec<(usize, usize)>,
    /// The address of the text that made the output too large.
    pub(super) overflow: Option<usize>,
}

/// Where an offset of the output comes from.
pub(super) enum Origin {
    /// The address of a template's own text.
    Text(usize),
    /// A call of the formatter.
    Call(usize),
}

/// A handle on a run, for the engine's callbacks.
#[derive(Clone)]
pub(super) struct Sheet(Arc<Mutex<Marks>>);

impl Sheet {
    pub(super) fn new(stem: String, fails_at: Option<usize>) -> Self {
        Self(Arc::new(Mutex::new(Marks { stem, fails_at, ..Marks::default() })))
    }

    pub(super) fn marks(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the run out when it is over.
    pub(super) fn take(&self) -> Marks {
        std::mem::take(&mut self.marks())
    }
}

impl Marks {
    /// A new mark for a value.
    pub(super) fn seal(&mut self, value: Zeroizing<String>, call: usize) -> String {
        let mark = format!("{}{}{END}", self.stem, self.values.len());
        self.values.push((value, call));
        mark
    }

    /// A text with values in the places of its marks.
    pub(super) fn open(&self, text: &str) -> Option<Zeroizing<String>> {
        if self.values.is_empty() || !text.contains(self.stem.as_str()) {
            return None;
        }
        let mut out = Zeroizing::new(String::new());
        let mut at = 0;
        for (start, mark) in self.find(text) {
            let Some((end, index)) = mark else { continue };
            out.push_str(&text[at..start]);
            out.push_str(&self.values[index].0);
            at = end;
        }
        out.push_str(&text[at..]);
        Some(out)
    }

    /// The marks of a text: where each begins, and its end and number if it is whole.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
    ) -> impl Iterator<Item = (usize, Option<(usize, usize)>)> + 't {
        let (length, count) = (self.stem.len(), self.values.len());
        let starts: Vec<usize> = text.match_indices(self.stem.as_str()).map(|(at, _)| at).collect();
        starts.into_iter().map(move |start| {
            let rest = &text[start + length..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let index = rest[..digits].parse::<usize>().ok().filter(|&index| index < count);
            let is_whole = rest[digits..].starts_with(END);
            (start, index.filter(|_| is_whole).map(|index| (start + length + digits + END.len_utf8(), index)))
        })
    }

    /// Whether a text holds a piece of a mark: somebody took one apart.
    pub(super) fn is_cut(&self, text: &str) -> bool {
        let pieces =
            || self.stem.as_bytes().windows(PIECE).filter_map(|piece| std::str::from_utf8(piece).ok());
        if self.values.is_empty() || !pieces().any(|piece| text.contains(piece)) {
            return false;
        }
        let mut rest = String::new();
        let mut at = 0;
        for (start, mark) in self.find(text) {
            let Some((end, _)) = mark else { return true };
            rest.push_str(&text[at..start]);
            rest.push('\n');
            at = end;
        }
        rest.push_str(&text[at..]);
        pieces().any(|piece| rest.contains(piece))
    }

    pub(super) fn value(&self, index: usize) -> &str {
        &self.values[index].0
    }

    /// The call of the formatter that made a mark.
    pub(super) fn call_of(&self, index: usize) -> usize {
        self.values[index].1
    }

    /// Notes that a call of the formatter writes to the output here.
    pub(super) fn emits(&mut self, call: usize) {
        self.emitted.push((self.text.len(), call));
    }

    /// Counts what the formatter writes; `false` if it is too much.
    pub(super) fn may_write(&mut self, length: usize) -> bool {
        self.written += length;
        self.written <= LARGEST
    }

    /// Where an offset of the output comes from; none if it was put together on the way.
    pub(super) fn origin(&self, offset: usize) -> Option<Origin> {
        let piece = self.pieces.partition_point(|(at, ..)| *at <= offset).checked_sub(1);
        let call = self.emitted.partition_point(|(at, _)| *at <= offset).checked_sub(1);
        let piece = piece.map(|index| self.pieces[index]);
        match (piece, call.map(|index| self.emitted[index])) {
            // The end of a text counts to it: that is where a document ends too early.
            (Some((at, address, length)), call)
                if offset <= at + length && call.is_none_or(|(from, _)| from < at) =>
            {
                Some(Origin::Text(address + (offset - at)))
            }
            (_, Some((_, call))) => Some(Origin::Call(call)),
            (Some((_, address, length)), None) => Some(Origin::Text(address + length)),
            (None, None) => None,
        }
    }
}

impl io::Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// Takes empty texts too: one tells whether the engine writes to the output at all.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut marks = self.marks();
        marks.is_top = true;
        if bytes.is_empty() {
            return Ok(());
        }
        if marks.text.len() + bytes.len() > LARGEST {
            marks.overflow.get_or_insert(bytes.as_ptr().addr());
            return Err(io::Error::other("too large"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| io::Error::other("no text"))?;
        let at = marks.text.len();
        marks.pieces.push((at, bytes.as_ptr().addr(), bytes.len()));
        marks.text.push_str(text);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What marks begin with: a word that nothing in `texts` holds.
///
/// It is a digest of all that goes into a run, so no value can be made to hold it.
pub(super) fn stem(texts: &[&[u8]]) -> String {
    let mut round = 0_u32;
    loop {
        let mut digest = Sha256::new_with_prefix(round.to_le_bytes());
        for text in texts {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        // Letters alone: with digits it could read as a number in front of other text.
        let letters = digest.finalize().into_iter().take(20).map(|byte| char::from(b'a' + byte % 25));
        let stem = format!("q{}", letters.collect::<String>());
        if !texts.iter().any(|text| holds(text, stem.as_bytes())) {
            return stem;
        }
        round += 1;
    }
}

fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_and_opened() {
        let mut marks = Marks { stem: "qab".to_owned(), ..Marks::default() };
        let first = marks.seal(Zeroizing::new("one".to_owned()), 0);
        for _ in 0..10 {
            marks.seal(Zeroizing::new("x".to_owned()), 1);
        }
        assert_eq!(first, "qab0z");
        assert_eq!(marks.open("<qab0zqab10z>").map(|text| text.to_string()), Some("<onex>".to_owned()));
        assert_eq!(marks.open("qa"), None);
        let cut: Vec<_> = marks.find("qab0 qab99z qab1z").map(|(at, mark)| (at, mark.is_some())).collect();
        assert_eq!(cut, [(0, false), (5, false), (12, true)]);
    }

    #[test]
    fn no_text_of_a_run_holds_the_stem() {
        let texts: [&[u8]; 2] = [b"a", b"b"];
        let stem = stem(&texts);
        assert_eq!(stem.len(), 21);
        assert!(stem.bytes().all(|byte| byte.is_ascii_lowercase()));
        let others: [&[u8]; 2] = [b"a", b"c"];
        assert_ne!(stem, super::stem(&others));
    }
}
