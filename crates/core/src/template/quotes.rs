//! Puts quotes around marks that stand where JSON and TOML have no bare words.

use redeem_syntax::Format;

/// A text with quotes of its own around each bare mark, and where they were put, in the new text.
///
/// Marks that touch become one string. Keys of TOML may be bare and are left so.
pub(super) fn quoted(text: &str, format: Format, marks: &[(usize, usize)]) -> (String, Vec<usize>) {
    let bare = match format {
        Format::Json => json(text, marks),
        Format::Toml => toml(text, marks),
        _ => Vec::new(),
    };
    let mut out = String::with_capacity(text.len() + 2 * bare.len());
    let mut added = Vec::new();
    let mut at = 0;
    for (start, end) in bare {
        out.push_str(&text[at..start]);
        added.push(out.len());
        out.push('"');
        out.push_str(&text[start..end]);
        added.push(out.len());
        out.push('"');
        at = end;
    }
    out.push_str(&text[at..]);
    (out, added)
}

/// An offset of the text before the quotes.
pub(super) fn before(offset: usize, added: &[usize]) -> usize {
    offset - added.partition_point(|at| *at < offset)
}

/// The run of marks that begins at `at`, which holds `marks[first]`: where it ends, and the mark behind it.
fn run(marks: &[(usize, usize)], first: usize) -> (usize, usize) {
    let mut next = first + 1;
    while marks.get(next).is_some_and(|mark| mark.0 == marks[next - 1].1) {
        next += 1;
    }
    (marks[next - 1].1, next)
}

/// A walk over a text that stops at each mark.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    marks: &'a [(usize, usize)],
    /// The next mark.
    next: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, marks: &'a [(usize, usize)]) -> Self {
        Self { bytes: text.as_bytes(), at: 0, marks, next: 0 }
    }

    fn is_at(&self, word: &str) -> bool {
        self.bytes[self.at..].starts_with(word.as_bytes())
    }

    /// The run of marks that begins here; the walk goes on behind it.
    fn run(&mut self) -> Option<(usize, usize)> {
        while self.marks.get(self.next).is_some_and(|mark| mark.0 < self.at) {
            self.next += 1;
        }
        let start = self.marks.get(self.next).filter(|mark| mark.0 == self.at)?.0;
        let (end, next) = run(self.marks, self.next);
        (self.at, self.next) = (end, next);
        Some((start, end))
    }

    /// Goes behind the next `end`, or to the end of the text.
    fn skip(&mut self, end: &str, has_escapes: bool) {
        while self.at < self.bytes.len() {
            if has_escapes && self.bytes[self.at] == b'\\' {
                self.at += 2;
            } else if self.is_at(end) {
                self.at += end.len();
                return;
            } else {
                self.at += 1;
            }
        }
        self.at = self.bytes.len();
    }

    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

fn json(text: &str, marks: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut bare = Vec::new();
    let mut cursor = Cursor::new(text, marks);
    while !cursor.is_done() {
        if let Some(run) = cursor.run() {
            bare.push(run);
            continue;
        }
        let (is_line, is_block) = (cursor.is_at("//"), cursor.is_at("/*"));
        match cursor.bytes[cursor.at] {
            b'"' => {
                cursor.at += 1;
                cursor.skip("\"", true);
            }
            b'/' if is_line => cursor.skip("\n", false),
            b'/' if is_block => {
                cursor.at += 2;
                cursor.skip("*/", false);
            }
            _ => cursor.at += 1,
        }
    }
    bare
}

fn toml(text: &str, marks: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut bare = Vec::new();
    let mut cursor = Cursor::new(text, marks);
    // The open brackets of values; in a table that is written with braces, keys stand again.
    let mut open: Vec<u8> = Vec::new();
    let mut is_key = true;
    while !cursor.is_done() {
        if let Some(run) = cursor.run() {
            if !is_key {
                bare.push(run);
            }
            continue;
        }
        let is_three = cursor.is_at("\"\"\"") || cursor.is_at("'''");
        let byte = cursor.bytes[cursor.at];
        match byte {
            b'"' | b'\'' => {
                let quote = if byte == b'"' { "\"" } else { "'" };
                let end = if is_three { quote.repeat(3) } else { quote.to_owned() };
                cursor.at += end.len();
                cursor.skip(&end, byte == b'"');
                continue;
            }
            b'#' => {
                cursor.skip("\n", false);
                is_key |= open.is_empty();
                continue;
            }
            b'\n' if open.is_empty() => is_key = true,
            b'=' => is_key = false,
            b'[' | b'{' if !is_key => {
                open.push(byte);
                is_key = byte == b'{';
            }
            b',' => is_key = open.last() == Some(&b'{'),
            b'}' => {
                open.pop();
                is_key = false;
            }
            b']' if !is_key => {
                open.pop();
            }
            _ => {}
        }
        cursor.at += 1;
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `M` for each mark.
    fn check(format: Format, text: &str, expected: &str) {
        let marks: Vec<_> = text.match_indices('M').map(|(at, _)| (at, at + 1)).collect();
        let (out, added) = quoted(text, format, &marks);
        assert_eq!(out, expected, "{text:?}");
        for (at, _) in out.match_indices('M') {
            assert!(text[before(at, &added)..].starts_with('M'), "{text:?}");
        }
    }

    #[test]
    fn bare_marks_get_quotes_in_json() {
        for (text, expected) in [
            ("{\"a\": M}", "{\"a\": \"M\"}"),
            ("{M: [M, \"M\", MM]}", "{\"M\": [\"M\", \"M\", \"MM\"]}"),
            ("\"\\\"M\" M // M \"\n M /* M */ M", "\"\\\"M\" \"M\" // M \"\n \"M\" /* M */ \"M\""),
        ] {
            check(Format::Json, text, expected);
        }
    }

    #[test]
    fn bare_marks_get_quotes_in_toml_values() {
        for (text, expected) in [
            ("a = M\nM = M # M\n", "a = \"M\"\nM = \"M\" # M\n"),
            ("[M.b]\n[[ M ]]\nM.c = 'M'\n", "[M.b]\n[[ M ]]\nM.c = 'M'\n"),
            ("a = [ M, # M\n  M ]\nM = 1", "a = [ \"M\", # M\n  \"M\" ]\nM = 1"),
            ("a = { M = M, b = [M], M = 1 }\nM = M", "a = { M = \"M\", b = [\"M\"], M = 1 }\nM = \"M\""),
            (
                "a = \"\"\"\n\"M\"\n\"\"\"\nb = '''M'''\nc = M",
                "a = \"\"\"\n\"M\"\n\"\"\"\nb = '''M'''\nc = \"M\"",
            ),
            ("a = \"\\\"M\"\nb = MM", "a = \"\\\"M\"\nb = \"MM\""),
        ] {
            check(Format::Toml, text, expected);
        }
    }
}
