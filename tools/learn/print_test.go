package learn

import (
	"strings"
	"testing"
)

func TestLinesAreBrokenBetweenWords(t *testing.T) {
	const text = "EXPIRE does nothing to a key that is not there yet"
	for _, c := range []struct {
		width int
		want  string
	}{
		{0, "         hint 1:   " + text + "\n"},
		{100, "         hint 1:   " + text + "\n"},
		{40, `         hint 1:   EXPIRE does nothing
                   to a key that is not
                   there yet
`},
		{10, "         hint 1:   " + text + "\n"},
	} {
		var out strings.Builder
		(&Check{Out: &out, Width: c.width}).detail("hint 1", text)
		if out.String() != c.want {
			t.Errorf("on %d columns:\n%swant:\n%s", c.width, out.String(), c.want)
		}
	}
}

func TestAWordWiderThanTheTerminalIsLeftWhole(t *testing.T) {
	long := strings.Repeat("x", 60)
	var out strings.Builder
	(&Check{Out: &out, Width: 40}).say("URL: %s is gone, and nobody answers there", long)
	if want := "URL:\n" + long + " is gone, and nobody answers there\n"; out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}
