//! Random trees, full of what readers and writers get wrong.

use redeem_host::sops::{Item, Plain, Rule, Selection, Store, Tree, Type, Value};

use crate::chance::Chance;

const TEXTS: [&str; 104] = [
    "",
    " ",
    "x",
    "hunter2",
    "two words",
    " leading",
    "trailing  ",
    "tab\there",
    "yes",
    "no",
    "on",
    "y",
    "true",
    "True",
    "null",
    "~",
    "123",
    "-7",
    "0x1F",
    "017",
    "0o17",
    "0b11",
    "1_000",
    "1e3",
    ".5",
    "1.0",
    ".inf",
    ".nan",
    "+.inf",
    "12:30:45",
    "2001-12-14",
    "2001-12-14T21:59:43Z",
    "héllo wörld",
    "日本語",
    "emoji 😀 🔑",
    "Ελλάδα",
    "e\u{301}",
    "multi\nline",
    "multi\nline\n",
    "a\n\nb\n\n",
    "\n",
    "\n\n",
    " \n x",
    "x\n  indented\n",
    "a\r\nb",
    "\ttab\n",
    "#no comment",
    "a: b",
    "a #b",
    "a:",
    ":",
    "-",
    "- x",
    "--",
    "---",
    "...",
    "? x",
    "{x}",
    "{}",
    "[]",
    "[x]",
    "&a",
    "*a",
    "!tag",
    "%x",
    "@x",
    "`x`",
    "|",
    ">",
    "|-\n x",
    "'single'",
    "\"double\"",
    "it's",
    "back\\slash",
    "\\",
    "\u{1}\u{2}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{200b}",
    "\u{fffd}",
    "<a href=\"x\">&amp;</a>",
    "=",
    "<<",
    "key=value",
    "$HOME ${x}",
    "a,b",
    "https://user:pass@host:5432/db?a=1#x",
    "ENC",
    "ENC[",
    "a ENC[x]",
    "sops",
    "-----BEGIN KEY-----\nMIIB\nabc=\n-----END KEY-----\n",
    "\0",
    "a\tb\n",
    "x \ny",
    "\n leading line",
    "\u{10ffff}",
    "\r",
    "x\n",
    "0",
    "1",
];

const KEYS: [&str; 50] = [
    "a",
    "b",
    "db",
    "password",
    "data",
    "value",
    "note",
    "public",
    "list",
    "api_secret",
    "x_secret",
    "a_unencrypted",
    "b_clear",
    "UPPER",
    "with-dash",
    "with.dot",
    "with space",
    "with:colon",
    "ключ",
    "список",
    "日本",
    "123",
    "true",
    "null",
    "1.5",
    "~",
    "-",
    "'",
    "\"",
    "<<",
    "0x10",
    "sops_x",
    "data_clear",
    "2001-12-14",
    "y",
    "é",
    "a=b",
    "[0]",
    "{",
    "&",
    "*",
    "!",
    "%",
    "#",
    "yes",
    "key: value",
    " lead",
    "trail ",
    "0o7",
    ".inf",
];

const COMMENTS: [&str; 12] = [
    " a comment",
    "tight",
    "",
    " # double",
    " sops:clear",
    " sops:enc",
    " sops: enc here",
    " ключ é 😀",
    " key: value",
    "! bang",
    " \"quoted\" 'x'",
    "#",
];

const TIMES: [&str; 4] = [
    "2001-12-14T00:00:00Z",
    "2001-12-14T21:59:43.1-05:00",
    "2015-02-24T18:19:39.12Z",
    "1970-01-01T00:00:00Z",
];

/// A tree that a store can hold.
pub(crate) fn tree(chance: &mut Chance, store: Store, selection: &Selection) -> Tree {
    let mut grower = Grower { chance, store, selection };
    let documents =
        if store == Store::Yaml && grower.chance.below(5) == 0 { 2 + grower.chance.below(2) } else { 1 };
    Tree { documents: (0..documents).map(|_| grower.document()).collect() }
}

/// A value that a store can hold.
pub(crate) fn plain(chance: &mut Chance, store: Store, is_clear: bool) -> Plain {
    match (store, chance.below(9)) {
        (Store::Yaml | Store::Json, 0) => {
            let number = i64::from_ne_bytes(chance.bits().to_ne_bytes());
            Plain::int(if chance.below(2) == 0 { number } else { number.wrapping_neg() })
        }
        (Store::Yaml | Store::Json, 1) => Plain::float(float(chance)),
        (Store::Yaml | Store::Json, 2) => Plain::bool(chance.below(2) == 0),
        (Store::Yaml, 3) => Plain::new(Type::Time, *chance.pick(&TIMES)),
        (Store::Binary, 0..6) if !is_clear => {
            let length = chance.below(200);
            Plain::new(Type::Str, (0..length).map(|_| chance.bits().to_le_bytes()[0]).collect::<Vec<_>>())
        }
        _ => Plain::str(text(chance, store)),
    }
}

fn float(chance: &mut Chance) -> f64 {
    let odd = [
        0.0,
        1.0,
        0.5,
        -1.5,
        1e21,
        1e20,
        1e-7,
        5e-324,
        f64::MAX,
        0.1,
        9_007_199_254_740_993.0,
        123_456_789.123_456_79,
    ];
    let any = f64::from_bits(chance.bits());
    if chance.below(3) == 0 && any.is_finite() { any } else { *chance.pick(&odd) }
}

fn text(chance: &mut Chance, store: Store) -> String {
    let mut text = if chance.below(3) > 0 {
        (*chance.pick(&TEXTS)).to_owned()
    } else {
        let alphabet: Vec<char> = "abcXYZ019 _-.:,#'\"\\/{}[]&*!|>%@`~=?<>\n\téü字😀\u{a0}".chars().collect();
        (0..chance.below(24)).map(|_| *chance.pick(&alphabet)).collect()
    };
    if chance.below(12) == 0 {
        text = text.repeat(1 + chance.below(60));
    }
    // A backslash before an n cannot be told from the end of a line in dotenv.
    if store == Store::Dotenv { text.replace("\\n", "\\_") } else { text }
}

struct Grower<'g> {
    chance: &'g mut Chance,
    store: Store,
    selection: &'g Selection,
}

impl Grower<'_> {
    fn document(&mut self) -> Vec<Item> {
        if self.store == Store::Binary {
            let is_clear = !self.selection.covers_keys(["data"].into_iter());
            let value = Value::Leaf(plain(self.chance, self.store, is_clear));
            return vec![Item::Entry { key: "data".to_owned(), value }];
        }
        let count = 1 + self.chance.below(8);
        self.map(count, 0)
    }

    fn map(&mut self, count: usize, depth: usize) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for _ in 0..count {
            let mut key = (*self.chance.pick(&KEYS)).to_owned();
            if self.chance.below(3) == 0 {
                key = format!(
                    "{}{}",
                    self.chance.pick(&["k", "data_", "note", "pub", "z_"]),
                    self.chance.below(50)
                );
            }
            if self.store == Store::Dotenv
                && (key.starts_with("sops_") || key.contains('=') || key.starts_with('#'))
            {
                continue;
            }
            if items.iter().any(|item| matches!(item, Item::Entry { key: other, .. } if *other == key)) {
                continue;
            }
            let is_first = items.is_empty();
            let value = self.value(depth);
            self.comments(&mut items, &value, is_first && depth > 0);
            items.push(Item::Entry { key, value });
        }
        items
    }

    fn list(&mut self, count: usize, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        for position in 0..count {
            let value = self.value(depth);
            self.comments(&mut items, &value, position == 0);
            items.push(Item::Element(value));
        }
        items
    }

    /// Comments where a text that is read again has them in the same place.
    fn comments(&mut self, items: &mut Vec<Item>, value: &Value, is_first: bool) {
        if !matches!(self.store, Store::Yaml | Store::Dotenv) {
            return;
        }
        while !is_first && self.chance.below(6) == 0 {
            items.push(Item::Comment { text: self.comment(), is_inline: false });
        }
        let is_short = matches!(value, Value::Leaf(plain) if !plain.bytes.contains(&b'\n'));
        if self.store == Store::Yaml && is_short && self.chance.below(8) == 0 {
            items.push(Item::Comment { text: self.comment(), is_inline: true });
        }
    }

    fn comment(&mut self) -> String {
        (*self.chance.pick(&COMMENTS)).to_owned()
    }

    fn value(&mut self, depth: usize) -> Value {
        let is_nested = matches!(self.store, Store::Yaml | Store::Json);
        match self.chance.below(10) {
            0 | 1 if is_nested && depth < 4 => {
                let count = self.chance.below(4);
                Value::Map(self.map(count, depth + 1))
            }
            2 | 3 if is_nested && depth < 4 => {
                let count = self.chance.below(4);
                Value::List(self.list(count, depth + 1))
            }
            4 if is_nested && self.chance.below(2) == 0 => Value::Null,
            _ => Value::Leaf(plain(self.chance, self.store, self.selection.rule() != &Rule::default())),
        }
    }
}
