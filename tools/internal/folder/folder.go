// Package folder writes folders that are whole or not there.
package folder

import (
	"errors"
	"os"
	"path/filepath"
)

// Write makes a folder of files, which it knows by their path in the folder,
// with slashes. The folder may not be there yet, unlike the one that it is in.
// After an error nothing is left behind.
func Write(dir string, files map[string]string) error {
	return whole(dir, func(unfinished string) error {
		for name, text := range files {
			if err := WriteFile(filepath.Join(unfinished, filepath.FromSlash(name)), text); err != nil {
				return err
			}
		}
		return nil
	})
}

// Copy makes the folder to, with what is in the folder from. The rest is as in
// Write.
func Copy(from, to string) error {
	return whole(to, func(unfinished string) error { return os.CopyFS(unfinished, os.DirFS(from)) })
}

// whole lets fill another folder, which then becomes dir: Ctrl+C must not leave
// half of it.
func whole(dir string, fill func(unfinished string) error) error {
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

// WriteFile writes a file, and the folder that it is in.
func WriteFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
