package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/folder"
)

// Solve prints the difference between the copy and our step as git does: our lines
// begin with +. It compares Go files, without tests.
func (c Copy) Solve(ctx context.Context, out io.Writer, l lang.Lang, colour bool) error {
	if err := c.mustExist(); err != nil {
		return err
	}
	if _, err := exec.LookPath("git"); err != nil {
		return lang.Errorf("git, which shows the difference, was not found. Compare %s with %s yourself",
			"違いを表示するための git が見つかりません。%s と %s を自分で比べてください", c.Name(), c.ours())
	}
	difference, err := c.difference(ctx, colour)
	if err != nil {
		return err
	}
	say := func(text lang.Text) { fmt.Fprintln(out, text.In(l)) }
	if difference != "" {
		say(lang.T("%s\nLines with - are yours, lines with + are ours (%s).", "%s\n- の行が自分のコード、+ の行が完成版（%s）です。", difference, steps.Folder(c.Step)))
	} else {
		say(lang.T("There is no difference: %s is the same as ours.", "違いはありません。%s は完成版と同じです。", c.Name()))
	}
	if c.Step == steps.Count {
		say(lang.T("Our step 4 is small so that you can read it. The store to ship is sessionstore: it bounds what it stores, ends all sessions of a user, and is tested against failures.",
			"ステップ 4 の完成版は、読みやすいように小さくしてあります。自分のサービスで使うのは sessionstore です。保存する量を制限し、ユーザーのすべてのセッションを終わらせることができ、障害を起こすテストもしてあります。"))
	}
	return nil
}

// difference is empty if there is none. It prints nothing itself: a pipe to head
// ends this program in the middle of a line, and the temporary folder would stay.
func (c Copy) difference(ctx context.Context, colour bool) (string, error) {
	dir, err := os.MkdirTemp("", "session-workshop-solve-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := errors.Join(c.copySource(c.Dir(), filepath.Join(dir, "yours")), c.copySource(c.ours(), filepath.Join(dir, "ours"))); err != nil {
		return "", err
	}
	return diff(ctx, dir, colour)
}

// ours is the folder of our step.
func (c Copy) ours() string { return filepath.Join(c.Root, steps.Folder(c.Step)) }

// copySource copies the source of a program.
func (c Copy) copySource(from, to string) error {
	files, err := c.source(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := folder.WriteFile(filepath.Join(to, filepath.FromSlash(name)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// source returns the texts of a program's Go files, without tests, by their names
// with slashes. The module has the name of the copy's, so that a comparison shows no
// difference there. A folder below with its own main.go is another program.
func (c Copy) source(dir string) (files map[string]string, err error) {
	files = map[string]string{}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "main.go")); err == nil && path != dir {
				return fs.SkipDir
			}
			return nil
		}
		if !isSource(path) {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = c.renamed(text, steps.Folder(c.Step))
		return err
	})
	return files, err
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

// diff compares the folders yours and ours in dir. git ends with status 1 if
// they differ.
func diff(ctx context.Context, dir string, colour bool) (string, error) {
	when := "never"
	if colour {
		when = "always"
	}
	cmd := exec.CommandContext(ctx, "git", "--no-pager", "diff", "--no-index", "--no-prefix", "--no-ext-diff",
		"--diff-algorithm=histogram", "--color="+when, "yours", "ours")
	cmd.Dir = dir
	text, err := cmd.Output()
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case failed && exit.ExitCode() == 1:
		return string(text), nil
	case failed:
		return "", fmt.Errorf("git diff: %w\n%s", err, exit.Stderr)
	}
	return string(text), err
}
