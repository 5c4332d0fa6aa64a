package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// redisKinds are the names of subtests that run on one kind of Redis.
var redisKinds = []string{"embedded", "server", "container", "url"}

// notReal begins the line that tells that no real Redis was there, in the
// summary and in the log of a test.
const notReal = "NOT tested on a real Redis: "

// event is a line of go test -json
// (https://pkg.go.dev/cmd/test2json#hdr-Output_Format).
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// report prints the results of go test as they come, and counts them.
type report struct {
	out     io.Writer
	verbose bool
	running map[string]*packageRun

	passed, failed int
	skipped        []string       // each with its reason
	broken         []string       // packages that failed without a failed test
	checks         map[string]int // by kind of Redis
	notReal        string         // why a test had no real Redis, in its words
}

// packageRun is what is known of a package whose tests are running.
type packageRun struct {
	lines   []line
	results map[string]string // "pass", "fail" or "skip" by test
}

type line struct{ test, text string }

func newReport(out io.Writer, verbose bool) *report {
	return &report{out: out, verbose: verbose, running: map[string]*packageRun{}, checks: map[string]int{}}
}

// read takes the events of one go test to their end. What is not an event is
// printed as it is.
func (r *report) read(events io.Reader) {
	lines := bufio.NewReader(events)
	for {
		text, err := lines.ReadString('\n')
		if text != "" {
			r.readLine(text)
		}
		if err != nil {
			return
		}
	}
}

func (r *report) readLine(text string) {
	var e event
	if json.Unmarshal([]byte(text), &e) != nil {
		fmt.Fprint(r.out, text)
		return
	}
	if e.Action == "build-output" {
		fmt.Fprint(r.out, e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := r.running[e.Package]
	if p == nil {
		p = &packageRun{results: map[string]string{}}
		r.running[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.lines = append(p.lines, line{e.Test, e.Output})
		if _, reason, ok := strings.Cut(e.Output, notReal); ok {
			r.notReal = strings.TrimSpace(reason)
		}
		if r.verbose {
			fmt.Fprint(r.out, e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test != "" {
			p.results[e.Test] = e.Action
			return
		}
		r.finish(e.Package, e.Action, p)
		delete(r.running, e.Package)
	}
}

// finish prints and counts a package whose tests have ended.
func (r *report) finish(name, result string, p *packageRun) {
	if !r.verbose {
		fmt.Fprint(r.out, p.text(result == "fail"))
	}
	before := r.failed
	for test, result := range p.results {
		r.count(name, test, result, p)
	}
	if result == "fail" && r.failed == before {
		r.broken = append(r.broken, name)
	}
}

// count adds one test. One with subtests is not counted beside them, unless
// it failed and none of them did.
func (r *report) count(pkg, test, result string, p *packageRun) {
	switch {
	case result == "skip":
		r.skipped = append(r.skipped, fmt.Sprintf("%s %s: %s", pkg, test, p.reason(test)))
		return
	case result == "fail" && p.subtests(test, "fail") > 0,
		result == "pass" && p.subtests(test, "") > 0:
		return
	case result == "fail":
		r.failed++
	default:
		r.passed++
	}
	path := strings.Split(test, "/")
	for _, kind := range redisKinds {
		if slices.Contains(path[1:], kind) {
			r.checks[kind]++
		}
	}
}

// subtests counts those below test that ended so; "" counts them all.
func (p *packageRun) subtests(test, result string) int {
	n := 0
	for name, r := range p.results {
		if strings.HasPrefix(name, test+"/") && (result == "" || result == r) {
			n++
		}
	}
	return n
}

// text is what go test would have printed: of a failed package the output of
// the tests that failed or never ended, of any other its last line.
func (p *packageRun) text(failed bool) string {
	var b strings.Builder
	for _, l := range p.lines {
		switch result := p.results[l.test]; {
		case l.test == "" && (failed || isLastLine(l.text)) && l.text != "PASS\n",
			l.test != "" && failed && result != "pass" && result != "skip" && !isProgress(l.text):
			b.WriteString(l.text)
		}
	}
	return b.String()
}

func isLastLine(text string) bool {
	return strings.HasPrefix(text, "ok  ") || strings.HasPrefix(text, "?   ") || strings.HasPrefix(text, "FAIL\t") ||
		strings.Contains(text, "[no test files]") || strings.HasPrefix(text, "\t")
}

// isProgress tells the lines that go test prints only for -v.
func isProgress(text string) bool {
	return strings.HasPrefix(text, "=== ")
}

// reason is what a skipped test said, without its place in the source.
func (p *packageRun) reason(test string) string {
	var said []string
	for _, l := range p.lines {
		text := strings.TrimSpace(l.text)
		if l.test == test && !isProgress(text) && !strings.HasPrefix(text, "--- ") {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// summary prints what ran on what. Where no real Redis was there, missing says
// why, and the last line repeats it.
func (r *report) summary(missing string) {
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
	for _, pkg := range r.broken {
		fmt.Fprintf(r.out, "failed outside its tests: %s\n", pkg)
	}
	slices.Sort(r.skipped)
	for _, skipped := range r.skipped {
		fmt.Fprintf(r.out, "skipped: %s\n", skipped)
	}
	tested := false
	for _, kind := range redisKinds {
		if n := r.checks[kind]; n > 0 {
			fmt.Fprintf(r.out, "on Redis (%s): %d\n", kind, n)
			tested = tested || kind != "embedded"
		}
	}
	if !tested {
		fmt.Fprintln(r.out, notReal+cmp.Or(missing, r.notReal, "no test that ran needs one"))
	}
}
