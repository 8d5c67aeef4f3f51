package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// The sops program, on a part of the files: slower than its packages, and what people run.

func program(input []byte, arguments ...string) ([]byte, error) {
	command := exec.Command("sops", arguments...)
	command.Stdin = bytes.NewReader(input)
	var errors bytes.Buffer
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("sops %s: %s", arguments[0], bytes.TrimSpace(errors.Bytes()))
	}
	return output, nil
}

// tally counts ends of files by name, and prints what went wrong.
type tally struct {
	sync.Mutex
	ends map[string]int
	bad  int
}

func (tally *tally) add(file, end string, err error) {
	tally.Lock()
	defer tally.Unlock()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", file, err)
		tally.bad++
		return
	}
	if tally.ends == nil {
		tally.ends = map[string]int{}
	}
	tally.ends[end]++
}

func (tally *tally) print() bool {
	parts := []string{}
	for _, end := range slices.Sorted(maps.Keys(tally.ends)) {
		parts = append(parts, fmt.Sprintf("%d %s", tally.ends[end], end))
	}
	fmt.Printf("%s, %d failed\n", strings.Join(parts, ", "), tally.bad)
	return tally.bad > 0
}

// some takes files of a folder, spread over all of it.
func some(folder string, count int) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(folder, "*"+suffix))
	if err != nil {
		return nil, err
	}
	files := []string{}
	for i := range min(count, len(all)) {
		files = append(files, strings.TrimSuffix(all[i*len(all)/min(count, len(all))], suffix))
	}
	return files, nil
}

// sopsDecrypts runs `sops decrypt` on files, and reads what it prints.
func sopsDecrypts(count int64, folder string) (bool, error) {
	files, err := some(folder, int(count))
	if err != nil {
		return true, err
	}
	tally := tally{}
	inParallel(len(files), func(i int) {
		plain, err := program(nil, "decrypt", files[i])
		end := "decrypted"
		if err == nil {
			err = checkPlain(files[i], plain)
		}
		if err != nil && plain != nil && isUnreadable(files[i], plain) {
			end, err = "decrypted into a text that sops cannot read", nil
		}
		tally.add(files[i], end, err)
	})
	return tally.print(), nil
}

// checkPlain compares a text with what is expected. Comments may stand in other places by now.
func checkPlain(file string, plain []byte) error {
	expected, err := readExpected(file)
	if err != nil {
		return err
	}
	branches, err := storeOf(file).LoadPlainFile(plain)
	if err != nil {
		return err
	}
	leaves, err := leavesOf(branches)
	if err != nil {
		return err
	}
	if text := difference(&Expected{Leaves: loose(expected.Leaves)}, loose(leaves)); text != "" {
		return fmt.Errorf("%s", text)
	}
	return nil
}

// isUnreadable tells whether a plain text is what sops' own packages print for a file that holds what is
// expected: then it is sops that cannot read what it prints, such as a block that begins with a tab.
func isUnreadable(file string, plain []byte) bool {
	content, err := os.ReadFile(file)
	if err != nil || checkFile(file) != nil {
		return false
	}
	tree, err := decrypt(storeOf(file), content)
	if err != nil {
		return false
	}
	printed, err := storeOf(file).EmitPlainFile(tree.Branches)
	return err == nil && bytes.Equal(printed, plain)
}

// sopsEncrypts runs `sops encrypt` on random texts. What sops finds in the files is what is expected.
func sopsEncrypts(seed, count int64, keys, folder string) (bool, error) {
	content, err := os.ReadFile(filepath.Join(keys, "recipients.txt"))
	if err != nil {
		return true, err
	}
	tally := tally{}
	inParallel(int(count), func(i int) {
		random := rand.New(rand.NewSource(seed<<32 + int64(i)))
		file := filepath.Join(folder, fmt.Sprintf("%05d%s", i, endings[i%5]))
		// The command line knows only some of the selectors; creation rules know all.
		selector := selectors[(i/5)%7]
		rules, _ := json.Marshal(map[string]any{"creation_rules": []any{map[string]any{
			"age":                strings.Join(someOf(random, strings.Fields(string(content))), ","),
			selector[0]:          selector[1],
			"mac_only_encrypted": random.Intn(3) == 0,
		}}})
		config := file + ".sops.yaml"
		if err := os.WriteFile(config, rules, 0o600); err != nil {
			tally.add(file, "", err)
			return
		}
		arguments := []string{"--config", config, "encrypt", "--filename-override", file}
		text := randomText(random, endings[i%5])
		output, err := program(text, arguments...)
		_ = os.Remove(config)
		if err != nil {
			if os.Getenv("ORACLE_VERBOSE") != "" {
				fmt.Fprintln(os.Stderr, err)
			}
			tally.add(file, "texts refused by sops", nil)
			return
		}
		if err := os.WriteFile(file, output, 0o600); err != nil {
			tally.add(file, "", err)
			return
		}
		if expectFile(file) != nil {
			_ = os.Remove(file)
			tally.add(file, "that sops cannot open again", nil)
			return
		}
		tally.add(file, "encrypted", nil)
	})
	return tally.print(), nil
}

// sopsChanges lets sops set, unset, rotate and update keys in copies of files.
func sopsChanges(seed, count int64, keys, from, to string) (bool, error) {
	files, err := some(from, int(count))
	if err != nil {
		return true, err
	}
	content, err := os.ReadFile(filepath.Join(keys, "recipients.txt"))
	if err != nil {
		return true, err
	}
	recipients := strings.Fields(string(content))
	rules := fmt.Sprintf("creation_rules:\n    - age: %s,%s\n", recipients[1], recipients[3])
	config := filepath.Join(to, ".sops.yaml")
	if err := os.WriteFile(config, []byte(rules), 0o600); err != nil {
		return true, err
	}
	tally := tally{}
	inParallel(len(files), func(i int) {
		file := filepath.Join(to, filepath.Base(files[i]))
		content, err := os.ReadFile(files[i])
		if err == nil {
			err = os.WriteFile(file, content, 0o600)
		}
		end := ""
		if err == nil {
			end, err = sopsChange(rand.New(rand.NewSource(seed<<32+int64(i))), files[i], file, config, recipients)
		}
		if !strings.HasPrefix(end, "changed by") || err != nil {
			_ = os.Remove(file)
		}
		tally.add(file, end, err)
	})
	return tally.print(), os.Remove(config)
}

func sopsChange(random *rand.Rand, original, file, config string, recipients []string) (string, error) {
	expected, err := readExpected(original)
	if err != nil {
		return "", err
	}
	values := slices.DeleteFunc(slices.Clone(expected.Leaves), func(leaf Leaf) bool {
		// The program reads its paths without escapes.
		return leaf.Type == "comment" || leaf.Document > 0 || strings.ContainsAny(fmt.Sprint(leaf.Path[:]...), "\\\"[]")
	})
	isBinary := !slices.Contains(endings[:4], filepath.Ext(file))
	var end, why string
	var want *Leaf
	switch choice := random.Intn(5); {
	case choice == 0:
		end = "rotate"
		_, err = program(nil, "rotate", "--in-place", "--add-age", recipients[4], file)
	case choice == 1:
		end = "updatekeys"
		_, err = program(nil, "--config", config, "updatekeys", "--yes", file)
	case choice == 2 && !isBinary && len(values) > 1:
		end = "unset"
		gone := pick(random, values)
		_, err = program(nil, "unset", file, text(gone.Path))
	case !isBinary && len(values) > 0:
		end = "set"
		want = &values[random.Intn(len(values))]
		want.Type, want.Bytes = "str", []byte(fmt.Sprintf("set %d by sops: 'ü' \"\t#", random.Intn(1000)))
		encoded, _ := json.Marshal(string(want.Bytes))
		_, err = program(nil, "set", file, text(want.Path), string(encoded))
	default:
		return "left alone", nil
	}
	if err == nil {
		if err = expectFile(file); err == nil {
			if want != nil {
				return "changed by " + end, holds(file, *want)
			}
			return "changed by " + end, nil
		}
	}
	// What sops is known to break by itself.
	switch {
	case hasComment(expected):
		why = "a comment in a list"
	case strings.Contains(err.Error(), "yaml: "):
		why = "a block text that it cannot read"
	default:
		return "", err
	}
	return "broken by sops (" + why + ")", nil
}

// hasComment tells whether a list holds a comment: sops 3.13.2 encrypts it as an element, and the MAC breaks.
func hasComment(expected *Expected) bool {
	return hasLeaf(expected, func(comment Leaf) bool {
		return comment.Type == "comment" && hasLeaf(expected, func(leaf Leaf) bool {
			depth := len(comment.Path)
			if leaf.Document != comment.Document || len(leaf.Path) <= depth || text(leaf.Path[:depth]) != text(comment.Path) {
				return false
			}
			_, isKey := leaf.Path[depth].(string)
			return !isKey
		})
	})
}

func holds(file string, want Leaf) error {
	found, err := readExpected(file)
	if err != nil {
		return err
	}
	if !hasLeaf(found, func(leaf Leaf) bool { return show(leaf) == show(want) }) {
		return fmt.Errorf("sops did not set %s", show(want))
	}
	return nil
}
