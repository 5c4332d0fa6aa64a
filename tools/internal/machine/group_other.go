//go:build !unix

package machine

import (
	"os"
	"os/exec"
)

func separate(*exec.Cmd) {}

// interrupt kills the process. Windows has no interrupt signal.
func interrupt(process *os.Process) error { return process.Kill() }
