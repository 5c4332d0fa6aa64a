// Package launch builds the apps of the workshop and runs them as child
// processes. Tests and tools use it to run the built program itself: if they
// killed a `go run`, the app would stay on its port.
package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/session-workshop/shared/lang"
)

// grace is how long Stop waits after SIGTERM. The app gives requests in flight
// five seconds.
const grace = 8 * time.Second

// buildFlags are the flags of every build. A clone that belongs to another user
// needs the first. The second halves the time of linking; a panic still names
// its files.
var buildFlags = []string{"-buildvcs=false", "-ldflags=-s -w"}

// Build compiles the package in the folder dir to the file out; flags are
// further flags of go build, for example "-race". On Windows out must end in
// ".exe". The error contains the compiler's output.
func Build(ctx context.Context, dir, out string, flags ...string) error {
	return compile(ctx, "build", dir, ".", out, flags)
}

// BuildTest compiles the tests of a package, such as "./session", of the module
// in the folder dir. Its arguments and its error are otherwise those of Build.
func BuildTest(ctx context.Context, dir, pkg, out string) error {
	return compile(ctx, "test", dir, pkg, out, []string{"-c"})
}

func compile(ctx context.Context, command, dir, pkg, out string, flags []string) error {
	// With -C, a relative path would begin in dir, not in the current folder.
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("build %s: %w", dir, err)
	}
	args := slices.Concat([]string{command, "-C", dir, "-o", out}, buildFlags, flags, []string{pkg})
	said, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", command, dir, err, said)
	}
	return nil
}

// inFolder matches a file and line in the compiler's output, such as ./main.go:3.
var inFolder = regexp.MustCompile(`(?m)^(?:\.[\\/])?([^\s:#/\\][^\s:]*\.go:\d)`)

// CompilerSaid returns the compiler's output from an error of Build. It names the
// files in the built folder as folder/main.go, so that an editor can open them
// from the folder above.
func CompilerSaid(err error, folder string) string {
	_, said, _ := strings.Cut(err.Error(), "\n")
	if strings.TrimSpace(said) == "" {
		// The compiler did not run.
		return err.Error()
	}
	return inFolder.ReplaceAllString(strings.TrimSpace(said), folder+"/$1")
}

// Options is what Start runs, and how.
type Options struct {
	// Binary is the built program.
	Binary string
	Args   []string
	// Dir is the folder it runs in; empty means the caller's.
	Dir string
	// Env holds lines NAME=value that Start adds to the environment of the
	// caller. If two lines have the same name, the later one wins.
	Env []string
	// Output gets the app's output while the app prints it. It may be nil.
	Output io.Writer
}

// App is a running app.
type App struct {
	// URL is the address the app printed, for example http://127.0.0.1:5000.
	URL string

	cmd    *exec.Cmd
	output *output
	killed atomic.Bool
	done   chan struct{}
	err    error // the result of cmd.Wait, set before done is closed
}

// NotReady is the error of an app that was started, and did not get ready.
type NotReady struct {
	// Why begins with a verb, for a sentence about the app.
	Why    error
	Output string // of the app
}

func (n *NotReady) Error() string { return fmt.Sprintf("%v. Its output:\n%s", n.Why, n.Output) }

func (n *NotReady) Unwrap() error { return n.Why }

// Start runs an app and waits until it has printed its address and its /healthz
// answers 200. ctx limits only that wait: it does not end the app later. If the
// app ends first or is not ready in time, Start kills it, and the error wraps a
// *NotReady.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{output: newOutput(o.Output), done: make(chan struct{})}
	a.cmd = exec.Command(o.Binary, o.Args...)
	a.cmd.Dir = o.Dir
	a.cmd.Env = append(os.Environ(), o.Env...)
	a.cmd.Stdout, a.cmd.Stderr = a.output, a.output
	// A child of the app that keeps the output open must not block Wait.
	a.cmd.WaitDelay = time.Second
	if err := a.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Binary, err)
	}
	go a.wait(a.lifeline())
	if err := a.ready(ctx); err != nil {
		a.Kill()
		return nil, fmt.Errorf("%s %w", o.Binary, &NotReady{err, a.Output()})
	}
	return a, nil
}

// lifeline kills the app if this process ends without stopping it. On systems
// without lifelines the app runs without one.
func (a *App) lifeline() (release func()) {
	release, err := Lifeline("kill", "-KILL", strconv.Itoa(a.PID()))
	if err != nil {
		return func() {}
	}
	return release
}

func (a *App) wait(release func()) {
	a.err = a.cmd.Wait()
	release()
	close(a.done)
}

func (a *App) ready(ctx context.Context) error {
	select {
	case a.URL = <-a.output.url:
	case <-a.done:
		return a.endedEarly()
	case <-ctx.Done():
		return lang.Errorf(`printed no line like "Step 3 is running: http://127.0.0.1:5000" in time: %w`,
			`"Step 3 is running: http://127.0.0.1:5000" のような行が、時間内に出力されませんでした（%w）`, context.Cause(ctx))
	}
	answer := lang.Errorf("/healthz has not answered yet", "/healthz がまだ応答していません")
	for {
		err := a.healthy(ctx)
		if err == nil {
			return nil
		}
		// An error because ctx is done says nothing about the app.
		if ctx.Err() == nil {
			answer = err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-a.done:
			return a.endedEarly()
		case <-ctx.Done():
			return lang.Errorf("was not healthy in time: %w (%v)", "時間内に正常な応答がありませんでした（%w）: %v", context.Cause(ctx), answer)
		}
	}
}

func (a *App) endedEarly() error {
	if a.err != nil {
		return lang.Errorf("ended before it was ready: %w", "準備ができる前に終了しました（%w）", a.err)
	}
	return lang.Errorf("ended before it was ready, with exit status 0", "準備ができる前に終了しました（exit status 0）")
}

func (a *App) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return lang.Errorf("GET %s/healthz answered %s", "GET %s/healthz の応答は %s", a.URL, res.Status)
	}
	return nil
}

// PID returns the id of the app's process.
func (a *App) PID() int { return a.cmd.Process.Pid }

// Output returns what the app has printed so far, standard output and standard
// error in the order in which they came. Of a long output it is only the last
// part, at least 256 KiB.
func (a *App) Output() string { return a.output.String() }

// Done returns a channel that is closed when the app has ended, for any reason.
func (a *App) Done() <-chan struct{} { return a.done }

// Stop sends SIGTERM to the app and waits until it has ended. It kills an app
// that still runs after 8 seconds. The error says that, or that the app ended
// with an exit status other than 0, and contains the app's output. An app that
// Kill has ended is not an error. On Windows, which has no SIGTERM, Stop is Kill.
func (a *App) Stop() error {
	if a.ended() {
		return a.exitError()
	}
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		a.Kill()
		return nil
	}
	select {
	case <-a.done:
		return a.exitError()
	case <-time.After(grace):
		a.Kill()
		return lang.Errorf("%s was still running %v after SIGTERM and was killed. Its output:\n%s",
			"%s は SIGTERM から %v たっても終了しないため、強制終了しました。出力:\n%s", a.cmd.Path, grace, a.Output())
	}
}

// Kill ends the app at once, as a crash would, and waits until it has ended.
func (a *App) Kill() {
	if a.ended() {
		return
	}
	a.killed.Store(true)
	// The only possible error is that the app has just ended.
	_ = a.cmd.Process.Kill()
	<-a.done
}

func (a *App) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

func (a *App) exitError() error {
	if a.err == nil || a.killed.Load() {
		return nil
	}
	return lang.Errorf("%s ended with an error: %w. Its output:\n%s", "%s はエラーで終了しました（%w）。出力:\n%s", a.cmd.Path, a.err, a.Output())
}
