package board_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
)

func (b *classBoard) mustSend(p board.Progress) {
	b.t.Helper()
	if err := board.Send(b.t.Context(), b.address(), lang.English, p); err != nil {
		b.t.Fatal(err)
	}
}

func TestTheTeacherSeesWhoIsStuckAndWhere(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	for _, p := range []board.Progress{
		{Name: "Hana", State: board.Hello},
		{Name: "鈴木", Step: 2, Passed: 18, Total: 23, Check: "first-visit", Hint: 2},
		{Name: "Ken", Step: 2, Passed: 18, Total: 23, Check: "first-visit", Hint: 1},
		{Name: "Mary", Step: 3, Total: 23, State: board.DoesNotCompile},
		{Name: "Dennis", Step: 2, Total: 23, State: board.NotBegun},
		{Name: "Barbara", Step: 2, Passed: 23, Total: 23, State: board.Taken},
		{Name: "Grace", Step: 2, Passed: 23, Total: 23},
		{Name: "Grace", Step: 2, Passed: 2, Total: 2, Exercise: "place"},
	} {
		b.mustSend(p)
	}
	teacher := b.visitor()
	b.logIn(teacher)
	want(t, teacher.Get("/teacher"), http.StatusOK, "No learner is stuck")
	// Another report is not a move.
	for name, minutes := range map[string]int{"鈴木": 7, "Ken": 9, "Mary": 6, "Dennis": 5, "Grace": 20} {
		line := r.Client.HGet(t.Context(), roomKey, name).Val()
		ago := fmt.Sprintf("moved=%d", time.Now().Add(-time.Duration(minutes)*time.Minute).UnixMilli())
		r.Client.HSet(t.Context(), roomKey, name, regexp.MustCompile(`moved=\d+`).ReplaceAllString(line, ago))
	}
	b.mustSend(board.Progress{Name: "Ken", Step: 2, Passed: 17, Total: 23, Check: "first-visit", Hint: 3})
	text := teacher.Get("/teacher").Text()
	last := 0
	for _, row := range []string{
		"Stuck for 5 minutes or more: step 2, first-visit (2); step 3, does not compile (1); step 2, not begun (1)",
		"Ken step 2 · first-visit 9 min hint 3 –not yet 18 of 23",
		"鈴木 step 2 · first-visit 7 min hint 2 –not yet 18 of 23",
		"Mary step 3 · does not compile 6 min –not yet –not yet 0 of 23",
		"Dennis step 2 · not begun 5 min",
		"Grace step 2 · exercise place 20 min –not yet ✓ done +1 exercise",
	} {
		at := strings.Index(text, row)
		if at < last {
			t.Errorf("%q is missing, or not in this order, in %s", row, text)
		}
		last = max(at, last)
	}
	for _, row := range []string{"Hana here 0 min", "Barbara step 2 · taken 0 min –not yet taken"} {
		if !strings.Contains(text, row) {
			t.Errorf("%q is missing in %s", row, text)
		}
	}
	page := b.visitor().WaitFor("", "7 people take part").Text()
	for _, private := range []string{"first-visit", "18 of 23", "compile", "taken", "hint 2"} {
		if strings.Contains(page, private) {
			t.Errorf("the page for all shows %q: %s", private, page)
		}
	}
	// A learner who builds the step after all has done it.
	b.mustSend(board.Progress{Name: "Barbara", Step: 2, Passed: 23, Total: 23})
	b.visitor().WaitFor("", "Latest: Barbara, step 2: done", "Step 2 2 done")
}

func TestInvalidReportsAreRefused(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	for _, fields := range []string{
		`"state":"hello"`, `"check":"<b>"`, `"check":"a b=c"`, `"exercise":"a,b"`, `"hint":10`, `"hint":-1`, `"state":"asleep"`, `"state":"taken","exercise":"place"`,
	} {
		want(t, b.report(`{"name":"Grace","step":1,"passed":1,"total":21,`+fields+`}`), http.StatusBadRequest)
	}
	want(t, b.report(`{"name":"Grace","step":1,"passed":1,"total":21,"check":"logout"}`), http.StatusOK)
	want(t, b.report(`{"name":"Bob","state":"hello","step":0,"passed":0,"total":0}`), http.StatusOK)
}
