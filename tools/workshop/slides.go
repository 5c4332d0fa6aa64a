package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/slides"
)

// runSlides writes the slides of a class, one page in each language.
func runSlides(_ context.Context, args []string) error {
	if err := parseOnly(newFlags("slides\n  It writes bin/slides.html and bin/slides.ja.html."), args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	for _, lang := range []string{"", ".ja"} {
		var page bytes.Buffer
		if err := slides.Write(&page, root, lang+".md"); err != nil {
			return err
		}
		file := filepath.Join(root, "bin", "slides"+lang+".html")
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, page.Bytes(), 0o644)); err != nil {
			return err
		}
		fmt.Println(file)
	}
	fmt.Println("Open one in a browser. Keys: arrows, Space, Home, End. To get a PDF, print it there.")
	return nil
}
