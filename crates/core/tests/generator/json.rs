//! JSON and JSONC: values and keys, escapes around the references, comments and trailing commas.

use super::{Draft, Taste};

const WORDS: &[&str] = &[
    "alpha",
    "it's",
    "a \"b\"",
    "\\d",
    "/",
    "ü–é😀",
    "\t",
    "k: v",
    "a,b]",
    "100%",
    "\n",
    "// no comment",
    "/* nor */",
];
const FIXED: &[&str] = &["1", "-1.5e3", "true", "false", "null", "0", "[]", "{}", "\"\"", "[1, 2]"];

/// Appends an object or an array, at times with what only JSONC readers take.
pub(super) fn document(draft: &mut Draft<'_>) {
    let is_lax = draft.rng.chance(40);
    if draft.rng.chance(5) {
        extra(draft, "\u{FEFF}");
    }
    let mut json = Json { draft, is_lax };
    json.space("");
    if json.draft.rng.chance(75) {
        json.object(0);
    } else {
        json.array(0);
    }
    json.space("");
    if draft.rng.chance(70) {
        draft.newline();
    }
}

/// Appends what a strict reader does not take.
fn extra(draft: &mut Draft<'_>, text: &str) {
    let start = draft.text.len();
    draft.push(text);
    draft.extras.push(start..draft.text.len());
}

struct Json<'a, 'r> {
    draft: &'a mut Draft<'r>,
    is_lax: bool,
}

impl Json<'_, '_> {
    fn object(&mut self, depth: usize) {
        self.draft.push("{");
        self.items(depth, true);
        self.draft.push("}");
    }

    fn array(&mut self, depth: usize) {
        self.draft.push("[");
        self.items(depth, false);
        self.draft.push("]");
    }

    fn items(&mut self, depth: usize, is_object: bool) {
        let count = self.draft.rng.between(1, 3);
        let indent = self.draft.rng.pick(&["", "  ", "\t"]).repeat(depth + 1);
        for position in 0..count {
            self.space(&indent);
            if is_object {
                let name = self.draft.name("k");
                if self.draft.rng.chance(20) && self.draft.touches() {
                    self.draft.has_touched_key = true;
                    self.string("key", true, &[&name]);
                } else {
                    self.draft.push(&format!("\"{name}\""));
                }
                self.space("");
                self.draft.push(":");
                let blank = self.draft.rng.pick(&["", " "]);
                self.draft.push(blank);
            }
            match self.draft.rng.below(10) {
                0..=5 => {
                    let is_touched = self.draft.touches();
                    self.string("value", is_touched, WORDS);
                }
                6 if depth < 3 => self.object(depth + 1),
                7 if depth < 3 => self.array(depth + 1),
                _ => {
                    let fixed = self.draft.rng.pick(FIXED);
                    self.draft.push(fixed);
                }
            }
            self.space("");
            if position + 1 < count {
                self.draft.push(",");
            } else if self.is_lax && self.draft.rng.chance(40) {
                extra(self.draft, ",");
            }
        }
        self.space("");
    }

    /// Blanks, line breaks and comments.
    fn space(&mut self, indent: &str) {
        match self.draft.rng.below(12) {
            0 | 1 => self.draft.newline(),
            2 => self.draft.push(" "),
            3 if self.is_lax => {
                extra(self.draft, "// a \"comment\", {secret:commented}");
                self.draft.newline();
            }
            4 if self.is_lax => extra(self.draft, "/* \"x\": ${secret.commented} */"),
            _ if !indent.is_empty() => self.draft.newline(),
            _ => return,
        }
        self.draft.push(indent);
    }

    fn string(&mut self, style: &'static str, is_touched: bool, words: &[&str]) {
        if is_touched && style == "value" && self.draft.rng.chance(4) {
            let text = self.draft.typed();
            return self.draft.touch("typed", &format!("\"{text}\""));
        }
        let text = if is_touched {
            self.draft.wording(Taste::Any, words)
        } else {
            self.draft.rng.pick(words).to_owned()
        };
        let percent = self.draft.rng.pick(&[0, 0, 4]);
        let mut written = String::from("\"");
        for c in text.chars() {
            match c {
                '"' | '\\' => written.extend(['\\', c]),
                '\n' => written.push_str("\\n"),
                '\t' => written.push_str("\\t"),
                '/' if self.draft.rng.chance(20) => written.push_str("\\/"),
                c if self.draft.rng.chance(percent) => {
                    let units = c.encode_utf16(&mut [0; 2]).to_vec();
                    units.iter().for_each(|unit| written.push_str(&format!("\\u{unit:04x}")));
                }
                c => written.push(c),
            }
        }
        written.push('"');
        if is_touched { self.draft.touch(style, &written) } else { self.draft.push(&written) }
    }
}
