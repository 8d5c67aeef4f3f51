package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"

	"go.yaml.in/yaml/v3"
)

// strings that readers and writers get wrong.
var oddStrings = []string{
	"", " ", "x", "hunter2", "two words", " leading", "trailing  ", "tab\there", "yes", "no", "on", "y", "true", "True", "null", "~",
	"123", "-7", "0x1F", "017", "0o17", "0b11", "1_000", "1e3", ".5", "1.0", ".inf", ".nan", "+.inf", "12:30:45", "2001-12-14",
	"2001-12-14T21:59:43Z", "héllo wörld", "日本語", "emoji 😀 🔑", "Ελλάδα", "e\u0301", "multi\nline", "multi\nline\n", "a\n\nb\n\n",
	"\n", "\n\n", " \n x", "x\n  indented\n", "a\r\nb", "\ttab\n", "#no comment", "a: b", "a #b", "a:", ":", "-", "- x", "--", "---", "...",
	"? x", "{x}", "{}", "[]", "[x]", "&a", "*a", "!tag", "!!str x", "%x", "@x", "`x`", "|", ">", "|-\n x", "'single'", "\"double\"",
	"it's", "back\\slash", "\\n", "\\", "\u0001\u0002", "\u007f", "\u0085", "\u00a0", "\u2028", "\u2029", "\ufeff", "\u200b", "\ufffd",
	"<a href=\"x\">&amp;</a>", "=", "<<", "key=value", "$HOME ${x}", "a,b", "a, b", "https://user:pass@host:5432/db?a=1#x",
	"ENC", "ENC[", "a ENC[x]", "sops", "-----BEGIN KEY-----\nMIIB\nabc=\n-----END KEY-----\n",
	strings.Repeat("long words ", 30), strings.Repeat("x", 400), strings.Repeat("line\n", 12),
}

var oddKeys = []string{
	"a", "b", "db", "password", "data", "value", "note", "public", "list", "api_secret", "x_secret", "a_unencrypted", "b_clear",
	"UPPER", "with-dash", "with.dot", "with space", "with:colon", "ключ", "список", "日本", "123", "true", "null", "1.5", "~", "", "-", "#", "'", "\"",
	"<<x", "0x10", "sops_x", "data_clear", "2001-12-14", "y", "é", "a=b", "[0]", "{", "&", "*", "!", "%", "long_" + strings.Repeat("k", 90),
}

var comments = []string{
	" a comment", "tight", "", " # double", " sops:clear", " sops:enc", " sops: enc here", " trailing  ", " ключ é 😀", " key: value", "! bang", " \"quoted\" 'x'",
}

func pick[T any](random *rand.Rand, of []T) T {
	return of[random.Intn(len(of))]
}

// randomString is one of the odd ones, or made of runes from everywhere.
func randomString(random *rand.Rand) string {
	if random.Intn(3) > 0 {
		return pick(random, oddStrings)
	}
	alphabet := []rune("abcXYZ019 _-.:,#'\"\\/{}[]&*!|>%@`~=?<>\n\téü字😀\u00a0")
	text := make([]rune, random.Intn(24))
	for i := range text {
		text[i] = pick(random, alphabet)
	}
	return string(text)
}

func randomKeys(random *rand.Rand, count int) []string {
	seen, keys := map[string]bool{"sops": true}, []string{}
	for range count {
		key := pick(random, oddKeys)
		if random.Intn(3) == 0 {
			key = fmt.Sprintf("%s%d", pick(random, []string{"k", "data_", "note", "pub", "z_"}), random.Intn(50))
		}
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

func randomText(random *rand.Rand, ending string) []byte {
	switch ending {
	case ".yaml":
		return yamlText(random)
	case ".json":
		return []byte(jsonMap(random, 0))
	case ".env":
		return dotenvText(random)
	case ".ini":
		return iniText(random)
	}
	return binaryText(random)
}

func yamlText(random *rand.Rand) []byte {
	writer := &yamlWriter{random: random}
	documents := 1
	if random.Intn(5) == 0 {
		documents += 1 + random.Intn(2)
	}
	for document := range documents {
		writer.anchors = nil
		if document > 0 || random.Intn(8) == 0 {
			writer.WriteString("---\n")
		}
		if random.Intn(5) == 0 {
			writer.WriteString("#" + pick(random, comments) + "\n\n")
		}
		writer.aMap(0, 1+random.Intn(7))
		if random.Intn(6) == 0 {
			writer.WriteString("#" + pick(random, comments) + "\n")
		}
	}
	return writer.Bytes()
}

type yamlWriter struct {
	bytes.Buffer
	random  *rand.Rand
	anchors []string
}

func (writer *yamlWriter) comment(indent int, chance int) {
	for writer.random.Intn(chance) == 0 {
		if writer.random.Intn(4) == 0 {
			writer.WriteString("\n")
		}
		fmt.Fprintf(writer, "%s#%s\n", strings.Repeat(" ", indent), pick(writer.random, comments))
	}
}

// endOfLine may put a comment behind a value.
func (writer *yamlWriter) endOfLine() {
	if writer.random.Intn(7) == 0 {
		writer.WriteString(" #" + pick(writer.random, comments))
	}
	writer.WriteString("\n")
}

func (writer *yamlWriter) aMap(indent, count int) {
	for i, key := range randomKeys(writer.random, count+1) {
		writer.comment(indent, 6)
		if i > 0 && writer.random.Intn(9) == 0 {
			writer.WriteString("\n")
		}
		writer.WriteString(strings.Repeat(" ", indent) + yamlKey(writer.random, key) + ":")
		writer.value(indent, false)
	}
	writer.comment(indent, 10)
}

func (writer *yamlWriter) aList(indent, count int) {
	for range count + 1 {
		writer.comment(indent, 8)
		writer.WriteString(strings.Repeat(" ", indent) + "-")
		writer.value(indent, true)
	}
	writer.comment(indent, 12)
}

func (writer *yamlWriter) value(indent int, inList bool) {
	random, deep := writer.random, indent > 8
	step := 1 + random.Intn(4)
	switch choice := random.Intn(20); {
	case choice < 3 && !deep:
		writer.endOfLine()
		writer.aMap(indent+step, random.Intn(4))
	case choice < 5 && !deep:
		writer.endOfLine()
		// A list in a map may stand as far left as its key.
		if inList || random.Intn(2) == 0 {
			indent += step
		}
		writer.aList(indent, random.Intn(4))
	case choice == 5:
		writer.WriteString(pick(random, []string{" {}", " []", " { }", " [ ]"}))
		writer.endOfLine()
	case choice == 6:
		writer.WriteString(" " + writer.flow(0))
		writer.endOfLine()
	case choice == 7 && len(writer.anchors) > 0:
		writer.WriteString(" *" + pick(random, writer.anchors))
		writer.endOfLine()
	default:
		if random.Intn(16) == 0 {
			name := fmt.Sprintf("a%d", len(writer.anchors))
			writer.anchors = append(writer.anchors, name)
			writer.WriteString(" &" + name)
		}
		if text := writer.block(indent); text != "" {
			writer.WriteString(text)
			return
		}
		writer.WriteString(" " + yamlScalar(random, false))
		writer.endOfLine()
	}
}

// block may write a literal or folded block, its end of line included.
func (writer *yamlWriter) block(indent int) string {
	random := writer.random
	if random.Intn(8) > 0 {
		return ""
	}
	text := strings.TrimLeft(randomString(random), " \t\n")
	for _, line := range strings.Split(text, "\n") {
		if strings.ContainsFunc(line, func(char rune) bool { return char < ' ' || char == 0x7f || char == 0x85 || char == 0xfeff }) {
			return ""
		}
	}
	if text == "" || strings.ContainsAny(text, "\u2028\u2029") {
		return ""
	}
	lines := strings.Repeat(" ", indent+2) + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+strings.Repeat(" ", indent+2))
	return pick(random, []string{" |", " |-", " |+", " >", " >-", " |2", " >+"}) + "\n" + lines + "\n" + strings.Repeat("\n", random.Intn(2))
}

func (writer *yamlWriter) flow(depth int) string {
	random, parts := writer.random, []string{}
	isMap := random.Intn(2) == 0
	for _, key := range randomKeys(random, random.Intn(4)) {
		value := yamlScalar(random, true)
		if depth < 2 && random.Intn(4) == 0 {
			value = writer.flow(depth + 1)
		}
		if isMap {
			value = quoted(key) + ": " + value
		}
		parts = append(parts, value)
	}
	if isMap {
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded)
}

func yamlKey(random *rand.Rand, key string) string {
	if random.Intn(3) > 0 && plainIs(key+": 1", key, true) {
		return key
	}
	if random.Intn(2) == 0 && !strings.ContainsAny(key, "\n") {
		return "'" + strings.ReplaceAll(key, "'", "''") + "'"
	}
	return quoted(key)
}

// plainIs tells whether a text without quotes says just what it shows.
func plainIs(document, text string, isKey bool) bool {
	var node yaml.Node
	if yaml.Unmarshal([]byte(document), &node) != nil || len(node.Content) != 1 || len(node.Content[0].Content) != 2 {
		return false
	}
	found := node.Content[0].Content[1]
	if isKey {
		found = node.Content[0].Content[0]
	}
	return found.Kind == yaml.ScalarNode && found.ShortTag() == "!!str" && found.Value == text &&
		found.HeadComment+found.LineComment+found.FootComment == ""
}

var yamlNumbers = []string{
	"0", "7", "-1", "+3", "0x1F", "0X1f", "-0x10", "0o17", "017", "0b101", "1_000", "9223372036854775807", "-9223372036854775808", "4294967296",
	"9007199254740993", "1.0", "0.5", "-0.0", "1e3", "1E+3", "1e21", "1e-7", "3.14159", ".5", "5.", "6.02e23", "1.7976931348623157e308", "5e-324",
	"-1.5", "0.1", "123456789.123456789", "1e100", "1_0.5", "08", "0.30000000000000004", "123456789012345678901234567890", ".inf", "-.inf", ".nan", ".Inf",
}

var yamlOthers = []string{
	"true", "false", "True", "FALSE", "yes", "no", "on", "Off", "y", "N", "null", "~", "Null", "", "NULL", "2001-12-14", "2001-12-14t21:59:43.10-05:00",
	"2001-12-14 21:59:43.10 -5", "2002-12-14T00:00:00Z", "2015-02-24T18:19:39.12Z", "2001-1-1", "2001-12-14 21:59:43", "!!str 123", "!!float 3", "!!int \"7\"", "!!binary aGVsbG8=",
	"!custom tagged", "! 12", "!!str", "!!null \"\"", "plain words here", "a:b", "x#y", "12:30", "1.2.3", "0xZZ", "=", "1__0",
}

func yamlScalar(random *rand.Rand, inFlow bool) string {
	switch random.Intn(6) {
	case 0:
		return pick(random, yamlNumbers)
	case 1:
		text := pick(random, yamlOthers)
		if inFlow && (text == "" || strings.HasPrefix(text, "!")) {
			return "null"
		}
		return text
	}
	text := randomString(random)
	if random.Intn(3) > 0 && !inFlow && plainIs("a: "+text, text, false) {
		return text
	}
	isPrintable := !strings.ContainsFunc(text, func(char rune) bool { return char < ' ' || char == 0x7f || char == 0x85 || char == 0xfeff })
	if random.Intn(2) == 0 && isPrintable && !strings.ContainsAny(text, "\u2028\u2029") {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return quoted(text)
}

func jsonMap(random *rand.Rand, depth int) string {
	parts := []string{}
	for _, key := range randomKeys(random, random.Intn(7)+map[bool]int{true: 1}[depth == 0]) {
		parts = append(parts, quoted(key)+pick(random, []string{":", ": ", " :\n"})+jsonValue(random, depth+1))
	}
	return "{" + strings.Join(parts, pick(random, []string{",", ", ", ",\n  "})) + "}"
}

var jsonNumbers = []string{
	"0", "7", "-1", "-0", "-0.0", "1.0", "0.5", "1e3", "1E+2", "1e-7", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "9007199254740993",
	"123456789012345678901234567890", "0.1", "0.30000000000000004", "1.7976931348623157e308", "5e-324", "1e21", "1e20", "3.141592653589793", "100000000000000000000.5", "2.50",
}

func jsonValue(random *rand.Rand, depth int) string {
	switch choice := random.Intn(14); {
	case choice < 2 && depth < 5:
		return jsonMap(random, depth)
	case choice < 4 && depth < 5:
		parts := []string{}
		for range random.Intn(4) {
			parts = append(parts, jsonValue(random, depth+1))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case choice == 4:
		return pick(random, []string{"true", "false", "null"})
	case choice < 8:
		return pick(random, jsonNumbers)
	case choice == 8:
		return pick(random, []string{`"\u00e9\ud83d\ude00\/"`, `"\b\f\n\r\t"`, `"\u0000"`, `"\u2028<>&"`, `"\ud800"`, `"\"\\"`})
	}
	return quoted(randomString(random))
}

func dotenvText(random *rand.Rand) []byte {
	text := bytes.Buffer{}
	for _, key := range randomKeys(random, 1+random.Intn(9)) {
		for random.Intn(5) == 0 {
			text.WriteString("#" + pick(random, comments) + "\n" + strings.Repeat("\n", random.Intn(2)))
		}
		if key == "" || strings.HasPrefix(key, "#") || strings.HasPrefix(key, "sops_") || strings.Contains(key, "=") {
			continue
		}
		value := strings.ReplaceAll(randomString(random), "\n", `\n`)
		if random.Intn(4) == 0 {
			value = pick(random, []string{`"quoted"`, `'single'`, `a=b=c`, ` spaced `, "with\rreturn", "end\r", `\\n`, `\t`, `${X:-y}`, `x # not a comment`})
		}
		fmt.Fprintf(&text, "%s%s=%s\n", pick(random, []string{"", "", "", "export "}), key, value)
	}
	content := text.Bytes()
	if random.Intn(4) == 0 {
		content = bytes.TrimSuffix(content, []byte("\n"))
	}
	return content
}

func iniText(random *rand.Rand) []byte {
	text := bytes.Buffer{}
	for section, name := range randomKeys(random, 1+random.Intn(4)) {
		if strings.ContainsAny(name, "[]#;\"'`=") || strings.TrimSpace(name) == "" {
			continue
		}
		if section > 0 || random.Intn(2) == 0 {
			if random.Intn(4) == 0 {
				text.WriteString(pick(random, []string{";", "#"}) + pick(random, comments) + "\n")
			}
			fmt.Fprintf(&text, "[%s]\n", name)
		}
		for _, key := range randomKeys(random, 1+random.Intn(4)) {
			if strings.ContainsAny(key, "[]#;\"'`=:{}\\-") || strings.TrimSpace(key) == "" {
				continue
			}
			if random.Intn(5) == 0 {
				text.WriteString(pick(random, []string{"; ", "# "}) + strings.TrimSpace(pick(random, comments)) + "\n")
			}
			value := randomString(random)
			if strings.ContainsAny(value, "\n\r\\`\"';#%") || strings.TrimSpace(value) != value {
				value = pick(random, []string{"plain", "a b", "x=y", "123", "true", "", "é"})
			}
			fmt.Fprintf(&text, "%s%s%s\n", key, pick(random, []string{"=", " = "}), value)
		}
	}
	return text.Bytes()
}

func binaryText(random *rand.Rand) []byte {
	if random.Intn(2) == 0 {
		return []byte(randomString(random))
	}
	content := make([]byte, random.Intn(200))
	random.Read(content)
	return content
}
