package main

import (
	"bytes"
	"context"
	"errors"
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
	"example.com/session-workshop/tools/internal/progress"
)

// goFlags are the build flags of every go command in a run. Without -trimpath,
// the cache of the compiler depends on the folder of a package, so that a copy
// of the repository compiles everything again. Without -buildvcs=false, nothing
// builds in a clone that belongs to another user.
const goFlags = "-trimpath -buildvcs=false"

// programsVariable names the folder of the built programs, see
// steptest.Program.
const programsVariable = "WORKSHOP_PROGRAMS"

// suite is one run of the tests of every module.
type suite struct {
	root                  string
	folders               []string // those to test; none means all
	all, noSkips, verbose bool
	args                  []string // for go test
}

// run runs the tests. It prints the results as they arrive, and a summary, and
// returns the failures.
func (s *suite) run(ctx context.Context, out io.Writer) (failures []string) {
	r := &report{suite: s, out: out, interrupted: func() bool { return ctx.Err() != nil }, began: time.Now(), running: map[string]time.Time{}}
	err := s.testAll(ctx, r)
	if ctx.Err() != nil {
		return r.stopped()
	}
	if err != nil {
		r.fail(err)
	}
	return r.summary()
}

// testAll prepares what the tests need, and runs them. Test results go to the
// report, so the returned error has another cause.
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
	all, err := s.packages(found)
	if err != nil {
		return err
	}
	if r.expected, err = countTested(ctx, all); err != nil {
		return err
	}
	defer r.sayWhatRuns()()
	built := progress.Say(r.out, "Building the programs that the tests start")
	err = s.buildPrograms(ctx, found.Packages()[0], programs)
	built()
	if err != nil {
		return err
	}
	// The workspace runs at the same time as the other modules, which run one
	// after the other. Many tests wait, so two go tests at a time take less
	// time.
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

// temporary makes a folder for everything that this run writes, and makes it the
// folder for temporary files: a test that Ctrl+C ends leaves its own behind. Its
// name is short, because the path of a Unix socket is limited.
func temporary() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "ws-"); err != nil {
		return "", err
	}
	for _, variable := range []string{"TMPDIR", "TMP", "TEMP"} {
		err = errors.Join(err, os.Setenv(variable, dir))
	}
	// A test may run as another user.
	return dir, errors.Join(err, os.Chmod(dir, os.ModeSticky|0o777))
}

// packages returns the packages to test.
func (s *suite) packages(found modules.All) ([]modules.Packages, error) {
	if len(s.folders) == 0 {
		return found.Packages(), nil
	}
	var all []modules.Packages
	for _, folder := range s.folders {
		p, err := found.In(folder)
		if err != nil {
			return nil, fmt.Errorf("-in: %w. For example: -in tools/docs,deploy", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// prepareEnvironment removes the settings of this shell that would change what
// an app or a check does, and adds the settings of all go commands.
func prepareEnvironment(programs string) error {
	settings := append(config.Variables(), "NAME", "BOARD", "URL", "HINT", "EX", "ONLY",
		// The settings of make are not for the make that a test calls.
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

// countTested counts the packages with tests.
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

// goTest runs the tests of some packages. Cached results are not used: the
// cache does not know the programs that the tests build, and the Redis that
// they use. The timeout is long, because a busy machine is slow and a passing
// test does not wait for it. More tests run in parallel than there are
// processors, because most of them wait.
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
		// The reader has stopped, and go test must not wait for it.
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

// provideRedis chooses the kinds of Redis for the tests, and installs a Redis
// if that needs no question. TEST_REDIS and REQUIRE_REDIS take precedence. It
// returns a line with the reason for each kind that is wanted and missing.
func (s *suite) provideRedis(ctx context.Context) (missing []string, err error) {
	if demanded := os.Getenv("TEST_REDIS") + "," + os.Getenv("REQUIRE_REDIS"); demanded != "," {
		return nil, provideDemanded(ctx, strings.Split(demanded, ","))
	}
	noServer := machine.ProvideServer(ctx)
	// A server starts faster, so the short run does without a container.
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
