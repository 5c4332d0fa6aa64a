package learn_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/repotest"
	"example.com/session-workshop/tools/learn"
)

// fakeBoard accepts every report, and keeps the last one.
func fakeBoard(t *testing.T) (address string, last *board.Progress) {
	t.Helper()
	last = new(board.Progress)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = board.Progress{}
		if err := json.NewDecoder(r.Body).Decode(last); err != nil {
			t.Error(err)
		}
		io.WriteString(w, `{"board":"session-workshop"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/k7f3qz", last
}

// reported runs a check, and returns what the class board got.
func reported(t *testing.T, check *learn.Check) board.Progress {
	t.Helper()
	address, last := fakeBoard(t)
	check.Board, check.Name, check.Out = address, "ada", io.Discard
	// Only the report counts here.
	_ = check.Run(t.Context())
	return *last
}

func TestTheBoardGetsTheStateOfTheCopy(t *testing.T) {
	c := started(t, repotest.Clone(t), 2)
	main := filepath.Join(c.Dir(), "main.go")
	wants := func(what string, check *learn.Check, want board.Progress) {
		t.Helper()
		got := reported(t, check)
		if want.Name, want.Step, want.Total = "ada", 2, got.Total; got != want || got.Total == 0 {
			t.Errorf("%s: the board got %+v, want %+v", what, got, want)
		}
	}
	wants("an untouched copy", checkOf(c, ""), board.Progress{State: board.NotBegun})
	added := filepath.Join(c.Dir(), "store.go")
	repotest.Write(t, added, "package main\n")
	if got := reported(t, checkOf(c, "")); got.State != "" || got.Check == "" {
		t.Errorf("a copy with one more file: the board got %+v, want the check that failed", got)
	}
	if err := os.Remove(added); err != nil {
		t.Fatal(err)
	}
	repotest.Change(t, main, "\tcfg := config.MustLoad(2)\n", "\tundefinedName()\n\tcfg := config.MustLoad(2)\n")
	wants("a mistake", checkOf(c, ""), board.Progress{State: board.DoesNotCompile})
	wants("a mistake in an exercise", checkOf(c, "place"), board.Progress{State: board.DoesNotCompile, Exercise: "place"})
	repotest.Change(t, main, "undefinedName()", "panic(1)")
	wants("a panic", checkOf(c, ""), board.Progress{State: board.DoesNotStart})
	repotest.Change(t, main, "\tpanic(1)\n", "\t// A comment.\n")
	check := checkOf(c, "")
	check.Hint = 2
	got := reported(t, check)
	if got.Check == "" || got.Hint != 2 || got.State != "" || got.Passed == 0 {
		t.Errorf("the board got %+v, want the check that failed and hint 2", got)
	}
	putSolution(t, c)
	wants("a right copy", checkOf(c, ""), board.Progress{Passed: got.Total})
}
