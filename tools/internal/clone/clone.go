// Package clone tells tests which files belong to the repository, and gives
// them copies of it.
package clone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Files returns the paths, relative to root, of the files below a folder that
// git would commit: tracked and new ones, without ignored ones.
func Files(t testing.TB, root, folder string) []string {
	t.Helper()
	names, err := files(root, folder)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func files(root, folder string) (names []string, err error) {
	// A clone may belong to another user.
	list := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder)
	list.Dir = root
	output, err := list.Output()
	if err != nil || len(output) == 0 {
		return nil, fmt.Errorf("git lists no files of %s: %w", folder, err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(output), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, name)); errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		names = append(names, name)
	}
	return names, nil
}

// Copy copies these files to a new folder. It is what a clone would be, with
// the uncommitted changes.
func Copy(t testing.TB, root string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := CopyTo(dir, root); err != nil {
		t.Fatal(err)
	}
	return dir
}

// CopyTo is Copy to an existing folder.
func CopyTo(dir, root string) error {
	names, err := files(root, ".")
	for _, name := range names {
		err = errors.Join(err, copyFile(filepath.Join(root, name), filepath.Join(dir, name)))
	}
	return err
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}
