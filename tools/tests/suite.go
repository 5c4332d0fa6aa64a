package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"gotest.tools/gotestsum/testjson"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/modules"
)

// goFlags are what every go command of a run builds with. Without -trimpath
// the folder of a package is part of what the compiler's cache knows it by, so
// that a test's own copy of the repository compiles everything again. Without
// -buildvcs=false nothing builds in a clone that belongs to another user.
const goFlags = "-trimpath -buildvcs=false"

// programsVariable names the folder of the built programs for the tests, see
// steptest.Program.
const programsVariable = "WORKSHOP_PROGRAMS"

// suite is a run of the tests of every module.
type suite struct {
	root                  string
	all, noSkips, verbose bool
	args                  []string // for go test
}

// run runs the tests and prints the results as they come, and a summary.
func (s *suite) run(ctx context.Context, out io.Writer) *report {
	r := newReport(out, s)
	defer r.summary()
	missing, err := s.provideRedis(ctx)
	if err != nil {
		r.fail(err)
		return r
	}
	r.missing = missing
	programs, err := os.MkdirTemp("", "workshop-programs-")
	if err != nil {
		r.fail(err)
		return r
	}
	defer os.RemoveAll(programs)
	if err := s.prepareEnvironment(programs); err != nil {
		r.fail(err)
		return r
	}
	found, err := modules.Find(ctx, s.root)
	if err == nil {
		r.expected, err = countPackages(ctx, found)
	}
	if err == nil {
		err = s.buildPrograms(ctx, found, programs)
	}
	if err != nil {
		r.fail(err)
		return r
	}
	defer r.sayWhatRuns()()
	r.fail(s.testAll(ctx, r, found.Packages()))
	return r
}

// testAll tests the workspace and, beside it, the other modules one after the
// other. Many tests wait, so that two at a time take less time.
func (s *suite) testAll(ctx context.Context, r *report, all []modules.Packages) error {
	events, out := io.Pipe()
	var lanes sync.WaitGroup
	for _, lane := range [][]modules.Packages{all[:1], all[1:]} {
		lanes.Go(func() {
			for _, p := range lane {
				if s.goTest(ctx, out, p) != nil {
					r.commandFailed(p)
				}
			}
		})
	}
	go func() {
		lanes.Wait()
		out.Close()
	}()
	_, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: events, Handler: r, Execution: r.execution, IgnoreNonJSONOutputLines: true,
	})
	return errors.Join(err, ctx.Err())
}

// prepareEnvironment takes away the settings of this shell that would change
// what an app or a check does, and adds what all go commands need.
func (s *suite) prepareEnvironment(programs string) error {
	settings := append(config.Variables(), "NAME", "BOARD", "URL", "HINT", "EX", "ONLY",
		// What make was told is not for the make that a test calls.
		"ARGS", "N", "STEP", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
	for _, name := range settings {
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	if err := os.Setenv(programsVariable, programs); err != nil {
		return err
	}
	return os.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" "+goFlags))
}

// countPackages counts the packages that have tests.
func countPackages(ctx context.Context, found modules.All) (int, error) {
	n := 0
	for _, p := range found.Packages() {
		list := p.Command(ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}")
		list.Stdout = nil
		names, err := list.Output()
		if err != nil {
			return 0, fmt.Errorf("go list in %s: %w", p.Dir, err)
		}
		n += strings.Count(string(names), "\n")
	}
	return n, nil
}

// buildPrograms builds each program of the workspace once, for all tests.
func (s *suite) buildPrograms(ctx context.Context, found modules.All, dir string) error {
	workspace := found.Packages()[0]
	list := workspace.Command(ctx, "go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`)
	list.Stdout = nil
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	programs := strings.Fields(string(names))
	if len(programs) == 0 {
		return nil
	}
	args := []string{"build", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	if slices.Contains(s.args, "-race") {
		args = append(args, "-race")
	}
	build := exec.CommandContext(ctx, "go", append(args, programs...)...)
	build.Dir = s.root
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	return nil
}

// goTest runs the tests of some packages. The cache of results is not used: it
// does not know the programs that the tests build and the Redis that they ask.
// The timeout is long, because a busy machine is slow and a test that passes
// does not wait for it. More tests run side by side than there are processors,
// because most of them wait.
func (s *suite) goTest(ctx context.Context, out io.Writer, p modules.Packages) error {
	args := []string{"test", "-json", "-count=1", "-timeout=2h", "-parallel=8"}
	if !s.all {
		args = append(args, "-short")
	}
	cmd := p.Command(ctx, "go", slices.Concat(args, s.args)...)
	cmd.Stdout, cmd.Stderr = &lineWriter{out: out}, &lineWriter{out: out}
	return cmd.Run()
}

// lineWriter passes on whole lines only, so that several may share an output.
type lineWriter struct {
	out  io.Writer
	rest []byte
}

func (w *lineWriter) Write(text []byte) (int, error) {
	w.rest = append(w.rest, text...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	if end == 0 {
		return len(text), nil
	}
	_, err := w.out.Write(w.rest[:end])
	w.rest = w.rest[end:]
	return len(text), err
}

// provideRedis chooses the kinds of Redis that the tests run on, and installs
// one if that needs no question. TEST_REDIS and REQUIRE_REDIS win. It returns,
// for each kind that was wanted and is not there, a line that says why.
func (s *suite) provideRedis(ctx context.Context) (missing []string, err error) {
	if demanded := os.Getenv("TEST_REDIS") + "," + os.Getenv("REQUIRE_REDIS"); demanded != "," {
		return nil, provideDemanded(ctx, strings.Split(demanded, ","))
	}
	kinds := []string{"embedded"}
	noServer := machine.ProvideServer(ctx)
	if noServer == nil {
		kinds = append(kinds, "server")
	}
	// A server starts faster, so that the short run needs no container.
	if s.all || noServer != nil {
		noContainer := machine.ProvideImage(ctx)
		switch {
		case noContainer == nil:
			kinds = append(kinds, "container")
		case noServer != nil:
			missing = append(missing, fmt.Sprintf("%s%v; or %v", notReal, noServer, noContainer))
		default:
			missing = append(missing, fmt.Sprintf("NOT tested on a Redis in a container: %v", noContainer))
		}
		if noServer != nil && noContainer == nil {
			missing = append(missing, fmt.Sprintf("NOT tested on a Redis server without a container: %v", noServer))
		}
	}
	return missing, os.Setenv("TEST_REDIS", strings.Join(kinds, ","))
}

func provideDemanded(ctx context.Context, kinds []string) error {
	if slices.Contains(kinds, "container") {
		if err := machine.ProvideImage(ctx); err != nil {
			return err
		}
	}
	if slices.Contains(kinds, "server") {
		return machine.ProvideServer(ctx)
	}
	return nil
}
