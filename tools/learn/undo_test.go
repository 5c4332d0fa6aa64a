package learn

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/repotest"
)

// learner is a learner who works on step 3. The test says how the checks end.
type learner struct {
	*testing.T
	Copy
	now time.Time
}

func newLearner(t *testing.T) *learner {
	c := Copy{Root: repotest.Copy(t), Step: 3}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return &learner{t, c, time.Now()}
}

func (l *learner) saves(text string) { repotest.Write(l.T, filepath.Join(l.Dir(), "main.go"), text) }

func (l *learner) has(text string) {
	l.Helper()
	if got, err := os.ReadFile(filepath.Join(l.Dir(), "main.go")); err != nil || string(got) != text {
		l.Errorf("the copy has %.40q, %v, want %q", got, err, text)
	}
}

func (l *learner) checks(exercise string, passed, total int) {
	(&Check{Copy: l.Copy, Exercise: exercise, Out: io.Discard}).remember(time.Now(), passed, total)
}

// does runs a command that keeps a backup, each in another second.
func (l *learner) does(command func(time.Time) (string, error), kept string) {
	l.Helper()
	l.now = l.now.Add(time.Second)
	backup, err := command(l.now)
	if err != nil {
		l.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(l.Root, backup, "main.go")); err != nil || string(got) != kept {
		l.Errorf("the backup %s has %.40q, %v, want %q", backup, got, err, kept)
	}
}

func (l *learner) wantStatus(want string) {
	l.Helper()
	var out strings.Builder
	if err := Status(&out, l.Root, lang.English); err != nil {
		l.Fatal(err)
	}
	if want = "\nstep 3  " + want + "\n"; !strings.Contains(out.String(), want) {
		l.Errorf("the status is\n%swant%s", out.String(), want)
	}
}

func TestAStepThatPassedOnceStaysPassed(t *testing.T) {
	l := newLearner(t)
	l.saves("mine")
	l.checks("", 23, 23)
	l.checks("expire-first", 2, 2)
	l.wantStatus("passed, all 23 checks; exercises: expire-first")
	l.does(l.Reset, "mine")
	l.wantStatus("started, not checked, passed once before; exercises: expire-first    check: make check3")
	l.checks("", 3, 23)
	l.wantStatus("passed 3 of 23 at the last check, passed once before; exercises: expire-first")
	l.saves("other")
	l.does(l.Take, "other")
	l.checks("", 23, 23)
	l.wantStatus("taken, all 23 checks, passed once before; exercises: expire-first")
}

func TestOurSolutionCountsAsTakenNotAsPassed(t *testing.T) {
	l := newLearner(t)
	l.saves("mine")
	l.does(l.Take, "mine")
	l.wantStatus("taken, not checked    check: make check3")
	l.checks("", 23, 23)
	l.wantStatus("taken, all 23 checks")
	l.saves("ours, changed")
	l.does(l.Reset, "ours, changed")
	l.wantStatus("started, not checked    check: make check3")
}

func TestUndoRestoresTheVersionThatPassed(t *testing.T) {
	l := newLearner(t)
	l.saves("first")
	l.checks("", 22, 23)
	if _, err := l.Undo(l.now); err == nil || !strings.Contains(err.Error(), "my-step3 has not passed yet. A version that passes is kept: make check3") {
		t.Errorf("without a step that passed: %v", err)
	}
	l.has("first")
	l.isTold("")
	for n := range 2 {
		right := fmt.Sprint("right ", n)
		l.saves(right)
		l.checks("", 23, 23)
		l.saves("broken")
		l.checks("expire-first", 2, 2)
		l.checks("", 18, 23)
		l.isTold("This step has passed before. If you broke it for an exercise, go back to what passed: make undo3\n")
		l.does(l.Undo, "broken")
		l.has(right)
		l.wantStatus("passed, all 23 checks; exercises: expire-first")
	}
	t.Log("also after a reset")
	l.does(l.Reset, "right 1")
	l.saves("again")
	l.does(l.Undo, "again")
	l.has("right 1")
}

// isTold fails the test unless a failed check prints want about make undo3.
func (l *learner) isTold(want string) {
	l.Helper()
	var said strings.Builder
	(&Check{Copy: l.Copy, Out: &said}).sayUndo()
	if said.String() != want {
		l.Errorf("it says %q, want %q", said.String(), want)
	}
}

// The check did not see what was saved while it ran.
func TestACopyThatChangedDuringTheCheckIsNotKept(t *testing.T) {
	l := newLearner(t)
	begun := time.Now().Add(-time.Minute)
	l.saves("saved meanwhile")
	(&Check{Copy: l.Copy, Out: io.Discard}).remember(begun, 23, 23)
	if _, err := l.Undo(l.now); err == nil {
		t.Error("it was kept")
	}
}
