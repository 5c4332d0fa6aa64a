package learn

import (
	"os"
	"time"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/folder"
)

// passedDir is the folder beside the copy with the version that last passed.
func (c Copy) passedDir() string { return c.Dir() + "-passed" }

// keepPassed stores the copy in passedDir. It stores nothing if a file has changed
// since the check began.
func (c Copy) keepPassed(begun time.Time) error {
	if changed, err := c.changedSince(begun); changed || err != nil {
		return err
	}
	return folder.Replace(c.Dir(), c.passedDir())
}

// Undo replaces the copy by the version that last passed the lesson. Like Reset, it
// keeps the old copy as the folder backup.
func (c Copy) Undo(now time.Time) (backup string, err error) {
	if _, err := os.Stat(c.passedDir()); err != nil {
		return "", lang.Errorf("there is nothing to go back to: %s has not passed yet. A version that passes is kept: make check%d",
			"戻せる状態がありません。%s はまだ合格していません。合格すると、そのときの状態が残ります: make check%d", c.Name(), c.Step)
	}
	before := c.results()
	if backup, err = c.replace(now, func() error { return folder.Copy(c.passedDir(), c.Dir()) }); err != nil {
		return "", err
	}
	passed := c.results()
	// The files are newer than the check that they passed.
	passed.Checked, passed.Exercises = time.Now(), before.Exercises
	return backup, c.keep(passed)
}
