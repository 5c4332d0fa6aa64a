package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A small workspace with every kind of result, and a module outside it.
var smallWorkspace = map[string]string{
	"go.work":       "go 1.26.0\n\nuse ./inside\n",
	"inside/go.mod": "module example.com/inside\n\ngo 1.26.0\n",
	"inside/inside_test.go": `package inside

import "testing"

func TestOnEach(t *testing.T) {
	for _, kind := range []string{"embedded", "server"} {
		t.Run(kind, func(t *testing.T) {
			t.Run("one", func(t *testing.T) {})
			t.Run("two", func(t *testing.T) { t.Log("nobody reads this") })
		})
	}
}
`,
	"outside/go.mod": "module example.com/outside\n\ngo 1.26.0\n",
	"outside/outside_test.go": `package outside

import "testing"

func TestOutside(t *testing.T) {}
`,
	// Learners' own copies are not tested with the rest.
	"my-step1/go.mod":     "module example.com/mine\n\ngo 1.26.0\n",
	"my-step1/my_test.go": "package mine\n\nthis does not compile\n",
}

const failing = `package inside

import "testing"

func TestParent(t *testing.T) {
	t.Run("good", func(t *testing.T) { t.Log("of a test that passed") })
	t.Run("bad", func(t *testing.T) { t.Error("expected one, got two") })
}
`

const skipping = `package inside

import "testing"

func TestSkipped(t *testing.T) { t.Skip("no such machine here") }
`

func TestTestSumsUp(t *testing.T) {
	t.Parallel()
	output, status := runSmallTests(t, nil)
	if status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	wantLines(t, output,
		"5 passed, 0 failed, 0 skipped",
		"on Redis (embedded): 2",
		"on Redis (server): 2")
	for _, want := range []string{"ok  \texample.com/inside\t", "ok  \texample.com/outside\t"} {
		if !strings.Contains(output, want) {
			t.Errorf("no line %q in\n%s", want, output)
		}
	}
	wantNoText(t, output, "nobody reads this", "NOT tested", "=== RUN")
}

func TestTestPassesEverythingThrough(t *testing.T) {
	t.Parallel()
	output, _ := runSmallTests(t, nil, "-v", "-run", "TestOnEach")
	wantText(t, flat(output), "=== RUN TestOnEach/embedded/one", "nobody reads this", "4 passed")
}

func TestTestShowsWhatFailed(t *testing.T) {
	t.Parallel()
	output, status := runSmallTests(t, map[string]string{"inside/failing_test.go": failing})
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantLines(t, output, "6 passed, 1 failed, 0 skipped")
	wantText(t, flat(output), "--- FAIL: TestParent/bad", "expected one, got two", "FAIL example.com/inside ", "ok example.com/outside ")
	wantNoText(t, output, "of a test that passed", "nobody reads this", "--- PASS")
}

func TestTestShowsWhatDoesNotCompile(t *testing.T) {
	t.Parallel()
	output, status := runSmallTests(t, map[string]string{"inside/broken_test.go": "package inside\n\nvar _ = undefinedName\n"})
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, flat(output), "undefined: undefinedName", "FAIL example.com/inside [build failed]")
	wantLines(t, output, "1 passed, 0 failed, 0 skipped", "failed outside its tests: example.com/inside")
}

func TestTestNamesEverySkip(t *testing.T) {
	t.Parallel()
	files := map[string]string{"inside/skipping_test.go": skipping}
	const line = "skipped: example.com/inside TestSkipped: skipping_test.go:5: no such machine here"
	output, status := runSmallTests(t, files)
	if status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	wantLines(t, output, "5 passed, 0 failed, 1 skipped", line)

	output, status = runSmallTests(t, files, "-no-skips")
	if status != 1 {
		t.Errorf("with -no-skips: status %d, want 1", status)
	}
	wantLines(t, output, line)
}

func TestTestEndsWithWhatItDidNotTest(t *testing.T) {
	t.Parallel()
	output, _ := runSmallTests(t, nil, "-run", "Each/embedded")
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "NOT tested on a real Redis: ") {
		t.Errorf("the last line is %q", last)
	}
}

// A kind of Redis that is demanded and not there must not pass as tested.
func TestTestDemandsWhatIsRequired(t *testing.T) {
	t.Parallel()
	root := makeFiles(t, smallWorkspace, nil)
	env := []string{"TEST_REDIS=", "REQUIRE_REDIS=embedded,container", "DOCKER_HOST=tcp://127.0.0.1:1"}
	output, status := run(t, root, env, "test")
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, output, "docker ")
	wantNoText(t, output, "passed")
}

// runSmallTests runs the test command on the small workspace and more files.
func runSmallTests(t *testing.T, more map[string]string, args ...string) (output string, status int) {
	t.Helper()
	root := makeFiles(t, smallWorkspace, more)
	// The runner need not look for a Redis: these tests use none.
	return run(t, root, []string{"TEST_REDIS=embedded", "REQUIRE_REDIS="}, append([]string{"test"}, args...)...)
}

func makeFiles(t *testing.T, sets ...map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, files := range sets {
		for name, content := range files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(root, name), content)
		}
	}
	return root
}

func wantLines(t *testing.T, output string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+output, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, output)
		}
	}
}

func wantNoText(t *testing.T, output string, unwanted ...string) {
	t.Helper()
	for _, text := range unwanted {
		if strings.Contains(output, text) {
			t.Errorf("%q is in\n%s", text, output)
		}
	}
}

// flat makes every run of spaces one: go test separates with tabs.
func flat(output string) string { return spaces.ReplaceAllString(output, " ") }
