package wait_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"example.com/session-workshop/check/wait"
)

// record is a test that only records its failure.
type record string

func (*record) Helper() {}

func (r *record) Fatalf(format string, args ...any) { *r = record(fmt.Sprintf(format, args...)) }

// In the bubble the five minutes take no time.
func TestPatienceHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			tries int
			want  record
		}{
			{1, ""}, {1000, ""}, {1 << 30, "after 5m0s there is still this error: not yet: this holds"},
		} {
			var got record
			tries := 0
			wait.For(&got, "this holds", func() bool { tries++; return tries == c.tries })
			if got != c.want {
				t.Errorf("a condition that holds at try %d: the test fails with %q, want %q", c.tries, got, c.want)
			}
		}
	})
}

func TestUntilReturnsTheLastErrorWhenTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	last := errors.New("the last")
	err := wait.Until(ctx, func() error { cancel(); return last })
	if !errors.Is(err, last) {
		t.Errorf("the error is %v, want %v", err, last)
	}
}
