//go:build !linux

package main_test

import (
	"os/exec"
	"testing"
)

// withoutNetwork cannot cut a process off here.
func withoutNetwork(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	said, err := behindADeadProxy(cmd).CombinedOutput()
	return string(said), err
}
