//! Random trees with awkward keys, values and comments, the same for the same seed.

use redeem_host::sops::{Item, Plain, Rule, Selection, Store, Tree, Type, Value};

/// SplitMix64: enough for test data, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or_default()
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const KEYS: &[&str] = &[
    "a",
    "db",
    "password",
    "token_secret",
    "host_unencrypted",
    "data",
    "values",
    "yes",
    "1",
    "x y",
    "ñ",
    "a.b",
    "null",
    "K-1",
    "true",
    "é_secret",
    "note_unencrypted",
    "~x",
    "#k",
    "a: b",
    "",
    "0x1",
    "- d",
    "q'uo\"te",
    "y",
];

const TEXTS: &[&str] = &[
    "",
    "hunter2",
    "a b",
    " lead",
    "trail ",
    "a: b",
    "a #b",
    "# c",
    "- x",
    "yes",
    "null",
    "12",
    "0x1F",
    "1e3",
    "~",
    "2026-11-21",
    "12:30",
    "ñandú",
    "😀 grin",
    "tab\there",
    "line\nbreak",
    "two\nlines\n",
    "end\n\n",
    "\nlead",
    "  two\n blanks",
    "quote\"d",
    "it's",
    "back\\slash",
    "<a&b>",
    "{x}",
    "[y]",
    "%z",
    "@at",
    "`tick",
    "*star",
    "&amp",
    "!bang",
    "|pipe",
    ">gt",
    "a\u{2028}b",
    "nbsp\u{a0}x",
    "\u{1}",
    "ENC[AES256_GCM,nothing]",
    "a\r\nb",
    "\u{85}",
    "x:",
    ":x",
    "?",
    "-",
    "...",
    "---",
    "trail \nblank",
    "key=value=",
    "${HOME}",
    "'",
    "\"",
    "\u{feff}",
    "a very long text that goes on and on and on, longer than any line that an emitter would want to fold, and on",
];

const COMMENTS: &[&str] =
    &[" one", "two", " keep sops:clear", " sops:enc please", " # three", " with: colon", "!"];

/// A file to be: its store, what it holds, what is encrypted, and to how many of the recipients.
pub(crate) struct Case {
    pub(crate) store: Store,
    pub(crate) tree: Tree,
    pub(crate) selection: Selection,
    pub(crate) recipients: usize,
}

impl Case {
    pub(crate) fn new(seed: u64, most_recipients: usize) -> Self {
        let mut random = Random(seed);
        let store = *random.pick(&[
            Store::Yaml,
            Store::Yaml,
            Store::Yaml,
            Store::Json,
            Store::Json,
            Store::Dotenv,
            Store::Binary,
        ]);
        let rule = match store {
            Store::Binary => Rule::default(),
            Store::Yaml | Store::Dotenv => rule(&mut random, 6),
            // JSON has no comments to go by.
            _ => rule(&mut random, 4),
        };
        let selection =
            Selection::new("case", rule).unwrap_or_default().with_mac_only_encrypted(random.one_in(3));
        let mut making = Making { random, store, comments: store == Store::Yaml, is_in_list: false };
        let tree = making.tree();
        Self { store, tree, selection, recipients: 1 + making.random.below(most_recipients) }
    }

    /// The ending of a file of this store.
    pub(crate) fn ending(&self) -> &'static str {
        match self.store {
            Store::Yaml => "yaml",
            Store::Json => "json",
            Store::Dotenv => "env",
            Store::Ini => "ini",
            Store::Binary => "bin",
        }
    }
}

fn rule(random: &mut Random, kinds: usize) -> Rule {
    match random.below(kinds) {
        0 => Rule::UnencryptedSuffix("_unencrypted".to_owned()),
        1 => Rule::EncryptedSuffix("_secret".to_owned()),
        2 => Rule::UnencryptedRegex("^(host|note|a$|\\d)".to_owned()),
        3 => Rule::EncryptedRegex("^(data|values|password|a)$|[^\\w]".to_owned()),
        4 => Rule::UnencryptedCommentRegex("sops:clear".to_owned()),
        _ => Rule::EncryptedCommentRegex("sops:enc".to_owned()),
    }
}

struct Making {
    random: Random,
    store: Store,
    comments: bool,
    is_in_list: bool,
}

impl Making {
    fn tree(&mut self) -> Tree {
        match self.store {
            Store::Binary => {
                let length = 1 + self.random.below(200);
                let bytes: Vec<u8> = (0..length).map(|_| self.random.next().to_le_bytes()[0]).collect();
                let value = Value::Leaf(Plain::new(Type::Str, bytes));
                Tree::of_entries([("data".to_owned(), value)])
            }
            Store::Dotenv => Tree { documents: vec![self.lines()] },
            Store::Yaml if self.random.one_in(8) => {
                Tree { documents: vec![self.map(0), self.map(1), self.map(1)] }
            }
            _ => Tree { documents: vec![self.map(0)] },
        }
    }

    fn lines(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        for position in 0..1 + self.random.below(8) {
            if self.random.one_in(4) {
                items
                    .push(Item::Comment { text: (*self.random.pick(COMMENTS)).to_owned(), is_inline: false });
            }
            let suffix = self.random.pick(&["", "_unencrypted", "_secret"]);
            let text = self.random.pick(TEXTS);
            items.push(Item::Entry { key: format!("KEY_{position}{suffix}"), value: (*text).into() });
        }
        items
    }

    fn map(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut keys = Vec::new();
        let least = usize::from(depth == 0);
        for _ in 0..least + self.random.below(5) {
            let key = *self.random.pick(KEYS);
            if keys.contains(&key) {
                continue;
            }
            keys.push(key);
            self.comments(&mut items, 4);
            let value = self.value(depth + 1);
            if self.comments && self.random.one_in(8) && matches!(value, Value::Leaf(_) | Value::Null) {
                let text = (*self.random.pick(COMMENTS)).to_owned();
                items.push(Item::Comment { text, is_inline: true });
            }
            items.push(Item::Entry { key: key.to_owned(), value });
        }
        items
    }

    fn comments(&mut self, items: &mut Vec<Item>, one_in: usize) {
        while self.comments && self.random.one_in(one_in) {
            items.push(Item::Comment { text: (*self.random.pick(COMMENTS)).to_owned(), is_inline: false });
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.random.below(if depth > 3 { 8 } else { 11 }) {
            0 => Value::Null,
            1 => Value::Leaf(Plain::int(self.int())),
            2 => Value::Leaf(Plain::float(self.float())),
            3 => Value::Leaf(Plain::bool(self.random.one_in(2))),
            4 if self.store == Store::Yaml => Value::Leaf(Plain::new(
                Type::Time,
                *self.random.pick(&["2026-11-21T09:00:00Z", "1999-01-02T03:04:05.06+02:00"]),
            )),
            8 | 9 => Value::Map(self.map(depth)),
            10 => {
                let elements = (0..self.random.below(4)).map(|_| Item::Element(self.element(depth + 1)));
                Value::List(elements.collect())
            }
            _ => self.text().into(),
        }
    }

    /// In a list Go's `yaml.v3` writes a block that begins with a blank so that nobody can read it, and it loses its
    /// way with comments behind values: they come out somewhere else. Neither is of use in a test.
    fn element(&mut self, depth: usize) -> Value {
        let comments = std::mem::replace(&mut self.comments, false);
        let is_in_list = std::mem::replace(&mut self.is_in_list, true);
        let value = self.value(depth);
        (self.comments, self.is_in_list) = (comments, is_in_list);
        value
    }

    fn text(&mut self) -> &'static str {
        let text = *self.random.pick(TEXTS);
        if self.is_in_list && text.contains('\n') && text.starts_with(['\n', ' ']) { "moved" } else { text }
    }

    fn int(&mut self) -> i64 {
        *self.random.pick(&[0, 7, -12, 65_536, i64::MAX, i64::MIN, 9_007_199_254_740_993])
    }

    fn float(&mut self) -> f64 {
        *self.random.pick(&[0.5, -2.25, 1.5e-9, 3.25e22, 1e6, 1e21, 123_456_789.125, 0.1])
    }
}
