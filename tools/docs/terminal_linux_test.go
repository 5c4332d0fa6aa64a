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

// patience is how long anything may take. Guides that are followed side by side
// build for several systems at once, on a machine that may be busy. A guide that
// is right never waits for it.
const patience = 20 * time.Minute

// terminal is a program on a terminal of its own: programs print other things
// there than to a file, and Ctrl+C is a key.
type terminal struct {
	cmd *exec.Cmd
	tty *os.File
	// block is what it runs, if that stays running.
	block step

	mu     sync.Mutex
	output strings.Builder
	done   chan struct{}
}

// openTerminal starts a program.
func openTerminal(cmd *exec.Cmd) (*terminal, error) {
	t := &terminal{cmd: cmd, done: make(chan struct{})}
	var err error
	t.tty, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 500})
	if err != nil {
		return nil, err
	}
	read := make(chan struct{})
	go func() {
		// The end of a terminal is an error of its own kind.
		_, _ = io.Copy(t, t.tty)
		close(read)
	}()
	go func() {
		_ = cmd.Wait()
		// What it printed last is read first, unless a child of it, which has
		// the terminal too, lives on.
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

// onlyOnTerminals is what a terminal adds to what a program prints: the ends
// of lines, and the key Ctrl+C.
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

// waitFor waits until the output of the program is as it should be. It returns
// false if the program has ended without, or time is up.
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
		return fmt.Errorf("what runs has not printed %q:\n%s", text, t.said())
	}
	return nil
}

// badEnd is how make, go run and Go itself say that a program did not end as
// it should.
var badEnd = regexp.MustCompile(`(?m)^(make.*: \*\*\* \[|exit status|panic:)`)

// interrupt is Ctrl+C. All of the program must end, and well.
func (t *terminal) interrupt() error {
	if t.ended() {
		return fmt.Errorf("it has ended by itself:\n%s", t.said())
	}
	if _, err := io.WriteString(t.tty, "\x03"); err != nil {
		return err
	}
	defer t.close()
	if !eventually(func() bool { return t.ended() && t.alone() }) {
		return fmt.Errorf("it goes on after Ctrl+C:\n%s", t.said())
	}
	if badEnd.MatchString(t.said()) {
		return fmt.Errorf("it ended badly after Ctrl+C:\n%s", t.said())
	}
	return nil
}

// alone is true when no process of the program is left. Those whose parent has
// ended are children of ours, the first process of the namespace, and wait for
// us to take note of their end.
func (t *terminal) alone() bool {
	_, _ = syscall.Wait4(-t.cmd.Process.Pid, nil, syscall.WNOHANG, nil)
	return syscall.Kill(-t.cmd.Process.Pid, 0) == syscall.ESRCH
}

func (t *terminal) close() {
	// It may have ended long ago.
	_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
	t.tty.Close()
}
