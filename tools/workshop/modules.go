package main

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
)

// findRoot returns the folder of go.work, from any folder below it.
func findRoot() (string, error) {
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

// modules are the folders of the repository's modules.
type modules struct {
	workspace []string // named in go.work
	others    []string // built by themselves, with GOWORK=off
}

// findModules finds every go.mod below root. It leaves out learners' own
// copies (my-step3), and what the go command passes over too.
func findModules(ctx context.Context, root string) (modules, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}")
	list.Dir = root
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return modules{}, fmt.Errorf("go list -m: %w", err)
	}
	m := modules{workspace: strings.Split(strings.TrimSpace(string(output)), "\n")}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (isPassedOver(entry.Name()) || strings.HasPrefix(entry.Name(), "my-")):
			return fs.SkipDir
		case entry.Name() == "go.mod" && !slices.Contains(m.workspace, filepath.Dir(path)):
			m.others = append(m.others, filepath.Dir(path))
		}
		return nil
	})
	return m, err
}

// packages is a set of packages that one go command can name.
type packages struct {
	dir, pattern string
	env          []string
}

// everyPackage covers all modules: in a workspace the pattern "work" does,
// where "./..." would find one module only.
func (m modules) everyPackage(root string) []packages {
	return append([]packages{{dir: root, pattern: "work"}}, m.otherPackages()...)
}

// everyModule is the same, one module at a time.
func (m modules) everyModule() []packages {
	var all []packages
	for _, dir := range m.workspace {
		all = append(all, packages{dir: dir, pattern: "./..."})
	}
	return append(all, m.otherPackages()...)
}

func (m modules) otherPackages() []packages {
	var all []packages
	for _, dir := range m.others {
		all = append(all, packages{dir: dir, pattern: "./...", env: []string{"GOWORK=off"}})
	}
	return all
}

// command returns one to run on these packages, whose pattern is added to the
// arguments. When the program is told to stop, so is the command.
func (p packages) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, append(args, p.pattern)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return gently(cmd)
}
