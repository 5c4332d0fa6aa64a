package main

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gotest.tools/gotestsum/testjson"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/progress"
)

// redisKinds are the names of the subtests that run on one kind of Redis.
var redisKinds = []string{"embedded", "server", "container", "url"}

// notReal begins the line that says that no real Redis was tested, in the
// summary and in the log of a test.
const notReal = "NOT tested on a real Redis: "

// slowest is the number of slow tests that the summary of a whole run lists.
const slowest = 10

// report prints the results of go test as they arrive, and sums them up. It is
// the testjson.EventHandler of every go test in a run.
type report struct {
	suite       *suite
	out         io.Writer
	interrupted func() bool // reports whether the user has stopped the tests
	began       time.Time
	missing     []string // lines about missing kinds of Redis
	// expected is the number of packages with tests.
	expected int

	mu       sync.Mutex
	running  map[string]time.Time // the start time of the tests of a package
	finished int
	runs     []*testjson.Execution // one for each finished go test
	problems []error               // errors outside the tests
	notReal  string                // the reason why a test had no real Redis
}

// fail records an error outside the tests.
func (r *report) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, err)
}

// ended records the results of one go test, which has returned err.
func (r *report) ended(run *testjson.Execution, dir string, err error) {
	hasFailed := func(name string) bool { return run.Package(name).Result() == testjson.ActionFail }
	if err != nil && !slices.ContainsFunc(run.Packages(), hasFailed) {
		// The tests could not begin.
		r.fail(fmt.Errorf("go test in %s (see above)", dir))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, run)
}

// Err prints a line of go test that is not an event.
func (r *report) Err(text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := fmt.Fprintln(r.out, text)
	return err
}

// Event is called for each event of go test -json
// (https://pkg.go.dev/cmd/test2json#hdr-Output_Format).
func (r *report) Event(e testjson.TestEvent, run *testjson.Execution) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := run.Package(e.Package)
	if e.PackageEvent() && e.Action.IsTerminal() {
		delete(r.running, e.Package)
	}
	if r.interrupted() {
		// A test that was stopped has not failed.
		return nil
	}
	switch {
	case e.Action == "start":
		r.running[e.Package] = time.Now()
	case e.Action == testjson.ActionOutput:
		if _, reason, ok := strings.Cut(e.Output, notReal); ok {
			r.notReal = strings.TrimSpace(reason)
		}
		if r.suite.verbose {
			fmt.Fprint(r.out, e.Output)
		}
	case e.Action == testjson.ActionBuild:
		fmt.Fprint(r.out, e.Output)
	case e.Test != "":
		if e.Action == testjson.ActionFail {
			r.printOutput(p, p.LastFailedByName(e.Test))
		}
	case e.Action == testjson.ActionFail:
		if broken(p) {
			r.printOutput(p, testjson.TestCase{})
		}
		r.finish("FAIL", e)
	case e.Action == testjson.ActionPass && p.Total > 0:
		r.finish("ok  ", e)
	}
	return nil
}

// finish prints the result of a package, and its number among all packages. A
// package that does not compile has a result too, even if it has no tests.
func (r *report) finish(result string, e testjson.TestEvent) {
	r.finished++
	fmt.Fprintf(r.out, "[%d/%d] %s %s %.1fs\n", r.finished, max(r.expected, r.finished), result, e.Package, e.Elapsed)
}

// sayWhatRuns prints, every half a minute, the packages that have taken longer
// than that. The returned function stops it.
func (r *report) sayWhatRuns() (stop func()) {
	return progress.Every(progress.Often, func() { r.printRunning(progress.Often) })
}

func (r *report) printRunning(longer time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.running)) {
		if took := time.Since(r.running[name]); took > longer {
			fmt.Fprintf(r.out, "  ... %s, for %.0f s\n", name, took.Seconds())
		}
	}
}

// printOutput prints the output of a test, or of a package outside its tests,
// unless it was printed at once.
func (r *report) printOutput(p *testjson.Package, test testjson.TestCase) {
	if !r.suite.verbose {
		fmt.Fprint(r.out, strings.Join(p.OutputLines(test), ""))
	}
}

// failedTests returns the failed tests of a package, without the parents of
// failed subtests.
func failedTests(p *testjson.Package) []testjson.TestCase {
	return slices.DeleteFunc(testjson.FilterFailedUnique(p.Failed), func(test testjson.TestCase) bool { return test.Test == "" })
}

// broken reports whether a package failed outside its tests.
func broken(p *testjson.Package) bool {
	return p.Result() == testjson.ActionFail && (len(failedTests(p)) == 0 || p.TestMainFailed())
}

// packages returns the packages of all runs, by their names.
func (r *report) packages() iter.Seq2[string, *testjson.Package] {
	return func(yield func(string, *testjson.Package) bool) {
		for _, run := range r.runs {
			for _, name := range run.Packages() {
				if !yield(name, run.Package(name)) {
					return
				}
			}
		}
	}
}

// failures returns the names of the failed tests, and of the packages that
// failed outside their tests.
func (r *report) failures() (names []string) {
	for name, p := range r.packages() {
		for _, test := range failedTests(p) {
			names = append(names, name+" "+string(test.Test))
		}
		if broken(p) {
			names = append(names, name+" (outside its tests)")
		}
	}
	for _, problem := range r.problems {
		names = append(names, strings.ReplaceAll(problem.Error(), "\n", " "))
	}
	return names
}

// stopped prints what had run when the user stopped the tests. That counts as a
// failure.
func (r *report) stopped() (failures []string) {
	fmt.Fprintf(r.out, "\nStopped after %.0f s: %d of %d packages had ended\n", time.Since(r.began).Seconds(), r.finished, r.expected)
	return []string{"stopped"}
}

// summary prints what ran and on which Redis, and what did not run. It returns
// the failures.
func (r *report) summary() (failures []string) {
	passed, onRedis := r.count()
	skipped, left := r.skips()
	failures = r.failures()
	if r.suite.noSkips {
		failures = append(failures, skipped...)
	}
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped, in %.0f s\n", passed, len(failures), len(skipped), time.Since(r.began).Seconds())
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
	return failures
}

// count counts the passed tests, in total and by kind of Redis. It counts
// subtests, but not their parents.
func (r *report) count() (passed int, onRedis map[string]int) {
	onRedis = map[string]int{}
	for _, p := range r.packages() {
		parents := map[string]bool{}
		for _, test := range p.TestCases() {
			parents[test.Test.Parent()] = true
		}
		for _, test := range p.Passed {
			if parents[string(test.Test)] {
				continue
			}
			passed++
			_, path := test.Test.Split()
			for part := range strings.SplitSeq(path, "/") {
				if slices.Contains(redisKinds, part) {
					onRedis[part]++
				}
			}
		}
	}
	return passed, onRedis
}

// skips returns the skipped tests with their reasons, and the number of tests
// that were left to the whole run.
func (r *report) skips() (skipped []string, left int) {
	for name, p := range r.packages() {
		for _, test := range p.Skipped {
			why := cmp.Or(strings.Join(reason(p.OutputLines(test)), " "), "no reason given")
			if strings.Contains(why, testall.Left) {
				left++
				continue
			}
			skipped = append(skipped, name+" "+string(test.Test)+": "+why)
		}
	}
	slices.Sort(skipped)
	return skipped, left
}

// reason returns the output of a skipped test without the lines of go test.
func reason(output []string) (lines []string) {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// printSlowest lists the slowest top-level tests.
func (r *report) printSlowest() {
	var tests []testjson.TestCase
	for _, p := range r.packages() {
		tests = append(tests, p.TestCases()...)
	}
	tests = slices.DeleteFunc(tests, func(test testjson.TestCase) bool { return test.Test.IsSubTest() })
	slices.SortFunc(tests, func(a, b testjson.TestCase) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	fmt.Fprintln(r.out, "slowest:")
	for _, test := range tests[:min(slowest, len(tests))] {
		fmt.Fprintf(r.out, "  %6.1f s  %s %s\n", test.Elapsed.Seconds(), test.Package, test.Test)
	}
}
