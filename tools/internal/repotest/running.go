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

// Patience limits the wait for a condition that holds at once in a good run.
const Patience = 10 * time.Minute

// Running is a program, or a function, that runs in the background. A test can
// wait for its output.
type Running struct {
	T testing.TB
	// Ended is closed when it has ended.
	Ended chan struct{}
	// Err is the error of the function. It is set before Ended is closed.
	Err error
	// Stop cancels the context of the function, and waits for its end.
	Stop func()

	mu   sync.Mutex
	text bytes.Buffer
}

// Go runs a function in the background until Stop or the end of the test.
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

// Write receives the output, and never fails.
func (r *Running) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(text)
}

// String returns the output so far.
func (r *Running) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// WaitFor waits until the pattern matches the output, and returns its last
// group.
func (r *Running) WaitFor(pattern string) string {
	r.T.Helper()
	return r.WaitForTimes(1, pattern)
}

// WaitForTimes waits for that many matches, and returns the last group of the
// last match.
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

// WantText fails the test if got lacks one of the texts.
func WantText(t testing.TB, got string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("got %q, want %q in it", got, text)
		}
	}
}
