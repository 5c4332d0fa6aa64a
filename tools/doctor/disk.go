package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// place is a folder that the go command or the workshop writes to.
type place struct {
	name, dir string
	// megabytes is what the workshop adds there, measured with all steps,
	// tools and tests built once, and rounded up.
	megabytes int
}

func (d *doctor) places() []place {
	places := []place{
		{"workshop", d.root, 200},
		{"temporary folder", cmp.Or(d.goEnv["GOTMPDIR"], os.TempDir()), 300},
	}
	if len(d.goEnv) > 0 {
		places = append(places, place{"module cache", d.goEnv["GOMODCACHE"], 300}, place{"build cache", d.goEnv["GOCACHE"], 700})
	}
	return places
}

func (d *doctor) checkDisk(context.Context) {
	const about = "disk"
	var enough []string
	for _, p := range d.places() {
		free, err := freeMegabytes(existing(p.dir))
		need := cmp.Or(d.disk, p.megabytes)
		switch {
		case err != nil:
			d.note(about, "how much is free for the %s in %s cannot be told: %v", p.name, p.dir, err)
		case free < need:
			d.others(about, "Free some space, or ask who looks after this machine. The caches of Go can go: go clean -cache",
				"%d MB are free for the %s in %s, and %d MB are needed", free, p.name, p.dir, need)
		default:
			enough = append(enough, p.name)
		}
	}
	if len(enough) == len(d.places()) {
		d.fine(about, "enough is free for the %s", strings.Join(enough, ", "))
	}
}

func (d *doctor) checkWriting(context.Context) {
	var good []string
	for _, p := range d.places() {
		if err := tryToWrite(existing(p.dir)); err != nil {
			d.mend("writing", "ls -ld "+quoted(existing(p.dir))+"\nMake the folder yours, or choose another one ("+variableOf(p.name)+")",
				"the %s in %s cannot be written: %v", p.name, p.dir, err)
			continue
		}
		good = append(good, p.name)
	}
	if len(good) == len(d.places()) {
		d.fine("writing", "allowed in the %s", strings.Join(good, ", "))
	}
}

func variableOf(place string) string {
	switch place {
	case "module cache":
		return "variable GOMODCACHE"
	case "build cache":
		return "variable GOCACHE"
	case "temporary folder":
		return "variable GOTMPDIR"
	default:
		return "clone the workshop into your home folder"
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
