package learn

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/folder"
)

// resultsFile is in the copy, all of which git ignores.
const resultsFile = ".check.json"

// results are the results of a copy's checks so far.
type results struct {
	// Checked is when the last check of the lesson began; zero for never.
	Checked       time.Time
	Passed, Total int
	// Once is true if the learner's own code has passed the lesson once.
	Once bool
	// Taken is true if the copy began as our solution.
	Taken bool
	// Exercises are the names of those that have passed once.
	Exercises []string
}

func (r *results) addLesson(begun time.Time, passed, total int) {
	r.Checked, r.Passed, r.Total = begun, passed, total
	r.Once = r.Once || passed == total && !r.Taken
}

// afterRestart is what is kept if the learner begins again, or takes our solution.
func (r results) afterRestart(taken bool) results {
	return results{Once: r.Once, Taken: taken, Exercises: r.Exercises}
}

func (r *results) addExercise(name string) {
	if !slices.Contains(r.Exercises, name) {
		r.Exercises = append(r.Exercises, name)
	}
}

// results reads what keep wrote. If it cannot, the copy counts as never checked.
func (c Copy) results() results {
	var r results
	text, err := os.ReadFile(filepath.Join(c.Dir(), resultsFile))
	if err != nil || json.Unmarshal(text, &r) != nil {
		return results{}
	}
	return r
}

func (c Copy) keep(r results) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return folder.WriteFile(filepath.Join(c.Dir(), resultsFile), string(text)+"\n", 0o644)
}

// Status prints how far the learner is with each step of the repository at root, in
// the language l.
func Status(out io.Writer, root string, l lang.Lang) error {
	for n := 1; n <= steps.Count; n++ {
		c, err := Of(root, n)
		if err != nil {
			return err
		}
		line, err := c.status()
		if err != nil {
			return err
		}
		fmt.Fprintln(out, lang.T("step %d  %s", "ステップ %d  %s", n, line).In(l))
	}
	return nil
}

func (c Copy) status() (lang.Text, error) {
	if !c.Exists() {
		return lang.T("not started             begin: make start%d", "未着手                  始める: make start%d", c.Step), nil
	}
	r := c.results()
	text := r.lesson()
	if !r.Checked.IsZero() {
		changed, err := c.changedSince(r.Checked)
		if err != nil {
			return lang.Text{}, err
		}
		if changed {
			text = lang.T("%s, changed since", "%s、その後に変更あり", text)
		}
	}
	if len(r.Exercises) > 0 {
		text = lang.T("%s; exercises: %s", "%s、練習問題: %s", text, strings.Join(r.Exercises, ", "))
	}
	if r.Checked.IsZero() {
		text = lang.T("%s    check: make check%d", "%s    チェックする: make check%d", text, c.Step)
	}
	return text, nil
}

// lesson is how far the lesson is. A copy that was taken from our solution is not
// called passed.
func (r results) lesson() lang.Text {
	all := r.Passed == r.Total
	var text lang.Text
	switch {
	case r.Checked.IsZero() && r.Taken:
		text = lang.T("taken, not checked", "完成版、未チェック")
	case r.Checked.IsZero():
		text = lang.T("started, not checked", "作業中、未チェック")
	case all && r.Taken:
		text = lang.T("taken, all %d checks", "完成版、チェック %d 個すべて合格", r.Total)
	case all:
		return lang.T("passed, all %d checks", "合格、チェック %d 個すべて", r.Total)
	default:
		text = lang.T("passed %d of %d at the last check", "前回のチェックで %[2]d 個中 %[1]d 個が合格", r.Passed, r.Total)
	}
	if r.Once {
		text = lang.T("%s, passed once before", "%s、以前に合格済み", text)
	}
	return text
}

// changedSince reports whether a file of the copy is newer than t.
func (c Copy) changedSince(t time.Time) (changed bool, err error) {
	err = filepath.WalkDir(c.Dir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == resultsFile {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.ModTime().After(t) {
			changed = true
			return fs.SkipAll
		}
		return err
	})
	return changed, err
}
