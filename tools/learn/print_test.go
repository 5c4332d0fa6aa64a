package learn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
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
		(&Check{Out: &out, Width: c.width}).detail(lang.Same("hint 1"), lang.Same(text))
		if out.String() != c.want {
			t.Errorf("on %d columns:\n%swant:\n%s", c.width, out.String(), c.want)
		}
	}
}

func TestAWordWiderThanTheTerminalIsNotBroken(t *testing.T) {
	long := strings.Repeat("x", 60)
	var out strings.Builder
	c := Check{Out: &out, Width: 40}
	c.say(lang.Same("URL: " + long + " is gone, and no app answers there"))
	c.detail(lang.Same("got"), lang.Same("URL: "+long))
	want := "URL:\n" + long + "\nis gone, and no app answers there\n" +
		"         got:      URL:\n                   " + long + "\n"
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}

// A character of Japanese is two columns wide. A line may end after most of them, but
// none begins with a 。 or ends with a 「.
func TestAJapaneseLineIsBrokenAtTheWidthOfTheTerminal(t *testing.T) {
	var out strings.Builder
	c := Check{Out: &out, Width: 48, Lang: lang.Japanese}
	c.detail(lang.T("hint 1", "ヒント 1"), lang.Text{JA: "訪問回数を session/store.go の「visits」に足します。次に make check2 HINT=2 を実行します。"})
	c.say(lang.Text{JA: strings.Repeat("あ", 23) + "い。"})
	const want = `         ヒント 1: 訪問回数を session/store.go
                   の「visits」に足します。次に
                   make check2 HINT=2 を実行しま
                   す。
あああああああああああああああああああああああ
い。
`
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}

// The texts of one check begin in one column, below the labels of each language.
func TestTheTextsOfACheckAreAligned(t *testing.T) {
	for _, l := range []lang.Lang{lang.English, lang.Japanese} {
		var out strings.Builder
		check := contract.Check{ID: "id", Hints: []lang.Text{lang.Same("text"), lang.Same("text"), lang.Same("text / text")}}
		c := Check{Out: &out, Lang: l, Hint: 3, Copy: Copy{Step: 1}}
		c.explain(&Problem{check: check, helps: check, said: "panic\n", Failure: &contract.Failure{Expected: lang.Same("text"), Got: lang.Same("text: answered 500")}})
		c.notYet(check, &contract.Failure{Expected: lang.Same("text"), Got: lang.Same("text")})
		found := 0
		for line := range strings.Lines(out.String()) {
			begin, _, isText := strings.Cut(line, "text")
			if !isText {
				continue
			}
			if found++; uniseg.StringWidth(begin) != 19 {
				t.Errorf("%s: the text begins in column %d:\n%s", l, uniseg.StringWidth(begin), out.String())
			}
		}
		if found != 8 {
			t.Errorf("%s: %d lines with a text, want 8:\n%s", l, found, out.String())
		}
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
