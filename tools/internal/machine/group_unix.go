//go:build unix

package machine

import (
	"os"
	"os/exec"
	"syscall"
)

// separate gives a command a process group, so that Ctrl+C on the terminal
// reaches it only through interrupt. A second signal would end the go command
// before it has cleaned up.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interrupt does to the group of a process what Ctrl+C does.
func interrupt(process *os.Process) error { return syscall.Kill(-process.Pid, syscall.SIGINT) }
