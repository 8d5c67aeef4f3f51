//! YAML streams: block and flow collections, all five styles, and what may stand around a scalar.

use super::{Draft, Taste};

/// What an unquoted scalar may hold, at its start and elsewhere.
const PLAIN: &[&str] = &[
    "alpha",
    "b2",
    "it's",
    "x#y",
    "key=value",
    "10%",
    "C:\\dir",
    "ü–é",
    "user:pw",
    "a/b",
    "v-1",
    "x&y*z",
    "a\"b",
];
const QUOTED: &[&str] = &[
    "alpha", "a\tb", "---", "...", "b2", "it's", ": x", "a #b", "[x,", "ü–é", "\\d", "- y", "&z", "\"q\"",
    "k: v", "100%", "#",
];
const TYPED: &[&str] =
    &["12", "true", "no", "~", "null", "1.5", "2001-01-01", "0x1F", "1:30", "text", "some words", "x.y"];
const COMMENTS: &[&str] = &[
    "# note",
    "#",
    "# {a: [b",
    "# it's",
    "# k: v",
    "# ü",
    "# {secret:commented}",
    "# ${secret.commented",
    "#\tx",
];
const TAGS: &[&str] = &["!!str", "!local", "!!str", "!<tag:yaml.org,2002:str>"];

/// Appends a stream of one to three documents.
pub(super) fn document(draft: &mut Draft<'_>) {
    if draft.rng.chance(5) {
        draft.push("\u{FEFF}");
    }
    let count = if draft.rng.chance(12) { draft.rng.between(2, 3) } else { 1 };
    for position in 0..count {
        let is_marked = start(draft, position);
        let mut yaml = Yaml { draft, anchors: Vec::new() };
        yaml.root(is_marked);
    }
    if draft.rng.chance(5) {
        draft.push("...");
        draft.newline();
    }
    let kept = draft.text.strip_suffix(draft.newline).unwrap_or(&draft.text);
    // yaml-rust2 takes blanks at the end of a file for a line of the block before.
    if !kept.ends_with([' ', '\n']) && draft.rng.chance(8) {
        draft.text.truncate(kept.len());
    }
}

/// Appends what begins a document, and says whether the line is open behind `---`.
fn start(draft: &mut Draft<'_>, position: usize) -> bool {
    let has_directive = draft.rng.chance(8);
    if position > 0 && (has_directive || draft.rng.chance(30)) {
        draft.push("...");
        draft.newline();
    }
    if has_directive {
        let directive = draft.rng.pick(&["%YAML 1.2", "%YAML 1.1", "%TAG !e! tag:example.com,2000:"]);
        draft.push(directive);
        draft.newline();
    }
    if draft.rng.chance(15) && position == 0 && !has_directive {
        let comment = draft.rng.pick(COMMENTS);
        draft.push(comment);
        draft.newline();
    }
    let is_marked = position > 0 || has_directive || draft.rng.chance(20);
    if is_marked {
        draft.push("---");
    }
    is_marked
}

/// What a scalar stands in.
#[derive(Clone, Copy, PartialEq)]
enum Around {
    /// A block collection whose entries begin at this column.
    Block(usize),
    /// A flow collection inside such a block collection.
    Flow(usize),
    /// Nothing: its lines may begin where the document's do.
    Root,
    /// The left side of a `:`, on one line.
    Key,
    /// The left side of a `:` in a flow mapping.
    FlowKey,
}

/// What a node is the entry of.
#[derive(Clone, Copy, PartialEq)]
enum Parent {
    Root,
    Map,
    List,
}

struct Yaml<'a, 'r> {
    draft: &'a mut Draft<'r>,
    anchors: Vec<String>,
}

impl Yaml<'_, '_> {
    fn root(&mut self, is_marked: bool) {
        let kind = self.draft.rng.below(20);
        if kind >= 17 && is_marked {
            return self.value(0, 0, Parent::Root);
        }
        if kind == 16 {
            if is_marked {
                self.line_end();
            }
            let is_touched = self.draft.touches();
            self.flow_scalar(Around::Root, is_touched, QUOTED);
            return self.line_end();
        }
        if is_marked {
            self.line_end();
        }
        if kind < 12 { self.map(0, 0, false) } else { self.list(0, 0, false) }
    }

    fn map(&mut self, column: usize, depth: usize, mut is_inline: bool) {
        for _ in 0..self.draft.rng.between(1, 3) {
            if !std::mem::take(&mut is_inline) {
                self.between(column);
                self.indent(column);
            }
            if self.draft.rng.chance(5) {
                self.draft.push("?");
                let touched = self.draft.touched.len();
                self.value(column, 3, Parent::List);
                self.draft.has_touched_key |= self.draft.touched.len() > touched;
                self.indent(column);
            } else {
                self.key(Around::Key);
            }
            self.draft.push(":");
            self.value(column, depth, Parent::Map);
        }
    }

    fn list(&mut self, column: usize, depth: usize, mut is_inline: bool) {
        for _ in 0..self.draft.rng.between(1, 3) {
            if !std::mem::take(&mut is_inline) {
                self.between(column);
                self.indent(column);
            }
            self.draft.push("-");
            if depth < 3 && self.draft.rng.chance(30) {
                let blanks = self.draft.rng.pick(&[1, 1, 1, 3]);
                self.indent(blanks);
                let inner = column + 1 + blanks;
                if self.draft.rng.chance(75) {
                    self.map(inner, depth + 1, true);
                } else {
                    self.list(inner, depth + 1, true);
                }
            } else {
                self.value(column, depth, Parent::List);
            }
        }
    }

    /// A line of its own between two entries: empty, or a comment.
    fn between(&mut self, column: usize) {
        match self.draft.rng.below(12) {
            0 => self.draft.newline(),
            1 => {
                let before = self.draft.rng.pick(&[0, column]);
                self.indent(before);
                let comment = self.draft.rng.pick(COMMENTS);
                self.draft.push(comment);
                self.draft.newline();
            }
            _ => {}
        }
    }

    /// The key of a pair; quoted ones and plain ones may be touched.
    fn key(&mut self, around: Around) {
        let name = self.draft.name("k");
        if !self.draft.rng.chance(25) {
            return self.draft.push(&name);
        }
        let is_touched = self.draft.touches();
        self.draft.has_touched_key |= is_touched;
        self.properties();
        // A word of its own keeps most keys apart, whatever their values are.
        let words: &[&str] = &[&name];
        self.flow_scalar(around, is_touched, words);
    }

    /// What follows an indicator, up to the line's end: a node.
    fn value(&mut self, column: usize, depth: usize, parent: Parent) {
        let is_root = parent == Parent::Root;
        match self.draft.rng.below(100) {
            0..=46 => {
                self.draft.push(" ");
                self.properties();
                let is_touched = self.draft.touches();
                if !is_touched && self.draft.rng.chance(40) {
                    let typed = self.draft.rng.pick(TYPED);
                    self.draft.push(typed);
                } else {
                    let words = if self.draft.rng.chance(50) { PLAIN } else { QUOTED };
                    self.flow_scalar(Around::Block(column), is_touched, words);
                }
                self.line_end();
            }
            47..=68 => {
                self.draft.push(" ");
                self.properties();
                self.block_scalar(column, is_root);
            }
            69..=82 if depth < 3 && !is_root => {
                if self.draft.rng.chance(10) {
                    self.draft.push(" ");
                    let anchor = self.draft.name("a");
                    self.draft.push(&format!("&{anchor}"));
                }
                self.line_end();
                let deeper = self.draft.rng.pick(&[1, 2, 2, 2, 4]);
                if self.draft.rng.chance(60) {
                    self.map(column + deeper, depth + 1, false);
                } else {
                    // A list may stand right below the key that it is the value of.
                    let deeper = if parent == Parent::Map && self.draft.rng.chance(40) { 0 } else { deeper };
                    self.list(column + deeper, depth + 1, false);
                }
            }
            83..=92 => {
                self.draft.push(" ");
                self.flow(column, 0);
                self.line_end();
            }
            93..=96 if !self.anchors.is_empty() => {
                let anchor = self.anchors[self.draft.rng.below(self.anchors.len())].clone();
                self.draft.push(&format!(" *{anchor}"));
                self.line_end();
            }
            _ => self.line_end(),
        }
    }

    fn properties(&mut self) {
        if self.draft.rng.chance(10) {
            let anchor = self.draft.name("a");
            self.draft.push(&format!("&{anchor} "));
            self.anchors.push(anchor);
        }
        if self.draft.rng.chance(8) {
            let tag = self.draft.rng.pick(TAGS);
            self.draft.push(&format!("{tag} "));
        }
    }

    /// The end of a line, with a comment at times.
    fn line_end(&mut self) {
        if self.draft.rng.chance(12) {
            let comment = self.draft.rng.pick(COMMENTS);
            self.draft.push(&format!(" {comment}"));
        } else if self.draft.rng.chance(2) {
            self.draft.push("  ");
        }
        self.draft.newline();
    }

    fn indent(&mut self, count: usize) {
        self.draft.push(&" ".repeat(count));
    }

    fn flow(&mut self, column: usize, depth: usize) {
        let is_map = self.draft.rng.chance(50);
        let breaks = self.draft.rng.chance(20);
        self.draft.push(if is_map { "{" } else { "[" });
        let count = self.draft.rng.between(0, 3);
        for position in 0..count {
            if breaks {
                self.line_end();
                self.indent(column + 2);
            }
            if is_map || self.draft.rng.chance(10) {
                self.key(Around::FlowKey);
                let is_quoted = self.draft.text.ends_with(['"', '\'']);
                let colon = self.draft.rng.pick(&[": ", ": ", " : ", ":"]);
                self.draft.push(if is_quoted { colon } else { ": " });
            }
            match self.draft.rng.below(10) {
                0 if depth < 2 => self.flow(column, depth + 1),
                1 => {
                    let typed = self.draft.rng.pick(TYPED);
                    self.draft.push(typed);
                }
                _ => {
                    let is_touched = self.draft.touches();
                    self.flow_scalar(Around::Flow(column), is_touched, QUOTED);
                }
            }
            if position + 1 < count || self.draft.rng.chance(10) {
                self.draft.push(if breaks { "," } else { ", " });
            }
        }
        if breaks {
            self.line_end();
            self.indent(column + 1);
        }
        self.draft.push(if is_map { "}" } else { "]" });
    }

    /// A scalar without quotes or in them. Only a block holds references without quotes.
    fn flow_scalar(&mut self, around: Around, is_touched: bool, words: &[&str]) {
        let in_flow = matches!(around, Around::Flow(_) | Around::FlowKey);
        let style = self.draft.rng.below(3);
        let has_tag = self.draft.text.rsplit(['\n', ' ']).nth(1).is_some_and(|word| word.starts_with('!'));
        if is_touched
            && !matches!(around, Around::Key | Around::FlowKey)
            && !has_tag
            && self.draft.rng.chance(4)
        {
            let text = self.draft.typed();
            let quote = self.draft.rng.pick(if in_flow { &["'", "\""] } else { &["'", "\"", ""] });
            return self.draft.touch("typed", &format!("{quote}{text}{quote}"));
        }
        if style == 0 && !in_flow {
            let own = if matches!(around, Around::Key) { words } else { PLAIN };
            let taste = if around == Around::Key { Taste::Word } else { Taste::Plain };
            let mut text = if is_touched { self.draft.wording(taste, own) } else { self.phrase(own) };
            if text.starts_with('{') {
                text.insert(0, 'p');
            }
            let may_part = !text.contains('|');
            let written = self.folded(&text, around, "", may_part);
            return self.put("plain", &written, is_touched, around);
        }
        let text = if is_touched { self.draft.wording(Taste::Any, words) } else { self.phrase(words) };
        let may_part = !text.contains('|');
        if style == 1 {
            let written = self.folded(&text.replace('\'', "''"), around, "", may_part);
            self.put("single", &format!("'{written}'"), is_touched, around);
        } else {
            let escaped = self.escaped(&text);
            let written = self.folded(&escaped, around, "\\", may_part);
            self.put("double", &format!("\"{written}\""), is_touched, around);
        }
    }

    fn put(&mut self, style: &'static str, written: &str, is_touched: bool, around: Around) {
        if !is_touched {
            return self.draft.push(written);
        }
        let style = match around {
            Around::Key | Around::FlowKey => "key",
            Around::Flow(_) => "flow",
            Around::Block(_) | Around::Root if written.contains('\n') => match style {
                "plain" => "plain lines",
                "single" => "single lines",
                _ => "double lines",
            },
            Around::Block(_) | Around::Root => style,
        };
        self.draft.touch(style, written);
    }

    fn phrase(&mut self, words: &[&str]) -> String {
        let first = self.draft.rng.pick(words).to_owned();
        (0..self.draft.rng.below(3)).fold(first, |text, _| format!("{text} {}", self.draft.rng.pick(PLAIN)))
    }

    /// The inside of a double-quoted scalar: what must be escaped is, and some of the rest.
    fn escaped(&mut self, text: &str) -> String {
        let percent = self.draft.rng.pick(&[0, 0, 3]);
        let spell = |c: char, rng: &mut super::Rng| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c != ' ' && c.is_ascii() && rng.chance(percent) => match rng.below(3) {
                0 => format!("\\x{:02x}", u32::from(c)),
                1 => format!("\\u{:04X}", u32::from(c)),
                _ => format!("\\U{:08x}", u32::from(c)),
            },
            c => c.to_string(),
        };
        text.chars().map(|c| spell(c, self.draft.rng)).collect()
    }

    /// `written` with some of its blanks turned to line breaks, where lines may be folded.
    ///
    /// A break that is escaped is one that vanishes; the blank stands before it. An empty line, which says
    /// a line break, would part a filter from its reference.
    fn folded(&mut self, written: &str, around: Around, escape: &str, may_part: bool) -> String {
        let least = match around {
            Around::Block(column) | Around::Flow(column) => column + 1,
            // These words would end the document where it begins its lines.
            Around::Root => usize::from(written.contains("---") || written.contains("...")),
            Around::Key | Around::FlowKey => return written.to_owned(),
        };
        if !self.draft.rng.chance(35) {
            return written.to_owned();
        }
        let mut out = String::new();
        let chars: Vec<_> = written.chars().collect();
        for (at, &c) in chars.iter().enumerate() {
            let is_apart = |at: Option<&char>| at.is_some_and(|c| !" #'\"".contains(*c));
            let may_break = c == ' ' && at > 0 && is_apart(chars.get(at - 1)) && is_apart(chars.get(at + 1));
            if !may_break || !self.draft.rng.chance(40) {
                out.push(c);
                continue;
            }
            if !escape.is_empty() && self.draft.rng.chance(30) {
                out.push_str(" \\");
            } else if self.draft.rng.chance(10) {
                out.push_str(self.draft.rng.pick(&[" ", "\t", "  "]));
            }
            out.push_str(self.draft.newline);
            if may_part && self.draft.rng.chance(15) {
                out.push_str(self.draft.rng.pick(&["", "", " ", "    "]));
                out.push_str(self.draft.newline);
            }
            out.push_str(&" ".repeat(least + self.draft.rng.below(3)));
            if self.draft.rng.chance(5) {
                out.push('\t');
            }
        }
        out
    }

    /// A literal or folded block with its lines, and the blank lines behind it.
    fn block_scalar(&mut self, column: usize, is_root: bool) {
        let is_touched = self.draft.touches();
        let is_folded = self.draft.rng.chance(40);
        let is_explicit = !is_root && self.draft.rng.chance(15);
        let deeper = self.draft.rng.pick(&[1, 2, 2, 4]);
        let mut lines: Vec<String> = Vec::new();
        for position in 0..self.draft.rng.between(1, 3) {
            if self.draft.rng.chance(15) {
                lines.push(String::new());
            }
            let lead = if (position > 0 || is_explicit) && self.draft.rng.chance(15) { "  " } else { "" };
            let phrase = self.phrase(PLAIN);
            let tail = self.draft.rng.pick(&["", "", "", "", "", "", " ", "\t"]);
            lines.push(format!("{lead}{phrase}{tail}"));
        }
        if is_touched {
            let at = lines.len() - 1 - self.draft.rng.below(lines.len());
            let text = self.draft.wording(Taste::Any, QUOTED);
            lines[at] = if is_folded && lines[at].starts_with(|c: char| c != ' ') && self.draft.rng.chance(30)
            {
                text.replacen(' ', &format!("\n{}", " ".repeat(column + deeper)), 1)
            } else {
                let lead = if lines[at].starts_with(' ') { "  " } else { "" };
                format!("{lead}{text}")
            };
        }
        let chomping = self.draft.rng.pick(&["", "", "-", "+"]);
        let digit = if is_explicit { deeper.to_string() } else { String::new() };
        let mut written = String::from(if is_folded { ">" } else { "|" });
        written.push_str(&if self.draft.rng.chance(50) {
            format!("{digit}{chomping}")
        } else {
            format!("{chomping}{digit}")
        });
        if self.draft.rng.chance(10) {
            written.push(' ');
            written.push_str(self.draft.rng.pick(COMMENTS));
        }
        for line in &lines {
            written.push('\n');
            if !line.is_empty() {
                written.push_str(&" ".repeat(column + deeper));
                written.push_str(line);
            }
        }
        let written = written.replace('\n', self.draft.newline);
        if is_touched {
            self.draft.touch(if is_folded { "folded" } else { "literal" }, &written);
        } else {
            self.draft.push(&written);
        }
        self.draft.newline();
        for _ in 0..self.draft.rng.pick(&[0, 0, 0, 1, 2]) {
            if self.draft.rng.chance(15) {
                let blanks = self.draft.rng.below(column + deeper + 1);
                self.indent(blanks);
            }
            self.draft.newline();
        }
        if deeper > 1 && !is_root && self.draft.rng.chance(5) {
            self.indent(column + 1);
            self.draft.push("# behind the block");
            self.draft.newline();
        }
    }
}
