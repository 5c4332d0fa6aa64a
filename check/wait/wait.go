// Package wait waits until a condition holds. Programs and tests use it, so it
// does not import testing.
package wait

import (
	"context"
	"errors"
	"time"
)

const (
	pause = 5 * time.Millisecond
	// patience is how long a test waits. It is long, because it costs nothing
	// when all is well, and a busy machine may need it.
	patience = 5 * time.Minute
)

// Until calls try again and again until it returns no error. If ctx is done
// first, Until returns the last error of try.
func Until(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// Test is the part of a *testing.T that this package needs.
type Test interface {
	Helper()
	Fatalf(format string, args ...any)
}

// ForSuccess calls try again and again until it returns no error. It fails the
// test after five minutes.
func ForSuccess(t Test, try func() error) {
	t.Helper()
	// Not the context of the test: functions that clean up wait too.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := Until(ctx, try); err != nil {
		t.Fatalf("after %v there is still this error: %v", patience, err)
	}
}

// For waits until a condition holds, as ForSuccess does. what describes the
// condition in the failure, for example "the key has expired".
func For(t Test, what string, holds func() bool) {
	t.Helper()
	ForSuccess(t, func() error {
		if !holds() {
			return errors.New("not yet: " + what)
		}
		return nil
	})
}
