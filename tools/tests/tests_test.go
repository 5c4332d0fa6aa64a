package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/check/steptest"
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
			t.Run("two", func(t *testing.T) { t.Log("only in verbose output") })
		})
	}
}
`,
	"outside/go.mod": "module example.com/outside\n\ngo 1.26.0\n",
	// Programs of the workspace are built for the tests of all modules.
	"inside/program/main.go": "package main\n\nfunc main() {}\n",
	"outside/outside_test.go": `package outside

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOutside(t *testing.T) {
	programs, err := filepath.Glob(filepath.Join(os.Getenv("WORKSHOP_PROGRAMS"), "program*"))
	if err != nil || len(programs) != 1 {
		t.Error(programs, err)
	}
}
`,
	// Learners' own copies are not tested.
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

const left = `package inside

import "testing"

func TestLong(t *testing.T) {
	if testing.Short() {
		t.Skip("left to make test-all")
	}
	t.Log("the whole run")
}
`

func TestSummary(t *testing.T) {
	t.Parallel()
	output := runTests(t, nil, true)
	wantLines(t, output,
		"on Redis (embedded): 2",
		"on Redis (server): 2")
	wantText(t, output, "5 passed, 0 failed, 0 skipped, in ", "[1/2] ok ", "[2/2] ok ", " example.com/inside ", " example.com/outside ")
	wantNoText(t, output, "only in verbose output", "NOT tested", "=== RUN", "slowest")
}

func TestFlagsOfGoTest(t *testing.T) {
	t.Parallel()
	output := runTests(t, nil, true, "-v", "-run", "TestOnEach")
	wantText(t, output, "=== RUN   TestOnEach/embedded/one", "only in verbose output", "4 passed")
}

func TestOnlySomeFolders(t *testing.T) {
	t.Parallel()
	inside := runTests(t, nil, true, "-in", "inside")
	wantText(t, inside, "4 passed, 0 failed", "[1/1] ok ", " example.com/inside ")
	outside := runTests(t, nil, true, "-in", "outside")
	wantText(t, outside, "1 passed, 0 failed", "[1/1] ok ", " example.com/outside ")
	both := runTests(t, nil, true, "-in", "inside,outside")
	wantText(t, both, "5 passed, 0 failed", "[2/2] ok ")
	nowhere := runTests(t, nil, false, "-in", "beside")
	wantLast(t, nowhere, "FAILED: -in: there is no folder beside. For example: ")
}

func TestFailedTestIsShownAndNamedLast(t *testing.T) {
	t.Parallel()
	output := runTests(t, map[string]string{"inside/failing_test.go": failing}, false)
	wantText(t, output, "6 passed, 1 failed, 0 skipped", "--- FAIL: TestParent/bad", "expected one, got two", "FAIL example.com/inside ", "ok   example.com/outside ")
	wantNoText(t, output, "of a test that passed", "only in verbose output", "--- PASS")
	wantLast(t, output, "FAILED: example.com/inside TestParent/bad")
}

func TestPackageThatDoesNotCompile(t *testing.T) {
	t.Parallel()
	output := runTests(t, map[string]string{"inside/broken_test.go": "package inside\n\nvar _ = undefinedName\n"}, false)
	wantText(t, output, "undefined: undefinedName", "FAIL example.com/inside ", "1 passed, 1 failed")
	wantLast(t, output, "FAILED: example.com/inside (outside its tests)")
}

func TestPackageThatEndsOutsideItsTests(t *testing.T) {
	t.Parallel()
	const exits = "package inside\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) {\n\tprintln(\"no disk\")\n\tos.Exit(3)\n}\n"
	output := runTests(t, map[string]string{"inside/main_test.go": exits}, false)
	wantText(t, output, "no disk")
	wantLast(t, output, "FAILED: example.com/inside (outside its tests)")
}

// If a go.mod lacks an indirect requirement, no test of its module can run.
func TestAModuleWhoseTestsCannotBegin(t *testing.T) {
	t.Parallel()
	const replaces = "\nreplace (\n\texample.com/a => ../a\n\texample.com/b => ../b\n)\n"
	output := runTests(t, map[string]string{
		"outside/go.mod":    "module example.com/outside\n\ngo 1.26.0\n\nrequire example.com/a v0.0.0\n" + replaces,
		"outside/a_test.go": "package outside\n\nimport _ \"example.com/a\"\n",
		"a/go.mod":          "module example.com/a\n\ngo 1.26.0\n\nrequire example.com/b v0.0.0\n" + replaces,
		"a/a.go":            "package a\n\nimport _ \"example.com/b\"\n",
		"b/go.mod":          "module example.com/b\n\ngo 1.26.0\n",
		"b/b.go":            "package b\n",
	}, false)
	wantText(t, output, "4 passed, 1 failed", "updates to go.mod needed")
	wantLast(t, output, "FAILED: go test in ")
}

func TestEverySkipIsNamed(t *testing.T) {
	t.Parallel()
	files := map[string]string{"inside/skipping_test.go": skipping}
	const line = "skipped: example.com/inside TestSkipped: skipping_test.go:5: no such machine here"
	output := runTests(t, files, true)
	wantText(t, output, "5 passed, 0 failed, 1 skipped")
	wantLines(t, output, line)
	output = runTests(t, files, false, "-no-skips")
	wantLines(t, output, line)
	wantLast(t, output, "FAILED: example.com/inside TestSkipped: ")
}

func TestTheShortRunLeavesTestsToTheWholeRun(t *testing.T) {
	t.Parallel()
	files := map[string]string{"inside/left_test.go": left}
	output := runTests(t, files, true, "-no-skips")
	wantText(t, output, "5 passed, 0 failed, 0 skipped")
	wantLines(t, output, "left to make test-all: 1")
	output = runTests(t, files, true, "-all", "-v")
	wantText(t, output, "6 passed", "the whole run", "slowest:\n", "inside TestLong\n")
	wantNoText(t, output, "left to make test-all")
}

func TestTheLastLineSaysThatNoRealRedisWasTested(t *testing.T) {
	t.Parallel()
	wantLast(t, runTests(t, nil, true, "-run", "Each/embedded"), "NOT tested on a real Redis: ")
}

// A mandatory kind of Redis that is missing must not count as tested.
func TestAMissingMandatoryRedisFails(t *testing.T) {
	t.Parallel()
	root := makeFiles(t, smallWorkspace, nil)
	output := run(t, root, []string{"TEST_REDIS=", "REQUIRE_REDIS=embedded,container", "DOCKER_HOST=tcp://127.0.0.1:1"}, false)
	wantText(t, output, "0 passed, 1 failed")
	wantLast(t, output, "FAILED: docker ")
}

func TestSettingsOfTheShellDoNotReachTheTests(t *testing.T) {
	t.Parallel()
	const prints = "package inside\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestEnv(t *testing.T) {\n\tfor _, name := range []string{\"REDIS_URL\", \"HOST\", \"NAME\", \"SESSION_MAX_AGE\"} {\n\t\tif os.Getenv(name) != \"\" {\n\t\t\tt.Error(name)\n\t\t}\n\t}\n}\n"
	root := makeFiles(t, smallWorkspace, map[string]string{"inside/env_test.go": prints})
	wantText(t, run(t, root, []string{"TEST_REDIS=embedded", "REQUIRE_REDIS=",
		"REDIS_URL=redis://127.0.0.1:1", "HOST=0.0.0.0", "NAME=ada", "SESSION_MAX_AGE=1s"}, true), "6 passed")
}

// A test that fails in one round of two is named, and a finished round is not
// repeated.
func TestFlakyTestIsFound(t *testing.T) {
	t.Parallel()
	const flaky = "package inside\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestFlaky(t *testing.T) {\n\tif err := os.Mkdir(os.Getenv(\"FIRST\"), 0o755); err == nil {\n\t\tt.Error(\"this is the first time\")\n\t}\n}\n"
	root := makeFiles(t, smallWorkspace, map[string]string{"inside/flaky_test.go": flaky})
	git(t, root, "init", "--quiet")
	git(t, root, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "-m", "first")
	env := []string{"TEST_REDIS=embedded", "REQUIRE_REDIS=", "FIRST=" + filepath.Join(root, "been-here")}
	output := run(t, root, env, false, "-rounds", "2")
	wantText(t, output, "Round 2\n", "this is the first time")
	wantLast(t, output, "FAILED in 1 of 2 rounds ([1]): example.com/inside TestFlaky")
	output = run(t, root, env, false, "-rounds", "2")
	wantText(t, output, "Round 1 has already run.\nRound 2 has already run.\n")
	wantLast(t, output, "FAILED in 1 of 2 rounds ([1]): example.com/inside TestFlaky")
}

// runTests runs the program on the small workspace with more files. Its tests
// use no Redis, so the program need not look for one.
func runTests(t *testing.T, more map[string]string, passes bool, args ...string) (output string) {
	t.Helper()
	return run(t, makeFiles(t, smallWorkspace, more), []string{"TEST_REDIS=embedded", "REQUIRE_REDIS="}, passes, args...)
}

func run(t *testing.T, dir string, env []string, passes bool, args ...string) (output string) {
	t.Helper()
	program, err := steptest.Program(".")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	said, err := cmd.CombinedOutput()
	if (err == nil) != passes {
		t.Errorf("%v: the error is %v", args, err)
	}
	return string(said)
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	if said, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, said)
	}
}

func makeFiles(t *testing.T, sets ...map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, files := range sets {
		for name, content := range files {
			path := filepath.Join(root, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func wantText(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(output, text) {
			t.Errorf("no %q in\n%s", text, output)
		}
	}
}

func wantLines(t *testing.T, output string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		wantText(t, "\n"+output, "\n"+line+"\n")
	}
}

// wantLast fails the test if the last line does not begin with text.
func wantLast(t *testing.T, output, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, text) {
		t.Errorf("the last line is %q, want %q", last, text)
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
