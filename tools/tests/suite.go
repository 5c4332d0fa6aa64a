package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

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

// run runs the tests and prints the results as they come, and a summary. It
// returns what failed.
func (s *suite) run(ctx context.Context, out io.Writer) (failures []string) {
	r := &report{suite: s, out: out, began: time.Now(), running: map[string]time.Time{}}
	if err := s.testAll(ctx, r); err != nil {
		r.fail(err)
	}
	return r.summary()
}

// testAll prepares what the tests need, and runs them. Their results go to the
// report, so that an error is about something else.
func (s *suite) testAll(ctx context.Context, r *report) (err error) {
	if r.missing, err = s.provideRedis(ctx); err != nil {
		return err
	}
	programs, err := os.MkdirTemp("", "workshop-programs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	if err := prepareEnvironment(programs); err != nil {
		return err
	}
	found, err := modules.Find(ctx, s.root)
	if err != nil {
		return err
	}
	all := found.Packages()
	if r.expected, err = countTested(ctx, all); err != nil {
		return err
	}
	defer r.sayWhatRuns()()
	if err := s.buildPrograms(ctx, all[0], programs); err != nil {
		return err
	}
	// The workspace and, beside it, the other modules one after the other: many
	// tests wait, so that two at a time take less time.
	var lanes sync.WaitGroup
	for _, lane := range [][]modules.Packages{all[:1], all[1:]} {
		lanes.Go(func() {
			for _, p := range lane {
				s.goTest(ctx, r, p)
			}
		})
	}
	lanes.Wait()
	return ctx.Err()
}

// prepareEnvironment takes away the settings of this shell that would change
// what an app or a check does, and adds what all go commands need.
func prepareEnvironment(programs string) error {
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

// countTested counts the packages that have tests.
func countTested(ctx context.Context, all []modules.Packages) (n int, err error) {
	for _, p := range all {
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
func (s *suite) buildPrograms(ctx context.Context, workspace modules.Packages, dir string) error {
	args := []string{"build", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	if slices.Contains(s.args, "-race") {
		args = append(args, "-race")
	}
	var said bytes.Buffer
	build := workspace.Command(ctx, "go", args...)
	build.Stdout, build.Stderr = &said, &said
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said.String())
	}
	return nil
}

// goTest runs the tests of some packages. The cache of results is not used: it
// does not know the programs that the tests build and the Redis that they ask.
// The timeout is long, because a busy machine is slow and a test that passes
// does not wait for it. More tests run side by side than there are processors,
// because most of them wait.
func (s *suite) goTest(ctx context.Context, r *report, p modules.Packages) {
	args := []string{"test", "-json", "-count=1", "-timeout=2h", "-parallel=8"}
	if !s.all {
		args = append(args, "-short")
	}
	cmd := p.Command(ctx, "go", slices.Concat(args, s.args)...)
	events, stdout := io.Pipe()
	said, stderr := io.Pipe()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Run()
		stdout.Close()
		stderr.Close()
	}()
	run, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: events, Stderr: said, Handler: r, IgnoreNonJSONOutputLines: true,
		// Nobody reads on, and go test must not wait for that.
		Stop: func() {
			events.Close()
			said.Close()
		},
	})
	if err != nil {
		r.fail(err)
	}
	r.ended(run, p.Dir, <-ended)
}

// provideRedis chooses the kinds of Redis that the tests run on, and installs
// one if that needs no question. TEST_REDIS and REQUIRE_REDIS win. It returns,
// for each kind that was wanted and is not there, a line that says why.
func (s *suite) provideRedis(ctx context.Context) (missing []string, err error) {
	if demanded := os.Getenv("TEST_REDIS") + "," + os.Getenv("REQUIRE_REDIS"); demanded != "," {
		return nil, provideDemanded(ctx, strings.Split(demanded, ","))
	}
	noServer := machine.ProvideServer(ctx)
	// A server starts faster, so that the short run needs no container.
	wantsContainer := s.all || noServer != nil
	var noContainer error
	if wantsContainer {
		noContainer = machine.ProvideImage(ctx)
	}
	switch {
	case noServer != nil && noContainer != nil:
		missing = append(missing, fmt.Sprintf("%s%v; or %v", notReal, noServer, noContainer))
	case noServer != nil:
		missing = append(missing, fmt.Sprintf("NOT tested on a Redis server without a container: %v", noServer))
	case noContainer != nil:
		missing = append(missing, fmt.Sprintf("NOT tested on a Redis in a container: %v", noContainer))
	}
	kinds := "embedded"
	if noServer == nil {
		kinds += ",server"
	}
	if wantsContainer && noContainer == nil {
		kinds += ",container"
	}
	return missing, os.Setenv("TEST_REDIS", kinds)
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
