package elasticache_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/elasticache"
)

// Eight people reload a page of sessionstore's example without a pause while the replica takes
// over. All stay logged in, and their visits go on.
func TestFailoverUnderLoad(t *testing.T) {
	testall.Only(t)
	for _, c := range []struct {
		name string
		take func(*elasticache.StandIn, context.Context) error
		// lossless is true where nothing that was confirmed may be missing.
		lossless bool
	}{
		{"in good order", (*elasticache.StandIn).Switch, true},
		{"after a crash", (*elasticache.StandIn).Fail, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, false)
			app := steptest.Start(t, "../../sessionstore/example", append(s.Environment(), "SESSION_TTL=10m")...)
			load := startLoad(t, app.URL)
			load.waitForEach(t, 50)
			before := time.Now()
			if err := c.take(s, t.Context()); err != nil {
				t.Fatal(err)
			}
			load.waitForEach(t, 50)
			load.stop()

			var confirmed, lost, failed int64
			var outage time.Duration
			for _, p := range load.people {
				if p.loggedOut {
					t.Errorf("%s was logged out", p.name)
				}
				confirmed, lost, failed = confirmed+p.confirmed.Load(), lost+p.lost, failed+p.failed
				outage = max(outage, p.longestGap(before))
			}
			t.Logf("%s: %d visits confirmed, %d lost, %d pages failed, at most %v without a page", c.name, confirmed, lost, failed, outage.Round(time.Millisecond))
			if c.lossless && lost > 0 {
				t.Errorf("%d confirmed visits are lost, want none", lost)
			}
		})
	}
}

type load struct {
	people []*person
	end    context.CancelFunc
	group  sync.WaitGroup
}

// person is one browser. What is no atomic is read after the load has stopped.
type person struct {
	*browse.Browser
	name      string
	confirmed atomic.Int64
	failed    int64
	// lost is how many visits a page has counted that a later page did not know.
	lost      int64
	last      int
	loggedOut bool
	answers   []time.Time
}

func startLoad(t *testing.T, address string) *load {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	l := &load{end: end}
	for i := range 8 {
		p := &person{Browser: browse.New(address), name: "person " + strconv.Itoa(i)}
		p.Client.Timeout = 5 * time.Second
		if _, err := p.Do(ctx, http.MethodPost, "/login", url.Values{"username": {p.name}}, nil); err != nil {
			t.Fatal(err)
		}
		l.people = append(l.people, p)
		l.group.Go(func() { p.reload(ctx) })
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.end()
	l.group.Wait()
}

// waitForEach returns when each person has seen so many more pages.
func (l *load) waitForEach(t *testing.T, pages int64) {
	t.Helper()
	for _, p := range l.people {
		enough := p.confirmed.Load() + pages
		wait.For(t, p.name+" sees pages again", func() bool { return p.confirmed.Load() >= enough })
	}
}

func (p *person) reload(ctx context.Context) {
	for ctx.Err() == nil {
		// The context ends no request: one that is under way counts.
		page, err := p.Do(context.WithoutCancel(ctx), http.MethodGet, "/", nil, nil)
		if err != nil || page.Status != http.StatusOK {
			p.failed++
			continue
		}
		n, ok := page.Visits()
		if !ok {
			p.loggedOut = true
			return
		}
		if n <= p.last {
			p.lost += int64(p.last - n + 1)
		}
		p.last = n
		p.answers = append(p.answers, time.Now())
		p.confirmed.Add(1)
	}
}

// longestGap is the longest time between two pages, of those that came after
// the time given.
func (p *person) longestGap(after time.Time) (longest time.Duration) {
	for i := 1; i < len(p.answers); i++ {
		if p.answers[i].After(after) {
			longest = max(longest, p.answers[i].Sub(p.answers[i-1]))
		}
	}
	return longest
}
