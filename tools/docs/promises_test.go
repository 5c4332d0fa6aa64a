package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const storeReadme = "sessionstore/README.md"

// aNamedPlace is a name in the code, and the file that it is in.
var aNamedPlace = regexp.MustCompile("\\[`([^`]+)`\\]\\(([\\w/]+\\.go)\\)")

func TestEveryPromiseNamesATestThatExists(t *testing.T) {
	text := read(t, filepath.Join(root, storeReadme))
	rows := 0
	for _, table := range strings.Split(text, "| shown by |\n|---|---|\n")[1:] {
		table, _, _ = strings.Cut(table, "\n\n")
		for row := range strings.Lines(table) {
			rows++
			cells := strings.Split(strings.Trim(row, "|\n"), "|")
			shown := cells[len(cells)-1]
			if !aNamedPlace.MatchString(shown) && !strings.Contains(shown, "no test") {
				t.Errorf("%s: this line names no test: %s", storeReadme, row)
			}
		}
	}
	if rows == 0 {
		t.Errorf("%s has no table of promises", storeReadme)
	}
	for _, missing := range missingNames(filepath.Join(root, "sessionstore"), text) {
		t.Errorf("%s: %s", storeReadme, missing)
	}
}

// missingNames are the names in links of a text, each with its file, that the
// files in a folder do not have: neither as a function nor as a part of the suite.
func missingNames(dir, text string) (missing []string) {
	for _, match := range aNamedPlace.FindAllStringSubmatch(text, -1) {
		name, file := match[1], match[2]
		source, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(source), "\nfunc "+name+"(") && !strings.Contains(string(source), "\n\t{\""+name+"\", ") {
			missing = append(missing, name+" is not in "+file)
		}
	}
	return missing
}

func TestMissingNamesAreFound(t *testing.T) {
	text := "[`TestSuite`](session_test.go), [`TestSuit`](session_test.go), [`TestSuite`](gone_test.go), " +
		"[`only one request gets a popped field`](sessiontest/reads.go), [`only one request gets`](sessiontest/reads.go)"
	got := strings.Join(missingNames(filepath.Join(root, "sessionstore"), text), "\n")
	want := "TestSuit is not in session_test.go\nTestSuite is not in gone_test.go\nonly one request gets is not in sessiontest/reads.go"
	if got != want {
		t.Errorf("it finds\n%s\nwant\n%s", got, want)
	}
}
