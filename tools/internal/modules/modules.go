// Package modules finds the Go modules of the repository, and makes commands
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

// Root returns the folder of go.work, from any folder below it.
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

// Systems are those of the machines that the workshop runs on.
var Systems = []string{"linux", "darwin", "windows"}

// All holds the folders of the repository's modules.
type All struct {
	root string
	// Workspace are the modules that go.work names, Others those that are built
	// alone, with GOWORK=off.
	Workspace, Others []string
}

// Find finds every go.mod below root. It leaves out learners' own copies
// (my-step3), and the folders that the go command ignores.
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

// Packages is a set of packages that one go command can name.
type Packages struct {
	Dir, Pattern string
	Env          []string
}

// Packages covers all modules. In a workspace the pattern "work" names the
// packages of every module, and "./..." those of one.
func (m All) Packages() []Packages {
	all := []Packages{{Dir: m.root, Pattern: "work"}}
	for _, dir := range m.Others {
		all = append(all, Alone(dir))
	}
	return all
}

// EachAlone covers all modules too, each without the workspace.
func (m All) EachAlone() []Packages {
	var all []Packages
	for _, dir := range slices.Concat(m.Workspace, m.Others) {
		all = append(all, Alone(dir))
	}
	return all
}

// Alone is the module in dir without the workspace.
func Alone(dir string) Packages {
	return Packages{Dir: dir, Pattern: "./...", Env: []string{"GOWORK=off"}}
}

// Command returns a command to run on these packages. It adds their pattern to
// the arguments. The command stops, as by Ctrl+C, when ctx ends.
func (p Packages) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, append(args, p.Pattern)...)
	cmd.Dir = p.Dir
	// In a clone that belongs to another user the go command asks git in vain.
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -buildvcs=false"))
	cmd.Env = append(cmd.Env, p.Env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return machine.Gently(cmd)
}
