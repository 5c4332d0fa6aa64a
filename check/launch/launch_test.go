package launch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/testall"
)

// app is testdata/app, built.
var app string

func TestMain(m *testing.M) {
	if binary := os.Getenv("LAUNCH_TEST_PARENT"); binary != "" {
		beParent(binary)
	}
	os.Setenv("LAUNCH_TEST", "of the caller")
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "launch-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	app = filepath.Join(dir, "app.exe")
	if err := launch.Build(context.Background(), "testdata/app", app); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// beParent starts an app, prints its address and runs until it is killed.
func beParent(binary string) {
	a, err := launch.Start(context.Background(), launch.Options{Binary: binary, Args: []string{"serve"}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(a.URL)
	select {}
}

func start(t *testing.T, behaviour string) *launch.App {
	t.Helper()
	a, err := launch.Start(deadline(t, 5*time.Minute), launch.Options{Binary: app, Args: []string{behaviour}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Kill)
	return a
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	var seen bytes.Buffer
	a, err := launch.Start(deadline(t, 5*time.Minute), launch.Options{
		Binary: app, Args: []string{"serve"}, Output: &seen,
		Env: []string{"LAUNCH_TEST=first", "LAUNCH_TEST=second"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Kill)
	if got := browsetest.New(t, a.URL).Get("/env").Body; got != "second" {
		t.Errorf("LAUNCH_TEST in the app is %q, want the later line, second", got)
	}
	if err := a.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	select {
	case <-a.Done():
	default:
		t.Error("Done is open after Stop")
	}
	want := "Step 9 is running: " + a.URL + "\na line on standard error\nasked again\n"
	if runtime.GOOS != "windows" {
		want += "goodbye\n"
	}
	if a.Output() != want || seen.String() != want {
		t.Errorf("Output() = %q, Options.Output got %q, want %q", a.Output(), seen.String(), want)
	}
	if answers(a.URL) {
		t.Errorf("%s still accepts connections after Stop", a.URL)
	}
}

func TestStopReportsTheExitStatus(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM: Stop kills, and a killed app does not choose its exit status")
	}
	err := start(t, "serve-then-fail").Stop()
	wantError(t, err, "exit status 3", "goodbye")
}

func TestStopKillsAStubbornApp(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM that an app could ignore")
	}
	a := start(t, "stubborn")
	wantError(t, a.Stop(), "still running", "killed")
	if answers(a.URL) {
		t.Errorf("%s still accepts connections", a.URL)
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	a := start(t, "serve")
	a.Kill()
	a.Kill()
	if answers(a.URL) {
		t.Errorf("%s still accepts connections after Kill", a.URL)
	}
	if err := a.Stop(); err != nil {
		t.Errorf("Stop after Kill: %v", err)
	}
}

func TestStartRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour string
		limit     time.Duration
		want      []string
	}{
		{"fail", 30 * time.Second, []string{"ended before it was ready", "exit status 1", "REDIS_URL: no answer"}},
		{"silent", 200 * time.Millisecond, []string{"printed no line like", "deadline exceeded"}},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			a, err := launch.Start(deadline(t, c.limit), launch.Options{Binary: app, Args: []string{c.behaviour}})
			if a != nil {
				t.Error("Start returned an app and an error")
			}
			wantError(t, err, c.want...)
		})
	}
}

func TestStartReportsTheAnswerOfAnUnhealthyApp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(deadline(t, 5*time.Minute))
	// The app prints that at the second request.
	patience := writerFunc(func(p []byte) {
		if bytes.Contains(p, []byte("asked again")) {
			cancel()
		}
	})
	_, err := launch.Start(ctx, launch.Options{Binary: app, Args: []string{"unhealthy"}, Output: patience})
	wantError(t, err, "not healthy in time", "canceled", "503", "Step 9 is running")
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func TestStartWithoutABinary(t *testing.T) {
	_, err := launch.Start(t.Context(), launch.Options{Binary: filepath.Join(t.TempDir(), "nothing")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want one that says the file does not exist", err)
	}
}

func TestTheErrorOfBuildContainsTheCompilersOutput(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module broken\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() { undefinedName() }\n")
	t.Setenv("GOWORK", "off")
	err := launch.Build(t.Context(), dir, filepath.Join(dir, "out"))
	wantError(t, err, dir, "undefined: undefinedName")
	if said := launch.CompilerSaid(err, "my-step1"); !strings.Contains(said, "\nmy-step1/main.go:3:15: undefined: undefinedName") || strings.Contains(said, dir) {
		t.Errorf("a learner sees:\n%s", said)
	}
}

// A mistake can be in a package below the folder or beside it, and in one of
// Go's, which the compiler names by its absolute path.
func TestCompilerSaidNamesEachFileFromTheFolderAbove(t *testing.T) {
	err := errors.New("go build in x: exit status 1\n# x\n./main.go:3:15: a\nsession/store.go:4:2: b\n" +
		"../shared/web/web.go:5:6: c\n/usr/go/src/fmt/print.go:7:8: d\n")
	want := "# x\nmy-step4/main.go:3:15: a\nmy-step4/session/store.go:4:2: b\n" +
		"my-step4/../shared/web/web.go:5:6: c\n/usr/go/src/fmt/print.go:7:8: d"
	if said := launch.CompilerSaid(err, "my-step4"); said != want {
		t.Errorf("it is:\n%s\nwant:\n%s", said, want)
	}
}

func TestWithoutACompilerTheErrorSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := launch.Build(t.Context(), t.TempDir(), filepath.Join(t.TempDir(), "out"))
	wantError(t, err, "executable file not found")
	if said := launch.CompilerSaid(err, "my-step1"); said != err.Error() {
		t.Errorf("a learner sees %q, want all of %q", said, err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func answers(url string) bool {
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
