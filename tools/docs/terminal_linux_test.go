package docs

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// patience limits each wait. Guides run in parallel and build for several
// systems at once, on a machine that may be busy. A guide that is right never
// uses it up.
const patience = 20 * time.Minute

// terminal is a program in its own terminal: there a program prints other
// things than to a file, and Ctrl+C is a key.
type terminal struct {
	cmd *exec.Cmd
	tty *os.File
	// block is the block that it runs, if that keeps running.
	block step

	mu     sync.Mutex
	output strings.Builder
	done   chan struct{}
}

// openTerminal starts a program in a new terminal.
func openTerminal(cmd *exec.Cmd) (*terminal, error) {
	t := &terminal{cmd: cmd, done: make(chan struct{})}
	var err error
	t.tty, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 500})
	if err != nil {
		return nil, err
	}
	read := make(chan struct{})
	go func() {
		// On a terminal the end of the output is an error.
		_, _ = io.Copy(t, t.tty)
		close(read)
	}()
	go func() {
		_ = cmd.Wait()
		// Read the rest of its output first, unless a child that also has the
		// terminal lives on.
		select {
		case <-read:
		case <-time.After(time.Minute):
		}
		close(t.done)
	}()
	return t, nil
}

func (t *terminal) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.output.Write(text)
}

// onlyOnTerminals is what a terminal adds to the output: the ends of lines, and
// the key Ctrl+C.
var onlyOnTerminals = strings.NewReplacer("\r", "", "^C", "")

func (t *terminal) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return onlyOnTerminals.Replace(t.output.String())
}

func (t *terminal) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// waitFor waits until the output is as it should be. It returns false if the
// program ends before, or time is up.
func (t *terminal) waitFor(holds func(output string) bool) (held bool) {
	eventually(func() bool {
		ended := t.ended()
		held = holds(t.said())
		return held || ended
	})
	return held
}

func eventually(holds func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return false
}

func (t *terminal) mustSay(text string) error {
	if !t.waitFor(func(output string) bool { return strings.Contains(output, text) }) {
		return fmt.Errorf("the running program has not printed %q:\n%s", text, t.said())
	}
	return nil
}

// badEnd matches what make, go run and Go print about a program that did not
// end cleanly.
var badEnd = regexp.MustCompile(`(?m)^(make.*: \*\*\* \[|exit status|panic:)`)

// interrupt sends Ctrl+C. All processes of the program must end cleanly.
func (t *terminal) interrupt() error {
	if t.ended() {
		return fmt.Errorf("it ended before Ctrl+C:\n%s", t.said())
	}
	if _, err := io.WriteString(t.tty, "\x03"); err != nil {
		return err
	}
	defer t.close()
	if !eventually(func() bool { return t.ended() && t.alone() }) {
		return fmt.Errorf("it is still running after Ctrl+C:\n%s", t.said())
	}
	if badEnd.MatchString(t.said()) {
		return fmt.Errorf("it ended badly after Ctrl+C:\n%s", t.said())
	}
	return nil
}

// alone reports whether no process of the program is left. Processes whose
// parent has ended become children of this process, the first of the namespace,
// and disappear only after it has waited for them.
func (t *terminal) alone() bool {
	_, _ = syscall.Wait4(-t.cmd.Process.Pid, nil, syscall.WNOHANG, nil)
	return syscall.Kill(-t.cmd.Process.Pid, 0) == syscall.ESRCH
}

func (t *terminal) close() {
	// The program may have ended before.
	_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
	t.tty.Close()
}
