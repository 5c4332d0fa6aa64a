package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/sessionstore/bench/contestant"
)

// The test binary itself serves the contestants, as the program does.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

// tiny runs the whole comparison in seconds. Its measurements mean nothing.
var tiny = settings{
	Rounds: 2, Connections: 4, Run: 50 * time.Millisecond,
	DelayedConnections: 2, Delay: time.Millisecond,
	MemorySessions: 300,
	ScaleSizes:     []int{100, 1_000}, ScaleRuns: 2,
}

func TestTheWholeComparison(t *testing.T) {
	testall.Only(t)
	r, err := measure(t.Context(), tiny, "", t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range r.Behaviour {
		t.Logf("%+v", b)
		if strings.HasPrefix(b.Contestant, "this") || b.Contestant == exampleApp {
			wantOneRoundTripAndNothingLost(t, b)
		}
	}
	if len(r.Behaviour) != len(everyone()) {
		t.Errorf("the report has the behaviour of %d contestants, want %d", len(r.Behaviour), len(everyone()))
	}
	if want := tiny.Rounds * len(everyone()); len(r.Speed) != want || len(r.Delayed) != want {
		t.Errorf("%d and %d runs, want %d", len(r.Speed), len(r.Delayed), want)
	}
	if want := tiny.ScaleRuns * len(tiny.ScaleSizes) * len(scaled); len(r.Scale) != want {
		t.Errorf("%d runs among many sessions, want %d", len(r.Scale), want)
	}
	// The key alone takes 40 bytes.
	if m := r.memoryOf(contestant.Ours); m.WithoutIndex < 100 || m.Bytes <= m.WithoutIndex+100 {
		t.Errorf("a session takes %.0f bytes and %.0f without its index, want 100 more with it", m.Bytes, m.WithoutIndex)
	}
	wantCompleteResults(t, r)
	for i := range r.Speed {
		r.Speed[i].AppCPU, r.Speed[i].RedisCPU = 0, 0
	}
	wantCompleteResults(t, r)
}

func wantOneRoundTripAndNothingLost(t *testing.T, b behaviour) {
	t.Helper()
	if b.Visit != 1 || b.Login > 2 || b.Logout > 2 || b.LoginAgain > 2 {
		t.Errorf("%s takes %v round trips for a visit, %v for a login, %v for a logout, %v for a login after it; want 1, and at most 2 for each of the others",
			b.Contestant, b.Visit, b.Login, b.Logout, b.LoginAgain)
	}
	if b.Lost != 0 {
		t.Errorf("%s lost %d of %d updates, want 0", b.Contestant, b.Lost, b.Parallel)
	}
}

// wantCompleteResults writes the results and reads them back.
func wantCompleteResults(t *testing.T, r *report) {
	t.Helper()
	dir := t.TempDir()
	if err := r.save(dir + "/results.json"); err != nil {
		t.Fatal(err)
	}
	again, err := loadReport(dir + "/results.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.publish(dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(dir + "/results.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append(everyone(), r.Machine.CPU, r.Date, "goredisstore v", "- Redis ", fmt.Sprintf("%d at a time", parallel), "make bench") {
		if !strings.Contains(string(page), want) {
			t.Errorf("results.md lacks %q", want)
		}
	}
	if strings.Contains(string(page), "NaN") || strings.Contains(string(page), "Inf") {
		t.Errorf("a number is missing in:\n%s", page)
	}
	if tables, err := r.render("tables"); err != nil || !strings.Contains(string(page), string(tables)) {
		t.Errorf("the tables of the terminal are not those of the page: %v\n%s", err, tables)
	}
	picture, err := os.Open(dir + "/results.svg")
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	for d := xml.NewDecoder(picture); err == nil; {
		_, err = d.Token()
	}
	if err != io.EOF {
		t.Errorf("results.svg is not valid XML: %v", err)
	}
}

// A count that is always 0 would prove nothing.
func TestLostUpdatesAreCounted(t *testing.T) {
	b := &bench{settings: tiny, programs: self(t), log: t.Logf}
	all, err := each(t.Context(), []string{"scs"}, b.behaviour)
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Lost == 0 || all[0].Visit != 2 {
		t.Errorf("scs lost %d updates, with %v round trips a visit; it loads and saves, so want some lost, with 2", all[0].Lost, all[0].Visit)
	}
}

// self returns the programs without the example.
func self(t *testing.T) programs {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return programs{dir: t.TempDir(), self: path}
}

// open starts contestants. They stop at the end of the test.
func open(t *testing.T, names ...string) *stage {
	t.Helper()
	s, err := self(t).open(t.Context(), noWire, names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestAnAnswerWithoutACountEndsTheRun(t *testing.T) {
	s := open(t, contestant.Ours)
	_, err := plan{
		addr: s.apps[0].addr, connections: 2, perConnection: 5,
		cookie: func(int, int) string { return "none=here" },
	}.send()
	if err == nil || !strings.Contains(err.Error(), "not logged in") {
		t.Errorf("the error is %v, want one with the answer", err)
	}
}

func TestQuantile(t *testing.T) {
	if got := quantile([]float64{9, 1, 5}, 0.5); got != 5 {
		t.Errorf("median of 9, 1, 5 is %v", got)
	}
	if got := quantile([]float64{4, 1, 2, 3}, 0.5); got != 2.5 {
		t.Errorf("median of 4, 1, 2, 3 is %v", got)
	}
	if !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("an empty list has a median")
	}
}

func TestMedians(t *testing.T) {
	var all runs
	for i, speed := range []float64{3, 1, 2} {
		all = append(all,
			run{Contestant: contestant.Ours, Round: i, Sessions: 7, PerSecond: speed, P99: 10 * speed},
			run{Contestant: contestant.Ours, Round: i, Sessions: 9, PerSecond: 5 * speed},
			run{Contestant: contestant.Floor, Round: i, Sessions: 7, PerSecond: 9 * speed})
	}
	medians := all.Medians()
	if len(medians) != 3 || medians[0].Contestant != contestant.Floor || medians[2].Sessions != 9 {
		t.Fatalf("the medians are %+v, want one for each contestant and number of sessions, the floor first", medians)
	}
	if m := medians[1]; m.PerSecond != 2 || m.P99 != 20 || m.Sessions != 7 {
		t.Errorf("the median is %+v, want 2 a second and 20 ms among 7 sessions", m)
	}
	if all[0].PerSecond != 3 {
		t.Error("median changed a run")
	}
}

func TestRatiosAndNoise(t *testing.T) {
	var all runs
	for i, twin := range []float64{80, 100, 110, 100, 120} {
		all = append(all,
			run{Contestant: contestant.Floor, Round: i, PerSecond: 100},
			run{Contestant: contestant.Twin, Round: i, PerSecond: twin},
			run{Contestant: contestant.Ours, Round: i, PerSecond: 50 + float64(i)})
	}
	s := all.Noise()
	if s.High != 1.1 || math.Abs(s.Low-1/1.1) > 1e-9 {
		t.Errorf("the noise is %+v, want 1/1.1 to 1.1", s)
	}
	for r, want := range map[float64]string{1.05: "1.05, equal", 0.95: "0.95, equal", 1.2: "1.20", 0.5: "0.50"} {
		if got := s.times(r); got != want {
			t.Errorf("times(%v) = %q, want %q", r, got, want)
		}
	}
	if got := all.Times(contestant.Ours, contestant.Floor); got != "0.52" {
		t.Errorf("the store has %s times the throughput of the floor, want 0.52, the median of the rounds", got)
	}
}

func TestGoalsAreMet(t *testing.T) {
	for _, c := range []struct {
		goal goal
		met  bool
	}{
		{goal{AtLeast: true, Asked: 2, Measured: 2}, true},
		{goal{AtLeast: true, Asked: 2, Measured: 1.9}, false},
		{goal{Asked: 2, Measured: 2}, true},
		{goal{Asked: 2, Measured: 2.1}, false},
	} {
		if c.goal.Met() != c.met {
			t.Errorf("%+v: met is %t", c.goal, !c.met)
		}
	}
}

func TestTheFloorVisitsTheSessionsOfTheStore(t *testing.T) {
	s := open(t, scaled...)
	cookies, err := logIn(s.apps[0].addr, 1)
	if err != nil {
		t.Fatal(err)
	}
	floor, err := openBrowser(s.apps[1].addr)
	if err != nil {
		t.Fatal(err)
	}
	defer floor.close()
	floor.cookie = floorCookie(cookies[0])
	if visits, err := floor.visit(); err != nil || visits != 2 {
		t.Errorf("the visit by the floor counts as %d (%v), want 2 after one by the store", visits, err)
	}
}
