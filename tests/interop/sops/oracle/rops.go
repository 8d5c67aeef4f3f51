package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// rops runs the second witness, a Rust program that shares no code with sops nor with Redeem.
func rops(arguments []string, keys, input string) ([]byte, error) {
	identities, err := os.ReadFile(filepath.Join(keys, "identities.txt"))
	if err != nil {
		return nil, err
	}
	command := exec.Command("rops", arguments...)
	command.Env = append(os.Environ(), "RUST_BACKTRACE=0", "ROPS_AGE="+strings.Join(strings.Fields(string(identities)), ","))
	command.Stdin = strings.NewReader(input)
	var errors bytes.Buffer
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("rops: %s", bytes.TrimSpace(errors.Bytes()))
	}
	return output, nil
}

// limit is something that rops 0.1.7 cannot do, and how to tell that a file asks for it. Every file with a
// limit is still given to rops, so that the day it can do more is noticed.
type limit struct {
	name string
	has  func(expected *Expected, content string) bool
	// always tells whether no file with it passes; else a part may.
	always bool
}

func hasLeaf(expected *Expected, is func(leaf Leaf) bool) bool {
	return slices.ContainsFunc(expected.Leaves, is)
}

// reads holds what rops cannot read.
var reads = []limit{
	{"a comment selector", func(expected *Expected, _ string) bool { return strings.Contains(expected.Selector[0], "comment") }, false},
	{"more than one document", func(expected *Expected, _ string) bool {
		return hasLeaf(expected, func(leaf Leaf) bool { return leaf.Document > 0 })
	}, true},
	{"an encrypted date", func(_ *Expected, content string) bool { return strings.Contains(content, "type:time]") }, true},
	{"an empty text", func(expected *Expected, _ string) bool {
		return hasLeaf(expected, func(leaf Leaf) bool { return leaf.Type == "str" && len(leaf.Bytes) == 0 })
	}, false},
	{"a whole number beyond 64 bits", func(expected *Expected, content string) bool {
		return hasLeaf(expected, func(leaf Leaf) bool {
			return len(leaf.Bytes) >= 19 && leaf.Type == "float" && strings.Contains(content, string(leaf.Bytes)) && !bytes.Contains(leaf.Bytes, []byte("."))
		})
	}, false},
	{"a fraction of 16 digits, unencrypted in JSON", func(expected *Expected, content string) bool {
		floats := 0
		long := hasLeaf(expected, func(leaf Leaf) bool { return leaf.Type == "float" && digits(leaf.Bytes) >= 16 })
		for _, leaf := range expected.Leaves {
			if leaf.Type == "float" {
				floats++
			}
		}
		return strings.HasPrefix(content, "{") && long && floats > strings.Count(content, "type:float]")
	}, false},
	{"an infinite number or none", func(expected *Expected, _ string) bool {
		return hasLeaf(expected, func(leaf Leaf) bool {
			return leaf.Type == "float" && strings.Contains("+Inf -Inf NaN", string(leaf.Bytes))
		})
	}, false},
}

// digits counts those of a number that matter.
func digits(number []byte) int {
	return len(bytes.TrimLeft(bytes.Replace(number, []byte("."), nil, 1), "-0"))
}

// ropsReads gives every YAML and JSON file of a folder to rops.
func ropsReads(keys, folder string) (bool, error) {
	files := []string{}
	for _, ending := range []string{"*.yaml", "*.json"} {
		some, err := filepath.Glob(filepath.Join(folder, ending))
		if err != nil {
			return true, err
		}
		files = append(files, some...)
	}
	slices.Sort(files)
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, suffix) })
	results := make([]error, len(files))
	limits := make([]*limit, len(files))
	inParallel(len(files), func(i int) { limits[i], results[i] = ropsReadsFile(keys, files[i]) })
	good, bad, excluded := 0, 0, map[string]int{}
	for i, err := range results {
		switch {
		case err == nil && (limits[i] == nil || !limits[i].always):
			good++
		case err == nil:
			fmt.Fprintf(os.Stderr, "%s: rops reads %s, which it is not known to\n", files[i], limits[i].name)
			bad++
		case limits[i] != nil:
			excluded[limits[i].name]++
		default:
			fmt.Fprintf(os.Stderr, "%s: %s\n", files[i], err)
			bad++
		}
	}
	names := []string{}
	for _, limit := range reads {
		if excluded[limit.name] > 0 {
			names = append(names, fmt.Sprintf("%s %d", limit.name, excluded[limit.name]))
		}
	}
	fmt.Printf("%d read by rops, %d not; not within its limits: %s\n", good, bad, strings.Join(names, ", "))
	return bad > 0, nil
}

func ropsReadsFile(keys, file string) (*limit, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	expected, err := readExpected(file)
	if err != nil {
		return nil, err
	}
	var found *limit
	for i := range reads {
		if found == nil && reads[i].has(expected, string(content)) {
			found = &reads[i]
		}
	}
	plain, err := rops([]string{"decrypt", "--format", strings.TrimPrefix(filepath.Ext(file), ".")}, keys, string(content))
	if err != nil {
		return found, err
	}
	// It ends what it prints with a line break more.
	plain = bytes.TrimSuffix(plain, []byte("\n"))
	if filepath.Ext(file) == ".json" {
		return found, checkPlain(file, plain)
	}
	// A date without quotes is a text for rops, as YAML 1.2 has it: scalars are compared as they are written.
	var root yaml.Node
	if err := yaml.Unmarshal(plain, &root); err != nil {
		return found, err
	}
	written := []Leaf{}
	if len(root.Content) > 0 {
		scalars([]any{}, root.Content[0], &written)
	}
	wanted := loose(expected.Leaves)
	wanted = slices.DeleteFunc(wanted, func(leaf Leaf) bool { return leaf.Type == "comment" })
	for i := range min(len(wanted), len(written)) {
		if wanted[i].Type == "number" {
			number, err := strconv.ParseFloat(string(written[i].Bytes), 64)
			if err == nil && strconv.FormatFloat(number, 'f', -1, 64) == string(wanted[i].Bytes) {
				written[i].Bytes = wanted[i].Bytes
			}
		}
		if wanted[i].Type == "bool" && strings.EqualFold(string(written[i].Bytes), string(wanted[i].Bytes)) {
			written[i].Bytes = wanted[i].Bytes
		}
		wanted[i].Type = written[i].Type
		if string(written[i].Bytes) == "null" && wanted[i].Bytes == nil {
			written[i].Bytes = nil
		}
	}
	if text := inOrder(wanted, written); text != "" {
		return found, fmt.Errorf("%s", text)
	}
	return found, nil
}

func scalars(path []any, node *yaml.Node, leaves *[]Leaf) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(node.Content); i += 2 {
			scalars(append(path, node.Content[i].Value), node.Content[i+1], leaves)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			scalars(append(path, i), item, leaves)
		}
	default:
		*leaves = append(*leaves, Leaf{Path: slices.Clone(path), Type: "scalar", Bytes: []byte(node.Value)})
	}
}

// ropsWrites lets rops encrypt random texts; what sops finds in the files is what is expected.
func ropsWrites(seed, count int64, keys, folder string) (bool, error) {
	content, err := os.ReadFile(filepath.Join(keys, "recipients.txt"))
	if err != nil {
		return true, err
	}
	recipients := strings.Fields(string(content))
	tally := tally{}
	inParallel(int(count), func(i int) {
		random := rand.New(rand.NewSource(seed<<32 + int64(i)))
		ending := []string{".yaml", ".json"}[i%2]
		file := filepath.Join(folder, fmt.Sprintf("%05d%s", i, ending))
		arguments := []string{"encrypt", "--format", ending[1:]}
		for _, recipient := range someOf(random, recipients) {
			arguments = append(arguments, "--age", recipient)
		}
		if selector := selectors[(i/2)%7]; !strings.Contains(selector[0], "comment") {
			arguments = append(arguments, "--"+strings.ReplaceAll(selector[0], "_", "-"), selector[1])
			if random.Intn(3) == 0 {
				arguments = append(arguments, "--mac-only-encrypted")
			}
		}
		why := ""
		output, err := rops(arguments, keys, string(randomText(random, ending)))
		if err != nil {
			why = "texts refused by rops"
		} else if err := os.WriteFile(file, output, 0o600); err != nil {
			why = err.Error()
		} else if err := expectOf(file, quoteDate(output)); err != nil {
			why = "that sops cannot open"
			_ = os.Remove(file)
			if os.Getenv("ORACLE_VERBOSE") != "" {
				fmt.Fprintf(os.Stderr, "%s: %s\n", file, err)
			}
		}
		if why == "" {
			why = "written"
		}
		tally.add(file, why, nil)
	})
	return tally.print(), nil
}

// quoteDate puts quotes around the time of a file's last change. In YAML rops writes none, and sops 3.13.2
// then refuses the file.
func quoteDate(content []byte) []byte {
	return lastModified.ReplaceAll(content, []byte(`$1"$2"`))
}

var lastModified = regexp.MustCompile(`(?m)^(  lastmodified: )(\d\S+Z)$`)

func inParallel(count int, do func(i int)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range count {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; group.Done() }()
			do(i)
		}()
	}
	group.Wait()
}
