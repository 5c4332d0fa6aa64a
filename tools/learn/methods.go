package learn

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/folder"
)

// methodsTest holds the tests of the session store's methods, in a copy of step 4.
const methodsTest = "session/store_test.go"

// methods are the checks of the copy's session store, and none if it has no
// such store.
func (c *Check) methods() []contract.Check {
	_, err := os.Stat(filepath.Join(c.Copy.Dir(), "session", "store.go"))
	if c.URL != "" || c.Exercise != "" || c.Copy.Step != steps.Count || err != nil {
		return nil
	}
	return contract.Methods()
}

// onlyAMethod reports whether one method alone is checked, which needs no app.
func (c *Check) onlyAMethod() bool {
	return slices.ContainsFunc(c.methods(), func(check contract.Check) bool { return check.ID == c.Only })
}

// testMethods builds the tests of the methods into the folder dir, and returns
// what runs those of one. A file of tests that is not there comes back. The
// error says what does not compile.
func (c *Check) testMethods(ctx context.Context, dir string) (test func(context.Context, string) error, err error) {
	if err := c.restoreTests(); err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "methods.test.exe")
	if err := launch.BuildTest(ctx, c.Copy.Dir(), "./session", binary); err != nil {
		return nil, fmt.Errorf("%s/session does not compile with its tests:\n%s\nFix that, and run the check again. To get the tests back as they were, delete %[1]s/%[3]s first", c.Copy.Name(), launch.CompilerSaid(err, c.Copy.Name()), methodsTest)
	}
	return func(ctx context.Context, method string) error {
		tests := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout=30s", "-test.run=^Test"+method)
		tests.Dir = filepath.Join(c.Copy.Dir(), "session")
		tests.WaitDelay = time.Second
		said, err := tests.CombinedOutput()
		return c.judge(method, string(said), err)
	}, nil
}

func (c *Check) restoreTests() error {
	path := filepath.Join(c.Copy.Dir(), filepath.FromSlash(methodsTest))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	files, err := c.Copy.beginning()
	if err != nil {
		return err
	}
	c.say("%s/%s was not there, and is again: it tests the methods of the store.", c.Copy.Name(), methodsTest)
	return folder.WriteFile(path, files[methodsTest])
}

var (
	failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	// complaint is what a test has logged.
	complaint = regexp.MustCompile(`(?m)^ +(\S+_test\.go:\d+: .*)`)
)

// judge reads what the tests of a method printed. err is how they ended.
func (c *Check) judge(method, said string, err error) error {
	file := c.Copy.Name() + "/" + methodsTest
	failure := &contract.Failure{Expected: fmt.Sprintf("Test%s in %s to pass", method, file)}
	if err == nil {
		if strings.Contains(said, "--- PASS: Test"+method) {
			return nil
		}
		failure.Got = fmt.Sprintf("there is no such test. Delete %s, and the check writes it again", file)
		return failure
	}
	if failed := failedTest.FindStringSubmatch(said); failed != nil {
		failure.Expected = fmt.Sprintf("%s in %s to pass", failed[1], file)
	}
	failure.Got = fmt.Sprintf("it ended with %v", err)
	if line := complaint.FindStringSubmatch(said); line != nil {
		failure.Got = line[1]
	}
	if line := panicIn(said, c.Copy.Name()); line != "" {
		// How the test came to call the method tells a learner nothing.
		failure.Got, _, _ = strings.Cut(line, ", "+file)
	}
	return failure
}
