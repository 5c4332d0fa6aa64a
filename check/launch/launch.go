// Package launch builds the apps of the workshop and runs them as child
// processes. Tests and tools use it, so that what they run is the built
// program itself: `go run` would stand between them and the app, and leave
// the app on its port when it is killed.
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
)

// grace is how long Stop waits for an app to end by itself, which may take the
// five seconds that requests in flight have.
const grace = 8 * time.Second

// buildFlags are those of every build. A clone that belongs to another user
// does not build without the first; the second halves the time of linking and
// leaves the file names in a panic.
var buildFlags = []string{"-buildvcs=false", "-ldflags=-s -w"}

// Build compiles the package in the folder dir to the file out; flags are
// further flags of go build, for example "-race". On Windows out must end in
// ".exe". The error carries what the compiler said.
func Build(ctx context.Context, dir, out string, flags ...string) error {
	return compile(ctx, "build", dir, ".", out, flags)
}

// BuildTest compiles the tests of a package, such as "./session", of the module
// in the folder dir. Its arguments and its error are otherwise those of Build.
func BuildTest(ctx context.Context, dir, pkg, out string) error {
	return compile(ctx, "test", dir, pkg, out, []string{"-c"})
}

func compile(ctx context.Context, command, dir, pkg, out string, flags []string) error {
	// With -C a relative path would begin in dir, not where the caller stands.
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

// inFolder is the place of a mistake as the compiler names it: ./main.go:3.
var inFolder = regexp.MustCompile(`(?m)^(?:\.[\\/])?([^\s:#/\\][^\s:]*\.go:\d)`)

// CompilerSaid is what the compiler printed, in an error of Build. It names the
// files of the folder that was built as folder/main.go, which an editor opens
// from the folder above.
func CompilerSaid(err error, folder string) string {
	_, said, _ := strings.Cut(err.Error(), "\n")
	if strings.TrimSpace(said) == "" {
		// There was no compiler to say anything.
		return err.Error()
	}
	return inFolder.ReplaceAllString(strings.TrimSpace(said), folder+"/$1")
}

// Options says what Start runs, and how.
type Options struct {
	// Binary is the built program.
	Binary string
	Args   []string
	// Dir is the folder it runs in; empty means the caller's.
	Dir string
	// Env holds lines NAME=value that are added to the environment of the
	// caller. Of two lines with one name the later wins.
	Env []string
	// Output gets all that the app prints, as it prints it. It may be nil.
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
	err    error // what cmd.Wait returned; it is set before done is closed
}

// Start runs an app and waits until it has printed its address and its
// /healthz answers 200. ctx bounds that wait only: it does not end the app
// later. An app that ends first, or is not ready in time, is an error that
// carries its output, and nothing is left running.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{output: newOutput(o.Output), done: make(chan struct{})}
	a.cmd = exec.Command(o.Binary, o.Args...)
	a.cmd.Dir = o.Dir
	a.cmd.Env = append(os.Environ(), o.Env...)
	a.cmd.Stdout, a.cmd.Stderr = a.output, a.output
	// A grandchild that keeps the output open must not keep Wait waiting.
	a.cmd.WaitDelay = time.Second
	if err := a.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Binary, err)
	}
	go a.wait(a.lifeline())
	if err := a.ready(ctx); err != nil {
		a.Kill()
		return nil, fmt.Errorf("%s %w. Its output:\n%s", o.Binary, err, a.Output())
	}
	return a, nil
}

// lifeline ends the app when this process ends without stopping it. Where
// there are no lifelines the app runs without one.
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
		return fmt.Errorf("printed no line like \"Step 3 is running: http://127.0.0.1:5000\" in time: %w", context.Cause(ctx))
	}
	answer := errors.New("/healthz has not answered yet")
	for {
		err := a.healthy(ctx)
		if err == nil {
			return nil
		}
		// A request that was cut short by ctx tells nothing about the app.
		if ctx.Err() == nil {
			answer = err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-a.done:
			return a.endedEarly()
		case <-ctx.Done():
			return fmt.Errorf("was not healthy in time: %w (%w)", context.Cause(ctx), answer)
		}
	}
}

func (a *App) endedEarly() error {
	if a.err != nil {
		return fmt.Errorf("ended before it was ready: %w", a.err)
	}
	return errors.New("ended before it was ready, with exit status 0")
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
		return fmt.Errorf("GET %s/healthz answered %s", a.URL, res.Status)
	}
	return nil
}

// PID is the number of the app's process.
func (a *App) PID() int { return a.cmd.Process.Pid }

// Output is what the app has printed so far, standard output and standard
// error as they came. Of very much it is the end.
func (a *App) Output() string { return a.output.String() }

// Done is closed when the app has ended, for whatever reason.
func (a *App) Done() <-chan struct{} { return a.done }

// Stop asks the app to end, by SIGTERM, and waits until it has. An app that
// has not ended after 5 seconds is killed. The error says that, or that the
// app ended with another exit status than 0, and carries the app's output.
// An app that was ended by Kill is no error. On Windows, which has no
// SIGTERM, Stop is Kill.
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
		return fmt.Errorf("%s was still running %v after SIGTERM and was killed. Its output:\n%s", a.cmd.Path, grace, a.Output())
	}
}

// Kill ends the app at once, as a crash would, and waits until it is gone.
func (a *App) Kill() {
	if a.ended() {
		return
	}
	a.killed.Store(true)
	// The only error is that the app has just ended, which is what we want.
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
	return fmt.Errorf("%s ended badly: %w. Its output:\n%s", a.cmd.Path, a.err, a.Output())
}
