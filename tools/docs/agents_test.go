package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// agents is the guide of AI assistants. TestEveryNamedCommandExists reads it
// too, as every guide.
const agents = "AGENTS.md"

// ofLearner matches the folders of a learner.
var ofLearner = regexp.MustCompile(`^my-step[N1-4]$`)

// An assistant does what this guide says without a look at the repository, so
// each name in it is that of a command, a file, or code.
func TestTheGuideOfAssistantsNamesWhatExists(t *testing.T) {
	text := read(t, filepath.Join(root, agents))
	if lines := strings.Count(text, "\n"); lines > 50 {
		t.Errorf("%s has %d lines, and assistants read it with every question: at most 50", agents, lines)
	}
	for _, name := range unknownNames(t, text) {
		t.Errorf("%s names %s, which is no command, file, or part of the session store", agents, name)
	}
	for _, title := range quoted.FindAllStringSubmatch(text, -1) {
		if !isTitle(t, title[1]) {
			t.Errorf("%s names the section %q, which no guide has", agents, title[1])
		}
	}
}

func TestUnknownNamesAreFound(t *testing.T) {
	missing := unknownNames(t, "`make check3 HINT=2`, `check/contract`, `my-step3` and `RevokeAll`, but `make chek3`, `go test ./step9`, `check/contracts` and `RevokeEverything`")
	if got := strings.Join(missing, ", "); got != "make chek3, go test ./step9, check/contracts, RevokeEverything" {
		t.Errorf("it finds %s", got)
	}
}

// unknownNames returns the names in backticks that do not exist.
func unknownNames(t *testing.T, text string) (found []string) {
	t.Helper()
	makefile := read(t, filepath.Join(root, "Makefile"))
	explained := codeOfGuides(t)
	delete(explained, agents)
	var known strings.Builder
	for _, code := range explained {
		known.WriteString(code)
	}
	for path, source := range files(t, ".go") {
		if strings.HasPrefix(path, "sessionstore/") {
			known.WriteString(source)
		}
	}
	for _, name := range codeIn(text) {
		isCommand := strings.HasPrefix(name, "make ") || strings.HasPrefix(name, "go ")
		switch {
		case !isCommand:
			if !ofLearner.MatchString(name) && !strings.Contains(known.String(), name) {
				found = append(found, name)
			}
		case len(unknown(name, makefile)) > 0, !hasFolders(name):
			found = append(found, name)
		}
	}
	return found
}

// hasFolders reports whether the folders in a go command exist.
func hasFolders(command string) bool {
	for _, match := range folder.FindAllStringSubmatch(command, -1) {
		if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
			return false
		}
	}
	return true
}

// isTitle reports whether a guide has a section with this title.
func isTitle(t *testing.T, title string) bool {
	t.Helper()
	for path, text := range guides(t) {
		for _, s := range sections(text) {
			if path != agents && s.title == title {
				return true
			}
		}
	}
	return false
}
