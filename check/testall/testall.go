// Package testall marks the tests that only `make test-all` runs.
package testall

import "testing"

// Left is the reason of each test that was left out. The tool that runs the
// tests counts it separately from the reasons of tests that could not run.
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
