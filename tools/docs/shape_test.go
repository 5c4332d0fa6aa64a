package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shape is what the guide of a step has, in this order. Sections of other
// names may stand in between.
var shape = []string{"Goal", "The idea", "What changed", "Do it", "Look inside", "Check yourself", "If it fails", "What is still wrong"}

func TestGuidesOfTheStepsHaveOneShape(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "step[0-9]-*", "README.md"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("guides of steps: %v, %v", paths, err)
	}
	for _, path := range paths {
		var titles []string
		for _, s := range sections(read(t, path)) {
			if s.level == 2 && slices.Contains(shape, s.title) {
				titles = append(titles, s.title)
			}
		}
		if a, b, differ := firstDifference(shape, titles); differ {
			t.Errorf("%s: expected the section %s, got %s", path, a, b)
		}
	}
}

var (
	// errorRow is a row of the table of what the programs say when something
	// goes wrong.
	errorRow = regexp.MustCompile("(?m)^\\| `([^`]+)`[^|]*\\|")
	// placeholder is what a program puts into the words of an error: the name
	// of a variable, a number, a key; and what the table leaves out.
	placeholder = regexp.MustCompile(`^[A-Z_]+: | ?…,? ?|\d+|workshop:user:aaa`)
)

func TestErrorsInTheDocsAreThoseOfThePrograms(t *testing.T) {
	var source strings.Builder
	for path, text := range files(t, ".go") {
		if !strings.HasSuffix(path, "_test.go") {
			source.WriteString(text)
		}
	}
	rows := errorRow.FindAllStringSubmatch(read(t, filepath.Join(root, "docs/troubleshooting.md")), -1)
	if len(rows) == 0 {
		t.Error("troubleshooting.md names no error")
	}
	for _, row := range rows {
		for _, words := range placeholder.Split(row[1], -1) {
			if !strings.Contains(source.String(), words) {
				t.Errorf("troubleshooting.md: no program says %q, as in the row %q", words, row[1])
			}
		}
	}
}
