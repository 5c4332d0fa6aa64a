package folder

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFiles fails the test unless dir has exactly these files, with these texts.
func wantFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		if _, wanted := files[entry.Name()]; !wanted {
			t.Errorf("%s is left in %s", entry.Name(), dir)
		}
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s has %q, want %q (%v)", name, got, want, err)
		}
	}
}

func TestAFileIsReplacedAndNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	file, same := filepath.Join(dir, "file"), filepath.Join(dir, "same")
	must(t, WriteFile(file, "old", 0o644))
	// Another name of the file keeps its text, unless the write is to that file. Such a
	// write loses the text first, and a full disk then has no place for the new one.
	must(t, os.Link(file, same))
	must(t, WriteFile(file, "new", 0o600))
	wantFiles(t, dir, map[string]string{"file": "new", "same": "old"})
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, want 0600 (%v)", info.Mode(), err)
	}
}

func TestAFailedWriteLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	must(t, WriteFile(filepath.Join(dir, "in", "file"), "text", 0o644))
	if err := WriteFile(filepath.Join(dir, "in"), "text", 0o644); err == nil {
		t.Error("a file has replaced a folder")
	}
	wantFiles(t, filepath.Join(dir, "in"), map[string]string{"file": "text"})
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("these are left: %v (%v)", entries, err)
	}
}

func TestAFailedReplacementLeavesTheFolderAsItWas(t *testing.T) {
	root := t.TempDir()
	kept, from := filepath.Join(root, "kept"), filepath.Join(root, "from")
	must(t, Write(kept, map[string]string{"main.go": "passed"}))
	must(t, Write(from, map[string]string{"main.go": "better"}))
	// Copy fails at a socket.
	socket, err := net.Listen("unix", filepath.Join(from, "z"))
	must(t, err)
	if err := Replace(from, kept); err == nil {
		t.Error("a folder with a socket was copied")
	}
	wantFiles(t, kept, map[string]string{"main.go": "passed"})
	must(t, socket.Close())
	must(t, Replace(from, kept))
	wantFiles(t, kept, map[string]string{"main.go": "better"})
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 2 {
		t.Errorf("these are left: %v (%v)", entries, err)
	}
}
