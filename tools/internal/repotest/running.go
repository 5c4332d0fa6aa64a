package repotest

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience is what a condition gets that holds at once when all is well.
const Patience = 10 * time.Minute

// Running is a program or a part of one that runs. What it prints can be waited
// for.
type Running struct {
	T testing.TB
	// Ended is closed when it has ended.
	Ended chan struct{}
	// Err is how a function ended.
	Err error
	// Stop ends the context of a function, and waits for its end.
	Stop func()

	mu   sync.Mutex
	text bytes.Buffer
}

// Go runs a function until the test has ended, or longer: until Stop.
func Go(t testing.TB, function func(ctx context.Context, r *Running) error) *Running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &Running{T: t, Ended: make(chan struct{})}
	r.Stop = func() {
		cancel()
		<-r.Ended
	}
	go func() {
		r.Err = function(ctx, r)
		close(r.Ended)
	}()
	t.Cleanup(r.Stop)
	return r
}

// Write takes what it prints, and never fails.
func (r *Running) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(text)
}

// String is what it has printed.
func (r *Running) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// WaitFor waits until the pattern matches in what is printed, and returns the
// last group.
func (r *Running) WaitFor(pattern string) string {
	r.T.Helper()
	return r.WaitForTimes(1, pattern)
}

// WaitForTimes waits for that many matches, and returns the last group of the
// last of them.
func (r *Running) WaitForTimes(times int, pattern string) string {
	r.T.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(Patience)
	for over := false; ; {
		matches := expression.FindAllStringSubmatch(r.String(), -1)
		if len(matches) >= times {
			return matches[times-1][len(matches[times-1])-1]
		}
		if over {
			r.T.Fatalf("%d times %q in the output, want %d:\n%s", len(matches), pattern, times, r)
		}
		select {
		case <-r.Ended:
			over = true
		case <-deadline:
			over = true
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// WantText fails the test if one of the texts is not in got.
func WantText(t testing.TB, got string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("got %q, want %q in it", got, text)
		}
	}
}
