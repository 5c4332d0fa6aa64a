package main

import (
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

// learner types into the window of make learn.
type learner struct {
	*process
	keyboard io.WriteCloser
}

func (l learner) types(keys string) {
	l.T.Helper()
	if _, err := io.WriteString(l.keyboard, keys); err != nil {
		l.T.Fatal(err)
	}
}

// learns runs make learn without a terminal.
func learns(t *testing.T, root string, env []string, args ...string) learner {
	t.Helper()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); keyboard.Close() })
	return learner{startTyping(t, in, root, env, append([]string{"learn"}, args...)...), keyboard}
}

const address = `Your app: (\S+)\n`

func TestAWindowShowsTheFirstProblemAtEachSave(t *testing.T) {
	app := repotest.App(t)
	source := filepath.Join(app, "main.go")
	l := learns(t, filepath.Dir(app), []string{"PORT=0"}, "１")
	home := l.WaitFor(address)
	l.WaitFor(`(?s)FAIL  1 logged-out.*expected: .*got: .*hint 1: .*look at: .*0 of \d+ passed\. (The next hint: h)\nSteps: 1 at 0 of `)
	l.types("ｈ\n")
	l.WaitFor(`hint (2):`)
	l.types("h\nhint\nh\n")
	l.WaitFor(`(?s)hint 3:.*That was the last hint\. .*That was the (last) hint`)

	t.Log("after a mistake the app from before is still running")
	repotest.Change(t, source, "visit %d", "call %d", "func main() {", "func main() {\n\tundefinedName()")
	l.WaitFor(`my-step1/main.go:\d+:2: undefined: undefinedName\nThe (app) from before the change keeps running`)
	repotest.NewVisitor(t).Get(home).Wants("visit")
	repotest.Change(t, source, "\tundefinedName()\n", "")
	l.WaitForTimes(2, `0 of \d+ (passed)`)
	repotest.NewVisitor(t).Get(home).Wants("call")

	t.Log("the window keeps working without a keyboard")
	l.keyboard.Close()
	repotest.Change(t, source, "call %d", "arrival %d")
	l.WaitForTimes(3, `0 of \d+ (passed)`)
	repotest.NewVisitor(t).Get(home).Wants("arrival")
	repotest.Change(t, source, "arrival %d", "visit %d")
	l.WaitFor(`(?s)The next hint: make check1 HINT=2\n[^\n]*\nSave a file to check it again\. End: (Ctrl)`)
	l.interrupt(0)
	if !strings.HasSuffix(l.String(), "\nStopped.\n") || netns.Taken(strings.TrimPrefix(home, "http://")) {
		t.Errorf("the window has ended, with the app at %s:\n%s", home, l)
	}
}

func TestAKeyNeedsNoEnterOnATerminalThatIsRestored(t *testing.T) {
	app := repotest.App(t)
	// Under nohup SIGHUP is ignored, and a child inherits that. A signal that
	// is caught here has its default effect in a child.
	closed := make(chan os.Signal, 1)
	signal.Notify(closed, syscall.SIGHUP)
	defer signal.Stop(closed)
	for name, end := range map[string]func(l learner) error{
		"q":       func(l learner) error { l.types("q"); return nil },
		"Ctrl+C":  func(l learner) error { l.types("\x03"); return nil },
		"SIGTERM": func(l learner) error { return l.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(l learner) error { return l.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		if testing.Short() && name != "q" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			keyboard, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer keyboard.Close()
			defer tty.Close()
			before, err := term.GetState(int(tty.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(program(t, "."), "learn", "1")
			cmd.Dir, cmd.Env = filepath.Dir(app), append(os.Environ(), "PORT=0", "TERM=xterm", "NO_COLOR=1")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			l := learner{begin(t, cmd, func(out io.Writer) error {
				go func() { _, _ = io.Copy(out, keyboard) }()
				return cmd.Start()
			}), keyboard}
			l.WaitFor(`\r\x1b\[KYour app: \S+\r\n[^\n]*\r\nFAIL  1 (logged)-out`)
			l.WaitFor(`Keys: (h) hint`)
			l.types("h")
			l.WaitFor(`hint (2):`)
			if err := end(l); err != nil {
				t.Fatal(err)
			}
			l.wantEnd(0)
			after, err := term.GetState(int(tty.Fd()))
			if err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("the terminal is %v, before it was %v (%v)", after, before, err)
			}
		})
	}
}

// A learner of step 1 goes on to step 2 and makes a mistake.
func TestAWindowGoesOnToTheNextStep(t *testing.T) {
	testall.Only(t)
	if !netns.Alone(t) {
		return
	}
	root := repotest.Copy(t)
	do(t, root, 0, nil, "solve", "-take", "1")
	l := learns(t, root, []string{"PORT=0"})
	l.WaitFor(`(?s)Step 1 of 4.*Passed: all \d+ checks of step 1\.\nThis is our solution, .*Why it matters: .*Still wrong: .*The next step: (n)\n`)
	l.types("h\nn\n")
	l.WaitFor(`There is no (hint) to give`)
	l.WaitFor(`(?s)Step 2 of 4.*my-step2 is ready for you: it is a copy of our step 1\..*FAIL  5 first-visit.*Steps: 1 passed, 2 at 4 of .*(Exercises)`)
	l.types("o\nn\n")
	l.WaitFor(`(?s)Ours, step2-visits/main\.go:\d+, func index:\nfunc \(a app\) index.*Step 2 does not (pass) yet`)

	home, source := l.WaitForTimes(2, address), filepath.Join(root, "my-step2", "main.go")
	visitor := repotest.NewVisitor(t)
	repotest.Change(t, source, "func run() error {\n", "func run() error {\n\tundefinedName()\n")
	mistake := l.WaitFor(`(my-step2/main\.go:\d+:2: undefined: undefinedName)\n`)
	visitor.Get(home).Wants("Your last save does not compile", mistake, "You are not logged in")
	repotest.Change(t, source, "\tundefinedName()\n", "")
	l.WaitForTimes(2, `FAIL  5 (first)-visit`)
	if page := visitor.Get(home).Text; strings.Contains(page, "does not compile") {
		t.Errorf("the mistake is gone, and the page says: %s", page)
	}
	l.types("q\n")
	l.wantEnd(0)

	t.Log("it continues with the right step, and says why an app does not start")
	taken := httptest.NewServer(nil)
	defer taken.Close()
	busy, free := port(taken.Listener.Addr().String()), loopback.Closed(t)
	for _, c := range []struct{ variable, says string }{
		{"PORT=" + busy, `the app did not start: it ended .* Its last lines:\n    PORT: ` + busy + ` is taken`},
		{"REDIS_URL=redis://:secret@" + free, `REDIS_URL: redis://` + free + `: no server answers there`},
	} {
		l := learns(t, root, []string{"PORT=0", c.variable})
		l.WaitFor(`(?s)^Step 2 of 4.*` + c.says + `.*(Type)`)
		l.types("q\n")
		l.wantEnd(0)
		if strings.Contains(l.String(), "secret") {
			t.Errorf("a password is printed:\n%s", l)
		}
	}
}

func TestASaveBeginsTheCheckAgain(t *testing.T) {
	testall.Only(t)
	if !netns.Alone(t) {
		return
	}
	root := repotest.Copy(t)
	do(t, root, 0, nil, "solve", "-take", "4")
	l := learns(t, root, []string{"PORT=0"}, "4")
	l.WaitFor(`the next check (waits)`)
	repotest.Change(t, filepath.Join(root, "my-step4", "main.go"), "package main", "// Changed.\npackage main")
	l.WaitForTimes(2, `(Checking) my-step4`)
	l.WaitFor(`Passed: all \d+ checks of step (4)`)
	l.WaitFor(`(?s)This was the last step\. .*sessionstore/README\.md: .*\nSteps: .*4 (passed)`)
	l.types("n\nq\n")
	l.WaitForTimes(2, `This was the (last) step`)
	l.wantEnd(0)
	if n := strings.Count(l.String(), "Passed: all"); n != 1 {
		t.Errorf("%d checks have passed, want 1: the first was cancelled:\n%s", n, l)
	}
}

func TestMakeLearnHasTheKeys(t *testing.T) {
	testall.Only(t)
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("NOT tested: the Makefile. That needs make, which is not on the PATH")
	}
	cmd := exec.Command("make", "learn")
	cmd.Dir, cmd.Env = repotest.Copy(t), append(os.Environ(), "PORT=0", "TERM=xterm")
	var keyboard *os.File
	l := learner{process: begin(t, cmd, func(out io.Writer) (err error) {
		keyboard, err = pty.Start(cmd)
		go func() { _, _ = io.Copy(out, keyboard) }()
		return err
	})}
	defer keyboard.Close()
	l.keyboard = keyboard
	l.WaitFor(`(?s)my-step1 is ready for you.*(Keys): h hint`)
	l.types("hq")
	l.wantEnd(0)
	wait.ForSuccess(t, func() error {
		if !strings.HasSuffix(l.String(), "\r\nStopped.\r\n") {
			return fmt.Errorf("the last line is not the window's:\n%s", l)
		}
		return nil
	})
	repotest.WantText(t, l.String(), "hint 2:")
}
