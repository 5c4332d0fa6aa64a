package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ourSolution is the section with our solution. Learners read it after they
// have tried.
const ourSolution = "Our solution"

// shape are the sections of the guide of a step, in their order. Other sections
// may stand between them.
var shape = []string{
	"Goal", "The idea", "By hand", "Do it", "Look inside", "Build it yourself", "Exercises", "Check yourself",
	ourSolution, "If it fails", "What is still wrong",
}

// outOfShape returns what is wrong with the order of a guide.
func outOfShape(guide string) (wrong []string) {
	var titles []string
	for _, s := range sections(guide) {
		if s.level == 2 && slices.Contains(shape, s.title) {
			titles = append(titles, s.title)
		}
		switch {
		case s.title == ourSolution && !s.isFolded():
			wrong = append(wrong, "the code of "+ourSolution+" is not between <details> and </details>")
		case s.title != ourSolution && slices.ContainsFunc(s.elements, isGenerated):
			wrong = append(wrong, "the section "+s.title+" shows our solution")
		case s.title == "Build it yourself" && !strings.Contains(s.words(), "\n| `make check"):
			wrong = append(wrong, "the section "+s.title+" has no table of commands")
		}
	}
	if a, b, differ := firstDifference(shape, titles); differ {
		wrong = append(wrong, "expected the section "+a+", got "+b)
	}
	return wrong
}

// isGenerated reports whether a comment announces the changes between two
// steps.
func isGenerated(e element) bool {
	return e.kind == aComment && (strings.HasPrefix(e.text, "diff ") || strings.HasPrefix(e.text, "files "))
}

// isFolded reports whether a page hides the code and the tables of a section
// until the reader opens them.
func (s section) isFolded() bool {
	folded, found := false, false
	for _, e := range s.elements {
		switch {
		case e.text == "<details>":
			folded = true
		case e.text == "</details>":
			folded = false
		case e.kind == aFence || strings.HasPrefix(e.text, "|"):
			if !folded {
				return false
			}
			found = true
		}
	}
	return found
}

func TestGuidesOfTheStepsHaveOneShape(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "step[0-9]-*", "README.md"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("guides of steps: %v, %v", paths, err)
	}
	for _, path := range paths {
		for _, wrong := range outOfShape(read(t, path)) {
			t.Errorf("%s: %s", path, wrong)
		}
	}
}

func TestAGuideOutOfShapeIsFound(t *testing.T) {
	right := read(t, filepath.Join(root, "step3-ttl/README.md"))
	table := right[strings.Index(right, "<!-- files"):strings.Index(right, "<!-- diff")]
	for _, c := range []struct{ what, guide, want string }{
		{"a section less", strings.Replace(right, "## By hand", "### By hand", 1), "expected the section By hand, got Do it"},
		{"two sections changed about", strings.NewReplacer("## Do it", "## Look inside", "## Look inside", "## Do it").Replace(right), "expected the section Do it, got Look inside"},
		{"the solution before the exercises", strings.Replace(right, "## Exercises\n", "## Exercises\n\n"+table, 1), "the section Exercises shows our solution"},
		{"a solution that is open", strings.Replace(right, "<details>\n<summary>All that changes", "<summary>All that changes", 1), "is not between <details>"},
		{"no table of commands", strings.ReplaceAll(right, "| `make check3", "`make check3"), "has no table of commands"},
	} {
		if wrong := strings.Join(outOfShape(c.guide), "\n"); c.guide == right || !strings.Contains(wrong, c.want) {
			t.Errorf("%s: it says %q, want %q", c.what, wrong, c.want)
		}
	}
}

// scriptOfTheStore matches the source of the script in step 4.
var scriptOfTheStore = regexp.MustCompile("(?s)const visitSource = `(.*?)`")

// In the guide of step 4 the reader types the same script that the store sends.
func TestTheGuideHasTheScriptOfTheStore(t *testing.T) {
	source := scriptOfTheStore.FindStringSubmatch(read(t, filepath.Join(root, "step4-store/session/script.go")))
	if source == nil {
		t.Fatal("script.go has no visitSource")
	}
	if typed := "VISIT=\"" + source[1] + "\"\n"; !strings.Contains(read(t, filepath.Join(root, "step4-store/README.md")), typed) {
		t.Errorf("the guide of step 4 does not have its reader type:\n%s", typed)
	}
}

var (
	// errorRow matches a row of the table of error messages.
	errorRow = regexp.MustCompile("(?m)^\\| `([^`]+)`[^|]*\\|")
	// placeholder matches a variable part of an error, such as the name of a
	// variable, a number or a key, and the … of the table.
	placeholder = regexp.MustCompile(`^[A-Z_]+: | ?…,? ?|\d+|workshop:user:aaa`)
)

func TestTheProgramsPrintTheErrorsInTheDocs(t *testing.T) {
	var source strings.Builder
	for _, kind := range []string{".go", ".html"} {
		for path, text := range files(t, kind) {
			if !strings.HasSuffix(path, "_test.go") {
				source.WriteString(text)
			}
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
