package browsetest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/wait"
)

// Load is a set of browsers that load / again and again, each without a pause.
type Load struct {
	t       testing.TB
	end     context.CancelFunc
	running sync.WaitGroup
	sources []*source
}

// source is one of the browsers.
type source struct {
	answers []Answer // read them when the load has stopped
	good    atomic.Int64
}

// Answer is the result of one request.
type Answer struct {
	browse.Page
	Err error
	At  time.Time
}

// Good reports whether the answer is a page with status 200.
func (a Answer) Good() bool { return a.Err == nil && a.Status == http.StatusOK }

// StartLoad starts the load. It ends with the test, or at Stop.
func StartLoad(t testing.TB, browsers ...*browse.Browser) *Load {
	ctx, end := context.WithCancel(t.Context())
	l := &Load{t: t, end: end}
	for _, b := range browsers {
		s := new(source)
		l.sources = append(l.sources, s)
		l.running.Go(func() { s.reload(ctx, b) })
	}
	t.Cleanup(func() { l.Stop() })
	return l
}

func (s *source) reload(ctx context.Context, b *browse.Browser) {
	for ctx.Err() == nil {
		// The end of the load does not cancel a request under way, because its visit
		// may count.
		page, err := b.Do(context.WithoutCancel(ctx), http.MethodGet, "/", nil, nil)
		a := Answer{page, err, time.Now()}
		s.answers = append(s.answers, a)
		if a.Good() {
			s.good.Add(1)
		}
	}
}

// WaitForEach returns when each browser has got n more good answers.
func (l *Load) WaitForEach(n int64) {
	l.t.Helper()
	for i, s := range l.sources {
		enough := s.good.Load() + n
		wait.For(l.t, fmt.Sprintf("browser %d has %d more pages", i, n), func() bool { return s.good.Load() >= enough })
	}
}

// Stop ends the load and returns the answers of each browser.
func (l *Load) Stop() [][]Answer {
	l.end()
	l.running.Wait()
	var all [][]Answer
	for _, s := range l.sources {
		all = append(all, s.answers)
	}
	return all
}
