package elasticache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/elasticache"
)

// Eight users continuously reload a page of sessionstore's example while the
// replica takes over. All of them stay logged in, and their visits go on.
func TestFailoverUnderLoad(t *testing.T) {
	testall.Only(t)
	for _, c := range []struct {
		name string
		take func(*elasticache.StandIn, context.Context) error
		// lossless is true if no confirmed visit may be lost.
		lossless bool
	}{
		{"planned", (*elasticache.StandIn).Switch, true},
		{"after a crash", (*elasticache.StandIn).Fail, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, false)
			app := steptest.Start(t, "../../sessionstore/example", append(s.Environment(), "SESSION_TTL=10m")...)
			load := browsetest.StartLoad(t, loggedIn(t, app.URL, 8)...)
			load.WaitForEach(50)
			before := time.Now()
			if err := c.take(s, t.Context()); err != nil {
				t.Fatal(err)
			}
			load.WaitForEach(50)

			var all seen
			for i, answers := range load.Stop() {
				one := look(answers, before)
				if one.loggedOut {
					t.Errorf("user %d was logged out", i)
				}
				all.confirmed, all.lost, all.failed = all.confirmed+one.confirmed, all.lost+one.lost, all.failed+one.failed
				all.gap = max(all.gap, one.gap)
			}
			t.Logf("%s: %d visits confirmed, %d lost, %d pages failed, at most %v without a page", c.name, all.confirmed, all.lost, all.failed, all.gap.Round(time.Millisecond))
			if c.lossless && all.lost > 0 {
				t.Errorf("%d confirmed visits are lost, want none", all.lost)
			}
		})
	}
}

// loggedIn returns n browsers, each logged in under its own name.
func loggedIn(t *testing.T, home string, n int) (browsers []*browse.Browser) {
	t.Helper()
	for i := range n {
		v := browsetest.New(t, home)
		v.Client.Timeout = 5 * time.Second
		v.Login(fmt.Sprint("person ", i))
		browsers = append(browsers, v.Browser)
	}
	return browsers
}

// seen is what one user has seen.
type seen struct {
	confirmed, failed int
	// lost is the number of visits that one page counted and a later page did
	// not know.
	lost      int
	loggedOut bool
	// gap is the longest time between two pages.
	gap time.Duration
}

// look counts the pages, and measures the gaps that end after a time.
func look(answers []browsetest.Answer, after time.Time) (s seen) {
	var last int
	var lastAt time.Time
	for _, a := range answers {
		if !a.Good() {
			s.failed++
			continue
		}
		n, ok := a.Visits()
		if !ok {
			s.loggedOut = true
			return s
		}
		if n <= last {
			s.lost += last - n + 1
		}
		if s.confirmed++; s.confirmed > 1 && a.At.After(after) {
			s.gap = max(s.gap, a.At.Sub(lastAt))
		}
		last, lastAt = n, a.At
	}
	return s
}
