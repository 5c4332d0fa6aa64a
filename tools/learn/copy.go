// Package learn is for people who build the steps themselves: it makes the
// copy of a step that a learner begins with, checks it, compares it with ours
// and tells how far it is.
package learn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/folder"
)

// Copy is a learner's own step.
type Copy struct {
	// Root is the folder of the repository.
	Root string
	// Step is 1 to 4.
	Step int
}

// Of returns the copy of step n, which need not be there yet. The error says
// that there is no such step.
func Of(root string, n int) (Copy, error) {
	if n < 1 || n > steps.Count {
		return Copy{}, fmt.Errorf("there is no step %d: use 1 to %d", n, steps.Count)
	}
	return Copy{Root: root, Step: n}, nil
}

// Name is the name of its folder and the last part of its module's.
func (c Copy) Name() string { return fmt.Sprintf("my-step%d", c.Step) }

// Dir is its folder.
func (c Copy) Dir() string { return filepath.Join(c.Root, c.Name()) }

// Ready says what the learner has after Start.
func (c Copy) Ready() string {
	is := fmt.Sprintf("a copy of our step %d", c.Step-1)
	switch c.Step {
	case 1:
		is = "a copy of our step 1 without its cookie"
	case steps.Count:
		is += ", and a session store whose four methods are empty"
	}
	return fmt.Sprintf("%s is ready for you: it is %s.", c.Name(), is)
}

// Files are what the learner changes, in that order.
func (c Copy) Files() string {
	if c.Step == steps.Count {
		return c.Name() + "/session/store.go, then " + c.Name() + "/main.go"
	}
	return c.Name() + "/main.go"
}

// Exists reports whether it is there.
func (c Copy) Exists() bool {
	_, err := os.Stat(c.Dir())
	return !errors.Is(err, fs.ErrNotExist)
}

// mustExist says how to begin, if the learner has not.
func (c Copy) mustExist() error {
	if !c.Exists() {
		return fmt.Errorf("there is no %s yet. Begin it: make start%d", c.Name(), c.Step)
	}
	return nil
}

// Start makes the copy. The error says that there is one already, or which
// file could not be written; then nothing is left behind.
func (c Copy) Start() error {
	if c.Exists() {
		return fmt.Errorf("%s is there already, and is yours: nothing was changed.\nTo begin again, with a backup: make reset%d", c.Name(), c.Step)
	}
	files, err := c.beginning()
	if err != nil {
		return err
	}
	return folder.Write(c.Dir(), files)
}

// Reset puts a new copy in the place of the old one, which it keeps in the
// folder whose name it returns. now is part of that name.
func (c Copy) Reset(now time.Time) (backup string, err error) {
	before := c.results()
	if backup, err = c.replace(now, c.Start); err != nil {
		return "", err
	}
	return backup, c.keep(before.again(false))
}

// replace puts what write makes in the place of the copy, which it keeps in the
// folder whose name it returns.
func (c Copy) replace(now time.Time, write func() error) (backup string, err error) {
	if err := c.mustExist(); err != nil {
		return "", err
	}
	backup = fmt.Sprintf("%s-backup-%s", c.Name(), now.Format("20060102-150405"))
	if _, err := os.Stat(filepath.Join(c.Root, backup)); err == nil {
		return "", fmt.Errorf("%s is there already: wait a second, and try again", backup)
	}
	if err := os.Rename(c.Dir(), filepath.Join(c.Root, backup)); err != nil {
		return "", fmt.Errorf("%s cannot be put aside (%w). Does a program use it? Stop make %s first", c.Name(), err, c.Name())
	}
	if err := write(); err != nil {
		return "", errors.Join(err, os.Rename(filepath.Join(c.Root, backup), c.Dir()))
	}
	return backup, nil
}

// Take makes the copy what ours is, for who wants to go on from there: an
// exercise needs a step that passes. A copy that was there before is kept in
// the folder whose name it returns, as Reset does it.
func (c Copy) Take(now time.Time) (backup string, err error) {
	before := c.results()
	if c.Exists() {
		backup, err = c.Reset(now)
	} else {
		err = c.Start()
	}
	if err != nil {
		return "", err
	}
	return backup, errors.Join(c.copySource(c.ours(), c.Dir()), c.keep(before.again(true)))
}

// workspace joins the copy, shared and check, so that the go command and editors work
// in the copy's folder, of which the root's go.work knows nothing.
const workspace = "go 1.26.0\n\nuse (\n\t.\n\t../check\n\t../shared\n)\n"

// lessonTest is the check of a copy as a Go test.
const lessonTest = `package main_test

import (
	"testing"

	"example.com/session-workshop/check/steptest"
)

// TestLesson is what make check%[1]d checks.
func TestLesson(t *testing.T) { steptest.Lesson(t, %[1]d) }
`

// modulePath is that of a module of the workshop.
func modulePath(folder string) string { return "example.com/session-workshop/" + folder }

// beginning returns the files of a new copy, by their names with slashes: the
// step before, and for step 4 a session store to fill in.
func (c Copy) beginning() (files map[string]string, err error) {
	before, ours := steps.Folder(max(1, c.Step-1)), steps.Folder(c.Step)
	from := map[string]string{"main.go": before, "go.mod": before, "go.sum": before, "Makefile": before}
	if c.Step == steps.Count {
		for _, name := range []string{"session/token.go", "session/cookie.go", "session/store.go", "session/store_test.go"} {
			from[name] = ours
		}
	}
	files = map[string]string{"go.work": workspace, "main_test.go": fmt.Sprintf(lessonTest, c.Step)}
	for name, folder := range from {
		text, err := os.ReadFile(filepath.Join(c.Root, folder, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("a file of the workshop is missing (%w). Get it back: git checkout -- %s", err, folder)
		}
		files[name] = c.renamed(text, folder)
	}
	// What runs is the learner's step, so that is what it says when it starts.
	const starts = "config.MustLoad(%d)"
	files["main.go"] = strings.Replace(files["main.go"], fmt.Sprintf(starts, max(1, c.Step-1)), fmt.Sprintf(starts, c.Step), 1)
	switch c.Step {
	case 1:
		files["main.go"], err = empty(files["main.go"], bodiesOfOne)
	case steps.Count:
		files["session/store.go"], err = empty(files["session/store.go"], bodiesOfFour)
	}
	return files, err
}

// renamed is a file of the step in folder, in which that step's module has the
// name of the copy's.
func (c Copy) renamed(text []byte, folder string) string {
	theirs, mine := modulePath(folder), modulePath(c.Name())
	return strings.NewReplacer("\r\n", "\n", "module "+theirs, "module "+mine, theirs+"/", mine+"/").Replace(string(text))
}
