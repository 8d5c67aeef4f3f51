package main

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	filippo "filippo.io/age"
	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/keyservice"
)

// selectors are sops' six, and its default.
var selectors = [][2]string{
	{"unencrypted_suffix", "_unencrypted"},
	{"unencrypted_suffix", "_clear"},
	{"encrypted_suffix", "_secret"},
	{"unencrypted_regex", "^(note|pub)"},
	{"encrypted_regex", "^(data|password|список)$|_secret$"},
	{"unencrypted_comment_regex", "sops:clear"},
	{"encrypted_comment_regex", `sops:\s*enc`},
}

// endings name the stores.
var endings = []string{".yaml", ".json", ".env", ".ini", ".bin"}

// makeKeys writes three identities, and five recipients of which the last two are nobody's.
func makeKeys(folder string) error {
	var identities, recipients strings.Builder
	for i := range 5 {
		identity, err := filippo.GenerateX25519Identity()
		if err != nil {
			return err
		}
		if i < 3 {
			fmt.Fprintln(&identities, identity)
		}
		fmt.Fprintln(&recipients, identity.Recipient())
	}
	if err := os.WriteFile(filepath.Join(folder, "identities.txt"), []byte(identities.String()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "recipients.txt"), []byte(recipients.String()), 0o600)
}

// someOf takes one to three recipients in any order, one of the first three among them.
func someOf(random *rand.Rand, recipients []string) []string {
	chosen := []string{recipients[random.Intn(3)]}
	for _, at := range random.Perm(len(recipients)) {
		if len(chosen) <= random.Intn(3) && recipients[at] != chosen[0] {
			chosen = append(chosen, recipients[at])
		}
	}
	random.Shuffle(len(chosen), func(a, b int) { chosen[a], chosen[b] = chosen[b], chosen[a] })
	return chosen
}

// makeFiles encrypts random texts as `sops encrypt` does.
//
// What is expected is what sops finds when it opens the file again: a comment may have moved by then. The
// values have to be those of the text.
func makeFiles(seed, count int64, keys, folder string) error {
	content, err := os.ReadFile(filepath.Join(keys, "recipients.txt"))
	if err != nil {
		return err
	}
	recipients := strings.Fields(string(content))
	refused := 0
	for i := int64(0); i < count; i++ {
		random := rand.New(rand.NewSource(seed<<32 + i))
		ending := endings[[]int{0, 0, 0, 1, 1, 2, 2, 3, 4}[i%9]]
		selector := selectors[(i/9)%7]
		file := filepath.Join(folder, fmt.Sprintf("%05d%s", i, ending))
		store := storeOf(file)
		for attempt := 1; ; attempt++ {
			written, err := encrypt(random, store, ending, selector, someOf(random, recipients), file)
			if err == nil {
				if err := os.WriteFile(file, written, 0o600); err != nil {
					return err
				}
				break
			}
			// A text that sops itself refuses, or cannot open again, shows nothing.
			refused++
			if attempt > 1000 {
				return fmt.Errorf("%s: a thousand texts failed, the last with: %w", file, err)
			}
			if os.Getenv("ORACLE_VERBOSE") != "" {
				fmt.Fprintf(os.Stderr, "%s: %s\n", file, err)
			}
		}
	}
	fmt.Printf("%d made; of %d more texts sops could not open its own file\n", count, refused)
	return nil
}

func encrypt(random *rand.Rand, store common.Store, ending string, selector [2]string, recipients []string, file string) ([]byte, error) {
	text := randomText(random, ending)
	branches, err := store.LoadPlainFile(text)
	if err != nil {
		return nil, err
	}
	if len(branches) == 0 || store.HasSopsTopLevelKey(branches[0]) {
		return nil, fmt.Errorf("nothing to encrypt")
	}
	plain, err := leavesOf(branches)
	if err != nil {
		return nil, err
	}
	group := sops.KeyGroup{}
	for _, recipient := range recipients {
		key, err := age.MasterKeyFromRecipient(recipient)
		if err != nil {
			return nil, err
		}
		group = append(group, key)
	}
	tree := sops.Tree{Branches: branches, Metadata: sops.Metadata{
		KeyGroups:        []sops.KeyGroup{group},
		MACOnlyEncrypted: random.Intn(3) == 0,
		Version:          "3.13.2",
	}}
	*map[string]*string{
		"unencrypted_suffix":        &tree.Metadata.UnencryptedSuffix,
		"encrypted_suffix":          &tree.Metadata.EncryptedSuffix,
		"unencrypted_regex":         &tree.Metadata.UnencryptedRegex,
		"encrypted_regex":           &tree.Metadata.EncryptedRegex,
		"unencrypted_comment_regex": &tree.Metadata.UnencryptedCommentRegex,
		"encrypted_comment_regex":   &tree.Metadata.EncryptedCommentRegex,
	}[selector[0]] = selector[1]
	dataKey, errs := tree.GenerateDataKeyWithKeyServices([]keyservice.KeyServiceClient{keyservice.NewLocalClient()})
	if len(errs) > 0 {
		return nil, errs[0]
	}
	if err := common.EncryptTree(common.EncryptTreeOpts{DataKey: dataKey, Tree: &tree, Cipher: aes.NewCipher()}); err != nil {
		return nil, err
	}
	written, err := store.EmitEncryptedFile(tree)
	if err != nil {
		return nil, err
	}
	again, err := decrypt(store, written)
	if err != nil {
		return nil, fmt.Errorf("its own file: %w", err)
	}
	expected, err := found(again)
	if err != nil {
		return nil, err
	}
	if text := difference(&Expected{Leaves: loose(plain)}, loose(expected.Leaves)); text != "" {
		return nil, fmt.Errorf("its own file: %s", text)
	}
	expected.Comments = "in order"
	return written, expected.write(file)
}

// loose takes what no writing of sops' own changes: an unencrypted 1.0 becomes 1, and what holds nothing
// but comments may become empty in another way.
func loose(leaves []Leaf) []Leaf {
	kept := []Leaf{}
	for _, leaf := range leaves {
		switch leaf.Type {
		case "map", "list":
			continue
		case "int", "float":
			leaf.Type = "number"
		}
		kept = append(kept, leaf)
	}
	return kept
}
