// Package learn is for learners who build the steps themselves: it makes the copy
// of a step that a learner begins with, checks it, compares it with our step and
// shows the progress.
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
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/folder"
)

// Copy is a learner's own step.
type Copy struct {
	// Root is the folder of the repository.
	Root string
	// Step is 1 to 4.
	Step int
}

// Of returns the copy of step n, which need not exist yet. The error says that
// there is no such step.
func Of(root string, n int) (Copy, error) {
	if n < 1 || n > steps.Count {
		return Copy{}, lang.Errorf("there is no step %d: use 1 to %d", "ステップ %d はありません。1 〜 %d を指定してください", n, steps.Count)
	}
	return Copy{Root: root, Step: n}, nil
}

// Name is the name of the copy's folder, and the last part of its module path.
func (c Copy) Name() string { return fmt.Sprintf("my-step%d", c.Step) }

// Dir is the path of the copy's folder.
func (c Copy) Dir() string { return filepath.Join(c.Root, c.Name()) }

// Ready is the message to a learner after Start.
func (c Copy) Ready() lang.Text {
	is := lang.T("a copy of our step %d", "完成版のステップ %d のコピーです", c.Step-1)
	switch c.Step {
	case 1:
		is = lang.T("a copy of our step 1 without its cookie", "完成版のステップ 1 から Cookie の処理を除いたものです")
	case steps.Count:
		is = lang.T("%s, and a session store whose four methods are empty", "%s。セッションストアも入っていて、4 つのメソッドは空です", is)
	}
	return lang.T("%s is ready for you: it is %s.", "%s ができました。%s。", c.Name(), is)
}

// Files names what the learner changes, in this order.
func (c Copy) Files() lang.Text {
	if c.Step == steps.Count {
		return lang.T("%[1]s/session/store.go, then %[1]s/main.go", "%[1]s/session/store.go、次に %[1]s/main.go", c.Name())
	}
	return lang.Same(c.Name() + "/main.go")
}

// Exists reports whether the copy's folder exists.
func (c Copy) Exists() bool {
	_, err := os.Stat(c.Dir())
	return !errors.Is(err, fs.ErrNotExist)
}

// mustExist returns an error that says how to begin, if the copy does not exist.
func (c Copy) mustExist() error {
	if !c.Exists() {
		return lang.Errorf("there is no %s yet. Begin it: make start%d", "%s はまだありません。作るには: make start%d", c.Name(), c.Step)
	}
	return nil
}

// Start makes the copy. The error says that it exists already, or which file could
// not be written. After an error no part of a new copy is left.
func (c Copy) Start() error {
	if c.Exists() {
		return lang.Errorf("%s exists already, and is yours: nothing was changed.\nTo begin again, with a backup: make reset%d",
			"%s はもうあるので、何も変更していません。\nバックアップを残して最初からやり直すには: make reset%d", c.Name(), c.Step)
	}
	files, err := c.beginning()
	if err != nil {
		return err
	}
	return folder.Write(c.Dir(), files)
}

// Reset replaces the copy by a new one. It keeps the old one as the folder backup,
// whose name contains the time now.
func (c Copy) Reset(now time.Time) (backup string, err error) {
	before := c.results()
	if backup, err = c.replace(now, c.Start); err != nil {
		return "", err
	}
	return backup, c.keep(before.afterRestart(false))
}

// replace has write make a new copy, and keeps the old one as the folder backup.
func (c Copy) replace(now time.Time, write func() error) (backup string, err error) {
	if err := c.mustExist(); err != nil {
		return "", err
	}
	backup = fmt.Sprintf("%s-backup-%s", c.Name(), now.Format("20060102-150405"))
	if _, err := os.Stat(filepath.Join(c.Root, backup)); err == nil {
		return "", lang.Errorf("%s exists already: wait a second, and try again", "%s はもうあります。1 秒待って、もう一度実行してください", backup)
	}
	if err := os.Rename(c.Dir(), filepath.Join(c.Root, backup)); err != nil {
		return "", lang.Errorf("%s cannot be renamed (%w). Does a program use it? Stop make %s first",
			"%s の名前を変更できません（%w）。使っているプログラムはありませんか？先に make %s を止めてください", c.Name(), err, c.Name())
	}
	if err := write(); err != nil {
		return "", errors.Join(err, os.Rename(filepath.Join(c.Root, backup), c.Dir()))
	}
	return backup, nil
}

// Take replaces the copy by our solution, with which a learner can go on: an
// exercise needs a step that passes. Like Reset, it keeps the old copy, if there
// is one, as the folder backup.
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
	return backup, errors.Join(c.copySource(c.ours(), c.Dir()), c.keep(before.afterRestart(true)))
}

// workspace joins the copy, shared and check, so that the go command and editors
// work in the copy's folder, which is not in the root's go.work.
const workspace = "go 1.26.0\n\nuse (\n\t.\n\t../check\n\t../shared\n)\n"

// lessonTest is the source of a Go test that checks a copy.
const lessonTest = `package main_test

import (
	"testing"

	"example.com/session-workshop/check/steptest"
)

// TestLesson is what make check%[1]d checks.
func TestLesson(t *testing.T) { steptest.Lesson(t, %[1]d) }
`

// modulePath is the path of a module of the workshop.
func modulePath(folder string) string { return "example.com/session-workshop/" + folder }

// beginning returns the contents of a new copy's files by their names, with
// slashes: the step before, and for step 4 also a session store to fill in.
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
			return nil, lang.Errorf("a file of the workshop is missing (%w). Restore it: git checkout -- %s",
				"ワークショップのファイルがありません（%w）。元に戻すには: git checkout -- %s", err, folder)
		}
		files[name] = c.renamed(text, folder)
	}
	// The copy prints the number of the learner's step when it starts.
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

// renamed returns the text of a file of the step in folder, in which the step's
// module has the name of the copy's.
func (c Copy) renamed(text []byte, folder string) string {
	theirs, mine := modulePath(folder), modulePath(c.Name())
	return strings.NewReplacer("\r\n", "\n", "module "+theirs, "module "+mine, theirs+"/", mine+"/").Replace(string(text))
}
