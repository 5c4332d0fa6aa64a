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
)

// Solve prints the difference between the copy and our step as git does: our lines
// begin with +. It compares Go files, without tests.
func (c Copy) Solve(ctx context.Context, out io.Writer, colour bool) error {
	if err := c.mustExist(); err != nil {
		return err
	}
	if _, err := exec.LookPath("git"); err != nil {
		return fmt.Errorf("git, which shows the difference, was not found. Compare %s with %s yourself", c.Name(), c.ours())
	}
	difference, err := c.difference(ctx, colour)
	if err != nil {
		return err
	}
	if difference != "" {
		fmt.Fprintf(out, "%s\nLines with - are yours, lines with + are ours (%s).\n", difference, steps.Folder(c.Step))
	} else {
		fmt.Fprintf(out, "There is no difference: %s is the same as ours.\n", c.Name())
	}
	if c.Step == steps.Count {
		fmt.Fprintf(out, "Our step 4 is small so that you can read it. The store to ship is sessionstore: it bounds what it stores, ends all sessions of a user, and is tested against failures.\n")
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

// copySource copies the Go files of a program, and gives its module the name of the
// copy's, so that a comparison shows no difference there. A folder below with its
// own main.go is another program.
func (c Copy) copySource(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "main.go")); err == nil && path != from {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), []byte(c.renamed(text, steps.Folder(c.Step))), 0o644)
	})
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
