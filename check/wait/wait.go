// Package wait asks again and again until something is so. Programs use it as
// well as tests, so it does not import testing.
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

// Until tries until there is no error, or ctx is done: then it returns the last
// error.
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

// Test is what this package needs of a *testing.T.
type Test interface {
	Helper()
	Fatalf(format string, args ...any)
}

// ForSuccess tries until there is no error. It fails a test that has waited for
// five minutes.
func ForSuccess(t Test, try func() error) {
	t.Helper()
	// Not the context of the test: what cleans up waits too.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := Until(ctx, try); err != nil {
		t.Fatalf("after %v there is still this error: %v", patience, err)
	}
}

// For waits until a condition holds, as ForSuccess does. what names it in the
// failure, for example "the key has expired".
func For(t Test, what string, holds func() bool) {
	t.Helper()
	ForSuccess(t, func() error {
		if !holds() {
			return errors.New("it is not so that " + what)
		}
		return nil
	})
}
