package rename

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/session-workshop/tools/internal/folder"
)

// files returns the names of the files that may contain the path, with slashes.
// The tracked files come first: after an error git brings them back, and the
// same command changes what is left.
func files(ctx context.Context, root string) ([]string, error) {
	changed, err := git(ctx, root, "status", "--porcelain", "--untracked-files=normal", "--", ".")
	if err != nil {
		return nil, fmt.Errorf("git does not answer, and without it a failed rename could not be undone (%w).\nIf this folder is not a clone: git init && git add --all && git commit --message \"The workshop\"", err)
	}
	if changed != "" {
		return nil, fmt.Errorf("some changes are not committed:\n%sCommit them first, so that git can undo a rename that fails. Nothing was changed", changed)
	}
	tracked, err := git(ctx, root, "ls-files", "-z")
	if err != nil {
		return nil, err
	}
	copies, err := copiesOfSteps(root)
	return append(strings.FieldsFunc(tracked, func(r rune) bool { return r == 0 }), copies...), err
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	// A clone may belong to another user.
	command := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*"}, args...)...)
	command.Dir = root
	output, err := command.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && len(failed.Stderr) > 0 {
		err = errors.New(strings.TrimSpace(string(failed.Stderr)))
	}
	return string(output), err
}

// copiesOfSteps returns the files of the learners' copies, which import the
// workshop. Their backups and the versions that passed are among them, because
// a learner may bring them back.
func copiesOfSteps(root string) (names []string, err error) {
	folders, err := filepath.Glob(filepath.Join(root, "my-step*"))
	if err != nil {
		return nil, err
	}
	for _, copied := range folders {
		err := filepath.WalkDir(copied, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// change is the new text of a file.
type change struct {
	name string
	mode fs.FileMode
	text []byte
}

// plan returns the changes of all files that contain the path from.
func plan(root string, names []string, from, to string) (changes []change, err error) {
	for _, name := range names {
		file := filepath.Join(root, filepath.FromSlash(name))
		info, err := os.Lstat(file)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			continue // a link, or a repository inside this one
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if isBinary := bytes.IndexByte(text, 0) >= 0; isBinary {
			continue
		}
		changed := replace(text, from, to)
		if listsModules(name) && !bytes.Equal(replace(changed, to, from), text) {
			return nil, fmt.Errorf("%s has a dependency of this path, or below it. Another rename would then change the name of the dependency too. Choose another path", name)
		}
		if !bytes.Equal(changed, text) {
			changes = append(changes, change{name, info.Mode().Perm(), inOrder(name, text, changed)})
		}
	}
	return changes, nil
}

// write replaces the file.
func (c change) write(root string) error {
	return folder.WriteFile(filepath.Join(root, filepath.FromSlash(c.name)), string(c.text), c.mode)
}
