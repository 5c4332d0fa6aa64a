package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/modules"
)

// In testdata/good are words in their other meaning, code, Japanese and
// what tests read. In testdata/bad are the mistakes, and in testdata/found.txt
// what Vale must say of them.
func TestProseToAvoidIsFound(t *testing.T) {
	testall.Only(t) // compiles vale
	if found, err := findProse(t, "testdata/good"); err != nil || len(found) > 0 {
		t.Errorf("vale on good texts: %v\n%s", err, strings.Join(found, "\n"))
	}
	text, err := os.ReadFile("testdata/found.txt")
	if err != nil {
		t.Fatal(err)
	}
	found, err := findProse(t, "testdata/bad")
	if err == nil {
		t.Error("vale succeeds on bad texts")
	}
	if want := strings.Split(strings.TrimSpace(string(text)), "\n"); !slices.Equal(found, want) {
		t.Errorf("vale finds\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}

// findProse returns what vale finds in a copy of the texts, by the repository's
// rules, in the order of the files' names.
func findProse(t *testing.T, texts string) (found []string, err error) {
	t.Helper()
	root, err := modules.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for from, to := range map[string]string{texts: "", filepath.Join(root, ".vale"): ".vale"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := os.ReadFile(filepath.Join(root, ".vale.ini"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".vale.ini"), settings, 0o644); err != nil {
		t.Fatal(err)
	}
	lint := prose(t.Context(), dir)
	lint.Stdout = nil
	output, err := lint.Output()
	for line := range strings.Lines(filepath.ToSlash(string(output))) {
		found = append(found, strings.TrimSpace(line))
	}
	slices.SortStableFunc(found, func(a, b string) int {
		return strings.Compare(file(a), file(b))
	})
	return found, err
}

// file is the name at the beginning of what vale finds.
func file(found string) string {
	name, _, _ := strings.Cut(found, ":")
	return name
}
