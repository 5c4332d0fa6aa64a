package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// place is a folder that the go command or the workshop writes to.
type place struct {
	name, dir string
	// otherwise is how to have it in another folder.
	otherwise string
	// megabytes is what the workshop adds there, measured with all steps,
	// tools and tests built once, and rounded up.
	megabytes int
}

func (d *doctor) places() []place {
	places := []place{
		{"workshop", d.root, "clone the workshop into your home folder", 200},
		{"temporary folder", cmp.Or(d.goEnv["GOTMPDIR"], os.TempDir()), "variable GOTMPDIR", 300},
	}
	if len(d.goEnv) > 0 {
		places = append(places, place{"module cache", d.goEnv["GOMODCACHE"], "variable GOMODCACHE", 300}, place{"build cache", d.goEnv["GOCACHE"], "variable GOCACHE", 700})
	}
	return places
}

// checkFolders sees whether each folder can be written and has enough space.
func (d *doctor) checkFolders(context.Context) {
	good := true
	for _, p := range d.places() {
		dir := existing(p.dir)
		if err := tryToWrite(dir); err != nil {
			d.add(fix, "writing", "ls -ld "+quoted(dir)+"\nMake the folder yours, or choose another one ("+p.otherwise+")",
				"the %s in %s cannot be written: %v", p.name, p.dir, err)
			good = false
			continue
		}
		need := cmp.Or(d.disk, p.megabytes)
		if free, err := freeMegabytes(dir); err == nil && free < need {
			d.add(ask, "disk", "Free some space, or ask who looks after this machine. The caches of Go can go: go clean -cache",
				"%d MB are free for the %s in %s, and %d MB are needed", free, p.name, p.dir, need)
			good = false
		}
	}
	if good {
		d.add(ok, "folders", "", "writable, and with enough space")
	}
}

// existing is dir, or the nearest folder above it that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

func tryToWrite(dir string) error {
	file, err := os.CreateTemp(dir, ".workshop-doctor-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

func quoted(path string) string { return `"` + path + `"` }
