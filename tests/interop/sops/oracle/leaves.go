package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
)

// Leaf is a value or a comment of a tree, as sops sees it.
//
// Path holds keys as strings and positions as numbers; comments do not count as positions, and have the
// path of what they stand in. An empty map or list is a leaf of the type "map" or "list".
type Leaf struct {
	Document int    `json:"document"`
	Path     []any  `json:"path"`
	Type     string `json:"type"`
	Bytes    []byte `json:"bytes"`
	// Unopened marks a comment that sops leaves encrypted: it moved to another place when it was written.
	Unopened bool `json:"unopened,omitempty"`
	// clear tells that it stood in the file as it is. Then 1.0 may stand there as 1.
	clear bool
}

// Expected is what a file holds. The side that wrote the file writes it beside, the other one compares.
type Expected struct {
	// Selector is the metadata's field and its text.
	Selector         [2]string `json:"selector"`
	MACOnlyEncrypted bool      `json:"mac_only_encrypted"`
	Recipients       []string  `json:"recipients"`
	// Comments are compared "in order" with the values, or "apart" from them, or not at all.
	Comments string `json:"comments"`
	// Emits tells that sops would write the very bytes of the file.
	Emits  bool   `json:"emits"`
	Leaves []Leaf `json:"leaves"`
}

func leavesOf(branches sops.TreeBranches) ([]Leaf, error) {
	leaves := []Leaf{}
	for document, branch := range branches {
		if err := walk(document, []any{}, branch, &leaves); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

func walk(document int, path []any, value any, leaves *[]Leaf) error {
	add := func(path []any, kind string, bytes []byte) {
		*leaves = append(*leaves, Leaf{Document: document, Path: slices.Clone(path), Type: kind, Bytes: bytes})
	}
	switch value := value.(type) {
	case sops.TreeBranch:
		if len(value) == 0 && len(path) > 0 {
			add(path, "map", nil)
		}
		for _, item := range value {
			if comment, is := item.Key.(sops.Comment); is {
				add(path, "comment", []byte(comment.Value))
				(*leaves)[len(*leaves)-1].Unopened = strings.HasPrefix(comment.Value, "ENC[")
				continue
			}
			key, is := item.Key.(string)
			if !is {
				return fmt.Errorf("the key %v is no string", item.Key)
			}
			if err := walk(document, append(path, key), item.Value, leaves); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(value) == 0 {
			add(path, "list", nil)
		}
		position := 0
		for _, item := range value {
			if comment, is := item.(sops.Comment); is {
				add(path, "comment", []byte(comment.Value))
				(*leaves)[len(*leaves)-1].Unopened = strings.HasPrefix(comment.Value, "ENC[")
				continue
			}
			if err := walk(document, append(path, position), item, leaves); err != nil {
				return err
			}
			position++
		}
		return nil
	case nil:
		add(path, "null", nil)
		return nil
	}
	bytes, err := sops.ToBytes(value)
	if err != nil {
		return err
	}
	var kind string
	switch value.(type) {
	case string:
		kind = "str"
	case int:
		kind = "int"
	case float64:
		kind = "float"
	case bool:
		kind = "bool"
	case time.Time:
		kind = "time"
	default:
		return fmt.Errorf("a value is a %T", value)
	}
	add(path, kind, bytes)
	return nil
}

// difference says where two lists part, or is empty.
func difference(expected *Expected, found []Leaf) string {
	isComment := func(leaf Leaf) bool { return leaf.Type == "comment" }
	isValue := func(leaf Leaf) bool { return !isComment(leaf) }
	without := func(leaves []Leaf, drop func(Leaf) bool) []Leaf {
		return slices.DeleteFunc(slices.Clone(leaves), drop)
	}
	switch expected.Comments {
	case "in order":
		return inOrder(expected.Leaves, found)
	case "apart":
		if text := inOrder(without(expected.Leaves, isValue), without(found, isValue)); text != "" {
			return text
		}
	}
	return inOrder(without(expected.Leaves, isComment), without(found, isComment))
}

func inOrder(wanted, found []Leaf) string {
	for i := range max(len(wanted), len(found)) {
		switch {
		case i >= len(wanted):
			return "not expected: " + show(found[i])
		case i >= len(found):
			return "missing: " + show(wanted[i])
		case wanted[i].Unopened && found[i].Unopened:
		case found[i].clear && found[i].Type == "int" && wanted[i].Type == "float" && show(loose(wanted[i : i+1])[0]) == show(loose(found[i : i+1])[0]):
		case show(wanted[i]) != show(found[i]):
			return "expected " + show(wanted[i]) + ", found " + show(found[i])
		}
	}
	return ""
}

func show(leaf Leaf) string {
	return fmt.Sprintf("%d:%s %s %q", leaf.Document, text(leaf.Path), leaf.Type, leaf.Bytes)
}

func text(path []any) string {
	buffer := bytes.Buffer{}
	for _, step := range path {
		switch step := step.(type) {
		case string:
			fmt.Fprintf(&buffer, "[%q]", step)
		default:
			fmt.Fprintf(&buffer, "[%v]", step)
		}
	}
	return buffer.String()
}

func (expected *Expected) write(file string) error {
	encoder := bytes.Buffer{}
	writer := json.NewEncoder(&encoder)
	writer.SetEscapeHTML(false)
	if err := writer.Encode(expected); err != nil {
		return err
	}
	return os.WriteFile(file+suffix, encoder.Bytes(), 0o600)
}

func readExpected(file string) (*Expected, error) {
	content, err := os.ReadFile(file + suffix)
	if err != nil {
		return nil, err
	}
	expected := &Expected{}
	return expected, json.Unmarshal(content, expected)
}
