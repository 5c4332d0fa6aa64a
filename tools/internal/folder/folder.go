// Package folder writes a folder or a file completely or not at all.
package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write creates the folder dir with these files; the keys are paths inside dir,
// with slashes. dir must not exist, its parent must. After an error nothing is
// left behind.
func Write(dir string, files map[string]string) error {
	return writeWhole(dir, func(unfinished string) error {
		for name, text := range files {
			if err := WriteFile(filepath.Join(unfinished, filepath.FromSlash(name)), text, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

// Copy creates the folder to with the contents of the folder from, under the
// same rules as Write.
func Copy(from, to string) error {
	return writeWhole(to, func(unfinished string) error { return os.CopyFS(unfinished, os.DirFS(from)) })
}

// Replace is Copy over a folder that may exist. After an error that one is as before.
func Replace(from, to string) error {
	next, before := to+"-next", to+"-before"
	// Ctrl+C may have left them.
	if err := errors.Join(os.RemoveAll(next), os.RemoveAll(before)); err != nil {
		return err
	}
	if err := Copy(from, next); err != nil {
		return err
	}
	if err := os.Rename(to, before); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(next, to); err != nil {
		return errors.Join(err, os.Rename(before, to))
	}
	return os.RemoveAll(before)
}

// writeWhole fills a temporary folder and then renames it to dir, so that Ctrl+C
// leaves no half-written folder.
func writeWhole(dir string, fill func(unfinished string) error) error {
	unfinished, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+"-unfinished-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unfinished)
	if err := errors.Join(fill(unfinished), os.Chmod(unfinished, 0o755)); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// WriteFile writes a file, and creates its folder if needed. After an error a file
// that existed is as before.
func WriteFile(path, text string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// git ignores files of this name.
	unfinished, err := os.CreateTemp(filepath.Dir(path), ".unfinished-*.tmp")
	if err != nil {
		return err
	}
	// After the rename there is nothing to remove.
	defer os.Remove(unfinished.Name())
	_, err = unfinished.WriteString(text)
	if err := errors.Join(err, unfinished.Close(), os.Chmod(unfinished.Name(), mode)); err != nil {
		return err
	}
	return os.Rename(unfinished.Name(), path)
}
