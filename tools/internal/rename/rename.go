// Package rename gives the modules of the workshop another path, in every file
// that names them.
package rename

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Renamed says what Modules did.
type Renamed struct {
	// From is the path from before. The module in the folder shared was
	// From/shared.
	From string
	// Files is the number of changed files.
	Files int
}

// Modules gives the modules of the workshop in root the path to, followed by
// their folder. It changes the files that git tracks and the learners' copies
// of steps, which git ignores. The error is for the user. It does not repeat
// the path, which could be an address with a password.
func Modules(ctx context.Context, root, to string) (Renamed, error) {
	from, err := present(root)
	if err != nil {
		return Renamed{}, err
	}
	if err := check(from, to); err != nil {
		return Renamed{}, err
	}
	names, err := files(ctx, root)
	if err != nil {
		return Renamed{}, err
	}
	// Everything is read before the first file changes, so that most errors
	// change nothing.
	changes, err := plan(root, names, from, to)
	if err != nil {
		return Renamed{}, err
	}
	for i, c := range changes {
		err := ctx.Err()
		if err == nil {
			err = c.write(root)
		}
		if err != nil {
			return Renamed{}, fmt.Errorf("%d of %d files were changed. %s was not: %w.\nThis brings back all files that git knows: git -C %s restore .\nThen run the same command again: it also changes your copies of steps", i, len(changes), c.name, err, root)
		}
	}
	return Renamed{from, len(changes)}, nil
}

// anchor is the folder of the module whose path tells the path of all: the
// module of this program.
const anchor = "/tools"

// present returns the path before the folders of all modules.
func present(root string) (string, error) {
	file := filepath.Join(root, anchor, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	path, isOurs := strings.CutSuffix(modfile.ModulePath(text), anchor)
	if !isOurs || path == "" {
		return "", fmt.Errorf("the path of the module in %s does not end in %s. Restore it: git restore .", file, anchor)
	}
	return path, nil
}

// check returns an error if the modules cannot have the path to.
func check(from, to string) error {
	const example = ". Give the address of the repository without https:// and without .git, for example github.com/YOUR-NAME/session-workshop"
	if to == from {
		return errors.New("the modules have this path already: nothing was changed")
	}
	if err := module.CheckPath(to); err != nil {
		if invalid := (*module.InvalidPathError)(nil); errors.As(err, &invalid) {
			err = invalid.Err
		}
		return fmt.Errorf("this is not the path of a Go module: %w%s", err, example)
	}
	// The Go command would look for the module in the folder shared of version
	// 2 in a folder v2/shared.
	if _, version, _ := module.SplitPathVersion(to); version != "" {
		return fmt.Errorf("the path ends in a major version, which belongs after the folder of a module%s", example)
	}
	// A path without a slash, such as example.com, is part of other addresses.
	if !strings.Contains(to, "/") || strings.HasSuffix(to, ".git") {
		return fmt.Errorf("this is not the path of a repository%s", example)
	}
	return nil
}
