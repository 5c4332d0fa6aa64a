// Package takeaway copies the session store from the workshop into the project
// of a user.
package takeaway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"example.com/session-workshop/tools/internal/folder"
)

// name is the name of the folder of the store, in the workshop and in the
// project.
const name = "sessionstore"

// Taken describes a copy of the store.
type Taken struct {
	// Dir is its folder. ImportPath is the path by which a program imports it.
	Dir, ImportPath string
	// Module is the folder of the module that contains the copy. It is Dir if
	// no folder above has a go.mod.
	Module string
	// First are the commands to run in Module before go mod tidy, because its
	// go.mod asks for older versions than the store.
	First []string
}

// Store copies the store of the workshop in root to the folder sessionstore in
// to: its packages with their tests, the licence and the changelog. Inside a
// module it becomes a package of that module; elsewhere it stays a separate
// module. The error is for the user. After an error nothing was copied.
func Store(root, to string) (Taken, error) {
	to, err := destination(root, to)
	if err != nil {
		return Taken{}, err
	}
	t := Taken{Dir: filepath.Join(to, name)}
	store, err := parse(filepath.Join(root, name, "go.mod"))
	if err != nil {
		return Taken{}, err
	}
	if err := t.join(store); err != nil {
		return Taken{}, err
	}
	files, err := t.files(root, store.Module.Mod.Path)
	if err != nil {
		return Taken{}, err
	}
	return t, write(t.Dir, files)
}

// destination returns the folder to copy to, without symbolic links. It need
// not exist, but the folder above it must: a mistyped path creates no folders.
func destination(root, to string) (string, error) {
	if strings.Contains(to, "://") {
		return "", errors.New("TO is the folder in which the folder of the store is created, not an address")
	}
	absolute, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	parent, last := filepath.Split(absolute)
	if _, err := os.Stat(absolute); err == nil {
		parent, last = absolute, ""
	}
	real, err := filepath.EvalSymlinks(parent)
	if err != nil {
		return "", fmt.Errorf("there is no folder %s. Make it first, or correct TO=%s", filepath.Clean(parent), to)
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s is a file. TO is the folder in which the folder of the store is created", real)
	}
	if inside, _ := find(real, func(dir string) bool { return same(dir, root) }); inside != "" {
		return "", fmt.Errorf("%s is inside the workshop. TO is a folder of your own project, for example ../svc/internal", absolute)
	}
	real = filepath.Join(real, last)
	if _, err := os.Lstat(filepath.Join(real, name)); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s already exists: nothing was changed. Rename or remove it first", filepath.Join(real, name))
	}
	return real, nil
}

// find returns the first wanted folder, beginning with dir and going up, and
// the path from there to dir. It returns empty texts if there is none.
func find(dir string, wanted func(dir string) bool) (found, rest string) {
	for !wanted(dir) {
		above := filepath.Dir(dir)
		if above == dir {
			return "", ""
		}
		rest, dir = path.Join(filepath.Base(dir), rest), above
	}
	return dir, rest
}

func same(a, b string) bool {
	first, err := os.Stat(a)
	second, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(first, second)
}

// join finds the module that the copy will belong to.
func (t *Taken) join(store *modfile.File) error {
	dir, rest := find(t.Dir, hasModule)
	if dir == "" {
		t.Module, t.ImportPath = t.Dir, store.Module.Mod.Path
		return nil
	}
	theirs, err := parse(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	t.Module, t.ImportPath = dir, path.Join(theirs.Module.Mod.Path, rest)
	t.First = upgrades(theirs, store)
	if err := module.CheckImportPath(t.ImportPath); err != nil {
		return fmt.Errorf("Go cannot import a package from %s: %w. Choose another folder for TO", t.Dir, err)
	}
	return nil
}

func parse(file string) (*modfile.File, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parsed, err := modfile.ParseLax(file, text, nil)
	if err == nil && parsed.Module == nil {
		err = fmt.Errorf("%s does not name its module. Begin it with a line such as: module example.org/svc", file)
	}
	return parsed, err
}

// files returns the files of the copy, by their path in it. It leaves out the
// modules inside the folder of the store, which test, measure and show it with
// the workshop.
func (t *Taken) files(root, from string) (map[string]string, error) {
	store := filepath.Join(root, name)
	licence, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		return nil, err
	}
	files := map[string]string{"LICENSE": string(licence)}
	return files, filepath.WalkDir(store, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return t.add(files, store, file, from)
		case file != store && hasModule(file):
			return fs.SkipDir
		}
		return nil
	})
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// add adds a file, if it is part of the copy.
func (t *Taken) add(files map[string]string, store, file, from string) error {
	base := filepath.Base(file)
	isModule := base == "go.mod" || base == "go.sum"
	if filepath.Ext(file) != ".go" && base != "CHANGELOG.md" && !(isModule && t.Module == t.Dir) {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if filepath.Ext(file) == ".go" {
		if text, err = renamed(file, text, from, t.ImportPath); err != nil {
			return err
		}
	}
	rest, err := filepath.Rel(store, file)
	files[filepath.ToSlash(rest)] = string(text)
	return err
}

func write(dir string, files map[string]string) error {
	err := os.Mkdir(filepath.Dir(dir), 0o755)
	made := err == nil
	if made || errors.Is(err, fs.ErrExist) {
		err = folder.Write(dir, files)
	}
	if err == nil {
		return nil
	}
	if made {
		_ = os.Remove(filepath.Dir(dir))
	}
	return fmt.Errorf("%s was not written: %w", dir, err)
}
