package learn

import (
	"context"
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
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/advice"
	"example.com/session-workshop/tools/internal/folder"
)

// methodsTest is the file with the tests of the store's methods, in a copy of
// step 4.
const methodsTest = "session/store_test.go"

// methods returns the checks of the copy's session store, or none if it has no
// store.
func (c *Check) methods() []contract.Check {
	_, err := os.Stat(filepath.Join(c.Copy.Dir(), "session", "store.go"))
	if c.URL != "" || c.Exercise != "" || c.Copy.Step != steps.Count || err != nil {
		return nil
	}
	return contract.Methods()
}

// onlyAMethod reports whether a method is the only check, which needs no app.
func (c *Check) onlyAMethod() bool {
	return slices.ContainsFunc(c.methods(), func(check contract.Check) bool { return check.ID == c.Only })
}

// testMethods builds the tests of the methods into the folder dir, and returns a
// function that runs the tests of one method. It writes a missing file of tests
// again. The error says what does not compile.
func (c *Check) testMethods(ctx context.Context, dir string) (test func(context.Context, string) error, err error) {
	if err := c.restoreTests(); err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "methods.test.exe")
	if err := launch.BuildTest(ctx, c.Copy.Dir(), "./session", binary); err != nil {
		if advice.Known(err) {
			return nil, notBuilt(c.Copy.Name(), err)
		}
		return nil, notReady{board.DoesNotCompile, lang.Errorf("%s/session does not compile with its tests:\n%s\nFix that, and run the check again. To restore the tests, delete %[1]s/%[3]s first",
			"%s/session とそのテストをコンパイルできません。\n%s\n直してから、もう一度チェックしてください。テストを元に戻すには、先に %[1]s/%[3]s を削除します。", c.Copy.Name(), launch.CompilerSaid(err, c.Copy.Name()), methodsTest)}
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
	c.say(lang.T("%s/%s was missing and has been restored: it tests the methods of the store.",
		"%s/%s がなかったので、元に戻しました。ストアのメソッドをテストするファイルです。", c.Copy.Name(), methodsTest))
	return folder.WriteFile(path, files[methodsTest], 0o644)
}

var (
	failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	// complaint is a line that a test has logged.
	complaint = regexp.MustCompile(`(?m)^ +(\S+_test\.go:\d+: .*)`)
)

// judge returns the failure of a method's tests, or nil if they pass, from what
// they printed and err, with which they ended.
func (c *Check) judge(method, said string, err error) error {
	file := c.Copy.Name() + "/" + methodsTest
	failure := &contract.Failure{Expected: lang.T("Test%s in %s to pass", "%[2]s の Test%[1]s が成功すること", method, file)}
	if err == nil {
		if strings.Contains(said, "--- PASS: Test"+method) {
			return nil
		}
		failure.Got = lang.T("there is no such test. Delete %s, and the check restores it", "そのテストがありません。%s を削除すると、チェックが元に戻します", file)
		return failure
	}
	if failed := failedTest.FindStringSubmatch(said); failed != nil {
		failure.Expected = lang.T("%s in %s to pass", "%[2]s の %[1]s が成功すること", failed[1], file)
	}
	failure.Got = lang.T("it ended with %v", "%v で終了した", err)
	if line := complaint.FindStringSubmatch(said); line != nil {
		failure.Got = lang.Same(line[1])
	}
	if line := panicIn(said, c.Copy.Name()); line != "" {
		// The lines of the test, which called the method, do not help a learner.
		panicked, _, _ := strings.Cut(line, ", "+file)
		failure.Got = lang.Same(panicked)
	}
	return failure
}
