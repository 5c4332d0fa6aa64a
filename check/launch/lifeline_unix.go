//go:build unix

package launch

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// The shell waits on a pipe that only this process holds open. A line means
// "let go"; the end of the pipe means that this process is gone. Ctrl-C, which
// reaches all processes of a terminal, must not end the shell first.
const waitForTheEnd = `trap "" HUP INT TERM; read line || "$@"`

// Lifeline sees to it that a command runs when this process ends, however it
// ends: by a return, a panic, os.Exit or SIGKILL. release calls that off, and
// may be called more than once. The error is errors.ErrUnsupported where there
// are no lifelines (not on Unix).
func Lifeline(command ...string) (release func(), err error) {
	shell := exec.Command("sh", append([]string{"-c", waitForTheEnd, "lifeline"}, command...)...)
	// A group of its own saves it from a signal to our whole group.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := shell.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("lifeline: %w", err)
	}
	if err := shell.Start(); err != nil {
		return nil, fmt.Errorf("lifeline: %w", err)
	}
	ended := make(chan struct{})
	// Waiting also keeps the pipe in use: a forgotten one would be closed by
	// the garbage collector, and the command would run too early.
	go func() {
		_ = shell.Wait()
		close(ended)
	}()
	return sync.OnceFunc(func() {
		_, _ = io.WriteString(pipe, "let go\n")
		<-ended
	}), nil
}
