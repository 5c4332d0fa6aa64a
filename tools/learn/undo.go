package learn

import (
	"fmt"
	"os"
	"time"

	"example.com/session-workshop/tools/internal/folder"
)

// passedDir is the folder beside the copy that holds what last passed its lesson.
func (c Copy) passedDir() string { return c.Dir() + "-passed" }

// keepPassed keeps the copy as one that passed a check, which has begun at a
// time. It keeps nothing if a file has been changed since.
func (c Copy) keepPassed(begun time.Time) error {
	if changed, err := c.changedSince(begun); changed || err != nil {
		return err
	}
	if err := os.RemoveAll(c.passedDir()); err != nil {
		return err
	}
	return folder.Copy(c.Dir(), c.passedDir())
}

// Undo makes the copy what last passed the lesson. What was there is kept in the
// folder whose name it returns, as Reset does it.
func (c Copy) Undo(now time.Time) (backup string, err error) {
	if _, err := os.Stat(c.passedDir()); err != nil {
		return "", fmt.Errorf("there is nothing to go back to: %s has not passed yet. What passes is kept: make check%d", c.Name(), c.Step)
	}
	before := c.results()
	if backup, err = c.replace(now, func() error { return folder.Copy(c.passedDir(), c.Dir()) }); err != nil {
		return "", err
	}
	passed := c.results()
	// The files are new, and what is in them passed.
	passed.Checked, passed.Exercises = time.Now(), before.Exercises
	return backup, c.keep(passed)
}
