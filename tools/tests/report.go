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
	suite   *suite
	out     io.Writer
	began   time.Time
	missing []string // lines about kinds of Redis that were not there
	// expected is how many packages have tests.
	expected int

	mu       sync.Mutex
	running  map[string]time.Time // when the tests of a package began
	finished int
	runs     []*testjson.Execution // one for each go test that has ended
	problems []error               // what went wrong outside the tests
	notReal  string                // why a test had no real Redis
}

// fail keeps what went wrong outside the tests.
func (r *report) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, err)
}

// ended takes the results of one go test, which has ended with err.
func (r *report) ended(run *testjson.Execution, dir string, err error) {
	hasFailed := func(name string) bool { return run.Package(name).Result() == testjson.ActionFail }
	if err != nil && !slices.ContainsFunc(run.Packages(), hasFailed) {
		// It could not begin.
		r.fail(fmt.Errorf("go test in %s (see above)", dir))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, run)
}

// Err prints what go test said that is not an event.
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

// finish prints the result of a package, and how many of how many that is. One
// that does not build has a result too, even if it has no tests.
func (r *report) finish(result string, e testjson.TestEvent) {
	r.finished++
	fmt.Fprintf(r.out, "[%d/%d] %s %s %.1fs\n", r.finished, max(r.expected, r.finished), result, e.Package, e.Elapsed)
}

// sayWhatRuns prints, every half a minute, the packages that take longer than
// that. The returned function ends it.
func (r *report) sayWhatRuns() (stop func()) {
	const often = 30 * time.Second
	ticker, done := time.NewTicker(often), make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				r.printRunning(often)
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
	}
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

// printOutput prints what a test has printed, or a package outside its tests,
// unless that was printed at once.
func (r *report) printOutput(p *testjson.Package, test testjson.TestCase) {
	if !r.suite.verbose {
		fmt.Fprint(r.out, strings.Join(p.OutputLines(test), ""))
	}
}

// failedTests are those of a package without the parents of failed subtests.
func failedTests(p *testjson.Package) []testjson.TestCase {
	return slices.DeleteFunc(testjson.FilterFailedUnique(p.Failed), func(test testjson.TestCase) bool { return test.Test == "" })
}

// broken reports whether a package failed outside its tests.
func broken(p *testjson.Package) bool {
	return p.Result() == testjson.ActionFail && (len(failedTests(p)) == 0 || p.TestMainFailed())
}

// packages are those of all runs, by their names.
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

// failures names each test that failed, and each package that failed outside
// its tests.
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

// summary prints what ran, on what, and what did not, and returns what failed.
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

// count counts the tests that passed, also by kind of Redis. A test that has
// subtests is not counted beside them.
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

// skips returns the tests that were skipped, each with its reason, and how
// many were left to the whole run.
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

// reason is what a skipped test has printed, without the lines of go test.
func reason(output []string) (lines []string) {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// printSlowest names the top-level tests that took longest.
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
