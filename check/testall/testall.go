// Package testall marks the tests that `make test` leaves to `make test-all`.
package testall

import "testing"

// Left is in the reason of each test that was left out. The runner of the
// tests counts these apart from the tests that could not run.
const Left = "left to make test-all"

// Only skips a test in a short run (go test -short, which is `make test`). It
// is for tests that take seconds of processor time, wait long, or need Docker,
// a browser or a whole copy of the repository.
func Only(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip(Left)
	}
}
