package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gotest.tools/gotestsum/testjson"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/modules"
)

// redisKinds are the names of subtests that run on one kind of Redis.
var redisKinds = []string{"embedded", "server", "container", "url"}

// notReal begins the line that says that no real Redis was there, in the
// summary and in the log of a test.
const notReal = "NOT tested on a real Redis: "

// slowest is how many tests the summary of a whole run names by their time.
const slowest = 10

// report prints the results of go test as they come, and sums them up. It is
// the testjson.EventHandler of every go test of a run.
type report struct {
	out       io.Writer
	suite     *suite
	execution *testjson.Execution
	expected  int      // packages with tests
	missing   []string // lines about kinds of Redis that were not there
	notReal   string   // why a test had no real Redis
	failed    atomic.Bool
	problems  []error

	mu      sync.Mutex
	failing []modules.Packages // whose go test ended with an error
	running map[string]time.Time
	ended   int
}

func newReport(out io.Writer, s *suite) *report {
	r := &report{out: out, suite: s, running: map[string]time.Time{}}
	// Scanning nothing is how the library makes an empty execution.
	r.execution, _ = testjson.ScanTestOutput(testjson.ScanConfig{Stdout: strings.NewReader("")})
	return r
}

// fail keeps what went wrong outside the tests.
func (r *report) fail(err error) {
	if err != nil {
		r.failed.Store(true)
		r.problems = append(r.problems, err)
	}
}

// commandFailed notes that go test ended with an error. The tests that failed
// are the usual reason, and named for themselves.
func (r *report) commandFailed(p modules.Packages) {
	r.failed.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = append(r.failing, p)
}

// unexplained are the modules whose go test failed although no package in them
// did: it could not begin.
func (r *report) unexplained() (names []string) {
	for _, p := range r.failing {
		folder, err := filepath.Rel(r.suite.root, p.Dir)
		explained := slices.ContainsFunc(r.execution.Packages(), func(name string) bool {
			inModule := folder == "." || strings.Contains(name+"/", "/"+filepath.ToSlash(folder)+"/")
			return inModule && r.execution.Package(name).Result() == testjson.ActionFail
		})
		if err != nil || !explained {
			names = append(names, "go test in "+p.Dir+" (see above)")
		}
	}
	return names
}

func (r *report) err() error {
	if r.failed.Load() {
		return errFailed
	}
	return nil
}

// Err prints what go test said that is not an event.
func (r *report) Err(text string) error {
	_, err := fmt.Fprintln(r.out, text)
	return err
}

// Event is called for each event of go test -json
// (https://pkg.go.dev/cmd/test2json#hdr-Output_Format).
func (r *report) Event(e testjson.TestEvent, x *testjson.Execution) error {
	if e.Action == testjson.ActionOutput {
		if _, reason, ok := strings.Cut(e.Output, notReal); ok {
			r.notReal = strings.TrimSpace(reason)
		}
	}
	if r.suite.verbose || e.Action == testjson.ActionBuild {
		fmt.Fprint(r.out, e.Output)
	}
	if !e.PackageEvent() || e.Package == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Action == "start" {
		r.running[e.Package] = time.Now()
	}
	if e.Action.IsTerminal() {
		delete(r.running, e.Package)
		r.finish(e, x.Package(e.Package))
	}
	return nil
}

// finish prints a package whose tests have ended, and the output of those that
// failed.
func (r *report) finish(e testjson.TestEvent, p *testjson.Package) {
	if p.Total == 0 && e.Action != testjson.ActionFail {
		return
	}
	r.ended++
	result := "ok  "
	if e.Action == testjson.ActionFail {
		result = "FAIL"
		for _, test := range failedTests(p) {
			fmt.Fprint(r.out, strings.Join(r.execution.OutputLines(test), ""))
		}
		if broken(p) {
			var outside strings.Builder
			_ = p.WriteOutputTo(&outside, 0)
			fmt.Fprint(r.out, outside.String())
		}
	}
	fmt.Fprintf(r.out, "[%d/%d] %s %s %.1fs\n", r.ended, max(r.expected, r.ended), result, e.Package, e.Elapsed)
}

// failedTests are those of a package without the parents of failed subtests,
// and without the package itself, which the library counts as one.
func failedTests(p *testjson.Package) []testjson.TestCase {
	return slices.DeleteFunc(testjson.FilterFailedUnique(p.Failed), func(test testjson.TestCase) bool { return test.Test == "" })
}

// broken reports whether a package failed outside its tests.
func broken(p *testjson.Package) bool {
	return p.Result() == testjson.ActionFail && (len(failedTests(p)) == 0 || p.TestMainFailed())
}

// sayWhatRuns prints, now and then, the packages that take long. The returned
// function ends that.
func (r *report) sayWhatRuns() (stop func()) {
	ticker, done := time.NewTicker(30*time.Second), make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				r.mu.Lock()
				for _, name := range slices.Sorted(maps.Keys(r.running)) {
					if since := time.Since(r.running[name]); since > 30*time.Second {
						fmt.Fprintf(r.out, "  ... %s, for %.0f s\n", name, since.Seconds())
					}
				}
				r.mu.Unlock()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
	}
}

// failures names each test that failed, and each package that failed outside
// its tests.
func (r *report) failures() []string {
	var names []string
	for _, name := range r.execution.Packages() {
		p := r.execution.Package(name)
		for _, test := range failedTests(p) {
			names = append(names, name+" "+string(test.Test))
		}
		if broken(p) {
			names = append(names, name+" (outside its tests)")
		}
	}
	names = append(names, r.unexplained()...)
	for _, problem := range r.problems {
		names = append(names, strings.ReplaceAll(problem.Error(), "\n", " "))
	}
	return names
}

// summary prints what ran, on what, and what did not.
func (r *report) summary() {
	passed, onRedis := r.count()
	skipped, left := r.skips()
	if r.suite.noSkips && len(skipped) > 0 {
		r.failed.Store(true)
	}
	failures := r.failures()
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped, in %.0f s\n", passed, len(failures), len(skipped), r.execution.Elapsed().Seconds())
	if r.suite.all {
		r.printSlowest()
	}
	for _, kind := range redisKinds {
		if n := onRedis[kind]; n > 0 {
			fmt.Fprintf(r.out, "on Redis (%s): %d\n", kind, n)
		}
	}
	if left > 0 {
		fmt.Fprintf(r.out, "left to make test-all: %d\n", left)
	}
	for _, line := range skipped {
		fmt.Fprintln(r.out, "skipped:", line)
	}
	delete(onRedis, "embedded")
	if len(onRedis) == 0 && len(r.missing) == 0 && len(r.problems) == 0 {
		r.missing = append(r.missing, notReal+cmp.Or(r.notReal, "no test that ran needs one"))
	}
	for _, line := range r.missing {
		fmt.Fprintln(r.out, line)
	}
	for _, name := range failures {
		fmt.Fprintln(r.out, "FAILED:", name)
	}
}

// count counts the tests that passed, also by kind of Redis. A test that has
// subtests is not counted beside them.
func (r *report) count() (passed int, onRedis map[string]int) {
	onRedis = map[string]int{}
	for _, name := range r.execution.Packages() {
		p := r.execution.Package(name)
		parents := map[string]bool{}
		for _, test := range p.TestCases() {
			parents[test.Test.Parent()] = true
		}
		for _, test := range p.Passed {
			if parents[string(test.Test)] {
				continue
			}
			passed++
			path := strings.Split(string(test.Test), "/")
			for _, kind := range redisKinds {
				if slices.Contains(path[1:], kind) {
					onRedis[kind]++
				}
			}
		}
	}
	return passed, onRedis
}

// skips returns the tests that were skipped, each with its reason, and how
// many were left to the whole run.
func (r *report) skips() (skipped []string, left int) {
	for _, test := range r.execution.Skipped() {
		var reason []string
		for _, line := range r.execution.OutputLines(test) {
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
				reason = append(reason, line)
			}
		}
		why := cmp.Or(strings.Join(reason, " "), "no reason given")
		if strings.Contains(why, testall.Left) {
			left++
			continue
		}
		skipped = append(skipped, test.Package+" "+string(test.Test)+": "+why)
	}
	slices.Sort(skipped)
	return skipped, left
}

// printSlowest names the top-level tests that took longest.
func (r *report) printSlowest() {
	var tests []testjson.TestCase
	for _, name := range r.execution.Packages() {
		for _, test := range r.execution.Package(name).TestCases() {
			if !test.Test.IsSubTest() {
				tests = append(tests, test)
			}
		}
	}
	slices.SortFunc(tests, func(a, b testjson.TestCase) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	fmt.Fprintln(r.out, "slowest:")
	for _, test := range tests[:min(slowest, len(tests))] {
		fmt.Fprintf(r.out, "  %6.1f s  %s %s\n", test.Elapsed.Seconds(), test.Package, test.Test)
	}
}

var _ testjson.EventHandler = (*report)(nil)
