//! A tree becomes YAML as `sops` writes it: the emitter of Go's `yaml.v3`, as far as block style goes.
//!
//! Where comments end up is full of corners there; each step here has the name of the function that it follows, so
//! that the two can be laid side by side.

use super::style::{self, Written};
use crate::sops::{Item, Plain, Tree, Type, Value, number};

/// What `sops` indents by.
const INDENT: i32 = 4;

/// Writes all documents of a tree.
pub(in crate::sops) fn emit(tree: &Tree) -> String {
    emit_with(tree, false)
}

/// Writes all documents of a tree with quotes where `sops` would write a block.
pub(in crate::sops) fn emit_carefully(tree: &Tree) -> String {
    emit_with(tree, true)
}

fn emit_with(tree: &Tree, is_careful: bool) -> String {
    let mut emitter = Emitter {
        is_careful,
        out: String::new(),
        column: 0,
        indent: -1,
        indents: Vec::new(),
        whitespace: true,
        indention: true,
        open_ended: false,
        foot_indent: -1,
        head: String::new(),
        line: String::new(),
        foot: String::new(),
        tail: String::new(),
    };
    for (position, items) in tree.documents.iter().enumerate() {
        emitter.document(&node_of_map(items), position == 0);
    }
    if emitter.open_ended {
        emitter.indicator("...", true, false, false);
        emitter.write_indent();
    }
    emitter.out
}

/// A node of `yaml.v3` with the comments that `sops` gives it.
struct Node {
    kind: Kind,
    head: String,
    line: String,
    foot: String,
}

enum Kind {
    Scalar(String, Written),
    Map(Vec<(Node, Node)>),
    List(Vec<Node>),
}

impl Node {
    fn new(kind: Kind) -> Self {
        Self { kind, head: String::new(), line: String::new(), foot: String::new() }
    }
}

/// Joins comments as `addCommentsHead` and its like do, and forgets them.
fn take_comments(comments: &mut Vec<&str>, into: &mut String, goes_before: bool) {
    if comments.is_empty() {
        return;
    }
    let joined = format!("#{}", comments.join("\n#"));
    comments.clear();
    *into = match (into.is_empty(), goes_before) {
        (true, _) => joined,
        (false, true) => format!("{joined}\n{into}"),
        (false, false) => format!("{into}\n{joined}"),
    };
}

/// `appendTreeBranch` of the YAML store.
fn node_of_map(items: &[Item]) -> Node {
    let mut map = Node::new(Kind::Map(Vec::new()));
    let mut pairs: Vec<(Node, Node)> = Vec::new();
    let (mut heads, mut inlines) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Comment { text, is_inline: true } => inlines.push(text.as_str()),
            Item::Comment { text, is_inline: false } => heads.push(text.as_str()),
            Item::Entry { key, value } => {
                if pairs.is_empty() {
                    take_comments(&mut heads, &mut map.head, true);
                }
                let mut key = scalar(key, true);
                take_comments(&mut heads, &mut key.head, true);
                let mut value = node_of(value);
                take_comments(&mut inlines, &mut value.line, false);
                pairs.push((key, value));
            }
            Item::Element(_) => {}
        }
    }
    heads.append(&mut inlines);
    match pairs.last_mut() {
        Some((key, _)) => take_comments(&mut heads, &mut key.foot, false),
        None => take_comments(&mut heads, &mut map.head, true),
    }
    map.kind = Kind::Map(pairs);
    map
}

/// `appendSequence` of the YAML store.
fn node_of_list(items: &[Item]) -> Node {
    let mut list = Node::new(Kind::List(Vec::new()));
    let mut nodes: Vec<Node> = Vec::new();
    let (mut heads, mut inlines) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Comment { text, is_inline: true } => inlines.push(text.as_str()),
            Item::Comment { text, is_inline: false } => heads.push(text.as_str()),
            Item::Element(value) => {
                if nodes.is_empty() {
                    take_comments(&mut heads, &mut list.head, true);
                }
                let mut node = node_of(value);
                take_comments(&mut heads, &mut node.head, true);
                take_comments(&mut inlines, &mut node.line, false);
                nodes.push(node);
            }
            Item::Entry { .. } => {}
        }
    }
    heads.append(&mut inlines);
    match nodes.last_mut() {
        Some(node) => take_comments(&mut heads, &mut node.foot, false),
        None => take_comments(&mut heads, &mut list.head, true),
    }
    list.kind = Kind::List(nodes);
    list
}

fn node_of(value: &Value) -> Node {
    match value {
        Value::Map(items) => node_of_map(items),
        Value::List(items) => node_of_list(items),
        Value::Leaf(plain) => leaf(plain),
        Value::Null => Node::new(Kind::Scalar("null".to_owned(), Written::Plain)),
    }
}

fn scalar(text: &str, is_key: bool) -> Node {
    let mut written = style::of_text(text, is_key);
    if is_key && written == Written::Double && style::analyse(text).is_multiline {
        // Such a key is no simple one, and stands behind a question mark, where a block may be.
        written = style::of_text(text, false);
    }
    Node::new(Kind::Scalar(text.to_owned(), written))
}

fn leaf(plain: &Plain) -> Node {
    let text = String::from_utf8_lossy(&plain.bytes);
    match plain.r#type {
        Type::Str | Type::Bytes | Type::Comment => scalar(&text, false),
        Type::Int | Type::Time => Node::new(Kind::Scalar(text.into_owned(), Written::Plain)),
        Type::Bool => Node::new(Kind::Scalar(text.to_ascii_lowercase(), Written::Plain)),
        Type::Float => Node::new(Kind::Scalar(yaml_float(&text), Written::Plain)),
    }
}

/// `floatv` of `encode.go`: `strconv.FormatFloat(x, 'g', -1, 64)`, and YAML's own words.
pub(in crate::sops) fn yaml_float(canonical: &str) -> String {
    match canonical {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        _ => number::parse_float(canonical)
            .map_or_else(String::new, |number| number::float_general(number, 'e')),
    }
}

#[expect(clippy::struct_excessive_bools, reason = "they are the state of the emitter that this follows")]
struct Emitter {
    /// Whether quotes take the place of blocks.
    is_careful: bool,
    out: String,
    column: i32,
    indent: i32,
    indents: Vec<i32>,
    whitespace: bool,
    indention: bool,
    open_ended: bool,
    foot_indent: i32,
    head: String,
    line: String,
    foot: String,
    tail: String,
}

impl Emitter {
    fn put(&mut self, letter: char) {
        self.out.push(letter);
        self.column += 1;
    }

    fn put_str(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.indention = true;
    }

    fn write(&mut self, letter: char) {
        match letter {
            '\n' => self.put_break(),
            letter if style::is_break(letter) => {
                self.out.push(letter);
                self.column = 0;
                self.indention = true;
            }
            letter => self.put(letter),
        }
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        if self.foot_indent == indent {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.foot_indent = -1;
    }

    fn indicator(&mut self, text: &str, needs_whitespace: bool, is_whitespace: bool, is_indention: bool) {
        if needs_whitespace && !self.whitespace {
            self.put(' ');
        }
        self.put_str(text);
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
        self.open_ended = false;
    }

    /// `yaml_emitter_increase_indent`
    fn increase_indent(&mut self, is_flow: bool, is_in_list: bool) {
        self.indents.push(self.indent);
        if self.indent < 0 {
            self.indent = if is_flow { INDENT } else { 0 };
        } else if is_in_list {
            self.indent += 2;
        } else {
            self.indent = INDENT * ((self.indent + INDENT) / INDENT);
        }
    }

    fn decrease_indent(&mut self) {
        self.indent = self.indents.pop().unwrap_or(-1);
    }

    /// `yaml_emitter_write_comment`
    fn write_comment(&mut self, comment: &str) {
        let mut breaks = false;
        let mut pound = false;
        for letter in comment.chars() {
            if style::is_break(letter) {
                self.write(letter);
                breaks = true;
                pound = false;
                continue;
            }
            if breaks {
                self.write_indent();
            }
            if !pound {
                if letter != '#' {
                    self.put_str("# ");
                }
                pound = true;
            }
            self.put(letter);
            self.indention = false;
            breaks = false;
        }
        if !breaks {
            self.put_break();
        }
        self.whitespace = true;
    }

    /// `yaml_emitter_process_head_comment`
    fn process_head(&mut self) {
        if !self.tail.is_empty() {
            self.write_indent();
            let tail = std::mem::take(&mut self.tail);
            self.write_comment(&tail);
            self.foot_indent = self.indent.max(0);
        }
        if !self.head.is_empty() {
            self.write_indent();
            let head = std::mem::take(&mut self.head);
            self.write_comment(&head);
        }
    }

    /// `yaml_emitter_process_line_comment_linebreak`
    fn process_line(&mut self, needs_break: bool) {
        if self.line.is_empty() {
            if needs_break {
                self.put_break();
            }
            return;
        }
        if !self.whitespace {
            self.put(' ');
        }
        let line = std::mem::take(&mut self.line);
        self.write_comment(&line);
    }

    /// `yaml_emitter_process_foot_comment`
    fn process_foot(&mut self) {
        if self.foot.is_empty() {
            return;
        }
        self.write_indent();
        let foot = std::mem::take(&mut self.foot);
        self.write_comment(&foot);
        self.foot_indent = self.indent.max(0);
    }

    /// The comments that an event brings (`yaml_emitter_analyze_event`).
    fn bring(&mut self, head: &str, line: &str, foot: &str, tail: &str) {
        for (into, comment) in
            [(&mut self.head, head), (&mut self.line, line), (&mut self.foot, foot), (&mut self.tail, tail)]
        {
            if !comment.is_empty() {
                comment.clone_into(into);
            }
        }
    }

    fn document(&mut self, root: &Node, is_first: bool) {
        if !is_first {
            self.write_indent();
            self.indicator("---", true, false, false);
            self.write_indent();
        }
        self.start(root);
        self.process_head();
        self.process_line(false);
        self.process_foot();
        self.node_rest(root, false);
        // The document's end.
        self.foot_indent = 0;
        self.process_foot();
        self.foot_indent = -1;
        self.write_indent();
    }

    /// The event that begins a node brings its comments; a collection's line and foot come with its end.
    fn start(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar(..) => self.bring(&node.head, &node.line, &node.foot, ""),
            _ => self.bring(&node.head, "", "", ""),
        }
    }

    /// The entries of a collection and its end.
    fn node_rest(&mut self, node: &Node, is_in_list: bool) {
        match &node.kind {
            Kind::Scalar(..) => {}
            Kind::Map(pairs) if pairs.is_empty() => self.empty(node, "{", "}", is_in_list),
            Kind::List(nodes) if nodes.is_empty() => self.empty(node, "[", "]", is_in_list),
            Kind::Map(pairs) => self.map(node, pairs, is_in_list),
            Kind::List(nodes) => self.list(node, nodes, is_in_list),
        }
    }

    /// `yaml_emitter_emit_flow_mapping_key` and its like for lists, with nothing in them.
    fn empty(&mut self, node: &Node, open: &str, close: &str, is_in_list: bool) {
        self.bring("", &node.line, &node.foot, "");
        self.indicator(open, true, true, false);
        self.increase_indent(true, is_in_list);
        self.process_head();
        self.decrease_indent();
        self.indicator(close, false, false, false);
        self.process_line(false);
        self.process_foot();
    }

    /// `yaml_emitter_emit_block_mapping_key` and `…_value`
    fn map(&mut self, node: &Node, pairs: &[(Node, Node)], is_in_list: bool) {
        self.increase_indent(false, is_in_list);
        let mut tail = "";
        for (key, value) in pairs {
            self.bring(&key.head, &key.line, "", tail);
            tail = &key.foot;
            self.process_head();
            self.write_indent();
            if let Kind::Scalar(text, written) = &key.kind {
                if !style::analyse(text).is_multiline && text.len() <= 128 {
                    self.scalar(text, *written, false);
                    self.indicator(":", false, false, false);
                } else {
                    self.indicator("?", true, false, true);
                    self.scalar(text, *written, false);
                    self.write_indent();
                    self.indicator(":", true, false, true);
                }
            }
            self.start(value);
            self.value(value, false);
        }
        self.bring("", &node.line, &node.foot, tail);
        self.process_head();
        self.decrease_indent();
    }

    /// `yaml_emitter_emit_block_sequence_item`
    fn list(&mut self, node: &Node, nodes: &[Node], is_in_list: bool) {
        self.increase_indent(false, is_in_list);
        for item in nodes {
            self.start(item);
            self.process_head();
            self.write_indent();
            self.indicator("-", true, false, true);
            self.value(item, true);
        }
        self.bring("", &node.line, &node.foot, "");
        self.decrease_indent();
    }

    fn value(&mut self, value: &Node, is_in_list: bool) {
        if let Kind::Scalar(text, written) = &value.kind {
            self.scalar(text, *written, is_in_list);
        }
        self.process_line(false);
        self.process_foot();
        self.node_rest(value, is_in_list);
    }

    fn scalar(&mut self, text: &str, written: Written, is_in_list: bool) {
        self.increase_indent(true, is_in_list);
        match written {
            Written::Literal if self.is_careful => {
                let quoted = style::double_quoted(text);
                self.indicator(&quoted, true, false, false);
            }
            Written::Plain => {
                if !text.is_empty() && !self.whitespace {
                    self.put(' ');
                }
                self.put_str(text);
                self.whitespace = false;
                self.indention = false;
            }
            Written::Single => self.single(text),
            Written::Double => {
                let quoted = style::double_quoted(text);
                self.indicator(&quoted, true, false, false);
                self.indention = false;
            }
            Written::Literal => self.literal(text),
        }
        self.decrease_indent();
    }

    /// `yaml_emitter_write_single_quoted_scalar`, a text with a line break of YAML 1.1 included.
    fn single(&mut self, text: &str) {
        self.indicator("'", true, false, false);
        let mut breaks = false;
        for letter in text.chars() {
            if style::is_break(letter) {
                if !breaks && letter == '\n' {
                    self.put_break();
                }
                self.write(letter);
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
            }
            if letter == '\'' {
                self.put('\'');
            }
            self.put(letter);
            self.indention = false;
            breaks = false;
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// `yaml_emitter_write_literal_scalar` with its hints
    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|letter: char| letter == ' ' || style::is_break(letter)) {
            self.indicator("4", false, false, false);
        }
        self.open_ended = false;
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(style::is_break), from_end.next()) {
            (false, _) => self.indicator("-", false, false, false),
            (true, before) if before.is_none_or(style::is_break) => {
                self.indicator("+", false, false, false);
                self.open_ended = true;
            }
            _ => {}
        }
        let is_open_ended = self.open_ended;
        self.process_line(true);
        self.whitespace = true;
        let mut breaks = true;
        for letter in text.chars() {
            if style::is_break(letter) {
                self.write(letter);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(letter);
                self.indention = false;
                breaks = false;
            }
        }
        self.open_ended = is_open_ended;
    }
}
