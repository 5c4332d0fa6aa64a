//go:build unix

package launch

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// The shell reads from a pipe that only this process holds open. A line means
// "let go"; the end of the pipe means that this process has ended. Ctrl-C, which
// reaches all processes of a terminal, must not end the shell first.
const waitForTheEnd = `trap "" HUP INT TERM; read line || "$@"`

// Lifeline makes a command run when this process ends in any way: by a return, a
// panic, os.Exit or SIGKILL. release cancels that, and may be called more than
// once. On systems other than Unix the error is errors.ErrUnsupported.
func Lifeline(command ...string) (release func(), err error) {
	shell := exec.Command("sh", append([]string{"-c", waitForTheEnd, "lifeline"}, command...)...)
	// In a separate group, a signal to our whole group does not reach it.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := shell.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("lifeline: %w", err)
	}
	if err := shell.Start(); err != nil {
		return nil, fmt.Errorf("lifeline: %w", err)
	}
	ended := make(chan struct{})
	// Waiting also keeps the pipe in use. Otherwise the garbage collector could
	// close it, and the command would run too early.
	go func() {
		_ = shell.Wait()
		close(ended)
	}()
	return sync.OnceFunc(func() {
		_, _ = io.WriteString(pipe, "let go\n")
		<-ended
	}), nil
}
