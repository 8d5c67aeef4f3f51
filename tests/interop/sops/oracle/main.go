// Oracle is sops' own stores, cipher and tree in one process: it makes encrypted files with what they hold
// written beside them, and reads those of others.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/logging"
	"github.com/sirupsen/logrus"
)

const suffix = ".expected.json"

const usage = `oracle keys DIR                 identities.txt and recipients.txt: three that open, two that do not
oracle make SEED COUNT KEYS DIR encrypted files, with FILE.expected.json beside each
oracle check KEYS DIR           each encrypted file opens, its MAC fits, and it holds what is expected
oracle expect KEYS DIR          writes what sops finds in each encrypted file
oracle emit DIR                 each encrypted file, read and written again, keeps its bytes
oracle sops-decrypts COUNT KEYS DIR         files hold what is expected, by the sops program
oracle sops-encrypts SEED COUNT KEYS DIR    files of the sops program, with what sops finds in them
oracle sops-changes SEED COUNT KEYS FROM TO files that the sops program has changed, with what sops finds in them
oracle rops-reads KEYS DIR      each YAML and JSON file holds what is expected, by rops
oracle rops-writes SEED COUNT KEYS DIR files of rops, with what sops finds in them`

func main() {
	logging.SetLevel(logrus.ErrorLevel)
	arguments := append(os.Args[1:], "", "", "", "", "")
	var failed bool
	var err error
	switch arguments[0] {
	case "keys":
		err = makeKeys(arguments[1])
	case "make":
		err = makeFiles(number(arguments[1]), number(arguments[2]), arguments[3], withKeys(arguments[3], arguments[4]))
	case "check":
		failed, err = each(withKeys(arguments[1], arguments[2]), "open", checkFile)
	case "expect":
		failed, err = each(withKeys(arguments[1], arguments[2]), "were read", expectFile)
	case "emit":
		failed, err = each(arguments[1], "keep their bytes", emitFile)
	case "sops-decrypts":
		failed, err = sopsDecrypts(number(arguments[1]), withKeys(arguments[2], arguments[3]))
	case "sops-encrypts":
		failed, err = sopsEncrypts(number(arguments[1]), number(arguments[2]), arguments[3], withKeys(arguments[3], arguments[4]))
	case "sops-changes":
		failed, err = sopsChanges(number(arguments[1]), number(arguments[2]), arguments[3], withKeys(arguments[3], arguments[4]), arguments[5])
	case "rops-reads":
		failed, err = ropsReads(arguments[1], arguments[2])
	case "rops-writes":
		failed, err = ropsWrites(number(arguments[1]), number(arguments[2]), arguments[3], withKeys(arguments[3], arguments[4]))
	default:
		err = fmt.Errorf("%s", usage)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

// withKeys lets sops find the identities of a folder.
func withKeys(keys, folder string) string {
	_ = os.Setenv(age.SopsAgeKeyFileEnv, filepath.Join(keys, "identities.txt"))
	return folder
}

func number(text string) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	return number
}

// each asks for every file of a folder, and prints how many passed.
func each(folder, what string, ask func(file string) error) (failed bool, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return true, err
	}
	good, bad := 0, 0
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		if entry.IsDir() || strings.HasSuffix(file, suffix) {
			continue
		}
		if err := ask(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %s\n", file, err)
			bad++
			continue
		}
		good++
	}
	fmt.Printf("%d %s, %d do not\n", good, what, bad)
	return bad > 0, nil
}

func storeOf(file string) common.Store {
	return common.DefaultStoreForPath(config.NewStoresConfig(), file)
}

// decrypt reads a file as `sops decrypt` does, the MAC too.
func decrypt(store common.Store, content []byte) (*sops.Tree, error) {
	tree, err := store.LoadEncryptedFile(content)
	if err != nil {
		return nil, err
	}
	_, err = common.DecryptTree(common.DecryptTreeOpts{
		Tree:            &tree,
		KeyServices:     []keyservice.KeyServiceClient{keyservice.NewLocalClient()},
		DecryptionOrder: sops.DefaultDecryptionOrder,
		Cipher:          aes.NewCipher(),
	})
	return &tree, err
}

// found is what sops finds in a file.
func found(tree *sops.Tree) (*Expected, error) {
	leaves, err := leavesOf(tree.Branches)
	if err != nil {
		return nil, err
	}
	metadata := tree.Metadata
	expected := &Expected{MACOnlyEncrypted: metadata.MACOnlyEncrypted, Comments: "in order", Leaves: leaves}
	for _, selector := range [][2]string{
		{"unencrypted_suffix", metadata.UnencryptedSuffix},
		{"encrypted_suffix", metadata.EncryptedSuffix},
		{"unencrypted_regex", metadata.UnencryptedRegex},
		{"encrypted_regex", metadata.EncryptedRegex},
		{"unencrypted_comment_regex", metadata.UnencryptedCommentRegex},
		{"encrypted_comment_regex", metadata.EncryptedCommentRegex},
	} {
		if selector[1] != "" {
			expected.Selector = selector
		}
	}
	for _, group := range metadata.KeyGroups {
		for _, key := range group {
			if key, is := key.(*age.MasterKey); is {
				expected.Recipients = append(expected.Recipients, key.Recipient)
			}
		}
	}
	return expected, nil
}

func checkFile(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	expected, err := readExpected(file)
	if err != nil {
		return err
	}
	encrypted, err := storeOf(file).LoadEncryptedFile(content)
	if err != nil {
		return err
	}
	stored, err := leavesOf(encrypted.Branches)
	if err != nil {
		return err
	}
	tree, err := decrypt(storeOf(file), content)
	if err != nil {
		return err
	}
	found, err := found(tree)
	if err != nil {
		return err
	}
	for i := range min(len(stored), len(found.Leaves)) {
		found.Leaves[i].clear = show(stored[i]) == show(found.Leaves[i])
	}
	if text := difference(expected, found.Leaves); text != "" {
		return fmt.Errorf("%s", text)
	}
	head := func(expected *Expected) string {
		return fmt.Sprint(expected.Selector, expected.MACOnlyEncrypted, expected.Recipients)
	}
	if head(found) != head(expected) {
		return fmt.Errorf("expected the metadata %s, found %s", head(expected), head(found))
	}
	if tree.Metadata.Version != "3.13.2" || time.Since(tree.Metadata.LastModified).Abs() > 24*time.Hour {
		return fmt.Errorf("version %s, last modified %s", tree.Metadata.Version, tree.Metadata.LastModified)
	}
	if err := emitFile(file); expected.Emits && err != nil && !isBroken(file, expected) {
		return err
	}
	return nil
}

// isBroken tells whether sops could not read what it would write itself in the place of a file.
func isBroken(file string, expected *Expected) bool {
	content, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	store := storeOf(file)
	tree, err := store.LoadEncryptedFile(content)
	if err != nil {
		return false
	}
	written, err := store.EmitEncryptedFile(tree)
	if err != nil {
		return true
	}
	again, err := decrypt(store, written)
	if err != nil {
		return true
	}
	leaves, err := leavesOf(again.Branches)
	return err != nil || inOrder(loose(expected.Leaves), loose(leaves)) != ""
}

func expectFile(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return expectOf(file, content)
}

// expectOf writes what sops finds in a text, beside a file.
func expectOf(file string, content []byte) error {
	tree, err := decrypt(storeOf(file), content)
	if err != nil {
		return err
	}
	expected, err := found(tree)
	if err != nil {
		return err
	}
	return expected.write(file)
}

func emitFile(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	store := storeOf(file)
	tree, err := store.LoadEncryptedFile(content)
	if err != nil {
		return err
	}
	written, err := store.EmitEncryptedFile(tree)
	if err != nil {
		return err
	}
	if bytes.Equal(content, written) {
		return nil
	}
	ours, theirs := bytes.Split(content, []byte("\n")), bytes.Split(written, []byte("\n"))
	for i := range min(len(ours), len(theirs)) {
		if !bytes.Equal(ours[i], theirs[i]) {
			return fmt.Errorf("line %d is %.200q, and sops writes %.200q", i+1, ours[i], theirs[i])
		}
	}
	return fmt.Errorf("it has %d lines, and sops writes %d", len(ours), len(theirs))
}
