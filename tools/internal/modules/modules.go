// Package modules finds the Go modules of the repository, and builds commands
// that run in them.
package modules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/session-workshop/tools/internal/machine"
)

// Root returns the folder of go.work, which is the working directory or a
// folder above it.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this inside the workshop's folder: no go.work was found in this folder or above it")
		}
		dir = filepath.Dir(dir)
	}
}

// Systems are the values of GOOS on which the workshop runs.
var Systems = []string{"linux", "darwin", "windows"}

// All holds the folders of the repository's modules.
type All struct {
	root string
	// Workspace are the modules that go.work names. Others are built alone,
	// with GOWORK=off.
	Workspace, Others []string
}

// Find finds every go.mod below root, except in learners' own copies (my-step3)
// and in folders that the go command ignores.
func Find(ctx context.Context, root string) (All, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}")
	list.Dir = root
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return All{}, fmt.Errorf("go list -m: %w", err)
	}
	m := All{root: root, Workspace: strings.Split(strings.TrimSpace(string(output)), "\n")}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (Ignored(entry.Name()) || strings.HasPrefix(entry.Name(), "my-")):
			return fs.SkipDir
		case entry.Name() == "go.mod" && !slices.Contains(m.Workspace, filepath.Dir(path)):
			m.Others = append(m.Others, filepath.Dir(path))
		}
		return nil
	})
	return m, err
}

// Ignored reports whether the go command ignores a folder of this name.
func Ignored(folder string) bool {
	return strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_") || folder == "testdata" || folder == "node_modules"
}

// Packages is a set of packages that one go command can take.
type Packages struct {
	Dir, Pattern string
	Env          []string
}

// Packages returns the packages of all modules. In a workspace the pattern
// "work" matches the packages of every module, and "./..." those of one.
func (m All) Packages() []Packages {
	all := []Packages{{Dir: m.root, Pattern: "work"}}
	for _, dir := range m.Others {
		all = append(all, Alone(dir))
	}
	return all
}

// EachAlone also returns the packages of all modules, but each module without
// the workspace.
func (m All) EachAlone() []Packages {
	var all []Packages
	for _, dir := range slices.Concat(m.Workspace, m.Others) {
		all = append(all, Alone(dir))
	}
	return all
}

// In returns the packages in a folder, whose path is relative to the root of the
// repository.
func (m All) In(folder string) (Packages, error) {
	dir := filepath.Join(m.root, filepath.FromSlash(folder))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return Packages{}, fmt.Errorf("there is no folder %s", folder)
	}
	for above := dir; len(above) >= len(m.root); above = filepath.Dir(above) {
		switch {
		case slices.Contains(m.Others, above):
			return Alone(dir), nil
		case slices.Contains(m.Workspace, above):
			return Packages{Dir: m.root, Pattern: "./" + filepath.ToSlash(folder) + "/..."}, nil
		}
	}
	return Packages{}, fmt.Errorf("%s is not in a Go module", folder)
}

// Alone returns the packages of the module in dir, without the workspace.
func Alone(dir string) Packages {
	return Packages{Dir: dir, Pattern: "./...", Env: []string{"GOWORK=off"}}
}

// Command returns a command for these packages, with their pattern as the last
// argument. It ends as by Ctrl+C when ctx does.
func (p Packages) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, append(args, p.Pattern)...)
	cmd.Dir = p.Dir
	// In a clone that belongs to another user, the query of the go command to
	// git fails.
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -buildvcs=false"))
	cmd.Env = append(cmd.Env, p.Env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return machine.Gently(cmd)
}
