// What sops itself makes of files: its own stores and cipher, in bulk.
//
// emit loads encrypted files and compares what the store writes with what it read. decrypt opens files and writes
// what `sops --decrypt` prints to .printed beside each. encrypt takes files in the clear, with a selector in
// .options beside each, encrypts them in place and writes what `sops --decrypt` then prints to .plain.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/version"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: emit emit|decrypt|encrypt FOLDER [RECIPIENT…]")
		os.Exit(2)
	}
	entries, err := os.ReadDir(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	count, skipped, failed := 0, 0, 0
	for _, entry := range entries {
		path := filepath.Join(os.Args[2], entry.Name())
		switch filepath.Ext(path) {
		case ".yaml", ".json", ".env", ".ini", ".bin":
		default:
			continue
		}
		var err error
		switch os.Args[1] {
		case "emit":
			err = emit(path)
		case "decrypt":
			err = decrypt(path)
		case "encrypt":
			err = encrypt(path, os.Args[3:])
			if err == errUnreadable {
				// sops cannot read what it wrote: nothing to compare with.
				err = nil
				count--
				skipped++
			}
		}
		count++
		if err != nil {
			failed++
			fmt.Printf("%s: %s\n", path, err)
		}
	}
	fmt.Printf("%s: %d files, %d failed, %d that sops itself cannot open\n", os.Args[1], count, failed, skipped)
	if failed > 0 {
		os.Exit(1)
	}
}

func store(path string) common.Store {
	return common.DefaultStoreForPath(config.NewStoresConfig(), path)
}

func emit(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	tree, err := store(path).LoadEncryptedFile(text)
	if err != nil {
		return err
	}
	emitted, err := store(path).EmitEncryptedFile(tree)
	if err != nil {
		return err
	}
	if !bytes.Equal(text, emitted) {
		return fmt.Errorf("sops writes other bytes")
	}
	return nil
}

func plain(path string, text []byte) ([]byte, error) {
	tree, err := store(path).LoadEncryptedFile(text)
	if err != nil {
		return nil, err
	}
	_, err = common.DecryptTree(common.DecryptTreeOpts{
		Tree:        &tree,
		KeyServices: []keyservice.KeyServiceClient{keyservice.NewLocalClient()},
		Cipher:      aes.NewCipher(),
	})
	if err != nil {
		return nil, err
	}
	return store(path).EmitPlainFile(tree.Branches)
}

func decrypt(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	printed, err := plain(path, text)
	if err != nil {
		return err
	}
	return os.WriteFile(path+".printed", printed, 0o600)
}

var errUnreadable = fmt.Errorf("sops cannot read what it wrote")

func encrypt(path string, recipients []string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	options, err := os.ReadFile(path + ".options")
	if err != nil {
		return err
	}
	branches, err := store(path).LoadPlainFile(text)
	if err != nil {
		os.Remove(path)
		return errUnreadable
	}
	var group sops.KeyGroup
	for _, recipient := range recipients {
		key, err := age.MasterKeyFromRecipient(recipient)
		if err != nil {
			return err
		}
		group = append(group, key)
	}
	tree := sops.Tree{
		Branches: branches,
		FilePath: path,
		Metadata: sops.Metadata{Version: version.Version, KeyGroups: []sops.KeyGroup{group}},
	}
	// The first line names the selector, the second is its pattern.
	lines := strings.Split(string(options), "\n")
	metadata := &tree.Metadata
	selectors := map[string]*string{
		"unencrypted_suffix":        &metadata.UnencryptedSuffix,
		"encrypted_suffix":          &metadata.EncryptedSuffix,
		"unencrypted_regex":         &metadata.UnencryptedRegex,
		"encrypted_regex":           &metadata.EncryptedRegex,
		"unencrypted_comment_regex": &metadata.UnencryptedCommentRegex,
		"encrypted_comment_regex":   &metadata.EncryptedCommentRegex,
	}
	*selectors[lines[0]] = lines[1]
	metadata.MACOnlyEncrypted = len(lines) > 2 && lines[2] == "mac_only_encrypted"
	key, errs := tree.GenerateDataKey()
	if len(errs) > 0 {
		return errs[0]
	}
	if err := common.EncryptTree(common.EncryptTreeOpts{Tree: &tree, Cipher: aes.NewCipher(), DataKey: key}); err != nil {
		return err
	}
	tree.Metadata.LastModified = tree.Metadata.LastModified.In(time.UTC)
	encrypted, err := store(path).EmitEncryptedFile(tree)
	if err != nil {
		return err
	}
	printed, err := plain(path, encrypted)
	if err != nil {
		os.Remove(path)
		return errUnreadable
	}
	if err := os.WriteFile(path+".plain", printed, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path, encrypted, 0o600)
}
