package learn

import (
	"strings"
	"testing"
)

func TestEmpty(t *testing.T) {
	const source = `package a

import (
	"fmt"
	"strings"

	"example.com/go-b/v9"
)

// one prints.
func one() { fmt.Println(strings.ToUpper("x")) }

func two() string { return strings.ToLower(b.Name) }
`
	got, err := empty(source, map[string]string{"one": "\n\t// Yours.\n"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `package a

import (
	"strings"

	"example.com/go-b/v9"
)

// one prints.
func one() {
	// Yours.
}

func two() string { return strings.ToLower(b.Name) }
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := empty(source, map[string]string{"three": ""}); err == nil || !strings.Contains(err.Error(), "found 0 of 1 functions") {
		t.Errorf("a function that is not there: %v", err)
	}
}

func TestLastLines(t *testing.T) {
	stack := "Step 1 is running\npanic: at once\n" + strings.Repeat("goroutine 1\n", 50)
	const raced = "fatal error: concurrent map writes\n\ngoroutine 9 [running]:\nmain.app.index({0x1})\n\t/home/ada/my-step1/main.go:63 +0x1d\n"
	for output, want := range map[string]string{
		"one\ntwo\n":                            "    one\n    two",
		raced:                                   "    fatal error: concurrent map writes at my-step1/main.go:63 (app.index)",
		stack:                                   "    panic: at once\n    goroutine 1",
		strings.Repeat("x\n", 30) + "the end\n": "x\n    the end",
	} {
		got := lastLines(output, "my-step1")
		if !strings.Contains(got, want) || strings.Count(got, "\n") >= mostLines {
			t.Errorf("of %.20q: %q", output, got)
		}
	}
}
