package steptest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
)

// The test of a step must fail on a wrong app, and tell a learner what to do. The
// test in testdata/wrong is such a test of a wrong app.
func TestContractFailsOnAWrongApp(t *testing.T) {
	testall.Only(t)
	for _, c := range []struct {
		test, under string
		step        int
		settings    string
	}{
		{"TestStep1", "TestStep1/", 1, `settings: "" "10s" ""`},
		{"TestStep3", "TestStep3/embedded/", 3, `settings: "redis://127.0.0.1:`},
	} {
		t.Run(c.test, func(t *testing.T) {
			said, err := testWrongApp(t, c.test)
			if err == nil {
				t.Fatal("the test of a wrong app passes")
			}
			first := contract.Step(c.step)[0]
			for _, want := range []string{
				"--- FAIL: " + c.under + first.ID, first.Name.EN,
				"expected: ", "got:      ",
				"hint: " + first.Hints[0].EN,
				"the app's last lines:", "Step 9 is running: http://127.0.0.1:",
				c.settings,
				fmt.Sprintf("built with -race: %v", len(raceFlags) > 0),
			} {
				if !strings.Contains(said, want) {
					t.Errorf("the test's output lacks %q", want)
				}
			}
			if runtime.GOOS != "windows" && !strings.Contains(said, "ended with an error: exit status 3") {
				t.Error("the test's output does not say how the app ended")
			}
			if t.Failed() {
				t.Logf("the whole output:\n%s", said)
			}
		})
	}
}

func TestAKilledAppIsNotAFailure(t *testing.T) {
	testall.Only(t)
	if said, err := testWrongApp(t, "TestKilled"); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// testWrongApp runs a test of testdata/wrong, and expects that it leaves no files
// behind. The app must not see the settings of the developer.
func testWrongApp(t *testing.T, test string) (said string, err error) {
	t.Helper()
	temp := t.TempDir()
	args := append([]string{"test", "-count=1", "-v", "-run", "^" + test + "$"}, raceFlags...)
	cmd := exec.Command("go", append(args, "./testdata/wrong")...)
	cmd.Env = append(os.Environ(), "TEST_REDIS=embedded", "REQUIRE_REDIS=", "TMPDIR="+temp,
		"PORT=1", "SECRET_KEY=of-the-developer", "REDIS_URL=redis://127.0.0.1:1", "SESSION_TTL=1s")
	out, err := cmd.CombinedOutput()
	if runtime.GOOS != "windows" {
		wait.For(t, "the built app is gone from the temporary folder", func() bool { return isEmpty(t, temp) })
	}
	return string(out), err
}

func isEmpty(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}

func TestTail(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"one\ntwo\nthree\n", "    two\n    three"},
		{"one\n", "    one"},
		{"", "    "},
	} {
		if got := tail(c.text, 2); got != c.want {
			t.Errorf("tail(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
