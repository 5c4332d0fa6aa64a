// Package folder writes a folder completely or not at all.
package folder

import (
	"errors"
	"os"
	"path/filepath"
)

// Write creates the folder dir with these files; the keys are paths inside dir,
// with slashes. dir must not exist, its parent must. After an error nothing is
// left behind.
func Write(dir string, files map[string]string) error {
	return writeWhole(dir, func(unfinished string) error {
		for name, text := range files {
			if err := WriteFile(filepath.Join(unfinished, filepath.FromSlash(name)), text); err != nil {
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

// WriteFile writes a file, and creates its folder if needed.
func WriteFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
