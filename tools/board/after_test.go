package board_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
)

func TestAfterTheClass(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	const begun, minute = 1764076800000, 60000
	learner := func(name string, minutes int, hint int) {
		r.Client.HSet(t.Context(), roomKey, name, fmt.Sprintf("seen=%d last=2 first=%d from=127.0.0.3 id=%s 2=23/23 t2=%[2]d,%[4]d,%[5]d e2=,place,",
			begun, begun, strings.ToLower(name), begun+minutes*minute, hint))
	}
	learner("Ada", 4, 0)
	learner("Grace", 9, 2)
	learner("=Ken", 11, 1)
	r.Client.HSet(t.Context(), roomKey, "Hana", fmt.Sprintf("seen=%d last=2 2=12/23 t2=%[1]d,0,3", begun), "Early", "seen=1764076800000 last=1 1=1/21")
	early := time.UnixMilli(1764076800000).Format(time.DateOnly)
	v := b.visitor()
	for _, path := range []string{"/teacher/class", "/teacher/class.csv"} {
		if p := v.Get(path); p.Status != http.StatusForbidden || strings.Contains(p.Body, "Grace") {
			t.Errorf("a learner sees %s: %s", path, p.Body)
		}
	}
	b.logIn(v)
	want(t, v.Get("/teacher"), http.StatusOK, "After the class: ")
	want(t, v.Get("/teacher/class"), http.StatusOK, "date, learners "+early+", 5", "Step 1 –", "Step 2 9 min median of 3", "9 2 done", "3 12 of 23")
	file := v.Get("/teacher/class.csv")
	want(t, file, http.StatusOK)
	for _, row := range []string{"name,step,begun,ended,minutes,hint,result,exercises\n", ",9,2,done,place\n", "'=Ken,2,", ",,,3,12 of 23,\n"} {
		if !strings.Contains(file.Body, row) {
			t.Errorf("%q is missing in %s", row, file.Body)
		}
	}
	if strings.Contains(file.Body, "Early") {
		t.Error("a report without times has a row")
	}
}
