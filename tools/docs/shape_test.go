package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
		for _, wrong := range misshapen(read(t, path)) {
			t.Errorf("%s: %s", strings.TrimPrefix(filepath.ToSlash(path), root+"/"), wrong)
		}
	}
}

func misshapen(guide string) (wrong []string) {
	var titles []string
	for _, s := range sections(guide) {
		if s.level == 2 && slices.Contains(shape, s.title) {
			titles = append(titles, s.title)
		}
	}
	if a, b, differ := firstDifference(shape, titles); differ {
		wrong = append(wrong, "expected the section "+a+", got "+b)
	}
	return wrong
}

func TestMisshapenGuides(t *testing.T) {
	right := "# Step 9\n\n## Goal\n\nX.\n\n## The idea\n\nOne. Two `a. b. c`.\n\n## What changed\n\n## Build it yourself\n\n## Do it\n\n## Look inside\n\n" +
		"## Check yourself\n\n## Exercises\n\n## If it fails\n\n## What is still wrong\n"
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"## Do it\n", "", "expected the section Do it, got Look inside"},
		{"## Goal\n", "### Goal\n", "expected the section Goal, got The idea"},
		{"## What is still wrong\n", "", "expected the section What is still wrong, got nothing"},
		{"## If it fails\n", "## If it fails\n\n## If it fails\n", "expected the section What is still wrong, got If it fails"},
	} {
		got := strings.Join(misshapen(strings.Replace(right, c.old, c.new, 1)), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("with %q for %q it says %q, want %q", c.new, c.old, got, c.want)
		}
	}
}

// errorRow is a row of the table of what the programs say when something goes
// wrong.
var errorRow = regexp.MustCompile("(?m)^\\| `([^`]+)`[^|]*\\|")

func TestErrorsInTheDocsAreThoseOfThePrograms(t *testing.T) {
	_, table, found := strings.Cut(read(t, filepath.Join(root, "docs/troubleshooting.md")), "\n| it says |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := errorRow.FindAllStringSubmatch(table, -1)
	if !found || len(rows) < 5 {
		t.Fatalf("troubleshooting.md has no table that begins with \"it says\", or it has only %d rows", len(rows))
	}
	said := literals(t)
	for _, row := range rows {
		for _, part := range missing(row[1], said) {
			t.Errorf("troubleshooting.md: no program says %q, as in the row %q", part, row[1])
		}
	}
}

// placeholder is what a program puts into the words of an error: the name of
// a variable, a number, a key; and what the table leaves out.
var placeholder = regexp.MustCompile(`^[A-Z_]+: | ?…,? ?|\d+|workshop:user:aaa`)

// missing are the parts of an error that are in no text of a program.
func missing(text, said string) (parts []string) {
	for _, part := range placeholder.Split(text, -1) {
		if !strings.Contains(said, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

func TestErrorsThatNoProgramSaysAreFound(t *testing.T) {
	const said = "%s: %d is taken, something answers\nThe key \n is in the way"
	for text, want := range map[string][]string{
		"PORT: 5000 is taken, something answers":  nil,
		"The key workshop:user:aaa is in the way": nil,
		"PORT: 5000 is used":                      {" is used"},
		"The key … is in the road":                {"is in the road"},
	} {
		if got := missing(text, said); !slices.Equal(got, want) {
			t.Errorf("of %q it misses %q, want %q", text, got, want)
		}
	}
}

// literals are all texts in the source of the programs, one a line.
func literals(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for path, text := range files(t, ".go") {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				value, _ := strconv.Unquote(literal.Value)
				all.WriteString(value + "\n")
			}
			return true
		})
	}
	return all.String()
}
