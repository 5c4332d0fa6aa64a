package learn

import (
	"fmt"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
)

func TestLinesAreBrokenBetweenWords(t *testing.T) {
	const text = "EXPIRE does nothing to a key that is not there yet"
	for _, c := range []struct {
		width int
		want  string
	}{
		{0, "         hint 1:   " + text + "\n"},
		// It fits exactly.
		{69, "         hint 1:   " + text + "\n"},
		{38, `         hint 1:   EXPIRE does nothing
                   to a key that is
                   not there yet
`},
		// There is no room beside the label.
		{18, "         hint 1:   " + text + "\n"},
	} {
		var out strings.Builder
		(&Check{Out: &out, Width: c.width}).detail("hint 1", text)
		if out.String() != c.want {
			t.Errorf("on %d columns:\n%swant:\n%s", c.width, out.String(), c.want)
		}
	}
}

func TestAWordWiderThanTheTerminalIsNotBroken(t *testing.T) {
	long := strings.Repeat("x", 60)
	var out strings.Builder
	c := Check{Out: &out, Width: 40}
	c.say("URL: %s is gone, and no app answers there", long)
	c.detail("got", "URL: "+long)
	want := "URL:\n" + long + " is gone, and no app answers there\n" +
		"         got:      URL:\n                   " + long + "\n"
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}

// A name of Japanese letters has three times as many bytes as letters.
func TestTheWidthIsInCharacters(t *testing.T) {
	var out strings.Builder
	(&Check{Out: &out, Width: 20}).say("Logged in as 日本語日本語 for 日本語日本語日本語 too")
	if want := "Logged in as 日本語日本語\nfor 日本語日本語日本語 too\n"; out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}

func TestEachResultIsOneLine(t *testing.T) {
	for n := 1; n <= steps.Count; n++ {
		lists := [][]contract.Check{contract.Step(n)}
		for _, e := range contract.Exercises(n) {
			lists = append(lists, e.Checks)
		}
		for _, checks := range lists {
			for i, check := range checks {
				for _, word := range []string{"ok", "FAIL"} {
					var out strings.Builder
					(&Check{Out: &out, Width: 80}).line(word, i+1, check)
					want := fmt.Sprintf("%-4s %2d %s: %s\n", word, i+1, check.ID, plain(check.Name.EN))
					if out.String() != want {
						t.Errorf("step %d prints\n%swant one line of at most 80 columns:\n%s", n, out.String(), want)
					}
				}
			}
		}
	}
}
