package faults

import (
	"os"
	"os/exec"
	"testing"

	"example.com/session-workshop/check/testall"
)

// All tests of this package must also pass with Batching.
func TestAllWithBatching(t *testing.T) {
	testall.Only(t)
	if *batching {
		t.Skip("this run already uses Batching")
	}
	program, err := os.Executable()
	must(t, err)
	run := exec.CommandContext(t.Context(), program, "-batching", "-test.timeout=20m")
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("with Batching: %v\n%s", err, output)
	}
}
