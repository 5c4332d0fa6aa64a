package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// posixOnly matches what PowerShell does not understand: an assignment, a
	// substitution, a pipe to a Unix program, and the like.
	posixOnly = regexp.MustCompile(`(?m)^(export )?\w+=|\$\(|\|\s*(grep|head|wc|sort)\b|/dev/null|^(sed|export|\. |while|for) |\\$`)
	// forWindows matches the line that says what to do instead, and inWSL the one
	// that says so for a whole guide.
	forWindows = regexp.MustCompile(`PowerShell|Windows`)
	inWSL      = regexp.MustCompile(`On Windows, .*commands of this page`)
)

// withoutWindows returns the first lines of the blocks that need a POSIX shell,
// if no text up to the next block says what to do on Windows.
func withoutWindows(guide string) (found []string) {
	all := append(parse(guide), element{kind: "end"})
	for i, e := range all {
		if e.lang != "sh" || !posixOnly.MatchString(e.text) || inWSL.MatchString(guide) {
			continue
		}
		// A server in AWS runs Linux. Above the fence are its comment and the prose.
		if e.mark != "" && i >= 2 && strings.Contains(all[i-2].text, "on the server") {
			continue
		}
		said := false
		for _, next := range all[i+1:] {
			if next.lang == "sh" || next.kind == aHeading {
				break
			}
			said = said || next.kind == prose && forWindows.MatchString(next.text)
		}
		if !said {
			first, _, _ := strings.Cut(e.text, "\n")
			found = append(found, first)
		}
	}
	return found
}

func TestBlocksForAPOSIXShellSayWhatToDoOnWindows(t *testing.T) {
	for _, path := range withCommands(t) {
		for _, first := range withoutWindows(read(t, filepath.Join(root, path))) {
			t.Errorf("%s: PowerShell cannot run the block that begins with %q. Say below it what to type there", path, first)
		}
	}
}

func TestABlockWithoutAWordAboutWindowsIsFound(t *testing.T) {
	block := "```sh\nURL=http://127.0.0.1:5000\ncurl $URL | grep h1\n```\n\n"
	next := "```sh\nmake step1\n```\n\nIn PowerShell: `$URL = …`.\n"
	if found := withoutWindows(block + next); len(found) != 1 || found[0] != "URL=http://127.0.0.1:5000" {
		t.Errorf("without a line it finds %q", found)
	}
	if found := withoutWindows(block + "In PowerShell: `$URL = …`.\n\n" + next); found != nil {
		t.Errorf("with a line it finds %q", found)
	}
	if found := withoutWindows("On Windows, type the commands of this page in WSL.\n\n" + block + next); found != nil {
		t.Errorf("with a line for the whole page it finds %q", found)
	}
}
